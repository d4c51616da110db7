"""Zip archives: members whose text changes are written anew, all others are copied as they are, compressed."""
from __future__ import annotations

import errno
import shutil
import stat
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, Callable, Optional

from .account import PIECE, Account, FormatError
from .compression import ERRORS, check, deflating

if TYPE_CHECKING:
    from typing import BinaryIO

# (name, read(n), account) -> the result, or None if nothing changes
Repair = Callable[[str, Callable[[int], bytes], Account], Optional[IO[bytes]]]

ENCRYPTED, DESCRIPTOR, UTF8 = 0x1, 0x8, 0x800  # bits of the flags
LOCAL = struct.Struct("<4s22xHH")
EXTRA = struct.Struct("<HH")
ZIP64 = 1  # the extra field with sizes and an offset
UNIX = 3  # the system whose permissions and kinds of files the attributes hold
# What sizes and offsets end in that lead nowhere; an OSError of the file itself has another number than EINVAL.
LIES = (ValueError, OverflowError, struct.error, OSError)


def repair_members(
    source: BinaryIO, target: Optional[BinaryIO], account: Account, is_text: Callable[[str], bool], repair: Repair
) -> None:
    """Order, names, dates, attributes and comments stay, and so do members that are no regular files: the text of a symbolic link
    is a path. A member that is damaged, encrypted, larger than the limits allow or has a name that leads out of the archive
    is copied as it is, and the account names it. Both files must be seekable."""
    settings = account.settings
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, *LIES) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise FormatError("", f"damaged zip: {error}") from error
    infos = archive.infolist()
    size = source.seek(0, 2)
    if min((info.header_offset for info in infos), default=0) < 0:
        raise FormatError("", "damaged zip: its directory does not lie where it says")
    if sum(info.compress_size for info in infos) > size:
        raise FormatError("", "members overlap: a zip bomb")
    out = None
    if target is not None:
        source.seek(0)  # what stands before the archive, such as a program that unpacks it
        shutil.copyfileobj(_Limited(source, min((info.header_offset for info in infos), default=0)), target)
        out = _Out(target, "w")
        out.comment = archive.comment
    unpacked = 0
    for info in infos:
        account.records += 1
        name = shown(_raw_name(info))
        where = f"member {name}"
        result = None
        if leads_out(info.filename):
            account.fail(where, "its name leads out of the archive")
        elif is_text(info.filename) and _is_regular(info):
            member = Account(settings)
            try:
                if info.flag_bits & ENCRYPTED:
                    raise FormatError("", "encrypted")
                check(info.file_size, info.compress_size, settings.max_ratio, None)
                check(unpacked + info.file_size, size, settings.max_ratio, settings.max_bytes)
                unpacked += info.file_size
                with archive.open(info) as file:
                    result = repair(info.filename, file.read, member)
                account.add(member, where)
            except FormatError as error:
                account.fail(f"{where}, {error.where}" if error.where else where, error.reason)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, *LIES) as error:
                if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                    raise
                account.fail(where, f"damaged: {error}" if str(error) else "damaged")
            except Exception as error:
                if type(error).__name__ not in ERRORS:
                    raise
                account.fail(where, f"damaged: {error}")
        if out is not None:
            if result is not None:
                with result:
                    _write(out, info, result)
            elif not _copy(source, info, out):
                account.fail(where, "its header is damaged: left out")
                account.changed = True
        elif result is not None:
            result.close()
    if out is not None:
        out.close()


class _Out(zipfile.ZipFile):
    def __del__(self) -> None:
        """One that was not closed was given up: zipfile would go on writing."""


class _Info(zipfile.ZipInfo):
    """A member with the bytes of its name as they were: zipfile would write those of old archives as UTF-8."""

    __slots__ = ("raw_name",)

    def __init__(self, info: zipfile.ZipInfo) -> None:
        for slot in zipfile.ZipInfo.__slots__:
            if hasattr(info, slot):
                setattr(self, slot, getattr(info, slot))
        self.raw_name = _raw_name(info), info.flag_bits & UTF8

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        name, flag = self.raw_name
        return name, self.flag_bits & ~UTF8 | flag


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & UTF8 else "cp437")


def _write(out: zipfile.ZipFile, info: zipfile.ZipInfo, result: IO[bytes]) -> None:
    size = result.seek(0, 2)
    result.seek(0)
    new = _Info(info)
    new.file_size = size
    new.extra = _without_zip64(info.extra)
    out.NameToInfo.pop(new.filename, None)  # a second one of a name would be warned of
    with out.open(new, "w", force_zip64=size >= 1 << 31) as file:
        if new.compress_type == zipfile.ZIP_DEFLATED and (compressor := deflating()) is not None:
            file._compressor = compressor  # type: ignore[attr-defined]
        shutil.copyfileobj(result, file, PIECE)
    new.external_attr = info.external_attr  # open() replaces 0


def _is_regular(info: zipfile.ZipInfo) -> bool:
    """Whether it is no link, device or fifo. Many programs tell permissions only."""
    return info.create_system != UNIX or stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)


def _copy(source: BinaryIO, info: zipfile.ZipInfo, out: Any) -> bool:
    """Copies header and data as they are. False if the header is none."""
    try:
        source.seek(info.header_offset)
    except LIES:
        return False
    header = source.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        return False
    _, name_size, extra_size = LOCAL.unpack(header)
    header += source.read(name_size + extra_size)
    new = _Info(info)
    new.header_offset = out.fp.tell()
    new.extra = _without_zip64(info.extra)
    out.fp.write(header)
    shutil.copyfileobj(_Limited(source, info.compress_size), out.fp, PIECE)
    if info.flag_bits & DESCRIPTOR:
        long = _without_zip64(header[30 + name_size:]) != header[30 + name_size:]
        out.fp.write(struct.pack("<4sLQQ" if long else "<4sLLL", b"PK\x07\x08", info.CRC, info.compress_size, info.file_size))
    out.filelist.append(new)
    out.NameToInfo[new.filename] = new
    out.start_dir = out.fp.tell()
    out._didModify = True
    return True


def _without_zip64(extra: bytes) -> bytes:
    """zipfile adds the field itself where it is needed."""
    kept, at = [], 0
    while at + 4 <= len(extra):
        kind, size = EXTRA.unpack_from(extra, at)
        if kind != ZIP64:
            kept.append(extra[at:at + 4 + size])
        at += 4 + size
    return b"".join([*kept, extra[at:]])


class _Limited:
    """The next bytes of a file, so many and no more."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = PIECE) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


def leads_out(name: str) -> bool:
    """Whether a careless program would write the member outside of the folder it unpacks into."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" and len(parts) > 1 or parts[0][1:2] == ":"


def shown(name: bytes) -> str:
    """A member's name for people: old archives don't say how it is written."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            pass
    return name.decode("ascii", "backslashreplace")
