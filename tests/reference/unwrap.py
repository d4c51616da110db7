"""Which line ends are only the end of a column's line.

Problem. A line ends where its paragraph ends, or where its column does. Which of both is said by no line alone: by its width
against the measure, which may change at any line; by the pieces before it, where an extractor cuts lines after marks; by how it
ends and how the next one begins.
Idea. A Viterbi pass. A state is an ending and a measure: the line is the last of its paragraph (END), or it goes on in the next
one and fills its typeset line (FULL), or it goes on and is a piece of a typeset line (PIECE). The *fit test* carries the costs: a
line goes on when the first unit of the next line would not have fitted into it any more. Costs are in hundredths of a nat, so
they add up like negative log probabilities; all are multiples of five, so that they are exact in twentieths.
Guaranteed. Lines are decided in blocks, each with WARM_UP lines before it, whose decisions are forgotten, and READ_AHEAD lines
behind it: no line further away has a say. Of equal costs the state that stands first wins, everywhere: endings in the order below,
then measures in the order of the block's peaks, then none. Costs stay below 64 x 32 twentieths, with five bits left of sixteen.
Example. At a measure of 72 q, a line of 72 q before a Han of 4 q has -4 q of room: it goes on for nothing (LOOSE), and ends a
paragraph for FULL_BY_CHANCE. A line of 40 q has 28 q of room: it goes on for 715, and ends a paragraph for nothing. How it ends
in words comes to that: a sentence end costs 215 where it goes on, a mid-sentence 430 where it does not.
"""
from dataclasses import dataclass

from . import confidence
from .columns import FAR, column_around, columns
from .evidence import INDENT, break_cost, gather, join_cost, joins_freely, may_be_cut, title_cost
from .page import CELL, MAX_MEASURE
from .weights import *

BLOCK = 64  # text lines that are decided together
WARM_UP = 16  # ... with so many before them
READ_AHEAD = 16  # ... and behind them
OPEN_LIMIT = 4 * MAX_MEASURE  # q of one typeset line: more costs no more
FORGOTTEN = 1500  # a state that costs more than this above the cheapest is given up
MOST_JOINT = 3000  # of what two lines say of the end between them
OVER_FREE = 3  # q that rounding and squeezed marks may hide
STRETCH = 4  # one part of so many of the measure may be filled by letter-spacing
# The line is the last of its paragraph, or goes on; a piece leaves its typeset line open for the next line.
END, FULL, PIECE, OTHER_PIECE = ENDINGS = range(4)


@dataclass(frozen=True)
class Open:
    """q of a typeset line that stand before a line: pieces of it or an indent, at their own width and with marks squeezed."""
    width: int = 0
    tight: int = 0

    def and_(self, line):
        return Open(min(self.width + line.width, OPEN_LIMIT), min(self.tight + line.tight, OPEN_LIMIT))


CLOSED, DROPPED_INDENT = Open(), Open(INDENT, INDENT)


class Joint:
    """What stands between line i - 1 and line i, but for the widths: what it costs to join them and to part them."""

    def __init__(self, lines, i, column):
        a, b = lines[i - 1], lines[i]
        self.join, self.part = min(join_cost(a, b), MOST_JOINT), min(break_cost(a, b), MOST_JOINT)
        self.free = bool(joins_freely(a, b) or title_cost(b) and column)  # may be joined outside of any measure

    def cost(self, joined, m, n):
        """... between measures m and n, or none; None: impossible."""
        leave = LEAVE if m is not None and n is None else 0
        if joined and (m is None or n is None):
            return self.join + FREE_JOIN + leave if self.free else None
        same = m is None or n is None or abs(m - n) < FAR
        if joined:
            return self.join + (0 if same else SWITCH_INSIDE)
        return self.part + leave + (0 if same else SWITCH_BETWEEN)


def loose(room):
    """Cost of a line that goes on although `room` q more than needed were left."""
    return LOOSE[0] if room < 0 else LOOSE[1 + sum(room >= limit for limit in (2, 4, 8, 16))]


