"""The command `hanflow`. Text goes through it as bytes; messages and the summary go to stderr."""
from __future__ import annotations

import io
import os
import signal
import sys
from collections import Counter
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Optional

import click

from . import __version__, cpu
from . import _files as files
from .__main__ import stopped
from ._bulk.cluster import Places, is_url, outcomes
from ._bulk.journal import InUse, Journal, sweep
from ._bulk.progress import Progress, escaped, open_streams, printable, say
from ._bulk.run import STDIN, STDOUT, ClosedPipe, Item, Run, Task, Unwritable, write_out
from ._bulk.summary import REPAIRED, Summary
from ._bulk.tree import Tree
from ._bulk.walk import Choice, Patterns, chosen
from ._normalizer import ERRORS, LATIN_GAP, SPACING, WIDTH, Normalizer, _cpus
from ._show.inspection import Inspection, Target
from .formats import FORMATS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from ._bulk.walk import OnError
    from ._show.inspection import View

# Exit codes. 1: something failed, or (check) would change; 2: wrong usage, or (check) something failed.
FAILED, CHECK_FAILED = 1, 2
INTERRUPTED, CLOSED_PIPE, TERMINATED = 130, 141, 143


def main() -> NoReturn:
    """The entry point: the command, with the exit codes of a Unix filter."""
    open_streams()
    stdout = sys.stdout
    signal.signal(signal.SIGTERM, _terminated)
    heard = signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = command.main(standalone_mode=False)
        if not code:
            stdout.flush()
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        say(text.getvalue().rstrip("\n"), lines=True)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except (ClosedPipe, BrokenPipeError):
        code = CLOSED_PIPE
    except SystemExit as error:
        # Of a closed pipe click makes an exit code of its own, and another stdout.
        code = CLOSED_PIPE if sys.stdout is not stdout else error.code
    except (Unwritable, OSError) as error:  # of stdout: what else fails has been named
        say(f"hanflow: <stdout>: {error.args[1] if len(error.args) > 1 else error}")
        code = FAILED
    if heard:
        signal.signal(signal.SIGINT, stopped)
    try:
        stdout.flush()
    except OSError:
        # Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
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
        raise click.UsageError("a command is missing: fix, check, diff, report or demo")


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


# The options of Settings that say what is in the files.
READING = ("format", "field", "column", "encoding", "delimiter", "max_ratio", "max_bytes")


def _reading(function: Callable[..., int]) -> Callable[..., int]:
    """READING."""
    for option in reversed((
        click.option("--input-format", "format", type=click.Choice(FORMATS),
                     help="The format of all files, instead of what their names say."),
        click.option("--field", multiple=True, metavar="NAME", help="JSON Lines: a field to repair, a.b for one inside another."),
        click.option("--column", multiple=True, metavar="NAME",
                     help="CSV, Parquet, Arrow: a column to repair, by name or number."),
        click.option("--encoding", metavar="NAME", help="Of text, JSON Lines and CSV, if not UTF-8; auto decides for each file."),
        click.option("--delimiter", metavar="CHAR", help="CSV: what parts the fields."),
        click.option("--max-ratio", type=click.FloatRange(0), default=Settings.max_ratio, show_default=True,
                     help="What is compressed may be so many times as large unpacked; 0 for no limit."),
        click.option("--max-bytes", type=click.IntRange(0), default=0, help="A file may be unpacked to so much; 0 for no limit."),
    )):
        function = option(function)
    return function


def _no_format(reason: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """--format, which says how `check` and `diff` show what they find, is refused."""

    def refuse(context: click.Context, option: click.Parameter, value: Optional[str]) -> None:
        if value is not None:
            known = value if value in FORMATS else "NAME"
            raise click.UsageError(f"no --format here: {reason}. What is in the files says --input-format {known}.", context)

    return click.option("--format", "_", hidden=True, expose_value=False, callback=refuse)


_jobs = click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="Worker processes. By default one a CPU.")
_progress = click.option("--progress/--no-progress", default=None,
                         help="A line a minute even if stderr is a pipe, or nothing at all.")


