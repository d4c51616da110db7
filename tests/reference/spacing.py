"""Gaps inside lines: what is letter-spacing or kerning goes, what separates stays as it is or becomes one space.

Each gap is decided by the tokens on both sides and by the stretch it stands in.
"""
import re
from dataclasses import dataclass

from . import tables as T
from .page import ALNUM, CELL, CJK_CLASSES, CJK_MARKS, MAX_MEASURE
from . import byline, confidence, fields, words

LONGER = 4
SHORT = 3  # Han that a token of a letter-spaced or OCR stretch has at most
EVIDENCE = 3  # gaps that only damage explains, in a stretch
KEEP, CLOSE, ONE = "keep", "close", "one"
BEFORE = ",.:;!?)]}%"  # ASCII marks that no writer puts a gap before
AFTER = "([{"  # ... and behind
BLANK = 6  # q of a gap that may be a blank to be filled in
HEADING = 20 * CELL  # a line shorter than this may be a heading with a section or page number


@dataclass
class Token:
    begin: int
    end: int
    han: int  # Han and kana in it
    head: int  # Han and kana from its first character to the next of another class
    tail: int  # ... and up to its last character
    word: bool  # a Latin word of two letters or more
    number: bool  # digits and what belongs to numbers
    text: str


def edits(page, layout):
    out = []
    for i, line in enumerate(layout.texts):
        if line.literal or _in_grid(layout, i):
            continue
        here = []
        if page.options.spacing != "none" or page.options.latin_gap != "auto":
            here = decide(page, layout, i, line)
        out += here
        if layout.trimmed[i] or here and line.spaced and page.options.spacing != "none":
            out += _trim(page, layout, i, line)
        if page.options.latin_gap == "insert":
            out += _insert(page, line)
    return out


def _in_grid(layout, i):
    return any(grid.first <= i <= grid.last for grid in layout.grids)


def _trim(page, layout, i, line):
    """White space at both ends of a line; form feeds stay."""
    out = []
    joined_before = i > 0 and layout.separators[i - 1] is not None
    for a, b, inside in ((line.begin, line.s, joined_before), (line.e, line.end, layout.separators[i] is not None)):
        if a < b and not inside:
            pages = "".join(page.text[k] for k in range(a, b) if page.cls[k] == T.PAGE)
            if pages != page.text[a:b]:
                out.append((a, b, pages, "spacing"))
    return out


def _insert(page, line):
    out, last = [], -1
    for i in range(line.s, line.e):
        c = page.cls[i]
        if c in (T.DROP, T.EXTEND):
            continue
        if last >= 0 and _latin_boundary(page, last, i):
            out.append((i, i, " ", "spacing"))
        last = i
    return out


def _latin_boundary(page, i, j):
    a, b = page.cls[i], page.cls[j]
    if a in (T.HAN, T.KANA):
        return b in ALNUM
    return b in (T.HAN, T.KANA) and (a in ALNUM or page.text[i] in "%％")


def tokens_of(page, line):
    edges = [line.s] + [g.end for g in line.gaps]
    ends = [g.begin for g in line.gaps] + [line.e]
    out = []
    for a, b in zip(edges, ends):
        seen = [i for i in range(a, b) if page.cls[i] not in (T.DROP, T.EXTEND)]
        han = [page.cls[i] in (T.HAN, T.KANA) for i in seen]
        head = han.index(False) if False in han else len(han)
        tail = han[::-1].index(False) if False in han else len(han)
        letters = sum(page.cls[i] == T.LETTER for i in seen)
        digits = sum(page.cls[i] == T.DIGIT for i in seen)
        word = letters >= 2 and not any(han)
        number = digits >= 1 and not any(han) and not letters
        out.append(Token(a, b, sum(han), head, tail, word, number, page.text[a:b]))
    return out


