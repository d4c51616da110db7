"""What a bulk run has done, in a hidden file of its output folder, so that the next one can go on from there."""
from __future__ import annotations

import errno
import json
import os
import stat
from typing import Any, NamedTuple, Optional

from .. import _files as files

NAME = ".hanflow-journal"


class InUse(Exception):
    """Another run is writing into this folder."""


class Done(NamedTuple):
    """A file that was repaired: its source as it was then, the size of its target, and its report."""

    size: int
    mtime_ns: int
    checksum: int
    bytes_out: int
    report: dict[str, Any]


class Journal:
    """An append-only file of JSON lines: a head with version and settings, then a line for each file done.

    A line is handed to the system after the target stands in its place, so a killed run has at worst done what its journal lacks.
    A line that a kill has torn is dropped; one that is wrong otherwise counts for nothing. Nothing is flushed to the disk: if the
    machine fails, targets may be missing that the journal has, which is why a target's size is looked at too. In memory there is a
    number for each file, not its line.
    """

    def __init__(self, folder: str, head: dict[str, Any], resume: bool) -> None:
        """Goes on with the journal in the folder if there is one, it is to be resumed, and its head is the same; otherwise begins
        a new one. Raises InUse, OSError."""
        self.path = os.path.join(folder, NAME)
        self._at: dict[int, int] = {}  # hash of the name -> position of its line
        self._lines: list[bytes] = []  # not written yet
        self.wrong = 0  # lines
        _make_way(self.path)
        self._file = open(self.path, "ab", buffering=0, opener=_own)
        self._old = open(self.path, "rb", opener=_own)  # closed at the end only: closing any file of it gives the lock up
        try:
            self._lock()
            status = os.fstat(self._file.fileno())
            if not all(os.path.samestat(status, other) for other in (os.fstat(self._old.fileno()), os.lstat(self.path))):
                raise InUse  # the run that had it has just taken it away
            self._end = self._read(head) if resume else 0
            self._file.truncate(self._end)
            if not self._end:
                self._lines.append(_line(head))
                self.flush()
        except BaseException:
            self.close(False)
            raise

    def _lock(self) -> None:
        """Until the file is closed. The lock is this process's, not its workers': they may outlive it by a moment."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        except OSError:  # a file system without locks
            pass

    def _read(self, head: dict[str, Any]) -> int:
        """Finds the lines. Returns the end of the last whole one, 0 if the head is another."""
        if self._old.readline() != _line(head):
            return 0
        position = self._old.tell()
        for line in self._old:
            if not line.endswith(b"\n"):
                break
            entry = _entry(line)
            if entry is not None:
                self._at[hash(entry[0])] = position
            else:
                self.wrong += 1
            position += len(line)
        return position

    def get(self, name: str) -> Optional[Done]:
        """What an earlier run has noted of the target of this name."""
        position = self._at.get(hash(name))
        if position is None:
            return None
        self._old.seek(position)
        entry = _entry(self._old.readline())
        return entry[1] if entry is not None and entry[0] == name else None

    def add(self, name: str, done: Done) -> None:
        self._lines.append(_line([name, list(done)]))

    def flush(self) -> None:
        """Hands the lines over. Where there is no room for them they are dropped: those files would be done again."""
        lines, self._lines = b"".join(self._lines), []
        try:
            if lines and self._file.write(lines) != len(lines):
                raise OSError
            self._end += len(lines)
        except OSError:
            self._file.truncate(self._end)

    def close(self, remove: bool) -> None:
        if remove and os.name == "posix":  # while it is ours: another run must not find it
            os.unlink(self.path)
        self._file.close()
        self._old.close()
        if remove and os.name != "posix":
            os.unlink(self.path)


_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _line(value: object) -> bytes:
    # ASCII: names that are not UTF-8 hold lone surrogates.
    return _ENCODER.encode(value).encode("ascii") + b"\n"


def _entry(line: bytes) -> Optional[tuple[str, Done]]:
    """The name and what is known of it. None for a line that we would not have written: somebody else may have."""
    try:
        name, given = json.loads(line)
        done = Done(*given)
    except (ValueError, TypeError, RecursionError):
        return None
    report = done.report
    whole = (type(name) is str and all(type(number) is int for number in done[:-1])
             and type(report) is dict and report.keys() == KINDS.keys()
             and all(type(value) in KINDS[key] for key, value in report.items()) and not report["errors"]
             and all(type(count) is int for count in report["repairs"].values()))
    return (name, done) if whole else None


# The types in the report of a file, see FileReport.
KINDS: dict[str, tuple[type, ...]] = {
    "format": (str,), "encoding": (str, type(None)), "bytes_in": (int,), "bytes_out": (int,), "changed": (bool,), "records": (int,),
    "repairs": (dict,), "failed": (int,), "errors": (list,),
}


def _make_way(path: str) -> None:
    """Removes what would lead a write elsewhere: a link, or another name of a file."""
    found = files.status_of(path)
    if found is None:
        return
    if stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1):
        os.unlink(path)
    elif not stat.S_ISREG(found.st_mode):
        raise FileExistsError(errno.EEXIST, "what stands in its place is no file", path)


def _own(path: str, flags: int) -> int:
    """Opens a file that nobody else may read, and no link."""
    number = os.open(path, flags | files.NOFOLLOW, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(number, 0o600)  # it may be there
    return number


def sweep(folder: str) -> None:
    """Removes what killed runs have left in a folder."""
    if not files.HELD:
        for inside, _, names in os.walk(folder):
            for name in filter(files.TEMPORARY.fullmatch, names):
                files.drop(os.path.join(inside, name))
        return
    for _, _, names, held in os.fwalk(folder):  # follows no link, whoever changes what meanwhile
        for name in filter(files.TEMPORARY.fullmatch, names):
            files.drop(name, held)
