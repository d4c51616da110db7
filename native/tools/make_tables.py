#!/usr/bin/env python3
"""Writes the character tables of the core and of the reference from the Unicode Character Database.

    python native/tools/make_tables.py            write the tables
    python native/tools/make_tables.py --check    exit 1 if a written table differs from what would be written

A class says what a character *will become* once `compat` and `width` have done their work: a full-width five is a
DIGIT, a Kangxi radical is HAN, a vertical bracket is an OPEN mark. So no stage has to wait for another one's output.
The order of the rules in `classify` is the order of precedence.
"""
import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "python native/tools/make_tables.py"
LAST = 0x10FFFF
WIDTH = 116  # of generated lines

CLASSES = {  # name: what is in it
    "OTHER": "symbols, emoji, unassigned, private use; controls that are left alone (VT, FS..US, NEL, LS, PS)",
    "NEWLINE": "LF, CR",
    "GAP": "horizontal white space",
    "PAGE": "form feed",
    "HAN": "ideographs of all planes, radicals, iteration marks, ideographic zero",
    "KANA": "hiragana, katakana, bopomofo, prolonged and voiced sound marks",
    "HANGUL": "Hangul letters and syllables",
    "LETTER": "letters of all other scripts",
    "DIGIT": "0-9, full-width ones too",
    "OPEN": "CJK opening marks",
    "CLOSE": "CJK closing marks",
    "STOP": "CJK sentence ends",
    "PAUSE": "CJK commas, colons, semicolons",
    "MARK": "other CJK marks: dashes, dots, wave dash, ditto",
    "ASCII": "ASCII punctuation and symbols, full-width ones too unless they are a CJK mark",
    "DROP": "what compat drops",
    "EXTEND": "combining marks, variation selectors, joiners, emoji modifiers",
}
ID = {name: number for number, name in enumerate(CLASSES)}

# Single characters whose class is a decision of ours, not a property of Unicode's.
STOPS = "。！？…"
PAUSES = "，、；：\uFE30"  # U+FE30, nominally a vertical two-dot leader, is in use as a colon
MARKS = "\u2014\u2015\u2025\u2E3A\u2E3B\u00B7\u30FB\uFF5E"  # — ― ‥ ⸺ ⸻ · ・ ～
QUOTES_OPEN, QUOTES_CLOSE = "“‘", "”’"
DROPPED = "\uFEFF\u200B\u00AD\u2060"  # BOM, zero width space, soft hyphen, word joiner
KEPT_CONTROLS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85"
JOINERS = "\u200C\u200D"
NOT_COMPAT = 0xFE30  # see PAUSES
MARK_BLOCKS = ("CJK Symbols and Punctuation", "Vertical Forms", "CJK Compatibility Forms", "Small Form Variants")
RADICAL_BLOCKS = ("CJK Radicals Supplement", "Kangxi Radicals")
COMPAT_BLOCKS = ("CJK Compatibility Ideographs", "CJK Compatibility Ideographs Supplement")


