"""What a conversion is told, and what it tells: Settings, FileReport, FormatError, Failure."""
from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

from .._explain import RULES, decoded
from .._normalizer import Normalizer
from .._traced import PIECE as LONG
from .._traced import Text, steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import AnyStr

    from .._explain import Repair
    from .._traced import Step

Columns = tuple[Union[str, int], ...]

STREAM = "-"  # the name of stdin and stdout

FORMATS = ("text", "jsonl", "csv", "parquet", "arrow", "zip", "tar")

# Failed records that a report lists; of the others it gives the number only, or a bad file would fill the memory.
LISTED_FAILURES = 1000

# How much is read at a time.
PIECE = 1 << 18  # bytes

# A longer JSON line or CSV record is passed on unchanged and named: it would have to be held whole.
MAX_RECORD = 32 << 20  # bytes


class FormatError(ValueError):
    """A file that cannot be converted. Nothing is written for it.

    source: its name, as in FileReport; empty if it has none.
    where:  the place in the file in words, such as "byte 4096" or "row group 2"; empty if it is the file as a whole.
    reason: what is wrong there.
    """

    source: str = ""
    where: str
    reason: str

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        source = "<stdin>" if self.source == STREAM else self.source
        return ": ".join(filter(None, (source, self.where, self.reason)))


class Failure(NamedTuple):
    """A record or member that has passed unchanged. where: such as "line 12" or "member a/b.txt, byte 7"."""

    where: str
    reason: str


