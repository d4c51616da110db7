"""What a report shows of a text: passages, the lines that repairs changed."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Optional

    from ..explain import Repair

# In code points.
ROOM = 400  # of a line, left and right of its repairs, and of the lines around
SHORT = 300  # a shorter passage goes on with the next changed line
LONG = 1500  # a longer one is cut in front of the next repair, in the middle of a line if need be


class Passage(NamedTuple):
    """text[begin:end], in code points: the lines of some repairs, whole but where they are long, and the unchanged lines around.

    line:     the number of the line in which it begins, from 1.
    left_out: unchanged lines (their ends) since the passage before it, those of `before` among them; `begin` minus the `end`
              of that passage has changed in nothing.
    before, after: the unchanged line in front of and behind it, "" if there is none or another passage has it.
    """

    begin: int
    end: int
    line: int
    left_out: int
    before: str
    after: str
    repairs: list[Repair[str]]


def passages(text: str, repairs: Iterable[Repair[str]]) -> Iterator[Passage]:
    """All passages of a text, in order. Linear; holds two of them. What is not in a passage has not changed: with the repairs
    done, passages and the text between them are the result."""
    held: Optional[Passage] = None
    end, line = 0, 1  # of the passage held: where it ends, and in which line
    for begin, until, found in _stretches(text, repairs):
        between = text.count("\n", end, begin)
        before = ""
        if between and text[begin - 1] == "\n":
            before = text[max(text.rfind("\n", end, begin - 1) + 1, end, begin - ROOM):begin]
        if held is not None:
            yield held._replace(after=_line(text, end, begin)) if between > 1 else held
        line += between
        held = Passage(begin, until, line, between, before, "", found)
        end = until
        line += text.count("\n", begin, until)
    if held is not None:
        yield held._replace(after=_line(text, end, len(text)))


def _line(text: str, begin: int, limit: int) -> str:
    """The line that begins there, unless it is the middle of one."""
    if begin == limit or text[begin - 1] != "\n":
        return ""
    end = text.find("\n", begin, min(limit, begin + ROOM))
    return text[begin:end + 1] if end >= 0 else text[begin:min(limit, begin + ROOM)]


def _stretches(text: str, repairs: Iterable[Repair[str]]) -> Iterator[tuple[int, int, list[Repair[str]]]]:
    """(begin, end, the repairs inside)"""
    begin = last = line_end = 0  # last: where the last repair ends; line_end: where its line does
    found: list[Repair[str]] = []
    for repair in repairs:
        start, end = repair.start, repair.end
        if found and not _goes_on(text, begin, last, line_end, start):
            last = min(line_end, last + ROOM, start)
            yield begin, last, found
            found = []
        if not found:
            # Not looked for further back than the last passage: a long line would be looked through again and again.
            begin = max(text.rfind("\n", last, start) + 1, last, start - ROOM)
        found.append(repair)
        last = end
        if end >= line_end and not (end == line_end and repair.after.endswith("\n")):
            line_end = text.find("\n", end) + 1 or len(text)
    if found:
        yield begin, min(line_end, last + ROOM), found


def _goes_on(text: str, begin: int, last: int, line_end: int, start: int) -> bool:
    if start - last > 2 * ROOM:
        return False
    return start - begin < LONG if start < line_end else start - begin < SHORT and text.count("\n", line_end, start) < 2
