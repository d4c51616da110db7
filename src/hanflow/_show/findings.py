"""Repairs for people and their tools: where each one is, in words, as lines, JSON or commands of GitHub Actions."""
from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Optional, Union

from .._bulk.progress import CONTROL, escaped, harmless
from .._traced import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .._explain import Repair
    from .._traced import Step
    from ..formats import Located

AnyText = Union[str, Text]

# Repairs of one kind with at most so many characters between them are one finding, which reaches over so many at most.
NEAR, REACH = 8, 10_000
# Characters that a message shows: beside white space on either side, and of a long finding in all.
CONTEXT, LONG = 5, 40

# What a repair does, alone and with others.
RESTORED = "restore the character", "restore {} characters"
DROPPED = "drop the character", "drop {} characters"
WIDTH = "change the width of the character", "change the width of {} characters"
CLOSED = "close the gap", "close {} gaps"
NARROWED = "make the gap one space", "make {} gaps one space"
PARTED = "put a space in", "put {} spaces in"
EDGE = "drop the white space at the edge of the line", "drop white space at the edge of the line, {} times"
JOINED = "join the next line", "join {} line ends"
BLANK = "drop the blank lines", "drop blank lines, {} times"
GRID = "read the columns from right to left", "read {} grids of columns from right to left"
CONVERTED = "convert", "convert, {} times"

BESIDE = (CLOSED, NARROWED, PARTED, EDGE, JOINED)  # what says little without the characters beside it


class Placed(NamedTuple):
    """A repair and where its span begins and ends in the text: line and column from 1, in code points. Only a line feed ends a
    line, as for most editors."""

    repair: Repair[str]
    line: int
    column: int
    end_line: int
    end_column: int


class Finding(NamedTuple):
    """Repairs of one kind near each other, in the order of the text."""

    placed: list[Placed]
    kind: tuple[str, str]

    @property
    def rule(self) -> str:
        return self.placed[0].repair.rule


def placed(text: AnyText, repairs: Iterable[Step]) -> Iterator[Union[Placed, int]]:
    """Linear in the text. The positions between the repairs are passed on."""
    line, start, at = 1, 0, 0  # of the line that holds `at`
    ahead = -1  # a line feed: none stands between `at` and it
    for step in repairs:
        if isinstance(step, int):
            line, start = _line_of(text, line, start, at, step)
            at = max(at, step)
            yield step
            continue
        _, begin, end, before, *_ = step
        if begin > ahead:
            line, start = _line_of(text, line, start, at, begin)
            found = text.find("\n", begin, begin + REACH)
            ahead = found if found >= 0 else begin + REACH
        first, column, at = line, begin - start + 1, end
        if "\n" in before:
            line += before.count("\n")
            start = begin + before.rindex("\n") + 1
            ahead = -1
        yield Placed(step, first, column, line, end - start + 1)


def _line_of(text: AnyText, line: int, start: int, at: int, position: int) -> tuple[int, int]:
    """Number and begin of the line of a position, by those of one before it."""
    count = text.count("\n", at, position) if position > at else 0
    return (line + count, text.rfind("\n", at, position) + 1) if count else (line, start)


def findings(text: AnyText, repairs: Iterable[Step]) -> Iterator[Finding]:
    """All repairs, in the order of the first one of each finding. Joined lines stand by themselves, but for those of one
    character."""
    forget = forgetting(text)
    waiting: deque[Finding] = deque()  # in order: what is not given yet, as the first of them may go on
    last: dict[tuple[str, tuple[str, str]], Finding] = {}
    for place in placed(text, repairs):
        if isinstance(place, int):
            while waiting and place - waiting[0].placed[-1].repair.end > NEAR:
                yield waiting.popleft()
            forget(min(place, waiting[0].placed[0].repair.start if waiting else place) - CONTEXT)
            continue
        repair = place.repair
        rule, start = repair.rule, repair.start
        kind = _kind(text, repair)
        known = last.get((rule, kind))
        if known is not None:
            before = known.placed[-1]
            if start - before.repair.end <= NEAR and (rule == "vertical" or (before.end_line == place.line and rule != "unwrap")
                                                      ) and start - known.placed[0].repair.start < REACH:
                known.placed.append(place)
                continue
        while waiting and start - waiting[0].placed[-1].repair.end > NEAR:
            yield waiting.popleft()
        last[rule, kind] = finding = Finding([place], kind)
        waiting.append(finding)
    yield from waiting


