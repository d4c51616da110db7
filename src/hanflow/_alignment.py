"""Which character of the source each character of the result is. NumPy is imported on first use."""
from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, TypeVar, Union

from ._core import spread
from ._explain import RULES, Text, changed_stretches, repairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from ._core import Core

    _Numbers = NDArray[np.int64]
    _Array = TypeVar("_Array", bound=NDArray[Any])

ALL_RULES = (*RULES, "opencc")


class Alignment(Generic[Text]):
    """The result of a normalizer for one text, and where each character of it comes from. Immutable; arrays are read-only.

    Offsets are code points for a str, bytes for bytes.

    - A character that stays, or becomes one other (⼤ to 大, ２ to 2, a line end to a space), is aligned with what it became, in
      both directions. So is each character of a grid, which changes its place.
    - Where several become one (ｶﾞ to ガ, a wide gap to one space) all are aligned with the one, which is aligned with the first
      of them. In general the k-th of a replaced stretch goes with the k-th of its replacement, and what the longer side has
      more with the last of the shorter one. So do the bytes of a character that is replaced by one of another length.
    - A deleted character is aligned with the place where it was: the offset of what follows in the result. An inserted one is
      aligned with the offset in the source before which it was inserted.
    - The end of one side is aligned with the end of the other.
    """

    def __init__(self, text: Text, runs: NDArray[np.int64], moved: NDArray[np.int64], spans: NDArray[np.int64],
                 rules: NDArray[np.uint8], confidences: NDArray[np.uint8]) -> None:
        """The tables are those of native/include/hanflow/alignment.hpp, as arrays of two and four columns."""
        import numpy as np

        self._text: Text = text
        source, output = _frozen(np.ascontiguousarray(runs.T))
        self._from_source = _Side(source, output, moved[np.argsort(moved[:, 0])])
        self._from_output = _Side(output, source, moved[:, [2, 3, 0, 1]])
        self._spans = _frozen(spans)
        self._rules = rules
        self._confidences = _frozen(confidences)

    @property
    def text(self) -> Text:
        """The result, as the normalizer gives it when it is called."""
        return self._text

    @property
    def spans(self) -> NDArray[np.int64]:
        """The repairs in the order of the text, int64 (n, 4): begin and end in the source, begin and end in the result. They
        are those that explain() lists."""
        return self._spans

    @cached_property
    def rules(self) -> NDArray[np.str_]:
        """The rule of each of the spans, (n,)."""
        import numpy as np

        return _frozen(np.array(ALL_RULES)[self._rules])

    @property
    def confidences(self) -> NDArray[np.uint8]:
        """How sure each of the spans is, in per cent, uint8 (n,)."""
        return self._confidences

    @cached_property
    def to_source(self) -> NDArray[np.int64]:
        """For each offset of the result, its end included, the offset in the source: int64 (len(text) + 1,)."""
        return self._from_output.all_places()

    @cached_property
    def to_output(self) -> NDArray[np.int64]:
        """For each offset of the source, its end included, the offset in the result: int64 (len(source) + 1,)."""
        return self._from_source.all_places()

    def source_of(self, offsets: ArrayLike) -> NDArray[np.int64]:
        """to_source of these offsets, in their shape, without making the whole array."""
        return self._from_output.places(self._from_output.offsets(offsets))

    def output_of(self, offsets: ArrayLike) -> NDArray[np.int64]:
        """to_output of these offsets, in their shape, without making the whole array."""
        return self._from_source.places(self._from_source.offsets(offsets))

    def to_output_spans(self, spans: ArrayLike) -> NDArray[np.int64]:
        """Spans of the source, (n, 2) begin and end, as spans of the result, int64 (n, 2).

        A begin leans to the right and an end to the left: deleted or inserted text at an edge stays outside, and a span that
        holds nothing but deleted text becomes empty at the place where it was. An empty span stays empty. A span that covers a
        part of what was replaced by a text of another length, or of a grid, covers the whole replacement.
        """
        return self._from_source.spans(spans)

    def to_source_spans(self, spans: ArrayLike) -> NDArray[np.int64]:
        """Spans of the result, (n, 2), as spans of the source; the rules are those of to_output_spans()."""
        return self._from_output.spans(spans)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled arrays come back writable, and those that can be made again need not travel.
        moved = self._from_output.moved[:, [2, 3, 0, 1]]
        return type(self), (self._text, self._from_source.runs(), moved, self._spans, self._rules, self._confidences)

    def __copy__(self) -> Alignment[Text]:
        return self

    def __deepcopy__(self, memo: object) -> Alignment[Text]:
        return self

    def __repr__(self) -> str:
        source, output = self._from_source.here[-1], self._from_source.there[-1]
        return f"<{type(self).__name__} of {source} to {output}, {len(self._spans)} repairs>"


