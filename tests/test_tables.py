"""The generated character tables: against Python's own Unicode data, and against expectations typed by hand."""
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from reference import surnames, tables
from reference.tables import char_class, compat_target, halfwidth_composed, halfwidth_target

ROOT = Path(__file__).resolve().parents[1]
CODE_POINTS = range(0x110000)

# Typed by hand, from the code charts.
EXPECTED = {
    "OTHER": [0x0B, 0x1C, 0x1F, 0x85, 0x2028, 0x2029, 0xB0, 0x2013, 0x2022, 0x2047, 0x203C, 0x2103, 0x2160, 0x2460,
              0x25CF, 0x3220, 0x3231, 0x3360, 0x33A1, 0xD800, 0xE000, 0xFFFD, 0xFE32, 0x1F600, 0x2EBF0, 0x2A6E0,
              0x323B0, 0xF0000, 0x10FFFF],
    "NEWLINE": [0x0A, 0x0D],
    "GAP": [0x09, 0x20, 0xA0, 0x1680, 0x2000, 0x2003, 0x200A, 0x202F, 0x205F, 0x3000],
    "PAGE": [0x0C],
    "HAN": [0x4E00, 0x9FFF, 0x3400, 0x4DBF, 0x3005, 0x3006, 0x3007, 0x3021, 0x303B, 0x2E80, 0x2E9F, 0x2F00, 0x2FD5,
            0xF900, 0xFA0E, 0xFA29, 0xFAD9, 0x20000, 0x2A6DF, 0x2A700, 0x2B740, 0x2B820, 0x2CEA1, 0x2CEB0, 0x2EBE0,
            0x2F800, 0x2FA1D, 0x30000, 0x3134A, 0x31350, 0x323AF],
    "KANA": [0x3042, 0x30A2, 0x30FC, 0x3105, 0x31A0, 0x31F0, 0x309B, 0x309D, 0x3031, 0xFF66, 0xFF70, 0xFF71, 0xFF9E,
             0xFF9F, 0x1B000],
    "HANGUL": [0x1100, 0x3131, 0xAC00, 0xD7A3, 0xFFA1],
    "LETTER": [0x41, 0x7A, 0xE9, 0x3B1, 0x416, 0x5D0, 0x627, 0xE01, 0xFF21, 0xFF5A, 0x1D400, 0xA000, 0x17000],
    "DIGIT": [0x30, 0x39, 0xFF10, 0xFF19],
    "OPEN": [0x2018, 0x201C, 0x3008, 0x300A, 0x300C, 0x3010, 0x3014, 0x301D, 0xFE17, 0xFE35, 0xFE41, 0xFE59, 0xFF08,
             0xFF3B, 0xFF5B, 0xFF62],
    "CLOSE": [0x2019, 0x201D, 0x3009, 0x300B, 0x300D, 0x3011, 0x301E, 0x301F, 0xFE18, 0xFE36, 0xFE5A, 0xFF09, 0xFF3D,
              0xFF5D, 0xFF63],
    "STOP": [0x2026, 0x3002, 0xFE12, 0xFE15, 0xFE16, 0xFE19, 0xFF01, 0xFF1F, 0xFF61],
    "PAUSE": [0x3001, 0xFE10, 0xFE11, 0xFE13, 0xFE14, 0xFE30, 0xFE50, 0xFE51, 0xFE54, 0xFE55, 0xFF0C, 0xFF1A, 0xFF1B,
              0xFF64],
    "MARK": [0xB7, 0x2014, 0x2015, 0x2025, 0x2E3A, 0x3003, 0x3012, 0x3013, 0x301C, 0x30FB, 0xFE31, 0xFE45, 0xFE52,
             0xFF5E, 0xFF65],
    "ASCII": [0x21, 0x22, 0x27, 0x28, 0x2C, 0x3A, 0x3F, 0x40, 0x5B, 0x7E, 0xA5, 0xFE33, 0xFF05, 0xFF0B, 0xFF0E, 0xFF0F,
              0xFF20, 0xFF5C, 0xFFE1, 0xFFE5],
    "DROP": [0x00, 0x08, 0x0E, 0x1B, 0x7F, 0x80, 0x9F, 0xAD, 0x200B, 0x2060, 0xFEFF],
    "EXTEND": [0x300, 0x20DD, 0x200C, 0x200D, 0x302A, 0x3099, 0x309A, 0xFE00, 0xFE0F, 0xE0100, 0xE01EF, 0x1F3FB,
               0x1F3FF],
}