@dataclass(frozen=True, init=False)
class Settings:
    """How to convert files: immutable, hashable, picklable.

        >>> Settings(field="text").field
        ('text',)

    normalizer: repairs the texts.
    format:     one of FORMATS, or None: by the file's name and its first bytes, else text.
    field:      JSON Lines: the fields to repair, "a.b" for a field b of an object a. A field holds a text, or a list of
                texts; on the way to it lists count as each of their items.
    column:     CSV, Parquet, Arrow: the columns to repair, by name or 0-based number. A CSV file whose columns are given
                by number has no header.
    encoding:   of text, JSON Lines and CSV: None for UTF-8, the name of a codec, or "auto": decided for each file.
    delimiter:  CSV: one ASCII character; None: a tab in .tsv files, elsewhere the commonest of , ; tab | in the first record.
    max_ratio:  a compressed file, a member of an archive, or what a Parquet or Arrow file holds, of more than 64 MiB, may be so
                many times as large as what it is unpacked from; None for no limit.
    max_bytes:  what one file may be unpacked to, the text members of an archive all together; None for no limit.
    counts:     count the repairs by rule too. That takes longer: of pages dense with repairs three times as long.
    threads:    how many may repair one file. Only those with columns use more than one; the result is the same.
    """

    normalizer: Normalizer
    format: Optional[str] = None
    field: tuple[str, ...] = ()
    column: Columns = ()
    encoding: Optional[str] = None
    delimiter: Optional[str] = None
    max_ratio: Optional[float] = 100
    max_bytes: Optional[int] = None
    counts: bool = False
    threads: int = 1

    def __init__(
        self,
        normalizer: Optional[Normalizer] = None,
        format: Optional[str] = None,
        field: Union[str, Iterable[str], None] = (),
        column: Union[str, int, Iterable[Union[str, int]], None] = (),
        encoding: Optional[str] = None,
        delimiter: Optional[str] = None,
        max_ratio: Optional[float] = 100,
        max_bytes: Optional[int] = None,
        counts: bool = False,
        threads: int = 1,
    ) -> None:
        """normalizer None: Normalizer(). field, column: one, or several. A wrong value raises ValueError, a wrong type TypeError."""
        given = {"normalizer": Normalizer() if normalizer is None else normalizer, "format": format,
                 "field": _names("field", field, str), "column": _names("column", column, (str, int)), "encoding": encoding,
                 "delimiter": delimiter, "max_ratio": max_ratio, "max_bytes": max_bytes, "counts": counts, "threads": threads}
        for name, value in given.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        if not isinstance(self.normalizer, Normalizer):
            raise TypeError(f"normalizer must be a Normalizer, not {type(self.normalizer).__name__}")
        kinds: Any
        for name, kinds in (("format", str), ("encoding", str), ("delimiter", str), ("max_ratio", (int, float)), ("max_bytes", int)):
            value: Any = getattr(self, name)
            if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
                raise TypeError(f"{name} must be None or {_words(kinds)}, not {type(value).__name__}")
            if name.startswith("max_") and value is not None and not value > 0:
                raise ValueError(f"{name} must be None or more than 0, not {value!r}")
        for number in self.column:
            if isinstance(number, int) and number < 0:
                raise ValueError(f"column must be a name or a number from 0, not {number}")
        if not isinstance(self.counts, bool):
            raise TypeError(f"counts must be a bool, not {type(self.counts).__name__}")
        if not isinstance(self.threads, int) or isinstance(self.threads, bool):
            raise TypeError(f"threads must be an int, not {type(self.threads).__name__}")
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, not {self.threads}")
        if self.format is not None and self.format not in FORMATS:
            raise ValueError(f"format must be None or one of {', '.join(map(repr, FORMATS))}, not {self.format!r}")
        if self.delimiter is not None and (len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n'):
            raise ValueError(f"delimiter must be one ASCII character, not {self.delimiter!r}")
        if self.encoding not in (None, "auto"):
            try:
                "".encode(self.encoding or "")  # refuses the codecs that are not of text
            except (LookupError, ValueError):
                raise ValueError(f"encoding must be None, 'auto' or the name of a text codec, not {self.encoding!r}") from None
            if codecs.lookup(self.encoding or "").name == "utf-8":
                object.__setattr__(self, "encoding", None)

    @property
    def error_handler(self) -> str:
        """Python's for bytes that are not UTF-8."""
        return "surrogateescape" if self.normalizer.options["errors"] == "preserve" else "strict"

    def as_dict(self) -> dict[str, Any]:
        """All settings as values for JSON."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "normalizer"}
        return {"options": self.normalizer.options, **named, "field": list(self.field), "column": list(self.column)}


def check_settings(settings: object) -> None:
    if not isinstance(settings, Settings):
        raise TypeError(f"settings must be a Settings, not {type(settings).__name__}")


def _names(name: str, given: Any, kinds: Any) -> tuple[Any, ...]:
    """Of a setting that takes one or several, None for none."""
    values = (given,) if isinstance(given, kinds) else () if given is None else given
    if isinstance(values, (bytes, bytearray, memoryview)) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be {_words(kinds)} or several of these, not {type(given).__name__}")
    values = tuple(dict.fromkeys(values))
    for value in values:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise TypeError(f"{name} must be {_words(kinds)}, not {type(value).__name__}")
    return values


def _words(kinds: Any) -> str:
    words = {str: "a str", int: "an int", float: "a float"}
    return " or ".join(words[kind] for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


class FileReport(NamedTuple):
    """What became of a file.

    source:    its name; "-" for stdin.
    format:    one of FORMATS, behind it the compression: "jsonl", "text.gz".
    encoding:  the codec that read it; None for binary formats and archives.
    bytes_in, bytes_out: size of source and target as they are, compressed if they are.
    changed:   whether the text of the target differs from that of the source. If not, the target is a copy of it.
    records:   lines of JSON, rows, or members of an archive; 0 for text.
    repairs:   rule -> number, if Settings.counts; those of `opencc` are not counted.
    failed:    records or members that have passed unchanged.
    errors:    which, and why: the first LISTED_FAILURES. Members with names that lead out of the archive are named here too.
    """

    source: str
    format: str
    encoding: Optional[str]
    bytes_in: int
    bytes_out: int
    changed: bool
    records: int
    repairs: dict[str, int]
    failed: int
    errors: list[Failure]


class Located(NamedTuple):
    """A text that is repaired by itself, and where it stands in its file.

    text:         bytes that are not UTF-8 are lone surrogates in it, as by "surrogateescape" (only with errors="preserve"). Long
                  plain text is a Text, which comes in pieces and can be read once, as its repairs can: str() gives it whole.
    coded:        whether convert() gives it to the normalizer as bytes: those that are not UTF-8 count for something else there.
    line, column: where it begins in the file, from 1, in code points. What cannot say it better has column 1; Parquet and
                  Arrow have the number of the row, from 1, for the line.
    lines:        whether its lines are lines of the file, as in text and CSV.
    record:       JSON Lines, CSV: the line its record begins with, from 1; Parquet, Arrow: the row, from 0; None: no record.
    field:        of JSON Lines, or the column; "" for text.
    member:       of an archive; "" in other files. line and record are those of the member.
    format, encoding: those of the file or member, as in FileReport.
    """

    text: Union[str, Text]
    line: int = 1
    column: int = 1
    lines: bool = False
    record: Optional[int] = None
    field: str = ""
    member: str = ""
    format: str = ""
    encoding: Optional[str] = None
    coded: bool = False

    def repairs(self, normalizer: Normalizer) -> list[Repair[str]]:
        """What explain() lists of what convert() would do to the text; positions are in code points."""
        return [step for step in self.steps(normalizer) if not isinstance(step, int)]

    def steps(self, normalizer: Normalizer) -> Iterator[Step]:
        """The same, as they become known; between them how far that is: no later one begins before the last number."""
        text = self.text
        if isinstance(text, Text):
            return steps(normalizer, text)
        data = self.as_bytes()
        if len(text) > LONG:
            return steps(normalizer, Text.of(text, data is None))
        return iter(normalizer.explain(text) if data is None else decoded(normalizer.explain(data), text)[0])

    def as_bytes(self) -> Optional[bytes]:
        """What convert() gives to the normalizer, if the result may differ from that of the str: bytes that are not UTF-8."""
        if not self.coded or isinstance(self.text, Text):
            return None
        try:
            self.text.encode()
        except UnicodeEncodeError:
            return self.text.encode("utf-8", "surrogateescape")
        return None


@dataclass
class Account:
    """The running account of one file, or of one member of it."""

    settings: Settings
    encoding: Optional[str] = None
    changed: bool = False
    records: int = 0
    failed: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    errors: list[Failure] = field(default_factory=list)

    def fail(self, where: str, reason: str) -> None:
        self.failed += 1
        if len(self.errors) < LISTED_FAILURES:
            self.errors.append(Failure(where, reason))

    def repaired(self, text: AnyStr) -> AnyStr:
        """A text, its repairs counted if that is wanted."""
        if not self.settings.counts:
            return self.settings.normalizer(text)
        result, counts = self.settings.normalizer._counted(text)
        self.repairs.update({rule: number for rule, number in zip(RULES, counts) if number})
        return result

    def add(self, member: Account, where: str) -> None:
        """The account of a member that has been taken over."""
        self.changed |= member.changed
        self.repairs += member.repairs
        for failure in member.errors:
            if len(self.errors) < LISTED_FAILURES:
                self.errors.append(Failure(f"{where}, {failure.where}", failure.reason))
        self.failed += member.failed


def not_utf8(error: UnicodeDecodeError, advise: bool = False) -> str:
    """The reason, without the place that add_note() has to put into it before Python 3.11. advise: what to do too."""
    from .encodings import advice

    return f"not UTF-8: {error.reason.partition(' (')[0]}{advice(error) if advise else ''}"


def load(module: str, what: str, extra: str = "formats") -> Any:
    """A module of this extra. ImportError says what needs it, and how it is installed."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0].replace("_", "-")
        raise ImportError(f"{what} needs {name}: pip install 'hanflow[{extra}]'", name=name) from error
