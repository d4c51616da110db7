"""Vertical titles and bylines that come one character a line.

Finds regions of one-character lines and says how consecutive lines of a region go together: "" one run, " " two names
of a byline, None a line end that stays. Grids of one-character columns are read from right to left.
"""
from dataclasses import dataclass

from . import tables as T
from . import byline, confidence, words
from .byline import ROLES, is_compound_name, is_name

CJK_MARKS = (T.OPEN, T.CLOSE, T.STOP, T.PAUSE, T.MARK)
from .surnames import is_surname

MAX_BLANKS = 3  # between two lines of a region
GRID_COLUMNS = (2, 4)
GRID_ROWS = 64
ROW = 16  # characters of a row of a grid, gaps included
MAX_NUMBER = 4
ROLE_FIRST = 20  # a role says that names follow: it is worth more than one name more
CUT_LINES, CUT_HAN = 6, 24  # of a byline cut into lines: lines at most, Han a line at most
COMMON, RARE = 4, 1  # a name, by its surname,
COMPOUND = 5  # ... which is hardly chance if it has two characters
MAX_NAMES = 32  # of one byline
HALF = 4, 10  # characters of half a title
TITLE = 4  # characters at least that are a title and no name
WHOLE_WORD = 5  # a title that begins with a word: nearly as good as one name more
NAMES = 24  # characters of a byline that no blank line parts

# One-character lines of these are an enumeration, not a title.
COUNTERS = frozenset("一二三四五六七八九十百千零〇○甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥日")


@dataclass
class Unit:
    line: int  # index of the text line
    kind: str  # char, number, dash, name (two to four Han in one line)
    text: str


@dataclass
class Region:
    units: list
    separators: list  # between consecutive units


@dataclass
class Grid:
    first: int  # text lines [first, last]
    last: int
    text: str


def unit_of(page, line, index):
    if line.e - line.s > 24:
        return None
    seen = [i for i in range(line.s, line.e) if page.cls[i] not in (T.GAP, T.DROP, T.EXTEND)]
    text = "".join(page.plain[i] for i in range(line.s, line.e) if page.cls[i] not in (T.GAP, T.DROP))
    if not seen:
        return None
    classes = {page.cls[i] for i in seen}
    if all(page.cps[i] in (0x2014, 0x2015, 0xFE31) for i in seen) and len(seen) <= 4:
        return Unit(index, "dash", text)
    if len(seen) == 1 and (classes <= {T.HAN, T.KANA} or classes <= set(CJK_MARKS)):
        return Unit(index, "char", text)
    if len(seen) == 1 and classes == {T.ASCII} or classes <= {T.DIGIT, T.LETTER} and len(seen) <= MAX_NUMBER and not line.gaps:
        return Unit(index, "number", text)
    if classes == {T.HAN} and 2 <= len(seen) <= 4 and not line.gaps:
        return Unit(index, "name", text)
    return None


def part_names(word, common):
    """Lengths of the names and roles that the word consists of, or None. The best of all partings by score."""
    n = len(word)
    best = [None] * (n + 1)
    best[n] = (0, ())
    for i in range(n - 1, -1, -1):
        for k in range(1, min(5, n - i) + 1):
            if best[i + k] is None:
                continue
            piece = word[i:i + k]
            if piece in ROLES and k >= 2:
                if i + k == n and piece[-1] in "者员員生":
                    continue  # 记者 says that names follow
                score = 3 * k
            elif not common and i + k == n and byline.is_origin(piece):  # 发自海州, behind names that a role opens
                score = 3 * k
            elif is_compound_name(piece):
                score = COMPOUND
            elif is_name(piece, common=True):
                score = COMMON
            elif not common and is_name(piece):
                score = RARE
            else:
                continue
            if piece not in ROLES and i + k < n and byline.is_compound_surname(ord(piece[-1]), ord(word[i + k])):
                score = 0  # 边尉|迟骁
            total = score + best[i + k][0]
            if best[i] is None or total > best[i][0]:
                best[i] = (total, (k,) + best[i + k][1])
    return best[0]


