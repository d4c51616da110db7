"""Parquet and Arrow IPC: row group by row group, batch by batch. All but the texts of the columns is kept."""
from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .account import FormatError, Located, load, not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Optional

    from .account import Account

PARQUET, ARROW = b"PAR1", b"ARROW1\x00\x00"

# A row group has to be held: what is read, the result, and what is to be written. Those that unpack to more become several.
ROW_GROUP = 48 << 20  # bytes

ENCODINGS = ("DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT")


def parquet(source: BinaryIO, target: Optional[BinaryIO], account: Account) -> None:
    """Row groups keep their rows (but see ROW_GROUP), columns their codec, encoding and statistics, the file its version,
    schema and metadata. pyarrow doesn't tell the codec's level and the size of pages: they are its defaults. Bloom filters go.
    """
    pa, pq = load("pyarrow", "Parquet"), load("pyarrow.parquet", "Parquet")
    writer: Any = None
    with _naming(pa, "Parquet"):
        try:
            file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
            schema = file.schema_arrow
            columns = Columns(pa, account, schema)
            if target is not None:
                writer = pq.ParquetWriter(target, schema, **_properties(file.metadata))
            for table in _tables(pa, file):
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
        file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
        columns = Columns(pa, account, file.schema_arrow)
        for table in _tables(pa, file):
            yield from columns.texts(table.columns)
            del table
            pa.default_memory_pool().release_unused()


def _tables(pa: Any, file: Any) -> Iterator[Any]:
    """The row groups, in portions of ROW_GROUP."""
    for index in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(index)
        portions = -(-group.total_byte_size // ROW_GROUP)
        if portions <= 1:
            yield file.read_row_group(index, use_threads=False)
            continue
        for batch in file.iter_batches(-(-group.num_rows // portions), row_groups=[index], use_threads=False):
            yield pa.Table.from_batches([batch])


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
        if groups[0].sorting_columns and all(group.sorting_columns == groups[0].sorting_columns for group in groups):
            properties["sorting_columns"] = groups[0].sorting_columns
    return properties


def arrow(source: BinaryIO, target: Optional[BinaryIO], account: Account) -> None:
    """The file or stream format, whichever the source is; batches, their metadata and compression stay. A batch is held whole."""
    pa = load("pyarrow", "Arrow IPC")
    load("pyarrow.ipc", "Arrow IPC")
    with _naming(pa, "Arrow IPC"):
        is_file = source.read(8) == ARROW
        options = pa.ipc.IpcWriteOptions(compression=_codec(pa, source, 8 if is_file else 0), use_threads=False)
        reader, batches = _batches(pa, source)
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
        reader, batches = _batches(pa, source)
        columns = Columns(pa, account, reader.schema)
        for batch, _ in batches:
            yield from columns.texts(batch.columns)
            del batch
            pa.default_memory_pool().release_unused()


def _batches(pa: Any, source: BinaryIO) -> tuple[Any, Iterator[tuple[Any, Any]]]:
    """The reader of the file or stream format, and its batches, each with its metadata."""
    source.seek(0)
    is_file = source.read(8) == ARROW
    source.seek(0)
    if is_file:
        reader = pa.ipc.open_file(source)
        return reader, map(reader.get_batch_with_custom_metadata, range(reader.num_record_batches))
    reader = pa.ipc.open_stream(source)
    return reader, reader.iter_batches_with_custom_metadata()


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
            if str(values) not in ("string", "large_string", "string_view"):
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
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            array = chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk
            for value in array:
                try:
                    yield value.as_buffer().to_pybytes().decode("utf-8", errors) if value.is_valid else None
                except UnicodeDecodeError as error:
                    account.fail(f"row {row}", not_utf8(error))
                    yield None
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
        texts = array.view({"string": pa.binary, "large_string": pa.large_binary}.get(str(array.type), pa.binary_view)())
        results = texts.to_pylist()
        for index, text in enumerate(results):
            try:
                results[index] = account.repaired(text) if text is not None else None
            except UnicodeDecodeError as error:
                account.fail(f"row {row + index}", not_utf8(error))
        result = pa.array(results, texts.type)
        return array if result.equals(texts) else result.view(array.type)


@contextmanager
def _naming(pa: Any, what: str) -> Iterator[None]:
    """What is wrong with the data is a FormatError; what is wrong with the file stays an OSError."""
    try:
        yield
    except (pa.ArrowException, OSError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FormatError("", f"damaged {what}: {error}" if str(error) else f"damaged {what}") from error
