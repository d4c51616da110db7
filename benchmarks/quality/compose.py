"""Sets an article like a newspaper system: every character gets a place of its own. Unit of length: points.

Style holds what varies between two settings of one article; style(rng) draws it. compose(article, style, advance) gives
pages of Mark (a character at a place). What the engines then do with the marks is in engines.py.
"""
import math
import re
from dataclasses import dataclass, field

from article import BODY, ROLES, TITLES

NO_START = set("，。、；：！？”’）》」』】〕…—·％℃ー～∶%,.;:!?)")
NO_END = set("“‘（《「『【〔(￥")
SQUEEZE_LEFT = set("“‘（《「『【〔")  # empty half on the left
SQUEEZE_RIGHT = set("，。、；：！？”’）》」』】〕")  # empty half on the right
WORD = re.compile(r"[!-~]+")
WORDS = re.compile(r"[0-9.%]+|[A-Za-z]+|.")  # of a vertical title: short ones lie in one cell


@dataclass
class Style:
    cells: int = 20  # measure
    columns: int = 1
    size: float = 10.0
    leading: float = 1.4
    gutter: float = 2.0  # cells
    indent: int = 2
    indent_char: str = ""  # drawn, or "" for an empty place
    kern: float = 0.25  # cells between Han and Latin
    half: bool = False  # Latin set on half cells, not by its own widths
    squeeze: bool = True  # punctuation gives way before letters are spread
    break_numbers: bool = False
    full: bool = False  # digits and letters set full-width
    vertical: str = ""  # "", "right", "left": where the vertical titles stand
    byline_vertical: bool = False
    two_columns: bool = False  # a vertical headline in two columns
    title_size: float = 2.0
    title_align: str = "centre"
    head_align: str = "centre"
    head_size: float = 1.0
    head_spread: float = 0.0  # letter-spacing of sub-headings, cells
    pad: bool = True
    pad_char: str = ""
    name_gap: float = 1.0
    paragraph_gap: float = 0.0
    table: str = "columns"  # or "run": cells one after the other
    verse_indent: float = 2.0
    hang: bool = False  # list items with a hanging indent
    titles_first: bool = True
    pages: int = 1
    folio: str = ""
    spaces: bool = False  # empty places inside a line are drawn as space characters
    run: bool = False  # lines drawn run by run, not character by character


def style(rng, article, vertical):
    s = Style(vertical=vertical)
    s.cells = rng.choice([10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 24, 26, 28, 30])
    s.columns = rng.choices([1, 2, 3], [5, 4, 2])[0]
    s.size = rng.choice([9, 9.5, 10, 10.5, 12])
    s.leading = rng.choice([1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0])
    s.gutter = rng.choice([1.5, 2, 3])
    s.indent = rng.choices([2, 0], [9, 1])[0]
    s.indent_char = rng.choices(["", "\u3000"], [3, 1])[0]
    s.kern = rng.choice([0, 0.125, 0.25, 0.25])
    s.half = rng.random() < 0.2
    s.squeeze = rng.random() < 0.6
    s.break_numbers = rng.random() < 0.15
    s.full = rng.random() < 0.12
    s.byline_vertical = rng.random() < 0.6
    s.two_columns = rng.random() < 0.6
    s.title_size = rng.choice([1.6, 1.8, 2.0, 2.4, 2.8])
    s.title_align = rng.choice(["centre", "centre", "left"])
    s.head_align = rng.choice(["centre", "centre", "left", "indent"])
    s.head_size = rng.choice([1.0, 1.0, 1.1, 1.2])
    s.head_spread = rng.choice([0, 0, 0, 0.25, 0.5])
    s.pad = rng.random() < 0.7
    s.pad_char = rng.choice(["", "", "\u3000"])
    s.name_gap = rng.choice([0.5, 1.0, 1.0, 1.5, 2.0])
    s.paragraph_gap = rng.choices([0, 0.5, 1.0], [8, 1, 1])[0] if s.indent else 1.0
    s.table = rng.choice(["columns", "columns", "run"])
    s.verse_indent = rng.choice([0, 2, 4])
    s.hang = rng.random() < 0.3
    s.titles_first = rng.random() < 0.7
    s.pages = 2 if rng.random() < 0.12 else 1
    s.folio = rng.choice(["2版", "要闻 A3", "第6版 2024年11月6日 星期三", "—5—"]) if rng.random() < 0.12 else ""
    s.spaces = rng.random() < 0.25
    s.run = rng.random() < 0.3
    if s.columns == 3:
        s.cells = min(s.cells, 17)
    widest = max([row_width(cells, article) for cells in rows(article)] or [0])
    s.cells = max(s.cells, math.ceil(widest + 1))
    verse = max([text_width(b.text) for b in article.blocks if b.kind == "verse"] or [0])
    if verse:  # a verse stays on its line
        s.cells = max(s.cells, math.ceil(verse) + 1)
        s.verse_indent = min(s.verse_indent, s.cells - math.ceil(verse) - 0.5)
    return s


