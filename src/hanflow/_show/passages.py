"""What a report shows of a text: passages, the lines that repairs changed."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .findings import forgetting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Optional, Union

    from .._explain import Repair
    from .._traced import Step
    from .findings import AnyText

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


def passages(text: AnyText, repairs: Iterable[Step]) -> Iterator[Passage]:
    """All passages of a text, in order. Linear; holds two of them. What is not in a passage has not changed: with the repairs
    done, passages and the text between them are the result."""
    forget = forgetting(text)
    held: Optional[Passage] = None
    end, line = 0, 1  # of the last passage: where it ends, and in which line
    counted = between = 0  # the line ends from there on
    for stretch in _stretches(text, repairs):
        begin = stretch if isinstance(stretch, int) else stretch[0]
        if begin > counted:
            between += text.count("\n", counted, begin)
            counted = begin
        if isinstance(stretch, int):  # so far there is none
            if held is not None and between > 1:
                yield held._replace(after=_line(text, end, begin))
                held = None
            forget((held.begin if held is not None else begin - ROOM) - 1)
            continue
        before = ""
        if between and text[begin - 1:begin] == "\n":
            least = max(end, begin - ROOM)
            before = text[max(text.rfind("\n", least, begin - 1) + 1, least):begin]
        if held is not None:
            yield held._replace(after=_line(text, end, begin)) if between > 1 else held
        line += between
        _, end, found = stretch
        held = Passage(begin, end, line, between, before, "", found)
        line += text.count("\n", begin, end)
        counted, between = end, 0
    if held is not None:
        yield held._replace(after=_line(text, end, len(text)))


def _line(text: AnyText, begin: int, limit: int) -> str:
    """The line that begins there, unless it is the middle of one."""
    if begin == limit or text[begin - 1:begin] != "\n":
        return ""
    end = text.find("\n", begin, min(limit, begin + ROOM))
    return text[begin:end + 1] if end >= 0 else text[begin:min(limit, begin + ROOM)]


def _stretches(text: AnyText, repairs: Iterable[Step]) -> Iterator[Union[tuple[int, int, list[Repair[str]]], int]]:
    """(begin, end, the repairs inside); between them a position that those to come do not begin before."""
    begin = last = line_end = 0  # last: where the last repair ends; line_end: where its line does
    found: list[Repair[str]] = []
    for step in repairs:
        start = step if isinstance(step, int) else step.start
        if found and not _goes_on(text, begin, last, line_end, start) and (
                not isinstance(step, int) or start >= min(line_end, last + ROOM)):
            last = min(line_end, last + ROOM, start)
            yield begin, last, found
            found = []
        if isinstance(step, int):
            if found or start - ROOM > last:
                yield begin if found else start - ROOM
            continue
        if not found:
            # Not looked for further back than the last passage: a long line would be looked through again and again.
            least = max(last, start - ROOM)
            begin = max(text.rfind("\n", least, start) + 1, least)
        found.append(step)
        last = step.end
        if last >= line_end and not (last == line_end and step.after.endswith("\n")):
            line_end = text.find("\n", last) + 1 or len(text)
    if found:
        yield begin, min(line_end, last + ROOM), found


def _goes_on(text: AnyText, begin: int, last: int, line_end: int, start: int) -> bool:
    if start - last > 2 * ROOM:
        return False
    return start - begin < LONG if start < line_end else start - begin < SHORT and text.count("\n", line_end, start) < 2
