"""Columns of text through the Arrow PyCapsule interface, which pyarrow, polars and others speak. None of them is needed."""
from __future__ import annotations

from typing import Callable, Optional, Protocol, Union

from ._core import ArrowArray, ArrowStream, Core
from ._errors import add_note

__all__ = ["ArrowArray", "ArrowStream", "SupportsArrowArray", "SupportsArrowStream"]


class SupportsArrowArray(Protocol):
    """What offers an Arrow array, such as pyarrow.Array."""

    def __arrow_c_array__(self, requested_schema: Optional[object] = None) -> tuple[object, object]: ...


class SupportsArrowStream(Protocol):
    """What offers a stream of Arrow arrays, such as pyarrow.ChunkedArray and polars.Series."""

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object: ...


def repaired(
    core: Core,
    column: Union[SupportsArrowArray, SupportsArrowStream],
    preserve: bool,
    threads: int,
    convert: Optional[Callable[[list[bytes]], list[bytes]]],
) -> Union[ArrowArray, ArrowStream]:
    """The work of Normalizer.arrow(). convert: what else is done to the texts of a chunk."""
    # The stream first: an object that offers both, but has several chunks, has no array to give.
    stream, array = getattr(column, "__arrow_c_stream__", None), getattr(column, "__arrow_c_array__", None)
    try:
        if stream is not None:
            return core.arrow_stream(stream(), preserve, threads, convert)
        if array is not None:
            schema, chunk = array()
            return core.arrow_array(schema, chunk, preserve, threads, convert)
    except UnicodeDecodeError as error:
        if hasattr(error, "arrow_row"):
            add_note(error, f"row {error.arrow_row}")
        raise
    raise TypeError(f"arrow() wants an object with __arrow_c_array__ or __arrow_c_stream__, not {type(column).__name__}")
