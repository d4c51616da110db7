"""Which files are repaired: the one place that decides it, for all commands. See Choice."""
from __future__ import annotations

import errno
import os
import re
import stat
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from .. import _files as files
from .._formats.conversion import is_named
from .journal import NAME as JOURNAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import Any

Identity = tuple[int, int]
OnError = Callable[[OSError], None]

GITIGNORE = ".gitignore"


class Choice(NamedTuple):
    """Which files of a folder are repaired: those with a name of a text or of a format that hanflow knows (formats.is_named),
    but for what is hidden and what .gitignore names, and all in a folder that is.

    include:    other names to be repaired too.
    exclude:    what is not taken at all. Stronger than `include`.
    gitignore:  whether .gitignore counts: those in the folder, and in a work tree of Git those above it and .git/info/exclude.
                They are read as Git reads them. A folder that was named is walked, whatever they say of it.
    everything: give what is not repaired too (a mirror copies it), but for what bulk runs leave in their output.
    links:      "skip" leaves links out, "keep" gives them as links, "follow" follows them.
    without:    paths of files and folders that are left out (the output).
    """

    include: Patterns
    exclude: Patterns
    gitignore: bool = True
    everything: bool = False
    links: str = "skip"
    without: tuple[str, ...] = ()


class Entry(NamedTuple):
    """What a folder holds.

    relative: the path inside the folder walked, "" for that itself.
    status:   that of a link, unless it is followed.
    repaired: whether it is to be repaired.
    """

    source: str
    relative: str
    status: os.stat_result
    repaired: bool = False


def chosen(paths: Sequence[str], choice: Choice, failed: OnError) -> Iterator[tuple[str, int]]:
    """The files that are repaired where they stand, or looked at, and their sizes in bytes (0: not known). A file that is named
    is always one; of a folder those that walk() says are. None comes twice. An OSError of a folder goes to `failed`.

        list(chosen(["pages"], Choice(Patterns(["*.log"]), Patterns(["/old/"])), print))
        [('pages/1.txt', 2048), ('pages/ocr.log', 512)]
    """
    named: dict[str, str] = {}  # real path -> as it was named first
    for path in paths:
        named.setdefault(os.path.realpath(path), path)
    seen: set[str] = set()
    for path in named.values():
        if not os.path.isdir(path):
            try:
                yield path, os.stat(path).st_size
            except OSError:  # named when it is read
                yield path, 0
            continue
        without = (*choice.without, *(other for other in named.values() if other != path))
        for entry in walk(path, choice._replace(without=without), failed):
            if entry.repaired:
                if choice.links == "follow":
                    before = len(seen)
                    seen.add(os.path.realpath(entry.source))
                    if len(seen) == before:
                        continue
                yield entry.source, entry.status.st_size


def walk(path: str, choice: Choice, failed: OnError) -> Iterator[Entry]:
    """The folder itself, then its files, then what is in its folders, each sorted by name. An OSError goes to `failed`, and the
    rest goes on. A folder that a link leads back to is not entered again."""
    left_out = {identity: os.path.realpath(name) for name in choice.without if (identity := _identity_of(name)) is not None}
    status = os.stat(path)
    ignored = _Ignored.above(path, failed) if choice.gitignore else _Ignored()
    pending = [(Entry(path, "", status), _Rules(choice, False, False, ignored), frozenset((_identity(status),)))]
    while pending:
        folder, rules, above = pending.pop()
        try:
            names = sorted(os.listdir(folder.source))
        except OSError as error:
            failed(error)
            continue
        yield folder
        before, inside = os.path.join(folder.source, ""), os.path.join(folder.relative, "")
        if rules.asks(names):
            rules = rules.with_gitignore(before + GITIGNORE, inside, failed)
        folders = []
        for name in names:
            if name.startswith(".") and (not choice.everything or name == JOURNAL or files.TEMPORARY.fullmatch(name)):
                continue
            source, relative = before + name, inside + name
            try:
                status = os.lstat(source)
                if stat.S_ISLNK(status.st_mode) and choice.links == "follow":
                    status = os.stat(source)
            except FileNotFoundError:  # a link to nowhere, or gone since
                continue
            except OSError as error:
                failed(error)
                continue
            kind, identity = stat.S_IFMT(status.st_mode), _identity(status)
            if kind == stat.S_IFDIR:
                within = rules.of_folder(relative)
                if within is not None and identity not in above and identity not in left_out:
                    folders.append((Entry(source, relative, status), within, above | {identity}))
            elif identity in left_out and os.path.realpath(source) == left_out[identity]:  # a hard link to it is another file
                continue
            elif kind != stat.S_IFLNK or choice.links != "skip":
                repaired = rules.of_file(relative)
                if repaired is not None:
                    yield Entry(source, relative, status, repaired and kind == stat.S_IFREG)
        pending += reversed(folders)


