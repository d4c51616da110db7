"""Tar archives, as a stream: of members whose text changes size and checksum are set anew, every other byte is copied."""
from __future__ import annotations

import tarfile
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, cast

from .account import PIECE, Account, FormatError
from .zips import leads_out, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, BinaryIO, Callable

    from .zips import Repair

BLOCK = 512
HEADER = 1 << 20  # bytes of a member's headers together: they have to be held, in several forms
HELD = 16 << 20  # bytes of a member in memory; larger ones go through a temporary file


def repair_members(
    read: Callable[[int], bytes], write: Callable[[bytes], object], account: Account, is_text: Callable[[str], bool],
    repair: Repair,
) -> None:
    """Headers stay byte for byte but for what the size of a changed member needs, and so do links and all else that is no
    regular file. A member with a name that leads out of the archive, or that cannot be repaired, passes unchanged, and the
    account names it."""
    window = Window(read)
    done = 0  # where the next header begins
    try:
        with _naming():
            archive: Any = tarfile.TarFile(fileobj=cast("BinaryIO", window), mode="r", encoding="utf-8", errors="surrogateescape")
        while True:
            with _naming():
                member = archive.next()
            if member is None:
                break
            archive.members = []  # it would remember all
            end = archive.offset
            if not done <= member.offset_data <= end:
                raise tarfile.TarError("a size below 0")
            header = window.take(done, member.offset_data)
            account.records += 1
            where = f"member {shown(member.name.encode('utf-8', 'surrogateescape'))}"
            if leads_out(member.name):
                account.fail(where, "its name leads out of the archive")
            elif member.isreg() and member.sparse is None and is_text(member.name):
                _member(window, write, account, where, header, member, end, repair)
                done = end
                continue
            write(header)
            for piece in window.pieces(member.offset_data, end):
                write(piece)
            done = end
    except tarfile.TarError as error:
        raise FormatError(f"byte {done}", f"damaged tar: {error}") from error
    rest = window.rest(done)
    first = next(rest, b"")
    if any(first[:BLOCK]):  # tarfile takes what it cannot read for the end
        account.fail(f"byte {done}", "damaged header: the rest of the archive has passed unchanged")
    write(first)
    for piece in rest:
        write(piece)


@contextmanager
def _naming() -> Iterator[None]:
    """tarfile does not expect all that may stand in headers."""
    try:
        yield
    except (FormatError, tarfile.TarError):
        raise
    except RecursionError:
        raise tarfile.TarError("too many headers of one member") from None
    except (ValueError, LookupError, OverflowError) as error:
        raise tarfile.TarError(str(error)) from error


def _member(
    window: Window, write: Callable[[bytes], object], account: Account, where: str, header: bytes, member: Any, end: int,
    repair: Repair,
) -> None:
    inner = Account(account.settings)
    result, broken = None, False
    with SpooledTemporaryFile(HELD) as source:
        pieces = window.pieces(member.offset_data, member.offset_data + member.size)
        rest = b""

        def read(size: int) -> bytes:
            nonlocal rest, broken
            broken = True  # the archive, not the member, if this fails
            rest = rest or next(pieces, b"")
            broken = False
            piece, rest = rest[:size], rest[size:]
            source.write(piece)
            return piece

        try:
            result = repair(member.name, read, inner)
            account.add(inner, where)
        except FormatError as error:
            if broken:
                raise
            account.fail(f"{where}, {error.where}" if error.where else where, error.reason)
        while read(PIECE):
            pass
        if result is not None and "size" in member.pax_headers:
            account.fail(where, "its size stands in an extended header: changed members of that kind are not written")
            result = None
        if result is None:
            write(header)
            _copy(source, write)
            for piece in window.pieces(member.offset_data + member.size, end):
                write(piece)
            return
    with result:
        size = result.seek(0, 2)
        write(header[:-BLOCK] + _resized(header[-BLOCK:], size))
        _copy(result, write)
        write(bytes(-size % BLOCK))
    for _ in window.pieces(member.offset_data + member.size, end):
        pass


def _resized(block: bytes, size: int) -> bytes:
    """The header with another size."""
    number = b"%011o\0" % size if size < 8 ** 11 else b"\x80" + size.to_bytes(11, "big")
    block = block[:124] + number + block[136:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _copy(file: IO[bytes], write: Callable[[bytes], object]) -> None:
    file.seek(0)
    while piece := file.read(PIECE):
        write(piece)


class Window:
    """A stream as a file that can go back over what has not been taken yet, HEADER at most."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._source = read
        self._data = bytearray()
        self._base = self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, position: int) -> None:
        self._at = position

    def read(self, size: int) -> bytes:
        begin = self._at - self._base
        if not 0 <= size <= HEADER - begin:
            raise FormatError(f"byte {self._at}", f"a tar header of more than {HEADER >> 20} MiB" if size > 0 else "damaged tar")
        while len(self._data) < begin + size and (piece := self._source(PIECE)):
            self._data += piece
        data = bytes(self._data[begin:begin + size])
        self._at += len(data)
        return data

    def take(self, begin: int, end: int) -> bytes:
        """All of [begin, end); only the last byte of it can be read again, as tarfile does."""
        self._at = begin
        data = self.read(end - begin)
        if len(data) < end - begin:
            raise FormatError(f"byte {begin + len(data)}", "truncated tar")
        keep = max(self._base, end - 1)
        del self._data[:keep - self._base]
        self._base = keep
        return data

    def pieces(self, begin: int, end: int) -> Any:
        while begin < end:
            size = min(PIECE, end - begin)
            yield self.take(begin, begin + size)
            begin += size

    def rest(self, begin: int) -> Any:
        self._at = begin
        while piece := self.read(PIECE):
            yield self.take(self._at - len(piece), self._at)