class Ucd:
    """The files of the Unicode Character Database that the tables are made of."""

    def __init__(self, folder):
        self.folder = folder
        self.category, self.decomposition, self.name = {}, {}, {}
        first = None
        for code, name, category, _, _, decomposition, *_ in self._rows("UnicodeData.txt"):
            code = int(code, 16)
            if name.endswith(", First>"):
                first = code
                continue
            span = range(first, code + 1) if name.endswith(", Last>") else (code,)
            for cp in span:
                self.category[cp] = category
            self.name[code] = name
            if decomposition:
                tag, _, rest = decomposition.rpartition("> ") if "<" in decomposition else ("", "", decomposition)
                self.decomposition[code] = (tag.lstrip("<"), [int(cp, 16) for cp in rest.split()])
        self.script = self._property("Scripts.txt")
        self.extensions = self._property("ScriptExtensions.txt")
        self.width = self._property("EastAsianWidth.txt")
        self.block = self._property("Blocks.txt")
        self.equivalent = self._property("EquivalentUnifiedIdeograph.txt")
        self.properties = {}
        for cps, prop in self._ranges("PropList.txt"):
            self.properties.setdefault(prop, set()).update(cps)
        self.version = re.search(r"-(\d+\.\d+\.\d+)\.txt", self._text("Scripts.txt").splitlines()[0]).group(1)

    def _text(self, file):
        return (self.folder / file).read_text(encoding="utf-8")

    def _rows(self, file):
        for line in self._text(file).splitlines():
            line = line.partition("#")[0].strip()
            if line:
                yield [field.strip() for field in line.split(";")]

    def _ranges(self, file):
        for code, value in self._rows(file):
            first, _, last = code.partition("..")
            yield range(int(first, 16), int(last or first, 16) + 1), value

    def _property(self, file):
        return {cp: value for cps, value in self._ranges(file) for cp in cps}

    def canonical(self, cp):
        """The single code point that cp decomposes to canonically, through all steps; 0 if it does not."""
        target = 0
        while True:
            tag, parts = self.decomposition.get(cp, ("?", ()))
            if tag or len(parts) != 1:
                return target
            target = cp = parts[0]

    def tagged(self, tag):
        """{code point: target} of all single-character compatibility decompositions of one tag."""
        return {cp: parts[0] for cp, (t, parts) in self.decomposition.items() if t == tag and len(parts) == 1}


def make_compat(ucd):
    """The `compat` mapping: radicals, compatibility ideographs, vertical presentation forms."""
    compat = {cp: int(target, 16) for cp, target in ucd.equivalent.items() if ucd.block[cp] in RADICAL_BLOCKS}
    for cp, block in ucd.block.items():
        if block in COMPAT_BLOCKS and ucd.canonical(cp):
            compat[cp] = ucd.canonical(cp)
    fullwidth = {target: cp for cp, target in ucd.tagged("wide").items()}
    for cp, target in ucd.tagged("vertical").items():
        if cp != NOT_COMPAT:
            compat[cp] = fullwidth[target] if target < 0x80 else target
    assert not compat.keys() & set(compat.values()), "a target has a mapping itself: not a fixed point"
    return compat


def make_halfwidth(ucd):
    """Half-width katakana and marks: {cp: full form}, {(cp, half-width sound mark): composed form}."""
    spacing = {parts[1]: cp for cp, (tag, parts) in ucd.decomposition.items()
               if tag == "compat" and len(parts) == 2 and parts[0] == 0x20 and ucd.block[cp] == "Hiragana"}
    combining = {cp: target for cp, target in ucd.tagged("narrow").items()
                 if ucd.block[target] in ("CJK Symbols and Punctuation", "Hiragana", "Katakana")}
    # A sound mark alone becomes the spacing one, not the combining one.
    single = {cp: spacing.get(target, target) for cp, target in combining.items()}
    pairs = {tuple(parts): cp for cp, (tag, parts) in ucd.decomposition.items() if not tag and len(parts) == 2}
    marks = [cp for cp, target in combining.items() if target in spacing]
    composed = {(cp, mark): pairs[combining[cp], combining[mark]]
                for cp in combining for mark in marks if (combining[cp], combining[mark]) in pairs}
    return single, composed


