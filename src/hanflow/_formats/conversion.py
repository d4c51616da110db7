"""convert(): which format a file has, and the way from the source through it to the target."""
from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import TYPE_CHECKING, cast

from .. import _files as files
from . import columns, delimited, isolated, jsonl, text
from .account import PIECE, STREAM, Account, FileReport, FormatError, check_settings
from .compression import SHORT, SUFFIXES, compressing, decompressed
from .compression import kind as compression_of
from .encodings import Transcoder, other_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, BinaryIO, Callable, Optional

    from .._normalizer import File
    from .account import Settings

BY_SUFFIX = {
    ".txt": "text", ".text": "text", ".md": "text", ".markdown": "text",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv",
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".arrows": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".zip": "zip", ".tar": "tar",
}
LINES = ("text", "jsonl", "csv")  # formats of text, which may have an encoding; of an archive, these members are repaired
PIPED = (*LINES, "tar")  # formats that are read as they come; the others need a file to seek in
SNIFFED = 4096  # bytes that tell what a file is
HELD = 16 << 20  # bytes of a member's result in memory; more goes through a temporary file


def convert(
    settings: Settings, source: File, target: Optional[File], *, in_place: bool = False, within: Optional[str] = None, meant: bool = False
) -> FileReport:
    """Repairs the texts in a file; what else is in it stays.

    source, target: paths or binary file objects; "-" is stdin, stdout. target None: nothing is written. Format, compression
    and encoding of the target are those of the source, whatever its name. in_place: the target may be the source; if nothing
    changes, nothing is written. within: as in files.replacing(). meant: the settings are for this file, so that a field or column
    that its format has no use for is a FormatError.

    A target path is replaced when all is done, as by Normalizer.file(), and left as it was if anything fails. If no text
    changes, it becomes a copy of the source. Records and members that cannot be repaired pass as they are, and the report
    names them. What ends the conversion: FormatError, with file and place; OSError of either file; ImportError if a package is
    missing; MemoryError.

        report = convert(Settings(field="text"), "pages.jsonl.gz", "repaired.jsonl.gz")
    """
    check_settings(settings)
    if source is target and hasattr(source, "read"):
        raise ValueError("source and target are the same file object")
    if not in_place and target is not None and not is_stream(source) and not is_stream(target):
        files._refuse_same(source, target, follow=within is None)
    account = Account(settings)
    with naming(source) as name, _opened(source) as file:
        before, start = _status(file), file.tell() if file.seekable() else 0
        raw = Ahead(_reader(file))
        compression, content, base = _unpacked(name, raw, settings)
        format = settings.format or _format(base, content, settings)
        if meant:
            _refuse_unused(format, settings)
        try:
            with _target(target, files.permissions(file), within) as out:
                try:
                    if format in PIPED:
                        _pipe(base, format, content.read, compression, out.write, account)
                    elif compression or not file.seekable():
                        _seek(format, file, content.read, compression, out, account)
                    else:
                        file.seek(start)
                        _seek(format, file, None, None, out, account)
                except FormatError:
                    _refuse_changed(file, before)  # what is damaged then is so for this reason
                    raise
                _refuse_changed(file, before)
                if not account.changed and in_place:
                    raise _Unchanged
                # Packed, encoded or composed anew it may differ in what is no text.
                if not account.changed and out.rewritable and file.seekable() and (
                        compression or format not in PIPED or settings.encoding is not None):
                    file.seek(start)
                    out.restart()
                    while piece := file.read(PIECE):
                        out.write(piece)
            size = file.seek(0, os.SEEK_END) - start if file.seekable() else raw.size
        except _Unchanged:
            size = out.size = file.seek(0, os.SEEK_END)
    label = f"{format}.{compression}" if compression else format
    return FileReport(name, label, account.encoding, size, out.size, account.changed, account.records, dict(account.repairs),
                      account.failed, account.errors)


class _Unchanged(Exception):
    """Leaves the target as it is."""


def _pipe(
    name: str, format: str, read: Callable[[int], bytes], compression: Optional[str], write: Callable[[bytes], object],
    account: Account,
) -> None:
    """read: gives what is unpacked already; write: gets it packed."""
    if compression:
        with compressing(compression, write) as packed:
            _pipe(name, format, read, None, packed, account)
        return
    if format == "tar":
        from . import tars

        tars.repair_members(read, write, account, _is_repaired, _member)
        return
    coded = None
    if account.settings.encoding is not None:
        coded = Transcoder(account.settings.encoding, read)
        read, write = coded.read, coded.writer(write)
    account.encoding = coded.name if coded else "utf-8"
    if format == "csv":
        delimited.repair(read, write, account, tabs=name.lower().endswith(".tsv"))
    else:
        (jsonl if format == "jsonl" else text).repair(read, write, account)
    if coded:
        write(b"")


