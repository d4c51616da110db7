"""From what an extractor printed to the truth: which block each character belongs to, and a label a boundary.

The extractor's order of characters is taken as it is. It must be a tiling of the blocks: pieces of blocks, each character
used once. A document whose characters cannot all be accounted for, or whose blocks are cut to shreds, is dropped.
"""
import re

from article import BODY
from score import canon, sep_label, split_seps

QUOTES = dict(zip("“”‘’「」『』﹁﹂﹃﹄", "«»‹›«»«»«»«»"))
FOLD = {"戶": "户", "〜": "~", "～": "~"}  # what some fonts print for the other
SINGLE = {"‹": "«", "›": "»"}


def key(char):
    """What two characters must share to be the same one: vertical quotes may have come for curly ones."""
    quote = QUOTES.get(char)
    if quote:
        return SINGLE.get(quote, quote)
    if char in "—―─︱︲":
        return "—"
    if char in FOLD:
        return FOLD[char]
    if char in "…︙⋯":
        return "…"
    return canon(char)


def tile(printed, blocks, budget=4000):
    """-> [(block, begin, end)] in the printed order, or None. Depth first, longest piece first."""
    texts = ["".join(map(key, block.solid)) for block in blocks]
    total = sum(map(len, texts))
    if total != len(printed):
        return None
    printed = "".join(map(key, printed))
    free = {i: [(0, len(text))] for i, text in enumerate(texts)}
    steps = [0]

    def candidates(at, last):
        out = []
        for i, spans in free.items():
            text = texts[i]
            for begin, end in spans:
                starts = [begin]
                if blocks[i].kind in ("headline", "sub", "byline", "kicker"):  # columns from right to left
                    starts += range(begin + 1, end - 1)
                for start in starts:
                    n = 0
                    while start + n < end and at + n < len(printed) and text[start + n] == printed[at + n]:
                        n += 1
                    if n and (start == begin or n >= 2):
                        out.append((n, start + n == end, start == begin, -abs(i - last - 1), i, start))
        # a whole rest of a block first, then the longest; the next block in order breaks ties
        out.sort(key=lambda c: (c[1] and c[2], c[0], c[2], c[3]), reverse=True)
        return out[:6]

    def take(i, start, stop):
        for span in free[i]:
            if span[0] <= start and stop <= span[1]:
                free[i].remove(span)
                free[i] += [s for s in ((span[0], start), (stop, span[1])) if s[0] < s[1]]
                free[i].sort()
                return

    def walk():
        """Iterative search with a bounded number of second thoughts."""
        pieces, choices, at, last = [], [], 0, -1
        while True:
            if at == len(printed):
                return pieces
            steps[0] += 1
            if steps[0] > budget:
                return None
            options = []
            for n, whole, _, _, i, start in candidates(at, last):
                options.append((i, start, start + n))
                if not whole:  # it may have run over into what only looks like its continuation
                    options += [(i, start, start + m) for m in range(n - 1, max(0, n - 3), -1)]
            choices.append((options, {i: list(s) for i, s in free.items()}, len(pieces), at, last))
            while choices:
                options, state, count, at, last = choices[-1]
                free.clear()
                free.update({i: list(s) for i, s in state.items()})
                del pieces[count:]
                if not options:
                    choices.pop()
                    continue
                i, start, stop = options.pop(0)
                take(i, start, stop)
                pieces.append((i, start, stop))
                at += stop - start
                last = i
                break
            else:
                return None

    pieces = walk()
    if pieces is None:
        return None
    merged = []
    for piece in pieces:
        if merged and merged[-1][0] == piece[0] and merged[-1][2] == piece[1]:
            merged[-1] = (piece[0], merged[-1][1], piece[2])
        else:
            merged.append(piece)
    return merged


MARKER = re.compile(r"(?:[（(]?[0-9一二三四五六七八九十]+[）).．、]|[①-⑳•●])+$")
TITLE = ("headline", "sub", "byline", "kicker")


def spaces(block):
    """-> the set of positions in the solid text after which the block has a space."""
    out, n = set(), 0
    for char in block.text:
        if char.isspace():
            out.add(n - 1)
        else:
            n += 1
    return out


def spread(chars, seps, labels, i):
    """Is the gap at i like the gaps that mean nothing in its line? Then nothing tells it from them."""
    gap, mixed = seps[i], latin(chars[i]) != latin(chars[i + 1])
    like = other = 0
    for step in (-1, 1):
        t = i + step
        while 0 <= t < len(seps) and sep_label(seps[t]) != "n" and abs(t - i) <= 12:
            if labels[t] == "j" and not (chars[t].isascii() and chars[t + 1].isascii()) and (latin(chars[t]) != latin(chars[t + 1])) == mixed:
                like += seps[t] == gap
                other += seps[t] != gap
            t += step
    return like >= (1 if mixed else 2) and like >= other


def latin(char):
    return canon(char).isascii() and canon(char).isalnum()