def rows(article):
    out = {}
    for block in article.blocks:
        if block.row >= 0:
            out.setdefault(block.row, []).append(block.text)
    return list(out.values())


def text_width(text):
    return sum(0.5 if c < "\u0100" else 1.0 for c in text)


def row_width(cells, article):
    return sum(text_width(c) + 0.25 * len(re.findall("[0-9]+", c)) for c in cells) + 1.0 * (len(cells) - 1)


@dataclass
class Mark:
    x: float
    y: float  # baseline, from the top of the page
    size: float
    char: str
    bold: bool = False


@dataclass
class Line:
    marks: list  # (x from the left of the column, char), at size
    size: float
    height: float
    bold: bool = False
    before: float = 0.0
    block: int = -1


@dataclass
class Page:
    width: float
    height: float
    marks: list = field(default_factory=list)  # lists of Mark, a list a printed line or column
    wrapped: set = field(default_factory=set)


def fullwidth(text):
    """Numbers and short abbreviations as a newspaper sets them; words, dates and addresses stay as they are."""
    def wide(match):
        if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?%?|[A-Z]{1,3}", match.group()):
            return match.group()
        return "".join(chr(ord(c) + 0xFEE0) for c in match.group())
    return re.sub(r"[ -~]+", wide, text)


class Setter:
    def __init__(self, s, advance):
        self.s, self.advance = s, advance

    def width(self, char, size):
        if char < "\u0100":
            if char == " ":
                return 0.3 * size
            return 0.5 * size if self.s.half else self.advance(char, size)
        return size

    def units(self, text, size):
        """-> [[text, width, kern before, is a gap]] that no line end may cut."""
        out, at = [], 0
        while at < len(text):
            char = text[at]
            if char.isspace():
                latin = at and text[at - 1].isascii() and at + 1 < len(text) and text[at + 1].isascii()
                out.append([" " if latin else "\u3000", (0.3 if latin else 1.0) * size, 0.0, True])
                at += 1
                continue
            match = WORD.match(text, at)
            match = match or re.compile("[Ａ-Ｚ]+").match(text, at)
            piece = match.group() if match else text[at:at + 2] if text[at:at + 2] in ("——", "……") else char
            if match:
                limit = 1 if self.s.break_numbers and piece[0].isdigit() else 18
                while len(piece) > limit:
                    out.append([piece[:limit], sum(self.width(c, size) for c in piece[:limit]), 0.0, False])
                    piece = piece[limit:]
                    at += limit
            out.append([piece, sum(self.width(c, size) for c in piece), 0.0, False])
            at += len(piece)
        for before, after in zip(out, out[1:]):
            if before[3] or after[3]:
                continue
            a, b = before[0][-1], after[0][0]
            if (latin_like(a) and han(b)) or (han(a) and latin_like(b)):
                after[2] = self.s.kern * size
        return out

    def wrap(self, text, size, measure, first=0.0, rest=0.0, justify=True):
        """-> [[(x, char)]], lines. Greedy, with kinsoku; squeezes punctuation, then spreads letters."""
        units = self.units(text, size)
        clusters, cluster = [], []
        for unit in units:
            glued = cluster and (unit[0][0] in NO_START or cluster[-1][0][-1] in NO_END) and not unit[3] and not cluster[-1][3]
            if cluster and not glued:
                clusters.append(cluster)
                cluster = []
            cluster.append(unit)
        clusters.append(cluster)
        lines, line, used, room = [], [], first, 0.0
        for cluster in clusters:
            need = sum(u[1] + u[2] for u in cluster)
            give = sum(0.5 * size for u in cluster if u[0] in SQUEEZE_LEFT or u[0] in SQUEEZE_RIGHT)
            last = cluster[-1][0]
            end = 0.5 * size if last in SQUEEZE_RIGHT and not self.s.squeeze else 0.0  # the last mark may lose its empty half
            slack = (room + give) * 0.7 if self.s.squeeze else end
            if line and used + need - slack > measure + 0.01 and not cluster[0][3]:
                lines.append((line, first if not lines else rest))
                line, used, room = [], rest, 0.0
                if cluster[0][3]:
                    continue
            line += cluster
            used += need
            room += give
        lines.append((line, first if not lines else rest))
        out = []
        for n, (line, start) in enumerate(lines):
            while line and line[-1][3] and n < len(lines) - 1:
                line = line[:-1]
            while n and line and line[0][3]:
                line = line[1:]
            if line:
                line[0][2] = 0.0
                out.append(self.justify(line, size, start, measure, justify and n < len(lines) - 1))
        return out

    def justify(self, line, size, start, measure, spread):
        natural = sum(u[1] + u[2] for u in line)
        free = measure - start - natural
        marks_left = {}  # index -> cut on the left / right
        if free < -0.01:
            spots = [(i, "l") for i, u in enumerate(line) if u[0] in SQUEEZE_LEFT] + [(i, "r") for i, u in enumerate(line) if u[0] in SQUEEZE_RIGHT]
            share = min(0.5 * size, -free / max(1, len(spots)))
            marks_left = {spot: share for spot in spots}
            free = 0
        points = [i for i in range(1, len(line)) if not line[i][3] and not line[i - 1][3]]
        extra = free / len(points) if spread and points and free > 0.01 else 0.0
        out, x = [], start
        for i, (text, width, kern, gap) in enumerate(line):
            x += kern + (extra if i in points else 0.0)
            x -= marks_left.get((i, "l"), 0.0)
            if gap:
                if self.s.spaces or text == " ":
                    out.append((x, text))
                x += width
                continue
            for char in text:
                out.append((x, char))
                x += self.width(char, size)
            x -= marks_left.get((i, "r"), 0.0)
        return out


