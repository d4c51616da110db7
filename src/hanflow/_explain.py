"""Repairs as Python objects, and OpenCC's changes as repairs of the source."""
from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Callable, Generic, NamedTuple, Optional, TypeVar, Union, cast

from ._errors import as_it_is

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Buffer

    from ._core import Core

# In the order of hanflow::Rule.
RULES = ("compat", "width", "spacing", "vertical", "unwrap")

CONVERTED = "OpenCC converts it"  # the evidence of an `opencc` repair

Text = TypeVar("Text", str, bytes)


class _Repair(NamedTuple):  # Python 3.9 has no generic NamedTuple
    rule: str
    start: int
    end: int
    before: Any
    after: Any
    confidence: int
    evidence: str = ""


class Repair(_Repair, Generic[Text]):
    """One change: ``source[start:end]``, which is `before`, becomes `after`.

    rule:       the name of the stage (and option) that made it.
    start, end: positions in the source, in code points for a str, in bytes for bytes.
    confidence: how sure it is, in per cent. Of a joined line end it follows from the weights of the evidence: what the
                best reading of the lines around would cost more if only this line ended a paragraph. Of other repairs
                it is their kind's own.
    evidence:   why it was made, in plain English: what speaks for it, of a joined line end also what spoke against it. The
                words may change from version to version.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        before: Text
        after: Text


def replay(repairs: Iterable[Repair[Text]], source: Union[Text, Buffer]) -> Text:
    """The source with the repairs done, which explain() lists: exactly the result. Both are str, or bytes and bytes-like.

    ValueError names the first repair that does not fit: whose `before` is not what stands there, or which begins before
    the one in front of it ends.

        >>> replay([Repair("compat", 1, 2, "⽔", "水", 100)], "流⽔")
        '流水'
    """
    text = as_it_is(source, "source")
    parts: list[Any] = []
    at = 0
    for number, repair in enumerate(repairs):
        if not isinstance(repair, Repair):
            raise TypeError(f"repair {number} must be a Repair, not {type(repair).__name__}")
        start, end = repair.start, repair.end
        if not at <= start <= end <= len(text):
            raise ValueError(f"repair {number} is out of order or outside of the source: {repair!r}")
        if text[start:end] != repair.before:
            raise ValueError(f"repair {number} does not fit: the source has {text[start:end]!r} there: {repair!r}")
        parts += (text[at:start], repair.after)
        at = end
    parts.append(text[at:])
    return cast("Text", text[:0].join(parts))


def repairs(core: Core, convert: Optional[Callable[[str], str]], text: Union[str, bytes], preserve: bool) -> list[Repair[Any]]:
    found: list[Repair[Any]] = core.repairs(text, preserve)
    if convert is None:
        return found
    if isinstance(text, str):
        return _with_conversion(text, found, convert)
    # In code points and back: OpenCC converts characters. Bytes that are not UTF-8 travel as lone surrogates.
    characters = text.decode("utf-8", "surrogateescape")
    changes, starts = decoded(found, characters)
    return [
        r._replace(start=starts[r.start], end=starts[r.end], before=r.before.encode("utf-8", "surrogateescape"),
                   after=r.after.encode("utf-8", "surrogateescape"))
        for r in _with_conversion(characters, changes, convert)
    ]


def decoded(found: list[Repair[bytes]], text: str) -> tuple[list[Repair[str]], list[int]]:
    """Repairs of bytes as repairs of the text they stand for, lone surrogates for what is not UTF-8, and where each character
    of it stands in the bytes, its end included."""
    starts = [0, *accumulate(len(c.encode("utf-8", "surrogateescape")) for c in text)]
    index = {byte: point for point, byte in enumerate(starts)}
    return [
        cast("Repair[str]", r._replace(start=index[r.start], end=index[r.end], before=r.before.decode("utf-8", "surrogateescape"),
                                       after=r.after.decode("utf-8", "surrogateescape")))
        for r in found
    ], starts


def _with_conversion(text: str, found: list[Repair[Any]], convert: Callable[[str], str]) -> list[Repair[Any]]:
    """Adds one repair for each stretch that the conversion changes. Stretches are of the repaired text: what a stretch
    covers of a repair changes that repair's `after`, the rest becomes repairs of its own."""
    # The repaired text as pieces of source: (length in the repaired text, source position, repair or None).
    pieces: list[tuple[int, int, Optional[Repair[Any]]]] = []
    repaired: list[str] = []
    at = 0
    for repair in found:
        if repair.start > at:
            pieces.append((repair.start - at, at, None))
            repaired.append(text[at:repair.start])
        pieces.append((len(repair.after), repair.start, repair))
        repaired.append(repair.after)
        at = repair.end
    if at < len(text):
        pieces.append((len(text) - at, at, None))
        repaired.append(text[at:])
    source = "".join(repaired)
    target = convert(source)

    out: list[Repair[Any]] = []
    stretches = changed_stretches(source, target)
    stretch = next(stretches, None)
    begin = 0  # of the piece, in the repaired text
    for length, position, whole in pieces:
        end = begin + length
        after, done = "", begin  # of a repair: its text so far, and how far that goes
        while stretch is not None and stretch[0] < end:
            low, high, new = stretch
            cut = min(high, end)
            # Any way to share the new text out replays right; one character each, the rest to the last.
            share = new if high <= end else new[:cut - low]
            if whole is None:
                start = position + low - begin
                out.append(Repair("opencc", start, start + cut - low, source[low:cut], share, 100, CONVERTED))
            else:
                after += source[done:low] + share
                done = cut
            stretch = next(stretches, None) if high <= end else (cut, high, new[len(share):])
        if whole is not None:
            out.append(whole._replace(after=after + source[done:end]))
        begin = end
    return out


def changed_stretches(source: str, target: str) -> Iterator[tuple[int, int, str]]:
    """(begin, end, new text): what to change in the source to get the target, begin < end. Linear: looks at most
    WINDOW characters ahead for the place where the two run together again."""
    i = j = 0
    begin = new = -1  # of the open stretch
    while i < len(source) and j < len(target):
        if source[i] != target[j]:
            if begin < 0:
                begin, new = i, j
            i, j = _meet(source, target, i, j)
            continue
        if begin >= 0:
            yield begin, i, target[new:j]
            begin = -1
        i += 1
        j += 1
    if begin < 0:
        begin, new = i, j
    if begin == len(source) and j < len(target) and source:  # only an addition: let it belong to the last character
        begin, new = begin - 1, new - 1
    if begin < len(source):
        yield begin, len(source), target[new:]


WINDOW = 8
# The nearest places first; of equally near ones, that at equal distance in both.
_STEPS = sorted(((i, j) for i in range(1, WINDOW + 1) for j in range(WINDOW + 1)), key=lambda s: (s[0] + s[1], s[0] != s[1]))


def _meet(source: str, target: str, i: int, j: int) -> tuple[int, int]:
    """The place after the change at (i, j). At equal distance one equal character is evidence enough, else two."""
    for more_i, more_j in _STEPS:
        count = 1 if more_i == more_j else 2
        ahead = source[i + more_i:i + more_i + count]
        if ahead and ahead == target[j + more_j:j + more_j + count]:
            return i + more_i, j + more_j
    return i + 1, j + 1
