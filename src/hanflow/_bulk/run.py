"""Many files at once: worker processes that take batches of files, and the loop that hands them out."""
from __future__ import annotations

import heapq
import io
import os
import signal
import stat
import sys
import time
import zlib
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from .. import _files as files
from .._formats.account import Account
from .._formats.conversion import is_plain_text
from ..formats import FileReport, FormatError, Settings, convert
from .journal import Done
from .progress import harmless, printable
from .summary import BEFORE, COPIED, FAILED, REPAIRED, UNCHANGED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess
    from types import FrameType

    from .journal import Journal
    from .progress import Progress
    from .summary import Summary

STDIN = STDOUT = "-"

# So many files are listed ahead of the work, and the largest of them is taken first: memory does not grow with the tree.
LISTED = 10_000
LISTED_FIRST = 256  # before the first is handed out
LISTED_AT_ONCE = 500  # between two looks at the workers

# A batch is one message to a worker: long enough that messages cost little, short enough that workers end at about one time.
BATCH_BYTES = 1 << 20
BATCH_FILES = 128

# Less work than this is done by the process itself: starting others would take longer.
INLINE_BYTES = 2 << 20

# On Ctrl-C a worker may finish its file in this time, then it is told to drop it, then it is killed.
GRACE_SECONDS = 3.0

NAMED_ERRORS = 10  # records of a file; the report has more

TICK_SECONDS = 0.1
READ_ONCE = 1 << 20  # bytes: files up to this are read as a whole
READ_AT_ONCE = 1 << 20  # bytes


class ClosedPipe(Exception):
    """Nobody reads our stdout any more."""


class Unwritable(Exception):
    """The target cannot be written: its error number, and what it means."""


class Item(NamedTuple):
    """A file to repair, or to copy as it is.

    source: path, or "-" for stdin.
    target: path, or "-" for stdout. May be the source itself.
    name:   of the target inside the output folder, for the journal; "" if there is none.
    size:   bytes of the source, 0 if not known.
    within: of a target in a folder: below this one no link is followed, see files.replacing().
    copied: it is copied as it is. Such an item has a target that is another file.
    """

    source: str
    target: str
    name: str = ""
    size: int = 0
    within: Optional[str] = None
    copied: bool = False


class Task(NamedTuple):
    """What is to be done with all items. dry: nothing is written."""

    settings: Settings
    dry: bool = False

    def with_threads(self, threads: int) -> Task:
        return self if threads == 1 else self._replace(settings=replace(self.settings, threads=threads))


Known = tuple[Item, Optional[Done]]  # with what the journal of an earlier run says of it
Batch = tuple[list[Known], int]  # and how many threads may work on each

# Does batches somewhere else, and gives the outcomes as they come.
Engine = Callable[[Task, "Iterable[list[Known]]"], "Iterable[tuple[Item, Outcome]]"]


# ---------------------------------------------------------------- one file
def work(task: Task, item: Item, done: Optional[Done]) -> Outcome:
    """Repairs a file. Whatever fails is in the outcome; only ClosedPipe is raised."""
    begin = time.monotonic()
    outcome = _work(task, item, done)
    mode = permissions(item.source) if task.settings.counts else None  # for the report
    return outcome._replace(mode=outcome.mode if mode is None else mode, seconds=time.monotonic() - begin)


def permissions(source: str) -> Optional[int]:
    """Those of a source, if it is a regular file."""
    try:
        status = os.fstat(sys.stdin.fileno()) if source == STDIN else os.stat(source)
    except (AttributeError, OSError, ValueError):
        return None
    return status.st_mode & files.PERMISSIONS if stat.S_ISREG(status.st_mode) else None


def _work(task: Task, item: Item, done: Optional[Done]) -> Outcome:
    try:
        if done is not None and (done.report["format"] == "") == item.copied and _holds(item, done):
            return Outcome(BEFORE, done.report)
        return _repaired(task, item)
    except BrokenPipeError:
        if item.target == STDOUT:
            raise ClosedPipe from None
        return failed("", "nobody reads the pipe")
    except Exception as error:  # one bad file never stops the rest
        return failed(*explained(error, item.source))


