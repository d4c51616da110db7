"""Damaged newspaper pages, made up together with their pieces.

Everything is built by small functions of a `random.Random`; there are two ways in:

    random_page(rng) -> Page             plain and fast, for long fuzzing (fuzz.py)
    pages(), texts(), clean_texts(), ... hypothesis strategies; hypothesis chooses (and shrinks) the list of
                                         blocks and of page-wide damages, a seed per block fills in the rest

All text is invented: characters are drawn from a list of common ones, so sentences mean nothing.
"""
import random
from dataclasses import dataclass

from hypothesis import strategies as st

# ---------------------------------------------------------------- characters
HAN = ("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
       "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相"
       "全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料"
       "象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取"
       "据处府研究保持推进落实责任监督检查江河湖海桥城乡村镇县市省街道居委会项目投资收入增长环境治理绿色低碳循环创新改革服务群众企业青松竹梅")
HAN_TRADITIONAL = "國學東車馬門長風飛龍龜縣書畫號處發頭髮裏後園溪鄉鎮區臺灣廣體點線鐵錢雲電話時間興業與無為會議員們"
HAN_RARE = "㐀㐂㒸䶵䶿鿿鿼𠀀𠮷𡃁𢎐𣲷𤭢𥄫𦣞𩸽𪚥𪜀𫝀𫠠𬬻𬺰𮯰𰀀𰻞𱍊𱍐𲎯〇〆々〻"
COMPAT_IDEOGRAPHS = "契滑立里行度女老來諸神祥福精羽﨎﨏﨑丽丸你侻勇勉𠔜"
RADICALS = "⼀⼤⼒⼈⼯⼼⽂⽇⽉⽔⽕⽊⾦⾔⾞⾨⾵⾼⻩⻢⻉⻔⻓⺠⺟⻄⻅⻆⻋⻘⻝⻢⻣⻤⻥⻦⻩⻬⻮⻰⻳⺁⺮⺼"
VERTICAL_FORMS = "︐︑︒︓︔︕︖︗︘︙︰︱︲︳︴︵︶︷︸︹︺︻︼︽︾︿﹀﹁﹂﹃﹄﹇﹈"
KANA = "あいうえおかがきくこさしすせそただちってでとなにのはひまみもやよらりるれをんアイウエオカキコサシステトナノハマミムメモリルレロワンー"
HALF_KANA = "ｱｲｳｶｷｸｻｼｽﾀﾁﾂﾊﾋﾌﾍﾎﾏﾝﾞﾟｰ｡｢｣､･"
HANGUL = "가나다라마바사아자차카타파하고노도로모보소오조초대한민국은는이을를에서의와과"
BOPOMOFO = "ㄅㄆㄇㄈㄉㄊㄋㄌㄚㄛㄜㆠ"
LATIN = ["GDP", "AI", "App", "km", "DNA", "e", "Public", "Health", "Clean", "Rivers", "WTO", "iPhone", "Python", "co-op", "kWh", "PM", "No", "5G", "3D"]
ENDS = "。。。。。！？…；"
INNER = "，，，，，、、：；"
NOT_AT_START = "，。、；：！？）》」』”’】〉…—％·．ー"
NOT_AT_END = "（《「『“‘【〈"
SURNAMES = "林周高方肖丁戴孟姚尹陆冯赵钱孙李吴郑王"
COMPOUND_SURNAMES = ["欧阳", "司马", "诸葛", "上官"]
GIVEN = "远溪帆静文兰岚青云一若明月晓岩川舟桐宁安然清禾"
GAPS = [" ", " ", " ", " ", "  ", "   ", "\u00a0", "\u3000", "\u2009", "\u2002", "\u2003", "\t", "\u202f", "\u205f", " \u00a0"]
INVISIBLE = "\ufeff\u200b\u00ad\u200c\u200d\u2060\u200e\u200f\u061c\u2066\u2069\u180e"
SELECTORS = "\ufe00\ufe01\ufe0e\ufe0f\U000e0100\U000e0101\u180b"
CONTROLS = "\x00\x01\x02\x07\x08\x0b\x0e\x1a\x1b\x1c\x1d\x1e\x1f\x7f\x80\x85\x9f\u2028\u2029"
SURROGATES = "\ud800\udbff\udc00\udfff"
PRIVATE = "\ue000\uf8ff\U000f0000\U0010fffd"
EMOJI = ["👨\u200d👩\u200d👧", "👍🏽", "❤\ufe0f", "🇨🇳", "1\ufe0f\u20e3", "🏳\ufe0f\u200d🌈", "😀", "👩\u200d🚒"]
MARKS = "，。、；：！？（）《》〈〉「」『』【】〔〕“”‘’…—·～－"
FULL_WIDTH_MARKS = "．，：；！？％＋－＃＆＠／＝＜＞￥＄（）～＿＾｀｜｛｝［］＂＇＊＼￡￠￦￥"
ASCII_MARKS = ",.;:!?%+-#&@/=<>$()~_^`|{}[]\"'*\\"
OTHER = "ﬁ①㎡℃№…㈠㊣㍿½×÷°→■●•◆☆□○│┌─┐└┘├"


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def han(rng, n):
    return "".join(rng.choices(HAN, k=n))


