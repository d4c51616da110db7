"""The command `hanflow`. Text goes through it as bytes; messages and the summary go to stderr."""
from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Optional

import click

from . import __version__, cpu, files
from .normalizer import ERRORS, LATIN_GAP, SPACING, WIDTH, Normalizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import FrameType

# Exit codes: 1 something failed or (check) would change, 2 wrong usage.
CLOSED_PIPE = 141
INTERRUPTED = 130
TERMINATED = 143

STDIN = "-"


class ClosedPipe(Exception):
    """Nobody reads our stdout any more."""


def main() -> NoReturn:
    """The entry point: the command, with the exit codes of a Unix filter."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = command.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except (ClosedPipe, BrokenPipeError):
        # Python would complain when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = CLOSED_PIPE
    sys.exit(code)


def _terminated(number: int, frame: Optional[FrameType]) -> NoReturn:
    sys.exit(TERMINATED)  # an exception, so that the temporary file goes


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hanflow", message=f"%(prog)s %(version)s, CPU path {cpu()}")
@click.pass_context
def command(context: click.Context) -> None:
    """Gives Chinese text taken out of newspaper pages its lines, gaps and characters back.

    \b
    hanflow fix page.txt > repaired.txt    one file
    hanflow fix archive/ -o repaired/      a folder, mirrored
    hanflow demo                           a page, before and after
    """
    if context.invoked_subcommand is None:  # click's own answer differs from version to version
        raise click.UsageError("a command is missing: fix, check, diff or demo")


def _options(function: Callable[..., int]) -> Callable[..., int]:
    """The options of Normalizer; the command gets the Normalizer."""

    def with_normalizer(*args: Any, **given: Any) -> int:
        options = {name: given.pop(name) for name in ("compat", "width", "spacing", "latin_gap", "vertical", "unwrap",
                                                      "min_confidence", "opencc", "errors")}
        try:
            normalizer = Normalizer(**options)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        return function(*args, normalizer=normalizer, **given)

    with_normalizer.__doc__ = function.__doc__
    with_normalizer.__name__ = function.__name__
    decorated = with_normalizer
    for option in reversed((
        click.option("--compat/--no-compat", default=True, help="Restore radicals and presentation forms."),
        click.option("--width", type=click.Choice(list(WIDTH)), default="contextual", show_default=True,
                     help="Full-width letters, digits and marks to make half-width."),
        click.option("--spacing", type=click.Choice(list(SPACING)), default="auto", show_default=True,
                     help="Gaps to close."),
        click.option("--latin-gap", type=click.Choice(list(LATIN_GAP)), default="auto", show_default=True,
                     help="The gap between Han and Latin or digits."),
        click.option("--vertical/--no-vertical", default=True, help="Put one-character lines together."),
        click.option("--unwrap/--no-unwrap", default=True, help="Join hard-wrapped lines."),
        click.option("--min-confidence", type=click.IntRange(0, 100), default=0, metavar="PERCENT",
                     help="Leave out repairs that are less sure."),
        click.option("--opencc", metavar="NAME", help="Convert with this OpenCC configuration (t2s, s2t, ...)."),
        click.option("--errors", type=click.Choice(ERRORS), default="strict", show_default=True,
                     help="Bytes that are not UTF-8: reject the file, or keep them as they are."),
    )):
        decorated = option(decorated)
    return decorated


@command.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-o", "--output", metavar="OUT", help="File or folder to write; a folder for more than one file.")
@click.option("-i", "--in-place", is_flag=True, help="Replace the files themselves.")
@_options
def fix(paths: tuple[str, ...], output: Optional[str], in_place: bool, normalizer: Normalizer) -> int:
    """Repair text: stdin to stdout, a file to stdout, or files and folders into OUT.

    A folder is mirrored into OUT, with all its files but hidden ones. More than one PATH goes into OUT under its own name.
    A file that is not UTF-8 or cannot be read or written is named on stderr, nothing is written for it, and the exit
    code is 1; the others are repaired.
    """
    if in_place and output is not None:
        raise click.UsageError("--in-place and --output exclude each other")
    if _is_stdin(paths):
        if in_place:
            raise click.UsageError("--in-place needs files")
        jobs: Iterable[Job] = [Job(STDIN, output)]
        run = Run(verbose=False)
    else:
        several = len(paths) > 1 or os.path.isdir(paths[0])
        if several and output is None and not in_place:
            raise click.UsageError("more than one file needs --output or --in-place")
        if output is not None and several and os.path.exists(output) and not os.path.isdir(output):
            raise click.UsageError(f"{output!r} is not a folder")
        run = Run(verbose=several)
        jobs = _jobs(paths, output, in_place, several, run)
    for job in jobs:
        read = run.repaired(normalizer, job.source)
        if read is None:
            continue
        data, result, _ = read
        changed = result != data
        if job.target is None:
            _print(result)
        elif changed or not in_place:
            if not run.write(job.source, job.target, result, in_place):
                continue
        run.done(changed)
    return run.end("repaired")


@command.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_options
def check(paths: tuple[str, ...], normalizer: Normalizer) -> int:
    """Name the files that `fix` would change, and exit with 1 if there is one."""
    run = Run(verbose=True)
    for source in _sources(paths, run):
        read = run.repaired(normalizer, source)
        if read is None:
            continue
        data, result, count = read
        changed = result != data
        if changed:
            if normalizer.options["opencc"]:  # the count that comes with the result leaves OpenCC's changes out
                count = len(normalizer.explain(data))
            _print(b"%s: would change (%d repair%s)\n" % (_label(source), count, b"" if count == 1 else b"s"))
        run.done(changed)
    return run.end("would change") or int(run.counts["changed"] > 0)


@command.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_options
def diff(paths: tuple[str, ...], normalizer: Normalizer) -> int:
    """Show what `fix` would change, as a unified diff."""
    from .diff import unified

    run = Run(verbose=False)
    colour = _colour()
    for source in _sources(paths, run):
        data = run.read(source)
        if data is None:
            continue
        try:
            repairs = normalizer.explain(data)
        except (UnicodeDecodeError, MemoryError) as error:
            run.failed(source, error, data)
            continue
        label = _label(source)
        for line in unified(data, repairs, label, label):
            _print(_coloured(line) if colour else line)
        run.done(bool(repairs))
    return run.end("would change")


@command.command()
@click.option("--input", "damaged", is_flag=True, help="Print the damaged page only, to pipe it into `hanflow fix`.")
def demo(damaged: bool) -> int:
    """Show an invented newspaper page before and after."""
    from importlib.resources import files as resources

    page = (resources("hanflow.demo") / "page.txt").read_bytes()
    if damaged:
        _print(page)
        return 0
    normalizer = Normalizer()
    repaired = normalizer(page)
    rules = Counter(repair.rule for repair in normalizer.explain(page))
    counts = ", ".join(f"{rule} {count}" for rule, count in rules.items())
    _print(_heading(f"BEFORE: a page as it comes out of a PDF, {_lines(page)} lines"))
    _print(page)
    _print(b"\n" + _heading(f"AFTER: hanflow fix, {_lines(repaired)} lines, {sum(rules.values())} repairs ({counts})"))
    _print(repaired)
    return 0


class Job(NamedTuple):
    source: str
    target: Optional[str]  # None: stdout


class Run:
    """The account of one run: reads, repairs and writes, and reports what fails instead of stopping."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self.counts: Counter[str] = Counter()

    def read(self, source: str) -> Optional[bytes]:
        try:
            return sys.stdin.buffer.read() if source == STDIN else files.read(source)
        except (OSError, MemoryError) as error:
            self.failed(source, error)
            return None

    def repaired(self, normalizer: Normalizer, source: str) -> Optional[tuple[bytes, bytes, int]]:
        """(what was read, the result, the number of repairs before `opencc`)"""
        data = self.read(source)
        if data is None:
            return None
        try:
            return (data, *normalizer._counted(data))
        except (UnicodeDecodeError, MemoryError) as error:
            self.failed(source, error, data)
            return None

    def write(self, source: str, target: str, data: bytes, in_place: bool) -> bool:
        try:
            if not in_place and source != STDIN and files.same_file(source, target):
                raise click.UsageError(f"source and target are the same file: {target!r}; see --in-place")
            folder = os.path.dirname(target)
            if folder:
                os.makedirs(folder, exist_ok=True)
            files.write(target, data)
            return True
        except OSError as error:
            self.failed(source, error)
            return False

    def done(self, changed: bool) -> None:
        self.counts["changed" if changed else "unchanged"] += 1

    def failed(self, source: str, error: BaseException, data: bytes = b"") -> None:
        self.counts["failed"] += 1
        if isinstance(error, UnicodeDecodeError):
            begin, end = error.start, error.end
            place = f"byte {begin}" if end == begin + 1 else f"bytes {begin}-{end - 1}"
            line = data.count(b"\n", 0, begin) + 1
            reason = f"not UTF-8 at {place} (line {line}): {error.reason}"
        elif isinstance(error, OSError):
            reason = error.strerror or str(error)
            if error.filename is not None and os.fsdecode(error.filename) != source:
                reason += f": {os.fsdecode(error.filename)!r}"
        else:
            reason = "not enough memory"
        click.echo(f"hanflow: {_printable(source)}: {reason}", err=True)

    def end(self, verb: str) -> int:
        """Prints the summary; returns the exit code."""
        failed = self.counts["failed"]
        total = sum(self.counts.values())
        if self.verbose and (total != 1 or not failed):
            parts = [f"{self.counts['changed']} {verb}", f"{self.counts['unchanged']} unchanged"]
            parts += [f"{failed} failed"] if failed else []
            click.echo(f"{total} file{'' if total == 1 else 's'}: {', '.join(parts)}", err=True)
        return int(failed > 0)