def _choosing(function: Callable[..., int]) -> Callable[..., int]:
    """The options of a Choice; the command gets the Choice."""

    @wraps(function)
    def with_choice(*args: Any, include: tuple[str, ...], exclude: tuple[str, ...], gitignore: bool, **given: Any) -> int:
        try:
            choice = Choice(Patterns(include), Patterns(exclude), gitignore)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        return function(*args, choice=choice, **given)

    decorated = with_choice
    for option in reversed((
        click.option("--include", multiple=True, metavar="GLOB", help="Of folders, repair what matches too; may be given again."),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Of folders, leave out what matches; may be given again."),
        click.option("--gitignore/--no-gitignore", default=True, help="Of folders, do not repair what .gitignore names."),
    )):
        decorated = option(decorated)
    return decorated


# The forms of findings.FORMATS.
_shown = click.option("--format", "shown", type=click.Choice(["text", "json", "github"]), default="text", show_default=True,
                      help="Print lines, a JSON object a line, or commands of GitHub Actions.")


def _settings(normalizer: Normalizer, given: dict[str, Any], counts: bool = False) -> Settings:
    """Of the options of _reading()."""
    for limit in ("max_ratio", "max_bytes"):
        given[limit] = given[limit] or None
    try:
        return Settings(normalizer, counts=counts, **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@command.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-o", "--output", metavar="OUT", help="File or folder to write; a folder for more than one file.")
@click.option("-i", "--in-place", is_flag=True, help="Replace the files themselves.")
@_jobs
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
              help="Work on this machine, or on those of a Ray cluster.")
