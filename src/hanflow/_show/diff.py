"""What would change, out of the repairs themselves: as a unified diff, or rule by rule for a terminal. Linear in the text, where
difflib compares lines with lines; what is long goes through a file without a name."""
from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple, Optional, Union

from .._explain import RULES
from .findings import Placed, forgetting, placed, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._explain import Repair
    from .._traced import Step
    from .findings import AnyText

HELD = 1 << 20  # bytes of a hunk, or of a rule's rows, in memory
READ_AT_ONCE = 1 << 16
CONTEXT = 3  # lines
AROUND = 24  # characters beside a repair that a passage shows at least
TOGETHER = 10_000  # replaced characters that are shown as one stretch
SHORT = 5  # characters: the end of a line that is nearer belongs to a vertical run
UNSURE = 90  # per cent: why a less sure repair is made stands beside it

BOLD, DIM, CYAN, OLD, NEW, PLAIN = (f"\x1b[{code}m" for code in ("1", "2", "1;36", "37;41", "30;42", "0"))
ORDER = (*RULES, "opencc")
# White space that goes.
SEEN = str.maketrans({" ": "␣", "\u3000": "␣␣", "\t": "→"})


class Block(NamedTuple):
    """The lines text[begin:end], of which those old become new."""

    begin: int
    end: int
    old: list[str]
    new: list[str]


def unified(text: AnyText, repairs: Iterable[Step], old_name: bytes, new_name: bytes, encoding: str) -> Iterator[bytes]:
    """The diff in this encoding; nothing where nothing changes."""
    forget = forgetting(text)
    hunk: Optional[_Hunk] = None
    line = position = 0  # the number of a line, and where it begins: in front of it nothing is asked for
    grown = 0  # lines that the new text has more so far
    named = False
    for block in _blocks(text, repairs):
        begin = block if isinstance(block, int) else block.begin
        if hunk is not None and text.count("\n", hunk.end, begin) > 2 * CONTEXT:
            yield from hunk.ended(text, grown)
            line, position, grown = hunk.start + hunk.old, hunk.end, grown + hunk.new - hunk.old
            hunk = None
        if hunk is None:
            above = _lines_above(text, begin, position)
            line, position = line + text.count("\n", position, above), above
        if isinstance(block, int):
            forget(hunk.end if hunk is not None else position)
            continue
        if hunk is None:
            hunk = _Hunk(line, position, encoding)
        if not named:
            yield b"--- " + old_name + b"\n+++ " + new_name + b"\n"
            named = True
        hunk.add(text, block)
    if hunk is not None:
        yield from hunk.ended(text, grown)


def _lines_above(text: AnyText, begin: int, least: int) -> int:
    """Where the lines of context in front of a line begin."""
    for _ in range(CONTEXT):
        if begin > least:
            begin = max(text.rfind("\n", least, begin - 1) + 1, least)
    return begin


class _Hunk:
    """Lines from number `start` on, up to the position `end` in the text: so many old, so many new."""

    def __init__(self, start: int, begin: int, encoding: str) -> None:
        self.start, self.end = start, begin
        self.old = self.new = 0
        self._encoding = encoding
        self._lines = SpooledTemporaryFile(HELD)

    def add(self, text: AnyText, block: Block) -> None:
        self._unchanged(text, block.begin)
        self._write("-", block.old)
        self._write("+", block.new)
        self.old += len(block.old)
        self.new += len(block.new)
        self.end = block.end

    def ended(self, text: AnyText, grown: int) -> Iterator[bytes]:
        end = self.end
        for _ in range(CONTEXT):
            newline = text.find("\n", end)
            end = newline + 1 if newline >= 0 else len(text)
        self._unchanged(text, end)
        yield b"@@ -%s +%s @@\n" % (_range(self.start, self.old), _range(self.start + grown, self.new))
        with self._lines as file:
            file.seek(0)
            while piece := file.read(READ_AT_ONCE):
                yield piece

    def _unchanged(self, text: AnyText, end: int) -> None:
        lines = _split(text[self.end:end])
        self._write(" ", lines)
        self.old += len(lines)
        self.new += len(lines)
        self.end = end

    def _write(self, sign: str, lines: list[str]) -> None:
        for line in lines:
            self._lines.write(_line(sign, line, self._encoding))


def _blocks(text: AnyText, repairs: Iterable[Step]) -> Iterator[Union[Block, int]]:
    """What the repairs make of lines; between them the begin of a line in front of those to come."""
    begin = end = copied = 0  # of the block
    parts: list[str] = []
    for step in repairs:
        start = step if isinstance(step, int) else step.start
        if parts and start >= end:
            yield from _block(text, begin, end, "".join([*parts, text[copied:end]]))
            parts = []
        if not parts:
            begin = end = copied = max(text.rfind("\n", end, start) + 1, end)
        if isinstance(step, int):
            yield begin
            continue
        parts += [text[copied:start], step.after]
        copied = step.end
        newline = text.find("\n", max(copied, end - 1, begin))
        end = len(text) if newline < 0 else newline + 1
    if parts:
        yield from _block(text, begin, end, "".join([*parts, text[copied:end]]))