def han(c):
    return "\u2e80" <= c <= "\u9fff" and not "\u3000" <= c <= "\u303f"


def latin_like(c):
    return c.isascii() and (c.isalnum() or c in "%.")


def extent(line, setter, size):
    return line[-1][0] + setter.width(line[-1][1], size) if line else 0.0


def align(line, setter, size, measure, how, indent):
    free = measure - extent(line, setter, size)
    shift = {"left": 0.0, "centre": max(0.0, free / 2), "right": max(0.0, free), "indent": min(indent, max(0.0, free))}[how]
    return [(x + shift, c) for x, c in line]


def names(text, s):
    """The tokens of a byline, two-character names padded to three cells."""
    out = []
    for token in text.split():
        name = len(token) == 2 and token not in ROLES and all(map(han, token))
        out.append((token, name and s.pad))
    return out


def set_names(text, s, setter, size):
    marks, x = [], 0.0
    for n, (token, pad) in enumerate(names(text, s)):
        if n:
            if s.spaces:
                marks.append((x, "\u3000" if s.name_gap >= 1 else " "))
            x += s.name_gap * size
        for i, char in enumerate(token):
            if i and pad:
                if s.pad_char:
                    marks.append((x, s.pad_char))
                x += size
            marks.append((x, char))
            x += setter.width(char, size)
    return marks


