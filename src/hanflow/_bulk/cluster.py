"""The files of a run as tasks of Ray Data on the machines of a cluster, and in file systems of pyarrow and fsspec."""
from __future__ import annotations

import logging
import os
import pickle
import posixpath
import tempfile
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Optional

from .. import _files as files
from .._formats.account import load
from ..formats import convert
from .run import Item, Task, copied, copy, explained, failed, outcome_of, work
from .walk import among, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .run import Known
    from .summary import Outcome
    from .walk import Choice

Place = tuple[Any, str]  # a pyarrow.fs.FileSystem, a path in it

# How often Ray runs a task again whose process died. It would go on for ever by itself, which a file that kills its process (by
# the memory it takes, say) must not.
RETRIES = 3


# ---------------------------------------------------------------- files of any file system
class Places:
    """What URLs stand for, in file systems of pyarrow and fsspec (s3://, gs://, hdfs://, ...). Picklable: goes to the workers."""

    def __init__(self, names: Iterable[str]) -> None:
        """names: URLs; other paths among them are left out. ValueError: no such kind of URL. ImportError: see _place()."""
        self._roots: dict[str, Place] = {name.rstrip("/"): _place(name) for name in names if is_url(name)}

    def __bool__(self) -> bool:
        return bool(self._roots)

    def find(self, name: str) -> Optional[Place]:
        """None for a path of the operating system."""
        for root, (filesystem, path) in self._roots.items():
            if name == root or name.startswith(root + "/"):
                return filesystem, path.rstrip("/") + name[len(root):]
        return None

    def items(self, paths: Sequence[str], output: str, choice: Choice, failed: Callable[[str, OSError], None]) -> Iterator[Item]:
        """The files of paths and folders, which are mirrored into the output as by tree.Tree, without links and permissions."""
        fs = load("pyarrow.fs", "a URL", "ray")
        for name in paths:
            filesystem, path = self.find(name.rstrip("/")) or (fs.LocalFileSystem(), os.path.abspath(name))
            base = posixpath.basename(path.rstrip("/"))
            try:
                info = filesystem.get_file_info(path)
                if info.type == fs.FileType.Directory:
                    into = posixpath.join(output, base) if len(paths) > 1 else output
                    found = [one for one in filesystem.get_file_info(fs.FileSelector(path, recursive=True))
                             if one.type == fs.FileType.File]
                    sizes = {posixpath.relpath(one.path, path): one.size for one in found}

                    def read(inside: str) -> str:
                        with filesystem.open_input_stream(posixpath.join(path, inside)) as file:
                            data: bytes = file.read()
                        return decoded(data)

                    for inside, repaired in among(sizes, choice, read):
                        source, target = posixpath.join(name, inside), posixpath.join(into, inside)
                        yield Item(source, target, "", sizes[inside], None if is_url(output) else output, not repaired)
                    continue
                single = len(paths) == 1 and not output.endswith("/")
                yield Item(name, output if single else posixpath.join(output, base), "", info.size or 0)
            except OSError as error:
                failed(name, error)


def is_url(name: str) -> bool:
    return "://" in name


def _place(url: str) -> Place:
    """ValueError: no such kind of URL. ImportError: its package is missing."""
    fs = load("pyarrow.fs", "a URL", "ray")
    try:
        place: Place = fs.FileSystem.from_uri(url)
    except load("pyarrow", "a URL", "ray").ArrowInvalid:  # a kind that it doesn't know
        filesystem, path = load("fsspec", "a URL of this kind", "ray").url_to_fs(url)
        place = fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path
    return place


