"""Normalizer, its options, and the function normalize()."""
from __future__ import annotations

import os
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NoReturn, Union, cast, overload

from ._core import Core, NormalizerBase
from ._errors import add_note, as_it_is, check_type
from ._explain import Repair, repairs
from ._stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Optional

    from typing_extensions import Buffer

    from ._alignment import Alignment
    from ._opencc import Converter
    from .arrow import ArrowArray, ArrowStream, SupportsArrowArray, SupportsArrowStream
    from .formats import FileReport

# Unions, as stubtest takes an alias of a Literal with several values for one that differs at run time.
Width = Union[Literal["contextual"], Literal["alnum"], Literal["all"], Literal["none"]]
Spacing = Union[Literal["auto"], Literal["all"], Literal["none"]]
LatinGap = Union[Literal["auto"], Literal["remove"], Literal["keep"], Literal["insert"]]
Errors = Union[Literal["strict"], Literal["preserve"]]
File = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]", BinaryIO]

# The numbers are those of the enumerations in native/include/hanflow/api.hpp. The first of each is the default.
WIDTH = {"contextual": 2, "alnum": 1, "all": 3, "none": 0}
SPACING = {"auto": 1, "all": 2, "none": 0}
LATIN_GAP = {"auto": 0, "remove": 1, "keep": 2, "insert": 3}
ERRORS = ("strict", "preserve")

_MAX_THREADS = 128  # as in native/include/hanflow/batch.hpp


