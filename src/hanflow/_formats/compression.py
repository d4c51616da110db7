"""Compressed streams: .gz, .zst, .xz, .bz2. What a name promises, the first bytes decide."""
from __future__ import annotations

import zlib
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .account import FormatError, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable, Optional

MAGIC = {"gz": b"\x1f\x8b", "zst": b"\x28\xb5\x2f\xfd", "xz": b"\xfd7zXZ\x00", "bz2": b"BZh"}
SUFFIXES = {".gz": "gz", ".zst": "zst", ".zstd": "zst", ".xz": "xz", ".bz2": "bz2"}
SHORT = {".tgz": ".tar.gz", ".tzst": ".tar.zst", ".txz": ".tar.xz", ".tbz2": ".tar.bz2"}
# What the libraries raise for damaged data, beside OSError, ValueError and zlib.error.
ERRORS = ("LZMAError", "IsalError", "ZstdError")

UNCHECKED = 64 << 20  # bytes that come out before the ratio is looked at
ISAL_LEVEL = 2
ZSTD_PIECE = 1 << 10  # bytes: a block of four may stand for 128 KiB
XZ_PIECE = 1 << 13  # bytes
WINDOW = 1 << 27  # bytes that a stream may look back: what it says is allocated. The tools' highest levels take 64 MiB, zstd --long 128.


def kind(start: bytes) -> Optional[str]:
    """The compression of a file that begins so, or None."""
    for name, magic in MAGIC.items():
        if start.startswith(magic) and (name != "bz2" or start[4:10] in (b"1AY&SY", b"\x17rE8P\x90")):
            return name
    return None


def decompressed(
    read: Callable[[int], bytes], name: str, max_ratio: Optional[float], max_bytes: Optional[int]
) -> Callable[[int], bytes]:
    """A read(n) of what the stream unpacks to, all its members one behind the other.

    It raises FormatError with the position in the compressed file, if that is damaged, or ends too early, or holds more
    than the limits allow.
    """
    source = Counting(read)
    stream: Any
    if name == "zst":
        stream = ZstdReader(source)
    elif name == "gz":
        stream = _gzip()[0](fileobj=source, mode="rb")
    elif name == "xz":
        stream = XzReader(source)
    else:
        stream = _file(name, source, "rb")
    size = 0

    def unpacked(count: int) -> bytes:
        nonlocal size
        try:
            data: bytes = stream.read(count)
        except FormatError:
            raise
        except EOFError:
            raise FormatError(f"byte {source.size}", f"truncated .{name}") from None
        except Exception as error:
            if not isinstance(error, (OSError, zlib.error, ValueError, OverflowError)) and type(error).__name__ not in ERRORS:
                raise
            if isinstance(error, OSError) and error.errno is not None:  # of the file, not of what is in it
                raise
            raise FormatError(f"before byte {source.size}", f"damaged .{name}: {error}") from error
        size += len(data)
        check(size, source.size, max_ratio, max_bytes)
        return data

    return unpacked


def check(size: int, packed: int, max_ratio: Optional[float], max_bytes: Optional[int]) -> None:
    """Raises FormatError if so much must not come out of so little."""
    if max_bytes is not None and size > max_bytes:
        raise FormatError("", f"unpacks to more than {max_bytes} bytes (max_bytes)")
    if max_ratio is not None and size > UNCHECKED and size > max_ratio * packed:
        raise FormatError("", f"unpacks to more than {max_ratio:g} times its size (max_ratio)")


@contextmanager
def compressing(name: str, write: Callable[[bytes], object]) -> Iterator[Callable[[bytes], object]]:
    """A write() whose data reach the other write() compressed. The same data give the same bytes."""
    sink = Sink(write)
    try:
        stream = _compressor(name, sink)
        yield stream.write
        stream.close()
    finally:
        sink.closed = True


def _compressor(name: str, sink: Any) -> Any:
    if name == "gz":
        kind, level = _gzip()
        return kind(filename="", fileobj=sink, mode="wb", compresslevel=level, mtime=0)
    if name == "zst":
        return _zstandard().ZstdCompressor(write_checksum=True).stream_writer(sink, closefd=False)
    return _file(name, sink, "wb")


def _file(name: str, file: Any, mode: str) -> Any:
    return import_module("lzma").LZMAFile(file, mode) if name == "xz" else import_module("bz2").BZ2File(file, mode)


class Counting:
    """A file that is read, and how far."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self.size, self.ended = read, 0, False

    def read(self, size: int) -> bytes:
        data = self._read(size)
        self.size += len(data)
        self.ended = not data
        return data

    def readinto(self, buffer: memoryview) -> int:
        data = self.read(len(buffer))
        buffer[:len(data)] = data
        return len(data)

    def seekable(self) -> bool:
        return False

    def readable(self) -> bool:
        return True


class Sink:
    """A file that is written to, and no more."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self._at = write, 0
        self.closed = False  # then the rest is dropped, which a compressor writes when it is deleted

    def write(self, data: bytes) -> int:
        if not self.closed:
            self._write(bytes(data))
            self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None: ...

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class ZstdReader:
    """zstandard's own reader takes a stream that is cut for one that ends."""

    def __init__(self, source: Counting) -> None:
        self._source = source
        self._new = _zstandard().ZstdDecompressor(max_window_size=WINDOW).decompressobj
        self._frame: Any = None
        self._output = bytearray()

    def read(self, size: int) -> bytes:
        while len(self._output) < size:
            data = self._source.read(ZSTD_PIECE)
            if not data:
                if self._frame is not None:
                    raise EOFError
                break
            while data:
                frame = self._frame = self._frame or self._new()
                self._output += frame.decompress(data)
                data = frame.unused_data
                if frame.eof:
                    self._frame = None
        result = bytes(self._output[:size])
        del self._output[:size]
        return result


class XzReader:
    """lzma's own reader sets no limit to the memory, and drops what stands behind a stream."""

    def __init__(self, source: Counting) -> None:
        self._source = source
        self._new = import_module("lzma").LZMADecompressor
        self._stream: Any = None
        self._data = b""
        self._padding = b""  # zeros may stand behind a stream

    def read(self, size: int) -> bytes:
        while True:
            if not self._data and (self._stream is None or self._stream.needs_input):
                self._data = self._source.read(XZ_PIECE)
                if not self._data and self._stream is not None:
                    raise EOFError
            if self._stream is None:
                self._data = self._data.lstrip(self._padding) if self._padding else self._data
                if not self._data:
                    if self._source.ended:
                        return b""
                    continue
                self._stream = self._new(memlimit=WINDOW + (1 << 24))
            result: bytes = self._stream.decompress(self._data, size)
            self._data = b""
            if self._stream.eof:
                self._data, self._padding, self._stream = self._stream.unused_data, b"\0", None
            if result:
                return result


def deflating() -> Any:
    """A compressor of what stands in a zip, None for zipfile's own."""
    try:
        return import_module("isal.isal_zlib").compressobj(ISAL_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    except ImportError:
        return None


def _gzip() -> tuple[Any, int]:
    """The class, and a level. isal's is some times as fast, and packs a little less."""
    try:
        return import_module("isal.igzip").IGzipFile, ISAL_LEVEL
    except ImportError:
        return import_module("gzip").GzipFile, 6


def _zstandard() -> Any:
    return load("zstandard", ".zst")