@click.option("--address", help="Of the Ray cluster. By default $RAY_ADDRESS, else Ray is started on this machine.")
@click.option("-L", "--dereference", is_flag=True, help="Follow links in folders, instead of copying them.")
@click.option("--resume", is_flag=True, help="Leave out what an earlier run into OUT has done.")
@click.option("-n", "--dry-run", is_flag=True, help="Write nothing, list what would be done.")
@click.option("--report", metavar="FILE", help="Write what was done to each file as JSON. Counts repairs by rule, which takes time.")
@_progress
@_choosing
@_no_format("fix writes each file in its own format")
@_reading
@_options
def fix(
    paths: tuple[str, ...], output: Optional[str], in_place: bool, jobs: Optional[int], engine: str, address: Optional[str],
    dereference: bool, resume: bool, dry_run: bool, report: Optional[str], progress: Optional[bool],
    choice: Choice, normalizer: Normalizer, **given: Any
) -> int:
    """Repair text: stdin to stdout, a file to stdout, or files and folders into OUT.

    In a folder those files are repaired that have a name of a text or of a format below (.txt .md .jsonl .csv .parquet .zip .txt.gz
    and so on), but for what is hidden and what .gitignore names. --include adds others. A PATH that is a file is always repaired.

    A folder is mirrored into OUT as cp -r does: what is not repaired is copied as it is, links as links, permissions and empty
    folders too; fifos and devices are left out. --in-place leaves all that alone. More than one PATH goes into OUT under its own
    name. What fails is named on stderr, nothing is written for it, and the exit code is 1; all else is done.

    A GLOB is matched as in .gitignore, inside each folder given: *.log is a name at any depth, /a/*.log or a/*.log a whole path,
    ** any folders, tmp/ a folder and all in it. --exclude is stronger: it leaves out of a mirror, too.

    While it runs, a terminal shows how far it is; a log (stderr in a file) gets a line a minute, a pipe nothing.
    """
    settings = _settings(normalizer, given, counts=report is not None)
    if in_place and output is not None:
        raise click.UsageError("--in-place and --output exclude each other")
    piped = _is_stdin(paths)
    places, done_by = None, None
    if engine == "ray" or address is not None or any(map(is_url, (*paths, output or ""))):
        places = _places(engine, paths, output, in_place)
        done_by = partial(outcomes, places=places, address=address, jobs=jobs or _cpus())
        if places and (resume or dereference):
            raise click.UsageError("--resume and --dereference do not go with a URL")
    several = not piped and (len(paths) > 1 or os.path.isdir(paths[0]) or bool(places))
    if in_place and piped:
        raise click.UsageError("--in-place needs files")
    if several and output is None and not in_place:
        raise click.UsageError("more than one file needs --output or --in-place")
    if dry_run and output is None and not in_place:
        raise click.UsageError("--dry-run needs --output or --in-place")
    if resume and not (several and output is not None and not dry_run):
        raise click.UsageError("--resume needs --output, and a folder or more than one file")
    if several and output is not None and os.path.exists(output) and not os.path.isdir(output):
        raise click.UsageError(f"{output!r} is not a folder")

    if report == STDOUT:
        raise click.UsageError("--report needs a file")
    if report is not None and any(files.same_path(report, path) for path in (*paths, output or "") if path):
        raise click.UsageError(f"--report would overwrite {report!r}")
    choice = choice._replace(links="follow" if dereference else "skip", without=tuple(filter(None, (output, report))))
    tree = None
    if several and output is not None and not places:
        try:
            tree = Tree(paths, output, choice._replace(everything=True, links="follow" if dereference else "keep"), dry_run)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    def listed(failed: OnError) -> Iterator[Item]:
        """In the place of the sources."""
        for source, size in chosen(paths, choice, failed):
            root = None if dereference else next((path for path in paths if source.startswith(os.path.join(path, ""))), None)
            yield Item(source, source, size=size, within=root)

    summary = Summary(listed=report is not None)
    sizes = tree.sizes() if tree else (item.size for item in listed(lambda error: None)) if several and not places else iter(())
    shown = Progress(summary, sizes, progress)
    run = Run(Task(settings, dry_run), jobs or _cpus(), summary, shown, done_by)
    if tree:
        items = tree.items(summary, run.failed)
    elif places:
        assert output is not None
        items = places.items(paths, output, choice._replace(everything=True), run.failed)
    elif several:
        items = listed(run.failed_at)
    else:
        source = STDIN if piped else paths[0]
        items = iter([Item(source, source) if in_place else Item(source, *_target(source, output))])
    prepared = True
    if tree and not dry_run:
        assert output is not None
        try:
            tree.prepare()
            run.journal = Journal(output, {"hanflow": __version__, "settings": {**settings.as_dict(), "counts": None}}, resume)
            if run.journal.wrong:
                shown.say(f"hanflow: {printable(run.journal.path)}: {run.journal.wrong} lines are none of ours: what they stand for is "
                          "done again")
            if resume:
                sweep(output)
        except InUse:
            raise click.UsageError(f"another run is writing into {output!r}") from None
        except OSError as error:
            run.failed(output, error)
            prepared = False
    complete = False
    try:
        if prepared:
            run(items)
            if tree:
                tree.finish()
            complete = True
    except (ImportError, ConnectionError) as error:
        if done_by is None:
            raise
        raise click.ClickException(str(error)) from None
    finally:  # on Ctrl-C too
        shown.clear()
        if run.journal is not None:
            run.journal.close(remove=complete and not resume and not summary.errors)
        if report is not None:
            try:
                summary.write(report, complete, paths=paths, output=output, jobs=run.jobs, settings=settings.as_dict())
            except OSError as error:
                run.failed(report, error)
        summary.close()
        if several and (summary.files != 1 or not summary.errors):
            say(summary.line("would be repaired" if dry_run else "repaired"))
    return int(summary.errors > 0)


def _places(engine: str, paths: Sequence[str], output: Optional[str], in_place: bool) -> Places:
    """What URLs among the paths stand for. What Ray cannot do is wrong usage."""
    if engine != "ray":
        raise click.UsageError("a URL or --address needs --engine ray")
    if _is_stdin(paths) or (output is None and not in_place):
        raise click.UsageError("--engine ray needs paths, and --output or --in-place")
    if in_place and any(map(is_url, paths)):
        raise click.UsageError("--in-place does not go with a URL")
    try:
        return Places((*paths, output or ""))
    except ImportError as error:
        raise click.ClickException(str(error)) from None
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None