def failed(where: str, reason: str) -> Outcome:
    return Outcome(FAILED, {"errors": [(where, reason)]})


def _repaired(task: Task, item: Item) -> Outcome:
    source, target = item.source, None if task.dry else item.target
    if item.copied and task.dry:
        return copied(item.size)
    if item.name and target is not None:
        return _mirrored(task.settings, item)
    folder = item.within or os.path.dirname(item.target)
    if target is not None and folder:
        os.makedirs(folder, exist_ok=True)
    return outcome_of(convert(task.settings, source, target, in_place=source == target != STDOUT, within=item.within), None)


def _mirrored(settings: Settings, item: Item) -> Outcome:
    """Into a folder that has a journal."""
    if item.copied:
        return copy(item)
    known = None
    if item.size <= READ_ONCE:
        with open(item.source, "rb", 0) as file:
            before, mode = os.fstat(file.fileno()), files.permissions(file)
            data = file.read(min(before.st_size, READ_ONCE) + 1)  # as much is allocated
            now = os.fstat(file.fileno())
        if not _same(before, now) or len(data) != now.st_size:
            raise FormatError("", "changed while it was read")
        _refuse_same(before, item.target)
        known = now.st_size, now.st_mtime_ns, zlib.crc32(data)
        report = _plain(settings, item, data, mode)
        if report is None:
            held = _Held(data)
            held.name = item.source
            with files.replacing(item.target, mode, item.within) as target:
                report = convert(settings, held, target)._replace(bytes_in=now.st_size)
    else:
        before = os.stat(item.source)
        report = convert(settings, item.source, item.target, within=item.within)
        checksum, now = _checksum(item.source), os.stat(item.source)
        if _same(before, now):  # else it was changed after it was read
            known = now.st_size, now.st_mtime_ns, checksum
    return outcome_of(report, known)


def copy(item: Item) -> Outcome:
    """What is not repaired: each byte as it is."""
    size = checksum = 0
    with open(item.source, "rb", 0) as source:
        before = os.fstat(source.fileno())
        _refuse_same(before, item.target)
        with files.replacing(item.target, files.permissions(source), item.within) as target:
            while piece := source.read(READ_AT_ONCE):
                target.write(piece)
                size, checksum = size + len(piece), zlib.crc32(piece, checksum)
            if not _same(before, os.fstat(source.fileno())):
                raise FormatError("", "changed while it was read")
    return copied(size, (size, before.st_mtime_ns, checksum))


def copied(size: int, known: Optional[tuple[int, int, int]] = None) -> Outcome:
    """Of a file that is not repaired, of so many bytes."""
    report = FileReport("", "", None, size, size, False, 0, {}, 0, [])
    return outcome_of(report, known)._replace(state=COPIED)


class _Held(io.BytesIO):
    """A small file, read once for its checksum and its repair."""

    name = ""


def _plain(settings: Settings, item: Item, data: bytes, mode: Optional[int]) -> Optional[FileReport]:
    """The short way of a small text, which does what convert() does. None if it is not one."""
    if not is_plain_text(settings, item.source, data):
        return None
    account = Account(settings)
    try:
        result = account.repaired(data)
    except UnicodeDecodeError:  # convert() says where
        return None
    with files.replacing(item.target, mode, item.within) as file:
        file.write(result)
    return FileReport(item.source, "text", "utf-8", len(data), len(result), result != data, 0,
                      dict(account.repairs), 0, [])


