"""How far a bulk run is: a moving line on a terminal, a line a minute in a log, nothing in a pipe."""
from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import time
from typing import TYPE_CHECKING, Optional

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .summary import Summary

TERMINAL_SECONDS = 0.2
LOG_SECONDS = 60.0
# What a terminal obeys: control characters (and bytes that are such), ends of lines and paragraphs, marks of direction, what has no
# width.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\udc80-\udc9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
COUNTED_AT_ONCE = 500  # files, some milliseconds


class Progress:
    """Prints to stderr. `wanted`: None for the rule above (a log is a regular file), False for nothing, True for a line a minute
    where stderr is no terminal. `sizes` are those of the files to come, counted beside the work, for the time left."""

    def __init__(self, summary: Summary, sizes: Iterator[int], wanted: Optional[bool]) -> None:
        self.summary = summary
        self.terminal = wanted is not False and sys.stderr.isatty()
        log = wanted is True or (wanted is None and _is_log())
        self.seconds = TERMINAL_SECONDS if self.terminal else LOG_SECONDS if log else None
        self.files = self.bytes = 0  # known so far
        self._sizes: Optional[Iterator[int]] = sizes if self.seconds is not None else None
        self._next = time.monotonic() + (self.seconds or 0)
        self._drawn = False

    def count(self) -> bool:
        """Counts some more files. False if there is nothing to count."""
        if self._sizes is None:
            return False
        for _ in range(COUNTED_AT_ONCE):
            size = next(self._sizes, None)
            if size is None:
                self._sizes = None
                break
            self.files += 1
            self.bytes += size
        return True

    def tick(self) -> None:
        """Shows the state if it is time."""
        now = time.monotonic()
        if self.seconds is None or now < self._next:
            return
        self._next = now + self.seconds
        line = self.line()
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            _print(f"\r{line[:width]}\x1b[K")
            self._drawn = True
        else:
            _print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def line(self) -> str:
        summary = self.summary
        done, size, rate = summary.files, summary.bytes_seen, _size(summary.rate())
        if self._sizes is None and self.files:
            left = summary.left(max(self.bytes - size, 0))
            parts = [f"{done:,}/{self.files:,} files", f"{_size(size)}/{_size(self.bytes)}", f"{rate}/s"]
            parts += [f"{_duration(left)} left"] if left is not None else []
        else:  # still counting, or nothing could be: stdin, a URL
            parts = [f"{done:,} file{'' if done == 1 else 's'}", _size(max(size, summary.bytes_in)), f"{rate}/s"]
        if summary.errors:
            parts.append(f"{summary.errors:,} error{'' if summary.errors == 1 else 's'}")
        return "  ".join(parts)

    def say(self, message: str) -> None:
        """Prints a line to stderr, above the moving one."""
        self.clear()
        say(message)

    def clear(self) -> None:
        if self._drawn:
            _print("\r\x1b[K")
            self._drawn = False
            self._next = 0.0


def say(message: str, lines: bool = False) -> None:
    """Prints a line to stderr, or lines. Names may hold what a terminal obeys, line ends too."""
    parts = message.split("\n") if lines else [message]
    _print("".join(CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}" if found[0] < "\u0100" else f"\\u{ord(found[0]):04x}", part)
                   + "\n" for part in parts))


def _print(text: str) -> None:
    """To stderr. Where there is no room for messages they are lost, and the work goes on."""
    try:
        click.echo(text, nl=False, err=True)
    except BrokenPipeError:
        raise
    except OSError:
        pass


def harmless(name: str) -> bytes:
    """A name for stdout: its own bytes, but nothing that a terminal would act on."""
    return os.fsencode(escaped(name))


def escaped(text: str) -> str:
    """With escapes, as Python writes them, for what a terminal would act on."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}" if found[0] >= "\udc80" and found[0] <= "\udc9f" else
                       repr(found[0])[1:-1], text)


def open_streams() -> None:
    """Where the caller has closed stdin, stdout or stderr, the next file to be opened would take its place. Reads and writes of
    the first two fail then, instead; nobody reads messages."""
    for number, (name, flags) in enumerate((("stdin", os.O_WRONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY))):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        setattr(sys, name, open(number, "w" if number else "r", errors="backslashreplace", closefd=False))


def printable(source: str) -> str:
    return "<stdin>" if source == "-" else click.format_filename(source)


def _is_log() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            break
        number /= 1000
    else:
        unit = "TB"
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"


def _duration(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