def _target(source: str, output: Optional[str]) -> tuple[str, str, int, Optional[str]]:
    """Of a single file, or of stdin: target, name, size and within of the item."""
    if output is None:
        return STDOUT, "", 0, None
    within = None
    if source != STDIN and (os.path.isdir(output) or output.endswith(("/", os.sep))):
        output, within = os.path.join(output, os.path.basename(source)), output
    if source != STDIN and files.same_file(source, output, follow=within is None):
        raise click.UsageError(f"source and target are the same file: {output!r}; see --in-place")
    return output, "", 0, within


class Looking(NamedTuple):
    """What `check`, `diff` and `report` are told in common. Called, it looks at the files that `fix --in-place` would repair."""

    paths: tuple[str, ...]
    settings: Settings
    choice: Choice
    jobs: int
    progress: Optional[bool]

    @property
    def normalizer(self) -> Normalizer:
        return self.settings.normalizer

    def __call__(self, view: View, target: Target, output: Optional[str] = None, summary: Optional[Summary] = None) -> Summary:
        """output: a file that is not looked at. summary: the one that is returned, if it is made already."""
        choice = self.choice if output is None else self.choice._replace(without=(output,))

        def listed(failed: OnError) -> Iterator[Item]:
            return (Item(source, "", size=size) for source, size in chosen(self.paths, choice, failed))

        piped = _is_stdin(self.paths)
        summary = summary or Summary(listed=False)
        shown = Progress(summary, iter(()) if piped else (item.size for item in listed(lambda error: None)), self.progress)
        run = Inspection(self.settings, view, target, self.jobs, summary, shown)
        try:
            run(iter([Item(STDIN, "")]) if piped else listed(run.failed_at))
        finally:
            shown.clear()
        return summary


def _looking(function: Callable[..., int]) -> Callable[..., int]:
    """The options of Looking; the command gets it."""

    @_jobs
    @_progress
    @_choosing
    @_reading
    @_options
    @wraps(function)
    def with_looking(paths: tuple[str, ...], jobs: Optional[int], progress: Optional[bool], choice: Choice, normalizer: Normalizer,
                     **given: Any) -> int:
        reading = {name: given.pop(name) for name in READING}
        return function(view=Looking(paths, _settings(normalizer, reading), choice, jobs or _cpus(), progress), **given)

    return with_looking


@command.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-l", "--list", "names", is_flag=True, help="Only name the files that would change, a line each.")
@click.option("-0", "--null", is_flag=True, help="With --list: end each name with NUL instead, and change nothing in it; for xargs -0.")
@_shown
@_looking
def check(view: Looking, names: bool, null: bool, shown: str) -> int:
    """Show every repair that `fix` would make. Exits with 1 if there is one, with 2 if anything failed.

    A line each, as compilers print it: PATH:LINE:COLUMN: RULE what, before -> after [how sure, and why]. Repairs of one kind near
    each other are one line. Columns count characters (code points). A text of JSON Lines stands at the line of its record, one of
    Parquet or Arrow at the number of its row; its own line and column follow. What terminals act on is shown as an escape.

    --format json gives an object a line for every repair, start and end in code points of its text; github gives workflow
    commands, which GitHub Actions shows beside the lines.
    """
    from ._show.views import Names, Repairs

    if names and shown != "text":
        raise click.UsageError("--list and --format exclude each other")
    if null and not names:
        raise click.UsageError("--null needs --list")
    try:
        summary = view(Names(view.normalizer, null) if names else Repairs(view.normalizer, shown), Stdout())
    except Unwritable as error:
        say(f"hanflow: <stdout>: {error.args[1]}")
        return CHECK_FAILED
    _summarized(summary)
    return CHECK_FAILED if summary.errors else int(summary.counts[REPAIRED] > 0)


@command.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--color", "--colour", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
              help="Show repairs in colour, rule by rule; auto: on a terminal, unless $NO_COLOR is set.")