def any_han(rng):
    """One ideograph, now and then one of the odd kinds."""
    r = rng.random()
    if r < 0.94:
        return rng.choice(HAN)
    return rng.choice(rng.choice([HAN_TRADITIONAL, HAN_RARE, RADICALS, COMPAT_IDEOGRAPHS]))


def number(rng):
    r = rng.random()
    if r < 0.35:
        return str(rng.randint(1, 31))
    if r < 0.55:
        return str(rng.randint(1900, 2030))
    if r < 0.7:
        return f"{rng.randint(1, 99)}.{rng.randint(1, 99)}"
    if r < 0.8:
        return f"{rng.randint(1, 99)}%"
    if r < 0.9:
        return f"{rng.randint(1, 99)},{rng.randint(100, 999)}"
    return f"{rng.randint(0, 23)}:{rng.randint(10, 59)}"


def name(rng, size=None):
    surname = rng.choice(COMPOUND_SURNAMES) if rng.random() < 0.1 else rng.choice(SURNAMES)
    size = size or rng.choice([1, 2, 2])
    return surname + "".join(rng.choices(GIVEN, k=size))


def sentence(rng, plain=False):
    """A sentence with its final mark. plain: Han and Chinese marks, ASCII digits at most (nothing a stage would convert)."""
    clauses = []
    for _ in range(rng.randint(1, 4)):
        clause = "".join(any_han(rng) for _ in range(rng.randint(2, 13))) if not plain else han(rng, rng.randint(2, 13))
        r = rng.random()
        at = rng.randint(1, len(clause))
        if r < 0.14:
            clause = clause[:at] + number(rng) + rng.choice(["年", "月", "万元", "公里", "个", "人"]) + clause[at:]
        elif r < 0.2:
            clause = clause[:at] + " ".join(rng.choices(LATIN, k=rng.choice([1, 1, 2, 3]))) + clause[at:]
        elif r < 0.26:
            left, right = rng.choice(["“”", "《》", "（）", "「」", "‘’"])
            clause = clause[:at] + left + han(rng, rng.randint(2, 6)) + right + clause[at:]
        elif not plain and r < 0.32:
            clause = clause[:at] + full_width(rng.choice([number(rng), rng.choice(LATIN)])) + clause[at:]
        elif not plain and r < 0.34:
            clause = clause[:at] + rng.choice(VERTICAL_FORMS + OTHER + HALF_KANA + FULL_WIDTH_MARKS + BOPOMOFO) + clause[at:]
        clauses.append(clause)
    out = clauses[0]
    for clause in clauses[1:]:
        out += rng.choice(INNER) + clause
    if rng.random() < 0.06:
        return "“" + out + "。”"
    return out + rng.choice("。。。。！？" if plain else ENDS)


def paragraph(rng, low=30, high=160, plain=False):
    out = sentence(rng, plain)
    target = rng.randint(low, high)
    while len(out) < target:
        out += sentence(rng, plain)
    return out


# ---------------------------------------------------------------- setting and damaging lines
def cells(text):
    """Width in cells, near enough for setting a column."""
    return sum(0.5 if c < "\u0300" or "\uff61" <= c <= "\uff9f" else 1 for c in text)