def _seek(
    format: str, file: BinaryIO, read: Optional[Callable[[int], bytes]], compression: Optional[str], out: Output, account: Account
) -> None:
    """For formats that need seekable files. read: gives what is unpacked already, if the file itself does not do."""
    with ExitStack() as stack:
        source = file
        if read is not None:
            source = _seekable(read, stack)
        target = None
        if out.file is not None:
            direct = out.rewritable and not compression
            target = out.file if direct else cast("BinaryIO", stack.enter_context(TemporaryFile()))
        if format == "zip":
            from . import zips

            zips.repair_members(source, target, account, _is_repaired, _member)
        else:
            isolated.repair(format, source, target, account)
        if target is None:
            return
        if direct:
            out.size = target.seek(0, os.SEEK_END)
            return
        target.seek(0)
        with ExitStack() as packing:
            write = packing.enter_context(compressing(compression, out.write)) if compression else out.write
            while piece := target.read(PIECE):
                write(piece)


def _seekable(read: Callable[[int], bytes], stack: ExitStack) -> BinaryIO:
    """A temporary file with all that is read."""
    file = cast("BinaryIO", stack.enter_context(TemporaryFile()))
    while piece := read(PIECE):
        file.write(piece)
    file.seek(0)
    return file


def _is_repaired(name: str) -> bool:
    """Whether a member of an archive is."""
    return BY_SUFFIX.get(os.path.splitext(_base(name)[0])[1].lower()) in LINES


def _member(name: str, read: Callable[[int], bytes], account: Account) -> Optional[IO[bytes]]:
    """The result of a member of an archive, or None if nothing changes."""
    compression, content, base = _unpacked(name, Ahead(read), account.settings)
    result = SpooledTemporaryFile(HELD)
    try:
        _pipe(base, _format(base, content, account.settings), content.read, compression, result.write, account)
        if account.changed:
            return cast("IO[bytes]", result)
    except BaseException:
        result.close()
        raise
    result.close()
    return None


# Which format

def is_stream(file: object) -> bool:
    """Whether it stands for stdin or stdout. Nothing else is compared: some compare to nothing."""
    return isinstance(file, str) and file == STREAM


def name_of(source: File) -> str:
    """Its path, or that which a file object was opened from; STREAM for stdin; empty if it has none."""
    return STREAM if is_stream(source) else os.fsdecode(files._name(source) or b"")


@contextmanager
def naming(source: File) -> Iterator[str]:
    """The name of the source, which a FormatError then says too."""
    name = name_of(source)
    try:
        yield name
    except FormatError as error:
        error.source = name
        raise


def _base(name: str) -> tuple[str, Optional[str]]:
    """The name without the suffix of a compression, and that compression."""
    stem, suffix = os.path.splitext(name)
    if suffix.lower() in SHORT:
        stem, suffix = os.path.splitext(stem + SHORT[suffix.lower()])
    compression = SUFFIXES.get(suffix.lower())
    return (stem if compression else name), compression


def _unpacked(name: str, raw: Ahead, settings: Settings) -> tuple[Optional[str], Ahead, str]:
    """The compression, the content, and the name without the compression's suffix."""
    base, promised = _base(name)
    start = raw.peek(10)
    compression = compression_of(start)
    if promised and start and not compression:
        raise FormatError("byte 0", f"no .{promised}, as the name says")
    if compression is None:
        return None, raw, base
    return compression, Ahead(decompressed(raw.read, compression, settings.max_ratio, settings.max_bytes)), base


