"""JSON Lines: the literals of the fields' texts are repaired, no other byte of a line changes."""
from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .account import MAX_RECORD, PIECE, FormatError, Located, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from .account import Account

Path = tuple[str, ...]
Span = tuple[int, int]

BOM = b"\xef\xbb\xbf"

# For lines that are known to be JSON.
MARK = re.compile(rb'["\[\]{}]')
SCALAR = re.compile(rb"[^ \t\r\n,\]}]*")
BETWEEN = re.compile(rb"[ \t\r\n,:]*")  # what stands between values


class NoText(ValueError):
    """A field that is missing or holds something else."""


class Portion(NamedTuple):
    """Whole lines, or a part of one that is too long, which has no texts.

    data:   what was read.
    lines:  its lines without line feeds.
    before: how many lines stand before it.
    texts:  those of the fields, with for each the index of its line and of its field.
    """

    data: bytes
    lines: list[bytes]
    before: int
    texts: list[str]
    owners: list[int]
    fields: list[int]


def repair(read: Callable[[int], bytes], write: Callable[[bytes], object], account: Account) -> None:
    """UTF-8 in, UTF-8 out. A line that is not JSON or lacks a field passes unchanged, and the account names it."""
    paths = _paths(account)
    for data, lines, _, texts, owners, _ in _portions(read, account, paths):
        results = list(map(account.repaired, texts))
        if results != texts:
            account.changed = True
            begin = 0
            while begin < len(texts):
                owner, end = owners[begin], begin + 1
                while end < len(texts) and owners[end] == owner:
                    end += 1
                if results[begin:end] != texts[begin:end]:
                    lines[owner] = _replaced(lines[owner], paths, texts[begin:end], results[begin:end])
                begin = end
            data = b"\n".join(lines)
        write(data)


def texts(read: Callable[[int], bytes], account: Account) -> Iterator[Located]:
    """The texts of the fields, in the order of the lines."""
    for portion in _portions(read, account, _paths(account)):
        for text, owner, field in zip(portion.texts, portion.owners, portion.fields):
            line = portion.before + owner + 1
            yield Located(text, line=line, record=line, field=account.settings.field[field])


def _paths(account: Account) -> list[Path]:
    if not account.settings.field:
        raise FormatError("", "JSON Lines: say which field holds the text (field)")
    return [tuple(name.split(".")) for name in account.settings.field]


def _portions(read: Callable[[int], bytes], account: Account, paths: list[Path]) -> Iterator[Portion]:
    """All that is read, in order.

    null is no text and no failure, as in a column. Where orjson refuses, the standard library decides: it knows NaN and lone
    surrogates, which other programs write.
    """
    loads = load("orjson", "JSON Lines").loads
    single = paths[0][0] if len(paths) == len(paths[0]) == 1 else None
    number, inside_long = 0, False
    for block, whole in _blocks(read):
        if not whole:
            if not inside_long:
                account.records += 1
                account.fail(f"line {number + 1}", f"longer than {MAX_RECORD >> 20} MiB")
            inside_long = not block.endswith(b"\n")
            yield Portion(block, [], number, [], [], [])
            number += not inside_long
            continue
        if number == 0 and block.startswith(BOM):
            yield Portion(BOM, [], 0, [], [], [])
            block = block[len(BOM):]
        lines = block.split(b"\n")
        texts: list[str] = []
        owners: list[int] = []
        fields: list[int] = []
        for index, line in enumerate(lines):
            try:
                try:
                    record = loads(line)
                except ValueError:
                    if not line.strip():
                        continue
                    record = json.loads(line.decode())
                account.records += 1
                if single is not None and type(record) is dict:
                    text = record.get(single)
                    if type(text) is str:
                        texts.append(text)
                        owners.append(index)
                        fields.append(0)
                        continue
                found = [(text, field) for field, path in enumerate(paths) for text in _texts(record, path, ".".join(path))]
                texts += [text for text, _ in found]
                owners += [index] * len(found)
                fields += [field for _, field in found]
            except NoText as error:
                account.fail(f"line {number + index + 1}", str(error))
            except (ValueError, RecursionError) as error:
                account.records += 1
                account.fail(f"line {number + index + 1}", f"malformed JSON: {error}")
        yield Portion(block, lines, number, texts, owners, fields)
        number += len(lines) - 1


