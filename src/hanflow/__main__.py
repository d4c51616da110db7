"""The entry point of the command."""
import os
import signal
from types import FrameType
from typing import NoReturn, Optional

INTERRUPTED = 130


def interrupted(number: int, frame: Optional[FrameType]) -> NoReturn:
    """Ctrl-C where there is nothing to put in order."""
    os._exit(INTERRUPTED)


def main() -> NoReturn:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)  # loading takes a moment
    from ._cli import main as command

    command()


if __name__ == "__main__":  # worker processes may import this module again
    main()