class _Side:
    """The look-up from one side to the other."""

    def __init__(self, here: _Numbers, there: _Numbers, moved: _Numbers) -> None:
        """here, there: where the runs begin on both sides, the ends last; C-contiguous. moved: in the order of this side."""
        self.here = here
        self.there = there
        self.moved = moved

    def runs(self) -> _Numbers:
        """Where they begin, in two columns, as Alignment takes them."""
        import numpy as np

        return np.column_stack([self.here, self.there])

    def offsets(self, values: ArrayLike) -> _Numbers:
        """Those of a caller, checked."""
        import numpy as np

        offsets, end = np.asarray(values), int(self.here[-1])
        if not offsets.size:
            return np.zeros(offsets.shape, np.int64)
        if offsets.dtype.kind not in "iu":
            raise TypeError(f"offsets must be integers, not {offsets.dtype}")
        if offsets.min() < 0 or offsets.max() > end:
            raise ValueError(f"offsets must be from 0 to {end}, not {offsets.min()} to {offsets.max()}")
        return offsets.astype(np.int64)

    def places(self, offsets: _Numbers) -> _Numbers:
        import numpy as np

        at = np.searchsorted(self.here, offsets, "right") - 1
        begin = self.there[at]
        last = self.there[np.minimum(at + 1, len(self.there) - 1)] - 1
        return self._with_moved(offsets, np.minimum(begin + offsets - self.here[at], np.maximum(begin, last)))

    def all_places(self) -> _Numbers:
        import numpy as np

        places = np.frombuffer(spread(self.here.data, self.there.data), np.int64)
        return _frozen(self._with_moved(np.arange(len(places)), places) if len(self.moved) else places)

    def _with_moved(self, offsets: _Numbers, places: _Numbers) -> _Numbers:
        """The places with those in grids put right."""
        import numpy as np

        if not len(self.moved):
            return places
        begin, end, other, other_end = self.moved[np.maximum(np.searchsorted(self.moved[:, 0], offsets, "right") - 1, 0)].T
        inside = (begin <= offsets) & (offsets < end)
        return np.where(inside, other + np.minimum(offsets - begin, other_end - other - 1), places)

    def spans(self, spans: ArrayLike) -> _Numbers:
        import numpy as np

        given = self.offsets(spans)
        if not given.size:
            given = given.reshape(-1, 2)
        if given.ndim != 2 or given.shape[1] != 2:
            raise ValueError(f"spans must be of the shape (n, 2), not {given.shape}")
        begins, ends = given.T
        if (begins > ends).any():
            raise ValueError(f"span {int(np.argmax(begins > ends))} ends before it begins")
        low = self._edges(np.searchsorted(self.here, begins, "right") - 1, begins, 0)
        high = self._edges(np.maximum(np.searchsorted(self.here, ends, "left") - 1, 0), ends, 1)
        return np.column_stack([low, np.where(begins == ends, low, np.maximum(low, high))])

    def _edges(self, at: _Numbers, offsets: _Numbers, side: int) -> _Numbers:
        """The places of edges in the runs `at`; in one that was replaced as a whole its begin (side 0) or end (1)."""
        import numpy as np

        behind = np.minimum(at + 1, len(self.here) - 1)
        inside = offsets - self.here[at]
        whole = self.here[behind] - self.here[at] != self.there[behind] - self.there[at]
        whole &= offsets > 0  # nothing stands before 0
        return np.where(whole, self.there[behind if side else at], self.there[at] + inside)


def align(core: Core, convert: Optional[Callable[[str], str]], text: Union[str, bytes], preserve: bool) -> Alignment[Any]:
    try:
        import numpy as np
    except ImportError:
        raise ImportError("align() needs NumPy: pip install 'hanflow[align]'") from None
    result, *tables = core.align(text, preserve)
    runs, moved, spans = (np.frombuffer(table, np.int64).reshape(-1, width) for table, width in zip(tables, (2, 4, 4)))
    rules, confidences = (np.frombuffer(table, np.uint8) for table in tables[3:])
    if convert is None:
        return Alignment(result, runs, moved, spans, rules, confidences)
    found = repairs(core, convert, text, preserve)
    converted: Union[str, bytes]
    if isinstance(result, str):
        converted = convert(result)
        runs, moved = _then(runs, moved, _conversion(result, converted))
    else:
        converted, runs, moved = _converted_bytes(_text_of(text), _text_of(result), runs, moved, convert)
    sizes = np.array([(r.start, r.end, len(r.after)) for r in found], np.int64).reshape(-1, 3)
    grown = np.cumsum(sizes[:, 2] - (sizes[:, 1] - sizes[:, 0]))
    ends = sizes[:, 1] + grown
    spans = np.column_stack([sizes[:, :2], ends - sizes[:, 2], ends])
    rules = np.array([ALL_RULES.index(r.rule) for r in found], np.uint8)
    return Alignment(converted, runs, moved, spans, rules, np.array([r.confidence for r in found], np.uint8))