def forgetting(text: AnyText) -> Callable[[int], object]:
    """forget() of a Text, nothing of a str."""
    return getattr(text, "forget", lambda position: None)


def _kind(text: AnyText, repair: Repair[str]) -> tuple[str, str]:
    rule, before, after = repair.rule, repair.before, repair.after
    if rule == "opencc":
        return CONVERTED
    if rule == "width":
        return WIDTH
    if rule == "compat":
        return RESTORED if after else DROPPED
    if rule == "spacing":
        if not before:
            return PARTED
        around = text[max(repair.start - 1, 0):repair.end + 1]
        if repair.start == 0 or len(around) < len(before) + 2 or around[0] in "\r\n" or around[-1] in "\r\n":
            return EDGE
        return NARROWED if after else CLOSED
    if after.strip():
        return GRID
    return BLANK if repair.start and text[repair.start - 1:repair.start] in "\r\n" else JOINED


def message(text: AnyText, finding: Finding) -> str:
    """In plain words: what is done, the passage before and after. White space but single spaces is made visible."""
    repairs = [place.repair for place in finding.placed]
    one, several = finding.kind
    said = one if len(repairs) == 1 else several.format(len(repairs))
    before, after = passage(text, repairs, CONTEXT if finding.kind in BESIDE else 0)
    code = ""
    if len(before) == len(repairs[0].before) == 1:  # radicals look like what they become
        code = f" (U+{ord(repairs[0].before):04X} to U+{ord(after):04X})" if len(after) == 1 else ""
    return f"{said}: {_quoted(before)} -> {_quoted(after)}{code}"


def why(finding: Finding) -> str:
    """Of the least sure repair."""
    repairs = [place.repair for place in finding.placed]
    least = min(repairs, key=lambda repair: repair.confidence)
    most = max(repair.confidence for repair in repairs)
    return f" [{least.confidence}{f' to {most}' if most > least.confidence else ''} %: {least.evidence}]"


def passage(text: AnyText, repairs: list[Repair[str]], context: int) -> tuple[str, str]:
    """The text round repairs that follow each other, before and after them. In the middle of a long one stands an ellipsis."""
    start, end = repairs[0].start, repairs[-1].end
    groups = [repairs]
    if end - start > LONG and len(repairs) > 2:
        head, tail = 1, len(repairs) - 1
        while head < len(repairs) - 1 and repairs[head].end - start <= LONG // 2:
            head += 1
        while tail > head and end - repairs[tail - 1].start <= LONG // 2:
            tail -= 1
        groups = [repairs[:head], repairs[tail:]]
    left = text[max(start - context, 0):start].rpartition("\n")[2].lstrip()
    right = text[end:end + context].partition("\n")[0].rstrip()
    before, after = [], []
    for group in groups:
        begin = group[0].start
        old = text[begin:group[-1].end]
        at, new = 0, []
        for repair in group:
            new += [old[at:repair.start - begin], shortened(repair.after)]
            at = repair.end - begin
        before.append(shortened(old) if len(group) == 1 else old)
        after.append("".join(new))
    return left + "…".join(before) + right, left + "…".join(after) + right


