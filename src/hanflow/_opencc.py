"""The stage `opencc`: converts the repaired text with OpenCC's own library and tables, which are loaded on first use.

The result is the package's, character for character, but that nothing is lost behind a NUL. Only what may change is given to
it, and it is called through the C interface that its module exports, if it does: that one releases the GIL, so that a batch
uses several cores. Whether this can be done is decided by what is installed, of whatever version: the configuration must be
made of the parts that are named below, the dictionaries must be readable, and all their keys, put together in several ways,
must come out as the package converts them. Where it cannot be done, and before it pays, the package converts whole texts; a
warning says why, once.

How it is known what may change
-------------------------------
A configuration is a chain of steps. Each goes through its text from left to right; where a key of its dictionaries stands, the
key is replaced by its first value, any other character is copied (the segmentation, where there is one, parts the text in the
same way, replaces nothing, and each segment goes through the steps by itself). Of all the dictionaries of a configuration,
whatever their step, let the *keys* be all keys, the *changing keys* those with another value than themselves, and let there be a
set of *triggers* such that each changing key has one of them: the characters that are a changing key by themselves, and for each
other key that has none of these one more. (Not the characters that change alone: 沈, 藉 or 瞭 keep themselves, but change in some
phrases; and 乾 changes, but in 乾隆 it is protected. Both need the phrases, not characters, and so they are left to OpenCC.)

1. *A text without a trigger stays.* No changing key stands in it, so each replacement of the first step puts a key in its own
   place, and the second step gets the same text.
2. *A text may be cut behind a character that is in no key.* No key, so no replacement and no segment of the segmentation, goes
   across such a character c or the place behind it: matching comes to that place whatever is before, goes on as at the start of a
   text, and never looks back. c itself is copied, so that the next step finds it there too, and no key of that step has it.
   Segments of copied characters are cut as well, but only where no key stands.
3. Two things reach farther than a key. An ideographic description (U+2FF0 to U+2FFF and what it describes) is copied as one, and
   in configurations with a segmentation OpenCC drops what follows a NUL in its segment. A text with a description is left to
   OpenCC as a whole, and of one with a NUL what is between the NULs: nothing is lost.

So the text is cut behind characters that are in no key, and the pieces with a trigger are converted, in one go where there is
little between them. Lone surrogates, for which UTF-8 has no place, are in no key either: what is between them is converted.

The dictionaries are read with the package's own tool, opencc_dict. That and the comparison take some tenths of a second; so it is
done only when so much text has come that it pays.
"""
from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import tempfile
import threading
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from multiprocessing import parent_process
from shutil import which
from typing import TYPE_CHECKING, Any, Optional, cast

from ._core import OpenccTable, opencc_converted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PAYS = 1 << 20   # characters or bytes to be converted before the dictionaries are read
_LONGEST = 1 << 14  # units of a stretch: threads can share a text, and the memory for it comes from the heap
_PORTION = 1 << 16  # bytes that are converted at a time

# OpenCC takes UTF-8, which has no place for lone surrogates, and with a segmentation it drops what follows a NUL up to the
# segment's end: the stretches between them are converted.
_APART = re.compile("([\0\ud800-\udfff]+)")


def _names() -> tuple[str, ...]:
    """The configurations that the installed OpenCC brings."""
    from opencc import CONFIGS

    return tuple(sorted(name[:-5] for name in CONFIGS))


names = lru_cache(maxsize=None)(_names)