def _is_stdin(paths: Sequence[str]) -> bool:
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- (stdin) cannot stand beside other paths")
    return not paths or paths[0] == STDIN


def _sources(paths: Sequence[str], run: Run) -> Iterable[str]:
    if _is_stdin(paths):
        return [STDIN]
    return (source for path in paths for source, _ in _walk(path, None, run))


def _jobs(paths: Sequence[str], output: Optional[str], in_place: bool, several: bool, run: Run) -> list[Job]:
    """All files and where they go, listed before the first is written: what a run writes is never its own input."""
    if output is None:
        return [Job(source, source if in_place else None) for path in paths for source, _ in _walk(path, None, run)]
    if not several:
        into = os.path.isdir(output) or output.endswith(("/", os.sep))
        return [Job(paths[0], os.path.join(output, os.path.basename(paths[0])) if into else output)]
    jobs: list[Job] = []
    taken: dict[str, str] = {}
    for path in paths:
        if os.path.isdir(path) and os.path.exists(output) and os.path.samefile(path, output):
            raise click.UsageError(f"OUT is the folder {path!r} itself; see --in-place")
        # A single folder's content goes into OUT itself; beside others, each goes in under its own name.
        name = "" if len(paths) == 1 else os.path.basename(os.path.abspath(path))
        for source, relative in _walk(path, output, run):
            target = os.path.join(output, name, relative) if relative else os.path.join(output, name)
            if taken.setdefault(target, source) != source:
                raise click.UsageError(f"{taken[target]!r} and {source!r} would both become {target!r}")
            jobs.append(Job(source, target))
    return jobs