def among(names: Iterable[str], choice: Choice, read: Callable[[str], str]) -> Iterator[tuple[str, bool]]:
    """The same of a folder that others have listed: those of the files in it that are taken, and whether they are repaired.

    names: paths of files inside the folder, with "/" between the parts. read: gives the text of one, see decoded().
    """
    inside = sorted(names)
    known = set(inside)
    entered: dict[str, Optional[_Rules]] = {}

    def enter(folder: str) -> Optional[_Rules]:
        if folder not in entered:
            above = enter(os.path.dirname(folder)) if folder else None
            rules = above and above.of_folder(folder) if folder else _Rules(choice, False, False, _Ignored())
            own = f"{folder}/{GITIGNORE}" if folder else GITIGNORE
            if rules is not None and own in known and rules.asks((GITIGNORE,)):
                rules = rules._replace(ignored=rules.ignored.plus(Patterns.of_lines(read(own)), len(folder) + bool(folder)))
            entered[folder] = rules
        return entered[folder]

    for name in inside:
        rules = enter(os.path.dirname(name))
        repaired = rules.of_file(name) if rules is not None else None
        if repaired is not None and not files.TEMPORARY.fullmatch(os.path.basename(name)):
            yield name, repaired


class _Rules(NamedTuple):
    """What holds in a folder. included: by a pattern, with all in it. asleep: hidden or ignored, with all in it."""

    choice: Choice
    included: bool
    asleep: bool
    ignored: _Ignored

    def asks(self, names: Collection[str]) -> bool:
        """Whether a .gitignore among these counts."""
        return self.choice.gitignore and not self.asleep and GITIGNORE in names

    def with_gitignore(self, path: str, inside: str, failed: OnError) -> _Rules:
        return self._replace(ignored=self.ignored.plus_file(path, len(inside), failed))

    def of_folder(self, relative: str) -> Optional[_Rules]:
        """None if it is left out."""
        asleep = self._asleep(relative, True)
        if self.choice.exclude.match(relative, True) or (asleep and not self.choice.everything):
            return None
        return self._replace(asleep=asleep, included=self.included or self.choice.include.match(relative, True))

    def of_file(self, relative: str) -> Optional[bool]:
        """Whether it is repaired; None if it is left out."""
        if self.choice.exclude.match(relative, False):
            return None
        repaired = ((is_named(relative) or self.included or self.choice.include.match(relative, False))
                    and not self._asleep(relative, False))
        return repaired if repaired or self.choice.everything else None

    def _asleep(self, relative: str, folder: bool) -> bool:
        return self.asleep or os.path.basename(relative).startswith(".") or self.ignored.match(relative, folder)


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _identity_of(path: str) -> Optional[Identity]:
    try:
        return _identity(os.stat(path))
    except OSError:  # not there yet
        return None


