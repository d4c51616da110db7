"""The text as the stages see it: characters with their classes, lines with their features.

Widths are in quarter cells (q): a Han character is 4, an ASCII letter or digit 2, kerning between Han and Latin 1.
"""
from dataclasses import dataclass, field

from . import byline, fields, program, vertical, words
from . import tables as T

CELL = 4
CJK_MARKS = (T.OPEN, T.CLOSE, T.STOP, T.PAUSE, T.MARK)
CJK_CLASSES = (T.HAN, T.KANA) + CJK_MARKS
ALNUM = (T.LETTER, T.DIGIT)
ENDS = "\n\r"
SEGMENT = 256  # text lines that are decided together at least; at most three times as many
ANYWHERE = 512
PARAGRAPHS = 32
LONG_LIST = 256  # lines that may stand in a vertical run, one after the other: a list of characters or words, no title
LONG = 2048  # code units of 16 bits of a line at most
MAX_MEASURE = 64 * CELL  # no column is wider
SHORT_LINE = 8 * CELL  # a line that leaves most of any column empty
NARROW = 4  # letters that are together one q narrower than half a cell each


@dataclass(frozen=True)
class Options:
    compat: bool = True
    width: str = "contextual"
    spacing: str = "auto"
    latin_gap: str = "auto"
    vertical: bool = True
    unwrap: bool = True
    min_confidence: int = 0


@dataclass
class Gap:
    """A run of horizontal white space inside a line, [begin, end), and the room it takes."""
    begin: int
    end: int
    room: int  # q
    left: int = -1  # index of the visible character before it
    right: int = -1  # and after it


@dataclass
class Line:
    begin: int  # first character
    end: int  # behind the last one, without the line end
    next: int  # behind the line end
    s: int  # first visible character
    e: int  # behind the last visible one; s == e: a blank line
    indent: int = 0  # q of white space before s
    page: bool = False  # a form feed stands in the white space around the content
    continues: bool = False  # a piece of a long line, not its first
    continued: bool = False  # ... not its last
    literal: bool = False
    cjk: bool = False
    blanks: int = 0  # blank lines before this one
    page_before: bool = False  # a form feed between the last text line and this one
    gaps: list = field(default_factory=list)
    width: int = 0  # q, as the column saw it: letter-spacing taken out
    tight: int = 0  # q, with neighbouring marks squeezed as far as typesetters do
    dropped: int = 0  # q of kerning between Han and Latin that the extractor did not print
    unit: int = 0  # q of the first unit, which could not be cut
    spaced: bool = False  # letter-spaced: it was stretched to fill the column
    stops: bool = False  # holds a sentence end
    marks: int = 0  # CJK pauses and sentence ends inside
    end_kind: str = ""
    start_kind: str = ""
    title_cut: bool = False  # parts a word of a title from the line before
    rest_of_subtitle: bool = False
    rest_of_caption: bool = False
    in_rows: bool = False  # a row beside another one
    leading: bool = False  # blank lines are leading here
    begins: int = 0  # with what it begins, as far as lines of their own begin alike
    alike: bool = False  # it begins like the line before
    heads_list: bool = False  # it begins like the next line, behind a sentence end or a colon
    opens: bool = False  # it must begin a paragraph, and is no heading
    indents: bool = False  # first lines of paragraphs around have an indent
    seen: bool = False  # the characters on both sides of the line end before it stand side by side inside a line
    cut: str = "unknown"  # what the line end before it parts (words.py)
    vertical: bool = False
    name_gaps: list = None  # of a cut byline: which gaps part names
    table: bool = False
    opened: bool = False  # an opening mark is not closed in the line
    closed: bool = False  # a closing mark has no opening one in the line
    letters: int = 0
    cjks: int = 0
    code: bool = False
    remainder: bool = False  # one visible character
    byline: bool = False  # nothing but names and roles
    parted: bool = False  # two halves or columns with a separating gap between, no sentence marks

    @property
    def is_piece(self):
        return self.continues or self.continued

    @property
    def blank(self):
        return self.s == self.e


