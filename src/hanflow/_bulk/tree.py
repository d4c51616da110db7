"""The files that a bulk run repairs, and the folders and links round them, which it mirrors as cp -r does."""
from __future__ import annotations

import errno
import os
import stat
import unicodedata
from typing import TYPE_CHECKING, Optional

from .. import _files as files
from .._files import PERMISSIONS
from .run import Item
from .walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .summary import Summary
    from .walk import Choice, Entry


class Tree:
    """Files and folders, and the folder they are mirrored into.

    A single folder's content goes into the output itself; of several paths each goes in under its own name.
    """

    def __init__(self, paths: Sequence[str], output: str, choice: Choice, dry: bool) -> None:
        """Raises ValueError for two paths that would go into one place, and for an output that is the folder itself."""
        self.choice = choice
        self.output = output.rstrip(os.sep) or output[:1]
        self.dry = dry
        self._roots: dict[str, tuple[str, str]] = {}  # absolute path -> path as given, name in the output
        self._folders = [os.stat(path) for path in paths if os.path.isdir(path)]
        self._folding = False
        self._protected: list[tuple[str, int]] = []  # folders made that get their permissions at the end
        names: dict[str, str] = {}
        for path in paths:
            if os.path.isdir(path) and os.path.exists(output) and os.path.samefile(path, output):
                raise ValueError(f"OUT is the folder {path!r} itself; see --in-place")
            whole = os.path.abspath(path)
            name = os.path.basename(whole) if len(paths) > 1 else ""
            if whole not in self._roots and names.setdefault(name, path) != path:
                raise ValueError(f"{names[name]!r} and {path!r} would both become {os.path.join(output, name)!r}")
            self._roots.setdefault(whole, (path, name))

    def prepare(self) -> None:
        """Makes the output folder. Raises OSError."""
        (path, name), *others = self._roots.values()
        alone = not others and not name
        mode = os.stat(path).st_mode & PERMISSIONS if alone else PERMISSIONS
        os.makedirs(os.path.dirname(self.output) or ".", exist_ok=True)
        try:
            os.mkdir(self.output, mode | 0o700)
        except FileExistsError:
            if not os.path.isdir(self.output):
                raise
        else:
            self._protect(self.output, mode, os.stat(self.output))
        self._folding = takes_for_one(self.output)

    def _protect(self, folder: str, mode: int, made: os.stat_result) -> None:
        if mode & 0o700 != 0o700:
            self._protected.append((folder, made.st_mode & mode))

    def items(self, summary: Summary, failed: Callable[[str, OSError], None]) -> Iterator[Item]:
        """The files, in the order of their folders. On the way folders and links are made in the output."""
        for path, name in self._roots.values():
            if not os.path.isdir(path):
                yield self._item(path, name, _status(path), True)
                continue
            missing = None  # a folder that the output lacks
            names: set[str] = set()  # of a folder, as the output sees them
            folders: set[str] = set()
            for entry in walk(path, self.choice, lambda error: failed(os.fsdecode(error.filename), error)):
                mode = entry.status.st_mode
                inside = os.path.join(name, entry.relative) if entry.relative else name
                if missing is not None and entry.source.startswith(missing):
                    continue
                if stat.S_ISDIR(mode):
                    names.clear()
                if not self._is_new(inside, folders if stat.S_ISDIR(mode) else names):
                    failed(entry.source, OSError(errno.EEXIST, "another file of the folder has the same name in OUT"))
                    missing = os.path.join(entry.source, "")
                elif stat.S_ISDIR(mode):
                    if not self._folder(entry, inside, failed):
                        missing = os.path.join(entry.source, "")
                elif stat.S_ISREG(mode):
                    yield self._item(entry.source, inside, entry.status, entry.repaired)
                elif stat.S_ISLNK(mode):
                    self._link(entry.source, inside, summary, failed)
                else:
                    summary.skipped += 1

    def sizes(self) -> Iterator[int]:
        """Those of the files, in bytes."""
        for path, _ in self._roots.values():
            if os.path.isdir(path):
                for entry in walk(path, self.choice, lambda error: None):
                    if stat.S_ISREG(entry.status.st_mode):
                        yield entry.status.st_size
            else:
                status = _status(path)
                yield status.st_size if status is not None else 0

    def finish(self) -> None:
        """Gives folders that may not be written to their permissions, now that nothing more goes in."""
        for folder, mode in reversed(self._protected):
            if folder == self.output:  # which was named: a link is followed
                os.chmod(folder, mode)
                continue
            with files.place(folder, self.output) as (at, name):
                if at is None:
                    os.chmod(folder, mode)
                else:  # chmod() would follow a link
                    number = os.open(name, os.O_RDONLY | os.O_DIRECTORY | files.NOFOLLOW, dir_fd=at)
                    try:
                        os.fchmod(number, mode)
                    finally:
                        os.close(number)

    def _item(self, source: str, inside: str, status: Optional[os.stat_result], repaired: bool) -> Item:
        target = os.path.join(self.output, inside)
        if status is None or not stat.S_ISREG(status.st_mode):  # a pipe that was named
            return Item(source, target, within=self.output)
        return Item(source, target, inside, status.st_size, self.output, not repaired)

    def _is_new(self, inside: str, seen: set[str]) -> bool:
        """Whether the output has no name of these for it."""
        if not self._folding:
            return True
        before = len(seen)
        seen.add(unicodedata.normalize("NFC", unicodedata.normalize("NFC", inside).casefold()))
        return len(seen) > before

    def _folder(self, entry: Entry, inside: str, failed: Callable[[str, OSError], None]) -> bool:
        """Whether it is there."""
        if self.dry or not inside:
            return True
        target = os.path.join(self.output, inside)
        try:
            status = self._make(target, entry.status.st_mode & PERMISSIONS)
            if any(os.path.samestat(status, source) for source in (entry.status, *self._folders)):
                raise OSError(errno.EINVAL, f"OUT leads into what is to be repaired: {target!r}", entry.source)
        except OSError as error:
            failed(entry.source, error)
            return False
        return True

    def _make(self, folder: str, mode: int) -> os.stat_result:
        """Makes a folder in the output. A link in its place is replaced."""
        with files.place(folder, self.output) as (at, name):
            found = files.status_of(name, at)
            if found is not None and stat.S_ISLNK(found.st_mode):
                os.unlink(name, dir_fd=at)
                found = None
            if found is None:
                os.mkdir(name, mode | 0o700, dir_fd=at)
                found = os.stat(name, dir_fd=at, follow_symlinks=False)
                self._protect(folder, mode, found)
            elif not stat.S_ISDIR(found.st_mode):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), folder)
            return found

    def _link(self, source: str, inside: str, summary: Summary, failed: Callable[[str, OSError], None]) -> None:
        summary.links += 1
        if self.dry:
            return
        try:
            to = os.readlink(source)
            with files.place(os.path.join(self.output, inside), self.output) as (at, name):
                found = files.status_of(name, at)
                if found is not None and stat.S_ISLNK(found.st_mode) and os.readlink(name, dir_fd=at) == to:
                    return
                temporary = os.path.join(os.path.dirname(name), files.temporary_name())
                try:
                    os.symlink(to, temporary, target_is_directory=os.path.isdir(source), dir_fd=at)
                    os.replace(temporary, name, src_dir_fd=at, dst_dir_fd=at)
                except BaseException:  # KeyboardInterrupt too
                    files.drop(temporary, at)
                    raise
        except OSError as error:
            failed(source, error)


def takes_for_one(folder: str) -> bool:
    """Whether the file system takes names for one that differ in the case of their letters."""
    name = files.temporary_name()
    path = os.path.join(folder, name)
    try:
        os.close(os.open(path, files.NEW, 0o600))
        return files.status_of(os.path.join(folder, name.upper())) is not None
    except OSError:  # what is to be written there will say it
        return False
    finally:
        files.drop(path)


def _status(path: str) -> Optional[os.stat_result]:
    try:
        return os.stat(path)
    except OSError:  # named when it is read
        return None
