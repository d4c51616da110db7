"""A page of all changes: one HTML file that shows source and result side by side."""
from __future__ import annotations

from typing import TYPE_CHECKING, cast

from . import _files as files
from ._core import NormalizerBase
from ._show.page import Page
from .formats import Located

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO, Callable

    from ._normalizer import File, Normalizer

__all__ = ["report"]


def report(normalizer: Normalizer, texts: Iterable[tuple[str, str]], target: File) -> None:
    """Writes the HTML page that shows what `normalizer` changes in the texts.

    texts:  (name, text) of each; may be an iterator, one text is held at a time.
    target: a path, which is replaced at once at the end, or a binary file object.

        report(Normalizer(), [("page.txt", text)], "report.html")
    """
    path = files._path(target)
    if path is None:
        _write(normalizer, texts, lambda data: files._write_all(cast("BinaryIO", target), data))
        return
    with files.replacing(path) as file:
        _write(normalizer, texts, file.write)


def _write(normalizer: Normalizer, texts: Iterable[tuple[str, str]], write: Callable[[bytes], object]) -> None:
    if not isinstance(normalizer, NormalizerBase):
        raise TypeError(f"normalizer must be a Normalizer, not {type(normalizer).__name__}")
    page = Page(write, normalizer)
    for number, pair in enumerate(texts):
        if not isinstance(pair, tuple) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise TypeError(f"texts must be pairs of name and text, both str; item {number} is {str(pair)[:60]!r}")
        name, text = pair
        page.begin(name)
        page.add(text, Located(text).steps(normalizer))
    page.close()