class Converter:
    """One configuration. Safe to share between threads, and with the processes that this one becomes by forking."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._table: Optional[OpenccTable] = None
        self._library: Optional[tuple[int, int, int]] = None
        self._ascii_stays = False  # whether the dictionaries have no key of ASCII only
        self._until_table: float = _PAYS
        self._package: Optional[Callable[[str], str]] = None
        try:
            _files_of(name)
        except _NoFastPath as error:
            self._until_table = float("inf")
            if parent_process() is None:  # else that one has said so
                _say(str(error))
        self._by_package("")

    def __reduce__(self) -> tuple[Any, ...]:
        return converter, (self._name,)  # addresses mean nothing to another process

    def __call__(self, text: str) -> str:
        """The converted text; the same object if nothing changes."""
        return cast(str, self.batch([text])[0])

    def batch(self, texts: Sequence[Any], preserve: bool = False, threads: int = 1) -> list[Any]:
        """The converted texts, str or bytes, in order; the same objects where nothing changes.

        preserve: whether bytes may be other than UTF-8; such are kept. threads: how many to use at most.
        """
        if preserve and any(isinstance(text, bytes) for text in texts):
            # Bytes that are not UTF-8 travel as lone surrogates.
            plain = self.batch([text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text for text in texts],
                               threads=threads)
            encoded = [new.encode("utf-8", "surrogateescape") if isinstance(text, bytes) else new
                       for text, new in zip(texts, plain)]
            return [text if text == new else new for text, new in zip(texts, encoded)]
        results = list(texts)
        jobs: list[tuple[bytes, bool]] = []  # UTF-8, whether it is of a str
        stretches_of: dict[int, list[tuple[int, int, list[Any]]]] = {}
        table = self._table_for(texts)
        for i, text in enumerate(texts):
            nul: Any = "\0" if isinstance(text, str) else b"\0"
            if not text or self._ascii_stays and text.isascii() and nul not in text:
                continue
            stretches = table.stretches(text, _LONGEST) if table else []
            # The C interface takes no NUL; a text that holds one is one stretch.
            if not table or len(stretches) == 1 and nul in text:
                whole = self._whole(text)
                results[i] = text if whole == text else whole
            elif stretches:
                stretches_of[i] = [(begin, end, _parts(text[begin:end], jobs)) for begin, end in stretches]
        converted = self._converted(jobs, threads)
        for i, found in stretches_of.items():
            if any(converted[part] is not None for _, _, parts in found for part in parts if isinstance(part, int)):
                results[i] = _joined(texts[i], found, jobs, converted)
        return results

    def _converted(self, jobs: list[tuple[bytes, bool]], threads: int) -> list[Any]:
        """Each job's result as str or bytes; None where nothing changes."""
        portions: list[list[tuple[bytes, bool]]] = []
        size = _PORTION
        for job in jobs:
            if size >= _PORTION:
                portions.append([])
                size = 0
            portions[-1].append(job)
            size += len(job[0])
        threads = min(threads, len(portions))
        if threads < 2:
            return [text for portion in portions for text in self._portion(portion)]
        with ThreadPoolExecutor(threads) as pool:
            return [text for portion in pool.map(self._portion, portions) for text in portion]

    def _portion(self, jobs: list[tuple[bytes, bool]]) -> list[Any]:
        # Decoded here, so that another thread converts meanwhile.
        texts = [data for data, _ in jobs]
        found = opencc_converted(*self._library, texts) if self._library else None
        if found is None:  # it failed, for want of memory or whatever; the package says why
            found = [self._by_package(data.decode()).encode() for data in texts]
        return [None if new == data else new.decode() if is_text else new for (data, is_text), new in zip(jobs, found)]

    def _whole(self, text: Any) -> Any:
        """By the package, the whole text."""
        if isinstance(text, bytes):
            return self._whole(text.decode()).encode()
        parts = _APART.split(text)
        parts[::2] = [self._by_package(part) if part else part for part in parts[::2]]
        return "".join(parts)

    def _by_package(self, text: str) -> str:
        if self._package is None:
            from opencc import OpenCC

            # The file where there is one: a bare name means a file of that name in the working directory first.
            path = os.path.join(_data_folder(), f"{self._name}.json")
            self._package = OpenCC(path if os.path.isfile(path) else self._name).convert
        return self._package(text)

    def _table_for(self, texts: Sequence[Any]) -> Optional[OpenccTable]:
        if self._table is None and self._until_table != float("inf"):
            self._until_table -= sum(map(len, texts))
            if self._until_table <= 0:
                self._until_table = float("inf")  # once: other threads use the package meanwhile
                try:
                    self._table, self._library, self._ascii_stays = self._proven()
                except _NoFastPath as error:
                    _say(str(error))
        return self._table

    def _proven(self) -> tuple[OpenccTable, Optional[tuple[int, int, int]], bool]:
        """Table, library and whether ASCII stays, once they have given what the package gives."""
        pairs = _dictionaries(self._name)
        triggers, keys = _characters(pairs)
        other = Converter.__new__(Converter)
        other._name, other._package, other._until_table = self._name, self._by_package, float("inf")
        other._table, other._library, other._ascii_stays = OpenccTable(triggers, keys), _opened(self._name), False
        words = list(dict.fromkeys(key for key, _ in pairs))
        quiet = set(triggers)
        # All keys side by side, apart, and those that are not given to OpenCC.
        probe = "\n".join(["".join(words), *words, "".join(word for word in words if quiet.isdisjoint(word))])
        if other(probe) != self._by_package(probe):
            raise _NoFastPath("its results are not those that its dictionaries tell")
        return other._table, other._library, not any(key.isascii() for key in words)


def _parts(stretch: Any, jobs: list[tuple[bytes, bool]]) -> list[Any]:
    """What a stretch consists of: the numbers of jobs, which are added, and between them lone surrogates, which stay."""
    try:
        jobs.append((stretch, False) if isinstance(stretch, bytes) else (stretch.encode(), True))
        return [len(jobs) - 1]
    except UnicodeEncodeError:
        parts: list[Any] = _APART.split(stretch)
        for i in range(0, len(parts), 2):
            jobs.append((parts[i].encode(), True))
            parts[i] = len(jobs) - 1
        return parts


def _joined(text: Any, stretches: list[tuple[int, int, list[Any]]], jobs: list[tuple[bytes, bool]], converted: list[Any]) -> Any:
    """The text with its stretches as they were converted."""
    out: list[Any] = []
    done = 0
    for begin, end, parts in stretches:
        out.append(text[done:begin])
        done = end
        for part in parts:
            if not isinstance(part, int):
                out.append(part)
            elif converted[part] is not None:
                out.append(converted[part])
            else:
                data, is_text = jobs[part]
                out.append(data.decode() if is_text else data)
    out.append(text[done:])
    return text[:0].join(out)


