"""Inputs made to be slow: text that is nothing but one thing, each with the reason why it might cost more than a page.

    python benchmarks/slow.py [NAME ...]      prints the first lines of each, to look at

A kind is an endless generator of pieces; text() puts so many bytes of them together. All are made of the same random numbers on
every machine. `figures.py` measures them all; the slowest counts.
"""
from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any, Callable, NamedTuple

HAN = "".join(chr(code) for code in range(0x4E00, 0x6E00))
COMMON = ("的一是了我不人在他有这上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对"
          "小多然于心学么之都好看起发当没成只如事把还用第样道想作种开")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
ROLES = ("记者", "本报记者", "通讯员", "摄", "文", "图")
NAMES_WAYS = ("{}{}{}", "{} {} {}", "{}  {}{}")


class Kind(NamedTuple):
    name: str
    why: str
    make: Callable[[random.Random], Iterator[str]]
    options: dict[str, Any]

    def text(self, size: int) -> str:
        """At least `size` bytes of UTF-8."""
        rng = random.Random(self.name)
        out, length = [], 0
        for piece in self.make(rng):
            out.append(piece)
            length += len(piece.encode(errors="surrogateescape"))
            if length >= size:
                break
        return "".join(out)


KINDS: list[Kind] = []


def slow(name: str, why: str, **options: Any) -> Callable[[Callable[[random.Random], Iterator[str]]], None]:
    return lambda make: KINDS.append(Kind(name, why, make, options))


def some(rng: random.Random, length: int, chars: str = HAN) -> str:
    return "".join(rng.choices(chars, k=length))


def person(rng: random.Random, given: int = 2) -> str:
    return some(rng, 1, SURNAMES) + some(rng, given, COMMON)


def same(unit: str) -> Callable[[random.Random], Iterator[str]]:
    def make(rng: random.Random) -> Iterator[str]:
        while True:
            yield unit * 1000

    return make


def each(piece: Callable[[random.Random], str]) -> Callable[[random.Random], Iterator[str]]:
    def make(rng: random.Random) -> Iterator[str]:
        while True:
            yield piece(rng)

    return make


# ---------------------------------------------------------------- white space and line ends
slow("only spaces", "no text ends the search for it")(same(" "))
slow("only full-width spaces", "each of three bytes, all of it white space of one line")(same("\u3000"))
slow("only line ends", "a line for each byte")(same("\n"))
slow("only CR LF", "line ends of two characters")(same("\r\n"))
slow("only CR", "a CR may be half of a line end")(same("\r"))
slow("lines of white space", "blank lines that must be read to be known as such")(same(" \u3000\t\n"))
slow("form feeds", "a page break between all lines")(each(lambda rng: some(rng, 6) + "\n\f\n"))
slow("trailing white space", "edges of lines that are joined")(each(lambda rng: "  " + some(rng, 20) + " \u3000 \n"))

# ---------------------------------------------------------------- lines
slow("one-character lines", "each line may be of a vertical run")(each(lambda rng: some(rng, 1) + "\n"))
slow("one-character lines, blank lines between", "the same, further apart")(each(lambda rng: some(rng, 1) + "\n\n"))
slow("one-character lines of seven characters", "long ago a text that changed in each pass")(
    each(lambda rng: some(rng, 1, "江城春水东流去") + "\n"))
slow("two-character lines", "each may be a name in a vertical run")(
    each(lambda rng: person(rng, 1) + "\n"))
slow("one digit a line", "numbers of a run, or literal")(each(lambda rng: some(rng, 1, "0123456789") + "\n"))
slow("one dash a line", "dashes that may stand in a run")(same("—\n"))
slow("runs of eleven", "a vertical title and a line, over and over")(
    each(lambda rng: "\n".join(some(rng, 10, COMMON)) + "\n\n" + some(rng, 20) + "。\n\n"))
slow("lines of random widths", "no measure explains them, all are tried")(each(lambda rng: some(rng, rng.randint(1, 40)) + "\n"))


@slow("lines of alternating widths", "six measures, each with the same support")
def alternating(rng: random.Random) -> Iterator[str]:
    for number in count():
        yield some(rng, (18, 11, 25, 14, 30, 7)[number % 6]) + "\n"


slow("a paragraph that never ends", "every line is joined, the joined text is one line")(
    each(lambda rng: some(rng, 18, COMMON) + "\n"))
slow("a sentence end in every line", "every line may end a paragraph")(each(lambda rng: some(rng, 17, COMMON) + "。\n"))
slow("lines cut after each mark", "each line may be a piece of a typeset one")(
    each(lambda rng: some(rng, rng.randint(3, 12), COMMON) + rng.choice("，。；、") + "\n"))
