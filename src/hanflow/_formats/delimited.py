"""CSV: the cells of the columns are repaired, no other byte of a record changes."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .account import MAX_RECORD, PIECE, FormatError, Located, not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable, Optional

    from .account import Account, Columns

Span = tuple[int, int]

QUOTE = ord('"')
BOM = b"\xef\xbb\xbf"
WHOLE = re.compile(rb'"[^"]*(?:""[^"]*)*"(?!")')
UNQUOTED = re.compile(rb'[^\r\n"]*')
DELIMITERS = b",;\t|"

# Names of columns that a message lists, and bytes of each.
SHOWN, SHOWN_BYTES = 100, 200

# Where the scanner is: before a record, before a cell, in its quotation marks, behind them or in a cell without, in the cells
# behind the last one that is wanted, in quotation marks there.
NEW, START, QUOTED, PLAIN, REST, QUOTED_REST = range(6)


class Portion(NamedTuple):
    """Whole records, or data without texts that pass as they are.

    data:    what was read.
    texts:   those of the columns, as they stand in the data, with for each
    spans:   ... where its cell is,
    records: ... the line its record begins with, from 1,
    fields:  ... the name of its column.
    """

    data: bytes
    texts: list[str]
    spans: list[Span]
    records: list[int]
    fields: list[str]


def repair(read: Callable[[int], bytes], write: Callable[[bytes], object], account: Account, tabs: bool = False) -> None:
    """UTF-8 in, UTF-8 out. A record that lacks a column, is not UTF-8 or goes on behind a closing quotation mark passes
    unchanged, and the account names it. tabs: the delimiter, if none is set."""
    reader = _Reader(account, tabs)
    for data, texts, spans, _, _ in reader.portions(read):
        results = list(map(account.repaired, texts))
        if results == texts:
            write(data)
            continue
        account.changed = True
        out, at = [], 0
        for (begin, end), text, result in zip(spans, texts, results):
            if text != result:
                out += [data[at:begin], _cell(result, data[begin:begin + 1] == b'"', reader.delimiter)]
                at = end
        write(b"".join([*out, data[at:]]))


def texts(read: Callable[[int], bytes], account: Account, tabs: bool = False) -> Iterator[Located]:
    """The texts of the columns, in the order of the file."""
    line, column = 1, 1  # of what stands at `at`
    for data, texts, spans, records, fields in _Reader(account, tabs).portions(read):
        at = 0
        for (begin, _), text, record, field in zip([*spans, (len(data), 0)], [*texts, None], [*records, 0], [*fields, ""]):
            start = data.rfind(b"\n", at, begin) + 1
            if start:
                line += data.count(b"\n", at, start)
                column = 1
            column += len(data[max(start, at):begin].decode("utf-8", "surrogateescape")) if data != BOM else 0
            at = begin
            if text is not None:
                yield Located(text, line, column + (data[begin:begin + 1] == b'"'), True, record, field)


class _Reader:
    """Reads records. delimiter: known when the first of them has been read."""

    def __init__(self, account: Account, tabs: bool) -> None:
        if not account.settings.column:
            raise FormatError("", "CSV: say which column holds the text (column)")
        self._account = account
        self.delimiter = (account.settings.delimiter or "\t" * tabs).encode()

    def portions(self, read: Callable[[int], bytes]) -> Iterator[Portion]:
        """All that is read, in order."""
        account = self._account
        errors = account.settings.error_handler
        line, piece = 1, read(PIECE)
        if piece.startswith(BOM):
            yield Portion(BOM, [], [], [], [])
            piece = piece[len(BOM):]
        self.delimiter = self.delimiter or _delimiter(piece)
        scanner = _Scanner(self.delimiter, _Head(account.settings.column))
        fields: dict[int, str] = {}
        last = not piece
        while not last:
            following = read(PIECE)
            last = not following
            scanner.data += piece
            piece = following
            texts: list[str] = []
            spans: list[Span] = []
            records: list[int] = []
            names: list[str] = []
            done = 0
            for end, count, cells in scanner.records(last):
                begin, done = done, end
                header = False
                if scanner.head is not None:
                    fields, header = scanner.head.fields()
                    scanner.wanted, scanner.head = fields, None
                if not header and scanner.data[begin:end].strip(b"\r\n"):
                    account.records += 1
                    try:
                        if len(cells) < len(fields):
                            raise ValueError(f"{count} cells, no column {max(fields)} (from 0)")
                        found = [cell.text(errors) for cell in cells]
                        texts += found
                        spans += [(cell.begin, cell.end) for cell in cells]
                        names += [fields[cell.number] for cell in cells]
                        records += [line] * len(cells)
                    except UnicodeDecodeError as error:
                        account.fail(f"line {line}", not_utf8(error, advise=account.failed == 0))
                    except ValueError as error:
                        account.fail(f"line {line}", str(error))
                line += scanner.data.count(b"\n", begin, end)
            yield Portion(scanner.taken(done), texts, spans, records, names)
            if len(scanner.data) > MAX_RECORD or (last and scanner.data):  # where the next record begins, nobody knows
                account.records += 1
                account.fail(f"line {line}", "a quotation mark is not closed: the rest of the file has passed unchanged" if last
                             else f"a record of more than {MAX_RECORD >> 20} MiB: the rest of the file has passed unchanged")
                yield Portion(scanner.taken(len(scanner.data)), [], [], [], [])
                while piece:
                    yield Portion(piece, [], [], [], [])
                    piece = read(PIECE)
                return


class _Cell(NamedTuple):
    """Of a wanted column. whole: it does not go on behind its closing quotation mark."""

    number: int
    begin: int
    end: int
    data: bytes
    whole: bool

    def text(self, errors: str) -> str:
        if not self.whole:
            raise ValueError("a cell goes on behind its closing quotation mark")
        return _unquoted(self.data).decode("utf-8", errors)


class _Head:
    """The first record: looks for the columns in it, and remembers no more cells than a message needs.

    numbers: those of the columns, should the record be no header.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._found: dict[str, int] = {}
        self._shown: list[bytes] = []
        self._more = False
        self._names = {name.encode("utf-8", "surrogateescape"): name for name in columns if isinstance(name, str)}
        self.numbers = {int(name): "" for name in columns if isinstance(name, int) or name.isdecimal()}

    def see(self, number: int, cell: bytes) -> None:
        name = _unquoted(cell)
        if len(self._shown) < SHOWN:
            self._shown.append(name[:SHOWN_BYTES])
        else:
            self._more = True
        if name in self._names:
            self._found.setdefault(self._names[name], number)

    def fields(self) -> tuple[dict[int, str], bool]:
        """The names of the columns by their numbers, and whether the record is a header."""
        if all(name in self._found for name in self._columns):
            return {self._found[str(name)]: str(name) for name in self._columns}, True
        if not all(isinstance(name, int) or name.isdecimal() for name in self._columns):
            absent = next(name for name in self._columns if name not in self._found)
            try:
                b"".join(self._shown).decode()
                reason = ""
            except UnicodeDecodeError as error:
                reason = f"; {not_utf8(error, advise=True)}"
            shown = ", ".join(repr(name.decode("utf-8", "replace")) for name in self._shown)
            raise FormatError("", f"no column {absent!r}; there are {shown}{', ...' * self._more}{reason}")
        return {int(name): str(int(name)) for name in self._columns}, False


