"""Full-width letters, digits and marks to ASCII, half-width kana and marks to ordinary ones."""
from . import tables as T
from .page import ALNUM, CJK_MARKS, is_wide_evidence

# Attached to a letter or digit on either side: ％ ＋ － ＃ ＆ ＠ ／ ＝ ＜ ＞ and the full-width currency signs.
ATTACHED = frozenset("％＋－＃＆＠／＝＜＞￥￡￠＄￦")
ADDRESS = frozenset("．／：＠－＿？＝＆％＃～＋")  # what an address holds besides letters and digits
CURRENCY = {0xFFE0: 0xA2, 0xFFE1: 0xA3, 0xFFE5: 0xA5, 0xFFE6: 0x20A9}


def ascii_of(cp):
    if 0xFF01 <= cp <= 0xFF5E:
        return cp - 0xFEE0
    return CURRENCY.get(cp, 0)


def edits(page):
    mode = page.options.width
    if mode == "none":
        return []
    out = []
    for line in page.lines:
        if line.literal or line.blank:
            continue
        i = line.begin
        while i < line.end:
            step = 1
            cp = page.cps[i]
            if 0xFF61 <= cp <= 0xFF9F and mode != "alnum":
                step, text = kana(page, line, i)
                if text:
                    out.append((i, i + step, text, "width"))
            elif cp == 0x3000:
                if mode == "all" or mode == "contextual" and _between_words(page, line, i):
                    out.append((i, i + 1, " ", "width"))
            elif ascii_of(cp) and converts(page, line, i, mode):
                out.append((i, i + 1, chr(ascii_of(cp)), "width"))
            i += step
    return out


def kana(page, line, i):
    cp = page.cps[i]
    if i + 1 < line.end:
        composed = T.halfwidth_composed(cp, page.cps[i + 1])
        if composed:
            return 2, chr(composed)
    if 0xFF61 <= cp <= 0xFF65:  # ｡｢｣､･ next to CJK
        if not any(_cjk_beside(page, line, i, step) for step in (-1, 1)):
            return 1, ""
    target = T.halfwidth_target(cp)
    return 1, chr(target) if target else ""


def _cjk_beside(page, line, i, step):
    """What stands beside, seen through quotation marks and dashes that English has too."""
    j = page.visible(i + step, step, line)
    while j >= 0 and page.cls[j] in CJK_MARKS and page.cps[j] < 0x2E80:
        j = page.visible(j + step, step, line)
    return j >= 0 and is_wide_evidence(page.cps[j], page.cls[j])


def _full_letter(page, i):
    return page.cls[i] == T.LETTER and 0xFF21 <= page.cps[i] <= 0xFF5A


def _between_words(page, line, i):
    """An ideographic space between two full-width Latin words, one of them of two letters at least."""
    if not (line.s < i < line.e - 1 and _full_letter(page, i - 1) and _full_letter(page, i + 1)):
        return False
    return i - 2 >= line.s and _full_letter(page, i - 2) or i + 2 < line.e and _full_letter(page, i + 2)


NUMERALS = frozenset("一二三四五六七八九十〇零")
ZEROS = frozenset("Ｏ０")
MOST_ZEROS = 8


def _is_zero(page, line, i):
    """Ｏ or ０ among Chinese numerals: 二Ｏ三一, 一九九Ｏ年"""
    sides = []
    for step in (-1, 1):
        j = page.visible(i + step, step, line)
        for _ in range(MOST_ZEROS):
            if j >= 0 and page.text[j] in ZEROS:
                j = page.visible(j + step, step, line)
        sides.append(page.text[j] if j >= 0 else "")
    return sides[0] in NUMERALS and sides[1] != "" and (sides[1] in NUMERALS or sides[1] in "年月日号號")


FAR = 128  # characters of an address, either way


def _in_address(page, line, i):
    """A full-width address: ｈｔｔｐ：／／ａ．ｃｎ, ａ＠ｂ．ｃｎ"""
    def alnum(k):
        return page.cps[k] >= 0xFF00 and page.cls[k] in ALNUM

    def inside(k):
        return alnum(k) or page.text[k] in ADDRESS

    a = i
    while a > line.s and i - a < FAR and inside(a - 1):
        a -= 1
    b = i + 1
    while b < line.e and b - i < FAR and inside(b):
        b += 1
    text = page.text
    for k in range(a, b):
        if text[k:k + 3] == "：／／" and k + 3 <= b:
            begin, end = k, b
            while begin > a and _full_letter(page, begin - 1):
                begin -= 1
            while not (alnum(end - 1) or text[end - 1] == "／"):
                end -= 1
            if begin < k and begin <= i < end:
                return True
        elif text[k] == "＠":
            begin, end = k, k + 1
            while begin > a and (alnum(begin - 1) or text[begin - 1] in "．＿－＋"):
                begin -= 1
            while end < b and (alnum(end) or text[end] in "．－"):
                end += 1
            while end > k + 1 and not alnum(end - 1):
                end -= 1
            if begin < k and end > k + 1 and begin <= i < end:
                return True
    return False


def converts(page, line, i, mode):
    cls, cps = page.cls, page.cps
    if mode == "all":
        return True
    if cls[i] in ALNUM:
        return not (page.text[i] in ZEROS and _is_zero(page, line, i))
    if mode == "alnum":
        return False
    c = chr(cps[i])
    if c in ADDRESS and _in_address(page, line, i):
        return True
    left, right = page.visible(i - 1, -1, line), page.visible(i + 1, 1, line)
    digit = lambda j: j >= 0 and cls[j] == T.DIGIT  # noqa: E731
    alnum = lambda j: j >= 0 and cls[j] in ALNUM  # noqa: E731
    if c == "．":
        return digit(left) and digit(right) or left >= 0 and cls[left] == T.LETTER  # Ｔｅｌ．：, Ｖｅｒ．２
    if c in "：～":
        return digit(left) and digit(right)
    if c == "，":
        return digit(left) and _thousands(page, line, left, right)
    if c in ATTACHED:
        return alnum(left) or alnum(right)
    return False


def _thousands(page, line, left, right):
    """Exactly three digits follow, and the number before has at most three."""
    before = after = 0
    while left >= line.s and page.cls[left] == T.DIGIT:
        before += 1
        left -= 1
    while 0 <= right < line.end and page.cls[right] == T.DIGIT:
        after += 1
        right += 1
    return before <= 3 and after == 3
