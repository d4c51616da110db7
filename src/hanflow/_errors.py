"""What is said of an input that cannot be taken."""
from __future__ import annotations

from typing import Any


def check_type(text: object, what: str) -> None:
    if isinstance(text, (str, bytes)):
        return
    try:
        size = memoryview(text).itemsize  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):
        raise TypeError(f"{what} must be str or bytes-like, not {type(text).__name__}") from None
    if size != 1:  # an array of numbers or of characters
        raise TypeError(f"{what} must be str or bytes-like, not {type(text).__name__} of items of {size} bytes")


def as_it_is(text: object, what: str) -> Any:
    """A str or bytes itself; of anything else a copy of its bytes, which somebody may change the next moment. TypeError says what
    it must be."""
    check_type(text, what)
    if isinstance(text, bytes) and type(text) is not bytes:
        return b"".join((text,))
    return text if isinstance(text, (str, bytes)) else bytes(memoryview(text))  # type: ignore[arg-type]


def add_note(error: Any, note: str) -> None:
    """Says which input it is, or where in it. Before Python 3.11 there are no notes: the reason has to carry it."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        error.reason = f"{error.reason} ({note})"
