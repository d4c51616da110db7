"""Parquet and Arrow IPC: row group by row group, batch by batch. All but the texts of the columns is kept.

The library that reads them trusts what it reads: offsets that point past their buffer are followed. So all is validated before it
is used, and as the reader itself can crash too, convert() and each_text() come here through isolated.py only.
"""
from __future__ import annotations

import struct
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from .account import FormatError, Located, load, not_utf8
from .compression import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Optional, Union

    from .account import Account

PARQUET, ARROW = b"PAR1", b"ARROW1\x00\x00"

# A row group has to be held: what is read, the result, and what is to be written. Those that unpack to more become several.
ROW_GROUP = 48 << 20  # bytes

# The types of text, and what makes those of the same bytes; pyarrow 14 lacks the last.
BYTES = {"string": "binary", "large_string": "large_binary", "string_view": "binary_view"}

ENCODINGS = ("DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT")


def parquet(source: BinaryIO, target: Optional[BinaryIO], account: Account) -> None:
    """Row groups keep their rows (but see ROW_GROUP), columns their codec, encoding and statistics, the file its version,
    schema and metadata. pyarrow doesn't tell the codec's level and the size of pages: they are its defaults. Bloom filters go.
    """
    pa, pq = load("pyarrow", "Parquet"), load("pyarrow.parquet", "Parquet")
    writer: Any = None
    with _naming(pa, "Parquet"):
        try:
            size = source.seek(0, 2)
            file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
            schema = file.schema_arrow
            columns = Columns(pa, account, schema)
            if target is not None:
                writer = pq.ParquetWriter(target, schema, **_properties(file.metadata))
            for table in _tables(pa, file, account, size):
                arrays = columns.repaired(table.columns)
                if writer is not None:
                    writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=max(table.num_rows, 1))
                del table, arrays  # before the next are read
                pa.default_memory_pool().release_unused()
            if writer is not None:
                writer.close()
        finally:
            if writer is not None:
                writer.is_open = False  # or it would go on writing when it is deleted


def parquet_texts(source: BinaryIO, account: Account) -> Iterator[Located]:
    """The texts of the columns, row by row."""
    pa, pq = load("pyarrow", "Parquet"), load("pyarrow.parquet", "Parquet")
    with _naming(pa, "Parquet"):
        size = source.seek(0, 2)
        file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
        columns = Columns(pa, account, file.schema_arrow)
        for table in _tables(pa, file, account, size):
            yield from columns.texts(table.columns)
            del table
            pa.default_memory_pool().release_unused()