def decide(page, layout, index, line):
    gaps = line.gaps
    if not gaps:
        return []
    mode = page.options.spacing
    tokens = tokens_of(page, line)
    if line.vertical and line.name_gaps is None:
        return [(g.begin, g.end, "", "spacing") for g in gaps]
    verdict = [None] * len(gaps)
    if line.name_gaps is not None:
        verdict = [ONE if parted else CLOSE for parted in line.name_gaps]
    elif mode == "all":
        for k, g in enumerate(gaps):
            a, b = page.cls[g.left], page.cls[g.right]
            if a in CJK_CLASSES and b in CJK_CLASSES or a in CJK_MARKS or b in CJK_MARKS:
                verdict[k] = CLOSE
    elif mode == "auto":
        _auto(page, layout, index, line, tokens, verdict)
    _latin(page, layout, index, line, tokens, verdict)
    out = []
    for g, v in zip(gaps, verdict):
        if _confidence(page, line, g, v) < page.options.min_confidence:
            continue
        if v == CLOSE:
            out.append((g.begin, g.end, "", "spacing"))
        elif v == ONE and page.text[g.begin:g.end] != " ":
            out.append((g.begin, g.end, " ", "spacing"))
    return out


def _confidence(page, line, gap, verdict):
    """How sure the verdict on a gap is, in per cent."""
    a, b = page.cls[gap.left], page.cls[gap.right]
    asked = page.options.spacing == "all" or page.options.latin_gap == "remove" and _latin_boundary(page, gap.left, gap.right)
    if line.vertical and line.name_gaps is None:
        return confidence.RUN
    if asked and line.name_gaps is None:
        return confidence.CERTAIN
    if verdict == ONE:
        return confidence.NAMES
    if a in CJK_MARKS or b in CJK_MARKS:
        return confidence.MARK_GAP
    if a not in CJK_CLASSES or b not in CJK_CLASSES:
        return confidence.LATIN
    return confidence.SPREAD if line.spaced else confidence.GAP


def _auto(page, layout, index, line, tokens, verdict):
    gaps, n = line.gaps, len(line.gaps)
    if line.table or layout.tabular[index] or _form(page, line):
        for k in range(n):
            verdict[k] = KEEP
        return
    marker = page.list_marker(line)
    first = 0
    if marker > line.s and gaps[0].begin == marker:
        verdict[0] = KEEP
        first = 1
    fields.settle(page, layout, index, line, tokens, verdict)
    if n == 1 and verdict[0] is None and layout.damaged[index] and all(t.han == 1 == len(t.text) for t in tokens):
        verdict[0] = CLOSE  # a padded name or title of two characters, alone
    _names(page, line, tokens, verdict, first)
    for k in range(first, n):
        if verdict[k] is None and _touches_mark(page, line, k):
            verdict[k] = _beside_mark(page, line, tokens, k, layout.damaged[index])
    if layout.damaged[index]:
        _spread_words(page, line, tokens, verdict)
    # Near letter-spaced lines less evidence is enough, and where the whole line is single characters or other gaps of it were closed.
    near_spaced = layout.near_spaced[index] or layout.damaged[index] and all(t.han == 1 == len(t.text) for t in tokens)
    short = _short(page, line, tokens)
    if _stretches(page, line, tokens, verdict, first, short, near_spaced) and not near_spaced:
        _stretches(page, line, tokens, verdict, first, short, True)
    _line_ends(page, line, tokens, verdict)
    body = layout.joined[index] and layout.prose[index]
    # 本报讯 keeps its gap: newspapers set it. Not where words or characters are spaced (本报 讯 昨日, decided above).
    if line.start_kind == "dateline" and verdict[0] is None and tokens[0].han == 3 == len(tokens[0].text) \
            and (_han_both(page, gaps[0]) or page.options.latin_gap == "auto"):
        verdict[0] = ONE if body else KEEP
    if layout.damaged[index]:
        _spread_numbers(page, line, tokens, verdict, first, body)
    # A sentence on a line of its own is body text where it is letter-spaced, or where text around is damaged and it is not short.
    alone = line.marks and line.end_kind == "stop" and (line.spaced or layout.damaged[index] and line.width >= HEADING)
    for k in range(first, n):
        if verdict[k] is None and (body or alone):
            if _han_both(page, gaps[k]):
                verdict[k] = CLOSE if gaps[k].room <= CELL else ONE
            elif _at_ascii_pause(page, gaps[k]):
                verdict[k] = CLOSE


