"""Plain text: any length, in pieces."""
from __future__ import annotations

import codecs
from itertools import chain
from typing import TYPE_CHECKING, Union

from .._core import TracedPieces
from .._explain import RULES
from .._traced import Text
from .account import PIECE, FormatError, Located, not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable, Optional

    from .._stream import Stream
    from .account import Account


def repair(read: Callable[[int], bytes], write: Callable[[bytes], object], account: Account) -> None:
    """UTF-8 in, UTF-8 out. read(n): up to n bytes, none at the end."""
    comparison = Comparison()
    stream: Union[Stream[bytes], _Counting, None] = None
    lines, piece = 0, read(PIECE)
    try:
        while piece:
            following = read(PIECE)
            if stream is None and not following:  # all of it: nothing needs to be held back
                result = account.repaired(piece)
                lines += piece.count(b"\n")
            else:
                if stream is None:
                    stream = _Counting(account) if account.settings.counts else account.settings.normalizer.stream(bytes)
                result = stream.feed(piece)
                lines += piece.count(b"\n")
                if not following:
                    result += stream.close()
            comparison.add(piece, result)
            write(result)
            piece = following
    except UnicodeDecodeError as error:
        lines += piece.count(b"\n", 0, error.start)
        reason = not_utf8(error, advise=True)
        error.start, error.end = getattr(error, "stream_range", (error.start, error.end))  # in all of it, not in the piece
        raise FormatError(f"byte {error.start} (line {lines + 1})", reason) from error
    account.changed = comparison.differ()


class _Counting:
    """A stream whose repairs are counted."""

    def __init__(self, account: Account) -> None:
        normalizer = account.settings.normalizer
        self._account, self._pieces = account, TracedPieces(normalizer._core, False, normalizer._preserve)
        self._convert = normalizer._converted if normalizer._convert else lambda result: result

    def feed(self, piece: bytes) -> bytes:
        return self._fed(piece, False)

    def close(self) -> bytes:
        rest = self._fed(b"", True)
        self._account.repairs.update({rule: number for rule, number in zip(RULES, self._pieces.counts) if number})
        return rest

    def _fed(self, piece: bytes, last: bool) -> bytes:
        result = self._pieces.feed(piece, last)
        self._pieces.settled()  # so that it lets the piece go
        converted: bytes = self._convert(result)
        return converted


def texts(read: Callable[[int], bytes], account: Account) -> Iterator[Located]:
    """The text: a short one as a str, any other in pieces."""
    errors = account.settings.error_handler
    pieces = _decoded(read, errors)
    first, second = next(pieces), next(pieces, None)
    text = first[1] if second is None else Text(chain((first, second), pieces), preserve=errors != "strict")
    yield Located(text, lines=True, coded=True)
    if isinstance(text, Text):  # what nobody has read may not be UTF-8
        while text.next_piece() is not None:
            text.forget_all()


def _decoded(read: Callable[[int], bytes], errors: str) -> Iterator[tuple[bytes, str]]:
    """The pieces, and the whole characters that come with each; at least one. FormatError says where it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    size, lines, piece = 0, 0, read(PIECE)
    while True:
        following = read(PIECE) if piece else b""
        held = len(decoder.getstate()[0])  # the start of a character, from the piece before
        try:
            text = decoder.decode(piece, not following)
        except UnicodeDecodeError as error:
            line = lines + error.object.count(b"\n", 0, error.start) + 1
            raise FormatError(f"byte {size - held + error.start} (line {line})", not_utf8(error, advise=True)) from error
        yield piece, text
        if not following:
            return
        size += len(piece)
        lines += text.count("\n")
        piece = following


class Comparison:
    """Whether a source and a result, which comes later, are the same. Holds what the result lacks yet."""

    def __init__(self) -> None:
        self._ahead: Optional[bytearray] = bytearray()

    def add(self, source: bytes, result: bytes) -> None:
        if self._ahead is None or (source is result and not self._ahead):
            return
        self._ahead += source
        if self._ahead.startswith(result):
            del self._ahead[:len(result)]
        else:
            self._ahead = None

    def differ(self, ended: bool = True) -> bool:
        """At the end of both; else whether that is known already."""
        return self._ahead is None or (ended and len(self._ahead) > 0)