def compose(article, s, advance):
    """-> [Page]"""
    setter = Setter(s, advance)
    size = s.size
    measure = s.cells * size
    blocks = [(i, b.kind, fullwidth(b.text) if s.full and b.kind in BODY else b.text, b) for i, b in enumerate(article.blocks)]
    head = []
    while blocks and blocks[0][1] in TITLES and len({b[1] for b in head} & {blocks[0][1]}) == 0:
        head.append(blocks.pop(0))
    wrapped = set()
    body = flow(blocks, s, setter, measure, wrapped)
    full_width = s.columns * measure + (s.columns - 1) * s.gutter * size
    margin = 3 * size

    top, side = [], []  # horizontal titles as lines; vertical titles as columns
    for i, kind, text, block in head:
        vertical = s.vertical and kind in ("headline", "sub") or s.vertical and kind == "byline" and s.byline_vertical
        if vertical:
            side.append((kind, text))
        else:
            top.append((i, kind, text))
    lines = []
    for i, kind, text in top:
        scale = {"headline": s.title_size, "sub": 1.2, "kicker": 1.1, "byline": 1.0}[kind]
        where = s.title_align if kind != "byline" else s.title_align
        if kind == "byline":
            made = [set_names(text, s, setter, size)]
            if extent(made[0], setter, size) > full_width:
                made = setter.wrap(text, size, full_width, justify=False)
        else:
            made = setter.wrap(text, scale * size, full_width, justify=False)
            if len(made) > 1:
                wrapped.add(i)
        for n, line in enumerate(made):
            line = align(line, setter, scale * size, full_width, where, 2 * size)
            lines.append(Line(line, scale * size, scale * size * 1.3, kind == "headline", 0.4 * size if n == 0 else 0.0, i))
    top_height = sum(l.height + l.before for l in lines) + (0.8 * size if lines else 0)

    total = sum(l.height + l.before for l in body)
    longest = max([l.height + l.before for l in body] or [0])
    column = total / (s.columns * s.pages) + longest
    need = max([len(text) * {"headline": s.title_size, "sub": 1.2, "byline": 1.6}[kind] * size * 0.62 for kind, text in side] or [0])
    if side:
        column = max(column, need, 12 * size)
    columns = split(body, column, s.columns * s.pages)

    side_columns = []
    for kind, text in side:
        scale = {"headline": s.title_size, "sub": 1.2, "byline": 1.0}[kind]
        side_columns += vertical_columns(kind, text, scale * size, column, s)
    side_width = sum(c[2] * 1.5 for c in side_columns) + (size if side_columns else 0)
    pages = []
    for p in range(s.pages):
        if p and not any(columns[p * s.columns:]):
            break
        width = 2 * margin + full_width + (side_width if p == 0 else 0)
        offset = top_height if p == 0 else 0.0
        height = 2 * margin + offset + column + 2 * size
        page = Page(width, height, wrapped=wrapped)
        left = margin + (side_width if s.vertical == "left" and p == 0 else 0)
        titles, text_marks = [], []
        if p == 0:
            y = margin
            for line in lines:
                y += line.before + line.height
                titles.append([Mark(left + x, y, line.size, c, line.bold) for x, c in line.marks])
            x = (left - size if s.vertical == "left" else left + full_width + side_width)
            for kind, marks, w in side_columns:
                x -= w * 1.5
                if s.vertical == "left":
                    pass
                titles.append([Mark(x + dx, margin + offset + dy, sz, c, kind == "headline") for dx, dy, sz, c in marks])
        for c in range(s.columns):
            x = left + c * (measure + s.gutter * size)
            y = margin + offset
            for line in columns[p * s.columns + c]:
                y += line.before + line.height
                text_marks.append([Mark(x + dx, y, line.size, ch, line.bold) for dx, ch in line.marks])
        folio = []
        if s.folio:
            folio = [[Mark(margin + x, margin * 0.6, size * 0.9, c) for x, c in setter.wrap(s.folio, size * 0.9, full_width + 99 * size, justify=False)[0]]]
        page.marks = (folio + titles + text_marks) if s.titles_first else (text_marks + titles + folio)
        pages.append(page)
    return pages