def _stretches(page, line, tokens, verdict, first, short, near_spaced):
    """Whether gaps of a stretch were closed."""
    k, n, closed = first, len(line.gaps), False
    while k < n:
        if verdict[k] in (KEEP, ONE):
            k += 1
            continue
        j = k
        while j + 1 < n and verdict[j + 1] not in (KEEP, ONE) and tokens[j + 1].han <= short:
            j += 1
        closed = _stretch(page, line, tokens, verdict, k, j, short, near_spaced) or closed
        k = j + 1
    return closed


def _short(page, line, tokens):
    """Han that a token of a stretch has at most: more where a tokenizer set gaps on both sides of the marks of a sentence."""
    apart = any(page.cls[g.left] in (T.HAN, T.KANA) and page.cls[g.right] in (T.STOP, T.PAUSE, T.CLOSE) for g in line.gaps)
    return LONGER if apart and len(tokens) >= 5 and sum(t.han for t in tokens) <= 3 * len(tokens) else SHORT


def _letters_beside(page, token, step):
    """How many letters stand at the end of the token (step -1), or at its start."""
    n, i = 0, token.end - 1 if step < 0 else token.begin
    while token.begin <= i < token.end and page.cls[i] == T.LETTER:
        n, i = n + 1, i + step
    return n


def _spread_words(page, line, tokens, verdict):
    """D e b i a n 的: a word whose letters were spread, in a line that is not. It begins with a capital, or has four letters."""
    k, n = 0, len(line.gaps)
    while k < n:
        j = k
        while j < n and verdict[j] is None and _letters_beside(page, tokens[j], -1) == 1 == _letters_beside(page, tokens[j + 1], 1) \
                and (j == k or len(tokens[j].text) == 1):
            j += 1
        letters = [page.text[line.gaps[k].left]] + [page.text[g.right] for g in line.gaps[k:j]] if j > k else []
        if len(letters) >= (3 if letters and "A" <= letters[0] <= "Z" else 4) and all(c.isascii() and c.islower() for c in letters[1:]):
            for x in range(k, j):
                verdict[x] = CLOSE
        k = max(j, k + 1)


def _han_both(page, gap):
    return page.cls[gap.left] in (T.HAN, T.KANA) and page.cls[gap.right] in (T.HAN, T.KANA)


def _at_ascii_pause(page, gap):
    """OCR prints , ; : for the full-width marks: between Han there is no gap at them."""
    left, right = page.text[gap.left], page.text[gap.right]
    han = (T.HAN, T.KANA)
    return left in ",;:!?" and page.cls[gap.right] in han or right in BEFORE and page.cls[gap.left] in han


POINTS = ".,:："


def _spread_numbers(page, line, tokens, verdict, first, body):
    """A number whose digits were spread (4 . 2万, 1 2.8亿): a piece of it is one character, or it is cut at its point. In
    mid-line a gap may part it from the words before it only in body text, before a unit: 12 3 4 may be a list."""
    k, n = first, len(line.gaps)
    while k < n:
        j = k
        while j < n and _in_number(page, line.gaps[j]):
            j += 1
        if j > k:
            tail, head = _numeric_tail(page, tokens[k]), _numeric_head(page, tokens[j])
            pieces = [tail] + [len(t.text) for t in tokens[k + 1:j]] + [head]
            point = any(page.text[g.left] in POINTS or page.text[g.right] in POINTS for g in line.gaps[k:j])
            begin, end = tokens[k].end - tail, tokens[j].begin + head
            after = page.visible(end, 1, line)
            apart = tokens[k].number and tokens[k].begin != line.s
            han = (T.HAN, T.KANA)
            text = body and page.cls[line.gaps[max(k - 1, 0)].left] in han
            unit, end_ = after >= 0 and page.cls[after] in han, after < 0 or page.cls[after] in CJK_CLASSES
            if (min(pieces) == 1 or point) and _is_grouped(page, begin, end) \
                    and (not apart or text and (point and end_ or unit and max(pieces) == 1 and len(pieces) >= 3)):
                for x in range(k, j):
                    if verdict[x] is None:
                        verdict[x] = CLOSE
        k = max(j, k + 1)


def _is_grouped(page, begin, end):
    """Commas of the number that begins in [begin, end), gaps left out: 3,200 and not 3,5,7."""
    seen = [i for i in range(begin, end) if page.cls[i] not in (T.GAP, T.DROP, T.EXTEND)]
    text = "".join("0" if page.cls[i] == T.DIGIT else page.text[i] for i in seen)
    text = re.sub("^[^0,]+", "", text)  # a colon before it
    return "," not in text or re.match(r"0{1,3}(,000)+(?![0,])", text) is not None


