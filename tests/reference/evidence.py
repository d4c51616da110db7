"""What speaks for and against a line end, but for the widths: what the lines around say of a line, and what two lines say of the
end between them."""
import re

from . import byline
from . import tables as T
from .page import CELL
from .weights import *
from .words import HAN, cut_between

WINDOW = 8  # text lines either way
RAW = 4  # of so many lines one ends in a pause where lines are cut after marks
TRAILING_SHARE = 3  # of so many lines one at most has white space at its end where that means something
COUPLETS = 2  # lines of verse near each other at least: one may be chance
FIRST_LINES = 24  # lines either way among which first lines of paragraphs are looked for
INDENT = 2 * CELL


def gather(page, lines):
    """Sets what the lines around say of each line."""
    n = len(lines)
    set_rhythm(lines)
    for i, line in enumerate(lines):
        around = lines[max(0, i - 1):i] + lines[i + 1:i + 2]
        line.in_rows = line.rowlike and any(other.rowlike for other in around)
    for a, b in zip(lines, lines[1:]):
        b.cut = cut_between(page.plain[a.e - 1], page.plain[b.s])
    set_seen(page, lines)
    set_raw(lines)
    set_flush(lines)
    set_indents(lines)
    for a, b in zip([None] + lines, lines):
        b.begins = begins_like(page, b)
        b.alike = a is not None and b.begins != 0 and a.begins == b.begins
        b.heads_list = False
        b.opens = (a is None or b.blanks > 0 and not b.leading) and b.marks > 0
    for a, b, c in zip(lines, lines[1:], lines[2:]):  # the first line of a list, behind a sentence end or a colon
        b.heads_list = c.alike and a.end_kind in ("stop", "colon")
    couplets = [is_couplet(page, line) for line in lines]
    for i, line in enumerate(lines):
        line.couplet = couplets[i] and sum(couplets[max(0, i - WINDOW):i + WINDOW + 1]) >= COUPLETS
    # White space at the end of a line, where few have any: some extractors print it at the ends of paragraphs.
    for i, line in enumerate(lines):
        near = lines[max(0, i - WINDOW):i + WINDOW + 1]
        line.trails = line.e != line.end and sum(a.e != a.end for a in near) * TRAILING_SHARE <= len(near)
    for i, line in enumerate(lines):
        if i and may_go_on(lines[i - 1], line):
            line.title_cut = line.cut == "word" or line.seen
            line.rest_of_subtitle = is_rest_of_subtitle(page, lines[i - 1], line, lines[i + 1] if i + 1 < n else None)
        line.rest_of_caption = (i > 0 and lines[i - 1].end_kind == "mid" and line.start_kind == "" and line.stops
                                and opens_caption(page, lines[i - 1]))
        # Behind a sentence end, letter-spaced without marks, among lines that are not: a heading.
        line.lone_spaced = (line.spaced and not line.marks and i > 0 and lines[i - 1].end_kind == "stop"
                            and not lines[i - 1].spaced and not (i + 1 < n and lines[i + 1].spaced))
        # One character alone, not one of several such lines.
        line.left_over = line.remainder and not (i and lines[i - 1].remainder) and not (i + 1 < n and lines[i + 1].remainder)
        if i and i + 1 < n and line.few_han in (2, 3):
            line.left_over = is_rest_of_title(lines[i - 1], line, lines[i + 1])
        if i and line.start_kind == "nostart" and line.end_kind == "close" and line.width <= 2 * CELL:
            line.end_kind = lines[i - 1].end_kind  # a closing quote that stands alone