slow("lines of 64 and 65 characters", "on both sides of one word of a plane")(
    each(lambda rng: some(rng, 64) + "\n" + some(rng, 65) + "\n"))
slow("lines of 2,049 characters", "one more than a line may have before it is cut into pieces")(
    each(lambda rng: some(rng, 2049) + "\n"))
slow("indented lines", "each may begin a paragraph")(each(lambda rng: "\u3000\u3000" + some(rng, 16) + "\n"))
slow("verse", "short lines of one width without marks")(each(lambda rng: some(rng, 7) + "\n" + some(rng, 7) + "\n\n"))
slow("one line of Han", "no line end: pieces, and no segment ends")(each(lambda rng: some(rng, 50)))
slow("one line, letter-spaced", "the same, and all of it edits")(each(lambda rng: " ".join(some(rng, 50)) + " "))
slow("letter-spaced lines", "a gap for each character, closed all at once")(each(lambda rng: " ".join(some(rng, 20)) + "\n"))
slow("half of each line letter-spaced", "gaps that need a look at their characters")(
    each(lambda rng: some(rng, 10) + " " + " ".join(some(rng, 8)) + "\n"))

# ---------------------------------------------------------------- gaps and what stands beside them
slow("a gap of two spaces behind each character", "each gap is a separator, or damage")(
    each(lambda rng: "  ".join(some(rng, 18)) + "\n"))
slow("gaps of random widths", "spaces, tabs, no-break and full-width ones: no two alike")(
    each(lambda rng: "".join(char + rng.choice(("", " ", "  ", "\u3000", "\t", "\xa0")) for char in some(rng, 18)) + "\n"))
slow("tabs between Han", "each line may be a row of a table")(each(lambda rng: "\t".join(some(rng, 2) for _ in range(6)) + "\n"))
slow("Han and digits with gaps", "kerning between Han and Latin, which the lines around decide")(
    each(lambda rng: "".join(some(rng, 2, COMMON) + f" {rng.randint(1, 99)} " for _ in range(5)) + "\n"))
slow("gaps at marks", "each beside a mark, of both sides")(
    each(lambda rng: "".join(some(rng, 3) + " ， " for _ in range(5)) + "\n"))
slow("grouped numbers with gaps", "numbers that gaps part, which must be read to be closed")(
    each(lambda rng: "共 " + " , ".join(f"{rng.randint(100, 999)}" for _ in range(4)) + " 元 1 0 % 。\n"))
slow("names padded to one width", "bylines: each word is looked up, and how they go together")(
    each(lambda rng: " ".join(rng.choice(NAMES_WAYS).format(*person(rng)) for _ in range(4)) + "\n"))
slow("bylines", "roles and names, in one line")(
    each(lambda rng: rng.choice(ROLES) + " " + " ".join(person(rng, 1)) + " " + person(rng) + "\n"))
slow("bylines cut into lines", "each may go on in the next line")(
    each(lambda rng: "记者 " + " ".join(person(rng, 1)) + " " + "\n".join(person(rng, 1)) + "\n"))
slow("credits in parentheses", "names behind a sentence, looked for backwards from the end")(
    each(lambda rng: some(rng, 12, COMMON) + "。（新华社记者 " + person(rng) + " 摄）\n"))
slow("names in parentheses cut into lines", "each opening one may be closed in the next lines")(
    each(lambda rng: "（" + person(rng, 1) + "\n" + person(rng) + "\n"))
slow("rows of numbers", "each line is a row of a table")(
    each(lambda rng: some(rng, 2) + "".join(f"  {rng.randint(1, 9999)}" for _ in range(6)) + "\n"))
slow("rows of one-character cells", "each line may be a row of a grid")(
    each(lambda rng: " ".join(some(rng, rng.randint(2, 4), COMMON)) + "\n"))
slow("table of contents", "leaders and page numbers")(each(lambda rng: some(rng, 6) + "…" * 8 + f" {rng.randint(1, 400)}\n"))
slow("list markers", "each line may open an item")(
    each(lambda rng: f"{rng.randint(1, 99)}{rng.choice('.、）)')} " + some(rng, 14) + "\n"))
slow("numerals of Han", "each line may open an item, or a number goes on")(
    each(lambda rng: some(rng, 3, "一二三四五六七八九十") + rng.choice("、月个") + some(rng, 12) + "\n"))
slow("keys and colons", "each line may say who speaks")(
    each(lambda rng: person(rng) + "：" + some(rng, 10, COMMON) + "\n"))