def _in_number(page, gap):
    left, right = page.cls[gap.left], page.cls[gap.right]
    if left == T.DIGIT:
        return right == T.DIGIT or page.text[gap.right] in POINTS + "%"
    return right == T.DIGIT and page.text[gap.left] in POINTS


def _numeric(page, i):
    return page.cls[i] == T.DIGIT or page.text[i] in POINTS + "%"


def _numeric_tail(page, token):
    n = 0
    while n < token.end - token.begin and _numeric(page, token.end - 1 - n):
        n += 1
    return n


def _numeric_head(page, token):
    n = 0
    while n < token.end - token.begin and _numeric(page, token.begin + n):
        n += 1
    return n


def _form(page, line):
    """Blanks to be filled in: two wide gaps or more before single characters, or a wide gap behind a colon."""
    wide = [g for g in line.gaps if g.room >= BLANK]
    filled = sum(page.text[g.right] in "年月日时分号元名人岁" or page.text[g.left] in "：:" for g in wide)
    return len(wide) >= 2 and filled * 2 >= len(line.gaps)


def _touches_mark(page, line, k):
    """A CJK mark on either side; a quote or dash that stands among Latin text is not one."""
    g = line.gaps[k]
    for i, step in ((g.left, -1), (g.right, 1)):
        if page.cls[i] in CJK_MARKS:
            if page.cps[i] >= 0x2E80:
                return True
            inner = page.visible(i + step, step, line)
            other = g.right if step < 0 else g.left
            if not ((inner < 0 or page.cls[inner] in ALNUM + (T.ASCII,)) and page.cls[other] in ALNUM + (T.ASCII,)):
                return True
    return False


def _is_sign(page, token):
    """Nothing but marks that writers set between gaps: · — …"""
    return all(page.cls[i] in (T.MARK, T.DROP, T.EXTEND) or page.cps[i] == 0x2026 for i in range(token.begin, token.end))


def _beside_mark(page, line, tokens, k, damaged):
    """A gap at a mark goes, but a closing credit keeps its space, a page number its leader, a blank to be filled in its room; in
    undamaged text a mark with a gap on both sides keeps both."""
    g = line.gaps[k]
    if not damaged and (k > 0 and _is_sign(page, tokens[k]) or k + 2 < len(tokens) and _is_sign(page, tokens[k + 1])):
        return KEEP
    if g.room >= BLANK and not line.spaced and page.cls[g.right] in (T.STOP, T.PAUSE):
        return KEEP
    if page.cls[g.left] == T.OPEN and page.cls[g.right] == T.CLOSE:
        return KEEP  # （    ）: room to be filled in
    if g.room >= BLANK and page.text[g.left] in "：:":
        return KEEP
    if k == len(line.gaps) - 1 and tokens[k + 1].number and page.cps[g.left] in (0x2026, 0xB7, 0x2025):
        return KEEP
    if k + 1 < len(tokens) - 1 and page.cps[g.right] in (0x2026, 0xB7, 0x2025) and k + 3 == len(tokens) and tokens[k + 2].number:
        return KEEP
    if page.cls[g.left] in (T.STOP, T.CLOSE) and _credit(page, line, tokens, k + 1):
        return ONE
    return CLOSE


def _credit(page, line, tokens, k):
    """The tokens from k to the end are names and what they did."""
    words = byline.words_of(page, tokens[k].begin, line.e)
    return bool(words) and 2 <= len(words) <= 6 and words[-1] in byline.CREDITS and byline.entries(words) is not None


