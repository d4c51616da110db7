"""Gaps that a writer sets: behind section numbers, before page numbers, in date lines, at check boxes, between an office and a name,
between names behind a label (contract, "Gaps"). And the padding inside such labels, offices and names."""
from . import tables as T
from . import byline

BOXES = "□☐☑☒√✓✔"
NUMERALS = "一二三四五六七八九十百〇零"
CHAPTERS = "章节節条條款编編篇卷回课課讲講"
# What a number counts; a number before something else that opens a line may be that of a section.
UNITS = frozenset("年月日时時分秒点點号號个個名人元万萬亿億千百十岁歲条條次位家项項旬余餘多几幾来來大强強只隻头頭口座棵株米克斤吨噸块塊角天周週"
                  "届屆回遍场場种種类類批组組队隊支把张張本册冊页頁行段篇章节節部件台臺辆輛艘架间間栋棟层層楼樓户戶村镇鎮县縣市省国國区區度倍成级級"
                  "班所处處起例双雙对對套片颗顆瓶杯碗盘盤亩畝里寸尺丈两兩世代期路车車比至到")
MEASURES = frozenset("小时 小時 公里 公斤 公顷 公頃 平方 立方 英里 厘米 毫米 海里 平米".split())
KEY_ENDS = "间間期号號话話址码碼"  # of 时间, 日期, 编号, 电话, 地址, 号码
WEEKDAYS = "一二三四五六日天"
OFFICES = frozenset(
    "审判长 審判長 审判员 審判員 书记员 書記員 书记官 書記官 法官 陪审员 人民陪审员 代理审判员 助理审判员 法官助理 院长 院長 庭长 庭長 检察长 检察员 "
    "检察官 檢察官 律师 律師 公证员 公證員 调解员 仲裁员 主编 主編 副主编 总编 總編 总编辑 總編輯 副总编辑 责任编辑 責任編輯 校对 校對 编审 主任 副主任 "
    "主席 副主席 组长 組長 副组长 会长 會長 副会长 秘书长 祕書長 理事长 理事長 董事长 董事長 经理 經理 总经理 總經理 校长 校長 局长 局長 厅长 处长 處長 "
    "科长 科長 站长 站長 镇长 鎮長 县长 縣長 市长 市長 省长 部长 部長 书记 書記 副书记 委员 委員 代表 导演 導演 编剧 編劇 指挥 指揮 翻译 翻譯 负责人 "
    "负責人 联系人 聯絡人 法定代表人 代理人 原告 被告 记录 記錄 主持人 教授 医师 醫師 队长 隊長 教练 教練 裁判 裁判长".split())
MOST_HAN = 16  # of a line that is an office and a name


def settle(page, layout, index, line, tokens, verdict):
    """Sets the verdicts that such rules give; the others stay None."""
    from .spacing import CLOSE, KEEP
    begins = index == 0 or layout.separators[index - 1] is None
    body = layout.joined[index] and layout.prose[index]
    last = len(line.gaps) - 1
    if begins and (_is_section(page, line, tokens) or not line.spaced and _is_chapter(page, tokens[0])):
        verdict[0] = KEEP
    if is_contents(layout, index) and verdict[last] is None:
        verdict[last] = KEEP
    if not body and not line.marks:
        _dates(page, line, tokens, verdict)
        if not layout.joined[index] and 2 <= tokens[0].han == len(tokens[0].text) <= 6 and page.plain[tokens[0].end - 1] in KEY_ENDS \
                and page.cls[line.gaps[0].right] == T.DIGIT:
            verdict[0] = KEEP
    for k, g in enumerate(line.gaps):
        if verdict[k] is None and (page.plain[g.left] in BOXES or page.plain[g.right] in BOXES):
            verdict[k] = KEEP
    if not _office(page, line, tokens, verdict):
        _labels(page, line, tokens, verdict)
    if layout.damaged[index] and verdict[0] is None and tokens[0].han == 1 == len(tokens[0].text) \
            and tokens[1].head == 1 and tokens[1].begin + 1 < tokens[1].end and page.plain[tokens[1].begin + 1] in "：:":
        verdict[0] = CLOSE  # the padded label of a field: 案 号：


def _is_section(page, line, tokens):
    """1, 01, 1.2, 3-4. opens the line, and nothing that it counts stands behind: 3 总则, not 3 月."""
    parts, digits = 1, 0
    token = tokens[0]
    i = token.begin
    while i < token.end and page.plain[i] == "*":
        i += 1
    for k in range(i, token.end):
        if page.cls[k] == T.DIGIT:
            digits += 1
        elif page.plain[k] in ".-．" and digits:
            parts, digits = parts + 1, 0
            continue
        else:
            return False
        if digits > 2:
            return False
    if parts == 1 and not digits:
        return False
    right = line.gaps[0].right
    if page.cls[right] not in (T.HAN, T.KANA) or page.plain[right] in UNITS:
        return False
    following = page.visible(right + 1, 1, line)
    return following < 0 or page.plain[right] + page.plain[following] not in MEASURES


