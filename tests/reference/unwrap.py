"""Which line ends are only the end of a column's line.

A Viterbi pass over the text lines. A state is a measure (or none) and whether and how the line goes on in the next one. The
fit test carries it: a line goes on when the first unit of the next line would not have fitted into it any more.
Costs are in hundredths of a nat, so they add up like negative log probabilities.
"""
from dataclasses import dataclass

from . import confidence
from .evidence import INDENT, WINDOW, break_cost, gather, join_cost, joins_freely, may_be_cut, title_cost
from .page import CELL, MAX_MEASURE, NARROW
from .weights import *

LAG = 24  # text lines after which a decision is final
MEASURES = 3  # candidates a line
VERSE = 2  # in prose at least this part of the lines have a pause or sentence end near
SHARE = 4  # of so many lines in mid-sentence one at least speaks for a measure
WEAK = 3  # a candidate with less than this part of the best one's support is none
MIN_MEASURE = 8 * CELL
ROUNDING = 2  # q by which kerning and narrow digits are misjudged
GRAIN = 2  # q; measures are tried in half cells
FAR = 6  # q; measures nearer than this are one measure
OPEN_LIMIT = 4 * MAX_MEASURE  # q of one typeset line: more costs no more
LEND = 24  # lines at most to one whose measures a line takes
INFINITE = 10 ** 6
# The line is the last of its paragraph; or it goes on, at the end of its typeset line, or cut after a mark.
END, FULL, PIECE, OTHER_PIECE = range(4)

OVER_FREE = 3  # q that rounding and squeezed marks may hide
STRETCH = 2  # eighths of the measure that letter-spacing may fill


def loose(room):
    """Cost of a line that goes on although `room` q more than needed were left."""
    if room < 0:
        return LOOSE[0]
    return LOOSE[1 + sum(room >= limit for limit in (2, 4, 8, 16))]


@dataclass(frozen=True)
class Support:
    """A line speaks for every measure in [low, high)."""
    low: int
    high: int
    weight: int
    prose: bool  # pauses or sentence ends stand in it or in the next line, or its end parts a word
    mid: bool  # it ends in mid-sentence, at its own width
    lines: int  # that it counts for: one that parts a word is sure


def folded(lines, barriers, i):
    """q of the pieces before line i that end in a mark, back to the last one that does not."""
    width, k = 0, i - 1
    while k >= 0 and i - k <= WINDOW and k not in barriers and may_be_cut(lines, k) and width <= MAX_MEASURE:
        width += lines[k].width
        k -= 1
    return width


def supports(lines, barriers):
    out = []
    for i in range(len(lines)):
        out.append([])
        if i + 1 == len(lines) or i in barriers:
            continue
        a, b = lines[i], lines[i + 1]
        if a.end_kind not in ("mid", "pause") or a.table or b.table or a.byline or b.byline:
            continue
        unit = max(b.unit, 1)
        prose = bool(a.marks or b.marks or a.end_kind == "pause" or b.cut == "word")
        mid = a.end_kind == "mid"
        # Where lines are cut after marks, the typeset line is the pieces before it too.
        width = a.width + (folded(lines, barriers, i) if mid and a.raw else 0)
        low, high = width - a.letters // NARROW - ROUNDING, width + unit
        out[i].append(Support(low, high, 2 if mid and not a.spaced else 1, prose, mid, 2 if b.cut == "word" else 1))
        first = i == 0 or lines[i - 1].end_kind not in ("mid", "pause") or lines[i - 1].width + a.unit < a.width
        if first and mid and not a.indent and not a.spaced:
            out[i].append(Support(max(low + INDENT, high), high + INDENT, 1, prose, False, 1))
    return out


