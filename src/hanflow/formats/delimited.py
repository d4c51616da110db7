"""CSV: the cells of the columns are repaired, no other byte of a record changes."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .account import MAX_RECORD, PIECE, FormatError, Located, not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable, Optional

    from .account import Account

Span = tuple[int, int]

BOM = b"\xef\xbb\xbf"
QUOTED = re.compile(rb'"[^"]*(?:""[^"]*)*"(?!")')
DELIMITERS = b",;\t|"


class Portion(NamedTuple):
    """Whole records, or data without texts that pass as they are.

    data:  what was read.
    line:  the line it begins with, from 1.
    texts: those of the columns, with for each the span of its cell and the line its record begins with.
    """

    data: bytes
    line: int
    texts: list[str]
    spans: list[Span]
    records: list[int]


def repair(read: Callable[[int], bytes], write: Callable[[bytes], object], account: Account, tabs: bool = False) -> None:
    """UTF-8 in, UTF-8 out. A record that lacks a column, is not UTF-8 or goes on behind a closing quotation mark passes
    unchanged, and the account names it. tabs: the delimiter, if none is set."""
    reader = _Reader(account, tabs)
    for data, _, texts, spans, _ in reader.portions(read):
        results = list(map(account.repaired, texts))
        if results == texts:
            write(data)
            continue
        account.changed = True
        out, at = [], 0
        for (begin, end), text, result in sorted(zip(spans, texts, results), key=lambda found: found[0]):
            if text != result:
                out += [data[at:begin], _cell(result, data[begin:begin + 1] == b'"', reader.delimiter)]
                at = end
        write(b"".join([*out, data[at:]]))


def texts(read: Callable[[int], bytes], account: Account, tabs: bool = False) -> Iterator[Located]:
    """The texts of the columns, in the order of the file."""
    reader = _Reader(account, tabs)
    for data, line, texts, spans, records in reader.portions(read):
        at = 0
        for index, (text, (begin, _), record) in enumerate(zip(texts, spans, records)):
            line += data.count(b"\n", at, begin) - data.count(b"\n", begin, at)  # a later column may stand before an earlier one
            at = begin
            start = data.rfind(b"\n", 0, begin) + 1
            before = len(data[start:begin].decode("utf-8", "surrogateescape"))
            column = before + 1 + (data[begin:begin + 1] == b'"')
            yield Located(text, line, column, True, record, reader.fields[index % len(reader.fields)])


class _Reader:
    """Reads records. delimiter, fields (the names of the columns): known when the first record has been read."""

    def __init__(self, account: Account, tabs: bool) -> None:
        if not account.settings.column:
            raise FormatError("", "CSV: say which column holds the text (column)")
        self._account = account
        self.delimiter = (account.settings.delimiter or "\t" * tabs).encode()
        self.fields: list[str] = []

    def portions(self, read: Callable[[int], bytes]) -> Iterator[Portion]:
        """All that is read, in order."""
        account = self._account
        errors = account.settings.error_handler
        columns: Optional[list[int]] = None
        line, buffer, piece = 1, b"", read(PIECE)
        if piece.startswith(BOM):
            yield Portion(BOM, line, [], [], [])
            piece = piece[len(BOM):]
        self.delimiter = self.delimiter or _delimiter(piece)
        last = not piece
        while not last:
            following = read(PIECE)
            last = not following
            buffer += piece
            piece = following
            done, start = 0, line
            texts: list[str] = []
            spans: list[Span] = []
            records: list[int] = []
            for begin, end, cells in _records(buffer, self.delimiter, last):
                done = end
                if columns is None:
                    columns, header = self._numbers([_text(buffer[a:b], "replace", False) for a, b in cells])
                else:
                    header = False
                if not header and buffer[begin:end].strip(b"\r\n"):
                    account.records += 1
                    try:
                        found = [cells[number] for number in columns]
                        texts += [_text(buffer[a:b], errors) for a, b in found]
                        spans += found
                        records += [line] * len(found)
                    except IndexError:
                        account.fail(f"line {line}", f"{len(cells)} cells, no column {max(columns)} (from 0)")
                    except UnicodeDecodeError as error:
                        account.fail(f"line {line}", not_utf8(error))
                    except ValueError as error:
                        account.fail(f"line {line}", str(error))
                line += buffer.count(b"\n", begin, end)
            yield Portion(buffer[:done], start, texts, spans, records)
            buffer = buffer[done:]
            if len(buffer) > MAX_RECORD or (last and buffer):  # where the next record begins, nobody knows
                account.records += 1
                account.fail(f"line {line}", "a quotation mark is not closed: the rest of the file has passed unchanged" if last
                             else f"a record of more than {MAX_RECORD >> 20} MiB: the rest of the file has passed unchanged")
                yield Portion(buffer, line, [], [], [])
                while piece:
                    yield Portion(piece, line, [], [], [])
                    piece = read(PIECE)
                return

    def _numbers(self, cells: list[str]) -> tuple[list[int], bool]:
        """The columns' numbers, and whether the cells of the first record are a header."""
        columns = self._account.settings.column
        header = all(isinstance(name, str) and name in cells for name in columns)
        if not header and not all(isinstance(name, int) or name.isdecimal() for name in columns):
            absent = next(name for name in columns if name not in cells)
            raise FormatError("", f"no column {absent!r}; there are {', '.join(map(repr, cells))}")
        numbers = list(dict.fromkeys(cells.index(str(name)) if header else int(name) for name in columns))
        self.fields = [cells[number] if header else str(number) for number in numbers]
        return numbers, header


def _records(data: bytes, delimiter: bytes, last: bool) -> Iterator[tuple[int, int, list[Span]]]:
    """(begin, end, cells) of each record that is whole; last: the data end the file."""
    plain = re.compile(b"[^\r\n" + re.escape(delimiter) + b"]*")
    at, size = 0, len(data)
    while at < size:
        begin = at
        cells: list[Span] = []
        while True:
            start = at
            if data[at:at + 1] == b'"':
                quoted = QUOTED.match(data, at)
                if quoted is None:
                    return
                at = quoted.end()
            at = plain.match(data, at).end()  # type: ignore[union-attr]
            cells.append((start, at))
            if at >= size - 1 and not last:  # it may go on, and \r may be half a line end
                return
            if data[at:at + 1] != delimiter:
                break
            at += 1
        at += 2 if data[at:at + 2] == b"\r\n" else 1
        yield begin, min(at, size), cells


def _delimiter(data: bytes) -> bytes:
    first = QUOTED.sub(b"", data[:1 << 16]).lstrip(b"\r\n").splitlines()[:1]
    counts = [first[0].count(mark) if first else 0 for mark in DELIMITERS]
    return DELIMITERS[counts.index(max(counts)):][:1]


def _text(cell: bytes, errors: str, strict: bool = True) -> str:
    if cell.startswith(b'"'):
        if strict and not QUOTED.fullmatch(cell):
            raise ValueError("a cell goes on behind its closing quotation mark")
        cell = cell[1:-1].replace(b'""', b'"')
    return cell.decode("utf-8", errors)


def _cell(text: str, quoted: bool, delimiter: bytes) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if quoted or data.startswith(b'"') or any(mark in data for mark in (delimiter, b"\r", b"\n")):
        return b'"' + data.replace(b'"', b'""') + b'"'
    return data