def _names(page, line, tokens, verdict, first):
    """Lists of names: two single characters side by side are one padded name; names stay apart.

    A list is a whole line, what stands in parentheses, or a closing credit.
    """
    for begin, end in _lists(page, line, tokens, first):
        words = byline.words_of(page, begin, end)
        if not words or len(words) < 2:
            continue
        ks = [k for k, g in enumerate(line.gaps) if begin <= g.left and g.right < end]
        if len(ks) != len(words) - 1:
            continue
        rooms = [line.gaps[k].room for k in ks]
        found = byline.entries(words)
        if all(len(w) == 1 for w in words):
            # Only wider gaps between the names, or common surnames, part a list of padded names from a letter-spaced line.
            # Behind a sentence, what the last name did (程 野 摄) does too.
            if found and begin > line.s and words[-1] in byline.CREDITS and _all_pairs(words[:-1], found[:-1]):
                pass
            elif found is None or not _all_pairs(words, found):
                if len(words) % 2 or len(words) < 4 or not _widened(rooms):
                    continue
                found = [(k, k + 2) for k in range(0, len(words), 2)]
            elif not _widened(rooms) and not (len(words) in (4, 6) and all(
                    byline.is_name(words[a] + words[b - 1], common=True) for a, b in found)):
                continue
        if found is None or len(found) < 2 and begin == line.s:
            continue
        for a, b in found:
            if b - a == 2:
                verdict[ks[a]] = CLOSE
            if b < len(words):
                verdict[ks[b - 1]] = ONE


def _all_pairs(words, found):
    return all(b - a == 2 for a, b in found)


def _widened(rooms):
    """Every second gap is wider than the ones inside the pairs."""
    return len(rooms) >= 3 and min(rooms[1::2]) > max(rooms[0::2])


def _lists(page, line, tokens, first):
    """Where lists of names may stand: [begin, end)."""
    yield tokens[first].begin, line.e
    for k, g in enumerate(line.gaps):
        if page.cls[g.left] in (T.STOP, T.CLOSE):
            yield g.end, line.e
    for i in range(line.s, line.e):
        if page.text[i] in "（(":
            j = i + 1
            while j < line.e and page.cls[j] in (T.HAN, T.GAP, T.DROP, T.EXTEND):
                j += 1
            if j == line.e or page.cls[j] == T.CLOSE or page.text[j] == ")":
                yield i + 1, j


def _evidence(page, line, tokens, k):
    """Would a writer have set this gap? Single Han beside CJK, gaps at marks, gaps on the wrong side of ASCII marks."""
    g = line.gaps[k]
    a, b = page.cls[g.left], page.cls[g.right]
    if a in CJK_CLASSES and b in CJK_CLASSES:
        if a in CJK_MARKS or b in CJK_MARKS:
            return 1
        return 1 if min(tokens[k].tail, tokens[k + 1].head) == 1 else 0
    if page.text[g.right] in BEFORE or page.text[g.left] in AFTER:
        return 1
    return 0


def _soft_evidence(page, line, tokens, k):
    """Speaks for damage only beside harder evidence: writers set 2026 年 3 月 and A B C too."""
    g = line.gaps[k]
    a, b = page.cls[g.left], page.cls[g.right]
    if a in ALNUM and b in ALNUM:
        return 1 if len(tokens[k].text) == 1 and len(tokens[k + 1].text) == 1 else 0
    if a in ALNUM and b in (T.HAN, T.KANA):
        return 1 if len(tokens[k + 1].text) == 1 else 0
    if b in ALNUM and a in (T.HAN, T.KANA):
        return 1 if len(tokens[k].text) == 1 else 0
    return 0