# ---------------------------------------------------------------- the files of a bulk run
def outcomes(
    task: Task, batches: Iterable[list[Known]], places: Places, address: Optional[str], jobs: int
) -> Iterator[tuple[Item, Outcome]]:
    """Does the items of a bulk run on Ray and gives their outcomes, in the order in which they are done.

    A batch is a row of a Ray Data dataset and a task of its own, which reads, repairs and writes the files where it runs: it
    comes to the same bytes as hanflow.formats.convert() here. (Ray's own readers would part texts at more than line ends, and
    guess the types of JSON.) What is no URL must be seen by all machines. Workers that die lose
    nothing: their batch is done again, and if that does not help, its items one by one; those that still fail are FAILED.

    address: of a Ray cluster; None: that of the variable RAY_ADDRESS, else Ray is started here, with `jobs` CPUs, and ended.
    ImportError if Ray is missing; ConnectionError if there is no such cluster.
    """
    with _running(address, jobs) as ray:
        rest = list(batches)
        for _ in range(2):
            rows = [{"number": number, "batch": pickle.dumps([(_absolute(item), done) for item, done in batch])}
                    for number, batch in enumerate(rest)]
            if not rows:
                return
            dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
            with warnings.catch_warnings():  # Ray 2.60 means to take max_retries away in 2.64, and has nothing else for it yet
                warnings.simplefilter("ignore", DeprecationWarning)
                dataset = dataset.map(_work_batch, fn_kwargs={"task": task, "places": places}, max_retries=RETRIES)
            open_batches = dict(enumerate(rest))
            for row in dataset.iter_rows():
                for (item, _), outcome in zip(open_batches.pop(row["number"]), pickle.loads(row["outcomes"])):
                    yield item, outcome
            rest = [[known] for batch in open_batches.values() for known in batch]
        for [(item, _)] in rest:
            yield item, failed("", "the process that worked on it died again and again")


@contextmanager
def _running(address: Optional[str], jobs: int) -> Iterator[Any]:
    """Ray, connected, with settings for outcomes()."""
    ray = load("ray", "--engine ray", "ray")
    load("ray.data", "--engine ray", "ray")
    started = not ray.is_initialized()
    if started:
        address = address or os.environ.get("RAY_ADDRESS") or "local"
        more: dict[str, Any] = {"num_cpus": jobs, "include_dashboard": False} if address == "local" else {}
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **more)
    try:
        context = ray.data.DataContext.get_current()
        changed = {"max_errored_blocks": -1, "enable_progress_bars": False, "print_on_execution_start": False}
        before = {name: getattr(context, name) for name in changed}
        for name, value in changed.items():
            setattr(context, name, value)
        logger = logging.getLogger("ray.data")
        level = logger.level
        logger.setLevel(logging.CRITICAL)  # what fails is in the outcomes
        try:
            yield ray
        finally:
            logger.setLevel(level)
            for name, value in before.items():
                setattr(context, name, value)
    finally:
        if started:
            ray.shutdown()


def _absolute(item: Item) -> Item:
    """Workers stand in folders of their own."""
    source, target = (name if is_url(name) else os.path.abspath(name) for name in (item.source, item.target))
    return item._replace(source=source, target=target, within=item.within and os.path.abspath(item.within))


def _work_batch(row: dict[str, Any], task: Task, places: Places) -> dict[str, Any]:
    batch: list[Known] = pickle.loads(row["batch"])
    return {"number": row["number"], "outcomes": pickle.dumps([_work(task, places, *known) for known in batch])}


def _work(task: Task, places: Places, item: Item, done: Any) -> Outcome:
    source, target = places.find(item.source), places.find(item.target)
    if source is None and target is None:
        return work(task, item, done)
    try:
        return _staged(task, item, source, target)
    except Exception as error:  # one bad file never stops the rest
        return failed(*explained(error, item.source))


def _staged(task: Task, item: Item, source: Optional[Place], target: Optional[Place]) -> Outcome:
    """Through files here: formats need to seek, and a file system of objects shows an object when it is whole."""
    fs = load("pyarrow.fs", "a URL", "ray")
    local = fs.LocalFileSystem()
    with tempfile.TemporaryDirectory(prefix="hanflow-") as folder:
        here, there = item.source, None if task.dry else item.target
        if source is not None:
            here = os.path.join(folder, "in-" + posixpath.basename(source[1]))
            fs.copy_files(source[1], here, source_filesystem=source[0], destination_filesystem=local)
        if there is not None and target is not None:
            there = os.path.join(folder, "out")
            item = item._replace(within=None)
        elif there is not None and item.within is not None:
            with files.place(there, item.within, make=True):
                pass
        elif there is not None:
            os.makedirs(os.path.dirname(there), exist_ok=True)
        if not item.copied:
            outcome = outcome_of(convert(task.settings, here, there, within=item.within), None)
        elif there is None:
            outcome = copied(item.size)
        else:
            outcome = copy(item._replace(source=here, target=there))
        if there is not None and target is not None:
            target[0].create_dir(posixpath.dirname(target[1]), recursive=True)
            fs.copy_files(there, target[1], source_filesystem=local, destination_filesystem=target[0])
    return outcome