# Typed by hand. 0: stays as it is.
COMPAT = {
    "⼤": "大", "⼀": "一", "⿕": "龠", "⺠": "民", "⻓": "长", "⻅": "见", "⺁": "厂",
    "\uF900": "豈", "\uF9D1": "六", "\uFA6C": "\U000242EE", "\uFAD9": "\u9F8E", "\U0002F800": "丽",
    "\U0002FA1D": "\U0002A600",
    "︐": "，", "︑": "、", "︒": "。", "︓": "：", "︔": "；", "︕": "！", "︖": "？", "︗": "〖", "︙": "…", "︱": "—", "︲": "–",
    "︳": "＿", "︴": "＿", "︵": "（", "︶": "）", "︷": "｛", "︹": "〔", "︻": "【", "︽": "《", "︿": "〈", "﹁": "「", "﹄": "』",
    "﹇": "［", "﹈": "］",
}
NOT_COMPAT = [0x41, 0x4E00, 0x2E80, 0x2E9A, 0x2FD6, 0x3007, 0x31C0, 0xFA0E, 0xFA0F, 0xFA11, 0xFA13, 0xFA29, 0xFE30, 0xFE45,
              0xFE50, 0xFF0C, 0x2329, 0x212B, 0x2FA1E, 0x20000]


@pytest.mark.parametrize("name", tables.CLASS_NAMES)
def test_class_typed_by_hand(name):
    wrong = {hex(cp): tables.CLASS_NAMES[char_class(cp)] for cp in EXPECTED[name] if char_class(cp) != getattr(tables, name)}
    assert not wrong


def test_classes_follow_unicode():
    """What must hold for every code point that this Python knows, stated by another road than the generator's."""
    wrong = []
    for cp in CODE_POINTS:
        char, name = chr(cp), tables.CLASS_NAMES[char_class(cp)]
        category, title = unicodedata.category(char), unicodedata.name(char, "")
        if category == "Cn":
            continue  # may be assigned in the tables' newer version
        if category == "Zs" or char == "\t":
            ok = name == "GAP"
        elif category[0] == "M":
            ok = name == "EXTEND"
        elif title.startswith(("CJK UNIFIED IDEOGRAPH-", "CJK COMPATIBILITY IDEOGRAPH-", "KANGXI RADICAL ", "CJK RADICAL ")):
            ok = name == "HAN"
        elif title.startswith(("HIRAGANA LETTER ", "KATAKANA LETTER ", "BOPOMOFO LETTER ", "HALFWIDTH KATAKANA LETTER ")):
            ok = name == "KANA"
        elif title.startswith(("HANGUL SYLLABLE ", "HANGUL LETTER ", "HALFWIDTH HANGUL ")):
            ok = name == "HANGUL"
        elif category[0] == "L":
            ok = name in ("LETTER", "HAN", "KANA", "HANGUL")
        elif cp < 0x7F and category[0] in "PS":
            ok = name == "ASCII"
        else:
            ok = name not in ("LETTER", "GAP")
        if name in ("OPEN", "CLOSE"):
            ok = ok and category in {"OPEN": ("Ps", "Pi"), "CLOSE": ("Pe", "Pf")}[name]
        if name == "DIGIT":
            ok = ok and unicodedata.normalize("NFKC", char) in "0123456789"
        if not ok:
            wrong.append((hex(cp), title, name))
    assert not wrong