class Normalizer(NormalizerBase):
    """Repairs text with one set of options. Immutable, hashable, picklable, safe to share between threads.

        >>> n = Normalizer(latin_gap="insert", opencc="t2s")
        >>> n("江 州 新 區 有 ２０ 條 水 渠")
        '江州新区有 20 条水渠'

    Each option is a stage of the work and can be switched off alone:

    compat:    radicals and presentation forms become ordinary characters; BOM and stray controls go.
    width:     full-width letters and digits become ASCII. "contextual", "alnum", "all" or "none".
    spacing:   gaps between characters close. "auto", "all" or "none".
    latin_gap: the gap between Han and Latin or digits. "auto", "remove", "keep" or "insert".
    vertical:  runs of one-character lines become one line.
    unwrap:    hard-wrapped lines become paragraphs.
    min_confidence: leave out repairs that are less sure, in per cent, 0 to 100. A cautious user takes 90 or more.
    opencc:    None, or the name of an OpenCC configuration ("t2s", "s2t", ...) that converts the repaired text.
    errors:    what to do with bytes that are not UTF-8: "strict" raises UnicodeDecodeError with the exact range,
               "preserve" keeps them byte for byte.

    A value that an option does not know raises ValueError, which lists those it does.

    Called with a str or bytes-like UTF-8 it returns the repaired str or bytes. A str or bytes that needs no repair comes back
    as the same object.
    """

    __slots__ = ("_options",)
    _options: tuple[tuple[str, object], ...]

    def __init__(
        self,
        *,
        compat: bool = True,
        width: Width = "contextual",
        spacing: Spacing = "auto",
        latin_gap: LatinGap = "auto",
        vertical: bool = True,
        unwrap: bool = True,
        min_confidence: int = 0,
        opencc: Optional[str] = None,
        errors: Errors = "strict",
    ) -> None:
        given = {"compat": compat, "width": width, "spacing": spacing, "latin_gap": latin_gap, "vertical": vertical,
                 "unwrap": unwrap, "min_confidence": min_confidence, "opencc": opencc, "errors": errors}
        for name in ("compat", "vertical", "unwrap"):
            _check(name, given[name], (True, False))
        _check("width", width, tuple(WIDTH))
        _check("spacing", spacing, tuple(SPACING))
        _check("latin_gap", latin_gap, tuple(LATIN_GAP))
        _check("errors", errors, ERRORS)
        if not isinstance(min_confidence, int) or isinstance(min_confidence, bool) or not 0 <= min_confidence <= 100:
            raise ValueError(f"min_confidence must be an int from 0 to 100, not {min_confidence!r}")
        convert = None
        if opencc is not None:
            from ._opencc import converter, names

            _check("opencc", opencc, (None, *names()))
            convert = converter(opencc)
        core = Core(compat, WIDTH[width], SPACING[spacing], LATIN_GAP[latin_gap], vertical, unwrap, min_confidence)
        self._set(core, convert, errors == "preserve")
        object.__setattr__(self, "_options", tuple(given.items()))

    @property
    def options(self) -> dict[str, Any]:
        """The options by name, as a new dict: ``Normalizer(**n.options) == n``."""
        return dict(self._options)

    @overload
    def batch(self, texts: Iterable[str], threads: Optional[int] = None) -> list[str]: ...
    @overload
    def batch(self, texts: Iterable[Buffer], threads: Optional[int] = None) -> list[bytes]: ...
    @overload  # of nothing but None both fit
    def batch(  # type: ignore[overload-overlap]
        self, texts: Iterable[Optional[str]], threads: Optional[int] = None
    ) -> list[Optional[str]]: ...
    @overload
    def batch(  # type: ignore[overload-overlap]
        self, texts: Iterable[Optional[Buffer]], threads: Optional[int] = None
    ) -> list[Optional[bytes]]: ...
    @overload
    def batch(self, texts: Iterable[Union[str, Buffer]], threads: Optional[int] = None) -> list[Union[str, bytes]]: ...
    @overload
    def batch(
        self, texts: Iterable[Union[str, Buffer, None]], threads: Optional[int] = None
    ) -> list[Union[str, bytes, None]]: ...
    def batch(self, texts: Iterable[Union[str, Buffer, None]], threads: Optional[int] = None) -> Any:
        """The repaired texts as a list, in order. An item that is None stays None, as a null of a column does.

            >>> Normalizer().batch(["全 市 新 增 ２０ 条 ⽔ 渠", None])
            ['全市新增20条水渠', None]

        threads: how many to use at most; None means one for each CPU that this process may use. Each gets at least
        256 KiB, so that a small batch stays in the calling thread. The GIL is released while native code runs. If an item
        fails, the error of the first one in the list is raised, which names its position.
        """
        if isinstance(texts, (str, bytes, bytearray, memoryview)):
            raise TypeError(f"batch() wants a sequence of texts, not one {type(texts).__name__}")
        try:
            given = iter(texts)
        except TypeError:
            raise TypeError(f"batch() wants a sequence of texts, not {type(texts).__name__}") from None
        threads = _threads(threads)
        items: tuple[Union[str, Buffer, None], ...] = tuple(given)
        try:
            results = self._core.batch(items, self._preserve, threads)
        except UnicodeDecodeError as error:
            add_note(error, f"item {error.batch_index} of the batch")  # type: ignore[attr-defined]
            raise
        except (TypeError, ValueError, BufferError):
            for index, item in enumerate(items):
                if item is not None:
                    check_type(item, f"item {index} of the batch")
            raise
        if self._convert is None:
            return results
        converted = iter(self._convert.batch([text for text in results if text is not None], self._preserve, threads))
        return [None if text is None else next(converted) for text in results]

    @overload
    def arrow(self, array: SupportsArrowStream, threads: Optional[int] = None) -> ArrowStream: ...
    @overload
    def arrow(self, array: SupportsArrowArray, threads: Optional[int] = None) -> ArrowArray: ...
    def arrow(self, array: Any, threads: Optional[int] = None) -> Any:
        """An Arrow column of text with its rows repaired, each by itself: the same type, name, metadata and nulls.

        array: any object with `__arrow_c_stream__` (pyarrow.ChunkedArray, polars.Series, ...) gives an ArrowStream with the
        same chunks; one with `__arrow_c_array__` only (pyarrow.Array, ...) an ArrowArray. Both speak that protocol in their
        turn: `pyarrow.array(...)`, `pyarrow.chunked_array(...)`, `polars.Series(...)` take them. The types are utf8,
        large_utf8 and utf8_view; any other raises TypeError. Neither pyarrow nor another package is imported.

        The rows are read where they are, without a copy: who lends them must not write into them meanwhile. A stream is read to
        its end at once, and the results are held as a whole. A chunk with nothing to repair is passed on as it is; of utf8_view
        the rows with nothing to repair stay in the input's buffers. threads: as in batch(), for each chunk.

        Before any text is read the array is checked as far as the interface allows: lengths, offsets and counts that are negative
        or too large, pointers that are null, offsets that decrease, views that point outside of their buffers raise ValueError,
        which names the row. The interface does not say how long the buffers of utf8 and large_utf8 are, nor those of any row
        table: that they have as many rows as the array says, and that the last offset stands inside of the data, has to be
        believed. Of an array from a source that is not trusted let its package look first (`pyarrow.Array.validate(full=True)`).

        UnicodeDecodeError: the range inside the row, with a note that names the row. With errors="preserve" the column
        keeps such bytes, as the input did, and is no valid Arrow text either. OverflowError: the results of a utf8 column
        exceed 2**31 - 1 bytes. OSError: the stream's producer failed.
        """
        from .arrow import repaired

        threads = _threads(threads)
        opencc, preserve = self._convert, self._preserve
        convert = (lambda texts: opencc.batch(texts, preserve, threads)) if opencc else None
        return repaired(self._core, array, preserve, threads, convert)

    def file(
        self,
        source: File,
        target: Optional[File],
        *,
        format: Optional[str] = None,
        field: Union[str, Iterable[str]] = (),
        column: Union[str, int, Iterable[Union[str, int]]] = (),
        encoding: Optional[str] = None,
        delimiter: Optional[str] = None,
        max_ratio: Optional[float] = 100,
        max_bytes: Optional[int] = None,
        threads: Optional[int] = None,
    ) -> FileReport:
        """Repairs the texts in a file; what else is in it stays. Says what became of it: bytes_in, bytes_out, changed, repairs
        by rule, and more (`help(hanflow.formats.FileReport)`).

            n.file("page.txt", "repaired.txt")
            n.file("pages.jsonl.gz", "repaired.jsonl.gz", field="text")
            n.file("pages.parquet", "repaired.parquet", column=["title", "text"])

        source, target: paths or binary file objects; "-" is stdin, stdout; target None: nothing is written. The target is of the
        source's format, compression and encoding, whatever its name.
        format:   "text", "jsonl", "csv", "parquet", "arrow", "zip" or "tar". None: by the source's name, if it has one (a file
                  object has one that is opened from a path), and its first bytes, else text.
        field:    JSON Lines: the fields to repair, "a.b" for a field b of an object a. They have no default.
        column:   CSV, Parquet, Arrow: the columns to repair, by name or 0-based number. They have no default.
        encoding, delimiter, max_ratio, max_bytes: as in `help(hanflow.formats.Settings)`.
        threads:  as in batch(). Only files with columns use more than one.

        A target path is replaced at once when the result is complete, and left as it was if anything fails; an existing
        target keeps its permissions, and a symbolic link is followed. Memory is bounded, whatever the size. Records and
        members that cannot be repaired pass as they are, and the report names them.

        ValueError: a wrong setting, or a target that is the source. UnicodeDecodeError: text that is not UTF-8; `start` and `end`
        count from the start of the file, unpacked if it is packed, while `object` is a piece of it; its note says which file,
        and where. FormatError, a ValueError: what else is wrong with the file as a whole; it says which file, and where.
        OSError: of either file. ImportError: the format needs a package, and says which.
        """
        from .formats import FormatError, Settings, convert

        settings = Settings(
            normalizer=self, format=format, field=field, column=column, encoding=encoding, delimiter=delimiter,
            max_ratio=max_ratio, max_bytes=max_bytes, counts=True, threads=_threads(threads))
        try:
            return convert(settings, source, target, meant=True)
        except FormatError as error:
            bad = error.__cause__
            if settings.encoding is None and isinstance(bad, UnicodeDecodeError):
                add_note(bad, str(error))
                raise bad from None
            raise

    @overload
    def stream(self, kind: type[str]) -> Stream[str]: ...
    @overload
    def stream(self, kind: type[bytes]) -> Stream[bytes]: ...
    @overload
    def stream(self, kind: None = None) -> Stream[Any]: ...
    def stream(self, kind: Optional[type[Any]] = None) -> Stream[Any]:
        """A stream with these options: ``feed()`` it the text in pieces, then ``close()`` it.

        kind: of which kind the pieces and the results are, str or bytes (the pieces may be bytes-like then); any other raises
        ValueError. None leaves it to the first piece; without one the results are str.
        """
        return Stream(self, kind)

    @overload
    def explain(self, text: str) -> list[Repair[str]]: ...
    @overload
    def explain(self, text: Buffer) -> list[Repair[bytes]]: ...
    def explain(self, text: Union[str, Buffer]) -> Any:
        """The repairs in the order of the text: replaying them on it gives the result. Positions are in code points for
        a str, in bytes for bytes. Each says how sure it is, and why it is made. With `opencc`, each converted stretch is a
        repair of that name; a repair whose own text is converted shows the converted text.

            >>> for repair in Normalizer().explain("第２條 ⽔渠"):
            ...     print(repair.start, repair.end, repair.before, repair.after, repair.confidence, repair.evidence)
            1 2 ２ 2 100 a full-width letter or digit
            4 5 ⽔ 水 100 a radical in the place of an ideograph
        """
        return repairs(self._core, self._convert, as_it_is(text, "text"), self._preserve)

    @overload
    def align(self, text: str) -> Alignment[str]: ...
    @overload
    def align(self, text: Buffer) -> Alignment[bytes]: ...
    def align(self, text: Union[str, Buffer]) -> Any:
        """The result with the offsets of its characters in the text and of the text's in it, through `opencc` too. In code
        points for a str, in bytes for bytes. Needs NumPy: ImportError says so.

            >>> a = Normalizer().align("清 江 ⼤ 桥")
            >>> a.text, a.to_source.tolist()
            ('清江大桥', [0, 2, 4, 6, 7])
        """
        from ._alignment import align

        return align(self._core, self._convert, as_it_is(text, "text"), self._preserve)

    # One text

    @overload
    def _counted(self, text: str) -> tuple[str, list[int]]: ...
    @overload
    def _counted(self, text: Buffer) -> tuple[bytes, list[int]]: ...
    def _counted(self, text: Any) -> Any:
        """The result, and the repairs of each of RULES, before `opencc`."""
        result, repairs = self._core.counted(text, self._preserve)
        return (self._converted(result) if self._convert else result), repairs

    def _converted(self, text: Any) -> Any:
        """The OpenCC stage. Keeps the object where nothing changes."""
        return cast("Converter", self._convert).batch([text], self._preserve)[0]

    # Immutable value

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Normalizer is immutable: make a new one with the {name!r} you want")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Normalizer is immutable")

    def __eq__(self, other: object) -> bool:
        return self._options == other._options if isinstance(other, Normalizer) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._options)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **self.options), ()

    def __copy__(self) -> Normalizer:
        return self

    def __deepcopy__(self, memo: object) -> Normalizer:
        return self

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._options if value != _DEFAULTS[name])
        return f"{type(self).__name__}({shown})"


