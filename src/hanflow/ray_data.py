"""A column of a Ray Data dataset."""
from __future__ import annotations

import logging
from typing import Any, Optional

from ._formats.account import load, not_utf8
from ._normalizer import Normalizer

__all__ = ["normalize"]

Dataset = Any  # ray.data.Dataset


def normalize(dataset: Dataset, column: str, *, failures: Optional[str] = None, **options: Any) -> Dataset:
    """A Ray Data dataset with the texts of a column repaired, each by itself. Lazy, as all of Ray Data.

    dataset:  a ray.data.Dataset. Its Arrow blocks go into the native code as they are, one core to a task.
    column:   of type string, large_string, string_view or a dictionary of these. Nulls stay.
    failures: name of a column to add: why the text of the row could not be repaired, null if it could. A row whose text is not
              UTF-8 fails alone and passes unchanged; without `failures` the workers log how many did.
    options:  those of Normalizer, ValueError for a wrong one. A column that is missing or of another type ends the run of the
              dataset with Ray's error, which says so.
    """
    if not hasattr(dataset, "map_batches"):
        raise TypeError(f"dataset must be a ray.data.Dataset, not {type(dataset).__name__}")
    arguments = {"normalizer": Normalizer(**options), "column": column, "failures": failures}
    return dataset.map_batches(
        _repaired_table, batch_size=None, batch_format="pyarrow", zero_copy_batch=True, fn_kwargs=arguments)


def _repaired_table(table: Any, normalizer: Normalizer, column: str, failures: Optional[str]) -> Any:
    pa = load("pyarrow", "Ray Data", "ray")
    index = table.schema.get_field_index(column)
    if index < 0:
        raise ValueError(f"no column {column!r}; there are {', '.join(map(repr, table.column_names))}")
    field = table.schema.field(index)
    reasons: dict[int, str] = {}
    if not pa.types.is_null(field.type):  # a block of nulls
        texts = table.column(index)
        if pa.types.is_dictionary(field.type):
            texts = texts.cast(field.type.value_type)
        result, reasons = _repaired_column(normalizer, texts)
        if pa.types.is_dictionary(field.type):
            result = result.dictionary_encode().cast(field.type)
        table = table.set_column(index, field, result)
    if failures is not None:
        table = table.append_column(failures, pa.array(map(reasons.get, range(len(table))), pa.string()))
    elif reasons:
        logging.getLogger(__name__).warning("%d texts of column %r could not be repaired", len(reasons), column)
    return table


def _repaired_column(normalizer: Normalizer, column: Any) -> tuple[Any, dict[int, str]]:
    """The column, and row -> reason of those that stay as they are."""
    pa = load("pyarrow", "Ray Data", "ray")
    parts: list[Any] = []
    reasons: dict[int, str] = {}
    row = 0
    for chunk in column.chunks:
        while True:
            try:
                parts.append(pa.array(normalizer.arrow(chunk, threads=1)))
                row += len(chunk)
                break
            except UnicodeDecodeError as error:
                bad: int = error.arrow_row  # type: ignore[attr-defined]
                reasons[row + bad] = f"byte {error.start}: {not_utf8(error)}"
                parts += [pa.array(normalizer.arrow(chunk.slice(0, bad), threads=1)), chunk.slice(bad, 1)]
                row += bad + 1
                chunk = chunk.slice(bad + 1)
    return pa.chunked_array(parts, column.type), reasons