def _is_chapter(page, token):
    """第六章, 第5.11条"""
    text = page.plain[token.begin:token.end]
    return 3 <= len(text) <= 10 and text[0] == "第" and text[-1] in CHAPTERS and all(
        page.cls[i] == T.DIGIT or page.plain[i] in NUMERALS + "." for i in range(token.begin + 1, token.end - 1))


def page_number(page, line):
    """The number of at most four digits behind the last gap, that closes a line of contents; -1: none does."""
    i = line.e
    while i > line.s and line.e - i < 5 and page.cls[i - 1] == T.DIGIT:
        i -= 1
    if not 1 <= line.e - i <= 4 or i == line.s or page.cls[i - 1] != T.GAP or not line.gaps or page.cls[line.gaps[-1].left] == T.DIGIT:
        return -1
    value = 0
    for k in range(i, line.e):
        value = value * 10 + (page.cps[k] & 0xF)
    return value


def opens_contents(page, line):
    """A section number of digits and points, or 第 … 章, gaps left out."""
    seen = [i for i in range(line.s, min(line.e, line.s + 24)) if page.cls[i] not in (T.GAP, T.DROP, T.EXTEND)]
    if page.plain[seen[0]] == "第":
        k = 1
        while k < len(seen) and (page.cls[seen[k]] == T.DIGIT or page.plain[seen[k]] in NUMERALS):
            k += 1
        return 1 < k < len(seen) and page.plain[seen[k]] in CHAPTERS
    k = 0
    while k < len(seen) and (page.cls[seen[k]] == T.DIGIT or k and page.plain[seen[k]] in ".．"):
        k += 1
    points = any(page.plain[i] in ".．" for i in seen[:k])
    return 0 < k < len(seen) and points and page.cls[seen[k]] in (T.HAN, T.KANA)


def is_contents(layout, index):
    """A line of contents with its page number, told by its section number or by the numbers of its neighbours, which ascend."""
    line = layout.texts[index]
    if line.page_number < 0 or layout.joined[index]:
        return False
    if line.opens_contents:
        return True
    for k in (index - 1, index + 1):
        if 0 <= k < len(layout.texts):
            other = layout.texts[k]
            if other.page_number >= 0 and not (layout.joined[k] or other.literal) and (other.page_number <= line.page_number) == (k < index):
                return True
    return False


def _dates(page, line, tokens, verdict):
    """Date, weekday and time side by side keep the gaps between them; the weekday is one word."""
    from .spacing import CLOSE, KEEP
    for k, g in enumerate(line.gaps):
        if not (_ends_date(page, line, tokens[k], g) and verdict[k] is None):
            continue
        day = _weekday_end(page, line, g.right)
        if day or _is_clock(page, tokens[k + 1].begin, tokens[k + 1].end):
            verdict[k] = KEEP
        for x in range(k + 1, len(line.gaps)):
            if day and line.gaps[x].right <= day:
                verdict[x] = CLOSE


def _ends_date(page, line, token, gap):
    if page.plain[gap.left] in "日号號":
        before = page.visible(gap.left - 1, -1, line)
        return before >= 0 and (page.cls[before] == T.DIGIT or page.plain[before] in NUMERALS)
    if page.cls[gap.left] == T.DIGIT:
        return _is_clock(page, token.begin, token.end) or _is_date(page, token.begin, token.end)
    before = page.visible(gap.left - 1, -1, line)
    return page.plain[gap.left] in WEEKDAYS and before >= 0 and page.plain[before] in "期拜周週"


def _is_clock(page, begin, end):
    """8:30, 08:30:15"""
    k = begin
    while k < end and page.cls[k] == T.DIGIT:
        k += 1
    return 1 <= k - begin <= 2 and k + 2 < end and page.plain[k] in ":：" and page.cls[k + 1] == page.cls[k + 2] == T.DIGIT


def _is_date(page, begin, end):
    """2031-05-09, 2031/5/9"""
    signs = [k for k in range(begin, end) if page.plain[k] in "-/."]
    return len(signs) == 2 and signs[0] - begin == 4 and all(page.cls[k] == T.DIGIT or k in signs for k in range(begin, end))