_DEFAULTS = {**(Normalizer.__init__.__kwdefaults__ or {})}


def _check(name: str, value: object, valid: tuple[object, ...]) -> None:
    # By type as well: 1 == True, but a caller who writes 1 means something else.
    if not any(isinstance(value, type(known)) and value == known for known in valid):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, valid))}, not {value!r}")


def _threads(threads: Optional[int]) -> int:
    if threads is None:
        return _cpus()
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"threads must be None or an int, not {type(threads).__name__}")
    if threads < 1:
        raise ValueError(f"threads must be None or at least 1, not {threads}")
    return min(threads, _MAX_THREADS)


def _cpus() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _made(*values: Any) -> Normalizer:
    return Normalizer(**dict(zip(_DEFAULTS, values)))


# typed: True and 1 are one key otherwise, and the wrong one of them would pass unchecked.
_cached = lru_cache(maxsize=64, typed=True)(_made)


@overload
def normalize(
    text: str, *, compat: bool = ..., width: Width = ..., spacing: Spacing = ..., latin_gap: LatinGap = ...,
    vertical: bool = ..., unwrap: bool = ..., min_confidence: int = ..., opencc: Optional[str] = ..., errors: Errors = ...,
) -> str: ...
@overload
def normalize(
    text: Buffer, *, compat: bool = ..., width: Width = ..., spacing: Spacing = ..., latin_gap: LatinGap = ...,
    vertical: bool = ..., unwrap: bool = ..., min_confidence: int = ..., opencc: Optional[str] = ..., errors: Errors = ...,
) -> bytes: ...
def normalize(
    text: Union[str, Buffer],
    *,
    compat: bool = True,
    width: Width = "contextual",
    spacing: Spacing = "auto",
    latin_gap: LatinGap = "auto",
    vertical: bool = True,
    unwrap: bool = True,
    min_confidence: int = 0,
    opencc: Optional[str] = None,
    errors: Errors = "strict",
) -> Union[str, bytes]:
    """The repaired text: str for a str, bytes for bytes-like UTF-8. The options are those of Normalizer.

        >>> normalize("全 市 新 增 ２０ 条 ⽔ 渠")
        '全市新增20条水渠'
        >>> normalize("全 市 新 增 ２０ 条 ⽔ 渠", width="none")
        '全市新增２０条水渠'
    """
    # In the order of Normalizer's own: as keywords they would cost more than a short text.
    values = (compat, width, spacing, latin_gap, vertical, unwrap, min_confidence, opencc, errors)
    try:
        normalizer = _cached(*values)
    except TypeError:  # a value that cannot be hashed
        normalizer = _made(*values)
    return normalizer(text)