def split(body, column, count):
    columns, at = [[] for _ in range(count)], 0
    used = 0.0
    for n, line in enumerate(body):
        keep = line.bold and n + 1 < len(body)  # a heading does not end a column
        room = line.height + line.before + (body[n + 1].height if keep else 0)
        if used + room > column + 0.1 and at + 1 < count and columns[at]:
            at += 1
            used = 0.0
        if not columns[at]:
            line.before = 0.0
        columns[at].append(line)
        used += line.height + line.before
    return columns


def vertical_columns(kind, text, size, height, s):
    """-> [(kind, [(dx, dy, size, char)], size)], the rightmost first."""
    if kind == "byline":
        cells, first = [], True
        for token, pad in names(text, s):
            if not first:
                cells.append(("", s.name_gap))
            first = False
            for i, char in enumerate(token):
                if i and pad:
                    cells.append(("", 1.0))
                cells.append((char, 1.1))
        parts = [cells]
    else:
        runs = [r for run in WORDS.findall(text) for r in ([run] if len(run) <= 3 or "." in run and len(run) <= 4 else run)]
        parts = [[("", 1.0) if r.isspace() else (r, 1.12) for r in runs]]
        long = sum(w for _, w in parts[0]) * size > height
        if kind == "headline" and (s.two_columns or long) or long:
            cut = [i for i, (r, _) in enumerate(parts[0]) if r == ""]
            at = min(cut, key=lambda i: abs(i - len(parts[0]) / 2)) if cut else None
            if at is None and long:
                at = math.ceil(len(parts[0]) / 2)
            if at is not None:
                parts = [parts[0][:at], parts[0][at + (parts[0][at][0] == ""):]]
    out = []
    for n, part in enumerate(parts):
        marks, y = [], size * (0 if kind == "headline" else 1.5) + n * size * 0.0
        for run, advance in part:
            y += advance * size
            if run:
                small = size * min(1.0, 2.0 / len(run))
                w, step = len(run) * small * 0.5, small * 0.5
                start = (size - w) / 2 if len(run) > 1 else 0.0
                for i, char in enumerate(run):
                    shift = size * 0.25 if len(run) == 1 and char.isascii() else 0
                    marks.append((start + i * step + shift, y, small, char))
        out.append((kind, marks, size))
    return out


