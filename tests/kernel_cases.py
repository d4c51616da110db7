#!/usr/bin/env python3
"""Texts on which all CPU paths must agree: every length up to 300 at every alignment, and long ones; test_kernels.py and neon.py.

    python tests/kernel_cases.py [INDEX]

Prints a digest of the results of each case on the CPU path in use (DIGEST_BYTES), or the results of one case.
"""
import hashlib
import random
import sys
from pathlib import Path
from typing import NamedTuple

import strategies as s

LENGTHS, ALIGNMENTS = range(301), range(64)
SOURCE_BYTES = 200_000
DIGEST_BYTES = 8
NO_LEADS = [b"\xc1\xbf", b"\xf5\x80\x80\x80"]
PAGES = sorted((Path(__file__).parent / "pages").glob("*.in.txt"))


class Case(NamedTuple):
    name: str
    data: bytes
    alignment: int


def sources():
    """Texts to cut cases from."""
    rng = random.Random(4)

    def enough(make):
        parts, size = [], 0
        while size < SOURCE_BYTES:
            parts.append(make())
            size += len(parts[-1].encode("utf8"))
        return "".join(parts).encode("utf8")

    # ASCII, and the first and the last character of each 64: every pair of first bytes that a sequence can have.
    ascii_ = [chr(cp) for cp in range(0x80)]
    edges = [chr(cp) for block in range(0x80, 0x110000, 0x40) if block < 0x14000 or block % 0x10000 == 0
             for cp in (block, block + 0x3F) if not 0xD800 <= cp < 0xE000]

    def vertical_or_spaced():
        characters = s.han(rng, 2) + rng.choice(rng.choice([ascii_, edges])) + s.han(rng, 2)
        return rng.choice(["", " ", "\n", "\n"]).join(characters) + "\n"

    return {
        "typeset": b"\n".join(path.read_bytes() for path in PAGES),
        "generated": enough(lambda: s.random_page(rng, grids=True).text + "\n"),
        "oddities": enough(lambda: s.oddities(rng)[0].replace("\n", rng.choice(["\n", "\r\n", "\r", " ", ""]))),
        "edges": enough(vertical_or_spaced),
    }


def cases():
    rng = random.Random(5)
    bad = [*s.BAD_BYTES, *NO_LEADS]
    for kind, source in sources().items():
        for length in LENGTHS:
            for alignment in ALIGNMENTS:
                begin = rng.randrange(len(source) - length - 3)
                while source[begin] & 0xC0 == 0x80:
                    begin += 1
                whole = source[begin:begin + length].decode("utf8", "ignore").encode("utf8")
                data = whole.ljust(length, b"a")
                yield Case(f"{kind}, {length} bytes at {alignment}", data, alignment)
                if kind == "oddities":
                    at = rng.randrange(length + 1)
                    data = data[:at] + rng.choice(bad) + data[at:]
                    yield Case(f"broken, {length} bytes at {alignment}", data[:length], alignment)
        yield Case(f"{kind}, whole", source, 0)
    for alignment, page in enumerate(PAGES):
        yield Case(page.name, page.read_bytes(), alignment % 64)


def results(case, place):
    """What the surfaces make of it, or the error's range and reason. place: where the text is put."""
    end = case.alignment + len(case.data)
    place[case.alignment:end] = case.data
    view = memoryview(place)[case.alignment:end]
    try:
        yield strict(view)
        yield strict(case.data.decode("utf8")).encode("utf8")
    except UnicodeDecodeError as error:
        yield b"%d %d %s" % (error.start, error.end, error.reason.encode())
    yield preserve(view)


def main(index=None):
    place = bytearray(4 * SOURCE_BYTES)
    for i, case in enumerate(cases()):
        if index is None:
            sys.stdout.buffer.write(hashlib.blake2b(b"\n".join(results(case, place)), digest_size=DIGEST_BYTES).digest())
        elif i == index:
            print(*results(case, place), sep="\n")


if __name__ == "__main__":
    import hanflow

    strict, preserve = hanflow.Normalizer(), hanflow.Normalizer(errors="preserve")
    main(*map(int, sys.argv[1:]))
