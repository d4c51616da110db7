"""Paths and binary file objects. A target path is replaced in one step, or not at all."""
from __future__ import annotations

import errno
import io
import os
import re
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Optional

    from .normalizer import File

Path = Union[str, bytes]

# The names that replacing() gives a file until it is complete.
TEMPORARY = re.compile(r"\.hanflow-[0-9a-f]{16}\.tmp")


@contextmanager
def replacing(path: Path, mode: int = 0o666, follow: bool = True) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` at the end of the block, and vanishes if the block fails.

    It stands in the folder of the target until then (renaming is atomic only inside a file system), hidden, as
    ".hanflow-*.tmp": a process that is killed may leave it there, but never a half-written target. An existing target gives it its
    permissions, otherwise `mode` and the umask do. Targets that are no regular files (a pipe, a device) are written straight. A
    symbolic link stays one, and what it leads to is replaced; without `follow` it is replaced itself. Not flushed to the disk:
    this guards against the end of the process, not of the machine.
    """
    real = path
    status = _status(path)
    if status is not None and stat.S_ISLNK(status.st_mode):
        if follow:
            real = os.path.realpath(path)
        status = _status(real) if follow else None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if status is not None and not stat.S_ISREG(status.st_mode):
        with open(real, "wb") as file:
            yield file
        return
    if status is not None and not os.access(real, os.W_OK):  # renaming would get past a write protection
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    name = f".hanflow-{os.urandom(8).hex()}.tmp"
    folder = os.path.dirname(real)
    temporary: Path = os.path.join(folder, name) if isinstance(folder, str) else os.path.join(folder, name.encode())
    try:
        with _naming(path, temporary):
            number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
            with open(number, "wb", io.DEFAULT_BUFFER_SIZE) as file:  # told its buffer, it does not ask for a terminal
                yield file
        with _naming(path, temporary):
            if status is not None:
                os.chmod(temporary, stat.S_IMODE(status.st_mode))
            os.replace(temporary, real)
    except BaseException:  # KeyboardInterrupt too
        # Nobody else has a file of this name. It may be there before open() returns, and gone before replace() does.
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


def _status(path: Path) -> Optional[os.stat_result]:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """An error about the temporary file names the target instead, which the caller knows."""
    try:
        yield
    except OSError as error:
        if error.filename != temporary or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, path) from None


def _write_all(file: BinaryIO, data: bytes) -> None:
    """write() of an unbuffered file may take only a part."""
    view = memoryview(data)
    while view:
        try:
            count = file.write(view)
        except TypeError:
            raise TypeError("target must be a path or a binary file object, not one opened for text") from None
        if not isinstance(count, int) or count <= 0 or count >= len(view):
            return
        view = view[count:]


def _path(file: File) -> Optional[Path]:
    if isinstance(file, (str, bytes)):
        return file
    if isinstance(file, os.PathLike):
        return os.fspath(file)
    if hasattr(file, "read") or hasattr(file, "write"):
        return None
    raise TypeError(f"expected a path or a binary file object, not {type(file).__name__}")


def _name(file: File) -> Optional[Path]:
    path = _path(file)
    if path is None:
        name = getattr(file, "name", None)
        return name if isinstance(name, (str, bytes)) else None
    return path


def same_file(first: Path, second: Path) -> bool:
    """Whether both lead to one regular file, through links too."""
    try:
        one, other = os.stat(first), os.stat(second)
    except OSError:
        return False
    return os.path.samestat(one, other) and stat.S_ISREG(one.st_mode)


def _refuse_same(source: File, target: File) -> None:
    first, second = _path(source), _path(target)
    if first is not None and second is not None and same_file(first, second):
        raise ValueError(f"source and target are the same file: {os.fsdecode(second)!r}")