def _block(text: AnyText, begin: int, end: int, becomes: str) -> Iterator[Block]:
    """Without the lines at both ends that stay; none if all do."""
    old, new = _split(text[begin:end]), _split(becomes)
    head = tail = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        begin += len(old[head])
        head += 1
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
        end -= len(old[-tail])
    if len(old) != len(new) or head < len(old):
        yield Block(begin, end, old[head:len(old) - tail], new[head:len(new) - tail])


def _split(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


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


def by_rule(text: AnyText, repairs: Iterable[Step], label: str, first: int = 1) -> Iterator[bytes]:
    """For a terminal: a heading, and for each rule the source lines that it changes, with their numbers from `first` on. What goes
    stands on red, line ends as ⏎ and gaps as ␣; what comes on green. Other rules' changes are not shown there. Nothing where
    nothing changes."""
    forget = forgetting(text)
    rules: dict[str, _Rows] = {}
    for place in placed(text, repairs):
        if isinstance(place, int):
            for rows in rules.values():
                rows.settle(place)
            forget(place - 3 * AROUND)
            continue
        rule = place.repair.rule
        if rule not in rules:
            rules[rule] = _Rows(text, first - 1)
        rules[rule].add(place)
    if not rules:
        return
    count = sum(rows.count for rows in rules.values())
    yield f"{BOLD}{label}{PLAIN}: {count} repair{'' if count == 1 else 's'}\n".encode()
    for rule in sorted(rules, key=ORDER.index):
        yield f"{CYAN}{rule}{PLAIN} {rules[rule].count}\n".encode()
        yield from rules[rule].ended()
    yield b"\n"


class _Rows:
    """Those of a rule: one for each source line that a repair touches; a vertical run is one row."""

    def __init__(self, text: AnyText, above: int) -> None:
        self.count = 0
        self._text, self._above = text, above
        self._together: list[Placed] = []  # characters that are replaced one behind the other
        self._line = self._at = 0  # how far the row goes
        self._behind = ""  # what stands there
        self._least: Optional[Repair[str]] = None  # sure of the row
        self._rows = SpooledTemporaryFile(HELD)

    def add(self, place: Placed) -> None:
        self.count += 1
        if self._together:
            repair, before = place.repair, self._together[-1].repair
            if not (repair.start == before.end and repair.after and repair.before.isprintable() and before.after
                    and len(self._together) < TOGETHER):
                self._flush()
        self._together.append(place)

    def settle(self, position: int) -> None:
        """No repair to come begins before it."""
        if self._together and self._together[-1].repair.end < position:
            self._flush()

    def ended(self) -> Iterator[bytes]:
        self._flush()
        self._end()
        with self._rows as file:
            file.seek(0)
            while piece := file.read(READ_AT_ONCE):
                yield piece

    def _flush(self) -> None:
        if not self._together:
            return
        first, last, text = self._together[0], self._together[-1], self._text
        repair = _one([place.repair for place in self._together])
        self._together = []
        start = repair.start
        if first.line == self._line:
            far = start - self._at > 2 * AROUND
            self._write(_plain(f"{self._behind[:AROUND]}…{text[start - AROUND:start]}" if far else text[self._at:start]))
        else:
            if self._line:
                self._end()
            length = first.column - 1
            self._begin(first.line, text[start - length:start] if length <= AROUND + 1 else "…" + text[start - AROUND:start])
        self._write(_changed(repair))
        self._line, self._at = last.end_line, repair.end
        self._behind = text[self._at:self._at + AROUND + 2]
        if repair.confidence < UNSURE and (self._least is None or repair.confidence < self._least.confidence):
            self._least = repair
        # The line may go on for a few characters only, as those of a vertical run do.
        short = len(self._behind) <= SHORT or "\n" in self._behind[:SHORT]
        if last.end_line != first.line and not (repair.rule == "vertical" and short):
            self._doubt()
            self._begin(self._line, "")

    def _begin(self, line: int, before: str) -> None:
        self._write(f"{DIM}{self._above + line:>6}{PLAIN}  {_plain(before)}")

    def _end(self) -> None:
        rest = self._behind.partition("\n")[0]
        self._write(_plain(rest if len(rest) <= AROUND + 1 else rest[:AROUND] + "…"))
        self._doubt()

    def _doubt(self) -> None:
        least, self._least = self._least, None
        self._write(f"  {DIM}{least.confidence} %: {least.evidence}{PLAIN}\n" if least else "\n")

    def _write(self, shown: str) -> None:
        self._rows.write(shown.encode())


def _one(repairs: list[Repair[str]]) -> Repair[str]:
    if len(repairs) == 1:
        return repairs[0]
    before, after = ("".join(texts) for texts in zip(*((repair.before, repair.after) for repair in repairs)))
    return repairs[0]._replace(end=repairs[-1].end, before=before, after=after)


def _changed(repair: Repair[str]) -> str:
    old, new = shortened(repair.before).translate(SEEN), shortened(repair.after)
    if not new.strip():
        new = new.translate(SEEN)
    return (f"{OLD}{visible(old)}{PLAIN}" if old else "") + (f"{NEW}{visible(new)}{PLAIN}" if new else "")


def _plain(text: str) -> str:
    """White space as it is, but nothing that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or (c.isspace() and c >= "\xa0" and c not in "\u2028\u2029") else visible(c) for c in text.rstrip("\r"))
