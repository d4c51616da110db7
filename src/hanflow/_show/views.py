"""What `check` and `diff` show of a file, and of each text in it."""
from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .._formats.text import Comparison
from .._traced import Text
from . import findings
from .diff import by_rule, unified
from .inspection import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .._normalizer import Normalizer
    from ..formats import Located
    from .inspection import Write

NEWLINE = b"\n"
WRITTEN_AT_ONCE = 1 << 16  # bytes


@dataclass(frozen=True)
class Repairs:
    """Every repair, in one of findings.FORMATS."""

    normalizer: Normalizer
    form: str

    def __call__(self, source: str, write: Write) -> Visitor:
        form = findings.FORMATS[self.form]
        return _Shown(write, lambda located: form(source, located, located.steps(self.normalizer)))


@dataclass(frozen=True)
class Diff:
    """Unified, or in colour for a terminal."""

    normalizer: Normalizer
    coloured: bool

    def __call__(self, source: str, write: Write) -> Visitor:
        def shown(located: Located) -> Iterator[bytes]:
            label, steps = findings.title(source, located), located.steps(self.normalizer)
            if self.coloured:
                first = located.line if located.lines else 1
                return by_rule(located.text, steps, label.decode("utf-8", "replace"), first)
            return unified(located.text, steps, label, label, _line_encoding(located.encoding))

        return _Shown(write, shown)


class _Shown(Visitor):
    def __init__(self, write: Write, shown: Callable[[Located], Iterator[bytes]]) -> None:
        self._write, self._shown = write, shown

    def text(self, located: Located) -> bool:
        held = bytearray()
        found = False
        for piece in self._shown(located):
            found = True
            held += piece
            if len(held) >= WRITTEN_AT_ONCE:
                self._write(bytes(held))
                held.clear()
        if held:
            self._write(bytes(held))
        return found


@dataclass(frozen=True)
class Names:
    """The name of each file that would change, a line each; with `null` as it is, and NUL behind it."""

    normalizer: Normalizer
    null: bool

    def __call__(self, source: str, write: Write) -> Visitor:
        return _Name(self.normalizer, os.fsencode(source) + b"\0" if self.null else findings.name(source) + b"\n", write)


class _Name(Visitor):
    def __init__(self, normalizer: Normalizer, name: bytes, write: Write) -> None:
        self._normalizer, self._name, self._write = normalizer, name, write
        self._changed = False

    def text(self, located: Located) -> bool:
        if not self._changed:
            self._changed = _changes(self._normalizer, located)
        if isinstance(located.text, Text):  # to its end: the rest may be no text
            while located.text.next_piece() is not None:
                located.text.forget_all()
        return self._changed

    def end(self, changed: bool) -> None:
        if changed:
            self._write(self._name)


def _changes(normalizer: Normalizer, located: Located) -> bool:
    """Whether the text would change; a Text is read until that is known."""
    text = located.text
    if not isinstance(text, Text):
        data = located.as_bytes()
        return normalizer(text) != text if data is None else normalizer(data) != data
    stream = normalizer.stream(bytes)
    comparison = Comparison()
    while (piece := text.next_piece()) is not None:
        comparison.add(piece, stream.feed(piece))
        if comparison.differ(ended=False):
            return True
        text.forget_all()
    comparison.add(b"", stream.close())
    return comparison.differ()


def _line_encoding(name: Optional[str]) -> str:
    """That of a file, if a line feed is one byte in it, as `patch` needs it; else UTF-8."""
    return name if name and "\n".encode(name) == NEWLINE else "utf-8"
