"""A unified diff out of the repairs themselves: linear in the text, where difflib compares lines with lines."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .explain import Repair

CONTEXT = 3


class Block(NamedTuple):
    """Lines [start, start + len(old)) of the source become the new lines."""

    start: int
    old: list[bytes]
    new: list[bytes]


def unified(data: bytes, repairs: Sequence[Repair[Any]], old_name: bytes, new_name: bytes) -> Iterator[bytes]:
    """The lines of the diff, with their line ends; none where nothing changes."""
    lines = _split(data)
    hunks: list[list[Block]] = []
    for block in _blocks(data, repairs):
        if hunks and block.start - _end(hunks[-1][-1]) <= 2 * CONTEXT:
            hunks[-1].append(block)
        else:
            hunks.append([block])
    if hunks:
        yield b"--- " + old_name + b"\n"
        yield b"+++ " + new_name + b"\n"
    grown = 0  # lines that the new text has more so far
    for hunk in hunks:
        start = max(hunk[0].start - CONTEXT, 0)
        end = min(_end(hunk[-1]) + CONTEXT, len(lines))
        more = sum(len(block.new) - len(block.old) for block in hunk)
        yield b"@@ -%s +%s @@\n" % (_range(start, end - start), _range(start + grown, end - start + more))
        grown += more
        at = start
        for block in hunk:
            yield from (_line(b" ", line) for line in lines[at:block.start])
            yield from (_line(b"-", line) for line in block.old)
            yield from (_line(b"+", line) for line in block.new)
            at = _end(block)
        yield from (_line(b" ", line) for line in lines[at:end])


def _blocks(data: bytes, repairs: Sequence[Repair[Any]]) -> Iterator[Block]:
    line = position = 0  # the number of the line that starts at the position
    at = 0
    while at < len(repairs):
        begin = data.rfind(b"\n", 0, repairs[at].start) + 1
        end = copied = begin
        parts: list[bytes] = []
        while at < len(repairs) and (repairs[at].start < end or copied == begin and not parts):
            repair = repairs[at]
            parts += [data[copied:repair.start], repair.after]
            copied = repair.end
            newline = data.find(b"\n", max(repair.end, end - 1, begin))
            end = len(data) if newline < 0 else newline + 1
            at += 1
        parts.append(data[copied:end])
        old, new = _split(data[begin:end]), _split(b"".join(parts))
        head = tail = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        line += data.count(b"\n", position, begin)
        position = begin
        if len(old) != len(new) or head < len(old):
            yield Block(line + head, old[head:len(old) - tail], new[head:len(new) - tail])


def _split(data: bytes) -> list[bytes]:
    """Lines with their ends; only a line feed ends one."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _end(block: Block) -> int:
    return block.start + len(block.old)


def _range(start: int, count: int) -> bytes:
    # An empty range names the line before it.
    return b"%d" % (start + 1) if count == 1 else b"%d,%d" % (start + 1 if count else start, count)


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n\\ No newline at end of file\n"
