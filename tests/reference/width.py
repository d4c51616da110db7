"""Full-width letters, digits and marks to ASCII, half-width kana and marks to ordinary ones."""
from . import tables as T
from .page import ALNUM, is_wide_evidence

# Attached to a letter or digit on either side: ％ ＋ － ＃ ＆ ＠ ／ ＝ ＜ ＞ and the full-width currency signs.
ATTACHED = frozenset("％＋－＃＆＠／＝＜＞￥￡￠＄￦")
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
            elif cp == 0x3000 and mode == "all":
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
        near = [j for j in (page.visible(i - 1, -1, line), page.visible(i + 1, 1, line)) if j >= 0]
        if not any(is_wide_evidence(page.cps[j], page.cls[j]) for j in near):
            return 1, ""
    target = T.halfwidth_target(cp)
    return 1, chr(target) if target else ""


def converts(page, line, i, mode):
    cls, cps = page.cls, page.cps
    if cls[i] in ALNUM or mode == "all":
        return True
    if mode == "alnum":
        return False
    c = chr(cps[i])
    left, right = page.visible(i - 1, -1, line), page.visible(i + 1, 1, line)
    digit = lambda j: j >= 0 and cls[j] == T.DIGIT  # noqa: E731
    alnum = lambda j: j >= 0 and cls[j] in ALNUM  # noqa: E731
    if c == "．":
        return digit(left) and digit(right) or (alnum(left) and (right < 0 or not digit(right)) and _latin_dot(page, left, right))
    if c in "：～":
        return digit(left) and digit(right)
    if c == "，":
        return digit(left) and _thousands(page, line, left, right)
    if c in ATTACHED:
        return alnum(left) or alnum(right)
    return False


def _latin_dot(page, left, right):
    """Ｔｅｌ．: the point of an abbreviation."""
    return page.cls[left] == T.LETTER


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
