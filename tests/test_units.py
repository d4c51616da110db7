"""Code units of the core: UTF-8 and a str's own units become code units and come back, with what is no character on the way."""
import ctypes
import random

import pytest

import core
import strategies as s

WELL_FORMED, SURROGATES, ESCAPED = range(3)
PLACE = 0xFFFF
# Of each length in UTF-8, at the edges of each; a pair that could be two lone surrogates is one character.
TEXT = "a\x7f\x80é\u07ff\u0800中\ud7ff\ue000\ufffd\ufffe\U00010000😀\U0010ffff\n"


@pytest.fixture(scope="module")
def native():
    library = core.library()
    if not library:
        pytest.skip("needs g++")
    for name in ("units_of_utf8", "utf8_of_units", "units_of_str", "str_of_units", "extent", "bytes_at"):
        getattr(library, name).restype = ctypes.c_size_t
    return library


def utf16(text):
    return list(memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"))


def array(values, of=ctypes.c_uint16):
    return (of * max(1, len(values)))(*values)


def units_of(native, data, reading):
    """-> the code units of bytes, and what stands at U+FFFF."""
    out, substitutes, count = (ctypes.c_uint16 * (len(data) + 64))(), (ctypes.c_uint16 * (len(data) + 1))(), ctypes.c_size_t()
    made = native.units_of_utf8(data, ctypes.c_size_t(len(data)), reading, out, substitutes, ctypes.byref(count))
    return out[:made], substitutes[:count.value]


def utf8_of(native, units, reading, substitutes=()):
    out = (ctypes.c_uint8 * (3 * len(units) + 64))()
    made = native.utf8_of_units(array(units), ctypes.c_size_t(len(units)), reading, out, array(substitutes), ctypes.c_size_t(len(substitutes)))
    return bytes(out[:made])


def units_of_str(native, text, unit_bytes):
    kind = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32}[unit_bytes]
    out, substitutes, count = (ctypes.c_uint16 * (2 * len(text) + 64))(), (ctypes.c_uint16 * (len(text) + 1))(), ctypes.c_size_t()
    made = native.units_of_str(array([ord(c) for c in text], kind), ctypes.c_size_t(len(text)), unit_bytes, out, substitutes, ctypes.byref(count))
    return out[:made], substitutes[:count.value]


def str_of(native, units, unit_bytes, substitutes=()):
    kind = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32}[unit_bytes]
    out = (kind * (len(units) + 1))()
    made = native.str_of_units(array(units), ctypes.c_size_t(len(units)), out, unit_bytes, array(substitutes), ctypes.c_size_t(len(substitutes)))
    return "".join(map(chr, out[:made]))


def test_utf8_there_and_back(native):
    for reading in (WELL_FORMED, SURROGATES, ESCAPED):
        units, substitutes = units_of(native, TEXT.encode(), reading)
        assert (units, substitutes) == (utf16(TEXT), [])
        assert utf8_of(native, units, reading) == TEXT.encode()


@pytest.mark.parametrize("text, units, substitutes", [
    ("\ud83d\ude00", [PLACE, PLACE], [0xD83D, 0xDE00]),  # two lone ones are no character
    ("\ude00😀\ud83d", [PLACE, 0xD83D, 0xDE00, PLACE], [0xDE00, 0xD83D]),
    ("a\ud800", [0x61, PLACE], [0xD800]),
    ("\udfff\uffff中", [PLACE, PLACE, 0x4E2D], [0xDFFF, 0xFFFF]),
    ("\uffff", [PLACE], [0xFFFF]),
])
def test_lone_surrogates_have_substitutes(native, text, units, substitutes):
    data = text.encode("utf8", "surrogatepass")
    assert units_of(native, data, SURROGATES) == (units, substitutes)
    assert utf8_of(native, units, SURROGATES, substitutes) == data
    assert units_of_str(native, text, 4) == (units, substitutes)
    assert str_of(native, units, 4, substitutes) == text
    if max(text) <= "\uffff":
        assert units_of_str(native, text, 2) == (units, substitutes)
        assert str_of(native, units, 2, substitutes) == text


