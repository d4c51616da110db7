"""How the lines of a page go together: vertical regions, joined lines, and what happens to the blank lines between."""
from . import tables as T
from . import byline, confidence, unwrap, vertical
from .evidence import WINDOW
from .page import ALNUM, CELL, CJK_CLASSES

CREDIT = 10  # CJK characters at most of the credit of a picture, and of a line of names
NAME_LINES = 6  # lines at most of names in parentheses


def is_half(line):
    """Four to eight Han, quoted perhaps, without anything that a list, a byline or a sentence has."""
    return (not line.literal and not line.vertical and not line.is_piece and not line.gaps and not line.marks and not line.letters
            and line.end_kind in ("mid", "close") and line.start_kind in ("", "open") and 4 * CELL <= line.width <= 8 * CELL
            and line.width == CELL * line.cjks)


class Layout:
    """... of one segment."""

    def __init__(self, page, texts):
        self.page = page
        self.texts = texts
        n = len(self.texts)
        self.separators = [None] * n  # between text line i and i + 1; None: the line end stays
        self.rules = [None] * n
        self.grids = []
        if page.options.vertical and page.options.min_confidence <= confidence.RUN:
            regions, self.grids = vertical.find(page, self.texts)
            for region in regions:
                for k, unit in enumerate(region.units):
                    self.texts[unit.line].vertical = True
                    if k + 1 < len(region.units):
                        self.separators[unit.line] = region.separators[k]
                        self.rules[unit.line] = "vertical"
            for grid in self.grids:
                for i in range(grid.first, grid.last + 1):
                    self.texts[i].vertical = True
        body = [i for i, line in enumerate(self.texts) if not line.literal and not line.vertical and not line.continues]
        barriers = {k for k in range(len(body) - 1) if body[k + 1] != body[k] + 1}
        sure = unwrap.decide(page, [self.texts[i] for i in body], barriers)
        for k, i in enumerate(body):
            if sure[k] and sure[k] >= page.options.min_confidence:
                self.rules[i] = "unwrap"
                self.separators[i] = ""
        self.joined = [self.separators[i] is not None or (i > 0 and self.separators[i - 1] is not None) for i in range(n)]
        for grid in self.grids:
            for i in range(grid.first, grid.last + 1):
                self.joined[i] = True
        if page.options.unwrap and page.options.min_confidence <= confidence.HALF_LINES:
            self._join_halves()
        if page.options.unwrap and page.options.min_confidence <= confidence.NAMES:
            self._join_credits()
        # Rows of a table come together: their gaps part cells.
        rows = [line.rowlike and not line.literal and not self.joined[i] for i, line in enumerate(texts)]
        self.tabular = [rows[i] and (i > 0 and rows[i - 1] or i + 1 < n and rows[i + 1])
                        or any(self._is_head(i, k) for k in (i - 1, i + 1)) for i in range(n)]
        self.damaged = self._damaged()
        self.prose = self._prose()
        self.trimmed = self._trimmed()
        for i in range(n - 1):
            if self.rules[i] == "unwrap" and self.separators[i] == "":
                self.separators[i] = self.joint(self.texts[i], self.texts[i + 1])

    def _join_halves(self):
        """A heading between paragraphs that the extractor cut at its gap: two short lines, both fit one column line.
        Where blank lines part them alone they must be of one length, as such headings are written."""
        for i in range(1, len(self.texts) - 3):
            before, a, b, after = self.texts[i - 1:i + 3]
            alone = not self.joined[i] and not self.joined[i + 1] and self.joined[i + 2] and self.rules[i + 2] == "unwrap"
            if alone and before.end_kind == "stop" and is_half(a) and is_half(b) and a.width + CELL + b.width <= after.width \
                    and (not b.blanks or a.blanks or a.width == b.width) and after.marks + self.texts[i + 3].marks > 0:
                self.separators[i], self.rules[i] = " ", "unwrap"
                self.joined[i] = self.joined[i + 1] = True

    def _join_credits(self):
        """The credit of a picture, on one line or a word a line, closes the caption before it, where lines around are joined.

        There too names in parentheses go together that were cut at their gaps.
        """
        joined = list(self.joined)
        for i, a in enumerate(self.texts[:-1]):
            if not (a.end_kind == "stop" or a.start_kind == "open") or a.literal or a.vertical:
                continue
            if any(joined[max(0, i - WINDOW):i + WINDOW + 1]):
                last = self._credit_end(i + 1) if a.end_kind == "stop" else self._names_end(i)
                for k in range(i, last):
                    self.separators[k], self.rules[k] = " ", "unwrap"
                    self.joined[k] = self.joined[k + 1] = True
                # Behind a sentence such names close the article.
                if last and a.end_kind != "stop" and i and self.texts[i - 1].end_kind == "stop" and last < len(self.separators):
                    self.separators[last] = self.rules[last] = None

    def _credit_end(self, i):
        """The last line of the picture credit that begins with line i, or 0."""
        words = []
        if not (self.texts[i].byline or self.texts[i].single_name):
            return 0
        for k in range(i, len(self.texts)):
            line = self.texts[k]
            if line.literal or line.vertical or line.is_piece or line.marks or line.blanks and line.rhythm:
                return 0
            if sum(text.cjks for text in self.texts[i:k + 1]) > CREDIT:
                return 0
            more = byline.words_of(self.page, line.s, line.e)
            if not more or words and len(words[-1]) == len(more[0]) == 1:
                return 0
            words += more
            if byline.is_picture_credit(words):
                # Where a name follows, the last word is a role of that one: a masthead.
                masthead = k + 1 < len(self.texts) and self.texts[k + 1].single_name
                on = k + 1 < len(self.texts) and self.separators[k] is not None
                return 0 if masthead or on else k
        return 0

    def _names_end(self, i):
        """The last line of the names in parentheses that begin with line i, or 0: （沈阅 / 高明 / 诸葛云）"""
        words = []
        for k in range(i, min(len(self.texts), i + NAME_LINES)):
            line = self.texts[k]
            if line.literal or line.vertical or line.is_piece or line.letters or line.cjks > CREDIT or k > i and line.blanks and line.rhythm:
                return 0
            text = self.page.text[line.s:line.e]
            if len(text) < 2 or k == i and text[0] not in "（(":
                return 0
            closed = text[-1] in "）)"
            more = byline.words_of(self.page, line.s + (k == i), line.e - closed)
            if not more or any(len(word) < 2 for word in more):
                return 0
            words += more
            if closed:
                return k if k > i and byline.entries(words) is not None else 0
        return 0

    def _is_head(self, i, row):
        """The head of a table has as many cells as the row beside it."""
        if not 0 <= row < len(self.texts) or self.joined[i] or self.joined[row]:
            return False
        a, b = self.texts[i], self.texts[row]
        return len(a.gaps) >= 2 and len(a.gaps) == len(b.gaps) and b.table and not a.marks and not a.literal

    def _damaged(self):
        """Text lines with a joined, vertical or letter-spaced line within the window."""
        n = len(self.texts)
        spaced = [line.spaced and not line.literal for line in self.texts]
        self.near_spaced = [any(spaced[max(0, i - WINDOW):i + WINDOW + 1]) for i in range(n)]
        hurt = [self.joined[i] or spaced[i] for i in range(n)]
        return [any(hurt[max(0, i - WINDOW):i + WINDOW + 1]) for i in range(n)]

    def _trimmed(self):
        """Text lines whose ends are layout (contract, "White space at the ends of a line"): joined or vertical ones, and those around
        that are indented like one of these, or a letter-spaced one, that opens a paragraph. Letter-spaced lines are trimmed where their
        gaps are closed. What else is repaired in a line leaves its ends alone."""
        texts, n = self.texts, len(self.texts)
        spacing = self.page.options.spacing != "none" and self.page.options.min_confidence <= confidence.SPREAD
        opens = [(self.joined[i] or texts[i].spaced and not texts[i].literal) and (i == 0 or self.separators[i - 1] is None)
                 for i in range(n)]

        def alike(i):
            return spacing and not (texts[i].literal or texts[i].table or self.tabular[i]) and any(
                k != i and opens[k] and texts[k].indent == texts[i].indent for k in range(max(0, i - WINDOW), min(n, i + WINDOW + 1)))

        return [self.joined[i] or alike(i) for i in range(n)]

    def _prose(self):
        """Text lines whose paragraph has a pause or sentence end: headings have none."""
        n, out, i = len(self.texts), [False] * len(self.texts), 0
        self.foreign = [False] * n
        while i < n:
            j = i
            while j < n - 1 and self.rules[j] == "unwrap" and self.separators[j] == "":
                j += 1
            has = any(self.texts[k].marks or self.texts[k].end_kind in ("pause", "stop") for k in range(i, j + 1))
            letters = sum(self.texts[k].letters for k in range(i, j + 1))
            cjks = sum(self.texts[k].cjks for k in range(i, j + 1))
            for k in range(i, j + 1):
                out[k] = has
                self.foreign[k] = letters > 4 * cjks or self.texts[k].code
            i = j + 1
        return out

    def joint(self, a, b):
        """What stands between two joined lines (contract, "Joints")."""
        page = self.page
        i = page.visible(a.e - 1, -1, a)
        j = page.visible(b.s, 1, b)
        x, y = page.cls[i], page.cls[j]
        cx, cy = page.cps[i], page.cps[j]
        if x in CJK_CLASSES or y in CJK_CLASSES:
            if (x in (T.HAN, T.KANA) and y in ALNUM) or (y in (T.HAN, T.KANA) and (x in ALNUM or cx == 0x25)):
                gap = page.options.latin_gap
                if gap == "insert" or (gap == "keep" and (self._has_latin_gap(a) or self._has_latin_gap(b))):
                    return " "
            return ""
        if T.HANGUL in (x, y):
            return " "
        if x == T.LETTER and y in (T.LETTER, T.DIGIT) or x == T.DIGIT and y == T.LETTER and False:
            return "" if self._address(a) else " "
        if x == T.ASCII and chr(cx) in ",.;:!?)]\"'" and y in ALNUM and not self._address(a):
            k = page.visible(i - 1, -1, a)
            return "" if k >= 0 and page.cls[k] == T.DIGIT and y == T.DIGIT else " "
        if x in ALNUM and cy in (0x28, 0x22) and not self._address(a):
            return " " if x == T.LETTER else ""
        return ""

    def _address(self, line):
        word = self.page.text[line.s:line.e].split()[-1]
        return "@" in word or "://" in word or "www." in word

    def _has_latin_gap(self, line):
        cls = self.page.cls
        return any((cls[g.left] in (T.HAN, T.KANA) and cls[g.right] in ALNUM)
                   or (cls[g.right] in (T.HAN, T.KANA) and cls[g.left] in ALNUM) for g in line.gaps)

    def edits(self):
        """Joints, blank lines that are leading, white space around repaired lines, grids."""
        page, texts, out = self.page, self.texts, []
        n = len(texts)
        grid_of = [None] * n
        for grid in self.grids:
            for i in range(grid.first, grid.last + 1):
                grid_of[i] = grid.first
            out.append((texts[grid.first].s, texts[grid.last].e, grid.text, "vertical"))
        same_grid = [i < n - 1 and grid_of[i] is not None and grid_of[i] == grid_of[i + 1] for i in range(n)]
        crossing = [i < n - 1 and (self.separators[i] is not None or self.rules[i] == "vertical" or same_grid[i])
                    and texts[i + 1].blanks > 0
                    for i in range(n)]
        for i in range(n - 1):
            a, b = texts[i], texts[i + 1]
            if self.separators[i] is not None:
                out.append((a.e, b.s, self.separators[i], self.rules[i]))
            elif same_grid[i]:
                continue
            elif b.blanks and not (a.literal or b.literal or a.continued) and not b.page_before:
                near = [k for k in range(max(0, i - WINDOW), min(n, i + WINDOW + 1)) if crossing[k]]
                if near:
                    rule = self.rules[near[0]] or "vertical"
                    out.append((a.next, b.begin, "", rule))
        return out
