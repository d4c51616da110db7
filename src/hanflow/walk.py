"""The files of a folder, and the patterns that choose among them."""
from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from . import files
from .journal import NAME as JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OnError = Callable[[OSError], None]


class Entry(NamedTuple):
    """What a folder holds. `relative` is the path inside the folder walked, "" for that itself; `status` is that of a link,
    unless it is followed."""

    source: str
    relative: str
    status: os.stat_result


class Patterns:
    """Globs as in .gitignore, without its "!": matched against the path inside the folder walked.

    ``*`` and ``?`` match anything but "/", ``**`` any folders, ``[a-z]`` and ``[!a-z]`` one character, a backslash takes the
    next character as it is. A pattern with a "/" at its start or middle is the whole path, others match a name at any depth. One
    that ends in "/" matches folders only. What matches a folder holds for all in it.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        """Raises ValueError for a pattern that is empty."""
        self._any: list[str] = []
        self._folders: list[str] = []
        for glob in globs:
            (self._folders if glob.endswith("/") else self._any).append(_expression(glob))
        everything = re.compile("|".join(self._any) or r"(?!)", re.DOTALL)
        folders = re.compile("|".join(self._any + self._folders) or r"(?!)", re.DOTALL)
        self._matches = {False: everything.fullmatch, True: folders.fullmatch}

    def __bool__(self) -> bool:
        return bool(self._any or self._folders)

    def match(self, relative: str, folder: bool) -> bool:
        path = relative.replace(os.sep, "/") if os.sep != "/" else relative
        return self._matches[folder](path) is not None


def _expression(glob: str) -> str:
    """The regular expression of a glob."""
    body = glob.rstrip("/")
    if not body:
        raise ValueError(f"an empty pattern: {glob!r}")
    out = "" if "/" in body else "(?:.*/)?"
    body = body.lstrip("/")
    at = 0
    while at < len(body):
        char = body[at]
        at += 1
        starts = at == 1 or body[at - 2] == "/"
        if char == "*" and body.startswith("*/", at) and starts:  # **/
            out += "(?:.*/)?"
            at += 2
        elif char == "*" and body[at:] == "*" and starts:  # /** at the end
            out += ".*"
            at += 1
        elif char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[" and (end := body.find("]", at + 1 + body.startswith(("!", "^"), at))) > 0:
            negated = body[at] in "!^"
            inside = body[at + negated:end].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            out += f"(?!/)[{'^' * negated}{inside}]"
            at = end + 1
        else:
            if char == "\\" and at < len(body):
                char = body[at]
                at += 1
            out += re.escape(char)
    try:
        re.compile(out)
    except re.error as error:
        raise ValueError(f"{glob!r} is no pattern: {error}") from None
    return f"(?:{out})"


class Choice(NamedTuple):
    """What of a folder is taken.

    include, exclude: a file or link is taken if `include` is empty or matches it or a folder round it, and `exclude` does not.
    hidden:           names that start with a dot too, but for what bulk runs leave in their output.
    links:            "keep" gives links as links, "files" follows those to files and leaves the others out, "follow" follows all.
    without:          a folder that is not entered (the output).
    """

    include: Patterns = Patterns(())
    exclude: Patterns = Patterns(())
    hidden: bool = False
    links: str = "files"
    without: Optional[str] = None


def walk(path: str, choice: Choice, failed: OnError) -> Iterator[Entry]:
    """The folder itself, then its files, then what is in its folders, each sorted by name. An OSError goes to `failed`, and the
    rest goes on. A folder that a link leads back to is not entered again."""
    without = None
    if choice.without is not None and os.path.isdir(choice.without):
        without = _identity(os.stat(choice.without))
    status = os.stat(path)
    pending = [(Entry(path, "", status), not choice.include, frozenset((_identity(status),)))]
    while pending:
        folder, included, above = pending.pop()
        try:
            names = sorted(os.listdir(folder.source))
        except OSError as error:
            failed(error)
            continue
        yield folder
        folders = []
        before, inside = os.path.join(folder.source, ""), os.path.join(folder.relative, "")
        for name in names:
            if name.startswith(".") and (not choice.hidden or name == JOURNAL or files.TEMPORARY.fullmatch(name)):
                continue
            source, relative = before + name, inside + name
            try:
                status = os.lstat(source)
                if stat.S_ISLNK(status.st_mode) and choice.links != "keep":
                    status = os.stat(source)
                    if choice.links == "files" and not stat.S_ISREG(status.st_mode):
                        continue
            except FileNotFoundError:  # a link to nowhere, or gone since
                continue
            except OSError as error:
                failed(error)
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            if choice.exclude.match(relative, is_folder):
                continue
            here = included or choice.include.match(relative, is_folder)
            if not is_folder:
                if here:
                    yield Entry(source, relative, status)
                continue
            identity = _identity(status)
            if identity != without and identity not in above:
                folders.append((Entry(source, relative, status), here, above | {identity}))
        pending += reversed(folders)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