def _tables(pa: Any, file: Any, account: Account, size: int) -> Iterator[Any]:
    """The row groups, in portions of ROW_GROUP, validated."""
    checked = _Checked(pa, account, file.schema_arrow, size)
    for index in range(file.metadata.num_row_groups):
        place = f"row group {index}"
        with _naming(pa, "Parquet", place):
            group = file.metadata.row_group(index)
            portions = -(-group.total_byte_size // ROW_GROUP)
            if portions <= 1:
                tables = (file.read_row_group(index, use_threads=False) for _ in range(1))
            else:
                batches = file.iter_batches(-(-group.num_rows // portions), row_groups=[index], use_threads=False)
                tables = (pa.Table.from_batches([batch]) for batch in batches)
        while True:
            with _naming(pa, "Parquet", place):
                table = next(tables, None)
            if table is None:
                break
            yield checked(place, table)
            del table


def _properties(metadata: Any) -> dict[str, Any]:
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    chunks = [groups[0].column(index) for index in range(metadata.num_columns)] if groups else []
    known = metadata.metadata or {}
    properties: dict[str, Any] = {
        "version": metadata.format_version if metadata.format_version in ("1.0", "2.4", "2.6") else "2.6",
        "store_schema": b"ARROW:schema" in known,
        "use_deprecated_int96_timestamps": any(chunk.physical_type == "INT96" for chunk in chunks),
        "use_compliant_nested_type": not any(".list.item" in chunk.path_in_schema for chunk in chunks),
        "write_page_index": any(chunk.has_column_index for chunk in chunks),
    }
    if chunks:
        dictionaries = [chunk.path_in_schema for chunk in chunks if any("DICTIONARY" in name for name in chunk.encodings)]
        properties |= {
            "compression": {c.path_in_schema: "NONE" if c.compression == "UNCOMPRESSED" else c.compression for c in chunks},
            "use_dictionary": dictionaries or False,
            "write_statistics": [chunk.path_in_schema for chunk in chunks if chunk.is_stats_set] or False,
            "column_encoding": {chunk.path_in_schema: name for chunk in chunks for name in chunk.encodings
                                if name in ENCODINGS and chunk.path_in_schema not in dictionaries} or None,
        }
        order = getattr(groups[0], "sorting_columns", None)  # since pyarrow 15
        if order and all(group.sorting_columns == order for group in groups):
            properties["sorting_columns"] = order
    return properties


def arrow(source: BinaryIO, target: Optional[BinaryIO], account: Account) -> None:
    """The file or stream format, whichever the source is; batches, their metadata and compression stay. A batch is held whole."""
    pa = load("pyarrow", "Arrow IPC")
    load("pyarrow.ipc", "Arrow IPC")
    with _naming(pa, "Arrow IPC"):
        is_file = source.read(8) == ARROW
        options = pa.ipc.IpcWriteOptions(compression=_codec(pa, source, 8 if is_file else 0), use_threads=False)
        reader, batches = _batches(pa, source, account)
        more = {}
        if is_file and getattr(reader, "metadata", None):
            more["metadata"] = reader.metadata
        columns = Columns(pa, account, reader.schema)
        writer = None
        if target is not None:
            writer = (pa.ipc.new_file if is_file else pa.ipc.new_stream)(target, reader.schema, options=options, **more)
        for batch, metadata in batches:
            arrays = columns.repaired(batch.columns)
            if writer is not None:
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=reader.schema), custom_metadata=metadata)
            del batch, arrays
            pa.default_memory_pool().release_unused()
        if writer is not None:
            writer.close()


def arrow_texts(source: BinaryIO, account: Account) -> Iterator[Located]:
    """The texts of the columns, row by row."""
    pa = load("pyarrow", "Arrow IPC")
    load("pyarrow.ipc", "Arrow IPC")
    with _naming(pa, "Arrow IPC"):
        reader, batches = _batches(pa, source, account)
        columns = Columns(pa, account, reader.schema)
        for batch, _ in batches:
            yield from columns.texts(batch.columns)
            del batch
            pa.default_memory_pool().release_unused()


def _batches(pa: Any, source: BinaryIO, account: Account) -> tuple[Any, Iterator[tuple[Any, Any]]]:
    """The reader of the file or stream format, and its batches, validated, each with its metadata."""
    size = source.seek(0, 2)
    source.seek(0)
    is_file = source.read(8) == ARROW
    source.seek(0)
    if is_file:
        reader = pa.ipc.open_file(source)
        found = map(reader.get_batch_with_custom_metadata, range(reader.num_record_batches))
    else:
        reader = pa.ipc.open_stream(source)
        found = reader.iter_batches_with_custom_metadata()

    def batches() -> Iterator[tuple[Any, Any]]:
        checked = _Checked(pa, account, reader.schema, size)
        for index in count():
            place = f"batch {index}"
            with _naming(pa, "Arrow IPC", place):
                batch, metadata = next(found, (None, None))
            if batch is None:
                return
            yield checked(place, batch), metadata
            del batch

    return reader, batches()


class _Checked:
    """Passes rows on if what they are made of can be trusted, and is not more than the limits allow."""

    def __init__(self, pa: Any, account: Account, schema: Any, size: int) -> None:
        self._pa, self._settings, self._size, self._unpacked = pa, account.settings, size, 0
        self._names = schema.names
        self._binary = [_binary(pa, kind) for kind in schema.types]

    def __call__(self, place: str, rows: Any) -> Any:
        pa = self._pa
        for name, binary, column in zip(self._names, self._binary, rows.columns):
            with _naming(pa, "data", f"{place}, column {name!r}"):
                for array in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                    array.validate()
                    if binary is not None:  # what is not UTF-8 is for those to judge who repair it
                        array.view(binary).validate(full=True)
                    self._unpacked += (array.indices if pa.types.is_dictionary(array.type) else array).nbytes
        try:
            check(self._unpacked, self._size, self._settings.max_ratio, self._settings.max_bytes)
        except FormatError as error:
            raise FormatError(place, error.reason) from None
        return rows


def _binary(pa: Any, kind: Any) -> Any:
    """The type with bytes for its texts. None if none of its values says where another stands: any value of those will do."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _binary(pa, kind.storage_type)
    if str(kind) in BYTES:
        return getattr(pa, BYTES[str(kind)])()

    def field(of: Any) -> Any:
        return of.with_type(_binary(pa, of.type) or of.type)

    if types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _binary(pa, kind.value_type) or kind.value_type, kind.ordered)
    if types.is_map(kind):
        return pa.map_(field(kind.key_field), field(kind.item_field), kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return pa.list_(field(kind.value_field), kind.list_size)
    known: Any
    new: Any
    for known, new in ((types.is_list, pa.list_), (types.is_large_list, pa.large_list),
                       (getattr(types, "is_list_view", None), getattr(pa, "list_view", None)),
                       (getattr(types, "is_large_list_view", None), getattr(pa, "large_list_view", None))):
        if known is not None and known(kind):
            return new(field(kind.value_field))
    fields = [field(kind.field(index)) for index in range(kind.num_fields)]
    if types.is_struct(kind):
        return pa.struct(fields)
    if types.is_union(kind):
        return pa.union(fields, kind.mode, kind.type_codes)
    if hasattr(types, "is_run_end_encoded") and types.is_run_end_encoded(kind):
        return pa.run_end_encoded(kind.run_end_type, _binary(pa, kind.value_type) or kind.value_type)
    return kind if str(kind) in BYTES.values() else None


def _codec(pa: Any, source: BinaryIO, at: int) -> Optional[str]:
    """The compression of the first record batch, which pyarrow doesn't tell: read from its flatbuffer."""
    source.seek(at)
    try:
        for message in pa.ipc.MessageReader.open_stream(source):
            if message.type == "record batch":
                break
        else:
            return None
    except (pa.ArrowException, OSError, EOFError):  # the reader will say what is wrong
        return None
    data = message.metadata.to_pybytes()

    def slot(table: int, number: int) -> int:
        vtable = table - struct.unpack_from("<i", data, table)[0]
        known = 4 + 2 * number < struct.unpack_from("<H", data, vtable)[0]
        offset: int = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0] if known else 0
        return table + offset if offset else 0

    def follow(at: int) -> int:
        return at + int(struct.unpack_from("<I", data, at)[0])

    compression = slot(follow(slot(follow(0), 2)), 3)  # Message.header, RecordBatch.compression
    if not compression:
        return None
    codec = slot(follow(compression), 0)
    return "zstd" if codec and data[codec] == 1 else "lz4"


