"""A text that comes in pieces."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union, overload

from ._core import Pieces
from .errors import add_note, check_type

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .normalizer import Normalizer


class Stream:
    """Repairs a text in pieces, cut anywhere: the results, one behind the other, are what the whole gives.

    Made by ``Normalizer.stream()``. The pieces are all str or all bytes-like UTF-8, and so are the results; a character
    of bytes may be cut in two. A result comes when enough lines behind it have been seen, a megabyte or two later, so that
    many calls give nothing. Memory does not grow with the text, but a line is held whole. Not to be shared between threads.
    """

    __slots__ = ("_kind", "_normalizer", "_pieces")
    _kind: Optional[type]
    _normalizer: Normalizer
    _pieces: Optional[Pieces]

    def __init__(self, normalizer: Normalizer) -> None:
        self._normalizer = normalizer
        self._kind = None
        self._pieces = None

    @overload
    def feed(self, data: str) -> str: ...
    @overload
    def feed(self, data: Buffer) -> bytes: ...
    def feed(self, data: Union[str, Buffer]) -> Any:
        """Takes the next piece (any length) and returns what is finished of the result, often nothing.

        Raises TypeError for what is neither str nor bytes-like or not of the first piece's kind, UnicodeDecodeError for
        bytes that are not UTF-8 (its note says where in the stream), ValueError when the stream is closed. After an error
        the stream is closed.
        """
        return self._fed(data, False)

    def close(self) -> Union[str, bytes]:
        """Ends the text and returns the rest of the result: of the pieces' kind, an empty str if none came."""
        rest: Union[str, bytes] = self._fed(b"" if self._kind is bytes else "", True)
        return rest

    def _fed(self, data: Any, last: bool) -> Any:
        if self._kind is type(None):
            raise ValueError("the stream is closed")
        check_type(data, "a piece")
        kind = str if isinstance(data, str) else bytes
        if self._kind is None:
            self._kind = kind
        elif kind is not self._kind:
            raise TypeError(f"the pieces before were {self._kind.__name__}: a piece must be so too, not {type(data).__name__}")
        pieces = self._pieces or Pieces(self._normalizer._core, kind is str, self._normalizer._preserve)
        self._pieces, self._kind = None, type(None)  # closed, unless all goes well
        try:
            result = pieces.feed(data, last)
        except UnicodeDecodeError as error:
            add_note(error, f"at byte {error.stream_position} of the stream")  # type: ignore[attr-defined]
            raise
        if not last:
            self._pieces, self._kind = pieces, kind
        return self._normalizer._converted(result) if self._normalizer._convert and result else result
