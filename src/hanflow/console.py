"""The standard streams of the command: what is done when one is closed, full, or no longer read."""
from __future__ import annotations

import errno
import io
import os
import sys
from typing import NoReturn

class ClosedPipe(Exception):
    """Nobody reads our stdout any more."""


class Unwritable(Exception):
    """The output cannot be written: its name, and why. Not to be taken for an error of the source at hand."""

    def __init__(self, name: str, error: OSError) -> None:
        super().__init__(f"{name}: {error.strerror or error}")


def write_out(data: bytes) -> None:
    """To stdout. Raises ClosedPipe and Unwritable."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ClosedPipe from None
    except OSError as error:
        raise Unwritable("<stdout>", error) from None


def open_streams() -> None:
    """Those that were closed before the start fail when they are used, instead of being None; and no file that is opened gets their
    number."""
    if sys.stdin is not None and sys.stdout is not None and sys.stderr is not None:
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_Closed()))
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Closed()))
    if sys.stderr is None:  # there is nobody to tell
        sys.stderr = open(os.devnull, "w")


class _Closed(io.RawIOBase):
    name = "<closed>"

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> NoReturn:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def write(self, data: object) -> NoReturn:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def close_streams() -> None:
    """What stdout still holds and cannot be written is dropped: Python would complain when it flushes it at its end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):  # it was closed before the start
            sys.stdout = open(os.devnull, "w")