def units(text, cut_words):
    """What a typesetter keeps together: Latin words and numbers (unless cut_words), single characters otherwise."""
    out = []
    for c in text:
        if out and not cut_words and c.isascii() and c.isalnum() and out[-1][-1].isascii() and out[-1][-1].isalnum():
            out[-1] += c
        else:
            out.append(c)
    return out


def wrap(text, measure, indent=0, kinsoku=True, cut_words=False):
    """Lines of at most `measure` cells; a mark that must not start a line hangs or takes its neighbour down."""
    lines, line, room = [], "", measure - indent
    for unit in units(text, cut_words):
        if line and cells(line) + cells(unit) > room:
            if kinsoku and unit in NOT_AT_START and cells(line) <= room:
                line += unit
                continue
            carry = ""
            while kinsoku and len(line) > 1 and line[-1] in NOT_AT_END:
                carry, line = line[-1] + carry, line[:-1]
            lines.append(line)
            line, room = carry, measure
        if unit == " " and not line:
            continue
        line += unit
    if line:
        lines.append(line)
    return [x.rstrip(" ") for x in lines]


def spread(text, gap, keep_numbers=True):
    """Letter-spaced: a gap between all characters; the gap before a mark is left out or put before it, as extractors do."""
    return gap.join(units(text, not keep_numbers))


def spread_line(rng, line):
    """One way in which a line comes out letter-spaced, wholly or in part."""
    gap = rng.choice(GAPS)
    r = rng.random()
    if r < 0.45 or len(line) < 6:
        return spread(line, gap, rng.random() < 0.7)
    at = rng.randint(2, len(line) - 2)
    if r < 0.6:
        return spread(line[:at], gap) + line[at:]
    if r < 0.75:
        return line[:at] + spread(line[at:], gap)
    if r < 0.85:                        # a clause in the middle
        to = rng.randint(at, len(line))
        return line[:at] + gap + spread(line[at:to], gap) + gap + line[to:]
    if r < 0.95:                        # OCR: guesses of words, one to three characters
        out, i = [], 0
        while i < len(line):
            n = rng.randint(1, 3)
            out.append(line[i:i + n])
            i += n
        return " ".join(out)
    return "".join(c + (rng.choice(GAPS) if rng.random() < 0.4 else "") for c in line)


def digit_gaps(rng, line):
    """Gaps between Han and digits or letters: on both sides or on one."""
    both, gap, out = rng.random() < 0.5, rng.choice(GAPS[:6]), ""
    for i, c in enumerate(line):
        before = line[i - 1] if i else ""
        if before and (before.isascii() and before.isalnum()) != (c.isascii() and c.isalnum()) and not (before + c).isascii():
            if both or c.isascii():
                out += gap
        out += c
    return out


def mark_gaps(rng, line):
    gap, before = rng.choice(GAPS[:6]), rng.random() < 0.6
    return "".join((gap + c if before else c + gap) if c in MARKS and rng.random() < 0.7 else c for c in line)


def damage_line(rng, line, rate):
    if rng.random() >= rate:
        return line
    return rng.choice([spread_line, spread_line, digit_gaps, mark_gaps])(rng, line)


# ---------------------------------------------------------------- blocks: rng -> (text with \n line ends, what a perfect repair prints or None)
def wrapped_paragraphs(rng, count=None, narrow=10, wide=30):
    """A column of one to five paragraphs: measure, indent, leading and damages chosen for all of it."""
    measure = rng.randint(narrow, wide)
    indent = rng.choice(["lost", "lost", "kept", "ascii", "none", "hanging"])
    leading = rng.random() < 0.3
    between = "\n" if rng.random() < 0.2 else ""
    rate = rng.choice([0, 0, 0.15, 0.5, 1])
    cut_words, kinsoku = rng.random() < 0.3, rng.random() < 0.9
    trailing = rng.random() < 0.1
    out, truth = [], []
    for _ in range(count or rng.randint(1, 4)):
        text = paragraph(rng)
        truth.append(text)
        if rng.random() < 0.15:                                     # the measure changes half-way
            at = rng.randint(1, len(text) - 1)
            lines = wrap(text[:at], measure, 2, kinsoku, cut_words)
            measure = rng.randint(narrow, wide)
            head = lines.pop() if len(lines) > 1 else ""
            lines += wrap(head + text[at:], measure, 0, kinsoku, cut_words)
        else:
            lines = wrap(text, measure, 0 if indent in ("none", "hanging") else 2, kinsoku, cut_words)
        lines = [damage_line(rng, x, rate) for x in lines]
        if indent == "kept":
            lines[0] = "　　" + lines[0]
        elif indent == "ascii":
            lines[0] = "    " + lines[0]
        elif indent == "hanging":
            lines[1:] = ["  " + x for x in lines[1:]]
        if trailing:
            lines = [x + " " for x in lines]
        out.append(("\n\n" if leading else "\n").join(lines) + "\n" + ("\n" if leading else ""))
    return between.join(out), "\n".join(truth)