_loading = threading.Lock()
if hasattr(os, "register_at_fork"):
    # Held over a fork, so that no child begins with a lock that nobody there will release.
    os.register_at_fork(before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_loading.release)


_made = lru_cache(maxsize=None)(Converter)


def converter(name: str) -> Converter:
    """One converter for each name and process: it loads its dictionaries when it is made."""
    with _loading:
        return _made(name)


class _NoFastPath(Exception):
    """Why whole texts must be converted."""


_said: list[str] = []


def _say(reason: str) -> None:
    """Once in a process."""
    if not _said:
        _said.append(reason)
        import opencc

        warnings.warn(f"opencc {getattr(opencc, '__version__', '')}: {reason}. Whole texts are converted by it, which gives the "
                      "same result at about a quarter of the speed", RuntimeWarning, stacklevel=2)


def _package_folder() -> str:
    import opencc

    return os.path.join(os.path.dirname(os.path.abspath(opencc.__file__)), "clib")


def _data_folder() -> str:
    return os.path.join(_package_folder(), "share", "opencc")


def _opened(name: str) -> Optional[tuple[int, int, int]]:
    """The addresses of the C interface's functions and the configuration's handle, for opencc_converted(); None if the module
    exports none. It stays loaded: the converter lives as long as the process."""
    import opencc

    try:
        library = ctypes.CDLL(opencc.opencc_clib.__file__)  # type: ignore[attr-defined]
        functions = [cast(int, ctypes.cast(function, ctypes.c_void_p).value)
                     for function in (library.opencc_convert_utf8, library.opencc_convert_utf8_free)]
        library.opencc_open.argtypes, library.opencc_open.restype = [ctypes.c_char_p], ctypes.c_void_p
    except (OSError, AttributeError):
        return None
    handle = library.opencc_open(os.fsencode(os.path.join(_data_folder(), f"{name}.json")))
    if handle in (None, ctypes.c_void_p(-1).value):
        return None
    return functions[0], functions[1], handle


def _tool() -> str:
    tool = which(os.path.join(_package_folder(), "bin", "opencc_dict"))
    if tool is None:
        raise _NoFastPath("it brings no tool opencc_dict, by which its dictionaries could be read")
    return tool


def _files_of(name: str) -> list[str]:
    """The dictionaries of a configuration, those of its normalization and segmentation too, if they can be read and it has no
    parts but those of which is known what they do. Raises _NoFastPath."""
    path = os.path.join(_data_folder(), f"{name}.json")
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        files = [*_files(config, ("name", "normalization", "segmentation", "conversion_chain"))]
    except OSError as error:
        raise _NoFastPath(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise _NoFastPath(f"{path} has parts that are not known ({error})") from None
    _tool()
    return sorted(set(files))


# What a part may have beside its type.
_PARTS = {"ocd2": ("file", "may_output_tofu"), "group": ("dicts", "match_policy"), "mmseg": ("dict",), None: ("dict",)}


def _files(part: dict[str, Any], allowed: Sequence[str]) -> Iterator[str]:
    for key, value in part.items():
        if key not in (*allowed, "type"):
            raise ValueError(repr(key))
        if key == "file":
            yield value
        for inner in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
            kind = inner.get("type")
            if kind not in _PARTS:
                raise ValueError(repr(kind))
            yield from _files(inner, _PARTS[kind])


def _dictionaries(name: str) -> list[tuple[str, str]]:
    """(key, first value) of all dictionaries of a configuration. Raises _NoFastPath."""
    found: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for number, path in enumerate(_files_of(name)):
            target = os.path.join(temporary, str(number))
            try:
                subprocess.run([_tool(), "-i", os.path.join(_data_folder(), path), "-o", target, "-f", "ocd2", "-t", "text"], check=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                with open(target, encoding="utf-8", newline="\n") as lines:
                    for line in lines:
                        key, values = line.rstrip("\n").split("\t")
                        found.append((key, values.split(" ")[0]))
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                raise _NoFastPath(f"its dictionary {path} cannot be read ({error})") from None
    return found


def _characters(dictionaries: list[tuple[str, str]]) -> tuple[str, str]:
    """The triggers, and the characters of all keys."""
    triggers = {key for key, value in dictionaries if len(key) == 1 and value != key}
    rest = [key for key, value in dictionaries if value != key and triggers.isdisjoint(key)]
    # As few as will do, and seldom met for nothing: first those that have a key of their own, so another form in other company,
    # then those of most of these keys and few others.
    own = {key for key, _ in dictionaries if len(key) == 1}
    everywhere, here = Counter("".join(key for key, _ in dictionaries)), Counter("".join(rest))
    while rest:
        best = max(here, key=lambda c: (here[c] > 0 and c in own, here[c] * here[c] / everywhere[c], c))
        triggers.add(best)
        here.subtract("".join(key for key in rest if best in key))
        rest = [key for key in rest if best not in key]
    return "".join(sorted(triggers)), "".join(sorted(everywhere))