def find(page, texts):
    """-> regions and grids among the text lines."""
    names_too = page.options.min_confidence <= confidence.NAMES
    grids = _grids(page, texts) if page.options.min_confidence <= confidence.GRID else []
    units = [None if line.literal or line.is_piece else unit_of(page, line, i) for i, line in enumerate(texts)]
    for grid in grids:
        units[grid.first:grid.last + 1] = [None] * (grid.last + 1 - grid.first)
    regions, i, n = [], 0, len(texts)
    while i < n:
        if units[i] is None:
            i += 1
            continue
        j = i + 1
        while j < n and units[j] and texts[j].blanks <= MAX_BLANKS:
            j += 1
        # The first line may be the end of a horizontal byline that was cut at its padding: 记者 刘 佳 陈 / 立 / 渡 / 口 / ...
        if names_too and i and texts[i].remainder and texts[i].blanks <= MAX_BLANKS and not units[i - 1] and not texts[i - 1].literal \
                and not any(grid.last == i - 1 for grid in grids):
            parts = [_opens_cut(page, texts[i - 1]), _line_words(page, texts[i])]
            region = all(parts) and _cut_byline(texts, i - 1, parts)
            if region:
                regions.append(region)
                i += 1
        regions.extend(_regions(texts, units[i:j], page.options.min_confidence <= confidence.HALVES))
        i = j
    if not names_too:
        for region in regions:
            region.separators = ["" if sep == " " else sep for sep in region.separators]
        return regions, grids
    taken = {u.line for region in regions for u in region.units} | {k for g in grids for k in range(g.first, g.last + 1)}
    return regions + _cut_bylines(page, texts, taken), grids


def _cut_bylines(page, texts, taken):
    """Bylines that the extractor cut at the padding inside names: 记者 吴 / 桐 通讯员 夏 / 禹. Each line end is a gap."""
    out, i, n = [], 0, len(texts)
    while i + 1 < n:
        words = None if i in taken else _opens_cut(page, texts[i])
        parts, j = [words], i + 1
        while words and j < min(n, i + CUT_LINES) and j not in taken and texts[j].blanks <= MAX_BLANKS:
            parts.append(_line_words(page, texts[j]))
            if not parts[-1]:
                break
            region = _cut_byline(texts, i, parts)
            if region:
                out.append(region)
                i = j
                break
            j += 1
        i += 1
    return out


def _opens_cut(page, line):
    """The words of a line whose last one is one character, and which is no byline by itself; else None."""
    words = _line_words(page, line)
    return words if words and len(words[-1]) == 1 and byline.entries(words) is None else None


def _cut_byline(texts, i, parts):
    """The region of the lines from i on, if their words are a byline: two names or roles, and sure. Lines of one
    character each among others of that kind are none, but a vertical run, or an enumeration."""
    words = [word for part in parts for word in part]
    found = byline.entries(words)
    if not found or len(found) < 2 or not _is_sure(words, found):
        return None
    around = texts[max(0, i - 1):i] + texts[i + len(parts):i + len(parts) + 1]
    if all(len(part) == 1 for part in parts) and any(line.remainder for line in around):
        return None
    parted = {b for _, b in found}
    separators, begin = [], 0
    for k, part in enumerate(parts):
        end = begin + len(part)
        texts[i + k].name_gaps = [w in parted for w in range(begin + 1, end)]  # the gaps inside the line
        separators.append(" " if end in parted else "")
        begin = end
    return Region([Unit(i + k, "name", "") for k in range(len(parts))], separators[:-1])


def _line_words(page, line):
    if line.literal or line.is_piece or line.marks or line.letters or line.cjks > CUT_HAN:
        return None
    return byline.words_of(page, line.s, line.e)


def _is_sure(words, found):
    """A role among them, or common surnames only, and few characters that come again."""
    names = ["".join(words[a:b]) for a, b in found]
    return _differ("".join(words)) and (any(name in ROLES for name in names) or all(byline.is_name(name, common=True) for name in names))


def _differ(letters):
    """Few of the characters come again, as they would in a list of answers."""
    return len(set(letters)) * 2 > len(letters)


def _regions(texts, units, halves):
    """Cuts a stretch of unit and name lines to what is vertical: names only next to one-character lines."""
    out, i, n = [], 0, len(units)
    while i < n:
        if units[i].kind == "name" and not _byline_name(units, i):
            i += 1
            continue
        j = i
        while j < n and (units[j].kind != "name" or _byline_name(units, j)):
            j += 1
        part = units[i:j]
        if _is_vertical(part):
            out.append(Region(part, _separators(texts, part, halves)))
        i = j
    return out