def classify(ucd, compat, halfwidth):
    """The class of every code point, as bytes indexed by it."""
    wide, small = ucd.tagged("wide"), ucd.tagged("small")
    fullwidth = {target: cp for cp, target in wide.items()}
    # Full-width symbols, and what they become (￥ and ¥ must be one class, or `width` would not reach a fixed point).
    symbols = {cp for cp in wide if ucd.category[cp][0] in "PS" and ucd.category[cp] not in ("Ps", "Pe")}
    symbols |= {wide[cp] for cp in symbols}

    def own(cp):
        """The class of a character that stands for itself."""
        char, category, script = chr(cp), ucd.category.get(cp, "Cn"), ucd.script.get(cp, "Unknown")
        scripts = set(ucd.extensions.get(cp, "").split())
        if char in "\n\r":
            return "NEWLINE"
        if char == "\f":
            return "PAGE"
        if char == "\t" or category == "Zs":
            return "GAP"
        if char in DROPPED or category == "Cc" and char not in KEPT_CONTROLS:
            return "DROP"
        if category[0] == "M" or char in JOINERS or ucd.name.get(cp, "").startswith("EMOJI MODIFIER "):
            return "EXTEND"
        if char in STOPS:
            return "STOP"
        if char in PAUSES:
            return "PAUSE"
        if char in MARKS:
            return "MARK"
        cjk = ucd.width.get(cp) in ("W", "F")
        if char in QUOTES_OPEN or cjk and category in ("Ps", "Pi"):
            return "OPEN"
        if char in QUOTES_CLOSE or cjk and category in ("Pe", "Pf"):
            return "CLOSE"
        if cp in ucd.properties["Radical"] or script == "Han" and (category[0] == "L" or category == "Nl"):
            return "HAN"
        if script == "Common" and cp in ucd.properties["Ideographic"]:  # 〆
            return "HAN"
        if script in ("Hiragana", "Katakana", "Bopomofo"):
            return "KANA"
        if scripts & {"Hira", "Kana"} and (category[0] == "L" or category == "Sk"):  # ー 〱 ゛
            return "KANA"
        if script == "Hangul":
            return "HANGUL"
        if category != "Cn" and ucd.block.get(cp) in MARK_BLOCKS or category[0] == "P" and scripts & {"Hira", "Kana"}:
            return "MARK"
        if category[0] == "L":
            return "LETTER"
        if category == "Nd" and cp < 0x80:
            return "DIGIT"
        if cp in symbols or cp < 0x80 and category[0] in "PS":
            return "ASCII"
        return "OTHER"

    def becoming(cp):
        """The class of what the character becomes."""
        if cp in compat:
            return own(compat[cp])
        if cp in halfwidth:
            return own(halfwidth[cp])
        if cp in wide and wide[cp] < 0x80 and ucd.category[wide[cp]][0] in "LN":
            return own(wide[cp])
        if cp in small:  # ﹐ and ﹙ are what their full-width forms are; those with no CJK form stay marks
            kind = own(fullwidth.get(small[cp], small[cp]))
            return kind if kind in ("OPEN", "CLOSE", "STOP", "PAUSE") else "MARK"
        return own(cp)

    assert ucd.properties["White_Space"] - {cp for cp, c in ucd.category.items() if c == "Zs"} == {
        *range(0x09, 0x0E), 0x85, 0x2028, 0x2029}, "new white space: decide what it is"
    return bytes(ID[becoming(cp)] for cp in range(LAST + 1))


def wrap(items, indent):
    """The items, parted by spaces, in lines of bounded width."""
    lines, line = [], ""
    for item in items:
        if line and len(indent) + len(line) + 1 + len(item) > WIDTH:
            lines.append(indent + line)
            line = ""
        line += (" " if line else "") + item
    lines.append(indent + line)
    return "\n".join(lines)


def cxx_array(kind, name, values, form="{}"):
    values = list(values)
    body = wrap((form.format(v) + "," for v in values), "    ")
    return f"inline constexpr {kind} {name}[{len(values)}] = {{\n{body}\n}};\n"


def head(comment, ucd, what):
    return (f"{comment} Generated, do not edit: {COMMAND}\n"
            f"{comment} Unicode {ucd.version}. {what}\n")