def one_gap_a_measure(rng):
    """Each line end has become a space."""
    text = paragraph(rng)
    return " ".join(wrap(text, rng.randint(10, 30))) + "\n", text


def page_broken(rng):
    """A column cut by a page end, with or without a page number between."""
    body, _ = wrapped_paragraphs(rng, 1)
    lines = body.split("\n")
    at = rng.randint(0, len(lines) - 1)
    middle = rng.choice(["\f", "\n\f", f"\n{rng.randint(1, 99)}\n\f", f"{rng.randint(1, 99)}\n", "\n\f\n"])
    return "\n".join(lines[:at]) + "\n" + middle + "\n".join(lines[at:]), None


def vertical_headline(rng):
    blank = rng.choice(["\n", "\n", "\n\n"])
    head = [any_han(rng) for _ in range(rng.randint(3, 12))]
    if rng.random() < 0.3:
        head.insert(rng.randint(0, len(head)), number(rng))
    if rng.random() < 0.2:
        at = rng.randint(0, len(head))
        head[at:at] = ["︽", *han(rng, 2), "︾"]
    out, truth = blank.join(head) + "\n", "".join(head)
    if rng.random() < 0.5:                                          # a second headline, or a subtitle after a dash
        second = (["—", "—"] if rng.random() < 0.7 else []) + list(han(rng, rng.randint(3, 14)))
        out += rng.choice(["\n", "\n\n", ""]) + blank.join(second) + "\n"
        truth += "\n" + "".join(second)
    return out, truth


def vertical_byline(rng):
    names = [name(rng) for _ in range(rng.randint(1, 4))]
    lines = []
    padding = rng.choice(["", "　", None])
    for n in names:
        for i, c in enumerate(n):
            lines.append(c)
            if len(n) == 2 and i == 0 and padding is not None:
                lines.append(padding)
        lines.extend(rng.choice([[], [""], ["", ""]]))
    return "\n".join(lines) + "\n", " ".join(names)


def grid(rng):
    """Columns of one character each, extracted row by row; reads from right to left."""
    columns = rng.randint(2, 4)
    rows = rng.randint(columns + 1, 9)
    cell = [[rng.choice(HAN) for _ in range(columns)] for _ in range(rows)]
    gap = rng.choice([" ", "  ", "　"])
    return "\n".join(gap.join(r) for r in cell) + "\n", "".join(cell[r][c] for c in reversed(range(columns)) for r in range(rows))


def headline(rng):
    r = rng.random()
    if r < 0.4:
        text = han(rng, rng.randint(4, 12))
        return rng.choice([text, spread(text, rng.choice(GAPS[:8]))]) + "\n", text
    left, right = han(rng, rng.randint(4, 9)), han(rng, rng.randint(4, 9))
    if r < 0.6:
        return f"{left} {right}\n", f"{left} {right}"
    if r < 0.8:
        return spread(left, " ") + "   " + spread(right, " ") + "\n", f"{left} {right}"
    return f"{left}\n{right}\n", None


