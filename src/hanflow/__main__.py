"""The entry point. Ctrl-C ends a command that is still being loaded, too, without a traceback."""
from __future__ import annotations

import os
import signal
from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    before = signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))  # nothing is open yet
    from .cli import main

    main(before)


if __name__ == "__main__":  # worker processes may import this module again
    main()