def _weekday_end(page, line, i):
    """The last character of the weekday that begins at i, gaps left out, or 0."""
    j = page.visible(i + 1, 1, line)
    if j < 0:
        return 0
    if page.plain[i] in "周週":
        return j if page.plain[j] in WEEKDAYS else 0
    if page.plain[i] + page.plain[j] not in ("星期", "礼拜", "禮拜"):
        return 0
    k = page.visible(j + 1, 1, line)
    return k if k >= 0 and page.plain[k] in WEEKDAYS else 0


def _is_person(word):
    return byline.is_name(word) or len(word) in (2, 3) and byline.is_name(word[0] + "某") and set(word[1:]) == {"某"}


def _office(page, line, tokens, verdict):
    """审 判 长  王 某: padding inside the office and inside the name goes, the gap between them stays, as one space if it is of several."""
    from .spacing import CLOSE, KEEP, ONE
    words = byline.words_of(page, line.s, line.e)
    if not words or len(words) != len(tokens) or sum(map(len, words)) > MOST_HAN:
        return False
    n = len(words)
    for a in range(min(n - 1, 3)):
        if a and len(words[a - 1]) < 2:
            break
        for b in range(n - 1, a, -1):  # the longest office
            office, name = "".join(words[a:b]), words[b:]
            if office in OFFICES and (len(name) == 1 or all(len(word) == 1 for word in name)) and _is_person("".join(name)):
                for k in range(n - 1):
                    verdict[k] = CLOSE if a <= k < b - 1 or k >= b else ONE if k == b - 1 and line.gaps[k].end - line.gaps[k].begin > 1 else KEEP
                return True
    return False


def _labels(page, line, tokens, verdict):
    """Names behind labels (委 员：赵国庆 周 敏, 主 编：何一鸣 责 编：于 波): padding goes, and then what parts names is one space."""
    from .spacing import CLOSE, KEEP, ONE
    words, colons, gap = [], [], []  # [begin, end) of words; the number of words before each colon; whether a gap stands before a word
    k = 0
    open_, parted = False, False
    for i in range(line.s, line.e):
        c = page.cls[i]
        if c == T.GAP:
            open_, parted = False, True
        elif c == T.HAN:
            if not open_:
                words.append(i)
                gap.append(parted)
            open_, parted = True, False
        elif page.plain[i] in "：:":
            colons.append(len(words))
            open_ = parted = False
        elif page.plain[i] == "、":
            open_ = parted = False
        elif c not in (T.DROP, T.EXTEND):
            return
    if not colons or colons[-1] == len(words):
        return
    texts = _texts(page, line, words)
    pads, found = set(), 0  # words before which padding stands; names
    begin = 0
    for x, end in enumerate(colons):
        if end == begin:
            return
        label = _label_begin(texts, gap, begin, end)
        if x:
            names = _names_in(texts, gap, begin, label, pads)
            if not names:
                return
            found += names
        elif label > 0:
            return
        pads.update(range(label + 1, end))
        begin = end
    names = _names_in(texts, gap, begin, len(words), pads)
    if not names or found + names < 2 and not any(k > colons[0] for k in pads):
        return
    at = {g.right: k for k, g in enumerate(line.gaps)}
    for w, i in enumerate(words):
        if gap[w] and i in at:
            verdict[at[i]] = CLOSE if w in pads else ONE if pads else KEEP


def _texts(page, line, words):
    out = []
    for k, i in enumerate(words):
        text = ""
        while i < line.e and page.cls[i] in (T.HAN, T.DROP, T.EXTEND):
            if page.cls[i] == T.HAN:
                text += page.plain[i]
            i += 1
        out.append(text)
    return out


def _label_begin(texts, gap, begin, end):
    """Where the label before a colon begins: one word, or two or three single characters with gaps between."""
    if end - begin >= 2 and len(texts[end - 1]) == 1 and gap[end - 1] and len(texts[end - 2]) == 1:
        three = end - begin >= 3 and begin == 0 and gap[end - 2] and len(texts[end - 3]) == 1
        return end - 3 if three else end - 2
    return end - 1


def _names_in(texts, gap, begin, end, pads):
    """How many names the words are, and where padding stands inside them; 0: they are none."""
    if end - begin > 2 and all(len(text) == 1 for text in texts[begin:end]) and not (end - begin in (4, 6) and all(
            byline.is_name(texts[k] + texts[k + 1], common=True) for k in range(begin, end, 2))):
        return 0  # letter-spaced
    k, names, known = begin, 0, 0
    while k < end:
        if len(texts[k]) == 1:
            if k + 1 == end or len(texts[k + 1]) > 1 or not gap[k + 1] or not byline.is_name(texts[k] + texts[k + 1]):
                return 0
            pads.add(k + 1)
            known += 1
            k += 2
        elif len(texts[k]) <= 4:
            known += byline.is_name(texts[k])
            k += 1
        else:
            return 0
        names += 1
    return names if 3 * known >= 2 * names else 0
