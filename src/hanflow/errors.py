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


def add_note(error: Any, note: str) -> None:
    """Says which input it is, or where in it. Before Python 3.11 there are no notes: the reason has to carry it."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        error.reason = f"{error.reason} ({note})"