class Columns:
    """The columns to repair, in a schema that has them as text."""

    def __init__(self, pa: Any, account: Account, schema: Any) -> None:
        names = ", ".join(f"{field.name!r} ({field.type})" for field in schema)
        if not account.settings.column:
            raise FormatError("", f"say which column holds the text (column); there are {names}")
        self._pa, self._account = pa, account
        self._indices: list[int] = []
        self._dictionary: Any = None  # the last one, and its result
        for name in account.settings.column:
            index = name if isinstance(name, int) else schema.get_field_index(name)
            if isinstance(name, str) and index < 0 and name.isdecimal():
                index = int(name)
            if not 0 <= index < len(schema):
                raise FormatError("", f"no column {name!r}; there are {names}")
            kind = schema.field(index).type
            values = kind.value_type if pa.types.is_dictionary(kind) else kind
            if str(values) not in BYTES:
                raise FormatError("", f"column {name!r} is {kind}, not text; there are {names}")
            self._indices.append(index)

    def repaired(self, columns: list[Any]) -> list[Any]:
        """The columns of the next rows."""
        pa, account = self._pa, self._account
        arrays = list(columns)
        for index in self._indices:
            column = arrays[index]
            chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
            results, row = [], account.records
            for chunk in chunks:
                results.append(self._array(chunk, row))
                row += len(chunk)
            if all(result is chunk for result, chunk in zip(results, chunks)):
                continue
            account.changed = True
            arrays[index] = pa.chunked_array(results, column.type) if isinstance(column, pa.ChunkedArray) else results[0]
        account.records += len(columns[0])
        return arrays

    def texts(self, columns: list[Any]) -> Iterator[Located]:
        """The texts of the next rows. Rows that are not UTF-8 are left out."""
        names = self._account.settings.column
        row = self._account.records
        for texts in zip(*(self._values(columns[index], row) for index in self._indices)):
            for name, text in zip(names, texts):
                if text is not None:
                    yield Located(text, line=row + 1, record=row, field=str(name), coded=True)
            row += 1
        self._account.records += len(columns[0])

    def _values(self, column: Any, row: int) -> Iterator[Optional[str]]:
        pa, account = self._pa, self._account
        errors = account.settings.error_handler

        def text(value: Any) -> Union[str, None, UnicodeDecodeError]:
            try:
                return value.as_buffer().to_pybytes().decode("utf-8", errors) if value.is_valid else None
            except UnicodeDecodeError as error:
                return error

        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            found: Iterator[Any]
            if pa.types.is_dictionary(chunk.type):  # unpacked it might be much larger
                known = [text(value) for value in chunk.dictionary]
                found = (known[index.as_py()] if index.is_valid else None for index in chunk.indices)
            else:
                found = map(text, chunk)
            for value in found:
                if isinstance(value, UnicodeDecodeError):
                    account.fail(f"row {row}", not_utf8(value))
                    value = None
                yield value
                row += 1

    def _array(self, array: Any, row: int) -> Any:
        pa = self._pa
        if pa.types.is_dictionary(array.type):
            if self._dictionary is None or not self._dictionary[0].equals(array.dictionary):
                self._dictionary = array.dictionary, self._texts(array.dictionary, row)
            source, result = self._dictionary
            if result is source:
                return array
            return pa.DictionaryArray.from_arrays(array.indices, result, ordered=array.type.ordered)
        return self._texts(array, row)

    def _texts(self, array: Any, row: int) -> Any:
        """The same object if nothing changes. Rows that are not UTF-8 stay as they are."""
        if self._account.settings.counts:
            return self._counted(array, row)
        pa, account = self._pa, self._account
        normalizer = account.settings.normalizer
        parts: list[Any] = []
        at = 0
        while at < len(array) or not parts:
            rest = array.slice(at)
            try:
                parts.append(pa.array(normalizer.arrow(rest, threads=account.settings.threads)))
                break
            except UnicodeDecodeError as error:
                bad: int = error.arrow_row  # type: ignore[attr-defined]
                account.fail(f"row {row + at + bad}", not_utf8(error))
                parts += [pa.array(normalizer.arrow(rest.slice(0, bad), threads=account.settings.threads)), rest.slice(bad, 1)]
                at += bad + 1
            except OverflowError as error:
                raise FormatError(f"row {row + at} or behind it", str(error)) from None
        result = parts[0] if len(parts) == 1 else pa.concat_arrays(parts)
        if result.equals(array):
            return array
        return result

    def _counted(self, array: Any, row: int) -> Any:
        """The same row by row, which tells the repairs."""
        pa, account = self._pa, self._account
        texts = array.view(getattr(pa, BYTES[str(array.type)])())
        results = texts.to_pylist()
        for index, text in enumerate(results):
            try:
                results[index] = account.repaired(text) if text is not None else None
            except UnicodeDecodeError as error:
                account.fail(f"row {row + index}", not_utf8(error))
        result = pa.array(results, texts.type)
        return array if result.equals(texts) else result.view(array.type)


@contextmanager
def _naming(pa: Any, what: str, place: str = "") -> Iterator[None]:
    """What is wrong with the data is a FormatError; what is wrong with the file stays an OSError."""
    try:
        yield
    except FormatError:
        raise
    except (pa.ArrowException, OSError, EOFError, ValueError, LookupError, OverflowError, MemoryError, struct.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if isinstance(error, MemoryError):
            raise FormatError(place, f"damaged {what}, or not enough memory: {error or 'a size that none has'}") from error
        raise FormatError(place, f"damaged {what}: {error}" if str(error) else f"damaged {what}") from error