class _Scanner:
    """Finds records in data that come in pieces. It goes on where it left off, so that no byte is looked at twice.

    data:   what has been read; the record at hand begins with it, or behind the last one that was found.
    head:   sees all cells of the first record.
    wanted: the numbers of the columns whose cells are told. Behind the last of them cells are passed over, not counted.
    """

    def __init__(self, delimiter: bytes, head: _Head) -> None:
        self.data = bytearray()
        self.head: Optional[_Head] = head
        self.wanted = head.numbers
        self._delimiter = delimiter
        self._plain = re.compile(b"[^\r\n" + re.escape(delimiter) + b"]*")
        self._phase = NEW
        self._at = 0
        self._begin = self._closed = 0  # the cell at hand, and where its quotation marks end
        self._count = 0  # of the record at hand
        self._cells: list[_Cell] = []

    def records(self, last: bool) -> Iterator[tuple[int, int, list[_Cell]]]:
        """(end, number of cells, those that are wanted) of each record that is whole now; last: the data end the file."""
        data, delimiter, plain, head, wanted = self.data, self._delimiter[0], self._plain.match, self.head, self.wanted
        size, at, phase, count, cells = len(self.data), self._at, self._phase, self._count, self._cells
        most = max(wanted) if head is None else size
        final = size if last else size - 1  # what ends there may go on, and \r may be half a line end
        while True:
            if phase == NEW:
                if at >= size:
                    break
                count, cells, phase = 0, [], START
            if phase == START:
                self._begin, self._closed = at, -1
                if count > most:
                    phase = REST
                elif at < size and data[at] == QUOTE:
                    at += 1
                    phase = QUOTED
                else:
                    phase = PLAIN
            if phase == QUOTED or phase == QUOTED_REST:
                end = data.find(QUOTE, at)
                if end < 0 or end >= final:  # it may be one of two
                    at = size if end < 0 else end
                    break
                if data[end + 1:end + 2] == b'"':
                    at = end + 2
                    continue
                self._closed = at = end + 1
                phase = PLAIN if phase == QUOTED else REST
            if phase == REST:
                at = UNQUOTED.match(data, at).end()  # type: ignore[union-attr]
                if at < size and data[at] == QUOTE:
                    phase = QUOTED_REST if data[at - 1] == delimiter else REST
                    at += 1
                    continue
            else:
                at = plain(data, at).end()  # type: ignore[union-attr]
            if at >= final and not last:
                break
            if phase == PLAIN:
                if count in wanted:
                    cell = bytes(data[self._begin:at])
                    cells.append(_Cell(count, self._begin, at, cell, self._closed < 0 or self._closed == at))
                if head is not None:
                    head.see(count, bytes(data[self._begin:at]))
                count += 1
                if at < size and data[at] == delimiter:
                    at += 1
                    phase = START
                    continue
            at = min(at + (2 if data[at:at + 2] == b"\r\n" else 1), size)
            phase = NEW
            yield at, count, cells
            head, wanted = self.head, self.wanted
            most = max(wanted) if head is None else size
        self._at, self._phase, self._count, self._cells = at, phase, count, cells

    def taken(self, size: int) -> bytes:
        """Takes the data in front."""
        data = bytes(self.data[:size])
        del self.data[:size]
        self._at -= size
        self._begin -= size
        self._closed -= size if self._closed >= 0 else 0
        return data


def _delimiter(data: bytes) -> bytes:
    first = WHOLE.sub(b"", data[:1 << 16]).lstrip(b"\r\n").splitlines()[:1]
    counts = [first[0].count(mark) if first else 0 for mark in DELIMITERS]
    return DELIMITERS[counts.index(max(counts)):][:1]


def _unquoted(cell: bytes) -> bytes:
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell


def _cell(text: str, quoted: bool, delimiter: bytes) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if quoted or data.startswith(b'"') or any(mark in data for mark in (delimiter, b"\r", b"\n")):
        return b'"' + data.replace(b'"', b'""') + b'"'
    return data