def _byline_name(units, i):
    """A whole name or role on one line belongs to a byline whose padded names stand one character a line."""
    word = units[i].text
    if not (word in ROLES or is_name(word)):
        return False
    near = units[max(0, i - 2):i] + units[i + 1:i + 3]
    singles = [u for u in near if u.kind == "char"]
    return len(singles) >= 2


def _is_vertical(units):
    chars = [u.text[0] for u in units if u.kind == "char"]
    letters = [c for c in chars if T.char_class(ord(c)) in (T.HAN, T.KANA)]
    # Digits and letters may come one a line too: what follows each other is one number.
    numbers = sum(u.kind == "number" and (k == 0 or units[k - 1].kind != "number") for k, u in enumerate(units))
    if len(chars) < 3 or len(letters) < 2 or len(chars) < numbers * 2:
        return False
    counters = sum(c in COUNTERS for c in letters)
    if counters * 5 > len(letters) * 3:
        return False
    return len(letters) < 4 or _differ(letters)


def _separators(texts, units, halves):
    """How consecutive units go together."""
    n = len(units)
    groups, start = [], 0
    for k in range(1, n + 1):
        if k == n or texts[units[k].line].blanks:
            groups.append((start, k))
            start = k
    # items: (first unit, behind the last, kind)
    items = []
    for a, b in groups:
        if any(u.kind == "name" for u in units[a:b]):
            items += [(k, k + 1, "single" if units[k].kind == "char" else units[k].kind) for k in range(a, b)]
        elif all(u.kind == "dash" for u in units[a:b]):
            items.append((a, b, "dash"))
        elif b - a == 1:
            items.append((a, b, "single" if units[a].kind == "char" else "number"))
        else:
            items.append((a, b, "word"))
    seps = [None] * (n - 1)

    def glue(a, b, sep=""):
        for k in range(a, b - 1):
            seps[k] = sep

    i = 0
    while i < len(items):
        taken = _byline(texts, units, items, i)
        if taken:
            j, names = taken
            for a, b in names:
                glue(a, b)
                if b < names[-1][1]:
                    seps[b - 1] = " "
            i = j
            continue
        a, b, kind = items[i]
        if i + 1 < len(items) and _opens(units[b - 1].text):  # a quotation goes on behind the blank line
            seps[b - 1] = ""
        if kind == "dash":
            glue(a, b)
            if i + 1 < len(items) and items[i + 1][2] != "dash":
                seps[b - 1] = ""
            i += 1
            continue
        if kind in ("single", "number"):  # a run whose every line is followed by a blank one
            j = i
            while j < len(items) and items[j][2] in ("single", "number"):
                j += 1
            glue(a, items[j - 1][1])
            i = j
            continue
        if kind == "name":
            i += 1
            continue
        _word(units, a, b, seps, halves and len(groups) == 1)
        role = _opens_byline(units, a, b) if i + 1 < len(items) and _byline(texts, units, items, i + 1, 1) else 0
        if role:
            seps[b - role - 1], seps[b - 1] = None, " "
        elif _padded_over_blank(texts, units, items, i):  # 记唐 / 果 / 贺兰山: the surname stands at the end of the title's group
            seps[b - 2], seps[b - 1], seps[items[i + 1][1] - 1] = None, "", " "
            i += 1
        elif i + 1 < len(items) and items[i + 1][2] == "word" and b - a >= TITLE and all(sep == "" for sep in seps[a:b - 1]) \
                and words.in_word(units[b - 1].text[-1], units[b].text[0]):
            seps[b - 1] = ""  # a title whose columns blank lines part goes on where a word would be parted
        i += 1
    return seps


def _padded_over_blank(texts, units, items, i):
    """The last character of a group is the surname of a padded name whose other character and further names follow."""
    a, b, _ = items[i]
    return (b - a >= 5 and i + 2 < len(items) and items[i + 1][2] == "single" and units[b - 1].kind == "char"
            and byline.is_common_surname(ord(units[b - 1].text[0])) and _byline(texts, units, items, i + 2, 1) is not None)


