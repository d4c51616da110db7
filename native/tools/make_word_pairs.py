#!/usr/bin/env python3
"""Writes native/src/text/tables/word_pairs.inc: pairs of Han that stand inside words.

    python native/tools/make_word_pairs.py DICTIONARY            write the table
    python native/tools/make_word_pairs.py DICTIONARY --check    exit 1 if it differs from what would be written

DICTIONARY is dict.txt of jieba 0.42.1 (MIT licence, https://github.com/fxsjy/jieba): a word, its count and its kind a line.
Traditional characters are folded to Simplified ones with the t2s configuration of OpenCC (Apache licence 2.0), character by
character; that map is the second half of the table.

A pair xy is kept when words hold it at least COUNT times, and RATIO times as often as a word that ends in x would stand
before a word that begins with y by chance. Of the line ends in mid-sentence that a column makes between two Han about two in
five part such a pair; of the ends of headings, bylines and rows between two Han less than one in a hundred does
(benchmarks/quality, all pages).
"""
import argparse
import sys
from collections import Counter, defaultdict
from math import exp
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "native/src/text/tables/word_pairs.inc"
COUNT = 20
RATIO = exp(2)
FIRST, LAST = 0x4E00, 0x9FFF  # CJK Unified Ideographs
HEAD = """\
// Generated, do not edit: python native/tools/make_word_pairs.py DICTIONARY
// From dict.txt of jieba 0.42.1 (MIT licence) and OpenCC's t2s (Apache licence 2.0).
// A line: a Han character and all that follow it inside words, by code point. Behind the empty line: a Traditional
// character and its Simplified form.
"""


def is_han(text):
    return all(FIRST <= ord(c) <= LAST for c in text)


def pairs(dictionary):
    """{first character: the second ones} of the pairs that are kept."""
    inside, last, first, total = Counter(), Counter(), Counter(), 0
    for line in dictionary.read_text(encoding="utf-8").splitlines():
        word, count = line.split(" ")[:2]
        if not is_han(word):
            continue
        total += int(count)
        first[word[0]] += int(count)
        last[word[-1]] += int(count)
        for a, b in zip(word, word[1:]):
            inside[a + b] += int(count)
    rows = defaultdict(list)
    for (a, b), count in inside.items():
        by_chance = last[a] * first[b] / total
        if count >= COUNT and count + 0.5 >= RATIO * (by_chance + 0.5):
            rows[a].append(b)
    return rows


def simplified():
    """[(Traditional, Simplified)]"""
    import opencc

    convert = opencc.OpenCC("t2s").convert
    both = ((chr(c), convert(chr(c))) for c in range(FIRST, LAST + 1))
    return [(a, b) for a, b in both if a != b and len(b) == 1 and is_han(b)]


def table(dictionary):
    lines = [a + "".join(sorted(rest)) for a, rest in sorted(pairs(dictionary).items())]
    lines += [""] + [a + b for a, b in simplified()]
    return HEAD + "".join(f'u"{line}\\n"\n' for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    text = table(args.dictionary)
    if args.check:
        sys.exit(TARGET.read_text(encoding="utf-8") != text and f"{TARGET.relative_to(ROOT)} is out of date")
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