def fit(lines, i, measure, goes_on, before):
    """-> cost of the line's width at this measure, and whether it is a piece."""
    line, unit = lines[i], lines[i + 1].unit if i + 1 < len(lines) else 0
    over = line.tight + before.tight - measure - OVER_FREE
    cost = min(OVER * over, MOST) if over > 0 else 0
    slack = measure - line.width - before.width - unit
    if not goes_on:
        return cost + (FULL_BY_CHANCE if slack < 0 and over <= 0 and not line.spaced else 0), False
    room = slack - line.dropped
    if line.spaced:  # stretched, but not by more than a long word may leave
        return cost + loose(room - measure // STRETCH), False
    cut = RAW_CUT if line.raw else CUT
    if may_be_cut(lines, i) and loose(room) >= cut:
        return cost + cut, True
    return cost + loose(room), False


def ways(lines, i, measure, joined, goes_on, before):
    """-> [(cost, is it a piece, what stands before it)] of line i, one for each way in which its paragraph may have begun."""
    line = lines[i]
    forced = goes_on and lines[i + 1].start_kind == "nostart"  # a mark that cannot start a line was cut off, or ...
    out = [(0, True, before)] if forced else []
    if measure is None and forced:
        return out
    if measure is None:
        return [(FREE + (GOES_ON if goes_on else FREE_END)[line.end_kind], False, CLOSED)]
    if joined:
        starts = [(0, before)]
    elif line.indent >= INDENT:
        starts = [(0, CLOSED)]
    elif line.indent >= CELL:  # two narrow spaces may stand for two cells
        lost = INDENT - line.indent
        starts = [(LOST_INDENT, Open(lost, lost)), (0, CLOSED)]
    else:
        dropped, full = (NO_INDENT, LOST_INDENT) if line.flush else (LOST_INDENT, FIRST_FULL if line.opens else NO_INDENT)
        if not goes_on:
            dropped, full = (cost if cost == LOST_INDENT else cost // 2 for cost in (dropped, full))
        starts = [(dropped, DROPPED_INDENT), (full, CLOSED)]
    end = (GOES_ON if goes_on else LAST if joined else ALONE)[line.end_kind]
    if goes_on and line.raw and line.end_kind == "stop":
        end = RAW_STOP
    for extra, start in starts:
        cost, piece = fit(lines, i, measure, goes_on, start)
        if forced and piece:
            continue
        heading = HEADING_CUT if piece and not joined and line.end_kind == "mid" else 0
        out.append((cost + extra + end + heading, piece, start))
    return out


def find_path(lines, barriers, joints, columns, low, high):
    """-> [(does it go on, measure)] of lines [low, high): the cheapest path. What stands before them is not known."""
    states = {(END, 0): (0, CLOSED)}  # (ending, place of the measure) -> cost above the cheapest, what it leaves open
    measures, steps = [None], []
    for i in range(low, high):
        line, came_from, sources = lines[i], measures, {}
        measures, reached = [*columns[i], None], {}
        can_go_on = i + 1 < len(lines) and i not in barriers and not line.table
        for place, m in enumerate(measures):
            found = {END: [], FULL: [], PIECE: []}  # (cost, source, what stands before the line)
            for came in ENDINGS:
                entries = []
                for source, (cost, _) in states.items():
                    if source[0] == came:
                        step = joints[i].cost(came != END, came_from[source[1]], m) if i > low else 0
                        entries += [] if step is None else [(cost + step, source)]
                if not entries:
                    continue
                entry, source = min(entries)
                for goes_on in (False, True)[:1 + can_go_on]:
                    for cost, piece, start in ways(lines, i, m, came != END, goes_on, states[source][1]):
                        found[PIECE if piece else FULL if goes_on else END].append(
                            (entry + cost + columns[i].get(m, 0), source, start))
            found = {ending: offers for ending, offers in found.items() if offers}
            best = {ending: min(offers, key=lambda offer: offer[:2]) for ending, offers in found.items()}
            if PIECE in best:  # also the best one that leaves the typeset line clearly more or less open
                others = [offer for offer in found[PIECE] if abs(offer[2].width - best[PIECE][2].width) >= CELL]
                if others:
                    best[OTHER_PIECE] = min(others, key=lambda offer: offer[:2])
            for ending, (cost, source, start) in best.items():
                reached[ending, place] = cost, start.and_(line) if ending >= PIECE else CLOSED
                sources[ending, place] = source
        floor = min(cost for cost, _ in reached.values())
        states = {state: (cost - floor, open_) for state, (cost, open_) in reached.items() if cost - floor <= FORGOTTEN}
        outside = END, len(measures) - 1  # always a way out
        states[outside] = min(reached[outside][0] - floor, FORGOTTEN), CLOSED
        steps.append((measures, sources))
    state = min(states, key=lambda state: (states[state][0], state))
    path = []
    for measures, sources in reversed(steps):
        path.append((state[0] != END, measures[state[1]]))
        state = sources[state]
    return path[::-1]


def decide(page, lines, barriers):
    """-> list: per cent of confidence that line i goes on in line i + 1, 0 where it doesn't. barriers: set of i where it can't."""
    n = len(lines)
    if n < 2 or not page.options.unwrap:
        return [0] * n
    gather(page, lines)
    around = columns(lines, barriers, few=n <= 3 and len(page.segments) == 1)
    joints = [None] + [Joint(lines, i, column_around(around, i)) for i in range(1, n)]
    path = []
    for at in range(0, n, BLOCK):
        low = max(0, at - WARM_UP)
        path += find_path(lines, barriers, joints, around, low, min(n, at + BLOCK + READ_AHEAD))[at - low:][:BLOCK]
    return confidences(lines, joints, path)


def confidences(lines, joints, path):
    """What the path would cost more if only this line ended a paragraph, as per cent. What its measures cost is the same then."""
    def cost(i, joined, goes_on, before):
        cost, piece, start = min(ways(lines, i, path[i][1], joined, goes_on, before), key=lambda way: way[0])
        return cost, start.and_(lines[i]) if piece else CLOSED

    out, before = [0] * len(lines), CLOSED
    for i, (goes_on, m) in enumerate(path):
        if not goes_on:
            before = CLOSED
            continue
        joined, (next_goes_on, n), joint = i > 0 and path[i - 1][0], path[i + 1], joints[i + 1]
        on, open_ = cost(i, joined, True, before)
        on += joint.join + FREE_JOIN if m is None or n is None else joint.cost(True, m, n)
        on += cost(i + 1, True, next_goes_on, open_)[0]
        end = cost(i, joined, False, before)[0] + joint.cost(False, m, n) + cost(i + 1, False, next_goes_on, CLOSED)[0]
        out[i] = confidence.of_margin(end - on)
        before = open_
    return out