def _stretch(page, line, tokens, verdict, k, j, short, near_spaced):
    """Gaps k..j, all tokens between them short: letter-spaced or OCR text, if enough gaps say so. Whether they were closed."""
    gaps = line.gaps
    while k <= j and tokens[k].tail > short and verdict[k] is None and page.cls[gaps[k].left] in (T.HAN, T.KANA):
        k += 1  # a lone gap behind a long token
    while j >= k and tokens[j + 1].head > short and verdict[j] is None and page.cls[gaps[j].right] in (T.HAN, T.KANA) \
            and not (j > k and tokens[j].han == 1 and words.in_word(page.plain[gaps[j].left], page.plain[gaps[j].right])):
        j -= 1  # ... or before one, unless it goes on with the word: 水 务 局周一叫停
    hard = sum(_evidence(page, line, tokens, x) for x in range(k, j + 1))
    soft = sum(_soft_evidence(page, line, tokens, x) for x in range(k, j + 1))
    if hard < (1 if near_spaced else 2) or hard + soft < (EVIDENCE - 1 if near_spaced else EVIDENCE):
        return False
    rooms = sorted(gaps[x].room for x in range(k, j + 1))
    usual = rooms[len(rooms) // 2]
    few = sum(room >= 2 * usual for room in rooms) * 7 <= len(rooms)
    closed = False
    for x in range(k, j + 1):
        if verdict[x] is not None:
            continue
        g = gaps[x]
        # Much wider than its neighbours: a separator, at a Latin word only if it is wider still.
        if g.room >= 2 * usual and (g.room >= usual + 4 or few and not _at_latin(page, g)) or g.room > usual and g.room >= 3 * CELL:
            verdict[x] = ONE
        elif _words(page, tokens[x], tokens[x + 1], g):
            verdict[x] = KEEP
        elif page.cls[g.left] == T.HANGUL or page.cls[g.right] == T.HANGUL:
            verdict[x] = KEEP
        else:
            verdict[x] = CLOSE
            closed = True
    return closed


def _at_latin(page, gap):
    """Between Han and a Latin letter or digit."""
    a, b = page.cls[gap.left], page.cls[gap.right]
    return a in (T.HAN, T.KANA) and b in ALNUM or b in (T.HAN, T.KANA) and a in ALNUM


def _words(page, a, b, gap):
    """Two Latin words, or two numbers, keep the space between them."""
    left, right = page.cls[gap.left], page.cls[gap.right]
    if left not in ALNUM + (T.ASCII,) or right not in ALNUM + (T.ASCII,):
        return False
    if left == T.ASCII or right == T.ASCII:
        return (a.word or b.word) and not (page.text[gap.right] in BEFORE or page.text[gap.left] in AFTER)
    if left == T.DIGIT and right == T.DIGIT:
        return len(a.text) > 1 and len(b.text) > 1
    if left == T.LETTER and right == T.LETTER:
        return _letters_beside(page, a, -1) > 1 or _letters_beside(page, b, 1) > 1
    return a.word or b.word


EVEN = 12 * CELL  # a measure at which two gaps alone may be line ends


def _line_ends(page, line, tokens, verdict):
    """Gaps that were line ends: once a measure, in mid-sentence.

    Each gap between Han must be one. Others may be: at marks, at Latin words. A line is short of the measure by a hanging mark or what
    did not fit: two cells, and the first unit of the next one; the first line by its indent too.
    """
    gaps = line.gaps
    must = [verdict[k] is None and _han_both(page, g) for k, g in enumerate(gaps)]
    if not any(must) or not line.marks or line.spaced:
        return
    at, room, i = [], 0, line.s
    for g in gaps:
        room += sum(_cells(page, x) for x in range(i, g.begin))
        at.append(room)
        i = g.end
    at.append(room + sum(_cells(page, x) for x in range(i, line.e)))
    marks = [must[k] or verdict[k] == CLOSE and _touches_mark(page, line, k) or _at_ascii_pause(page, g) for k, g in enumerate(gaps)]
    for ends in (must, marks):
        cuts = _cuts(page, line, verdict, must, at, [at[k] for k in range(len(gaps)) if ends[k]])
        if cuts:
            break
    latin = ALNUM + (T.ASCII,)
    for k in cuts:
        if verdict[k] is None and not (page.cls[gaps[k].left] in latin and page.cls[gaps[k].right] in latin):
            verdict[k] = CLOSE


def _cuts(page, line, verdict, must, at, ends):
    """The gaps that are line ends, if all that must be one are, at the measure of the pieces between the ends; else none."""
    gaps = line.gaps
    pieces = [b - a for a, b in zip([0] + ends, ends)][line.continues:]
    if not pieces:
        return []
    least = min(pieces)
    measure = max(piece for piece in pieces if piece <= least + 3 * CELL)
    if not 8 * CELL <= measure <= MAX_MEASURE:
        return []
    before = {}  # gap that may be a line end -> the one before it, -1: none
    for k, g in enumerate(gaps):
        if g.room > CELL or verdict[k] not in (None, CLOSE):
            continue
        short = measure - max(0, _unit(page, line, g.right) - CELL)
        for j in range(k - 1, -2, -1):
            far = at[k] - (at[j] if j >= 0 else 0)
            if far > measure + CELL:
                break
            if (j in before or j < 0) and (far >= short - (4 if j < 0 else 2) * CELL or j < 0 and line.continues):
                before[k] = j
                break
            if j >= 0 and must[j]:
                break
    last = next((k for k in range(len(gaps) - 1, -1, -1) if k in before), -1)
    if last < 0 or at[-1] - at[last] > measure + CELL or any(must[last + 1:]):
        return []
    cuts, even = [], measure >= EVEN
    while last >= 0:
        cuts.append(last)
        k, last = last, before[last]
        far = at[k] - (at[last] if last >= 0 else 0)
        even = even and measure - CELL - max(0, _unit(page, line, gaps[k].right) - CELL) <= far + (2 * CELL if last < 0 else 0)
    if len(cuts) > 2 or len(cuts) == 2 and (even or any(
            words.cut_between(page.plain[gaps[k].left], page.plain[gaps[k].right]) == "word" for k in cuts)):
        return cuts
    return []


def _unit(page, line, i):
    """Room of the Latin word that begins at i, or of one character."""
    room, k = 0, i
    while k < line.e and page.cls[k] in ALNUM + (T.ASCII,):
        room += _cells(page, k)
        k += 1
    return room or CELL


def _cells(page, i):
    from .page import cells
    return 0 if page.cls[i] == T.GAP else cells(page.cps[i], page.cls[i])


def _latin(page, layout, index, line, tokens, verdict):
    """Gaps between Han and Latin letters or digits."""
    mode = page.options.latin_gap
    text = layout.joined[index] and layout.prose[index] or line.spaced
    for k, g in enumerate(line.gaps):
        if verdict[k] is not None:
            continue
        i, j = g.left, g.right
        a, b = page.cls[i], page.cls[j]
        han = a in (T.HAN, T.KANA) or b in (T.HAN, T.KANA)
        latin = a in ALNUM or b in ALNUM or page.text[i] in "%％" or b == T.OTHER or a == T.OTHER \
            or text and (_is_latin_sign(page, tokens[k], i) and not (k == 0 and _is_option(page, line, tokens[0]))
                         or _is_latin_sign(page, tokens[k + 1], j))
        if not (han and latin):
            continue
        if mode == "remove":
            close = True
        elif mode == "auto":
            close = layout.damaged[index] and not layout.foreign[index] and page.options.spacing != "none"
        else:
            close = False
        if close and not _meant(page, line, tokens, k, layout.joined[index] and layout.prose[index]):
            verdict[k] = CLOSE


def _is_latin_sign(page, token, i):
    """An ASCII sign of a Latin word or number: /dev, -L, (ext4)"""
    return page.cls[i] == T.ASCII and any(page.cls[x] in ALNUM for x in range(token.begin, token.end))


def _is_option(page, line, token):
    """A. or (2) opens the line."""
    return token.begin == line.s and token.end - token.begin <= 3 and page.text[token.end - 1] in ".)"


def _is_label_gap(page, line, gap):
    """A gap of a page's own line: before the year of a date (第6版 2024年11月6日), before a page number with a letter (要闻 A3)."""
    after = page.text[gap.right:line.e]
    if len(line.gaps) == 1 and gap.left - line.s < 4 and "A" <= after[0] <= "Z":
        return 1 <= len(after) - 1 <= 2 and all(page.cls[i] == T.DIGIT for i in range(gap.right + 1, line.e))
    digits = 0
    while gap.right + digits < line.e and page.cls[gap.right + digits] == T.DIGIT:
        digits += 1
    behind = page.visible(gap.right + digits, 1, line)
    return digits == 4 and behind >= 0 and page.text[behind] == "年" and page.text[gap.left] in "版报報刊期日号號"


def _meant(page, line, tokens, k, body):
    """A section number that opens a short line, a page number that closes one, parts of a date line, a wide gap."""
    g = line.gaps[k]
    if g.room > CELL * 2:
        return True
    if not body and line.width < HEADING and not line.marks and line.end_kind == "mid":
        if k == 0 and tokens[0].number and len(line.gaps) <= 2 and tokens[0].begin == line.s and tokens[1].han >= 2 and tokens[1].head >= 2 \
                and len(tokens[0].text) <= 6:
            return True
        return page.options.latin_gap == "auto" and _is_label_gap(page, line, g)
    return False