def two_stage(classes):
    """Splits the table into equal leaves and an index of them; takes the leaf size that makes both smallest."""
    end = len(classes.rstrip(b"\0"))
    best = None
    for bits in (6, 7):
        size, leaves, index = 1 << bits, {}, []
        for start in range(0, end, size):
            index.append(leaves.setdefault(classes[start:start + size], len(leaves)))
        total = len(index) * (1 if len(leaves) <= 256 else 2) + len(leaves) * size
        if best is None or total < best[0]:
            best = total, bits, index, list(leaves)
    return best[1:]


def classes_hpp(ucd, classes):
    bits, index, leaves = two_stage(classes)
    names = "\n".join(f"    {name} = {ID[name]},".ljust(20) + f"// {what}" for name, what in CLASSES.items())
    kind = "uint8_t" if len(leaves) <= 256 else "uint16_t"
    return (head("//", ucd, "The class of every code point, by what the character will become (compat, width).") + f"""\
#pragma once

#include <cstdint>

namespace hanflow {{

enum CharClass : uint8_t {{
{names}
}};

constexpr unsigned CHAR_CLASS_COUNT = {len(CLASSES)};

namespace tables {{

{cxx_array(kind, "class_index", index)}
{cxx_array("uint8_t", "class_leaves", (value for leaf in leaves for value in leaf))}
}}  // namespace tables

// The class of a code point. Any value may be passed: what is no code point is OTHER.
inline uint8_t char_class(uint32_t cp) noexcept {{
    if (cp >= {len(index) << bits:#x}) return OTHER;
    const uint32_t leaf = tables::class_index[cp >> {bits}];
    return tables::class_leaves[leaf << {bits} | (cp & {(1 << bits) - 1})];
}}

}}  // namespace hanflow
""")


def segments(keys, gap=64):
    """Spans of sorted keys that lie close together."""
    spans = []
    for key in sorted(keys):
        if spans and key - spans[-1][1] <= gap:
            spans[-1][1] = key
        else:
            spans.append([key, key])
    return spans


def compat_hpp(ucd, compat, halfwidth, composed):
    spans = segments(compat)
    tables, tests = [], []
    for first, last in spans:
        name = f"compat_{first:x}"
        kind = "uint32_t" if max(compat.get(cp, 0) for cp in range(first, last + 1)) > 0xFFFF else "uint16_t"
        tables.append(cxx_array(kind, name, (compat.get(cp, 0) for cp in range(first, last + 1)), "{:#x}"))
        tests.append(f"    if (cp - {first:#x}u <= {last - first:#x}u) return tables::{name}[cp - {first:#x}u];")
    first, last = min(halfwidth), max(halfwidth)
    marks = sorted({mark for _, mark in composed})
    for name, values in (("halfwidth_single", (halfwidth[cp] for cp in range(first, last + 1))),
                         *((f"halfwidth_with_{mark:x}", [composed.get((cp, mark), 0) for cp in range(first, last + 1)])
                           for mark in marks)):
        tables.append(cxx_array("uint16_t", name, values, "{:#x}"))
    composers = "\n".join(f"    if (mark == {mark:#x}) return tables::halfwidth_with_{mark:x}[cp - {first:#x}u];"
                          for mark in marks)
    return (head("//", ucd, "What compat makes of a character, and half-width katakana in full.") + f"""\
#pragma once

#include <cstdint>

namespace hanflow {{
namespace tables {{

{chr(10).join(tables)}
}}  // namespace tables

// What `compat` puts in the place of a code point; 0 if it has no mapping. A target never has a mapping itself.
inline uint32_t compat_target(uint32_t cp) noexcept {{
    if (cp < {spans[0][0]:#x}) return 0;
{chr(10).join(tests)}
    return 0;
}}

// The full form of a half-width katakana or mark (U+{first:X}..{last:X}); 0 for any other code point. A sound mark that
// stands alone becomes the spacing one.
inline uint32_t halfwidth_target(uint32_t cp) noexcept {{
    return cp - {first:#x}u <= {last - first:#x}u ? tables::halfwidth_single[cp - {first:#x}u] : 0;
}}

// The one full character that a half-width katakana and a half-width sound mark after it make; 0 if they make none.
inline uint32_t halfwidth_composed(uint32_t cp, uint32_t mark) noexcept {{
    if (cp - {first:#x}u > {last - first:#x}u) return 0;
{composers}
    return 0;
}}

}}  // namespace hanflow
""")


