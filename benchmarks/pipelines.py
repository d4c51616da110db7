"""The whole job in plain Python, as a skilled user would write it: str -> str. The peers of hanflow that need no library.

All follow one plan: characters by a table, then the gaps that touch a character which is not ASCII, then every line end but those
behind the end of a sentence. Of each step the fastest known way is taken, except in translate_and_loop, which is what most people
write first.
"""
from __future__ import annotations

import re
import unicodedata

ALNUM = {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
RADICALS = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
TABLE = {**ALNUM, **RADICALS}
TRANSLATE = str.maketrans(TABLE)
CHANGES = re.compile("[⼀-⿕０-９Ａ-Ｚａ-ｚ]")
# The space first: it is rarer than the characters beside it.
GAP = re.compile(r" (?:(?<=[^\x00-\x7f] )|(?=[^\x00-\x7f]))")
GAP_LOOKAROUND = re.compile(r"(?<=[^\x00-\x7f])[ \u3000]+|[ \u3000]+(?=[^\x00-\x7f])")
ENDS = "。！？”："


def characters(text: str) -> str:
    return CHANGES.sub(lambda match: TABLE[match[0]], text)


def joined(text: str) -> str:
    text = text.replace("\n\n", "\n")
    for end in ENDS:
        text = text.replace(end + "\n", end + "\0")
    return text.replace("\n", "").replace("\0", "\n")


def regex_and_replace(text: str) -> str:
    """No loop in Python."""
    return joined(GAP.sub("", characters(text).replace("\u3000", "")))


def regex_and_loop(text: str) -> str:
    """Looks for gaps only in lines that have a space."""
    out: list[str] = []
    add, sub, ends = out.append, GAP.sub, frozenset(ENDS)
    for line in characters(text).replace("\u3000", "").split("\n"):
        if " " in line:
            line = sub("", line)
        if line:
            add(line)
            if line[-1] in ends:
                add("\n")
    return "".join(out)


def translate_and_loop(text: str) -> str:
    """What people write."""
    out = ""
    for line in GAP_LOOKAROUND.sub("", text.translate(TRANSLATE)).splitlines():
        line = line.strip()
        if line:
            out += line
            if line.endswith(tuple(ENDS)):
                out += "\n"
    return out


PURE = {"regex + replace": regex_and_replace, "regex + loop": regex_and_loop, "translate + lookaround + loop": translate_and_loop}


def numpy_and_replace(text: str) -> str:
    """The first two steps by NumPy on 2-byte units; of characters beyond U+FFFF no unit is ever changed."""
    import numpy as np

    table = np.arange(0x10000, dtype=np.uint16)
    table[[ord(char) for char in TABLE]] = [ord(char) for char in TABLE.values()]
    units = table[np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)]
    gap, other = units == 0x20, units > 0x7F
    drop = units == 0x3000
    drop[1:] |= gap[1:] & other[:-1]
    drop[:-1] |= gap[:-1] & other[1:]
    return joined(units[~drop].tobytes().decode("utf-16-le", "surrogatepass"))
