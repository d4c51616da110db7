"""What `check`, `diff` and `report` have in common: many files looked at, by worker processes too, and what is shown of them in the
order of the files."""
from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Any, Callable, Optional

from .._bulk.progress import printable
from .._bulk.run import (BATCH_BYTES, INLINE_BYTES, NAMED_ERRORS, TICK_SECONDS, ClosedPipe, Item, Unwritable, _Deferred,
                         explained, failed, permissions)
from .._bulk.summary import REPAIRED, UNCHANGED, Outcome
from ..formats import Settings, each_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

    from .._bulk.progress import Progress
    from .._bulk.summary import Summary
    from ..formats import Located

Write = Callable[[bytes], object]

BATCH_FILES = 32
AHEAD = 8  # batches for each worker that are handed out before their output can be shown
SPOOLED = 1 << 16  # bytes of a batch's output that are held; more goes through a file
LISTED_AT_ONCE = 500
COPIED_AT_ONCE = 1 << 18  # bytes


class Visitor:
    """Sees the texts of one file, in their order."""

    def text(self, located: Located) -> bool:
        """Shows what would change of a text, and returns whether anything would."""
        raise NotImplementedError

    def end(self, changed: bool) -> None:
        """Behind the last text; changed: whether the file would. False if it failed."""


# Makes the visitor of a file, which shows by the function given. Can be pickled.
View = Callable[[str, "Write"], Visitor]


class Target:
    """Takes what a view shows, in the order of the files."""

    def begin(self, source: str) -> None: ...
    def write(self, data: bytes) -> None: ...
    def fail(self, source: str, where: str, reason: str) -> None: ...


def looked_at(settings: Settings, view: View, source: str, write: Write) -> Outcome:
    """What becomes of a file. Only what `write` raises is raised."""
    visitor = view(source, write)
    mode = permissions(source)
    try:
        report = each_text(settings, source, visitor.text)
        visitor.end(report.changed)
        outcome = Outcome(REPAIRED if report.changed else UNCHANGED, report._asdict())
    except (ClosedPipe, Unwritable):
        raise
    except Exception as error:  # one bad file never stops the rest, and its first texts may have been shown
        visitor.end(False)
        outcome = failed(*explained(error, source))
    return outcome if mode is None else outcome._replace(mode=mode)


class Inspection:
    """Looks at items, in their order. What fails is named, and the rest goes on."""

    def __init__(self, settings: Settings, view: View, target: Target, jobs: int, summary: Summary, progress: Progress) -> None:
        self.settings, self.view, self.target = settings, view, target
        self.jobs, self.summary, self.progress = jobs, summary, progress

    def __call__(self, items: Iterator[Item]) -> None:
        first: list[Item] = []
        for item in items:
            first.append(item)
            if len(first) > 1 and (sum(item.size for item in first) > INLINE_BYTES or len(first) >= LISTED_AT_ONCE):
                break
        else:
            self._inline(iter(first))
            return
        everything = chain(first, items)
        if self.jobs == 1:
            self._inline(everything)
        else:
            self._pooled(everything)

    def failed_at(self, error: OSError) -> None:
        """A folder that cannot be read."""
        source = os.fsdecode(error.filename)
        self._record(Item(source, ""), failed(*explained(error, source)))

    def _inline(self, items: Iterator[Item]) -> None:
        for item in items:
            self.target.begin(item.source)
            self._record(item, looked_at(self.settings, self.view, item.source, self._write))
            self._tick()

    def _write(self, data: bytes) -> None:
        self.progress.clear()
        self.target.write(data)

    def _tick(self) -> None:
        self.progress.count()
        self.progress.tick()

    def _record(self, item: Item, outcome: Outcome) -> None:
        self.summary.add(item.source, None, item.size, outcome)
        errors = outcome.report["errors"]
        more = outcome.report.get("failed", 0) - NAMED_ERRORS
        for where, reason in [*errors[:NAMED_ERRORS], *([("", f"{more} more")] if more > 0 else [])]:
            self.progress.say(f"hanflow: {printable(item.source)}: {where + ': ' if where else ''}{reason}")
            self.target.fail(item.source, where, reason)

    # Worker processes
    def _pooled(self, items: Iterator[Item]) -> None:
        from multiprocessing import connection, get_context

        # Forking is safe here, as this process has no threads.
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        workers: list[_Worker] = []
        ahead: deque[_Batch] = deque()  # in the order of the files
        waiting: deque[_Batch] = deque()  # ... that no worker has
        folder = tempfile.mkdtemp(prefix="hanflow-")
        batches = _batches(items, folder)
        try:
            while True:
                while len(ahead) < AHEAD * self.jobs and (batch := next(batches, None)):
                    ahead.append(batch)
                    waiting.append(batch)
                if not ahead:
                    break
                for worker in workers:
                    if worker.batch is None and waiting:
                        worker.give(waiting.popleft())
                while waiting and len(workers) < self.jobs:
                    workers.append(_Worker(context, self.settings, self.view, [worker.connection for worker in workers]))
                    workers[-1].give(waiting.popleft())
                while ahead and self._shown(ahead[0]):
                    ahead.popleft()
                busy: dict[Any, _Worker] = {worker.connection: worker for worker in workers if worker.batch is not None}
                for ready in connection.wait(list(busy), 0 if ahead and ahead[0].outcomes else TICK_SECONDS) if busy else ():
                    worker = busy[ready]
                    batch = worker.batch
                    assert batch is not None
                    if worker.answered():
                        continue
                    workers.remove(worker)
                    again = batch.died(worker.end(), folder)  # each file alone, so that only the one that kills its worker fails
                    if again:
                        place = ahead.index(batch)
                        ahead.remove(batch)
                        for number, one in enumerate(again):
                            ahead.insert(place + number, one)
                        waiting.extendleft(reversed(again))
                self._tick()
        finally:
            for worker in workers:
                worker.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _shown(self, batch: _Batch) -> bool:
        """Shows what is there of the batch. Whether it is all."""
        if batch.outcomes is None:
            if len(batch.items) == 1:  # long, it may be
                self._begun(batch, 0)
                batch.shown += self._copied(batch, None)
            return False
        for number, (outcome, end) in enumerate(batch.outcomes):
            self._begun(batch, number)
            batch.shown += self._copied(batch, end)
            self._record(batch.items[number], outcome)
        batch.close()
        return True

    def _begun(self, batch: _Batch, number: int) -> None:
        if batch.begun == number:
            batch.begun += 1
            self.target.begin(batch.items[number].source)

    def _copied(self, batch: _Batch, end: Optional[int]) -> int:
        """How many bytes more of its output are shown, up to `end`; None: all that is there."""
        done = 0
        while piece := batch.read(COPIED_AT_ONCE if end is None else min(COPIED_AT_ONCE, end - batch.shown - done)):
            self._write(piece)
            done += len(piece)
        return done