def byline(rng):
    names = [name(rng) for _ in range(rng.randint(1, 4))]
    padded = [n[0] + rng.choice([" ", "  ", "　"]) + n[1] if len(n) == 2 and rng.random() < 0.7 else n for n in names]
    gap = rng.choice([" ", "  ", "　"])
    head = rng.choice(["", "本报记者 ", "记者 ", "通讯员　", "□ ", "文/", "本报讯（记者 "])
    return head + gap.join(padded) + ("）" if head.endswith("（记者 ") else "") + "\n", None


def credit(rng):
    text = sentence(rng, plain=True)
    return text + rng.choice([" ", "  ", "　"]) + name(rng) + rng.choice([" 摄", "摄", " 文/图", " 图"]) + "\n", None


def listing(rng):
    marker = rng.choice(["{n}. ", "{h}、", "（{h}）", "• ", "- ", "{n}）", "{n} ", "第{h}条　"])
    out = ""
    for i in range(rng.randint(2, 6)):
        item = marker.format(n=i + 1, h="一二三四五六七八九十"[i]) + han(rng, rng.randint(3, 40)) + rng.choice(["", "。", "；"])
        out += "\n".join(wrap(item, rng.randint(12, 40))) + "\n"
    return out, None


def verse(rng):
    size = rng.choice([4, 5, 7])
    return "".join(han(rng, size) + ("，" if i % 2 == 0 else "。") + "\n" for i in range(rng.choice([4, 8]))), None


def table(rng):
    gap = rng.choice(["    ", "   ", "\t", " ", "　　"])
    columns = rng.randint(2, 5)
    rows = [[han(rng, rng.randint(2, 4)) for _ in range(columns)]]
    for _ in range(rng.randint(1, 5)):
        rows.append([han(rng, rng.randint(2, 5))] + [number(rng) for _ in range(columns - 1)])
    return "".join(gap.join(r) + "\n" for r in rows), None


def form(rng):
    return "".join(f"{han(rng, rng.randint(2, 4))}：{rng.choice(['        ', '____', '    年    月    日', '□是  □否'])}\n" for _ in range(rng.randint(1, 4))), None


def fence(rng):
    mark = rng.choice(["```", "~~~", "````"])
    inner = rng.choice([spread(han(rng, 8), " "), "\n".join(han(rng, 6)), "def f(x):\n    return x  # " + han(rng, 4), "⼯具 = １"])
    closing = "" if rng.random() < 0.1 else mark + "\n"
    return f"{mark}{rng.choice(['', 'python', 'text'])}\n{inner}\n{closing}", None


def box(rng):
    width = rng.randint(2, 6)
    return f"┌{'─' * width * 2}┐\n│{spread(han(rng, width), ' ')}│\n└{'─' * width * 2}┘\n", None


def tree(rng):
    return f"{han(rng, 3)}\n├── {han(rng, 2)}\n│   └── a.txt\n└── {spread(han(rng, 3), ' ')}\n", None


def korean(rng):
    def word():
        return "".join(rng.choices(HANGUL, k=rng.randint(1, 4)))
    return "".join(" ".join(word() for _ in range(rng.randint(2, 8))) + ".\n" for _ in range(rng.randint(1, 4))), None


def japanese(rng):
    return "".join("".join(rng.choices(KANA + HAN[:80], k=rng.randint(6, 40))) + "。\n" for _ in range(rng.randint(1, 3))), None


def english(rng):
    words = "the river and its bridges were repaired last year by people who lived along banks of water".split()
    return "".join(" ".join(rng.choices(words, k=rng.randint(3, 12))).capitalize() + rng.choice([".", "", ","]) + "\n" for _ in range(rng.randint(1, 6))), None


def dialogue(rng):
    return "".join(f"{rng.choice(['问', '答', '甲', '乙'])}：{han(rng, rng.randint(2, 20))}{rng.choice('。？！')}\n" for _ in range(rng.randint(2, 5))), None


def key_values(rng):
    return "".join(f"{han(rng, 2)}：{rng.choice([han(rng, 4), number(rng), 'https://example.org/a?b=1'])}{rng.choice([' ', '  ', chr(10)])}" for _ in range(rng.randint(2, 6))) + "\n", None