@pytest.mark.parametrize("data, units", [
    (b"\xff", [0xDCFF]),
    (b"a\xe4\xb8", [0x61, 0xDCE4, 0xDCB8]),
    (b"\xed\xa0\x80", [0xDCED, 0xDCA0, 0xDC80]),  # a surrogate is no UTF-8
    (b"\xed\xa0\xbd\xed\xb8\x80", [0xDCED, 0xDCA0, 0xDCBD, 0xDCED, 0xDCB8, 0xDC80]),
    (b"\xf0\x9f\x98\xe4\xb8\xad", [0xDCF0, 0xDC9F, 0xDC98, 0x4E2D]),
    (b"\xf0\x9f\x98\x80\x80", [0xD83D, 0xDE00, 0xDC80]),  # a byte behind a pair
    (b"\xef\xbf\xbf\xff", [0xFFFF, 0xDCFF]),
    (b"\xf4\x90\x80\x80", [0xDCF4, 0xDC90, 0xDC80, 0xDC80]),
])
def test_bytes_that_are_no_utf8_are_escaped(native, data, units):
    assert units_of(native, data, ESCAPED) == (units, [])
    assert utf8_of(native, units, ESCAPED) == data


def test_any_bytes_come_back(native):
    chance = random.Random(3)
    for _ in range(3000):
        data = s.random_bytes(chance)[:400]
        units, substitutes = units_of(native, data, ESCAPED)
        # As CPython escapes them, but for the pairs.
        assert (units, substitutes) == (utf16(data.decode("utf8", "surrogateescape")), [])
        assert utf8_of(native, units, ESCAPED) == data


def test_any_str_comes_back(native):
    """Each kind of text, in units of each width that holds it."""
    chance = random.Random(4)
    for _ in range(3000):
        alphabet = chance.choice(["az\n", "azéÿ", TEXT[:11] + "\uffff" + s.SURROGATES, TEXT + "\uffff" + s.SURROGATES, TEXT])
        text = "".join(chance.choices(alphabet, k=chance.randrange(120)))
        wanted = [place for c in text for place in ([PLACE] if "\ud800" <= c < "\ue000" else utf16(c))]
        lone = [ord(c) for c in text if "\ud800" <= c < "\ue000" or c == "\uffff"]
        for unit_bytes in (1, 2, 4):
            if text and ord(max(text)) >> 8 * unit_bytes:
                continue
            units, substitutes = units_of_str(native, text, unit_bytes)
            assert (units, substitutes) == (wanted, lone)
            assert str_of(native, units, unit_bytes, substitutes) == text
        data = text.encode("utf8", "surrogatepass")
        assert units_of(native, data, SURROGATES) == (wanted, lone)
        assert utf8_of(native, wanted, SURROGATES, lone) == data


def test_how_wide_a_str_of_them_is(native):
    for text, greatest in (("", 0x7F), ("a\x7f", 0x7F), ("a\x80", 0xFF), ("ÿ", 0xFF), ("\u0100", 0xFFFF), ("\uffff", 0xFFFF),
                           ("中😀", 0x10FFFF), ("😀", 0x10FFFF)):
        units, found = utf16(text), ctypes.c_uint32()
        assert native.extent(array(units), ctypes.c_size_t(len(units)), ctypes.byref(found)) == len(text)
        assert found.value == greatest, text


def test_which_str_is_code_units(native):
    native.is_code_units.restype = ctypes.c_bool
    for text, are in (("", True), ("中\uffff", True), ("\ud800", False), ("中" * 5000 + "\udfff", False), ("中" * 5000, True)):
        assert native.is_code_units(array([ord(c) for c in text]), ctypes.c_size_t(len(text))) is are


@pytest.mark.parametrize("reading, data", [
    (WELL_FORMED, TEXT.encode()),
    (SURROGATES, (TEXT + "\ud83d\ude00\uffff😀\ude00").encode("utf8", "surrogatepass")),
    (ESCAPED, TEXT.encode() + b"\xff\xed\xa0\x80\xf0\x9f\x98\x80\x80\xef\xbf\xbf"),
])
def test_bytes_of_each_unit(native, reading, data):
    """Up to each unit, but inside of pairs, so many bytes as the units are."""
    units, substitutes = units_of(native, data, reading)
    at = 0
    for i in range(len(units)):
        at += native.bytes_at(array(units), ctypes.c_size_t(i), ctypes.c_size_t(len(units)), reading)
        pair = 0xD800 <= units[i] < 0xDC00
        assert pair or at == len(utf8_of(native, units[:i + 1], reading, substitutes))
    assert at == len(data)