@_shown
@_looking
def diff(view: Looking, colour: str, shown: str) -> int:
    """Show what `fix` would change. Exits with 0, whether it would or not; with 1 if anything failed.

    On a terminal: the changed lines in colour, rule by rule, deleted gaps as ␣ and joined line ends as ⏎. In a pipe or file, or
    with --color never: a unified diff, for plain text in its own encoding, so that `patch` can apply it; of other formats each text
    has one of its own, under the name PATH:LINE:FIELD. --format json and github: as `hanflow check` gives them.
    """
    from ._show.views import Diff, Repairs

    coloured = _colour() if colour == "auto" else colour == "always"
    summary = view(Repairs(view.normalizer, shown) if shown != "text" else Diff(view.normalizer, coloured), Stdout())
    return int(summary.errors > 0)


@command.command("report")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-o", "--output", metavar="FILE", help="The HTML file to write. Without it: stdout, unless that is a terminal.")
@_no_format("report has one format")
@_looking
def report_(view: Looking, output: Optional[str]) -> int:
    """Write an HTML page that shows every repair that `fix` would make, source and result side by side.

    The page is one file, loads nothing and needs no network. It filters by rule, confidence and file; ? lists its keys.
    What fails is named on stderr and in the page, and the exit code is 1.
    """
    summary = Summary(listed=False)
    if output in (None, STDOUT):
        if output is None and sys.stdout.isatty():
            raise click.UsageError("where to? -o FILE.html, or a pipe")
        _reported(view, write_out, summary)
    else:
        assert output is not None
        for path in view.paths:
            if files.same_file(path, output):
                raise click.UsageError(f"source and target are the same file: {output!r}")
        try:
            if folder := os.path.dirname(output):
                os.makedirs(folder, exist_ok=True)
            with files.replacing(output, lambda: summary.mode) as file:  # it has the texts of all

                def write(data: bytes) -> None:
                    try:
                        file.write(data)
                    except OSError as error:
                        raise Unwritable(error.errno, error.strerror) from None

                _reported(view, write, summary, output)
        except (Unwritable, OSError) as error:
            say(f"hanflow: {printable(output)}: {error.args[1]}")
            return FAILED
    _summarized(summary)
    return int(summary.errors > 0)


def _reported(view: Looking, write: Callable[[bytes], object], summary: Summary, output: Optional[str] = None) -> None:
    """output: is not read, if it lies in a folder that is."""
    from ._show.page import Page, Pages, Passages

    names = [escaped(printable(path)) for path in view.paths]
    title = names[0] if len(names) == 1 else f"{len(names)} paths" if names else printable(STDIN)
    page = Page(write, view.normalizer, title)
    view(Passages(view.normalizer), Pages(page), output, summary)
    page.close()


def _summarized(summary: Summary) -> None:
    if summary.files != 1 or not summary.failed:
        say(summary.line("would change"))


class Stdout(Target):
    def write(self, data: bytes) -> None:
        write_out(data)


@command.command()
@click.option("--input", "damaged", is_flag=True, help="Print the damaged page only, to pipe it into `hanflow fix`.")
def demo(damaged: bool) -> int:
    """Show an invented newspaper page before and after."""
    from importlib.resources import files as resources

    page = (resources("hanflow._demo") / "page.txt").read_bytes()
    if damaged:
        write_out(page)
        return 0
    normalizer = Normalizer()
    repaired = normalizer(page)
    rules = Counter(repair.rule for repair in normalizer.explain(page))
    counts = ", ".join(f"{rule} {count}" for rule, count in rules.items())
    write_out(_heading(f"BEFORE: a page as it comes out of a PDF, {_lines(page)} lines"))
    write_out(page)
    write_out(b"\n" + _heading(f"AFTER: hanflow fix, {_lines(repaired)} lines, {sum(rules.values())} repairs ({counts})"))
    write_out(repaired)
    return 0


def _is_stdin(paths: Sequence[str]) -> bool:
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- (stdin) cannot stand beside other paths")
    return not paths or paths[0] == STDIN


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _heading(text: str) -> bytes:
    shown = f"\x1b[1m{text}\x1b[0m" if _colour() else text
    return f"{shown}\n{'-' * len(text)}\n".encode()


def _lines(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n"))