def _frozen(array: _Array) -> _Array:
    array.flags.writeable = False
    return array


# OpenCC. Tables of runs and moved characters have two and four columns here, as they come from the core.
def _text_of(data: Any) -> str:
    """Of bytes. Those that are not UTF-8 travel as lone surrogates."""
    return str(data, "utf-8", "surrogateescape")


def _converted_bytes(source: str, repaired: str, runs: _Numbers, moved: _Numbers, convert: Callable[[str], str]) -> tuple[
        bytes, _Numbers, _Numbers]:
    """In code points and back: OpenCC converts characters."""
    import numpy as np

    target = convert(repaired)
    starts, middle, ends = _byte_offsets(source), _byte_offsets(repaired), _byte_offsets(target)
    runs = _joined(np.column_stack([np.searchsorted(starts, runs[:, 0]), np.searchsorted(middle, runs[:, 1])]))
    moved = np.column_stack([np.searchsorted(starts, moved[:, :2]), np.searchsorted(middle, moved[:, 2:])])
    runs, moved = _then(runs, moved, _conversion(repaired, target))
    # Every character of an even run by itself: its bytes may be more or fewer.
    single = np.flatnonzero(np.repeat(_is_even(runs), np.diff(runs[:, 0])))
    runs = np.concatenate([runs, np.column_stack([single, _places(runs, single)])])
    runs = _joined(np.unique(np.column_stack([starts[runs[:, 0]], ends[runs[:, 1]]]), axis=0))
    return target.encode("utf-8", "surrogateescape"), runs, np.column_stack([starts[moved[:, :2]], ends[moved[:, 2:]]])


def _places(runs: _Numbers, offsets: _Numbers) -> _Numbers:
    return _Side(runs[:, 0], runs[:, 1], runs[:0]).places(offsets)


def _is_even(runs: _Numbers) -> NDArray[np.bool_]:
    import numpy as np

    lengths = np.diff(runs, axis=0)
    even: NDArray[np.bool_] = lengths[:, 0] == lengths[:, 1]
    return even


def _conversion(source: str, target: str) -> _Numbers:
    """The runs of a conversion."""
    import numpy as np

    ends, grown = [(0, 0)], 0
    for begin, end, new in changed_stretches(source, target):
        ends += [(begin, begin + grown), (end, begin + grown + len(new))]
        grown += len(new) - (end - begin)
    return np.unique(np.array([*ends, (len(source), len(target))], np.int64), axis=0)


def _byte_offsets(text: str) -> _Numbers:
    """Where each character stands in the UTF-8 of the text, its end included; a surrogate that stands for a byte is one byte."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = np.ones(len(text), np.int64)
    for first in (0x80, 0x800, 0x10000):
        sizes += points >= first
    sizes[points - 0xDC80 < 0x80] = 1
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])


def _then(first: _Numbers, moved: _Numbers, second: _Numbers) -> tuple[_Numbers, _Numbers]:
    """The runs from the source of the first to the output of the second, and what the first moved."""
    import numpy as np

    middle = first[:, 1]
    at = np.searchsorted(second[:, 0], middle, "right") - 1
    inside = middle - second[at, 0]
    of_first = np.column_stack([first[:, 0], second[at, 1] + np.minimum(inside, np.diff(second[:, 1], append=second[-1, 1])[at])])
    middle = second[:, 0]
    at = np.searchsorted(first[:, 1], middle, "right") - 1
    inside = middle - first[at, 1]
    of_second = np.column_stack([first[at, 0] + inside, second[:, 1]])
    of_second = of_second[np.append(_is_even(first), True)[at] | (inside == 0)]  # what was replaced as a whole stays whole
    runs = np.unique(np.concatenate([of_first, of_second]), axis=0)
    place = _places(second, moved[:, 2])
    return _joined(runs), np.column_stack([moved[:, :2], place, place + 1])


def _joined(runs: _Numbers) -> _Numbers:
    """Even runs side by side are one."""
    import numpy as np

    even = _is_even(runs)
    return runs[np.concatenate([[True], ~(even[1:] & even[:-1]), [True]])] if len(runs) > 1 else runs