def _opens(text):
    return T.char_class(ord(text[-1])) == T.OPEN


def _word(units, a, b, seps, solid):
    """One group without blank lines: perhaps a title, a subtitle that a dash opens, and names."""
    for k in range(a, b - 1):
        seps[k] = ""
    start = k = _names_at_start(units, a, b, seps)
    while k < b:
        if units[k].kind == "dash" and k > start and units[k - 1].kind != "dash":
            _names_at_end(units, start, k, seps, solid)
            seps[k - 1] = None
            start = k
            while k < b and units[k].kind == "dash":
                k += 1
        else:
            k += 1
    _names_at_end(units, start, b, seps, solid)


def _halves(units, start, b, seps):
    """A title of two halves of one length, from two columns, where no blank lines tell columns apart: no word is parted between them, and their words are alike in
    length, as far as the table tells (江水东流 渔船满载). 著名戏曲音乐家海清源同志逝世 is one clause."""
    text = "".join(u.text for u in units[start:b])
    half = len(text) // 2
    if len(text) != b - start or len(text) % 2 or not HALF[0] <= half <= HALF[1] or any(T.char_class(ord(c)) not in (T.HAN, T.DIGIT) for c in text):
        return
    if words.cut_between(text[half - 1], text[half]) != "none":
        return
    inside = [words.in_word(x, y) for x, y in zip(text, text[1:])]
    alike = sum(x == y for x, y in zip(inside[:half - 1], inside[half:]))
    if alike * 3 >= (half - 1) * 2:
        seps[start + half - 1] = " "


def _names_at_start(units, a, b, seps):
    """Parts names that a role opens from the title behind them and from each other: 本报记者吴桐通讯员夏禹老旧小区加装电梯.
    -> where the title begins. It may not begin inside a word, and better with one; a name that is a word counts little."""
    text = ""
    for unit in units[a:b]:
        if unit.kind != "char" or T.char_class(ord(unit.text[0])) != T.HAN or len(text) == NAMES:
            break
        text += unit.text[0]
    paths = {0: (0, ())}  # place -> score, lengths of the pieces up to there
    best = None
    for i in range(len(text) + 1):
        if i not in paths:
            continue
        score, lengths = paths[i]
        named = lengths and text[i - lengths[-1]:i] not in ROLES
        if named and b - a - i >= TITLE and not (i < len(text) and words.in_word(text[i - 1], text[i])):
            total = score + WHOLE_WORD * (i + 1 < len(text) and words.in_word(text[i], text[i + 1]))
            if best is None or total > best[0]:
                best = total, lengths
        for k in range(2, min(5, len(text) - i) + 1):
            piece = text[i:i + k]
            if piece in ROLES:
                gain = 3 * k
            elif not lengths or not is_name(piece, common=named):  # only the first one behind a role may be rare
                continue
            elif k == 2 and words.is_word(piece):
                gain = 1
            else:  # most names have three characters, a compound surname is hardly chance
                gain = 2 * (k if k > 2 else 1) + k - 2
            if i + k not in paths or score + gain > paths[i + k][0]:
                paths[i + k] = score + gain, lengths + (k,)
    if best is None or b - a == len(text) and len(text) in paths:
        return a  # no title, or nothing but names
    at = a
    for length in best[1]:
        at += length
        seps[at - 1] = " "
    seps[at - 1] = None
    return at


def _names_at_end(units, start, b, seps, solid):
    """Parts the names at the end of a title or subtitle from it and from each other.

    Where no role opens them, only common and compound surnames count: nothing else parts them from the title.
    """
    texts = [u.text for u in units[start:b]]
    dashes = 0
    while dashes < len(texts) and units[start + dashes].kind == "dash":
        dashes += 1
    best = None
    for s in range(max(0, len(texts) - NAMES), len(texts)):
        if any(u.kind != "char" and u.text != "/" for u in units[start + s:b]):
            continue
        word = "".join(texts[s:])
        if len(word) != len(texts) - s:
            continue
        head = s - dashes
        for common in (True, False):
            parted = part_names(word, common)
            if parted is None:
                continue
            score, lengths = parted
            first_role = word[:lengths[0]] in ROLES
            alone = len(lengths) == 1 and is_compound_name(word)
            if s and not first_role and words.in_word(texts[s - 1][-1], word[0]):
                continue
            if not common and not first_role or len(lengths) < 2 and not alone or not (first_role or s == 0 or head >= 4):
                continue
            score += ROLE_FIRST if first_role else 0
            if best is None or score > best[0]:
                best = (score, s, lengths)
    if solid:
        _halves(units, start, start + best[1] if best else b, seps)
    if best:
        _, s, lengths = best
        at = start + s
        if s:
            seps[at - 1] = None
        for length in lengths[:-1]:
            at += length
            seps[at - 1] = " "


