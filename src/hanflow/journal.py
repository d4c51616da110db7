"""What a bulk run has done, in a hidden file of its output folder, so that the next one can go on from there."""
from __future__ import annotations

import json
import os
from typing import Any, NamedTuple, Optional

from . import files

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
    A line that a kill has torn is dropped. Nothing is flushed to the disk: if the machine fails, targets may be missing that the
    journal has, which is why a target's size is looked at too. In memory there is a number for each file, not its line.
    """

    def __init__(self, folder: str, head: dict[str, Any], resume: bool) -> None:
        """Goes on with the journal in the folder if there is one, it is to be resumed, and its head is the same; otherwise begins
        a new one. Raises InUse, OSError."""
        self.path = os.path.join(folder, NAME)
        self._at: dict[int, int] = {}  # hash of the name -> position of its line
        self._lines: list[bytes] = []  # not written yet
        self._file = open(self.path, "ab", buffering=0)
        self._old = open(self.path, "rb")  # closed at the end only: closing any file of it gives the lock up
        try:
            self._lock()
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
            position += len(line)
        return position

    def get(self, name: str) -> Optional[Done]:
        """What an earlier run has noted of the target of this name."""
        position = self._at.get(hash(name))
        if position is None:
            return None
        self._old.seek(position)
        entry = _entry(self._old.readline())
        return Done(*entry[1]) if entry is not None and entry[0] == name else None

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
        self._file.close()
        self._old.close()
        if remove:
            os.unlink(self.path)


_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _line(value: object) -> bytes:
    # ASCII: names that are not UTF-8 hold lone surrogates.
    return _ENCODER.encode(value).encode("ascii") + b"\n"


def _entry(line: bytes) -> Optional[tuple[str, list[Any]]]:
    try:
        name, done = json.loads(line)
        return (name, done) if isinstance(name, str) and len(done) == len(Done._fields) else None
    except (ValueError, TypeError):
        return None


def sweep(folder: str) -> None:
    """Removes what killed runs have left in a folder."""
    for inside, _, names in os.walk(folder):
        for name in names:
            if files.TEMPORARY.fullmatch(name):
                try:
                    os.unlink(os.path.join(inside, name))
                except OSError:
                    pass
