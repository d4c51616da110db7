"""What would change, out of the repairs themselves: as a unified diff, or rule by rule for a terminal. Linear in the text, where
difflib compares lines with lines."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .explain import RULES
from .findings import placed, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .explain import Repair

CONTEXT = 3  # lines
AROUND = 24  # characters beside a repair that a passage shows at least
SHORT = 5  # characters: the end of a line that is nearer belongs to a vertical run
UNSURE = 90  # per cent: why a less sure repair is made stands beside it

BOLD, DIM, CYAN, OLD, NEW, PLAIN = (f"\x1b[{code}m" for code in ("1", "2", "1;36", "37;41", "30;42", "0"))
ORDER = (*RULES, "opencc")
# White space that goes.
SEEN = str.maketrans({" ": "␣", "\u3000": "␣␣", "\t": "→"})


class Block(NamedTuple):
    """Lines [start, start + len(old)) of the source become the new lines."""

    start: int
    old: list[str]
    new: list[str]


def unified(text: str, repairs: Sequence[Repair[str]], old_name: bytes, new_name: bytes, encoding: str) -> Iterator[bytes]:
    """The lines of the diff in this encoding, with their line ends; none where nothing changes."""
    lines = _split(text)
    hunks: list[list[Block]] = []
    for block in _blocks(text, repairs):
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
            yield from (_line(" ", line, encoding) for line in lines[at:block.start])
            yield from (_line("-", line, encoding) for line in block.old)
            yield from (_line("+", line, encoding) for line in block.new)
            at = _end(block)
        yield from (_line(" ", line, encoding) for line in lines[at:end])


def _blocks(text: str, repairs: Sequence[Repair[str]]) -> Iterator[Block]:
    line = position = 0  # the number of the line that starts at the position
    at = 0
    while at < len(repairs):
        begin = text.rfind("\n", 0, repairs[at].start) + 1
        end = copied = begin
        parts: list[str] = []
        while at < len(repairs) and (repairs[at].start < end or copied == begin and not parts):
            repair = repairs[at]
            parts += [text[copied:repair.start], repair.after]
            copied = repair.end
            newline = text.find("\n", max(repair.end, end - 1, begin))
            end = len(text) if newline < 0 else newline + 1
            at += 1
        parts.append(text[copied:end])
        old, new = _split(text[begin:end]), _split("".join(parts))
        head = tail = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        line += text.count("\n", position, begin)
        position = begin
        if len(old) != len(new) or head < len(old):
            yield Block(line + head, old[head:len(old) - tail], new[head:len(new) - tail])


def _split(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _end(block: Block) -> int:
    return block.start + len(block.old)


def _range(start: int, count: int) -> bytes:
    # An empty range names the line before it.
    return b"%d" % (start + 1) if count == 1 else b"%d,%d" % (start + 1 if count else start, count)


def _line(sign: str, line: str, encoding: str) -> bytes:
    ended = line.endswith("\n")
    text = sign + line if ended else sign + line + "\n"
    try:
        data = text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:  # other lone surrogates, and what the encoding lacks
        data = text.encode(encoding, "backslashreplace")
    return data if ended else data + b"\\ No newline at end of file\n"


def by_rule(text: str, repairs: Sequence[Repair[str]], label: str, first: int = 1) -> Iterator[str]:
    """Lines for a terminal: a heading, and for each rule the source lines that it changes, with their numbers from `first` on.
    What goes stands on red, line ends as ⏎ and gaps as ␣; what comes on green. Other rules' changes are not shown there."""
    rules: dict[str, list[Repair[str]]] = {}
    for repair in repairs:
        rules.setdefault(repair.rule, []).append(repair)
    yield f"{BOLD}{label}{PLAIN}: {len(repairs)} repair{'' if len(repairs) == 1 else 's'}\n"
    for rule in sorted(rules, key=ORDER.index):
        yield f"{CYAN}{rule}{PLAIN} {len(rules[rule])}\n"
        yield from _rows(text, rules[rule], first - 1)
    yield "\n"


def _rows(text: str, repairs: Sequence[Repair[str]], above: int) -> Iterator[str]:
    """A row for each source line that a repair touches; a vertical run is one row."""
    row: list[str] = []
    doubts: list[Repair[str]] = []
    line = at = 0  # how far the row goes
    for place in placed(text, _together(repairs)):
        repair = place.repair
        if place.line == line:
            row.append(_between(text[at:repair.start]))
        else:
            if line:
                yield _ended(row, doubts, text, at)
            begin = repair.start - place.column + 1
            row, doubts = [_number(above + place.line), _before(text[begin:repair.start])], []
        row.append(_changed(repair))
        line, at = place.end_line, repair.end
        if repair.confidence < UNSURE:
            doubts.append(repair)
        if place.end_line != place.line and not (repair.rule == "vertical" and _is_short(text, at)):
            yield "".join(row) + _doubted(doubts) + "\n"
            row, doubts = [_number(above + line)], []
    yield _ended(row, doubts, text, at)


def _is_short(text: str, at: int) -> bool:
    """Whether the line goes on for a few characters at most, as those of a vertical run do."""
    return at + SHORT >= len(text) or text.find("\n", at, at + SHORT) >= 0


def _together(repairs: Sequence[Repair[str]]) -> Iterator[Repair[str]]:
    """Characters that are replaced one behind the other as one stretch."""
    held: list[Repair[str]] = []
    for repair in repairs:
        if held and not (repair.start == held[-1].end and repair.after and repair.before.isprintable() and held[-1].after):
            yield _one(held)
            held = []
        held.append(repair)
    if held:
        yield _one(held)


def _one(repairs: list[Repair[str]]) -> Repair[str]:
    if len(repairs) == 1:
        return repairs[0]
    before, after = ("".join(texts) for texts in zip(*((repair.before, repair.after) for repair in repairs)))
    return repairs[0]._replace(end=repairs[-1].end, before=before, after=after)


def _number(line: int) -> str:
    return f"{DIM}{line:>6}{PLAIN}  "


def _ended(row: list[str], doubts: list[Repair[str]], text: str, at: int) -> str:
    """The row with the rest of its line."""
    end = text.find("\n", at)
    rest = text[at:end] if end >= 0 else text[at:]
    return "".join(row) + _plain(rest if len(rest) <= AROUND + 1 else rest[:AROUND] + "…") + _doubted(doubts) + "\n"


def _before(text: str) -> str:
    return _plain(text if len(text) <= AROUND + 1 else "…" + text[-AROUND:])


def _between(text: str) -> str:
    return _plain(shortened(text, 2 * AROUND))


def _changed(repair: Repair[str]) -> str:
    old, new = shortened(repair.before).translate(SEEN), shortened(repair.after)
    if not new.strip():
        new = new.translate(SEEN)
    return (f"{OLD}{visible(old)}{PLAIN}" if old else "") + (f"{NEW}{visible(new)}{PLAIN}" if new else "")


def _doubted(repairs: list[Repair[str]]) -> str:
    if not repairs:
        return ""
    least = min(repairs, key=lambda repair: repair.confidence)
    return f"  {DIM}{least.confidence} %: {least.evidence}{PLAIN}"


def _plain(text: str) -> str:
    """White space as it is, but nothing that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or (c.isspace() and c >= "\xa0") else visible(c) for c in text.rstrip("\r"))