def test_compat_typed_by_hand():
    assert {a: chr(compat_target(ord(a))) for a in COMPAT} == COMPAT
    assert [hex(cp) for cp in NOT_COMPAT if compat_target(cp)] == []


def test_compat_follows_unicode():
    for cp in CODE_POINTS:
        char, target = chr(cp), compat_target(cp)
        title = unicodedata.name(char, "")
        if title.startswith("CJK COMPATIBILITY IDEOGRAPH-"):
            assert chr(target or cp) == unicodedata.normalize("NFC", char), hex(cp)
        elif title.startswith("KANGXI RADICAL "):
            assert target and chr(target) == unicodedata.normalize("NFKC", char), hex(cp)
        elif title.startswith("PRESENTATION FORM FOR VERTICAL ") and cp != 0xFE30:
            assert unicodedata.normalize("NFKC", chr(target)) == unicodedata.normalize("NFKC", char), hex(cp)
        elif target:
            assert title.startswith("CJK RADICAL ") and char_class(target) == tables.HAN, hex(cp)


def test_compat_is_a_fixed_point():
    """A target maps no further, and has the class of its source: no stage can tell the order they run in."""
    for cp in CODE_POINTS:
        target = compat_target(cp) or halfwidth_target(cp)
        if target:
            assert compat_target(target) == halfwidth_target(target) == 0, hex(cp)
            assert char_class(target) == char_class(cp), hex(cp)


def test_halfwidth_typed_by_hand():
    full = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜"
    assert "".join(chr(halfwidth_target(cp)) for cp in range(0xFF61, 0xFFA0)) == full
    assert halfwidth_target(0xFF60) == halfwidth_target(0xFFA0) == halfwidth_target(0x30AB) == 0
    voiced = {"ｶ": "ガ", "ｿ": "ゾ", "ﾂ": "ヅ", "ﾊ": "バ", "ｳ": "ヴ", "ﾜ": "ヷ", "ｦ": "ヺ", "ﾏ": "\0", "ﾝ": "\0", "A": "\0"}
    assert {a: chr(halfwidth_composed(ord(a), 0xFF9E)) for a in voiced} == voiced
    semivoiced = {"ﾊ": "パ", "ﾎ": "ポ", "ｶ": "\0", "ﾞ": "\0"}
    assert {a: chr(halfwidth_composed(ord(a), 0xFF9F)) for a in semivoiced} == semivoiced


def test_halfwidth_follows_unicode():
    for cp in range(0xFF61, 0xFF9E):
        assert chr(halfwidth_target(cp)) == unicodedata.normalize("NFKC", chr(cp))
        for mark in (0xFF9E, 0xFF9F):
            both = unicodedata.normalize("NFKC", chr(cp) + chr(mark))
            assert halfwidth_composed(cp, mark) == (ord(both) if len(both) == 1 else 0)


def test_surnames():
    for name in "赵 趙 钱 王 陈 陳 欧 歐 龚 龔 萧 肖 蕭 钟 鍾 覃 冼 闫 邱 丘 范 余".split():
        assert surnames.is_surname(ord(name)), name
    for word in "的 是 们 這 ， A 〇".split():
        assert not surnames.is_surname(ord(word)), word
    for name in "欧阳 歐陽 司马 司馬 诸葛 諸葛 慕容 上官 令狐 皇甫 尉迟 公孙 端木 夏侯 轩辕 钟离 澹台 独孤 东郭 拓跋 西門".split():
        assert surnames.is_compound_surname(*map(ord, name)), name
    assert not surnames.is_compound_surname(ord("阳"), ord("欧"))


@pytest.mark.skipif(not Path("/usr/share/unicode/UnicodeData.txt").exists(), reason="needs Debian's unicode-data")
def test_written_tables_are_current():
    subprocess.run([sys.executable, "-B", ROOT / "native/tools/make_tables.py", "--check"], check=True)


def test_written_surnames_are_current():
    subprocess.run([sys.executable, "-B", ROOT / "native/tools/make_surnames.py", "--check"], check=True)
