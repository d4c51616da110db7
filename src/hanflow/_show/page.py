"""One HTML file that shows what was changed, source and result side by side. It asks nothing of a network.

The file is page.html with page.css and page.js in it, and the data: passages in portions, each JSON (see _Portion), and tables
over all passages, by which the page finds those that a filter wants without unpacking the others. Both are packed with zlib,
in Base64, in script elements of a type that no browser runs; the page makes text nodes of what is in them, never markup.
"""
from __future__ import annotations

import base64
import hashlib
import json
import pickle
import re
import struct
import sys
import zlib
from array import array
from collections import Counter
from dataclasses import dataclass
from html import escape
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any, Union

from .._alignment import ALL_RULES
from .._bulk.progress import escaped, printable
from ..formats import Located
from .inspection import Target, Visitor
from .passages import passages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Callable

    from .._normalizer import Normalizer
    from .._traced import Step
    from .findings import AnyText
    from .passages import Passage

PORTION = 1 << 16  # code points of passages that the page unpacks at once
LENGTH = struct.Struct("<Q")
ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class Page:
    """A report that is being written: begin() a file, add() its texts, and at the end close(). Holds one portion, and some
    bytes for each passage and file."""

    def __init__(self, write: Callable[[bytes], object], normalizer: Normalizer, title: str = "") -> None:
        self._write = write
        self._normalizer = normalizer
        self._files: list[dict[str, Any]] = []
        self._part = Part(self.take)
        self._portion = _Portion()  # ends of files that are no portion of their own
        self._portions = array("I")  # the first passage of each
        self._passages = 0
        # For each passage the number of its cells; of each cell rule and confidence as one number, and how many such repairs.
        self._sizes, self._cells, self._counts = array("H"), array("H"), array("H")
        head, foot = _resource("page.html").split("{data}")
        style, script = _resource("page.css"), _resource("page.js")
        self._foot = foot.replace("{script}", script)
        parts = {"style": style, "style-hash": _hash(style), "script-hash": _hash(script),
                 "title": escape(f"hanflow report: {title}" if title else "hanflow report")}
        write(re.sub(r"\{([a-z-]+)\}", lambda match: parts[match[1]], head).encode("utf-8", "replace"))

    def begin(self, name: str) -> None:
        """What is added from now on is of this file."""
        self._part.end()
        self._files.append({"name": name, "first": self._passages, "failures": []})

    def add(self, text: AnyText, repairs: Iterable[Step], where: str = "", line: int = 1) -> bool:
        """See Part.add()."""
        return self._part.add(text, repairs, where, line)

    def take(self, portion: Portion) -> None:
        """A portion of the file that was begun last. Whole ones stand by themselves, the ends of files together."""
        content, sizes, cells, counts = portion
        if isinstance(content, bytes):
            self._flush()
            self._whole(content, self._passages)
        else:
            self._portion.take(content)
        self._passages += len(sizes)
        if self._portion.size >= PORTION:
            self._flush()
        self._sizes += sizes
        self._cells += cells
        self._counts += counts

    def fail(self, name: str, where: str, reason: str) -> None:
        """Something in this file, or all of it (where is ""), could not be repaired."""
        if not self._files or self._files[-1]["name"] != name:
            self.begin(name)
        self._files[-1]["failures"].append([where, reason])

    def close(self) -> None:
        from .. import __version__

        self._part.end()
        self._flush()
        options = repr(self._normalizer).partition("(")[2][:-1]  # that are not the default
        head = {"version": __version__, "options": options, "rules": ALL_RULES, "files": self._files}
        self._data("head", _packed(_json(head)))
        tables = {"portions": self._portions, "sizes": self._sizes, "cells": self._cells, "counts": self._counts}
        for name, numbers in tables.items():
            if sys.byteorder == "big":
                numbers.byteswap()
            self._data(name, _packed(numbers.tobytes()))
        self._write(self._foot.encode())

    def _flush(self) -> None:
        if self._portion.passages:
            self._whole(self._portion.packed(), self._passages - len(self._portion.passages))
            self._portion = _Portion()

    def _whole(self, packed: bytes, first: int) -> None:
        """A portion, and the number of its first passage."""
        self._data(f"portion-{len(self._portions)}", packed)
        self._portions.append(first)

    def _data(self, name: str, packed: bytes) -> None:
        self._write(b'<script type="application/octet-stream" id="%s">%s</script>\n' % (name.encode(), packed))


# Passages, packed if they are a whole portion; and of each the number of its cells, the cells, and their counts.
Portion = tuple[Union[bytes, "_Portion"], "array[int]", "array[int]", "array[int]"]