class _Batch:
    """Items that a worker looks at, one behind the other.

    outcomes: of each item, and where its output ends in that of the batch; None: not known yet.
    output:   all of it, if it is short; else it is in the file `path`.
    """

    def __init__(self, items: list[Item], path: str, again: bool = False) -> None:
        self.items, self.path, self.again = items, path, again
        self.outcomes: Optional[list[tuple[Outcome, int]]] = None
        self.output = b""
        self.shown = 0  # bytes of the output
        self.begun = 0  # items that the target knows
        self._file: Any = None

    def read(self, size: int) -> bytes:
        if self.output:
            return self.output[self.shown:self.shown + size] if size > 0 else b""
        if self._file is None:
            try:
                self._file = open(self.path, "rb", 0)
            except FileNotFoundError:
                return b""
        return bytes(self._file.read(max(size, 0)))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass

    def died(self, how: str, folder: str) -> list[_Batch]:
        """The batches that take its place. None of a file that killed its worker twice, or of which something is shown: it has failed."""
        if len(self.items) == 1 and (self.again or self.shown):
            try:
                size = os.path.getsize(self.path)
            except OSError:
                size = 0
            self.outcomes = [(failed("", f"the process that worked on it died ({how})"), size)]
            return []
        self.close()
        return [_Batch([item], f"{self.path}-{number}", True) for number, item in enumerate(self.items)]


def _batches(items: Iterable[Item], folder: str) -> Iterator[_Batch]:
    held: list[Item] = []
    size = number = 0
    for item in items:
        if held and (size + item.size > BATCH_BYTES or len(held) == BATCH_FILES):
            yield _Batch(held, os.path.join(folder, str(number)))
            held, size, number = [], 0, number + 1
        held.append(item)
        size += item.size
    if held:
        yield _Batch(held, os.path.join(folder, str(number)))


class _Worker:
    def __init__(self, context: BaseContext, settings: Settings, view: View, others: list[Connection]) -> None:
        self.connection, theirs = context.Pipe()
        inherited = [self.connection, *others] if context.get_start_method() == "fork" else []
        self.process: Any = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, settings, view, inherited), name="hanflow worker", daemon=True)
        with _Deferred() as signals:  # until the new process has its own handlers
            self.process.start()
        signals.act()
        theirs.close()
        self.batch: Optional[_Batch] = None

    def give(self, batch: _Batch) -> None:
        self.batch = batch
        try:
            self.connection.send(([item.source for item in batch.items], batch.path))
        except OSError:  # it died while it had nothing to do: seen when its answer is read
            pass

    def answered(self) -> bool:
        """Takes its answer. False if it is dead."""
        assert self.batch is not None
        try:
            self.batch.outcomes, self.batch.output = self.connection.recv()
        except (EOFError, OSError):
            return False
        self.batch = None
        return True

    def stop(self) -> None:
        self.process.kill()  # it has written nothing that must be whole
        self.end()

    def end(self) -> str:
        """How it ended."""
        self.connection.close()
        self.process.join()
        code = self.process.exitcode or 0
        try:
            return signal.Signals(-code).name if code < 0 else f"exit code {code}"
        except ValueError:
            return f"signal {-code}"


def _serve(connection: Connection, settings: Settings, view: View, inherited: list[Connection]) -> None:
    """Takes batches of sources and answers with their outcomes and output. Ends when the other side closes."""
    for other in inherited:  # or no worker would see its end
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of the terminal; the first one decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        while True:
            sources, path = connection.recv()
            output = _Output(path)
            outcomes = [(looked_at(settings, view, source, output.write), output.size) for source in sources]
            connection.send((outcomes, output.end()))
    except (EOFError, OSError):
        pass
    except Unwritable as error:  # the files of this batch fail
        print(f"hanflow: {tempfile.gettempdir()}: {error.args[1]}", file=sys.stderr)
        sys.exit(1)


class _Output:
    """Of a batch: held, or in a file if it is long."""

    def __init__(self, path: str) -> None:
        self.size = 0
        self._path = path
        self._held = bytearray()
        self._file: Any = None

    def write(self, data: bytes) -> None:
        self._held += data
        if len(self._held) >= SPOOLED:
            self._spool()
        self.size += len(data)

    def end(self) -> bytes:
        """What is not in the file: all or nothing."""
        if self._file is None:
            return bytes(self._held)
        self._spool()
        self._file.close()
        return b""

    def _spool(self) -> None:
        try:
            if self._file is None:
                self._file = open(self._path, "wb")
            self._file.write(self._held)
            self._file.flush()
        except OSError as error:
            raise Unwritable(error.errno, error.strerror) from None
        self._held.clear()
