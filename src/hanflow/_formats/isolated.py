"""Files whose reader can crash (Parquet, Arrow IPC) are read in a child process: a crash ends the child, and one file fails.

The child starts with the first such file and does all that follow, one behind the other; after a crash another takes its
place. Files reach it open, so that it never sees a name.
"""
from __future__ import annotations

import atexit
import importlib
import io
import os
import pickle
import shutil
import signal
import struct
import subprocess
import sys
from contextlib import ExitStack, suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, cast

from . import columns
from .account import PIECE, Account, FormatError, Located
from .compression import UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Optional

    from .account import Settings

# Texts go back in portions: whatever comes first.
PORTION_TEXTS, PORTION_CHARACTERS = 256, 1 << 18

# Memory of a child beside what a file may unpack to, and how often what is unpacked may be held: as read, repaired, written.
SLACK = 2 << 30  # bytes; much of it is reserved by the allocators only
HELD = 6
THREAD = 128 << 20  # bytes for each: a stack, and what the allocator reserves

LENGTH = struct.Struct("<Q")
END_SECONDS = 5.0


def repair(format: str, source: BinaryIO, target: Optional[BinaryIO], account: Account) -> None:
    """columns.parquet() or columns.arrow() in a child. A crash is a FormatError; what stands in the target then is no result."""
    with ExitStack() as stack:
        direct = target is None or _is_of_system(target)
        written = target if direct else cast("BinaryIO", stack.enter_context(TemporaryFile()))
        for _ in _answers(format, "repair", source, written, account):
            pass
        if target is not None and written is not None and not direct:
            written.seek(0)
            shutil.copyfileobj(written, target, PIECE)


def texts(format: str, source: BinaryIO, account: Account) -> Iterator[Located]:
    """columns.parquet_texts() or columns.arrow_texts() in a child."""
    for portion in _answers(format, "texts", source, None, account):
        yield from portion


def _answers(
    format: str, work: str, source: BinaryIO, target: Optional[BinaryIO], account: Account
) -> Iterator[list[Located]]:
    """The portions of texts that a child finds. The account is then what it is there."""
    with ExitStack() as stack:
        if not _is_of_system(source) or source.tell():
            copy = cast("BinaryIO", stack.enter_context(TemporaryFile()))
            shutil.copyfileobj(source, copy, PIECE)
            copy.flush()
            source = copy
        request = format, work, account.settings
        child = _Child.idle()
        try:
            try:
                child.ask(request, source, target)
            except OSError:  # it died while it had nothing to do
                child.kill()
                child = _Child()
                child.ask(request, source, target)
            while True:
                kind, content = child.answer()
                if kind != "texts":
                    break
                yield content
        except BaseException:  # whatever it does, nobody waits for it any more
            child.kill()
            raise
        child.rest()
        if kind == "error":
            raise content
        content["changed"] |= account.changed  # who looks at the texts knows it
        vars(account).update(content)


def _is_of_system(file: BinaryIO) -> bool:
    """Whether its bytes are those of its file descriptor: those of a GzipFile, which has one too, are not."""
    return isinstance(getattr(file, "raw", file), io.FileIO)


# ---------------------------------------------------------------- this side
class _Child:
    """A process that runs serve(). Its stdin takes requests (on POSIX a socket, which takes files too), its stdout gives answers."""

    _resting: list[_Child] = []

    def __init__(self) -> None:
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
        theirs: Any = subprocess.PIPE
        if sys.platform != "win32":
            import socket

            self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=subprocess.PIPE,
                                             stderr=subprocess.DEVNULL, start_new_session=True)
        finally:
            if sys.platform != "win32":
                theirs.close()
        self._owner = os.getpid()

    @classmethod
    def idle(cls) -> _Child:
        """One that has nothing to do."""
        while True:
            try:
                child = cls._resting.pop()
            except IndexError:
                return cls()
            if child._owner == os.getpid():
                return child
            child._close()  # the child of what this process was forked from, where somebody waits for it
            child._process.returncode = 0

    def rest(self) -> None:
        self._resting.append(self)

    def ask(self, request: tuple[str, str, Settings], source: BinaryIO, target: Optional[BinaryIO]) -> None:
        files = [source.fileno()] + ([target.fileno()] if target is not None else [])
        if sys.platform == "win32":
            import msvcrt
            from multiprocessing import reduction

            theirs = int(self._process._handle)  # type: ignore[attr-defined]
            files = [reduction.duplicate(msvcrt.get_osfhandle(number), theirs) for number in files]
            data = pickle.dumps((*request, files))
            stdin = cast("BinaryIO", self._process.stdin)
            stdin.write(LENGTH.pack(len(data)) + data)
            stdin.flush()
        else:
            import socket

            data = pickle.dumps((*request, []))
            socket.send_fds(self._socket, [LENGTH.pack(len(data))], files)
            self._socket.sendall(data)

    def answer(self) -> tuple[str, Any]:
        try:
            kind, content = pickle.load(cast("BinaryIO", self._process.stdout))
            return kind, content
        except Exception:  # the end, or what a damaged process writes
            raise FormatError("", _death(self.end())) from None

    def end(self) -> int:
        """Lets it end, as it does when it has no more to do or is dying. Returns how it did."""
        self._close()
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return 0

    def kill(self) -> None:
        self._close()
        self._process.kill()
        self._process.wait()

    def _close(self) -> None:
        if sys.platform != "win32":
            self._socket.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    @classmethod
    def end_all(cls) -> None:
        while cls._resting:
            child = cls._resting.pop()
            if child._owner == os.getpid():
                child.end()


