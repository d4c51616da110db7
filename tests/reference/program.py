"""Program text and mark-up that holds CJK (contract, "Literal blocks"): what a line of it looks like without strings and comments."""
from . import tables as T

PLAIN, SIGN, COMMENT, KEY, PROSE = range(5)
WIDE_COMMENTS = (("/*", "*/"), ("<!--", "-->"))
QUOTES = "\"'`"


class Scanner:
    """Lines of one block, one after the other: comments and long strings go on from line to line."""

    def __init__(self, page):
        self.page = page
        self.closing = ""  # what ends the comment or string that is open

    def kind(self, line):
        """What the line is, and whether it alone tells that the block is a program."""
        page = self.page
        t, e = page.text, line.e
        code, i = [], line.s  # indexes of what is left
        comment = hashed = string = tag = False
        while i < e:
            if self.closing:
                end = t.find(self.closing, i, e)
                string = string or self.closing in QUOTES
                comment = comment or self.closing not in QUOTES  # a string over several lines is like a comment
                if end < 0:
                    break
                i = end + len(self.closing)
                self.closing = ""
                continue
            opened = next((close for open_, close in WIDE_COMMENTS if t.startswith(open_, i, e)), "")
            if opened:
                comment, self.closing = True, opened
                i += 4 if opened == "-->" else 2
                continue
            if t.startswith("//", i, e) and (i == line.s or page.cls[i - 1] == T.GAP or t[i - 1] in ";{}),"):
                comment = True
                break
            if self._hash(line, i):
                hashed = True
                break
            if t[i] in QUOTES and self._opens(line, i):
                triple = t.startswith(t[i] * 3, i, e) and t[i] != "`"
                end = self._closed(line, i, triple)
                if end:
                    string = True
                    i = end
                    continue
                if triple or line.continued:
                    string, self.closing = True, t[i] * (3 if triple else 1)
                    i += len(self.closing)
                    continue
            behind = self._tag(line, i)
            if behind:
                tag = True
                i = behind
                continue
            code.append(i)
            i += 1
        if self.closing in ("\"", "'", "`") and not line.continued:
            self.closing = ""
        return self._kind(code, comment, hashed, string, tag)

    def _hash(self, line, i):
        """# or -- and a gap behind, at the start or behind a gap: the rest is a comment."""
        t, cls = self.page.text, self.page.cls
        if i > line.s and cls[i - 1] != T.GAP:
            return False
        k = i
        while k < line.e and t[k] == t[i]:
            k += 1
        return (t[i] == "#" and k - i <= 6 or t[i] == "-" and k - i == 2) and k < line.e and cls[k] == T.GAP

    def _word(self, i):
        return self.page.cls[i] in (T.LETTER, T.DIGIT, T.HAN, T.KANA) or self.page.cps[i] >= 0x2E80

    def _opens(self, line, i):
        """A quotation mark before which no word stands; before " a prefix of letters may."""
        return i == line.s or not self._word(i - 1) or self.page.text[i] == "\"" and self.page.cps[i - 1] < 0x80

    def _closed(self, line, i, triple):
        """Behind the string that begins at i and ends in the line, or 0."""
        t = self.page.text
        if triple:
            end = t.find(t[i] * 3, i + 3, line.e)
            return end + 3 if end >= 0 else 0
        k = i + 1
        while k < line.e and t[k] != t[i]:
            k += 2 if t[k] == "\\" else 1
        return k + 1 if k < line.e and (k + 1 == line.e or not self._word(k + 1)) else 0

    def _tag(self, line, i):
        """Behind <name ...> or </name>, or 0."""
        t = self.page.text
        if t[i] != "<":
            return 0
        k = i + 1 + t.startswith("/", i + 1, line.e)
        begin = k
        while k < line.e and (t[k].isascii() and t[k].isalnum() or t[k] in "-!?"):
            k += 1
        if k == begin or k == line.e or not (t[k] in "/>" or self.page.cls[k] == T.GAP):
            return 0
        end = t.find(">", k, line.e)
        return end + 1 if end >= 0 else 0

    def _kind(self, code, comment, hashed, string, tag):
        """-> (kind, strong, whether a key opens it)"""
        from .page import is_wide_evidence
        page = self.page
        t, cls = page.text, page.cls
        seen = [i for i in code if cls[i] != T.GAP]
        if tag:
            return SIGN, True, False
        if not seen:
            return (COMMENT, comment, False) if comment or hashed else (PLAIN, False, False)
        cjk = any(is_wide_evidence(page.cps[i], cls[i]) for i in seen)
        pairs = [(a, b) for a, b in zip(code, code[1:]) if b == a + 1]
        name = self._name(code)
        key = name == ":"
        if not cjk:
            letters = any(cls[i] == T.LETTER for i in seen)
            sign = (string or (comment or hashed) and letters
                    or t[seen[-1]] in ";{}:," or t[seen[0]] in "{}[])" or any(t[i] == "=" for i in seen)
                    or any(t[b] in "([" and (t[a].isascii() and t[a].isalnum() or t[a] == "_") for a, b in pairs)
                    or any(t[a] + t[b] in ("->", "::", "<<", ">>", "&&", "||") for a, b in pairs))
            return SIGN if sign else KEY if key else PLAIN, sign, key
        sentence = any(cls[i] in (T.STOP, T.PAUSE) and page.cps[i] >= 0x2E80 for i in seen)
        if name:
            return SIGN if name == "=" else KEY, True, key
        command = any(t[a] == "\\" and cls[b] == T.LETTER for a, b in pairs) or any(t[i] in "{}" for i in seen)
        if command and not sentence:
            return SIGN, True, False
        han = sum(cls[i] in (T.HAN, T.KANA) for i in seen)
        return PROSE if sentence or han >= 12 else PLAIN, False, False

    def _name(self, code):
        """"=" behind a name that opens the line, ":" and a gap or nothing behind a key, or ""."""
        t, cls = self.page.text, self.page.cls
        k, n = 0, len(code)
        if t[code[0]] == "-" and n > 1 and cls[code[1]] == T.GAP:
            k = 1
            while k < n and cls[code[k]] == T.GAP:
                k += 1
        begin = k
        while k < n and (t[code[k]].isascii() and t[code[k]].isalnum() or t[code[k]] in "_.$@-"):
            k += 1
        if k == begin or not any(cls[i] == T.LETTER for i in code[begin:k]):
            return ""
        if k < n and t[code[k]] == ":" and (k + 1 == n or cls[code[k + 1]] == T.GAP):
            return ":"
        while k < n and cls[code[k]] == T.GAP:
            k += 1
        if k < n and t[code[k]] in ":+" and k + 1 < n:
            k += 1
        return "=" if k < n and t[code[k]] == "=" else ""


def mark(page, segment):
    """Blocks of a segment, parted by blank lines, most of whose lines carry the signs of a program, and none is a sentence of prose."""
    i, n = 0, len(segment)
    while i < n:
        j = i + 1
        while j < n and not segment[j].blanks:
            j += 1
        block = [line for line in segment[i:j] if not line.literal]
        if len(block) == j - i and _is_program(page, block):
            for line in block:
                line.literal = True
        i = j


def _is_program(page, block):
    scanner = Scanner(page)
    kinds = [scanner.kind(line) for line in block]
    depths = len({line.indent for line, (_, _, key) in zip(block, kinds) if key}) > 1
    signs = [kind in (SIGN, COMMENT) or kind == KEY and depths for kind, _, _ in kinds]
    cjk = [sign for sign, line in zip(signs, block) if line.cjk]
    strong = depths or any(strong and kind != KEY for kind, strong, _ in kinds)
    return (cjk != [] and strong and 2 * sum(signs) > len(block) and 2 * sum(cjk) > len(cjk)
            and all(kind != PROSE for kind, _, _ in kinds))
