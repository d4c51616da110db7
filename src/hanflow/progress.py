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
# What a terminal acts on: control characters (raw bytes of 8-bit ones too), line ends, what turns the direction of writing.
HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\udc80-\udc9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
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
            click.echo(f"\r{line[:width]}\x1b[K", nl=False, err=True)
            self._drawn = True
        else:
            click.echo(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}", err=True)

    def line(self) -> str:
        summary = self.summary
        done, size, rate = summary.files, summary.bytes_seen, _size(summary.rate())
        if self._sizes is None:
            left = max(self.bytes - size, 0) * summary.seconds() / size if size else 0.0
            parts = [f"{done:,}/{self.files:,} files", f"{_size(size)}/{_size(self.bytes)}", f"{rate}/s",
                     f"{_duration(left)} left"]
        else:  # still counting
            parts = [f"{done:,} files", _size(size), f"{rate}/s"]
        if summary.errors:
            parts.append(f"{summary.errors:,} error{'' if summary.errors == 1 else 's'}")
        return "  ".join(parts)

    def say(self, message: str) -> None:
        """Prints a line to stderr, above the moving one."""
        self.clear()
        say(message)

    def clear(self) -> None:
        if self._drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._drawn = False
            self._next = 0.0


def say(message: str) -> None:
    """Prints a line to stderr. Names may hold what a terminal obeys, line ends too."""
    click.echo(harmless(message), err=True)


def harmless(text: str) -> str:
    """With escapes, as Python writes them, for what a terminal would act on. Names may hold such."""
    return HARMFUL.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}" if found[0] >= "\udc80" else repr(found[0])[1:-1], text)


def printable(source: str) -> str:
    return "<stdin>" if source == "-" else harmless(click.format_filename(source))


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
