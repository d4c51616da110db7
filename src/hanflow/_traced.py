"""A text of any length and its repairs, both as they come: what `check`, `diff` and `report` read."""
from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Optional, Union

from ._core import TracedPieces
from ._explain import Repair, _with_conversion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._normalizer import Normalizer

# A repair; or a position, before which none of the repairs to come begins.
Step = Union[Repair[str], int]

PIECE = 1 << 17  # code points of a str that are looked at at once
AT_ONCE = 1 << 10  # repairs that are made at once
KEPT = 1 << 16  # code points behind what is needed that may stay


class Text:
    """A text that comes in pieces. It is read like a str, by positions in the whole: what has not come yet is fetched, what
    stands before the last forget() is gone.

    pieces:   (UTF-8, the same as str), with whole characters in each str. Bytes that are not UTF-8 are lone surrogates in it.
    is_text:  the text is a str, and its lone surrogates are encoded by "surrogatepass".
    preserve: the text is bytes, and those that are not UTF-8 are lone surrogates in the str, as by "surrogateescape".
    """

    def __init__(self, pieces: Iterator[tuple[bytes, str]], is_text: bool = False, preserve: bool = False) -> None:
        self.is_text, self.preserve = is_text, preserve
        self._pieces: Optional[Iterator[tuple[bytes, str]]] = pieces
        self._ahead: deque[bytes] = deque()  # not given by next_piece() yet
        self._held, self._base = "", 0
        self._forgotten = 0

    @classmethod
    def of(cls, text: str, is_text: bool) -> Text:
        """Of a str that is held anyway. Not is_text: its lone surrogates are bytes."""
        parts = (text[at:at + PIECE] for at in range(0, len(text), PIECE))
        errors = "surrogatepass" if is_text else "surrogateescape"
        return cls(((part.encode("utf-8", errors), part) for part in parts), is_text, not is_text)

    def next_piece(self) -> Optional[bytes]:
        """The UTF-8 piece by piece, beside what is read as str. None at the end."""
        while not self._ahead:
            if not self._fetch():
                return None
        return self._ahead.popleft()

    def forget(self, position: int) -> None:
        """What stands before it is not asked for any more."""
        if position - self._base > max(KEPT, len(self._held) >> 2):
            self._held = self._held[position - self._base:]
            self._base = position

    def forget_all(self) -> None:
        self._base += len(self._held)
        self._held = ""

    def _fetch(self) -> bool:
        found = next(self._pieces, None) if self._pieces is not None else None
        if found is None:
            self._pieces = None
            return False
        self._ahead.append(found[0])
        self._held += found[1]
        return True

    def _reach(self, position: int) -> None:
        while self._base + len(self._held) < position and self._fetch():
            pass

    def __str__(self) -> str:
        """All of it, held whole."""
        end = len(self)
        if self._base:
            raise ValueError("the text has been read: its start is gone")
        return self[0:end]

    def __len__(self) -> int:
        while self._fetch():
            pass
        return self._base + len(self._held)

    def __getitem__(self, part: slice) -> str:
        start, stop = part.start - self._base, part.stop - self._base
        assert start >= 0, "what was forgotten is asked for"
        if stop > len(self._held):
            self._reach(part.stop)
        return self._held[start:stop]

    def count(self, what: str, start: int, end: int) -> int:
        self._reach(end)
        return self._held.count(what, start - self._base, max(end - self._base, 0))

    def rfind(self, what: str, start: int, end: int) -> int:
        self._reach(end)
        found = self._held.rfind(what, start - self._base, max(end - self._base, 0))
        return found + self._base if found >= 0 else -1

    def find(self, what: str, start: int, end: Optional[int] = None) -> int:
        """what: one character."""
        at = start - self._base
        while True:
            found = self._held.find(what, at) if end is None else self._held.find(what, at, max(end - self._base, 0))
            if found >= 0:
                return found + self._base
            at = max(at, len(self._held))
            if (end is not None and self._base + len(self._held) >= end) or not self._fetch():
                return -1


def steps(normalizer: Normalizer, text: Text) -> Iterator[Step]:
    """What explain() lists, as it becomes known; now and then, and at last, how far that is."""
    found = _native_steps(normalizer, text)
    return found if normalizer._convert is None else _converted(text, found, normalizer._convert)


def _native_steps(normalizer: Normalizer, text: Text) -> Iterator[Step]:
    traced = TracedPieces(normalizer._core, text.is_text, text.preserve)
    last = False
    while not last:
        piece = text.next_piece()
        last = piece is None
        traced.feed(piece or b"", last)
        while some := traced.some(AT_ONCE):
            yield from some
            yield some[-1].end
        yield traced.settled()


def _converted(text: Text, found: Iterator[Step], convert: Callable[[str], str]) -> Iterator[Step]:
    """With OpenCC's own. Its phrases do not cross line ends: text is converted up to the last one that is settled."""
    begin = 0
    held: list[Repair[str]] = []
    settled = 0
    for step in found:
        if not isinstance(step, int):
            held.append(step)
            continue
        settled = max(settled, step)
        # Some text at once: the end may lie behind the last repair only, so that nothing stands across it.
        end = text.rfind("\n", max(begin, held[-1].end if held else 0), settled) + 1
        if end - begin >= PIECE // 2:
            yield from _part(text, begin, end, held, convert)
            yield end
            begin, held = end, []
    end = len(text)
    yield from _part(text, begin, end, held, convert)
    yield end


def _part(text: Text, begin: int, end: int, held: list[Repair[str]], convert: Callable[[str], str]) -> Iterator[Repair[str]]:
    near = [repair._replace(start=repair.start - begin, end=repair.end - begin) for repair in held]
    for repair in _with_conversion(text[begin:end], near, convert):
        yield repair._replace(start=repair.start + begin, end=repair.end + begin)
