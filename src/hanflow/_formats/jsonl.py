"""JSON Lines: the literals of the fields' texts are repaired, no other byte of a line changes."""
from __future__ import annotations

import json
import re
from array import array
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from .account import MAX_RECORD, PIECE, FormatError, Located, not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from .account import Account

Path = tuple[str, ...]

BOM = b"\xef\xbb\xbf"

# For lines that are known to be JSON.
MARK = re.compile(rb'["\[\]{}]')
SCALAR = re.compile(rb"[^ \t\r\n,\]}]*")
ARRAY, OBJECT, QUOTE, CLOSING = b"["[0], b"{"[0], b'"'[0], b"]}"
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

    null is no text and no failure, as in a column. Where orjson refuses or is missing, the standard library decides: it knows NaN
    and lone surrogates, which other programs write.
    """
    try:
        loads = import_module("orjson").loads
    except ImportError:
        loads = _loads
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
                    record = _loads(line)
                account.records += 1
                if single is not None and type(record) is dict:
                    text = record.get(single)
                    if type(text) is str:
                        texts.append(text)
                        owners.append(index)
                        fields.append(0)
                        continue
                found = [_texts(record, path) for path in paths]
                for field, more in enumerate(found):
                    texts += more
                    owners += [index] * len(more)
                    fields += [field] * len(more)
            except NoText as error:
                account.fail(f"line {number + index + 1}", str(error))
            except UnicodeDecodeError as error:
                account.records += 1
                account.fail(f"line {number + index + 1}", not_utf8(error, advise=account.failed == 0))
            except (ValueError, RecursionError) as error:
                account.records += 1
                reason = "nested too deep" if isinstance(error, RecursionError) else error
                account.fail(f"line {number + index + 1}", f"malformed JSON: {reason}")
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


def _loads(line: bytes) -> Any:
    return json.loads(line.decode(), parse_int=float)  # an int of many digits would take long


def _texts(value: Any, path: Path) -> list[str]:
    """Those of the field in a record, in its order."""
    texts: list[str] = []
    ahead: list[tuple[Iterator[Any], int]] = [(iter((value,)), 0)]  # values to look at, and how many names led there
    while ahead:
        values, depth = ahead[-1]
        for value in values:
            if isinstance(value, list):
                ahead.append((iter(value), depth))
                break
            if value is None:
                continue
            if depth == len(path):
                if not isinstance(value, str):
                    raise NoText(f"field {'.'.join(path)!r} holds {_kind(value)}, not a text")
                texts.append(value)
                continue
            name = path[depth]
            if not isinstance(value, dict):
                raise NoText(f"no field {'.'.join(path)!r}: {_kind(value)} stands where an object with {name!r} should")
            if name not in value:
                known = f"; there are {', '.join(map(repr, list(value)[:20]))}" if value else ""
                raise NoText(f"no field {'.'.join(path)!r}{known}")
            ahead.append((iter((value[name],)), depth + 1))
            break
        else:
            ahead.pop()
    return texts


def _kind(value: Any) -> str:
    return {bool: "true or false", int: "a number", float: "a number", dict: "an object"}.get(type(value), "a text")


def _replaced(line: bytes, paths: list[Path], texts: list[str], results: list[str]) -> bytes:
    """The line with the literals of the results in place of those of the texts."""
    begins, ends = array("q"), array("q")
    for path in paths:
        _literals(line, path, begins, ends)
    escaped, slashes = line.isascii() and b"\\u" in line, b"\\/" in line
    out, at = bytearray(), 0
    for index in range(len(texts)) if len(paths) == 1 else sorted(range(len(texts)), key=begins.__getitem__):
        if texts[index] != results[index]:
            begin = begins[index]
            out += line[at:begin]
            out += _literal(results[index], escaped, slashes and line.find(b"\\/", begin, ends[index]) >= 0)
            at = ends[index]
    out += line[at:]
    return bytes(out)


def _literal(text: str, escaped: bool, slashes: bool) -> bytes:
    """escaped: other than ASCII as \\u, as the line has it; slashes: / as \\/ too."""
    try:
        literal = json.dumps(text, ensure_ascii=escaped).encode()
    except UnicodeEncodeError:  # lone surrogates
        literal = json.dumps(text).encode()
    return literal.replace(b"/", b"\\/") if slashes else literal


def _literals(line: bytes, path: Path, begins: array[int], ends: array[int]) -> None:
    """Appends where the texts stand that _texts() finds, in the same order. Goes through the line once."""
    # The arrays and objects on the way to texts that are open: how many names led there, and of an object how many texts were
    # found before it; -1 for an array.
    open_: list[tuple[int, int]] = []
    depth = 0  # of the value that begins at `at`
    at = BETWEEN.match(line).end()  # type: ignore[union-attr]
    while True:
        mark = line[at]
        if mark == ARRAY:
            open_.append((depth, -1))
            at += 1
        elif mark == OBJECT and depth < len(path):
            open_.append((depth, len(begins)))
            at += 1
        else:
            end = _end(line, at)
            if mark == QUOTE and depth == len(path):
                begins.append(at)
                ends.append(end)
            at = end
        while True:  # to the next value on the way to texts
            if not open_:
                return
            at = BETWEEN.match(line, at).end()  # type: ignore[union-attr]
            if line[at] in CLOSING:
                open_.pop()
                at += 1
                continue
            depth, before = open_[-1]
            if before < 0:
                break
            end = _string_end(line, at)
            named = _is_name(line[at + 1:end - 1], path[depth])
            at = BETWEEN.match(line, end).end()  # type: ignore[union-attr]
            if named:  # of two the last counts, as for the parsers
                del begins[before:], ends[before:]
                depth += 1
                break
            at = _end(line, at)


def _is_name(key: bytes, name: str) -> bool:
    return key == name.encode("utf-8", "surrogatepass") or (b"\\" in key and json.loads(b'"%s"' % key) == name)


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