def short_lines(rng):
    """Lines of one to three characters of any kind: vertical text, or answers, or numerals."""
    alphabet = rng.choice([HAN, "一二三四五六七八九十", "ABCD", HAN + MARKS + "0123456789", "—" + HAN[:20] + "　"])
    return "".join("".join(rng.choices(alphabet, k=rng.choice([1, 1, 1, 2, 3]))) + rng.choice(["\n", "\n", "\n\n"]) for _ in range(rng.randint(1, 14))), None


def marks(rng):
    """Marks, digits and letters in every neighbourhood."""
    pool = MARKS + FULL_WIDTH_MARKS + ASCII_MARKS + "0123456789０１２３ABcＡＢｃ" + HAN[:12] + HALF_KANA + VERTICAL_FORMS
    return "".join(rng.choice(pool) + (" " if rng.random() < 0.15 else "") for _ in range(rng.randint(1, 30))) + "\n", None


def oddities(rng):
    """A line of everything."""
    pool = [HAN, HAN_RARE, RADICALS, COMPAT_IDEOGRAPHS, VERTICAL_FORMS, KANA, HALF_KANA, HANGUL, BOPOMOFO, INVISIBLE, SELECTORS, CONTROLS, PRIVATE,
            MARKS, FULL_WIDTH_MARKS, ASCII_MARKS, OTHER, "0123456789", "ABCabc", "０１ＡＢａｂ", "      \u00a0\u3000\u2009\t"]
    return "".join(rng.choice(EMOJI) if rng.random() < 0.05 else rng.choice(rng.choice(pool)) for _ in range(rng.randint(1, 40))) + "\n", None


def blanks(rng):
    return "".join(rng.choice(["\n", "\n", " \n", "　\n", "\t\n", "\f", "\f\n", "\u200b\n"]) for _ in range(rng.randint(1, 4))), None


BLOCKS = {f.__name__: f for f in (
    wrapped_paragraphs, headline, byline, vertical_headline, vertical_byline, one_gap_a_measure, page_broken, credit, listing, verse, table, form,
    fence, box, tree, korean, japanese, english, dialogue, key_values, short_lines, marks, oddities, blanks)}
GRID_BLOCKS = {**BLOCKS, "grid": grid}
_WEIGHTED = list(BLOCKS) + ["wrapped_paragraphs"] * 8 + ["vertical_headline", "vertical_byline", "headline", "byline"] * 2


# ---------------------------------------------------------------- damages of the whole page: (rng, text) -> text
def crlf(rng, text):
    return text.replace("\n", "\r\n")


def lone_cr(rng, text):
    return text.replace("\n", "\r")


def mixed_line_ends(rng, text):
    return "".join(rng.choice(["\n", "\r\n", "\r", "\u2028", "\x0b"]) if c == "\n" and rng.random() < 0.3 else c for c in text)


def no_final_newline(rng, text):
    return text.rstrip("\r\n")


def sprinkle(alphabet, rate=0.02):
    def damage(rng, text):
        return "".join(c + (rng.choice(alphabet) if rng.random() < rate else "") for c in text)
    return damage


def double_spaced(rng, text):
    return text.replace("\n", "\n\n")


def leading_white(rng, text):
    return rng.choice(["\ufeff", "\n\n", "  ", "\f", "　　\n"]) + text


def crossed_out(rng, text):
    """Characters lost at random."""
    return "".join(c for c in text if rng.random() > 0.03)


DAMAGES = {
    "crlf": crlf, "no_final_newline": no_final_newline, "lone_cr": lone_cr, "mixed_line_ends": mixed_line_ends, "double_spaced": double_spaced,
    "leading_white": leading_white, "crossed_out": crossed_out, "form_feeds": sprinkle("\f", 0.005), "invisible": sprinkle(INVISIBLE),
    "selectors": sprinkle(SELECTORS), "controls": sprinkle(CONTROLS, 0.01), "private": sprinkle(PRIVATE), "gaps": sprinkle(GAPS),
    "rare": sprinkle(HAN_RARE + RADICALS + COMPAT_IDEOGRAPHS), "emoji": sprinkle(EMOJI, 0.01), "newlines": sprinkle("\n", 0.01)}
SURROGATE_DAMAGES = {**DAMAGES, "surrogates": sprinkle(SURROGATES, 0.01)}


