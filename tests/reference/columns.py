"""The measures of columns: how wide the typeset lines were, and how credible each width is at each line.

Problem. A line end means nothing by itself. It means something against the measure, the width at which the column was set; but
the text does not say the measure, pages have several, and headings, lists and verse have none.
Idea. A line that ends in mid-sentence was cut, because the first unit of the next line did not fit any more. So the measure is
at least as wide as the line, and narrower than the line and that unit: the line *votes* for the measures between. What many
lines vote for is a measure. Lines vote in blocks, with the lines around a block, and each block has three measures at most.
Whether a line stands in such a column is not said by yes or no: a measure that few lines near vote for *costs* more there.
Guaranteed. The measures of a block follow from its lines and HALO lines either way, the costs at a line from WINDOW lines either
way: nothing else of the text can change them. Measures of a block are multiples of GRAIN and stand FAR apart at least.
Example. Lines of 72, 70 and 72 q, each cut before a Han (4 q), vote for 72..75, 70..73 and 72..75. All three vote for 72, and two
lines are exactly so wide: the measure is 72. A line among them that ends in a comma after 40 q votes for 40..43, alone.
"""
from collections import Counter
from dataclasses import dataclass
from typing import Optional

from .evidence import INDENT, WINDOW, is_seen, may_be_cut
from .page import CELL, MAX_MEASURE, NARROW
from .weights import DOUBT, SUPPORT_NEAR, SUPPORT_SHARE, UNENDED, VERSE_COLUMN, WIDE_LINES

BLOCK = 32  # text lines that have their measures together
HALO = 24  # ... and that vote with them, either way
MEASURES = 3  # of a block at most
LEAST = 2  # weight of the votes for a measure at least
FAR = 6  # q; measures nearer than this are one measure
GRAIN = 2  # q; measures are half cells
MIN_MEASURE = 8 * CELL
ROUNDING = 2  # q by which kerning and narrow digits are misjudged
CREDIBLE = 150  # a measure that costs no more says that a column is around


@dataclass(frozen=True)
class Vote:
    """A line votes for every measure in [low, high)."""
    low: int
    high: int
    weight: int  # where measures are chosen
    lines: int  # that it counts for where they are judged: one that parts a word is sure
    prose: bool  # pauses or sentence ends stand in it or in the next line, or its end parts a word
    exact: Optional[int] = None  # the measure that it fills, when it ends in mid-sentence
    end: str = ""  # of its line, not for an indent: "parts" a word, or "none" that is known

    def near(self, measure):
        return self.low - ROUNDING <= measure < self.high


def votes_of(lines, barriers):
    """-> for each line a list of votes: for its width and, of a first line, for its width and a dropped indent."""
    out = [[] for _ in lines]
    for i, (a, b) in enumerate(zip(lines, lines[1:])):
        if i in barriers or a.end_kind not in ("mid", "pause") or a.table or b.table or a.byline or b.byline:
            continue
        mid, unit = a.end_kind == "mid", max(b.unit, 1)
        parts = b.cut == "word" or is_seen(a, b)
        prose = bool(a.marks or b.marks or not mid or parts)
        # Where lines are cut after marks, the typeset line is the pieces before it too.
        width = a.width + (folded(lines, barriers, i) if mid and a.raw else 0)
        low, high = width - a.letters // NARROW, width + unit
        exact = (low + GRAIN - 1) // GRAIN * GRAIN
        out[i].append(Vote(low, high, 2 if mid and not a.spaced else 1, 2 if parts else 1, prose, exact if mid else None,
                           "parts" if parts else "none" if b.cut == "none" else ""))
        first = i == 0 or lines[i - 1].end_kind not in ("mid", "pause") or lines[i - 1].width + a.unit < a.width
        lost = INDENT - a.indent
        if first and mid and lost > 0 and not a.spaced:
            out[i].append(Vote(max(low + lost, high + ROUNDING), high + lost, 1, 1, prose))
    return out


def folded(lines, barriers, i):
    """q of the pieces before line i that end in a mark, back to the last one that does not."""
    width, k = 0, i - 1
    while k >= 0 and i - k <= WINDOW and k not in barriers and may_be_cut(lines, k) and width <= MAX_MEASURE:
        width += lines[k].width
        k -= 1
    return width


def peaks(votes):
    """-> the measures that these votes speak for, best first.

    A measure is one that a line fills exactly. The next one is sought among the votes that the ones before leave over; of equal
    ones the one that more lines fill is taken, then the narrower one.
    """
    filled = Counter()
    for vote in votes:
        if vote.exact is not None and MIN_MEASURE <= vote.exact <= MAX_MEASURE:
            filled[vote.exact] += vote.lines
    chosen = []
    while len(chosen) < MEASURES:
        left = [vote for vote in votes if not any(vote.low <= m < vote.high for m in chosen)]
        support, _, narrow = max(((sum(vote.weight for vote in left if vote.low <= m < vote.high), lines, -m)
                                  for m, lines in filled.items() if all(abs(m - other) >= FAR for other in chosen)), default=(0, 0, 0))
        if support < LEAST:
            break
        chosen.append(-narrow)
    return chosen


def doubt(measure, votes, around):
    """Is it rather a list? In fifths of a nat: half of the line ends of a column part words, few of a list; hardly a line of a column
    ends elsewhere, and two lines of a list end at one width by chance. votes: for each line around."""
    if any(line.spaced or line.start_kind == "nostart" for line in around):
        return 0
    ends = [vote.end for vs in votes for vote in vs]
    hits = sum(any(vote.near(measure) for vote in vs) for vs in votes)
    mids = sum(line.end_kind == "mid" for line in around)
    sure = 3 * ends.count("none") - 10 * ends.count("parts") - 5 * max(0, hits - 2) + 2 * max(0, mids - hits)
    return DOUBT[(sure >= 10) + (sure >= 12)]


def cost(measure, votes, around, few):
    """... of a measure, by the lines around and the votes of each. few: the text is too short for votes to count."""
    doubted = doubt(measure, votes, around)
    votes = [vote for vs in votes for vote in vs]
    support = [vote for vote in votes if vote.near(measure)]
    lines, prose = sum(vote.lines for vote in support), sum(vote.prose for vote in support)
    mids = sum(line.end_kind == "mid" for line in around)
    share = next((cost for part, cost in zip((8, 4, 2), SUPPORT_SHARE) if part * lines < mids), 0)
    wide = WIDE_LINES if sum(line.tight > measure + CELL for line in around) > 2 * lines else 0
    verse = VERSE_COLUMN if 5 * prose < 4 * lines and not any(line.stops for line in around) else 0
    unended = UNENDED if not any(line.end_kind == "stop" for line in around) else 0
    return share + wide + doubted + unended + (0 if few else SUPPORT_NEAR[min(lines, 2)] + verse)


def columns(lines, barriers, few):
    """-> for each line a dict: measure -> cost, in the order of the peaks."""
    votes, out = votes_of(lines, barriers), []
    for i in range(len(lines)):
        if i % BLOCK == 0:
            measures = peaks([vote for vs in votes[max(0, i - HALO):i + BLOCK + HALO] for vote in vs])
        near = slice(max(0, i - WINDOW), i + WINDOW + 1)
        out.append({m: cost(m, votes[near], lines[near], few) for m in measures})
    return out


def column_around(columns, i):
    """Is line i, or the one before it, in a column?"""
    return any(cost <= CREDIBLE for k in (i - 1, i) if k >= 0 for cost in columns[k].values())
