#!/usr/bin/env python3
"""Writes the surname tables of the core and of the reference from surnames.txt.

    python native/tools/make_surnames.py            write the tables
    python native/tools/make_surnames.py --check    exit 1 if a written table differs from what would be written
"""
import argparse
import sys
from pathlib import Path

from make_tables import ROOT, cxx_array, wrap

COMMAND = "python native/tools/make_surnames.py"
SOURCE = Path(__file__).with_name("surnames.txt")
HEAD = "{0} Generated, do not edit: " + COMMAND + "\n{0} From native/tools/surnames.txt, which names its source.\n"


def read(path):
    """The blocks of the list: single characters, pairs, the commonest of the single ones. An entry of the wrong length or listed twice is an error."""
    blocks, block = {"single": [], "compound": [], "common": []}, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            block = line.strip("[]")
            continue
        for entry in line.split() if block == "compound" else list("".join(line.split())):
            if len(entry) != (2 if block == "compound" else 1) or not all("\u4e00" <= c <= "\u9fff" for c in entry):
                sys.exit(f"{path.name}:{number}: {entry} is no {block} surname")
            if entry in blocks[block]:
                sys.exit(f"{path.name}:{number}: {entry} is listed twice")
            blocks[block].append(entry)
    if not set(blocks["common"]) <= set(blocks["single"]):
        sys.exit(f"{path.name}: a common surname is not among the single ones")
    return sorted(blocks["single"]), sorted(blocks["compound"]), sorted(blocks["common"])


def bit_words(chars, first, count):
    words = [0] * count
    for char in chars:
        words[(ord(char) - first) // 64] |= 1 << (ord(char) - first) % 64
    return words


def surnames_hpp(single, compound, common):
    first = min(map(ord, single)) // 64 * 64
    count = (max(map(ord, single)) - first) // 64 + 1
    words, common_words = bit_words(single, first, count), bit_words(common, first, count)
    compound_words = bit_words(sorted({a for a, _ in compound}), first, count)
    pairs = (ord(a) << 16 | ord(b) for a, b in compound)
    return HEAD.format("//") + f"""\
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace hanflow {{
namespace tables {{

// One bit a code point, from U+{first:04X}: {len(single)} surnames.
{cxx_array("uint64_t", "surname_bits", words, "{:#x}")}
// The {len(common)} commonest of them.
{cxx_array("uint64_t", "common_surname_bits", common_words, "{:#x}")}
// What compound surnames begin with.
{cxx_array("uint64_t", "compound_start_bits", compound_words, "{:#x}")}
// Both characters of a compound surname, sorted: {len(compound)} surnames.
{cxx_array("uint32_t", "compound_surnames", pairs, "{:#x}")}
}}  // namespace tables

// Whether the character is a Chinese surname. Many are everyday words too (于 时 有): it is evidence, not proof.
inline bool is_surname(uint32_t cp) noexcept {{
    const uint32_t at = cp - {first:#x}u;
    return at < {len(words) * 64}u && ((tables::surname_bits[at / 64] >> (at % 64)) & 1) != 0;
}}

// Whether the character is one of the commonest surnames.
inline bool is_common_surname(uint32_t cp) noexcept {{
    const uint32_t at = cp - {first:#x}u;
    return at < {len(words) * 64}u && ((tables::common_surname_bits[at / 64] >> (at % 64)) & 1) != 0;
}}

// Whether a compound surname begins with the character.
inline bool begins_compound_surname(uint32_t cp) noexcept {{
    const uint32_t at = cp - {first:#x}u;
    return at < {len(words) * 64}u && ((tables::compound_start_bits[at / 64] >> (at % 64)) & 1) != 0;
}}

// Whether the two characters, in this order, are a compound surname.
inline bool is_compound_surname(uint32_t a, uint32_t b) noexcept {{
    if (!begins_compound_surname(a) || b > 0xffff) return false;
    return std::binary_search(std::begin(tables::compound_surnames), std::end(tables::compound_surnames), a << 16 | b);
}}

}}  // namespace hanflow
"""


def string_rows(chars):
    text = "".join(chars)
    return (chr(34) + chr(10) + "    " + chr(34)).join(text[i:i + 50] for i in range(0, len(text), 50))


def surnames_py(single, compound, common):
    return HEAD.format("#") + f'''\
"""Chinese surnames, for the reference."""

SURNAMES = frozenset(
    "{string_rows(single)}"
)
COMMON_SURNAMES = frozenset(
    "{string_rows(common)}"
)
COMPOUND_SURNAMES = frozenset("""
{chr(10).join(" ".join(compound[i:i + 20]) for i in range(0, len(compound), 20))}
""".split())


def is_surname(cp):
    """Whether the character is a Chinese surname. Many are everyday words too: it is evidence, not proof."""
    return chr(cp) in SURNAMES


def is_common_surname(cp):
    """Whether the character is one of the commonest surnames."""
    return chr(cp) in COMMON_SURNAMES


def is_compound_surname(a, b):
    """Whether the two characters, in this order, are a compound surname."""
    return chr(a) + chr(b) in COMPOUND_SURNAMES
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a written file differs")
    args = parser.parse_args()
    single, compound, common = read(SOURCE)
    files = {
        "native/src/text/tables/surnames.hpp": surnames_hpp(single, compound, common),
        "tests/reference/surnames.py": surnames_py(single, compound, common),
    }
    stale = []
    for name, text in files.items():
        path = ROOT / name
        if not args.check:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            print(f"{name} is not what {COMMAND} writes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
