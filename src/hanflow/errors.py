"""What is said of an input that cannot be taken."""
from __future__ import annotations

from typing import Any


def check_type(text: object, what: str) -> None:
    if isinstance(text, str):
        return
    try:
        memoryview(text).release()  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{what} must be str or bytes-like, not {type(text).__name__}") from None


def as_it_is(text: object, what: str) -> Any:
    """A str or bytes itself; of anything else a copy of its bytes, which somebody may change the next moment. TypeError says what
    it must be."""
    check_type(text, what)
    return text if isinstance(text, str) or type(text) is bytes else bytes(memoryview(text))  # type: ignore[arg-type]


def add_note(error: UnicodeDecodeError, note: str) -> None:
    """Says where the bad bytes are. Before Python 3.11 there are no notes: the reason has to carry it."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        error.reason = f"{error.reason} ({note})"