def _format(name: str, content: Ahead, settings: Settings) -> str:
    known = BY_SUFFIX.get(os.path.splitext(name)[1].lower())
    if known in LINES or known is None:
        other = other_kind(content.peek(SNIFFED))
        if other:
            raise FormatError("", f"is {other}")
    if known:
        return known
    start = content.peek(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if start.startswith(columns.ARROW):
        return "arrow"
    if start.startswith(columns.PARQUET + b"\x15"):  # behind it a page's header, which no text begins with
        return "parquet"
    if start[257:262] == b"ustar":
        return "tar"
    if name == STREAM and (settings.field or settings.column):
        return "jsonl" if settings.field else "csv"
    return "text"


def _refuse_unused(format: str, settings: Settings) -> None:
    """Of an archive the members have formats of their own."""
    for given, name, formats in ((settings.field, "field", ("jsonl",)), (settings.column, "column", ("csv", "parquet", "arrow"))):
        if given and format not in (*formats, "zip", "tar"):
            raise FormatError("", f"{name} is for {', '.join(formats)}, but this is {format}: leave it out, or say format={formats[0]!r}")


def is_named(name: str) -> bool:
    """Whether a file has the name of a text, or of a format that hanflow knows, packed or not.

    >>> is_named("a.txt"), is_named("A.JSONL.gz"), is_named("a.tgz"), is_named("a.py"), is_named("a.png.gz"), is_named("README")
    (True, True, True, False, False, False)
    """
    return os.path.splitext(_base(name)[0])[1].lower() in BY_SUFFIX


def is_plain_text(settings: Settings, name: str, data: bytes) -> bool:
    """Whether all that convert() would do to a file of this name and content is to repair its text, as UTF-8."""
    suffix = os.path.splitext(name)[1].lower()
    return (BY_SUFFIX.get(suffix) == "text" and settings.format in (None, "text") and settings.encoding is None
            and compression_of(data) is None)


class Ahead:
    """A read(n) that can be looked into before it is read. size: what has come in."""

    def __init__(self, read: Callable[[int], Optional[bytes]]) -> None:
        self._source, self._held, self.size = read, b"", 0
        self._ended = False

    def peek(self, size: int) -> bytes:
        while len(self._held) < size and (piece := self._next(PIECE)):
            self._held += piece
        return self._held[:size]

    def read(self, size: int) -> bytes:
        if not self._held:
            return self._next(size)
        data, self._held = self._held[:size], self._held[size:]
        return data

    def _next(self, size: int) -> bytes:
        if self._ended:  # a terminal would ask for more
            return b""
        data = self._source(size)
        if data is None:  # not the end
            raise BlockingIOError(errno.EAGAIN, "the source does not wait for its data")
        if not isinstance(data, bytes):
            raise TypeError(f"source must be a path or a binary file object; its read() gives {type(data).__name__}")
        self.size += len(data)
        self._ended = not data
        return data


def _reader(file: BinaryIO) -> Callable[[int], Optional[bytes]]:
    """A read(n) that sees each end of a terminal's input: where stdin waits for n bytes, it reads on behind the first."""
    return cast("Callable[[int], Optional[bytes]]", getattr(file, "read1", file.read) if file is _stdin() else file.read)


def _stdin() -> object:
    return getattr(sys.stdin, "buffer", None)


# Source and target

@contextmanager
def _opened(source: File) -> Iterator[BinaryIO]:
    path = None if is_stream(source) else files._path(source)
    if path is None:
        yield sys.stdin.buffer if is_stream(source) else cast("BinaryIO", source)
        return
    if os.path.isdir(path):  # open() says PermissionError on Windows
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    with open(path, "rb") as file:
        yield file


def _status(file: BinaryIO) -> Optional[tuple[int, int, int]]:
    """What tells whether a regular file has been written to: size, time, number."""
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError):  # not of the operating system
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _refuse_changed(file: BinaryIO, before: Optional[tuple[int, int, int]]) -> None:
    if _status(file) != before:
        raise FormatError("", "changed while it was read")


class Output:
    """Where the result goes. file None: nowhere. rewritable: a new regular file. size: what has been written."""

    def __init__(self, file: Optional[BinaryIO], rewritable: bool = False) -> None:
        self.file, self.rewritable, self.size = file, rewritable, 0

    def write(self, data: bytes) -> None:
        if self.file is not None:
            files._write_all(self.file, data)
            self.size += len(data)

    def restart(self) -> None:
        assert self.file is not None
        self.file.seek(0)
        self.file.truncate()
        self.size = 0


@contextmanager
def _target(target: Optional[File], mode: Optional[int], within: Optional[str]) -> Iterator[Output]:
    path = None if target is None or is_stream(target) else files._path(target)
    if path is not None:
        with files.replacing(path, mode, within) as file:
            yield Output(file, _status(file) is not None)
    elif is_stream(target):
        yield Output(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        opened = cast("Optional[BinaryIO]", target)
        yield Output(opened, opened is not None and _status(opened) is not None and opened.seekable() and opened.tell() == 0)
