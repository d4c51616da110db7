"""The files that a bulk run repairs, and the folders and links round them, which it mirrors as cp -r does."""
from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Optional

from .bulk import Item
from .walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .summary import Summary
    from .walk import Choice, Entry

PERMISSIONS = 0o777


class Tree:
    """Files and folders, and the folder they are mirrored into.

    A single folder's content goes into the output itself; of several paths each goes in under its own name.
    """

    def __init__(self, paths: Sequence[str], output: str, choice: Choice, dry: bool) -> None:
        """Raises ValueError for two paths that would go into one place, and for an output that is the folder itself."""
        self.choice = choice
        self.output = output
        self.dry = dry
        self._roots: dict[str, tuple[str, str]] = {}  # absolute path -> path as given, name in the output
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
        self._make(self.output, os.stat(path).st_mode & PERMISSIONS if alone else PERMISSIONS)

    def items(self, summary: Summary, failed: Callable[[str, OSError], None]) -> Iterator[Item]:
        """The files, in the order of their folders. On the way folders and links are made in the output."""
        for path, name in self._roots.values():
            if not os.path.isdir(path):
                yield self._item(path, name, _status(path), True)
                continue
            for entry in walk(path, self.choice, lambda error: failed(os.fsdecode(error.filename), error)):
                mode = entry.status.st_mode
                inside = os.path.join(name, entry.relative) if entry.relative else name
                if stat.S_ISDIR(mode):
                    self._folder(entry, inside, failed)
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
        mask = os.umask(0)
        os.umask(mask)
        for folder, mode in reversed(self._protected):
            os.chmod(folder, mode & ~mask)

    def _item(self, source: str, inside: str, status: Optional[os.stat_result], repaired: bool) -> Item:
        target = os.path.join(self.output, inside)
        if status is None or not stat.S_ISREG(status.st_mode):  # a pipe that was named
            return Item(source, target)
        return Item(source, target, inside, status.st_size, status.st_mode & PERMISSIONS, not repaired)

    def _folder(self, entry: Entry, inside: str, failed: Callable[[str, OSError], None]) -> None:
        if self.dry:
            return
        target, mode = os.path.join(self.output, inside) if inside else self.output, entry.status.st_mode & PERMISSIONS
        try:
            self._make(target, mode)
        except OSError as error:
            failed(entry.source, error)

    def _make(self, folder: str, mode: int) -> None:
        os.makedirs(os.path.dirname(folder) or ".", exist_ok=True)
        try:
            os.mkdir(folder, mode | 0o700)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise
        else:
            if mode & 0o700 != 0o700:
                self._protected.append((folder, mode))

    def _link(self, source: str, inside: str, summary: Summary, failed: Callable[[str, OSError], None]) -> None:
        summary.links += 1
        if self.dry:
            return
        target = os.path.join(self.output, inside)
        try:
            to = os.readlink(source)
            if os.path.islink(target) and os.readlink(target) == to:
                return
            if os.path.lexists(target):
                os.unlink(target)
            os.symlink(to, target, target_is_directory=os.path.isdir(source))
        except OSError as error:
            failed(source, error)


def _status(path: str) -> Optional[os.stat_result]:
    try:
        return os.stat(path)
    except OSError:  # named when it is read
        return None