class Part:
    """The passages of one file, given away in portions."""

    def __init__(self, give: Callable[[Portion], object]) -> None:
        self._give = give
        self._begin()

    def _begin(self) -> None:
        self._portion = _Portion()
        self._sizes, self._cells, self._counts = array("H"), array("H"), array("H")

    def visit(self, located: Located, normalizer: Normalizer) -> bool:
        """A text of the file, as formats.each_text() gives it."""
        row = f"row {located.record}" if located.format in ("parquet", "arrow") else f"record at line {located.record}"
        parts = (located.member, row * (located.record is not None), located.field)
        return self.add(located.text, located.steps(normalizer), escaped(", ".join(filter(None, parts))),
                        located.line if located.lines else 1)

    def add(self, text: AnyText, repairs: Iterable[Step], where: str = "", line: int = 1) -> bool:
        """A text, and what explain() lists of it; whether that is anything. where: its place in the file, if it is not all of
        it. line: the number of its first line."""
        found = False
        for passage in passages(text, repairs):
            found = True
            counts = self._portion.add(text, passage, where, line)
            self._sizes.append(len(counts))
            self._cells.extend(counts.keys())
            self._counts.extend(counts.values())
            if self._portion.size >= PORTION:
                self._give((self._portion.packed(), self._sizes, self._cells, self._counts))
                self._begin()
        return found

    def end(self) -> None:
        if self._portion.passages:
            self._give((self._portion, self._sizes, self._cells, self._counts))
        self._begin()


@dataclass(frozen=True)
class Passages:
    """The view of `hanflow report`: portions, pickled, each behind its length."""

    normalizer: Normalizer

    def __call__(self, source: str, write: Callable[[bytes], object]) -> Visitor:
        return _Passages(self.normalizer, write)


class _Passages(Visitor):
    def __init__(self, normalizer: Normalizer, write: Callable[[bytes], object]) -> None:
        self._normalizer = normalizer
        self._part = Part(lambda portion: write(_framed(portion)))

    def text(self, located: Located) -> bool:
        return self._part.visit(located, self._normalizer)

    def end(self, changed: bool) -> None:
        self._part.end()


def _framed(portion: Portion) -> bytes:
    data = pickle.dumps(portion, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


class Pages(Target):
    """What Passages shows, into a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held = bytearray()

    def begin(self, source: str) -> None:
        self._page.begin(escaped(printable(source)))

    def write(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= LENGTH.size and len(self._held) >= (end := LENGTH.size + LENGTH.unpack_from(self._held)[0]):
            self._page.take(pickle.loads(self._held[LENGTH.size:end]))
            del self._held[:end]

    def fail(self, source: str, where: str, reason: str) -> None:
        self._page.fail(escaped(printable(source)), escaped(where), escaped(reason))


class _Portion:
    """Passages as the page gets them. Lengths are in UTF-16 units, as in JavaScript.

    kinds:    of repairs: [rule, length of what was there, what became of it, confidence, evidence].
    passages: [place in the file, line, lines left out, whether it begins and ends inside a line, line before, text, line
              behind, repairs: of each how far it begins behind the end of the last one, and its kind].
    """

    def __init__(self) -> None:
        self.size = 0
        self.kinds: dict[tuple[str, int, str, int, str], int] = {}
        self.cells: list[int] = []  # of each kind
        self.passages: list[list[Any]] = []

    def add(self, text: AnyText, passage: Passage, where: str, line: int) -> Counter[int]:
        """The number of its repairs by cell."""
        begin, end, inner_line, left_out, before, after, repairs = passage
        shown = text[begin:end]
        wide = ASTRAL.search(shown) is not None
        kinds, done = self.kinds, begin
        placed: list[int] = []
        for repair in repairs:
            length = _units(repair.before) if wide else repair.end - repair.start
            kind = (repair.rule, length, repair.after, repair.confidence, repair.evidence)
            number = kinds.get(kind, -1)
            if number < 0:
                number = kinds[kind] = len(kinds)
                self.cells.append(ALL_RULES.index(repair.rule) * 101 + repair.confidence)
            placed += (_units(shown[done - begin:repair.start - begin]) if wide else repair.start - done, number)
            done = repair.end
        inside = (begin > 0 and text[begin - 1:begin] != "\n") + 2 * (shown[-1:] != "\n" and text[end:end + 1] != "")
        self.passages.append([where, line - 1 + inner_line, left_out, inside, before, shown, after, placed])
        self.size += len(shown) + len(before) + len(after) + len(placed) + 50
        return Counter(map(self.cells.__getitem__, placed[1::2]))

    def take(self, other: _Portion) -> None:
        """Its passages behind one's own. Cells are not looked at any more."""
        numbers = [self.kinds.setdefault(kind, len(self.kinds)) for kind in other.kinds]
        for passage in other.passages:
            placed = passage[-1]
            placed[1::2] = map(numbers.__getitem__, placed[1::2])
        self.passages += other.passages
        self.size += other.size

    def packed(self) -> bytes:
        return _packed(_json({"kinds": list(self.kinds), "passages": self.passages}))


def _packed(data: bytes) -> bytes:
    return base64.b64encode(zlib.compress(data))


def _units(text: str) -> int:
    return len(text) + len(ASTRAL.findall(text))


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # lone surrogates go as escapes
        return json.dumps(value, separators=(",", ":")).encode()


def _resource(name: str) -> str:
    return (resources("hanflow._show") / name).read_text("utf-8")


def _hash(text: str) -> str:
    """As Content-Security-Policy has it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