def _walk(path: str, output: Optional[str], run: Run) -> Iterator[tuple[str, str]]:
    """(path, path inside the folder) of each file: the path itself if it is no folder; of a folder all regular files
    but hidden ones, sorted, and not those in OUT. Links to folders are not followed."""
    if not os.path.isdir(path):
        yield path, ""
        return
    out = os.path.realpath(output) if output is not None else None
    for folder, folders, names in os.walk(path, onerror=lambda error: run.failed(os.fsdecode(error.filename), error)):
        folders[:] = sorted(name for name in folders if not name.startswith(".")
                            and (out is None or os.path.realpath(os.path.join(folder, name)) != out))
        inside = os.path.relpath(folder, path)
        for name in sorted(names):
            source = os.path.join(folder, name)
            if not name.startswith(".") and os.path.isfile(source):
                yield source, os.path.normpath(os.path.join(inside, name))


def _print(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ClosedPipe from None


def _label(source: str) -> bytes:
    return b"<stdin>" if source == STDIN else os.fsencode(source)


def _printable(source: str) -> str:
    return "<stdin>" if source == STDIN else click.format_filename(source)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


COLOURS = {b"---": b"\x1b[1m", b"+++": b"\x1b[1m", b"@@ ": b"\x1b[36m", b"-": b"\x1b[31m", b"+": b"\x1b[32m"}


def _coloured(line: bytes) -> bytes:
    for start, code in COLOURS.items():
        if line.startswith(start):
            return code + line.rstrip(b"\n") + b"\x1b[0m\n"
    return line


def _heading(text: str) -> bytes:
    shown = f"\x1b[1m{text}\x1b[0m" if _colour() else text
    return f"{shown}\n{'-' * len(text)}\n".encode()


def _lines(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n"))


if __name__ == "__main__":
    main()