def _blocks(read: Callable[[int], bytes]) -> Iterator[tuple[bytes, bool]]:
    """(whole lines, True), or (a part of a line that is too long, False)."""
    rest: list[bytes] = []
    held, inside_long = 0, False
    while piece := read(PIECE):
        if inside_long:
            end = piece.find(b"\n") + 1
            yield piece[:end] if end else piece, False
            if not end:
                continue
            piece, inside_long = piece[end:], False
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, piece[:end]]), True
            rest, held = [], 0
        rest.append(piece[end:])
        held += len(piece) - end
        if held > MAX_RECORD:
            yield b"".join(rest), False
            rest, held, inside_long = [], 0, True
    if held:
        yield b"".join(rest), True


def _texts(value: Any, path: Path, name: str) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, path, name)]
    if value is None:
        return []
    if not path:
        if isinstance(value, str):
            return [value]
        raise NoText(f"field {name!r} holds {_kind(value)}, not a text")
    if not isinstance(value, dict):
        raise NoText(f"no field {name!r}: {_kind(value)} stands where an object with {path[0]!r} should")
    if path[0] not in value:
        raise NoText(f"no field {name!r}" + (f"; there are {', '.join(map(repr, list(value)[:20]))}" if value else ""))
    return _texts(value[path[0]], path[1:], name)


def _kind(value: Any) -> str:
    return {bool: "true or false", int: "a number", float: "a number", dict: "an object"}.get(type(value), "a text")


def _replaced(line: bytes, paths: list[Path], texts: list[str], results: list[str]) -> bytes:
    """The line with the literals of the results in place of those of the texts."""
    spans = [span for path in paths for span in _literals(line, BETWEEN.match(line).end(), path)]  # type: ignore[union-attr]
    escaped = line.isascii() and b"\\u" in line
    out, at = [], 0
    for (begin, end), text, result in sorted(zip(spans, texts, results), key=lambda found: found[0]):
        if text != result:
            out += [line[at:begin], _literal(result, escaped, b"/" in line and line.find(b"\\/", begin, end) >= 0)]
            at = end
    return b"".join([*out, line[at:]])


def _literal(text: str, escaped: bool, slashes: bool) -> bytes:
    """escaped: other than ASCII as \\u, as the line has it; slashes: / as \\/ too."""
    literal: bytes
    if escaped:
        literal = json.dumps(text).encode()
    else:
        try:
            literal = load("orjson", "JSON Lines").dumps(text)
        except TypeError:  # lone surrogates
            literal = json.dumps(text).encode()
    return literal.replace(b"/", b"\\/") if slashes else literal


def _literals(line: bytes, at: int, path: Path) -> list[Span]:
    """The spans of the texts that _texts() finds in the value at `at`, in the same order."""
    if line[at] == ord("["):
        return [span for begin in _items(line, at) for span in _literals(line, begin, path)]
    if not path:
        return [(at, _end(line, at))] if line[at] == ord('"') else []
    return _literals(line, found, path[1:]) if line[at] == ord("{") and (found := _member(line, at, path[0])) else []


def _items(line: bytes, at: int) -> Iterator[int]:
    """Where the values of the array at `at` begin."""
    at = BETWEEN.match(line, at + 1).end()  # type: ignore[union-attr]
    while line[at] != ord("]"):
        yield at
        at = BETWEEN.match(line, _end(line, at)).end()  # type: ignore[union-attr]


def _member(line: bytes, at: int, name: str) -> int:
    """Where the value of this name in the object at `at` begins, 0 if there is none. Of two the last counts, as for the parsers."""
    found = 0
    plain = name.encode("utf-8", "surrogatepass")
    at = BETWEEN.match(line, at + 1).end()  # type: ignore[union-attr]
    while line[at] != ord("}"):
        end = _string_end(line, at)
        key = line[at + 1:end - 1]
        at = BETWEEN.match(line, end).end()  # type: ignore[union-attr]
        if key == plain or (b"\\" in key and json.loads(b'"%s"' % key) == name):
            found = at
        at = BETWEEN.match(line, _end(line, at)).end()  # type: ignore[union-attr]
    return found


def _end(line: bytes, at: int) -> int:
    """The end of the value at `at`."""
    if line[at] == ord('"'):
        return _string_end(line, at)
    if line[at] not in b"[{":
        return SCALAR.match(line, at).end()  # type: ignore[union-attr]
    depth = 0
    while True:
        at = MARK.search(line, at).start()  # type: ignore[union-attr]
        if line[at] == ord('"'):
            at = _string_end(line, at)
            continue
        depth += 1 if line[at] in b"[{" else -1
        at += 1
        if not depth:
            return at


def _string_end(line: bytes, at: int) -> int:
    """... of the string at `at`. A regular expression would stop at each escape, and a page of text is full of them."""
    end = at
    while True:
        end = line.index(b'"', end + 1)
        before = end - 1
        while line[before] == ord("\\"):
            before -= 1
        if (end - before) % 2:
            return end + 1