def shredded(pieces, blocks):
    """A title printed row by row across its columns, or strewn over the text: nobody can tell what it was."""
    kinds = [blocks[i].kind for i, _, _ in pieces]
    where = {}
    for at, (i, _, _) in enumerate(pieces):
        where.setdefault(i, []).append(at)
    for i, ats in where.items():
        kind = blocks[i].kind
        if kind not in TITLE or len(ats) == 1:
            continue
        lengths = [pieces[at][2] - pieces[at][1] for at in ats]
        if len(ats) > (4 if kind == "byline" else 3) or min(lengths) < (2 if kind == "byline" else 3):
            return True
        if any(other not in TITLE for other in kinds[ats[0]:ats[-1]]):
            return True
    return False


def label(text, blocks, wrapped=()):
    """-> (gold text, labels, block list for the scorer, cuts, cuts in other blocks than titles) or None.

    wrapped: blocks that the typesetter itself could not set on one line at the measure."""
    chars, seps = split_seps(text)
    pieces = tile(chars, blocks)
    if pieces is None or shredded(pieces, blocks):
        return None
    where, listed, at = [], [], 0
    for i, begin, end in pieces:
        whole = end - begin == len(blocks[i].solid)
        listed.append([at, at + end - begin, blocks[i].kind, i, whole])
        where += [(i, t) for t in range(begin, end)]
        at += end - begin
    gaps = [spaces(block) for block in blocks]
    labels = []
    for n, sep in enumerate(seps):
        labels.append(boundary(chars, n, sep_label(sep), where[n], where[n + 1], blocks, gaps, wrapped))
    for n, sep in enumerate(seps):
        kind = blocks[where[n][0]].kind
        if labels[n] == "s" and sep_label(sep) == "s" and kind not in ("byline", "cell") and spread(chars, seps, labels, n):
            labels[n] = "*"
    labels = "".join(labels)
    out = []
    for n, char in enumerate(chars):
        i, t = where[n]
        own = blocks[i].solid[t]
        out.append(plain(own) if canon(own) == canon(char) else canon(char))
        if n < len(seps):
            out.append(separator(labels[n], seps[n], where[n], where[n + 1], blocks, gaps))
    cuts = len(pieces) - len(blocks)
    torn = cuts - sum(sum(p[0] == i for p in pieces) - 1 for i, block in enumerate(blocks) if block.kind in TITLE)
    return "".join(out) + "\n", labels, listed, cuts, torn


def plain(char):
    """The gold's own style: full-width letters and digits are half-width there."""
    return canon(char) if "０" <= char <= "９" or "Ａ" <= char <= "ｚ" and canon(char).isalpha() else char


def boundary(chars, n, printed, here, there, blocks, gaps, wrapped):
    (i, t), (k, u) = here, there
    block, other = blocks[i], blocks[k]
    if i == k and u == t + 1:
        if t not in gaps[i]:
            if block.kind == "cell" and printed != "j":
                return "*"  # no gap in a table row is touched; a cell that its table cut is nobody's to mend
            if fields(block) and printed == "s" and latin(chars[n]) != latin(chars[n + 1]):
                return "*"  # nor in a row of fields (黄酒 150 毫升)
            if block.kind == "item" and printed == "s" and MARKER.match(block.solid[:t + 1]):
                return "*"  # a list marker keeps its gap
            return "j"
        if printed == "j":
            return "*"
        if latin(chars[n]) and latin(chars[n + 1]):
            return "s"
        if block.kind in ("p", "q", "a"):
            return "*"
        if block.kind in ("cell", "item", "verse"):
            return "s" if printed == "s" else "*"
        if printed == "n" and (block.kind in TITLE + ("folio",) or i in wrapped):
            return "w"
        return "s"
    if i != k and block.row == other.row >= 0 and k == i + 1:
        return {"s": "s", "n": "w", "j": "*"}[printed]
    if i == k and block.kind in TITLE:
        return "w"
    if other.kind == "credit" and k == i + 1 and block.kind in BODY + ("verse",):
        return "*"
    return {"n": "n", "s": "w", "j": "*"}[printed]


def fields(block):
    """An item of parts with spaces between them, its marker apart."""
    return block.kind == "item" and not re.search("[，。；]", block.text) and any(not MARKER.match(block.solid[:t + 1]) and not (latin(block.solid[t]) and latin(block.solid[t + 1]))
                                        for t in spaces(block))


def separator(letter, sep, here, there, blocks, gaps):
    (i, t), (k, u) = here, there
    if letter == "j":
        return ""
    if letter == "n":
        return "\n"
    if i != k and blocks[i].row == blocks[k].row >= 0:
        return "\n" if sep_label(sep) == "n" else sep
    if letter == "s":
        return " "
    if letter == "w":
        return " " if blocks[i].kind == "byline" and i == k or sep_label(sep) == "s" else "\n"
    if i != k:
        return {"n": "\n", "s": " ", "j": ""}[sep_label(sep)]
    return " " if t in gaps[i] else "" if sep_label(sep) != "s" else " "
