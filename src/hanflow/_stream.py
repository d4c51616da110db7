"""A text that comes in pieces."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Optional, Union, overload

from ._core import NormalizerBase, Pieces
from ._errors import add_note, check_type
from ._explain import Text

if TYPE_CHECKING:
    from types import TracebackType
    from typing import SupportsIndex

    from typing_extensions import Buffer

    from ._normalizer import Normalizer


class Stream(Generic[Text]):
    """Repairs a text in pieces, cut anywhere: the results, one behind the other, are what the whole gives.

    Made by ``Normalizer.stream()``. The pieces are all str or all bytes-like UTF-8, and so are the results; a character
    of bytes may be cut in two. A result comes when enough lines behind it have been seen, a megabyte or two later, so that
    many calls give nothing. Memory does not grow with the text, but a line is held whole. Not to be shared between threads,
    copied or pickled.

    ``with`` ends the text and lets the memory go, whatever happens inside. What is left of the result comes from ``close()``
    also then, inside the block or behind it::

        with n.stream(bytes) as stream:
            for piece in pieces:
                out.write(stream.feed(piece))
        out.write(stream.close())
    """

    __slots__ = ("_closed", "_failed", "_kind", "_normalizer", "_pieces", "_rest")
    _kind: Optional[type]
    _normalizer: Normalizer
    _pieces: Optional[Pieces]
    _rest: Any

    def __init__(self, normalizer: Normalizer, kind: Optional[type[Text]] = None) -> None:
        self._rest = None  # of the result, from the end of the text until it is taken
        if not isinstance(normalizer, NormalizerBase):
            raise TypeError(f"normalizer must be a Normalizer, not {type(normalizer).__name__}")
        if kind not in (None, str, bytes):
            raise ValueError(f"kind must be one of None, str, bytes, not {kind!r}")
        self._normalizer = normalizer
        self._kind = kind
        self._pieces = None
        self._closed = self._failed = False

    @property
    def closed(self) -> bool:
        """Whether the text has ended: by close(), by the end of a with block or by an error."""
        return self._closed

    @overload
    def feed(self: Stream[str], data: str) -> str: ...
    @overload
    def feed(self: Stream[bytes], data: Buffer) -> bytes: ...
    def feed(self, data: Union[str, Buffer]) -> Any:
        """Takes the next piece (any length) and returns what is finished of the result, often nothing.

        Raises TypeError for what is neither str nor bytes-like or not of the stream's kind, UnicodeDecodeError for
        bytes that are not UTF-8 (its note says where in the stream), ValueError when the stream is closed. After an error of
        the text the stream is closed.
        """
        self._check_open()
        check_type(data, "a piece")
        kind = str if isinstance(data, str) else bytes
        if self._kind is None:
            self._kind = kind
        elif kind is not self._kind:
            raise TypeError(f"the stream is of {self._kind.__name__}: a piece must be so too, not {type(data).__name__}")
        return self._fed(data, False)

    def close(self) -> Text:
        """Ends the text and returns the rest of the result: of the stream's kind, an empty str if that is not known.

        Once more it returns nothing, as an empty str or bytes. Raises UnicodeDecodeError if the text ends inside a character,
        ValueError after an error, by which the rest is lost.
        """
        if self._failed:
            raise ValueError("the stream was closed by an error: there is no rest")
        if not self._closed:
            self._end()
        empty = b"" if self._kind is bytes else ""
        rest, self._rest = self._rest, None
        return rest or empty  # type: ignore[return-value]

    def _end(self) -> None:
        self._rest = self._fed(b"" if self._kind is bytes else "", True)

    def _fed(self, data: Any, last: bool) -> Any:
        pieces = self._pieces or Pieces(self._normalizer._core, self._kind is not bytes, self._normalizer._preserve)
        self._pieces = None
        self._closed = self._failed = True  # unless all goes well
        try:
            result = pieces.feed(data, last)
        except UnicodeDecodeError as error:
            add_note(error, f"at byte {error.stream_range[0]} of the stream")  # type: ignore[attr-defined]
            raise
        if self._normalizer._convert and result:
            result = self._normalizer._converted(result)
        if not last:
            self._pieces = pieces
        self._closed, self._failed = last, False
        return result

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the stream is closed")

    def __enter__(self) -> Stream[Text]:
        self._check_open()
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if self._closed:
            return
        if kind is None:
            self._end()
        else:
            self._pieces = None
            self._closed = self._failed = True

    def __del__(self) -> None:
        if getattr(self, "_rest", None):
            warnings.warn("the rest of a stream's result was lost: write what close() returns", RuntimeWarning, stacklevel=2)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Stream cannot be copied or pickled: make another with Normalizer.stream()")