# ---------------------------------------------------------------- marks
slow("only pauses", "marks that may be squeezed, one behind the other")(same("，"))
slow("opening brackets", "a depth that never falls")(each(lambda rng: some(rng, 30, "（《“「") + "\n"))
slow("brackets, open and closed", "a depth that must be counted bit by bit")(
    each(lambda rng: "（" + some(rng, 1) + "）“" + some(rng, 1) + "”"))
slow("a quotation open in every line", "each may go on in the next line")(
    each(lambda rng: some(rng, 8) + "“" + some(rng, 9) + "\n"))
slow("vertical forms", "marks of vertical text")(each(lambda rng: "﹁" + some(rng, 8) + "﹂︵" + some(rng, 2) + "︶\n"))

# ---------------------------------------------------------------- characters
slow("characters of 1, 2, 3 and 4 bytes in turn", "no block holds one kind")(
    each(lambda rng: "".join(f"aé{char}{chr(0x20000 + ord(char))}" for char in some(rng, 20))))
slow("all 4-byte characters", "two code units each; no plane knows them")(
    each(lambda rng: "".join(chr(0x20000 + ord(char)) for char in some(rng, 50))))
slow("lines of 4-byte characters", "the same, in lines that are decided")(
    each(lambda rng: "".join(chr(0x20000 + ord(char)) for char in some(rng, 18)) + "\n"))
slow("one rare character a line", "planes do not tell it: its line is read as characters")(
    each(lambda rng: some(rng, 9) + rng.choice("é·😀①") + some(rng, 9) + "\n"))
slow("full-width digits", "every character changes")(each(lambda rng: some(rng, 50, "０１２３４５６７８９")))
slow("full-width letters and marks", "each mark asks for its neighbours")(
    each(lambda rng: some(rng, 3, "ＡＢＣＤ１２３") + rng.choice("，．：～（）")))
slow("radicals", "every character changes, by a table")(
    each(lambda rng: some(rng, 50, "".join(chr(code) for code in range(0x2F00, 0x2FD6)))))
slow("compatibility ideographs", "every character changes, by a large table")(
    each(lambda rng: some(rng, 20, "".join(chr(code) for code in range(0xF900, 0xFA0E))) + "\n"))
slow("one gap, one full-width digit, one line end", "an edit for each character")(each(lambda rng: some(rng, 1) + " ５\n"))
slow("soft hyphens and zero-width spaces", "every second character goes")(
    each(lambda rng: "\u200b".join(some(rng, 10)) + "\xad\n"))
slow("combining marks", "thirty on each base, seen through again and again")(each(lambda rng: "e" + "\u0301" * 30 + some(rng, 1)))
slow("half-width kana", "pairs of characters become one")(each(lambda rng: some(rng, 10, "ｶｷｸﾊﾋ") + "ﾞ" + "\n"))
slow("NUL and controls", "characters that are nothing")(each(lambda rng: some(rng, 8, "\0\x01\x1f\x7f") + some(rng, 8)))
slow("bytes that are not UTF-8", "each is checked again, and its line is literal", errors="preserve")(
    each(lambda rng: some(rng, 10) + "\udcff\udcc3 " + some(rng, 8) + "\n"))

# ---------------------------------------------------------------- other languages, code
slow("English prose in one line", "a gap for each word, none of them closed")(
    same("It rained all night, and in the morning the river stood at the door. "))
slow("English lines", "foreign text, line by line literal")(
    same("It rained all night, and in the morning the river\nstood at the door of the old house by the ferry.\n"))
slow("English words among Han", "words whose gaps must stay, beside gaps that go")(
    each(lambda rng: "".join(some(rng, 3, COMMON) + " New York " for _ in range(4)) + "\n"))
slow("Korean", "gaps between words that look like Han")(
    each(lambda rng: " ".join(some(rng, 3, "가나다라마바사아자차") for _ in range(6)) + "\n"))
slow("kana", "no Han, but joined like it")(each(lambda rng: some(rng, 18, "あいうえおかきくけこアイウエオ") + "\n"))
slow("fences", "each line opens or closes code")(same("```\n"))
slow("box drawing", "each line is literal by itself")(each(lambda rng: "│ " + some(rng, 4) + " │\n"))
slow("signs of programs", "counted one by one")(each(lambda rng: some(rng, 40, "(){}[];=<>\\_#$|&*/\"'`ab江") + "\n"))
slow("addresses", "a line end in one of them may not become a space")(
    each(lambda rng: some(rng, 4) + f"https://example.org/{rng.randint(0, 10 ** 9)}\nnews@example.org" + some(rng, 4) + "\n"))


if __name__ == "__main__":
    for kind in KINDS:
        if not sys.argv[1:] or kind.name in sys.argv[1:]:
            print(f"{kind.name}: {kind.why}\n    {kind.text(120)[:60]!r}")
    print(f"{len(KINDS)} kinds")