def is_wide_evidence(cp, cls):
    """CJK that only CJK text has: curly quotes, dashes and ellipses also stand in English."""
    if cls in (T.HAN, T.KANA):
        return True
    if cls in CJK_MARKS:
        return cp >= 0x2E80
    return cls in (T.LETTER, T.DIGIT, T.ASCII) and cp >= 0xFF00


def cells(cp, cls):
    """Room of a character in q (East Asian Width; ambiguous signs are wide in Chinese type)."""
    if cls in (T.DROP, T.EXTEND):
        return 0
    if cls in CJK_CLASSES or cls == T.HANGUL:
        return CELL
    if cls in (T.LETTER, T.DIGIT, T.ASCII):
        return CELL if cp >= 0xFF00 else 2
    return CELL if cp >= 0x2000 else 2


def gap_room(cp):
    if cp == 0x3000:
        return CELL
    if cp == 0x09:
        return 4 * CELL
    return 2


def _size(text):
    """Code units of 16 bits: characters beyond the Basic Multilingual Plane have two."""
    return len(text) + sum(ord(c) > 0xFFFF for c in text)


class Page:
    def __init__(self, text, options):
        self.text = text
        self.options = options
        self.cps = [ord(c) for c in text]
        self.cls = [T.char_class(c) for c in self.cps]
        if not options.compat:  # what compat would drop is a character like any other
            self.cls = [T.OTHER if c == T.DROP else c for c in self.cls]
        # What each character becomes: ⾼ is read as 高, whether compat is on or not.
        self.plain = [chr(T.compat_target(c) or c) for c in self.cps]
        self.lines = self._split()
        self._count_blanks()
        self.texts = [line for line in self.lines if not line.blank]
        for line in self.texts:
            self._measure(line)
        for i, line in enumerate(self.texts):  # the first piece of a long line stands for it among the lines around
            if line.continued and not (line.continues and i and self.texts[i - 1].continued):
                last = next(piece for piece in self.texts[i:] if not piece.continued)
                line.end_kind = last.end_kind
        self._long_lists()
        self.segments = self._segments()
        self._literal()

    # ---- lines
    def _split(self):
        text, lines, at, n = self.text, [], 0, len(self.text)
        while at < n:
            end = at
            while end < n and text[end] not in ENDS:
                end += 1
            nxt = end
            if nxt < n:
                nxt += 2 if text[nxt:nxt + 2] == "\r\n" else 1
            pieces = self._pieces(at, end)
            pieces[-1] = self._line(pieces[-1].begin, end, nxt)
            for a, b in zip(pieces, pieces[1:]):
                a.continued = b.continues = True
            lines += pieces
            at = nxt
        return lines

    def _pieces(self, begin, end):
        """A line longer than LONG is no line of a column: it is cut into pieces, each decided like a line, where nothing joins."""
        out, size = [], _size(self.text[begin:end])
        while size > LONG:
            cut = self._cut(begin)
            size -= _size(self.text[begin:cut])
            out.append(self._line(begin, cut, cut))
            begin = cut
        out.append(self._line(begin, end, end))
        while not all(piece.blank for piece in out) and out[-1].blank:  # white space at its end belongs to the last piece
            out.pop()
        return out

    def _cut(self, begin):
        """The last place in the second quarter of LONG code units that stands between two Han; else where no white space is and no
        mark attaches; else the last one."""
        def seen(i):
            return T.char_class(self.cps[i]) not in (T.GAP, T.PAGE, T.DROP, T.EXTEND)

        def han(i):
            return 0x4000 <= self.cps[i] <= 0x9FFF

        places, i, size = [], begin, 0
        while size <= LONG // 2:
            if size >= LONG // 4:
                places.append(i)
            size += _size(self.text[i])
            i += 1
        for fits in (han, seen):
            for i in reversed(places):
                if fits(i - 1) and fits(i):
                    return i
        return places[-1]

    def _line(self, begin, end, nxt):
        white = (T.GAP, T.PAGE, T.DROP)
        s, e = begin, end
        while s < e and self.cls[s] in white:
            s += 1
        while e > s and self.cls[e - 1] in white:
            e -= 1
        outside = list(range(begin, s)) + list(range(e, end))
        line = Line(begin, end, nxt, s, e, page=any(self.cls[i] == T.PAGE for i in outside))
        line.indent = sum(gap_room(self.cps[i]) for i in range(begin, s) if self.cls[i] == T.GAP) if s < e else 0
        line.cjk = any(is_wide_evidence(self.cps[i], self.cls[i]) for i in range(s, e))
        return line

    def _segments(self):
        """Text lines in stretches that are decided by themselves, so that the work of a decision is bounded.

        Where none seems to end, one line end of sixteen is as good as another. Which ones, the two characters there say, not their
        number: so what is joined in one stretch moves the ends of those behind it seldom, and never for long.

        A stretch ends before four blank lines, before and behind a long list, behind SEGMENT lines where a paragraph seems to end, and behind three times as many;
        behind PARAGRAPHS lines between two lines that are wider than any column, the first one with a sentence end.
        """
        out, begin, n = [], 0, len(self.texts)
        for i in range(1, n + 1):
            if i == n or not self.texts[i].continues and self._ends_segment(i - begin, self.texts[i - 1], self.texts[i]):
                out.append(self.texts[begin:i])
                begin = i
        return out

    def _ends_segment(self, count, line, following):
        if following.blanks >= 4 or count >= 3 * SEGMENT or line.listed != following.listed:
            return True
        if count >= PARAGRAPHS and not following.blanks and line.end_kind == "stop" and line.width > MAX_MEASURE < following.width:
            return True
        if count >= ANYWHERE and self._is_place(line, following):
            return True
        if count < SEGMENT or line.end_kind not in ("stop", "credit") or line.unit_line or following.unit_line:
            return False
        return line.width <= SHORT_LINE and (line.cjk or following.cjk or following.blanks > 0)

    def _is_place(self, line, following):
        x, y = self.cps[line.e - 1], self.cps[following.s]
        return all(0x4E00 <= c <= 0x9FFF for c in (x, y)) and ((x * 0x9E37 + y * 0x79B9) >> 7) % 16 == 0

    def _long_lists(self):
        """All characters of a school year, one a line: no title has so many."""
        i, n = 0, len(self.texts)
        while i < n:
            j = i + 1
            while self.texts[i].unit_line and j < n and self.texts[j].unit_line and self.texts[j].blanks <= vertical.MAX_BLANKS:
                j += 1
            for line in self.texts[i:j]:
                line.listed = j - i >= LONG_LIST
            i = j

    def _literal(self):
        """Fenced code, box drawing, long lists, programs, and runs of lines without CJK (contract, "Literal blocks")."""
        fence = None
        for line in self.texts:
            line.literal = line.listed
            mark = "" if line.continues else self.text[line.s:line.e][:3]
            if fence:
                line.literal = True
                if mark == fence and not self.text[line.s:line.e].strip(fence[0]):
                    fence = None
            elif mark in ("```", "~~~"):
                fence, line.literal = mark, True
            elif any(0x2500 <= self.cps[i] <= 0x257F for i in range(line.s, line.e)):
                line.literal = True
        at = 0
        for segment in self.segments:
            program.mark(self, segment)
            at += len(segment)
            following = self.texts[at] if at < len(self.texts) else None
            i, n = 0, len(segment)
            while i < n:
                if segment[i].cjk or segment[i].literal:
                    i += 1
                    continue
                j = i + 1
                while j < n and not (segment[j].cjk or segment[j].literal or segment[j].blanks):
                    j += 1
                lines = 1 + sum(not line.continues for line in segment[i + 1:j])
                after = segment[j] if j < n else following
                bounded = (segment[i].blanks > 0 or segment[i] is self.texts[0]) and (after is None or after.blanks > 0)
                # Short numbers and dashes between blank lines may be cut from a sentence or belong to a vertical run.
                lone = all(self._number_or_dash(line) for line in segment[i:j])
                alone = segment[i] is self.texts[0] and after is None
                if lines >= 4 and not lone or bounded and (alone or not lone or lines >= 4):
                    for line in segment[i:j]:
                        line.literal = True
                i = j

    def _number_or_dash(self, line):
        seen = range(line.s, line.e)
        return len(seen) <= 6 and all(self.cls[k] in (T.DIGIT, T.ASCII, T.GAP) or self.cps[k] in (0x2014, 0x2015) for k in seen)

    def _count_blanks(self):
        blanks, page = 0, False
        for line in self.lines:
            if line.blank:
                blanks += not line.continued
                page = page or line.page
            else:
                line.blanks = blanks
                line.page_before = page or any(self.cls[i] == T.PAGE for i in range(line.begin, line.s))
                blanks, page = 0, any(self.cls[i] == T.PAGE for i in range(line.e, line.end))

    # ---- features of one line
    def visible(self, i, step, line):
        """The next visible character from i on, -1 when there is none; gaps, marks that attach and dropped ones are no such."""
        while line.s <= i < line.e:
            if self.cls[i] not in (T.GAP, T.DROP, T.EXTEND):
                return i
            i += step
        return -1

    def _measure(self, line):
        line.gaps = self._gaps(line)
        solid = spread = 0
        last = -1
        at_gap = {g.right: g for g in line.gaps}
        for i in range(line.s, line.e):
            c = self.cls[i]
            if c in (T.GAP, T.DROP, T.EXTEND):
                continue
            if c in (T.STOP, T.PAUSE) and i < line.e - 1:
                line.marks += 1
            line.stops = line.stops or c == T.STOP
            if last >= 0 and i not in at_gap and (c in ALNUM) != (self.cls[last] in ALNUM) \
                    and (c in (T.HAN, T.KANA) or self.cls[last] in (T.HAN, T.KANA)):
                line.dropped += 1
            if last >= 0 and c in (T.HAN, T.KANA) and self.cls[last] in (T.HAN, T.KANA):
                if i in at_gap:
                    spread += 1
                else:
                    solid += 1
            last = i
        line.opened, line.closed = self._brackets(line)
        line.starts_alnum = self.cls[line.s] in ALNUM
        line.ends_alnum = self.cls[line.e - 1] in ALNUM
        seen = [i for i in range(line.s, line.e) if self.cls[i] not in (T.GAP, T.DROP, T.EXTEND)]
        line.remainder = len(seen) == 1 and self.cls[seen[0]] in (T.HAN, T.KANA)
        text = "".join(self.plain[i] for i in seen)
        alone = line.e - line.s == len(seen) and all(self.cls[i] == T.HAN for i in seen)
        line.single_name = alone and 2 <= len(seen) <= 4 and (byline.is_name(text) or text in byline.ROLES)
        # Two or three Han alone that are neither a name nor a role. 公告 is a word although 公 is a surname; 高明 is a name
        # although it is a word.
        word = not byline.is_name(text) or not byline.is_name(text, common=True) and words.is_word(text)
        line.few_han = len(seen) if alone and 2 <= len(seen) <= 3 and word and text not in byline.ROLES else 0
        line.letters = self._letters(line)
        line.cjks = sum(self.cls[i] in CJK_CLASSES for i in seen)
        line.code = self._is_code(line)
        line.key = self._is_key(line)
        line.spaced = spread >= 3 and spread >= solid
        line.width = line.indent + sum(cells(self.cps[i], self.cls[i]) for i in range(line.s, line.e)
                                       if self.cls[i] != T.GAP)
        line.width += sum(self.kerning(g, line) for g in line.gaps)
        line.tight = line.width - self._squeeze(line) - self._letters(line) // NARROW
        line.unit = self.first_unit(line)
        line.start_kind = self._start_kind(line)
        line.end_kind = self._end_kind(line)
        line.byline = byline.is_byline(self, line)
        line.table = not line.byline and self._is_table(line)
        line.parted = self._is_parted(line)
        line.page_number = fields.page_number(self, line)
        line.opens_contents = line.page_number >= 0 and fields.opens_contents(self, line)
        # Looks like a row of a table: numbers apart from words, no sentence.
        line.rowlike = not (line.spaced or line.marks or line.byline) and line.end_kind in ("mid", "close") and any(
            self._beside_digit(g) for g in line.gaps)
        line.speaker = line.key and self._is_speaker(line)
        line.unit_line = vertical.unit_of(self, line, 0) is not None

    SYNTAX = frozenset("{}[];=<>\\_#$|&*/\"'`")

    def _is_code(self, line):
        """More signs of programs and mark-up than Chinese text has."""
        if not line.cjks and not line.letters and line.e - line.s >= 12:
            return True  # time codes, rules, long numbers
        hashes = next((i for i in range(line.s, line.e) if self.text[i] != "#"), line.e)
        if 1 <= hashes - line.s <= 6 and hashes < line.e and self.cls[hashes] == T.GAP:
            return True  # a comment, a heading of Markdown
        signs = sum(self.text[i] in self.SYNTAX for i in range(line.s, line.e))
        return signs >= 2 and signs * 4 > line.cjks or self.text[line.s] in "#\\" and line.letters > line.cjks

    def _is_key(self, line):
        """A short key and its colon: 传真：, 问："""
        for k in range(line.s, min(line.s + 7, line.e)):
            if self.text[k] in "：:":
                return k > line.s
            if self.cls[k] != T.HAN:
                return False
        return False

    def _beside_digit(self, gap):
        """Han and a number on the two sides of a gap."""
        a, b = self.cls[gap.left], self.cls[gap.right]
        return a == T.DIGIT and b in (T.HAN, T.KANA) or b == T.DIGIT and a in (T.HAN, T.KANA)

    SAYS = frozenset("说道导導曰称示问答想喊说認認為说說問")

    def _is_speaker(self, line):
        """The key that opens the line is who speaks: 问：, 记者：, 林青岚："""
        key = ""
        for i in range(line.s, line.e):
            if self.text[i] in "：:":
                break
            key += self.plain[i]
        return key in ("问", "答", "問") or key[-1:] not in self.SAYS and (key in byline.ROLES or byline.is_name(key))

    def _brackets(self, line):
        depth, closed = 0, False
        for i in range(line.s, line.e):
            if self.cls[i] == T.OPEN:
                depth += 1
            elif self.cls[i] == T.CLOSE:
                closed = closed or depth == 0
                depth = max(0, depth - 1)
        return depth > 0, closed

    def _gaps(self, line):
        gaps, i = [], line.s
        while i < line.e:
            if self.cls[i] == T.GAP:
                j = i
                while self.cls[j] in (T.GAP, T.DROP):
                    j += 1
                room = sum(gap_room(self.cps[k]) for k in range(i, j) if self.cls[k] == T.GAP)
                left, right = self.visible(i - 1, -1, line), self.visible(j, 1, line)
                if left >= 0 and right >= 0:  # else only marks that attach stand before or behind it
                    gaps.append(Gap(i, j, room, left, right))
                i = j
            else:
                i += 1
        return gaps

    def kerning(self, gap, line):
        """What a gap takes in the column: nothing where it is letter-spacing."""
        a, b = self.cls[gap.left], self.cls[gap.right]
        if a in CJK_MARKS or b in CJK_MARKS:
            return 0
        cjk_a, cjk_b = a in CJK_CLASSES, b in CJK_CLASSES
        if cjk_a and cjk_b:
            return 0 if line.spaced else max(gap.room, CELL)
        if cjk_a or cjk_b:
            return 1 if gap.room <= CELL else gap.room
        if line.spaced and a == b == T.DIGIT:
            return 0  # a number is spread like the rest
        return gap.room

    def _letters(self, line):
        return sum(self.cls[i] == T.LETTER for i in range(line.s, line.e))

    def _squeeze(self, line):
        """q that marks may give back: one cell where two meet, half a cell at both ends of the line."""
        seen = [self.cls[i] for i in range(line.s, line.e) if self.cls[i] not in (T.GAP, T.DROP, T.EXTEND)]
        closing, all_ = (T.CLOSE, T.STOP, T.PAUSE), (T.OPEN, T.CLOSE, T.STOP, T.PAUSE)
        room = sum(CELL for a, b in zip(seen, seen[1:]) if a in closing and b in all_ or a == b == T.OPEN)
        return room + (2 if seen and seen[0] == T.OPEN else 0) + (2 if seen and seen[-1] in closing else 0)

    def first_unit(self, line):
        """Room of what could not be parted at the head of the line: opening marks, one character or one Latin word or
        number, and the marks that must follow it."""
        i, room = line.s, 0
        cls = self.cls

        def skip(i):
            while i < line.e and cls[i] in (T.GAP, T.DROP, T.EXTEND):
                i += 1
            return i

        while i < line.e and cls[i] == T.OPEN:
            room += CELL
            i = skip(i + 1)
        if i < line.e:
            if cls[i] in ALNUM or cls[i] == T.ASCII:
                while i < line.e and (cls[i] in ALNUM or cls[i] == T.ASCII):
                    room += cells(self.cps[i], cls[i])
                    i += 1
            else:
                room += cells(self.cps[i], cls[i])
                i += 1
            i = skip(i)
            if i < line.e and self.text[i] in self.ASCII_PAUSES:
                room += 2
                i = skip(i + 1)
        while i < line.e and cls[i] in (T.CLOSE, T.STOP, T.PAUSE):
            room += CELL
            i = skip(i + 1)
        return room

    ASCII_PAUSES = frozenset(",;:")  # that stand for Chinese marks: 年轻时扛过米袋,后来改行

    def _start_kind(self, line):
        c, cp = self.cls[line.s], self.cps[line.s]
        behind = self.visible(line.s + 1, 1, line)
        if self.text[line.s] in self.ASCII_PAUSES and behind >= 0 and self.cls[behind] in (T.HAN, T.KANA):
            return "nostart"
        if c in (T.CLOSE, T.PAUSE) or (c == T.STOP and cp != 0x2026):
            return "nostart"
        if self.list_marker(line) > line.s:
            return "item"
        if any(self.text.startswith(opening, line.s) for opening in self.DATELINES):
            return "dateline"
        if cp == 0x2014:
            return "dash"
        return "open" if c == T.OPEN else ""

    def _end_kind(self, line):
        i = self.visible(line.e - 1, -1, line)
        if i < 0:
            return "mid"
        i = self._before_note(line, i)
        c, cp = self.cls[i], self.cps[i]
        if c == T.CLOSE or cp in (0x29, 0x22):
            j = i
            while j >= line.s and (self.cls[j] in (T.CLOSE, T.GAP) or self.cps[j] in (0x29, 0x22)):
                j -= 1
            if j >= line.s and self.cls[j] == T.STOP:
                return "stop"
            # A byline or source in parentheses behind the sentence.
            if cp in (0xFF09, 0x29):
                for j in range(i - 1, max(line.s, i - 40) - 1, -1):
                    if self.cps[j] in (0xFF08, 0x28):
                        k = self.visible(j - 1, -1, line)
                        while k >= 0 and self.cls[k] == T.CLOSE:
                            k = self.visible(k - 1, -1, line)
                        if k >= 0 and self.cls[k] == T.STOP:
                            return "credit" if byline.is_names(self, j + 1, i) else "stop"
                        if k < 0 and byline.is_names(self, j + 1, i):
                            return "credit"
                        break
            return "close"
        if c == T.STOP:
            return "stop"
        if byline.is_credit(self, line):
            return "credit"
        if c == T.OPEN:
            return "open"
        if c == T.PAUSE:
            return "colon" if cp in (0xFF1A, 0xFE30) else "pause"
        before = self.visible(i - 1, -1, line)
        if self.text[i] in self.ASCII_PAUSES and before >= 0 and self.cls[before] in (T.HAN, T.KANA):
            return "colon" if cp == 0x3A else "pause"
        if cp in (0x21, 0x3F):
            return "stop"
        return "mid"

    def _before_note(self, line, i):
        """The last character before a note that stands behind a sentence end: 。[12] 。[^2-3] 。① Else i, the line's last character."""
        k = i
        if self.text[i] in "]〕":
            opening, digits, k = "[" if self.text[i] == "]" else "〔", 0, i - 1
            while k > line.s and i - k <= 8 and self.text[k] != opening:
                digits += self.cls[k] == T.DIGIT
                if self.cls[k] != T.DIGIT and self.text[k] not in "-–,^":
                    return i
                k -= 1
            if not digits or self.text[k] != opening:
                return i
        elif not 0x2460 <= self.cps[i] <= 0x2473:
            return i
        k = self.visible(k - 1, -1, line)
        if k < 0:
            return i
        stop = k
        while stop > line.s and self.cls[stop] == T.CLOSE:
            stop -= 1
        return k if self.cls[stop] == T.STOP else i

    # What opens a news item.
    DATELINES = ("本报讯", "本報訊", "本刊讯", "本网讯", "本台讯", "新华社", "新華社", "中新社", "中新网", "人民网")
    NUMERALS = frozenset("一二三四五六七八九十百〇零")
    BULLETS = frozenset("•●○■◆▪◇□★☆※◎▲△►▶◦‣·✓✔-*+–#>")

    def list_marker(self, line):
        """Behind the list marker that opens the line, or its start when there is none."""
        t, i, e = self.text, line.s, line.e
        if i >= e:
            return i
        if t[i] in self.BULLETS or 0x2460 <= self.cps[i] <= 0x24FF or 0x2776 <= self.cps[i] <= 0x2793:
            j = i
            while j < e and t[j] == t[i]:
                j += 1
            if t[i] in "-*+–#>·" and not (j < e and self.cls[j] == T.GAP):
                return i
            return j
        if self.cls[i] == T.DIGIT and self._clock(i, e):
            return self._clock(i, e)
        opened = t[i] in "（("
        j = i + opened
        k = j
        while k < e and k - j < 4 and (self.cls[k] == T.DIGIT or t[k] in self.NUMERALS):
            k += 1
        if k == j:
            return i
        if not opened and k + 1 < e and self.cls[k] == T.GAP and t[k + 1] == "、":  # 一 、 in a letter-spaced line
            return k + 2
        if opened:
            if not (k < e and t[k] in "）)"):
                return i
            # （12）日清晨 is a date, （1）日常管理 is not.
            date = self.cls[k - 1] == T.DIGIT and k + 2 < e and t[k + 1] in "日月年" and not words.in_word(t[k + 1], t[k + 2])
            return i if date else k + 1
        if k < e and t[k] in "、.．)）":
            if k + 1 < e and (self.cls[k + 1] == T.DIGIT or (t[k] == "、" and self._counts(k + 1, e))):
                return i  # 3.5, 五、六月
            if t[k] == "、" or self.cls[j] == T.DIGIT or t[k] in "）)":
                return k + 1
        return i

    def _clock(self, i, e):
        """Behind 19:30 that opens a line and has a gap after it, or 0."""
        k = i
        while k < e and (self.cls[k] == T.DIGIT or self.text[k] in ":：") and k - i < 8:
            k += 1
        colons = sum(self.text[x] in ":：" for x in range(i, k))
        return k if colons and k < e and self.cls[k] == T.GAP else 0

    def _counts(self, i, e):
        """A numeral and what it counts: 六月, 七个, 八、"""
        k = i
        while k < e and self.text[k] in self.NUMERALS:
            k += 1
        return k > i and k < e and self.text[k] in "月日年时点个、项条类种级期"

    def _is_table(self, line):
        """Two or more numeric cells, or parted by wide gaps."""
        if self._is_contents(line) or self._is_barred(line):
            return True
        wide = sum(1 for g in line.gaps if g.room >= 6 or self.cps[g.begin] == 9)
        if wide and not line.spaced and not line.marks:
            narrow = len(line.gaps) - wide
            if wide >= 2 and narrow <= wide:
                return True
        if line.spaced or len(line.gaps) < 2:
            return False
        edges = [line.s] + [g.end for g in line.gaps]
        ends = [g.begin for g in line.gaps] + [line.e]
        numeric = [self._numeric(a, b) for a, b in zip(edges, ends)]
        if line.marks or line.end_kind in ("stop", "pause"):
            return False
        if any(self._between_han(g) and not self._solid(g, line) for g in line.gaps):
            return False
        beside = [k for k in range(len(numeric) - 1) if numeric[k] and numeric[k + 1]]
        if not beside:
            return False
        single = all(b - a == 1 for a, b, is_number in zip(edges, ends, numeric) if is_number)
        attached = any(not x and y and self.cls[b - 1] == T.DIGIT for x, y, b in zip(numeric, numeric[1:], ends))
        if not line.cjk and not all(numeric):
            return True  # 1 1 5 5 | 6 6 5 - |
        return not (single and (not numeric[-1] or attached))  # 等举措 4 6 条, 建于1 9 8 9 are spread numbers

    def _is_barred(self, line):
        """| a | b |: a row of Markdown."""
        text = self.text[line.s:line.e]
        return text[0] == text[-1] == "|" and text.count("|") >= 3

    def _is_contents(self, line):
        """A heading, leaders, and its page number."""
        k = line.e
        while k > line.s and self.cls[k - 1] == T.DIGIT:
            k -= 1
        if k == line.e:
            return False
        leaders = 0
        while k > line.s and (self.cls[k - 1] == T.GAP or self.text[k - 1] in "….·‥"):
            leaders += {"…": 3, "‥": 2}.get(self.text[k - 1], self.cls[k - 1] != T.GAP)
            k -= 1
        return leaders >= 3 and k > line.s

    def _numeric(self, a, b):
        digits = sum(self.cls[k] == T.DIGIT for k in range(a, b))
        return digits > 0 and all(self.cls[k] in (T.DIGIT, T.ASCII) or self.text[k] == "—" for k in range(a, b))

    def _is_parted(self, line):
        """A separator in a line without sentence marks: a heading of two halves, a row of labels."""
        if line.spaced or line.marks or line.end_kind in ("stop", "pause"):
            return False
        between = [g for g in line.gaps if self._between_han(g)]
        return bool(between) and all(self._solid(g, line) for g in between)

    def _between_han(self, gap):
        return self.cls[gap.left] in (T.HAN, T.KANA) and self.cls[gap.right] in (T.HAN, T.KANA)

    def _solid(self, gap, line):
        """Two Han or more on both sides without a gap."""
        a, b = gap.begin - 2, gap.end + 1
        return a >= line.s and b < line.e and self.cls[a] in (T.HAN, T.KANA) and self.cls[b] in (T.HAN, T.KANA)
