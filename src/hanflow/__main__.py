"""The entry point of the command."""
import os
import signal
from types import FrameType
from typing import NoReturn, Optional


def stopped(number: int, frame: Optional[FrameType]) -> NoReturn:
    """Ctrl-C or SIGTERM where there is nothing to put in order."""
    os._exit(128 + number)


def main() -> NoReturn:
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is usual:
            signal.signal(number, stopped)  # loading takes a moment
    from ._cli import main as command

    command()


if __name__ == "__main__":  # worker processes may import this module again
    main()
