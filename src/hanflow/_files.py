"""Paths and binary file objects. A target path is replaced in one step, or not at all."""
from __future__ import annotations

import errno
import io
import os
import re
import stat
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Callable, Union

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Optional

    from ._normalizer import File

Path = Union[str, bytes]
Mode = Union[int, Callable[[], int], None]

# The names that replacing() gives a file until it is complete.
TEMPORARY = re.compile(r"\.hanflow-[0-9a-f]{16}\.tmp")

PERMISSIONS = 0o777
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | getattr(os, "O_BINARY", 0)
# A folder is held only to name what is in it, for which it need not be readable.
FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
IN_THE_WAY = "a link or a file stands in the place of a folder"
HELD = {os.open, os.stat, os.mkdir, os.unlink, os.rename, os.symlink, os.readlink, os.access} <= os.supports_dir_fd


def permissions(file: BinaryIO) -> Optional[int]:
    """Those of a regular file; None for any other."""
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError):  # not of the operating system
        return None
    return stat.S_IMODE(status.st_mode) & PERMISSIONS if stat.S_ISREG(status.st_mode) else None


# ---------------------------------------------------------------- in the place of what is there
@contextmanager
def replacing(path: Path, mode: Mode = None, within: Optional[str] = None) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` at the end of the block, and vanishes if the block fails.

    It stands in the folder of the target until then (renaming is atomic only inside a file system), hidden, as
    ".hanflow-*.tmp": a process that is killed may leave it there, but never a half-written target. Until then only its owner may
    read it. Not flushed to the disk: this guards against the end of the process, not of the machine.

    mode:   the permissions of the source, or what gives them at the end of the block. The target gets them as far as the umask lets
            it; one that is there keeps its own, and its owner, but others than its owner get none that the source does not give.
            None: there is no source.
    within: a folder that `path` lies in. Below it no link is followed: one in the place of the target is replaced, one in the place
            of a folder is an error, and so is what is no file. Without it a link stays one, and what it leads to is replaced;
            pipes and devices are written straight.
    """
    with nullcontext((None, path)) if within is None else place(os.fsdecode(path), within) as (folder, name):
        real: Path = name
        with _named(path, name):
            status = status_of(name, folder)
        if status is not None and stat.S_ISLNK(status.st_mode):
            real = os.path.realpath(path) if within is None else name
            status = status_of(real) if within is None else None
        if status is not None and stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if status is not None and not stat.S_ISREG(status.st_mode):
            if within is not None:
                raise FileExistsError(errno.EEXIST, "what stands in its place is no file", path)
            with open(real, "wb") as file:
                yield file
            return
        if status is not None and not os.access(real, os.W_OK, dir_fd=folder):  # renaming would get past a write protection
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        temporary = _beside(real)
        later = status is not None or callable(mode)  # what it may be is known at the end
        try:
            with _named(path, temporary):
                number = os.open(temporary, NEW, 0o600 if later else _of_new(mode), dir_fd=folder)
                with open(number, "wb", io.DEFAULT_BUFFER_SIZE) as file:  # told its buffer, it does not ask for a terminal
                    final = stat.S_IMODE(os.fstat(number).st_mode)  # of a new one: less the umask, which only a new file tells
                    if status is not None:
                        final = _take_over(number, status)
                    else:
                        _chmod(number, 0o600)  # nothing is in it yet
                    yield file
                    if callable(mode):
                        mode = mode()
                        final = final if status is not None else _less_the_umask(_beside(real), _of_new(mode), folder)
                    if status is not None and mode is not None:
                        final &= mode | 0o700
                    _chmod(number, final)
            with _named(path, temporary):
                if not hasattr(os, "fchmod") and status is not None:  # Windows
                    os.chmod(temporary, final)
                os.replace(temporary, real, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:  # KeyboardInterrupt too
            # Nobody else has a file of this name. It may be there before open() returns, and gone before replace() does.
            drop(temporary, folder)
            raise


def _of_new(mode: Mode) -> int:
    return PERMISSIONS & (mode if isinstance(mode, int) else 0o666)


def _less_the_umask(name: Path, mode: int, folder: Optional[int]) -> int:
    """The permissions that a new file gets, by making one."""
    try:
        os.close(os.open(name, NEW, mode, dir_fd=folder))
        return stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    finally:
        drop(name, folder)


def _beside(path: Path) -> Path:
    """A temporary name in the folder of the path."""
    folder, name = os.path.dirname(path), temporary_name()
    return os.path.join(folder, name) if isinstance(folder, str) else os.path.join(folder, os.fsencode(name))


def drop(name: Path, folder: Optional[int] = None) -> None:
    """Removes a temporary file, if it is there."""
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        pass


def temporary_name() -> str:
    """A new one that TEMPORARY matches."""
    return f".hanflow-{os.urandom(8).hex()}.tmp"


@contextmanager
def place(path: str, within: str, make: bool = False) -> Iterator[tuple[Optional[int], str]]:
    """What names a file for the functions of `os`: a folder that is held open (dir_fd), and the name in it. No link below `within`
    is followed on the way there, whoever changes what meanwhile: NotADirectoryError. make: folders that are missing are made.
    Where the system has no dir_fd: (None, path)."""
    *folders, name = path[len(os.path.join(within, "")):].split(os.sep)
    at = within
    if not HELD:
        for part in folders:
            at = os.path.join(at, part)
            if os.path.islink(at):
                raise NotADirectoryError(errno.ENOTDIR, IN_THE_WAY, at)
        if make:
            os.makedirs(at, exist_ok=True)
        yield None, path
        return
    folder = os.open(within or os.curdir, FOLDER)
    try:
        for part in folders:
            at = os.path.join(at, part)
            try:
                if make and status_of(part, folder) is None:
                    os.mkdir(part, dir_fd=folder)
                inner = os.open(part, FOLDER | NOFOLLOW, dir_fd=folder)
            except OSError as error:
                code = errno.ENOTDIR if error.errno == errno.ELOOP else error.errno
                raise OSError(code, IN_THE_WAY if code == errno.ENOTDIR else error.strerror, at) from None
            os.close(folder)
            folder = inner
        yield folder, name
    finally:
        os.close(folder)


def status_of(path: Path, folder: Optional[int] = None) -> Optional[os.stat_result]:
    """Of what is there, a link too; None if nothing is."""
    try:
        return os.stat(path, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _chmod(number: int, mode: int) -> None:
    if hasattr(os, "fchmod"):
        os.fchmod(number, mode)


def _take_over(number: int, status: os.stat_result) -> int:
    """Gives a new file owner and group of the one that it is to replace, as far as we may, and returns the permissions for it."""
    mode = stat.S_IMODE(status.st_mode)
    if hasattr(os, "fchown"):
        new = os.fstat(number)
        try:
            if new.st_uid != status.st_uid:
                os.fchown(number, status.st_uid, -1)
        except OSError:  # only root may do that
            pass
        try:
            if new.st_gid != status.st_gid:
                os.fchown(number, -1, status.st_gid)
        except OSError:  # its group is another one, which gets what all get
            mode = mode & ~0o070 | (mode & 0o007) << 3
    return mode


@contextmanager
def _named(path: Path, *others: Path) -> Iterator[None]:
    """An error about a name that place() gives, or about a temporary file, names the target instead, which the caller knows."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in others:
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


def same_file(first: Path, second: Path, follow: bool = True) -> bool:
    """Whether both lead to one regular file, through links too. Without `follow`, a link that is the second leads nowhere."""
    try:
        one, other = os.stat(first), os.stat(second, follow_symlinks=follow)
    except OSError:
        return False
    return os.path.samestat(one, other) and stat.S_ISREG(one.st_mode)


def same_path(first: str, second: str) -> bool:
    """Whether both name one file or folder, through links too, whether it is there or not."""
    try:
        return os.path.samefile(first, second)
    except OSError:
        return os.path.realpath(first) == os.path.realpath(second)


def _refuse_same(source: File, target: File, follow: bool = True) -> None:
    first, second = _path(source), _path(target)
    if first is not None and second is not None and same_file(first, second, follow):
        raise ValueError(f"source and target are the same file: {os.fsdecode(second)!r}")