def candidates(lines, spoken, i, few):
    """The measures that the lines around line i speak for, best first.

    Lines that are wider than a measure speak against it: a text of whole paragraphs has no measure.
    """
    low, high = max(0, i - WINDOW), min(len(lines), i + WINDOW + 1)
    near = [s for ss in spoken[low:high] for s in ss]
    mids = 0 if few else sum(line.end_kind == "mid" for line in lines[low:high])
    stops = few or any(line.stops for line in lines[low:high])
    scored = []
    for m in sorted({(s.low + ROUNDING + 1) // GRAIN * GRAIN for s in near}):
        if not MIN_MEASURE <= m <= MAX_MEASURE:
            continue
        hits = [s for s in near if s.low <= m < s.high]
        weight, counted = sum(s.weight for s in hits), sum(s.lines for s in hits)
        wide = sum(lines[k].tight > m + CELL for k in range(low, high))
        prose = sum(s.prose for s in hits)
        if counted * SHARE < mids:
            continue
        if not stops and prose * 5 < counted * 4:
            continue  # verse without marks at line ends
        if weight >= 2 and prose * VERSE >= counted and any(s.mid for s in hits) and (few or counted >= 2) and wide <= 2 * counted:
            scored.append((-weight, m))
    scored.sort()
    chosen = []
    for weight, m in scored:
        if weight * WEAK > scored[0][0]:  # weights are negative here
            break
        if all(abs(m - c) >= FAR for c in chosen):
            chosen.append(m)
            if len(chosen) == MEASURES:
                break
    return chosen


def lend(lines, own):
    """Where lines are cut after marks, few lines end where the column does: those without a measure take the nearest line's."""
    out = []
    for i in range(len(lines)):
        lender = i
        for distance in range(1, LEND + 1):
            if own[lender]:
                break
            for k, step in ((i - distance, 1), (i + distance, -1)):
                if 0 <= k < len(lines) and own[k] and all(lines[x].raw for x in range(k, i + step, step)):
                    lender = k
                    break
        out.append(own[lender])
    return out


@dataclass(frozen=True)
class Open:
    """q of a typeset line that stand in lines before, at their own width and with marks squeezed."""
    width: int = 0
    tight: int = 0

    def and_(self, line):
        return Open(min(self.width + line.width, OPEN_LIMIT), min(self.tight + line.tight, OPEN_LIMIT))


CLOSED = Open()


def fit(line, before, unit, measure, goes_on, may_cut):
    """-> cost of the line's width at this measure, and what it leaves open of the typeset line when it was cut."""
    over = line.tight + before.tight - measure
    slack = measure - line.width - before.width
    cost = OVER * min(over - OVER_FREE, MOST) if over > OVER_FREE else 0
    open_ = CLOSED
    if goes_on:
        spare = slack - unit - line.dropped
        if line.spaced:  # stretched, but not by more than a long word may leave
            spare -= measure * STRETCH // 8
            cost += loose(spare)
        else:
            room = loose(spare)
            cut = RAW_CUT if line.raw else CUT
            if may_cut and room >= cut:
                room, open_ = cut, before.and_(line)
            cost += room
    elif line.spaced:
        cost += STRETCHED_LAST if line.stretched else SPACED_LAST if line.marks else 0
    elif slack < unit and over <= OVER_FREE:
        cost += FULL_BY_CHANCE
    return min(cost, MOST), open_


def line_costs(line, unit, measure, joined, goes_on, before, may_cut):
    """-> [(cost, open)], one for each way in which its paragraph may have begun."""
    if joined:
        ways = [(0, before)]
    elif line.indent >= CELL:
        ways = [(0, CLOSED)]
    else:
        usual, rare = LOST_INDENT, NO_INDENT if goes_on else NO_INDENT // 2
        if line.flush:
            usual, rare = rare, usual
        ways = [(usual, Open(INDENT, INDENT)), (rare, CLOSED)]
    if goes_on and line.raw and line.end_kind == "stop":
        end = RAW_STOP
    else:
        end = (GOES_ON if goes_on else LAST if joined else ALONE)[line.end_kind]
    out = []
    for extra, start in ways:
        cost, open_ = fit(line, start, unit, measure, goes_on, may_cut)
        if open_.width and not joined and line.end_kind == "mid":
            cost += HEADING_CUT
        out.append((cost + extra + end, open_))
    return out


def decide(page, lines, barriers):
    """-> list: per cent of confidence that line i goes on in line i + 1, 0 where it doesn't. barriers: set of i where it can't."""
    n = len(lines)
    joins, path = [False] * n, [None] * n
    if n < 2 or not page.options.unwrap:
        return [0] * n
    few = n <= 3 and len(page.segments) == 1
    gather(page, lines)
    spoken = supports(lines, barriers)
    measures = lend(lines, [candidates(lines, spoken, i, few) for i in range(n)])
    back = []
    done = 0
    previous = {(None, END): (0, CLOSED)}  # (measure or None, ending) -> cost, what is open of a typeset line that was cut
    for i, line in enumerate(lines):
        a = lines[i - 1] if i else None
        unit = lines[i + 1].unit if i + 1 < n else 0
        can_go_on = i + 1 < n and i not in barriers and not line.table
        here = measures[i] + [None]
        current, pointers = {}, {}
        jc = join_cost(a, line) if a else 0
        bc = break_cost(a, line) if a else 0
        column = any(measures[k] for k in (i - 1, i) if k >= 0)
        free = FREE_JOIN if a and (joins_freely(a, line) or title_cost(line) and column) else INFINITE
        for m in here:
            reached = {END: [], FULL: [], PIECE: []}  # (cost, open, source)
            for came in (END, FULL, PIECE, OTHER_PIECE):
                joined = came != END
                entry, source, before = INFINITE * 10, None, CLOSED
                for state, (cost, open_) in previous.items():
                    pm, ending = state
                    if ending != came:
                        continue
                    if joined:
                        c = cost + jc + (free if m is None or pm is None else 0 if abs(pm - m) < FAR else SWITCH_INSIDE)
                    else:
                        c = cost + bc + (0 if pm is None or m is None or abs(pm - m) < FAR else SWITCH_BETWEEN)
                    if c < entry:
                        entry, source, before = c, state, open_
                if source is None:
                    continue
                for goes_on in (False, True):
                    if goes_on and not can_go_on:
                        continue
                    if goes_on and lines[i + 1].start_kind == "nostart":
                        ways = [(0, before.and_(line))]  # a mark that cannot start a line was cut off
                    elif m is None:
                        ways = [(FREE + (GOES_ON if goes_on else FREE_END)[line.end_kind], CLOSED)]
                    else:
                        ways = line_costs(line, unit, m, joined, goes_on, before, may_be_cut(lines, i))
                    for cost, open_ in ways:
                        reached[PIECE if open_.width else FULL if goes_on else END].append((entry + cost, open_, source))
            for ending, ways in reached.items():
                if not ways:
                    continue
                best = min(ways, key=lambda way: way[0])
                keep = [(ending, best)]
                # Of pieces also the best one that leaves the typeset line clearly more or less open.
                others = [way for way in ways if abs(way[1].width - best[1].width) >= CELL]
                if ending == PIECE and others:
                    keep.append((OTHER_PIECE, min(others, key=lambda way: way[0])))
                for kept, (cost, open_, source) in keep:
                    current[m, kept] = cost, open_
                    pointers[m, kept] = source
        floor = min(cost for cost, _ in current.values())
        previous = {s: (cost - floor, open_) for s, (cost, open_) in current.items()}
        back.append(pointers)
        if i + 1 == n or (i + 1 - done) >= 2 * LAG:
            state = min(previous, key=lambda s: (previous[s][0], s[1], s[0] is None, s[0] or 0))
            for k in range(i, done - 1, -1):
                if i + 1 == n or k <= i - LAG:
                    joins[k], path[k] = state[1] != END, state[0]
                state = back[k][state]
            done = n if i + 1 == n else i - LAG + 1
    return confidences(lines, joins, path)


def confidences(lines, joins, path):
    """What the path would cost more if only this line ended a paragraph, as per cent. path: the measure of each line."""
    n = len(lines)

    def cost(i, joined, goes_on, before):
        if goes_on and i + 1 < n and lines[i + 1].start_kind == "nostart":
            return 0, before.and_(lines[i])
        if path[i] is None:
            return FREE + (GOES_ON if goes_on else FREE_END)[lines[i].end_kind], CLOSED
        return min(line_costs(lines[i], lines[i + 1].unit if i + 1 < n else 0, path[i], joined, goes_on, before, may_be_cut(lines, i)), key=lambda way: way[0])

    out, before = [0] * n, CLOSED
    for i in range(n):
        joined = i > 0 and joins[i - 1]
        if not joins[i]:
            before = CLOSED
            continue
        a, b, m, pm = lines[i], lines[i + 1], path[i + 1], path[i]
        near = m is None or pm is None or abs(pm - m) < FAR
        on, open_ = cost(i, joined, True, before)
        on += join_cost(a, b) + (FREE_JOIN if m is None or pm is None else 0 if near else SWITCH_INSIDE)
        on += cost(i + 1, True, joins[i + 1], open_)[0]
        end = cost(i, joined, False, before)[0] + break_cost(a, b) + (0 if near else SWITCH_BETWEEN)
        end += cost(i + 1, False, joins[i + 1], CLOSED)[0]
        out[i] = confidence.of_margin(end - on)
        before = open_
    return out