atexit.register(_Child.end_all)


def _death(code: int) -> str:
    """What is said of a child that ended with this code."""
    how = f"exit code {code}"
    if code < 0:
        with suppress(ValueError):
            how = signal.Signals(-code).name
    if how == "SIGKILL":
        return "its reader was killed (SIGKILL), perhaps for want of memory"
    return f"its reader crashed ({how}): the file is damaged"


# ---------------------------------------------------------------- the child
def serve() -> None:
    """Does what is asked for until stdin ends."""
    if sys.platform == "win32":  # elsewhere it is in no terminal's group: Ctrl-C is for the first process to decide
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may come between
    if sys.platform == "win32":
        requests = os.fdopen(os.dup(0), "rb")
    else:
        import socket

        requests = socket.socket(fileno=os.dup(0))
    with suppress(BrokenPipeError):  # nobody waits any more
        while (asked := _asked(requests)) is not None:
            (format, work, settings), files = asked
            with ExitStack() as stack:
                source, *rest = [stack.enter_context(os.fdopen(number, mode)) for number, mode in zip(files, ("rb", "wb"))]
                source.seek(0)  # what was written to it last counts for both sides
                pickle.dump(_done(format, work, settings, source, rest[0] if rest else None, answers), answers)
            answers.flush()
    os._exit(0)  # at once: somebody waits


def _asked(requests: Any) -> Optional[tuple[tuple[str, str, Settings], list[int]]]:
    """The next request and its files; None at the end."""
    files: list[int]
    if sys.platform == "win32":
        header, files, read = requests.read(LENGTH.size), [], requests.read
    else:
        import socket

        header, files, _, _ = socket.recv_fds(requests, LENGTH.size, 2)

        def read(size: int) -> bytes:
            return cast(bytes, requests.recv(size, socket.MSG_WAITALL))

    if len(header) < LENGTH.size:
        return None
    *request, handles = pickle.loads(read(LENGTH.unpack(header)[0]))
    if sys.platform == "win32":
        import msvcrt

        files = [msvcrt.open_osfhandle(handle, os.O_BINARY) for handle in handles]
    return cast("tuple[str, str, Settings]", tuple(request)), files


def _done(
    format: str, work: str, settings: Settings, source: Any, target: Any, answers: BinaryIO
) -> tuple[str, Any]:
    """The last answer: the account, or what went wrong."""
    account = Account(settings)
    try:
        with suppress(ImportError):  # said below
            importlib.import_module("pyarrow")
        _limit(os.fstat(source.fileno()).st_size, settings)
        if work == "texts":
            for portion in _portions((columns.parquet_texts if format == "parquet" else columns.arrow_texts)(source, account)):
                pickle.dump(("texts", portion), answers)
        else:
            (columns.parquet if format == "parquet" else columns.arrow)(source, target, account)
            if target is not None:
                target.flush()
    except BrokenPipeError:
        raise
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        return "error", error
    found = dict(vars(account))
    del found["settings"]
    return "account", found


def _portions(found: Iterator[Located]) -> Iterator[list[Located]]:
    portion, size = [], 0
    for located in found:
        portion.append(located)
        size += len(located.text)
        if len(portion) >= PORTION_TEXTS or size >= PORTION_CHARACTERS:
            yield portion
            portion, size = [], 0
    yield portion


def _limit(size: int, settings: Settings) -> None:
    """Of the memory of this process, so that absurd sizes in a file of this size are an error. What a system doesn't know stays."""
    try:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = hard
        if settings.max_ratio is not None:
            with open("/proc/self/statm", "rb") as file:
                now = int(file.read().split()[0]) * resource.getpagesize()
            unpacked = max(UNCHECKED, int(settings.max_ratio * size))
            soft = now + SLACK + HELD * unpacked + settings.threads * THREAD
            soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    except (ImportError, OSError, ValueError, OverflowError):
        pass