def shortened(text: str, most: int = LONG) -> str:
    return text if len(text) <= most else text[:most // 2] + "…" + text[-(most // 2):]


def _quoted(text: str) -> str:
    """Runs of spaces, and those at the ends, as ␣."""
    if "  " in text or text[:1] == " " or text[-1:] == " ":
        parts = text.split(" ")
        last = len(parts) - 1
        text = "".join(part + ("" if at == last else " " if part and parts[at + 1] else "␣") for at, part in enumerate(parts))
    return f'"{visible(text)}"'


def visible(text: str) -> str:
    """Line ends as ⏎, other white space than spaces and what a terminal would act on as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "⏎" if c == "\n" else repr(c)[1:-1] for c in text.replace("\r\n", "\n"))


# The forms. Places are those of the file if the text's lines are lines of it; else the text begins there, and its own line and
# column are said in words.
def _in_file(located: Located, line: int, column: int) -> tuple[int, int]:
    if not located.lines:
        return located.line, located.column
    return located.line + line - 1, column + (located.column - 1 if line == 1 else 0)


def _in_words(located: Located, place: Placed) -> str:
    if not located.field:
        return ""
    row = f"row {located.record}, " if located.format in ("parquet", "arrow") else ""
    kind = "field" if located.format == "jsonl" else "column"
    return f" ({row}{kind} {visible(located.field)}{'' if located.lines else f' {place.line}:{place.column}'})"


def as_lines(path: str, located: Located, repairs: Iterable[Step]) -> Iterator[bytes]:
    """path:line:column: rule message"""
    label = name(path, located)
    for finding in findings(located.text, repairs):
        first = finding.placed[0]
        line, column = _in_file(located, first.line, first.column)
        said = f":{line}:{column}: {finding.rule} {message(located.text, finding)}{_in_words(located, first)}{why(finding)}\n"
        yield label + said.encode()


def as_json(path: str, located: Located, repairs: Iterable[Step]) -> Iterator[bytes]:
    """An object a line for each repair: put together they replay."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    record = {key: value for key, value in (("member", located.member), ("record", located.record), ("field", located.field))
              if value not in ("", None)}
    forget = forgetting(located.text)
    for place in placed(located.text, repairs):
        if isinstance(place, int):
            forget(place - CONTEXT)
            continue
        repair = place.repair
        line, column = _in_file(located, place.line, place.column)
        end_line, end_column = _in_file(located, place.end_line, place.end_column)
        found = {"path": path, **record, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                 "start": repair.start, "end": repair.end, "rule": repair.rule,
                 "message": message(located.text, Finding([place], _kind(located.text, repair))),
                 "before": repair.before, "after": repair.after, "evidence": repair.evidence, "confidence": repair.confidence}
        try:
            yield CONTROL.sub(_json_escape, encode(found)).encode() + b"\n"
        except UnicodeEncodeError:  # lone surrogates
            yield json.dumps(found).encode() + b"\n"


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def as_github(path: str, located: Located, repairs: Iterable[Step]) -> Iterator[bytes]:
    """Workflow commands. Columns only where a finding begins and ends in a line of the file: GitHub takes no others."""
    for finding in findings(located.text, repairs):
        first, last = finding.placed[0], finding.placed[-1]
        line, column = _in_file(located, first.line, first.column)
        end_line, end_column = _in_file(located, last.end_line, last.end_column)
        properties = {"file": path, "line": line, "endLine": end_line}
        if located.lines and line == end_line:
            properties.update(col=column, endColumn=end_column)
        properties["title"] = f"hanflow: {finding.rule}"
        said = message(located.text, finding) + _in_words(located, first) + why(finding)
        if located.member:
            said += f" (member {visible(located.member)})"
        told = ",".join(f"{key}={_escaped(_one_line(str(value)), ':,')}" for key, value in properties.items())
        yield f"::warning {told}::{_escaped(said)}\n".encode("utf-8", "surrogateescape")


FORMATS = {"text": as_lines, "json": as_json, "github": as_github}


def _escaped(text: str, more: str = "") -> str:
    """As GitHub's own toolkit does it."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def name(path: str, located: Optional[Located] = None) -> bytes:
    """Of a file or member, for messages: its own bytes, but nothing that a terminal would act on."""
    label = "<stdin>" if path == "-" else path
    if located is not None and located.member:
        label += f"/{located.member}"
    return harmless(label)


def _one_line(path: str) -> str:
    """Line ends stay: GitHub has escapes for them."""
    return CONTROL.sub(lambda found: found[0] if found[0] in "\r\n" else escaped(found[0]), path)


def title(path: str, located: Located) -> bytes:
    """The name of a text: of a record with its place, as in path:3:text."""
    if not located.field:
        return name(path, located)
    return name(path, located) + f":{located.line}:{visible(located.field)}".encode()