# ---------------------------------------------------------------- pages
@dataclass(frozen=True)
class Piece:
    kind: str
    text: str                 # as set, line ends \n
    truth: "str | None"       # what a perfect repair prints, before compat and width; None where taste decides


@dataclass(frozen=True)
class Page:
    text: str
    pieces: tuple
    damages: tuple

    @property
    def has_grid(self):
        return any(p.kind == "grid" for p in self.pieces)


def build(blocks, damages, blank_between):
    """The page of a list of (block name, seed) and a list of (damage name, seed)."""
    pieces = []
    for kind, seed in blocks:
        text, truth = GRID_BLOCKS[kind](random.Random(seed))
        pieces.append(Piece(kind, text, truth))
    text = ("\n" if blank_between else "").join(p.text for p in pieces)
    for kind, seed in damages:
        text = SURROGATE_DAMAGES[kind](random.Random(seed), text)
    return Page(text, tuple(pieces), tuple(kind for kind, _ in damages))


def random_page(rng, grids=False, surrogates=False):
    """One page, with no help from hypothesis."""
    kinds = _WEIGHTED + (["grid"] * 3 if grids else [])
    blocks = [(rng.choice(kinds), rng.getrandbits(32)) for _ in range(rng.choice([1, 1, 2, 3, 4, 6]))]
    pool = list(SURROGATE_DAMAGES if surrogates else DAMAGES)
    damages = [(rng.choice(pool), rng.getrandbits(32)) for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3]))]
    if surrogates and rng.random() < 0.3:
        damages.append(("surrogates", rng.getrandbits(32)))
    return build(blocks, damages, rng.random() < 0.3)


def _seeded(names):
    return st.tuples(st.sampled_from(names), st.integers(0, 2**32 - 1))


def pages(grids=False, surrogates=False, max_blocks=5):
    """Damaged pages; a failing one shrinks to few blocks and few damages."""
    kinds = ["wrapped_paragraphs"] * 6 + [k for k in BLOCKS if k != "wrapped_paragraphs"] + (["grid"] * 4 if grids else [])
    return st.builds(
        build, st.lists(_seeded(kinds), min_size=1, max_size=max_blocks),
        st.lists(_seeded(list(SURROGATE_DAMAGES if surrogates else DAMAGES)), max_size=2), st.booleans())


_INTERESTING = "".join([HAN[:40], HAN_TRADITIONAL[:6], HAN_RARE, COMPAT_IDEOGRAPHS, RADICALS, VERTICAL_FORMS, KANA[:10], HALF_KANA, HANGUL[:6], BOPOMOFO,
                        INVISIBLE, SELECTORS, CONTROLS, PRIVATE, MARKS, FULL_WIDTH_MARKS, ASCII_MARKS, OTHER, "".join(EMOJI), "019aZ０９ａＺ"])


def raw_texts(surrogates=False, max_size=80):
    """Characters in any order: mostly of the kinds that a stage looks at, with many gaps and line ends."""
    char = st.one_of(
        st.sampled_from(HAN[:30]), st.sampled_from("\n\n\n \u3000\u00a0  "), st.sampled_from("\n\r\f\t \u2009\u2028"), st.sampled_from(_INTERESTING),
        st.characters(codec=None if surrogates else "utf-8"))
    return st.text(char, max_size=max_size)


def texts(grids=False, surrogates=False):
    """Pages and raw character soup, as plain strings."""
    return st.one_of(pages(grids, surrogates).map(lambda p: p.text), raw_texts(surrogates))