def _opens_byline(units, a, b):
    """How many units at the end of a group begin a byline that goes on behind the blank line: a role, or a padded name's
    surname."""
    for length in range(5, 1, -1):
        tail = units[max(a, b - length):b]
        if b - a >= length + 4 and all(u.kind == "char" for u in tail) and "".join(u.text for u in tail) in ROLES:
            return length
    return 0


def _are_pairs(texts, units, items, i):
    """Characters that follow each other without a blank line are padded names only if all of them are: 山村小学 is a title,
    though 山 is a surname."""
    end = i + 1
    while end < len(items) and items[end][2] == "single" and not texts[units[items[end][0]].line].blanks:
        end += 1
    return end - i <= 2 or (end - i) % 2 == 0 and all(is_surname(ord(units[items[k][0]].text[0])) for k in range(i, end, 2))


def _byline(texts, units, items, i, roles=0):
    """A sequence of padded names, whole names and roles from item i on -> (next item, [(first unit, behind)]) or None.

    roles: how many stand before it.
    """
    names, pairs, words, j = [], 0, 0, i
    while j < len(items) and len(names) < MAX_NAMES:
        a, b, kind = items[j]
        word = "".join(u.text for u in units[a:b])
        if kind == "single" and j + 1 < len(items) and items[j + 1][2] == "single" and is_surname(ord(word[0])) \
                and _are_pairs(texts, units, items, j):
            names.append((a, items[j + 1][1]))
            pairs += 1
            j += 2
        elif kind in ("word", "name") and word in ROLES:
            names.append((a, b))
            roles += 1
            j += 1
        elif kind in ("word", "name") and is_name(word):
            names.append((a, b))
            words += 1
            j += 1
        else:
            break
    if pairs and (pairs + words + roles >= 2) or roles and words or (pairs == 1 and i + 2 >= len(items)):
        return j, names
    if words >= 2 and all(is_name("".join(u.text for u in units[a:b]), common=True) for a, b in names):
        return j, names
    return None


def _grids(page, texts):
    """Rows of the same number of one-character cells, more rows than columns: as many as follow each other, or none."""
    grids, i, n = [], 0, len(texts)
    while i < n:
        rows = [_cells(page, texts[i])]
        j = i + 1
        while rows[0] and j < n and texts[j].blanks <= 1:
            cells = _cells(page, texts[j])
            if cells is None or len(cells) != len(rows[0]):
                break
            rows.append(cells)
            j += 1
        if rows[0] and _is_grid(rows):
            columns = ["".join(row[k] for row in rows) for k in range(len(rows[0]) - 1, -1, -1)]
            grids.append(Grid(i, j - 1, "".join(columns)))
        i = j
    return grids


def _is_grid(rows):
    if not len(rows[0]) < len(rows) <= GRID_ROWS or len(rows) < 3:
        return False
    flat = [c for row in rows for c in row]
    return sum(c in COUNTERS for c in flat) * 5 <= len(flat) * 3 and _differ(flat)


def _cells(page, line):
    """The characters of a row of two to four one-character cells, or None."""
    if line.literal or line.is_piece or line.e - line.s > ROW:
        return None
    seen = [i for i in range(line.s, line.e) if page.cls[i] not in (T.GAP, T.DROP)]
    if not GRID_COLUMNS[0] <= len(seen) <= GRID_COLUMNS[1] or len(line.gaps) != len(seen) - 1:
        return None
    if any(page.cls[i] not in (T.HAN, T.KANA) + CJK_MARKS for i in seen):
        return None
    return [page.text[i] for i in seen]