def is_couplet(page, line):
    """Two clauses of five or seven characters: 一叶轻舟系柳根，半湖渔火近黄昏。"""
    text = page.text[line.s:line.e]
    return (line.marks == 1 and line.end_kind == "stop" and len(text) in (12, 16) and all(0x800 <= ord(c) < 0x10000 for c in text)
            and page.cls[line.s + len(text) // 2 - 1] in (T.PAUSE, T.STOP))


def may_be_cut(lines, i):
    """Extractors that cut lines do so behind marks; where they cut many, behind colons too and before opening marks."""
    if lines[i].end_kind == "mid":
        return lines[i].raw and i + 1 < len(lines) and lines[i + 1].start_kind == "open"
    return lines[i].raw or lines[i].end_kind != "colon"


def join_cost(a, b):
    cost = 0
    if b.start_kind == "item":
        cost += ITEM
    elif b.start_kind == "dash":
        cost += DASH
    elif b.start_kind == "dateline":
        cost += DATELINE
    # An item that is wrapped hangs from its marker.
    hangs = a.start_kind == "item" and a.end_kind in ("mid", "pause") and b.start_kind == "" and b.indent <= a.indent + 3 * CELL
    if b.indent >= 6 and b.indent > a.indent and not hangs:
        cost += INDENTED
    if not a.marks and not b.marks and a.end_kind == "mid":
        cost += NOT_PROSE
    if a.table or b.table or a.byline or b.byline:
        cost += ROW
    if a.code or b.code or (a.letters > 4 * a.cjks and b.letters > 4 * b.cjks):
        cost += FOREIGN
    if a.key and b.key:
        cost += KEYS
    if b.speaker:
        cost += SPEAKER
    if b.cut == "none":
        cost += UNCUT
    if a.in_rows or b.in_rows:
        cost += ROWLIKE
    if a.parted:
        cost += PARTED
    if a.lone_spaced:
        cost += SPACED_HEADING
    if (a.couplet or b.couplet) and a.end_kind == "stop":
        cost += VERSE
    if a.trails:
        cost += TRAILING
    if b.alike:
        cost += ALIKE
    if b.heads_list:
        cost += LIST
    if b.blanks:
        cost += b.rhythm
    return cost


def joins_freely(a, b):
    """Evidence that needs no measure: a mark that cannot start a line, a quotation or a title cut in two."""
    return b.start_kind == "nostart" or a.end_kind == "mid" and (
        a.opened and b.closed or b.left_over and a.width >= 4 * CELL and a.cjks > a.letters)


def is_title_line(line):
    """A line of a title: one that no sentence, list, byline or table has."""
    return (line.marks <= 1 and line.cjks > line.letters and line.start_kind not in ("nostart", "item", "dateline")
            and not (line.byline or line.table or line.code or line.key or line.in_rows))


def may_go_on(a, b):
    """A title goes on in a line that is not wider: else its first unit had fitted into a."""
    return (a.end_kind == "mid" and is_title_line(a) and is_title_line(b) and b.start_kind != "dash"
            and a.width >= 4 * CELL and b.width <= a.width + CELL // 2)


def opens_caption(page, line):
    """The line begins like the caption of a picture: 图为, 左图："""
    text = "".join(page.plain[line.s:line.e])
    return len(text) >= 3 and line.marks <= 3 and re.match("[图圖][为為]|[左右上下题題][图圖][为為：:]", text) is not None


def starts_with_role(page, line):
    """本报记者茅以宁"""
    return any("".join(page.plain[line.s:min(line.s + k, line.e)]) in byline.ROLES for k in range(2, 6))


def is_rest_of_subtitle(page, a, b, c):
    """A line behind the one that a dash opens, before a byline, body text or another title: no byline itself."""
    return (a.start_kind == "dash" and not a.marks and not b.marks and b.start_kind == "" and b.end_kind in ("mid", "close")
            and not b.single_name and not b.parted and not (c and c.single_name) and not starts_with_role(page, b))


def is_rest_of_title(a, b, c):
    """Two or three Han that are no name, behind a longer title line, before a byline, a subtitle or body text."""
    return (not a.marks and a.end_kind == "mid" and a.cjks >= 2 * b.few_han + 2 and a.start_kind == b.start_kind == ""
            and (c.marks > 0 or c.byline or c.start_kind in ("dash", "dateline")))


def title_cost(b):
    """Evidence that a column around makes credible: a word of a title is parted, a line behind a subtitle's first, or one behind
    the first of a caption, which is a sentence."""
    return TITLE_CUT * b.title_cut + SUBTITLE * b.rest_of_subtitle + CAPTION * b.rest_of_caption


def break_cost(a, b):
    cost = 0
    if b.start_kind == "nostart":
        cost += CANNOT_START
    if a.opened and b.closed and a.end_kind == "mid":
        cost += QUOTED
    if a.ends_alnum and b.starts_alnum:
        cost += CUT_WORD
    if b.cut == "word":
        cost += CUT_HAN
    if is_seen(a, b):
        cost += SEEN
    if a.end_kind == "stop" and b.indent < CELL and b.indents and b.end_kind != "credit":  # captions have no indent
        cost += INDENTS
    cost += title_cost(b)
    if not b.blanks and b.parted_by_blanks:
        cost += NO_BLANK
    if b.left_over and a.end_kind == "mid":
        cost += REMAINDER
    return cost


def set_rhythm(lines):
    """What a blank line says here. Where most lines that end in mid-sentence are followed by one, it is leading."""
    n = len(lines)
    lines[0].parted_by_blanks = lines[0].leading = False
    with_blank = [0] * (n + 1)
    mid = [0] * (n + 1)
    for i in range(1, n):
        counts = lines[i - 1].end_kind in ("mid", "pause") and lines[i - 1].marks + lines[i].marks > 0
        with_blank[i + 1] = with_blank[i] + (counts and lines[i].blanks > 0)
        mid[i + 1] = mid[i] + counts
    for i in range(1, n):
        low, high = max(0, i - WINDOW), min(n, i + WINDOW + 1)
        blanks, all_ = with_blank[high] - with_blank[low], mid[high] - mid[low]
        line = lines[i]
        around = [k for k in (i - 1, i + 1) if 1 <= k < n]
        line.parted_by_blanks = blanks * 2 <= all_ and any(lines[k].blanks for k in around)
        line.leading = blanks * 2 > all_
        if line.leading:
            line.rhythm = 0 if line.blanks <= 1 else LEADING_MORE
        else:
            line.rhythm = BLANK + BLANK_MORE * min(line.blanks - 1, 3)


def set_raw(lines):
    """Does the extractor end lines after marks here? A mark that cannot start a line does, or many lines end in a pause."""
    for i, line in enumerate(lines):
        near = lines[max(0, i - WINDOW):i + WINDOW + 1]
        pauses = sum(a.end_kind == "pause" for a in near)
        line.raw = any(a.start_kind == "nostart" for a in near) or len(near) > WINDOW and pauses * RAW >= len(near)


def set_seen(page, lines):
    """Do the characters on both sides of the line end before a line stand side by side inside a line? The text is its own lexicon: such
    a line end is nearly always only the column's."""
    inside = set()
    for line in lines:
        last = ""
        for i in range(line.s, line.e):
            if T.char_class(page.cps[i]) in (T.GAP, T.DROP, T.EXTEND):
                continue
            char = page.plain[i] if page.cps[i] <= 0xFFFF and ord(page.plain[i]) in HAN else ""
            if last and char:
                inside.add(last + char)
            last = char
    for a, b in zip([None] + lines, lines):
        b.seen = a is not None and page.plain[a.e - 1] + page.plain[b.s] in inside


def is_seen(a, b):
    """A paragraph often begins with the first word of its heading, which is narrower."""
    return b.seen and (a.marks > 0 or b.width <= a.width + CELL // 2)


def begins_like(page, line):
    """What lines of their own that begin alike begin with, as a number; 0: nothing telling."""
    cp = page.cps[line.s]
    kind = T.char_class(cp)
    if line.key:
        return 1
    if kind == T.DIGIT:
        return 2
    if kind == T.OTHER or cp > 0xFFFF:
        return 3
    if kind == T.HAN:
        return ord(page.plain[line.s]) if ord(page.plain[line.s]) in HAN else 0
    return cp if kind == T.ASCII or kind == T.OPEN and chr(cp) not in "“‘「『" else 0


def set_indents(lines):
    """Do first lines of paragraphs around have an indent?"""
    indented = [CELL <= b.indent <= INDENT + 2 and (a is None or a.end_kind == "stop" and a.indent < CELL)
                for a, b in zip([None] + lines, lines)]
    for i, line in enumerate(lines):
        line.indents = any(indented[max(0, i - FIRST_LINES):i + FIRST_LINES + 1])


def set_flush(lines):
    """The first lines of paragraphs around a line, where that is certain: behind a short line that ends a sentence, before a
    line that goes on. Are they as wide as the next line, or shorter by an indent that the extractor dropped?"""
    narrower = [None] * len(lines)
    for i in range(1, len(lines) - 1):
        a, b, c = lines[i - 1:i + 2]
        if a.end_kind == "stop" and b.end_kind == c.end_kind == "mid" and b.indent < CELL and not b.spaced and not c.spaced \
                and a.width + b.unit + INDENT <= c.width and b.width < c.width + CELL:
            narrower[i] = max(c.width - b.width, 0)
    for i, line in enumerate(lines):
        near = [q for q in narrower[max(0, i - FIRST_LINES):i + FIRST_LINES + 1] if q is not None]
        flush = sum(q < CELL for q in near)
        line.flush = flush > sum(INDENT - CELL // 2 <= q < INDENT + CELL for q in near)