BAD_BYTES = [b"\x80", b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xc3"]


@st.composite
def broken_bytes(draw):
    """UTF-8 of a page with ill-formed sequences put in anywhere, in mid-character too; or just bytes."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60))
    data = draw(texts()).encode("utf8", "surrogatepass")
    for bad, place in draw(st.lists(st.tuples(st.sampled_from(BAD_BYTES), st.integers(0, 10**6)), min_size=1, max_size=4)):
        at = place % (len(data) + 1)
        data = data[:at] + bad + data[at:]
    return data


def random_bytes(rng):
    """The same without hypothesis."""
    data = random_page(rng).text.encode("utf8", "surrogatepass")
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        data = data[:at] + rng.choice(BAD_BYTES) + data[at:]
    return data


OPTIONS = {
    "compat": [True, False],
    "width": ["contextual", "alnum", "all", "none"],
    "spacing": ["auto", "all", "none"],
    "latin_gap": ["auto", "remove", "keep", "insert"],
    "vertical": [True, False],
    "unwrap": [True, False],
}
CONFIDENCE = [0, 60, 75, 88, 92, 97, 100]  # of min_confidence; too many to combine with all others


def options():
    """Any combination of options, defaults left out as often as not."""
    choices = {**OPTIONS, "min_confidence": CONFIDENCE}
    return st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in choices.items()})


# ---------------------------------------------------------------- clean text: must come out as it went in
def clean_chinese(rng):
    """Paragraphs one a line, lengths all different, no line near the width of another in mid-sentence."""
    gap = rng.choice(["\n", "\n\n"])
    return gap.join(paragraph(rng, 8, rng.choice([40, 120, 200]), plain=True) for _ in range(rng.randint(1, 6))) + "\n"


def clean_indented(rng):
    return "".join("　　" + paragraph(rng, 40, 160, plain=True) + "\n" for _ in range(rng.randint(1, 5)))


def clean_english(rng):
    return "\n\n".join(english(rng)[0].rstrip("\n") for _ in range(rng.randint(1, 3))) + "\n"


def clean_korean(rng):
    return korean(rng)[0]


def clean_japanese(rng):
    words = ["今日は", "天気が", "いいです", "明日も", "晴れる", "でしょう", "電車で", "学校へ", "行きました", "本を", "読んで", "います", "ニュース", "アメリカの", "3月に"]
    return "".join("".join(rng.choices(words, k=rng.randint(3, 12))) + "。\n" for _ in range(rng.randint(1, 4)))


def clean_code(rng):
    lines = ["def f(x):", "    return x  # twice", "", "for (int i = 0; i < 10; ++i) {", "    total += a[i];", "}", "x = {'a': 1, 'b':  2}", "print(f(2))", "SELECT  a, b",
             "\tif not x:", "    \"\"\"doc\"\"\"", "$ make  -j2"]
    return "\n".join(rng.choices(lines, k=rng.randint(3, 12))).strip("\n") + "\n"


def clean_fence(rng):
    return "```python\n" + clean_code(rng) + "x = '" + spread(han(rng, 5), " ") + "'\n```\n"


def clean_table(rng):
    columns = rng.randint(3, 5)
    rows = [[han(rng, rng.randint(2, 4)) for _ in range(columns)]]
    for _ in range(rng.randint(2, 6)):
        rows.append([han(rng, rng.randint(2, 4))] + [f"{rng.randint(0, 9999) / 10:.1f}" for _ in range(columns - 1)])
    return "".join("    ".join(r) + "\n" for r in rows)


def clean_web(rng):
    """The writer sets a gap between Han and Latin, everywhere."""
    def piece():
        return han(rng, rng.randint(2, 9)) + " " + rng.choice([rng.choice(LATIN), str(rng.randint(1, 2030)), "Python 3", "config.yaml"]) + " " + han(rng, rng.randint(2, 9))
    return "".join("，".join(piece() for _ in range(rng.randint(1, 5))) + "。\n" for _ in range(rng.randint(1, 5)))


def clean_verse(rng):
    return verse(rng)[0]


def clean_dialogue(rng):
    return dialogue(rng)[0]


def clean_list(rng):
    marker = rng.choice(["{n}. ", "{h}、", "（{h}）", "• ", "- "])
    return "".join(marker.format(n=i + 1, h="一二三四五六七八九十"[i]) + han(rng, rng.randint(2, 8)) + "\n" for i in range(rng.randint(3, 8)))


CLEAN = [clean_chinese, clean_indented, clean_english, clean_korean, clean_japanese, clean_code, clean_fence, clean_table, clean_web, clean_verse,
         clean_dialogue, clean_list]


def random_clean(rng):
    return rng.choice(CLEAN)(rng)


def clean_texts():
    """Undamaged text of one kind."""
    return st.builds(lambda make, seed: make(random.Random(seed)), st.sampled_from(CLEAN), st.integers(0, 2**32 - 1))
