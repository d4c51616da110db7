"""Names, roles and credits: what a byline consists of."""
from . import tables as T
from .surnames import is_common_surname, is_compound_surname, is_surname

# What stands before, between and behind the names of a byline.
ROLES = frozenset((
    "记者 本报记者 本刊记者 本网记者 首席记者 特约记者 见习记者 实习记者 通讯员 本报通讯员 特约通讯员 实习生 摄影 摄影报道 图文 "
    "综合报道 专题报道 报道 整理 撰文 供图 编辑 责编 作者 文/图 文/摄 图/文 "
    "記者 本報記者 本刊記者 首席記者 特約記者 見習記者 實習記者 通訊員 本報通訊員 特約通訊員 實習生 攝影 圖文 綜合報導 綜合報道 報導 "
    "连线报道 联合报道 連線報導 連線報道 聯合報導 聯合報道 專題報導 專題報道 報道 撰文 供圖 編輯 責編 文/圖 文/攝 圖/文").split())
# What the last name of a credit did.
CREDITS = frozenset("摄 文 图 攝 圖 绘 繪 摄影 攝影 供图 供圖 制图 製圖".split())


def is_origin(word):
    """Where a report comes from, behind the names: 发自海州"""
    return len(word) in (4, 5) and word[0] in "发發" and word[1] == "自"


def is_compound_name(word):
    return len(word) in (3, 4) and is_compound_surname(ord(word[0]), ord(word[1]))


def is_name(word, common=False):
    """Two to four characters that begin with a surname; four only with a compound one."""
    n = len(word)
    if is_compound_name(word):
        return True
    return n in (2, 3) and (is_common_surname(ord(word[0])) if common else is_surname(ord(word[0])))


def words_of(page, begin, end):
    """The words between gaps in [begin, end), radicals read as ideographs; None when one holds more than Han."""
    words, word = [], ""
    for i in range(begin, end):
        c = page.cls[i]
        if c == T.GAP:
            if word:
                words.append(word)
            word = ""
        elif c == T.HAN:
            word += page.plain[i]
        elif page.text[i] == "/" and word:  # 文/图
            word += "/"
        elif c not in (T.DROP, T.EXTEND):
            return None
    return words + [word] if word else words


def entries(words):
    """Names and roles, padded names put together: [(first word, behind the last)], or None where something is neither.

    What names did stands behind them, and last too: 宰父明 文 臧晓波 图"""
    out, k = [], 0
    credits = CREDITS if words and words[-1] in CREDITS else ()
    while k < len(words):
        pair = words[k] + words[k + 1] if k + 1 < len(words) and len(words[k]) == len(words[k + 1]) == 1 else ""
        if pair and (is_name(pair) or pair in ROLES):
            out.append((k, k + 2))
            k += 2
        elif words[k] in ROLES or is_name(words[k]) or k and words[k] in credits \
                or k and k == len(words) - 1 and is_origin(words[k]):
            out.append((k, k + 1))
            k += 1
        else:
            return None
    return out


def is_names(page, begin, end):
    words = words_of(page, begin, end)
    return bool(words) and len(words) <= 12 and entries(words) is not None


def is_byline(page, line):
    """Two names or roles and more, and nothing else."""
    if not line.gaps or line.e - line.s > 60:
        return False
    words = words_of(page, line.s, line.e)
    found = entries(words) if words else None
    if not found or len(found) < 2:
        return False
    if all(b - a == 1 and words[a] not in ROLES for a, b in found) and max(g.room for g in line.gaps) >= 6:
        return False  # a table row: 周一    周二
    if all(len(w) == 1 for w in words):  # a letter-spaced line unless every name is a common one
        return len(words) in (4, 6) and all(b - a == 2 and is_name(words[a] + words[a + 1], common=True) for a, b in found)
    return True


def is_credit(page, line):
    """A gap, names, and what they did, at the end of a line behind a sentence: 。 林青岚 摄"""
    for g in line.gaps:
        if page.cls[g.left] in (T.STOP, T.CLOSE):
            words = words_of(page, g.end, line.e)
            if words and 2 <= len(words) <= 6 and words[-1] in CREDITS and entries(words) is not None:
                return True
    words = words_of(page, line.s, line.e) if line.gaps and line.e - line.s <= 24 else None
    return bool(words) and len(words) >= 2 and words[-1] in CREDITS and entries(words) is not None


def is_picture_credit(words):
    """Names and, last, that they made a picture: 林青岚 摄"""
    return len(words) > 1 and entries(words) is not None and words[-1] in CREDITS and words[-1] != "文"