def _same(before: os.stat_result, now: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (now.st_size, now.st_mtime_ns)


def _refuse_same(source: os.stat_result, target: str) -> None:
    try:
        same = os.path.samestat(source, os.lstat(target))
    except FileNotFoundError:
        return
    if same:
        raise FormatError("", f"source and target are the same file: {target!r}")


def outcome_of(report: FileReport, known: Optional[tuple[int, int, int]]) -> Outcome:
    content = report._asdict()
    del content["source"]
    return Outcome(REPAIRED if report.changed else UNCHANGED, content, None if report.failed else known)


def _holds(item: Item, done: Done) -> bool:
    """Whether the source is what it was, and its target there."""
    try:
        source, target = os.stat(item.source), os.lstat(item.target)
    except OSError:
        return False
    return ((source.st_size, source.st_mtime_ns) == (done.size, done.mtime_ns) and stat.S_ISREG(target.st_mode)
            and target.st_size == done.bytes_out and _checksum(item.source) == done.checksum)


def _checksum(path: str) -> int:
    """CRC-32: fast, and who changes a file with a purpose can change its time too."""
    sum_ = 0
    with open(path, "rb", 0) as file:
        while piece := file.read(READ_AT_ONCE):
            sum_ = zlib.crc32(piece, sum_)
    return sum_


def explained(error: Exception, source: str) -> tuple[str, str]:
    """Where in the source, and what is wrong."""
    if isinstance(error, FormatError):
        return error.where, error.reason
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        if error.filename is not None and os.fsdecode(error.filename) != source:
            reason += f": {os.fsdecode(error.filename)!r}"
        return "", reason
    if isinstance(error, MemoryError):
        return "", "not enough memory"
    if isinstance(error, (ImportError, ValueError)):
        return "", str(error)
    return "", f"{type(error).__name__}: {error}"


# ---------------------------------------------------------------- a worker process
class _Stop:
    """SIGTERM: the first lets the file at hand be finished, the second drops it."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, number: int, frame: Optional[FrameType]) -> None:
        if self.asked:
            sys.exit(1)  # an exception, so that the temporary file goes
        self.asked = True


def _serve(connection: Connection, task: Task, inherited: list[Connection]) -> None:
    """Takes batches and answers with (outcomes, whether it goes on). If it is told to stop, the outcomes may be of a part of the
    batch only. Ends when the other side closes."""
    for other in inherited:  # or no worker would see its end
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of the terminal; the first one decides
    stop = _Stop()
    parent = os.getppid()
    try:
        while True:
            batch, threads = connection.recv()
            outcomes = []
            for item, done in batch:
                if stop.asked or os.getppid() != parent:
                    break
                outcomes.append(work(task.with_threads(threads), item, done))
            connection.send((outcomes, not stop.asked))
    except (EOFError, OSError):
        pass


class _Worker:
    def __init__(self, context: BaseContext, task: Task, others: Iterable[_Worker]) -> None:
        self.connection, theirs = context.Pipe()
        inherited = [self.connection, *(other.connection for other in others)]
        if context.get_start_method() != "fork":
            inherited = []
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, task, inherited), name="hanflow worker", daemon=True)
        self.process.start()
        theirs.close()
        self.batch: list[Item] = []
        self.again = False  # the batch is an item whose worker died

    def give(self, batch: Batch, again: bool) -> None:
        self.batch, self.again = [item for item, _ in batch[0]], again
        try:
            self.connection.send(batch)
        except OSError:  # it died while it had nothing to do: seen when its answer is read
            pass

    def end(self) -> str:
        """Of a dead worker: how it died."""
        self.connection.close()
        self.process.join()
        code = self.process.exitcode or 0
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"


# ---------------------------------------------------------------- the order of the work
class Window:
    """The items ahead, of which the largest goes first; small ones in batches."""

    def __init__(self, items: Iterator[Item], jobs: int) -> None:
        self._items: Optional[Iterator[Item]] = items
        self._jobs = jobs
        self._heap: list[tuple[int, int, Item]] = []  # (-size, number, item)
        self._number = 0
        self.bytes = 0

    def fill(self, count: int) -> bool:
        """Lists up to `count` items more. False if nothing was to be done: the window is full or all are listed."""
        if self._items is None or len(self._heap) >= LISTED:
            return False
        for _ in range(count):
            item = next(self._items, None)
            if item is None:
                self._items = None
                break
            heapq.heappush(self._heap, (-item.size, self._number, item))
            self._number += 1
            self.bytes += item.size
        return True

    def __len__(self) -> int:
        """So many are listed and not taken."""
        return len(self._heap)

    @property
    def complete(self) -> bool:
        """Whether all items are listed."""
        return self._items is None

    def batch(self) -> list[Item]:
        """The next items; empty at the end."""
        if len(self._heap) < LISTED_FIRST:
            self.fill(LISTED_FIRST)
        most = min(BATCH_FILES, len(self._heap) // (4 * self._jobs) + 1)  # smaller ones towards the end
        batch: list[Item] = []
        size = 0
        while self._heap and len(batch) < most and (not batch or size - self._heap[0][0] <= BATCH_BYTES):
            item = heapq.heappop(self._heap)[2]
            batch.append(item)
            size += item.size
        self.bytes -= size
        return batch


# ---------------------------------------------------------------- the loop
class _Deferred:
    """Lets SIGINT and SIGTERM wait for act(), so that nothing that was done is left out of the account."""

    def __enter__(self) -> _Deferred:
        self._came: Optional[int] = None
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _note(self, number: int, frame: Optional[FrameType]) -> None:
        self._came = number

    def act(self) -> None:
        """Does what the signal that came would have done."""
        if self._came is not None:
            handler = self._before[signal.Signals(self._came)]
            if callable(handler):
                handler(self._came, None)
            elif handler is signal.SIG_DFL:
                sys.exit(128 + self._came)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class Run:
    """Does items. What becomes of them goes to the summary and the journal, what fails is named.

    engine: does the work instead of the processes here.
    """

    def __init__(self, task: Task, jobs: int, summary: Summary, progress: Progress, engine: Optional[Engine] = None) -> None:
        self.task = task
        self.jobs = jobs
        self.summary = summary
        self.progress = progress
        self.engine = engine
        self.journal: Optional[Journal] = None
        self._window = Window(iter(()), jobs)
        self._again: deque[Item] = deque()  # their worker died
        self._workers: list[_Worker] = []

    def __call__(self, items: Iterator[Item]) -> None:
        self._window = Window(items, self.jobs)
        self._window.fill(LISTED_FIRST)
        if self.engine is not None:
            for item, outcome in self.engine(self.task, self._batches()):
                self._record(item, outcome)
                self._flush()
        elif self._window.complete and self._window.bytes <= INLINE_BYTES:
            self._inline()
        else:
            self._pooled()

    def failed(self, source: str, error: OSError) -> None:
        """Something beside the items, such as a folder that cannot be read."""
        self._record(Item(source, ""), failed(*explained(error, source)))

    def failed_at(self, error: OSError) -> None:
        """The same, of an error that names it."""
        self.failed(os.fsdecode(error.filename), error)

    def _batches(self) -> Iterator[list[Known]]:
        while batch := self._window.batch():
            yield [(item, self._done(item)) for item in batch]

    def _inline(self) -> None:
        task = self.task.with_threads(self.jobs if len(self._window) == 1 else 1)
        while batch := self._window.batch():
            for item in batch:
                self._record(item, work(task, item, self._done(item)))
            self._flush()

    def _pooled(self) -> None:
        from multiprocessing import connection, get_context

        # Forking is safe here, as this process has no threads, and much faster. Nobody else may start one: see Progress.
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        try:
            with _Deferred() as signals:
                while True:
                    for worker in self._workers:
                        if not worker.batch:
                            self._give(worker)
                    while len(self._workers) < self.jobs and (batch := self._next()):
                        worker = _Worker(context, self.task, self._workers)
                        self._workers.append(worker)
                        worker.give(*batch)
                    busy = {worker.connection: worker for worker in self._workers if worker.batch}
                    if not busy:
                        break
                    listed, counted = self._window.fill(LISTED_AT_ONCE), self.progress.count()
                    for ready in connection.wait(list(busy), 0 if listed or counted else TICK_SECONDS):
                        self._answer(busy[ready])  # type: ignore[index]
                    self._flush()
                    signals.act()
        except (KeyboardInterrupt, SystemExit):
            self._stop()
            raise
        finally:
            for worker in self._workers:
                worker.connection.close()
            for worker in self._workers:
                worker.process.join(GRACE_SECONDS)
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join()

    def _next(self) -> Optional[tuple[Batch, bool]]:
        """The next batch, and whether it is an item whose worker died: such a one goes alone."""
        if self._again:
            item = self._again.popleft()
            return ([(item, self._done(item))], 1), True
        batch = [(item, self._done(item)) for item in self._window.batch()]
        # Where there is nothing more to hand out, the CPUs that are left work inside the files.
        free = self.jobs - sum(bool(worker.batch) for worker in self._workers)
        return ((batch, max(free, 1) if len(batch) == 1 and not len(self._window) else 1), False) if batch else None

    def _give(self, worker: _Worker) -> None:
        batch = self._next()
        if batch is not None:
            worker.give(*batch)

    def _answer(self, worker: _Worker) -> None:
        try:
            outcomes, goes_on = worker.connection.recv()
        except (EOFError, OSError):
            self._died(worker)
            return
        batch, worker.batch = worker.batch, []
        if goes_on:
            self._give(worker)  # first, so that it need not wait for the bookkeeping
        else:  # somebody told this one to stop
            self._again.extend(batch[len(outcomes):])
            self._workers.remove(worker)
            worker.end()
        for item, outcome in zip(batch, outcomes):
            self._record(item, outcome)

    def _died(self, worker: _Worker) -> None:
        """The items of its batch are done once more, each alone, so that only the one that kills its worker fails."""
        self._workers.remove(worker)
        how = worker.end()
        if worker.again:
            for item in worker.batch:
                self._record(item, failed("", f"the process that worked on it died twice ({how})"))
        else:
            self._again.extend(worker.batch)

    def _stop(self) -> None:
        """Lets the workers finish their files, if that does not take long."""
        for _ in range(2):
            for worker in self._workers:
                if worker.process.is_alive():
                    worker.process.terminate()
            until = time.monotonic() + GRACE_SECONDS
            for worker in self._workers:
                if worker.batch and worker.connection.poll(max(until - time.monotonic(), 0)):
                    try:
                        outcomes, _ = worker.connection.recv()
                    except (EOFError, OSError):
                        outcomes = []
                    for item, outcome in zip(worker.batch, outcomes):
                        self._record(item, outcome)
                    worker.batch = []
            if not any(worker.batch for worker in self._workers):
                break
        self._flush()

    def _done(self, item: Item) -> Optional[Done]:
        return self.journal.get(item.name) if self.journal is not None else None

    def _record(self, item: Item, outcome: Outcome) -> None:
        self.summary.add(item.source, None if self.task.dry else item.target, item.size, outcome)
        if self.journal is not None and outcome.source is not None:
            self.journal.add(item.name, Done(*outcome.source, outcome.report["bytes_out"], outcome.report))
        errors = outcome.report["errors"]
        for where, reason in errors[:NAMED_ERRORS]:
            self.progress.say(f"hanflow: {printable(item.source)}: {where + ': ' if where else ''}{reason}")
        more = outcome.report.get("failed", 0) - NAMED_ERRORS
        if more > 0:
            self.progress.say(f"hanflow: {printable(item.source)}: {more} more")
        if self.task.dry and outcome.state in (REPAIRED, UNCHANGED, COPIED):
            verb = b"repair" if outcome.state == REPAIRED else b"leave" if item.target == item.source else b"copy"
            into = b"" if item.target == item.source else b" -> " + harmless(item.target)
            write_out(b"%s %s%s\n" % (verb, harmless(item.source), into))

    def _flush(self) -> None:
        if self.journal is not None:
            self.journal.flush()
        self.progress.tick()


def write_out(data: bytes) -> None:
    """To stdout. Raises ClosedPipe, Unwritable."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ClosedPipe from None
    except OSError as error:
        raise Unwritable(error.errno, error.strerror) from None