def tables_py(ucd, classes, compat, halfwidth, composed):
    runs = [f"{cp:x}:{classes[cp]}" for cp in range(LAST + 1) if cp == 0 or classes[cp] != classes[cp - 1]]
    pairs = [f"{cp:x}:{target:x}" for cp, target in sorted(compat.items())]
    half = [f"{cp:x}:{target:x}" for cp, target in sorted(halfwidth.items())]
    both = [f"{cp:x}+{mark:x}:{target:x}" for (cp, mark), target in sorted(composed.items())]
    constants = "\n".join(f"{name} = {ID[name]}  # {what}" for name, what in CLASSES.items())
    return (head("#", ucd, "The tables of the core, for the reference.") + f'''\
"""The class of every code point, by what the character will become, and what `compat` makes of it."""
from bisect import bisect_right
from functools import lru_cache

UNICODE_VERSION = "{ucd.version}"

{constants}
CLASS_NAMES = {wrap((f"{name!r}," for name in CLASSES), "    ").join(("(" + chr(10), chr(10) + ")"))}

# Where a run of one class starts : the class.
_RUNS = """
{wrap(runs, "")}
"""
# Code point : what compat puts in its place.
_COMPAT = """
{wrap(pairs, "")}
"""
# Half-width katakana : full form; with a half-width sound mark : the composed form.
_HALFWIDTH = """
{wrap(half, "")}
"""
_COMPOSED = """
{wrap(both, "")}
"""

_starts = [int(run.partition(":")[0], 16) for run in _RUNS.split()]
_classes = [int(run.partition(":")[2]) for run in _RUNS.split()]
_compat = {{int(a, 16): int(b, 16) for a, _, b in (pair.partition(":") for pair in _COMPAT.split())}}
_halfwidth = {{int(a, 16): int(b, 16) for a, _, b in (pair.partition(":") for pair in _HALFWIDTH.split())}}
_composed = {{tuple(int(c, 16) for c in a.split("+")): int(b, 16)
             for a, _, b in (pair.partition(":") for pair in _COMPOSED.split())}}


@lru_cache(maxsize=None)
def char_class(cp):
    """The class of a code point."""
    return _classes[bisect_right(_starts, cp) - 1]


def compat_target(cp):
    """What `compat` puts in the place of a code point; 0 if it has no mapping."""
    return _compat.get(cp, 0)


def halfwidth_target(cp):
    """The full form of a half-width katakana or mark; 0 for any other code point."""
    return _halfwidth.get(cp, 0)


def halfwidth_composed(cp, mark):
    """What a half-width katakana and a half-width sound mark after it make together; 0 if nothing."""
    return _composed.get((cp, mark), 0)
''')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ucd", type=Path, default=Path("/usr/share/unicode"), help="folder of the UCD files")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a written file differs")
    args = parser.parse_args()

    ucd = Ucd(args.ucd)
    compat = make_compat(ucd)
    halfwidth, composed = make_halfwidth(ucd)
    classes = classify(ucd, compat, halfwidth)
    files = {
        "native/src/text/tables/classes.hpp": classes_hpp(ucd, classes),
        "native/src/text/tables/compat.hpp": compat_hpp(ucd, compat, halfwidth, composed),
        "tests/reference/tables.py": tables_py(ucd, classes, compat, halfwidth, composed),
    }
    stale = []
    for name, text in files.items():
        path = ROOT / name
        if args.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    for name in stale:
        print(f"{name} is not what {COMMAND} writes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