# ---------------------------------------------------------------- patterns
class Patterns:
    """Globs as in .gitignore, matched against the path inside a folder.

    ``*`` and ``?`` match anything but "/", ``**`` any folders, ``[a-z]`` and ``[!a-z]`` one character, a backslash takes the
    next character as it is. A pattern with a "/" at its start or middle is the whole path, others match a name at any depth. One
    that ends in "/" matches folders only. After one that begins with "!" no longer matches what it names; the last pattern
    counts.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        """Raises ValueError for what is no pattern."""
        self._rules = []
        for glob in globs:
            rule = _rule("\\" + glob if glob.startswith("#") else glob)  # no comments here
            if rule is None:
                raise ValueError(f"{glob!r} is no pattern")
            self._rules.append(rule)

    @classmethod
    def of_lines(cls, text: str) -> Patterns:
        """Of a .gitignore file. Lines that are no pattern count for nothing, as for Git."""
        patterns = cls(())
        patterns._rules = [rule for line in text.split("\n") if (rule := _rule(line[:-1] if line.endswith("\r") else line))]
        return patterns

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, relative: str, folder: bool) -> bool:
        return self.decide(relative, folder) or False

    def decide(self, relative: str, folder: bool) -> Optional[bool]:
        """What the last pattern that names this path, and not only a folder that it lies in, says of it; None if there is none."""
        if not self._rules:
            return None
        path = _plain(relative.replace(os.sep, "/") if os.sep != "/" else relative)
        if folder:
            path += "/"
        for rule in reversed(self._rules):
            found = rule.match_file(path)
            # pathspec notes where the folder ends that it has matched.
            if found is not None and not (found.match.groupdict().get("ps_d") and found.match.end("ps_d") < len(path)):
                return bool(rule.include)
        return None


def _rule(glob: str) -> Any:
    """pathspec's pattern, or None if it is none."""
    from pathspec import GitIgnoreSpec

    try:
        rules = [rule for rule in GitIgnoreSpec.from_lines([_plain(glob)]).patterns if rule.include is not None]
    except (ValueError, re.error):
        return None
    return rules[0] if rules else None


def _plain(name: str) -> str:
    """pathspec takes a line feed in a name for the end of the name."""
    return name.replace("\n", "\0")


class _Ignored:
    """What .gitignore files say of what lies below them: those of a folder and of those above it."""

    def __init__(self, prefix: str = "", levels: tuple[tuple[int, Patterns], ...] = ()) -> None:
        """prefix: path of the folder walked inside the work tree, with a "/" at its end. levels: the patterns of each file, from
        the outermost, and the length of the path of its folder inside the work tree."""
        self._prefix, self._levels = prefix, levels

    @classmethod
    def above(cls, path: str, failed: OnError) -> _Ignored:
        """Those above a folder in a work tree of Git. If they name that folder, they do not count."""
        here = root = os.path.realpath(path)
        while not os.path.lexists(os.path.join(root, ".git")):
            root, below = os.path.dirname(root), root
            if root == below:
                return cls()
        found = cls().plus_file(os.path.join(root, ".git", "info", "exclude"), 0, failed)
        inside, at = "", root
        for name in os.path.relpath(here, root).split(os.sep) if here != root else ():
            found = found.plus_file(os.path.join(at, GITIGNORE), len(inside), failed)
            if found.match(inside + name, True):
                return cls()
            inside, at = f"{inside}{name}/", os.path.join(at, name)
        return cls(inside, found._levels)

    def plus(self, patterns: Patterns, within: int) -> _Ignored:
        """within: the length of the path of their folder inside the folder walked."""
        return _Ignored(self._prefix, (*self._levels, (len(self._prefix) + within, patterns))) if patterns else self

    def plus_file(self, path: str, within: int, failed: OnError) -> _Ignored:
        try:
            return self.plus(Patterns.of_lines(_text_of(path)), within)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                failed(error)
            return self

    def match(self, relative: str, folder: bool) -> bool:
        for within, patterns in reversed(self._levels):
            said = patterns.decide((self._prefix + relative)[within:], folder)
            if said is not None:
                return said
        return False


def _text_of(path: str) -> str:
    """Of a .gitignore file. Like Git, it follows no link; nor does it wait for a pipe."""
    with open(path, "rb", opener=_open_file) as file:
        return decoded(file.read())


def _open_file(path: str, flags: int) -> int:
    number = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise FileNotFoundError(errno.ENOENT, "no file", path)
    return number


def decoded(data: bytes) -> str:
    """The text of a .gitignore file, in the form of names."""
    return data.decode("utf-8-sig", "surrogateescape")