def flow(blocks, s, setter, measure, wrapped):
    size, out = s.size, []
    height = s.leading * size
    indent = s.indent * size
    previous = None
    n = 0
    while n < len(blocks):
        i, kind, text, block = blocks[n]
        gap = s.paragraph_gap * size if out else 0.0
        if block.row >= 0:
            cells = [b[2] for b in blocks[n:] if b[3].row == block.row]
            out.append(Line(set_row(cells, s, setter, measure, table_of(blocks, n)), size, height, before=0.0 if previous == "cell" else gap))
            n += len(cells)
            previous = "cell"
            continue
        if kind in ("p", "q", "a"):
            first = indent
            drawn = []
            if s.indent_char and indent:
                drawn = [(k * size, s.indent_char) for k in range(s.indent)]
            lines = setter.wrap(text, size, measure, first)
            for k, line in enumerate(lines):
                out.append(Line((drawn + line) if k == 0 else line, size, height, before=gap if k == 0 else 0.0))
        elif kind == "item":
            mark = 1.5 * size if s.hang else 0.0
            lines = setter.wrap(text, size, measure, 0.0 if s.hang else indent, mark)
            for k, line in enumerate(lines):
                out.append(Line(line, size, height, before=0.0))
        elif kind == "verse":
            start = min(s.verse_indent * size, max(0.0, measure - text_width(text) * size))
            lines = setter.wrap(text, size, measure, start, start, justify=False)
            for k, line in enumerate(lines):
                out.append(Line(line, size, height, before=0.8 * height if block.stanza and k == 0 else 0.0))
        elif kind in ("h", "headline", "sub", "kicker"):
            scale = {"h": s.head_size, "headline": 1.4, "sub": 1.0, "kicker": 1.0}[kind]
            lines = setter.wrap(text, scale * size, measure, justify=False)
            if len(lines) > 1:
                wrapped.add(i)
            for k, line in enumerate(lines):
                if kind == "h" and s.head_spread:
                    spreaded = [(x + m * s.head_spread * size, c) for m, (x, c) in enumerate(line)]
                    if len(lines) == 1 and extent(spreaded, setter, scale * size) <= measure:
                        line = spreaded
                how = s.head_align if kind == "h" else "centre"
                line = align(line, setter, scale * size, measure, how, indent)
                out.append(Line(line, scale * size, max(height, 1.25 * scale * size), True, (0.6 * size if k == 0 else 0.0)))
        elif kind == "byline":
            line = set_names(text, s, setter, size)
            lines = [line] if extent(line, setter, size) <= measure else setter.wrap(text, size, measure, justify=False)
            for line in lines:
                out.append(Line(align(line, setter, size, measure, "centre", indent), size, height))
        elif kind == "caption":
            small = 0.9 * size
            for k, line in enumerate(setter.wrap(text, small, measure, 0.0, justify=True)):
                out.append(Line(line, small, 1.3 * small, before=size if k == 0 else 0.0))
        elif kind == "credit":
            line = setter.wrap(text, size, measure, justify=False)
            for piece in line:
                width = extent(piece, setter, size)
                last = out[-1] if out and previous in ("p", "q", "a") else None
                if last and len(line) == 1 and extent(last.marks, setter, size) + width + size <= measure:
                    last.marks = last.marks + [(x + measure - width, c) for x, c in piece]
                else:
                    out.append(Line(align(piece, setter, size, measure, "right", indent), size, height))
        previous = kind
        n += 1
    return out


def table_of(blocks, n):
    """Texts of the rows with as many cells that stand together with this one."""
    def group(step):
        out, row = [], blocks[n][3].row
        i = n
        while 0 <= i < len(blocks) and blocks[i][3].row >= 0:
            out.append(blocks[i])
            i += step
        return out
    every = group(-1)[::-1] + group(1)[1:]
    by = {}
    for b in every:
        by.setdefault(b[3].row, []).append(b[2])
    width = len(by[blocks[n][3].row])
    return [cells for cells in by.values() if len(cells) == width]


def set_row(cells, s, setter, measure, table):
    size = s.size
    def plain(text):
        return setter.wrap(text, size, 10 * measure, justify=False)[0]
    def wide(text):
        return extent(plain(text), setter, size)
    widths = [max(wide(row[c]) for row in table) for c in range(len(cells))]
    starts = [0.0]
    free = measure - sum(widths)
    gap = free / max(1, len(cells) - 1)
    if s.table == "columns" and gap >= 0.9 * size:
        for w in widths[:-1]:
            starts.append(starts[-1] + w + gap)
    else:
        starts = [0.0]
        for cell in cells[:-1]:
            starts.append(starts[-1] + wide(cell) + size)
    out = []
    for start, cell in zip(starts, cells):
        if out and s.spaces:
            out.append((start - size, "\u3000"))
        out += [(start + x, c) for x, c in plain(cell)]
    return out
