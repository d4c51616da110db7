"""Repairs for people and their tools: where each one is, in words, as lines, JSON or commands of GitHub Actions."""
from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .explain import Repair
    from .formats import Located

# Repairs of one kind with at most so many characters between them are one finding.
NEAR = 8
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


def placed(text: str, repairs: Iterable[Repair[str]]) -> Iterator[Placed]:
    """Linear in the text."""
    line, start, at = 1, 0, 0  # of the line that holds `at`
    for repair in repairs:
        begin, end = repair.start, repair.end
        count = text.count("\n", at, begin)
        if count:
            line += count
            start = text.rfind("\n", at, begin) + 1
        first, column = line, begin - start + 1
        if "\n" in repair.before:
            line += repair.before.count("\n")
            start = text.rfind("\n", begin, end) + 1
        at = end
        yield Placed(repair, first, column, line, end - start + 1)


def findings(text: str, repairs: Iterable[Repair[str]]) -> list[Finding]:
    """All repairs, in the order of the first one of each finding. Joined lines stand by themselves, but for those of one
    character."""
    found: list[Finding] = []
    open_: dict[tuple[str, tuple[str, str]], Finding] = {}
    for place in placed(text, repairs):
        repair = place.repair
        kind = _kind(text, repair)
        known = open_.get((repair.rule, kind))
        if known is not None:
            last = known.placed[-1]
            if repair.start - last.repair.end <= NEAR and (
                    repair.rule == "vertical" or (last.end_line == place.line and repair.rule != "unwrap")):
                known.placed.append(place)
                continue
        open_[repair.rule, kind] = finding = Finding([place], kind)
        found.append(finding)
    return found


def _kind(text: str, repair: Repair[str]) -> tuple[str, str]:
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
        if repair.start == 0 or text[repair.start - 1] in "\r\n" or repair.end == len(text) or text[repair.end] in "\r\n":
            return EDGE
        return NARROWED if after else CLOSED
    if after.strip():
        return GRID
    return BLANK if repair.start and text[repair.start - 1] in "\r\n" else JOINED


def message(text: str, finding: Finding) -> str:
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


def passage(text: str, repairs: list[Repair[str]], context: int) -> tuple[str, str]:
    """The text round repairs that follow each other, before and after them. In the middle of a long one stands an ellipsis."""
    start, end = repairs[0].start, repairs[-1].end
    groups = [repairs]
    if end - start > LONG and len(repairs) > 2:
        head = [repairs[0], *(r for r in repairs[1:-1] if r.end - start <= LONG // 2)]
        tail = [*(r for r in repairs[len(head):-1] if end - r.start <= LONG // 2), repairs[-1]]
        groups = [head, tail]
    left = text[max(start - context, 0):start].rpartition("\n")[2].lstrip()
    right = text[end:end + context].partition("\n")[0].rstrip()
    before, after = [], []
    for group in groups:
        at = group[0].start
        new = []
        for repair in group:
            new += [text[at:repair.start], shortened(repair.after)]
            at = repair.end
        before.append(shortened(text[group[0].start:at]) if len(group) == 1 else text[group[0].start:at])
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


def as_lines(path: str, located: Located, repairs: list[Repair[str]]) -> Iterator[bytes]:
    """path:line:column: rule message"""
    label = name(path, located)
    for finding in findings(located.text, repairs):
        first = finding.placed[0]
        line, column = _in_file(located, first.line, first.column)
        said = f":{line}:{column}: {finding.rule} {message(located.text, finding)}{_in_words(located, first)}{why(finding)}\n"
        yield label + said.encode()


def as_json(path: str, located: Located, repairs: list[Repair[str]]) -> Iterator[bytes]:
    """An object a line for each repair: put together they replay."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    record = {key: value for key, value in (("member", located.member), ("record", located.record), ("field", located.field))
              if value not in ("", None)}
    for place in placed(located.text, repairs):
        repair = place.repair
        line, column = _in_file(located, place.line, place.column)
        end_line, end_column = _in_file(located, place.end_line, place.end_column)
        found = {"path": path, **record, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                 "start": repair.start, "end": repair.end, "rule": repair.rule,
                 "message": message(located.text, Finding([place], _kind(located.text, repair))),
                 "before": repair.before, "after": repair.after, "evidence": repair.evidence, "confidence": repair.confidence}
        try:
            yield encode(found).encode() + b"\n"
        except UnicodeEncodeError:  # lone surrogates
            yield json.dumps(found).encode() + b"\n"


def as_github(path: str, located: Located, repairs: list[Repair[str]]) -> Iterator[bytes]:
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
        told = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
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
    return _harmless(label).encode("utf-8", "surrogateescape" if os.name == "posix" else "replace")


def title(path: str, located: Located) -> bytes:
    """The name of a text: of a record with its place, as in path:3:text."""
    if not located.field:
        return name(path, located)
    return name(path, located) + f":{located.line}:{visible(located.field)}".encode()


def _harmless(label: str) -> str:
    """Without control characters."""
    from .progress import CONTROL

    return CONTROL.sub(lambda found: repr(found[0])[1:-1], label)
