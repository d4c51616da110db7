"""The core's UTF-8 validation says what CPython's decoder says: same verdict, same bytes, same words."""
import ctypes
import itertools
import random

import pytest

from core import library as library_of_core

HANDLERS = {False: "strict", True: "surrogatepass"}
# The bytes at which a rule changes; sequences of them reach every branch.
EDGES = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
         0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]
TEXT = "今天，ab 12\n①é한글𠀀😀\ufeff" * 3


class Utf8Error(ctypes.Structure):
    _fields_ = [("ok", ctypes.c_bool), ("begin", ctypes.c_size_t), ("end", ctypes.c_size_t),
                ("reason", ctypes.c_char_p)]


@pytest.fixture(scope="module")
def core():
    library = library_of_core()
    if not library:
        pytest.skip("needs g++")
    library.validate.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_bool]
    library.validate.restype = Utf8Error
    library.ill_formed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_bool]
    library.ill_formed.restype = ctypes.c_size_t
    return library


def cpython(data, surrogates):
    try:
        data.decode("utf-8", HANDLERS[surrogates])
    except UnicodeDecodeError as error:
        return error.start, error.end, error.reason
    return None


def native(core, data, surrogates):
    error = core.validate(data, len(data), surrogates)
    if error.ok:
        assert (error.begin, error.end, error.reason) == (0, 0, None)
        return None
    return error.begin, error.end, error.reason.decode()


def compare(core, sequences):
    for data in sequences:
        for surrogates in (False, True):
            assert native(core, data, surrogates) == cpython(data, surrogates), (data, surrogates)


# Typed by hand, after Unicode's table of well-formed byte sequences.
@pytest.mark.parametrize("data, strict, passing", [
    (b"", None, None),
    ("中".encode(), None, None),
    (b"\x80", (0, 1, "invalid start byte"), ...),
    (b"a\xc0\x80", (1, 2, "invalid start byte"), ...),
    (b"\xe4\xb8", (0, 2, "unexpected end of data"), ...),
    (b"\xe4\xb8a", (0, 2, "invalid continuation byte"), ...),
    (b"\xe0\x80\x80", (0, 1, "invalid continuation byte"), ...),
    (b"\xed\xa0\x80", (0, 1, "invalid continuation byte"), None),
    (b"\xed\xa0", (0, 1, "invalid continuation byte"), ...),
    (b"\xf0\x9f\x98", (0, 3, "unexpected end of data"), ...),
    (b"\xf4\x90\x80\x80", (0, 1, "invalid continuation byte"), ...),
    (b"\xf5\x80", (0, 1, "invalid start byte"), ...),
])
def test_typed_by_hand(core, data, strict, passing):
    assert native(core, data, False) == strict
    assert native(core, data, True) == (strict if passing is ... else passing)


def test_null_data(core):
    assert core.validate(None, 0, False).ok


def test_bytes_behind_the_end_do_not_count(core):
    for character in "\ud800中𠀀":
        data = character.encode("utf-8", "surrogatepass")
        for size in range(1, len(data)):
            error = core.validate(data, size, True)
            assert (error.begin, error.end, error.reason.decode()) == cpython(data[:size], True)


def test_all_short_sequences(core):
    compare(core, (bytes(pair) for size in (1, 2) for pair in itertools.product(range(256), repeat=size)))


def test_edge_bytes_up_to_four(core):
    compare(core, (bytes(some) for size in (3, 4) for some in itertools.product(EDGES[1::2] + [0xE0, 0xED, 0xF0, 0xF4],
                                                                                repeat=size)))


def test_random_sequences(core):
    chance = random.Random(1)
    compare(core, (bytes(chance.choices(EDGES if chance.random() < 0.7 else range(256), k=chance.randint(3, 6)))
                   for _ in range(60_000)))


def test_every_code_point(core):
    everything = "".join(map(chr, range(0x110000)))
    assert native(core, everything.encode("utf-8", "surrogatepass"), True) is None
    assert native(core, everything.encode("utf-8", "ignore"), False) is None


def test_overlong_forms(core):
    def overlong(cp, size):
        tail = [0x80 | cp >> 6 * i & 0x3F for i in reversed(range(size - 1))]
        return bytes([{2: 0xC0, 3: 0xE0, 4: 0xF0}[size] | cp >> 6 * (size - 1)] + tail)

    forms = [overlong(cp, size) for size, limit in ((2, 0x80), (3, 0x800), (4, 0x10000)) for cp in range(0, limit, 7)]
    compare(core, forms)
    for form in forms:
        assert native(core, form, True)[:2] == (0, 1)


def test_text_cut_anywhere(core):
    data = TEXT.encode()
    compare(core, (data[begin:end] for begin in range(0, 9) for end in range(begin, len(data) + 1)))


def test_error_anywhere_in_a_long_text(core):
    """Each bad sequence at each distance from the bounds of the blocks that are looked at in one go."""
    bad = [b"\xff", b"\x80", b"\xc3", b"\xe4\xb8", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf", b"\xf0\x9f\x98",
           b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xc1\xbf"]
    for character in ("a", "é", "中", "𠀀"):
        for shift in range(4):
            for count in range(200 // len(character.encode())):
                before = b"x" * shift + character.encode() * count
                compare(core, (before + some + after for some in bad for after in (b"", character.encode() * 40)))


def test_skipping_finds_what_cpython_finds(core):
    """The preserve policy walks on by ill_formed_length: it must meet the errors that CPython's handlers meet."""
    chance = random.Random(2)
    for _ in range(3_000):
        pieces = [bytes(chance.choices(EDGES, k=chance.randint(1, 4))) if chance.random() < 0.3 else
                  chance.choice(TEXT).encode() for _ in range(chance.randint(1, 40))]
        data = b"".join(pieces)
        at, found = 0, []
        while at < len(data):
            error = core.validate(data[at:], len(data) - at, False)
            if error.ok:
                break
            begin, end = at + error.begin, at + error.end
            assert core.ill_formed(data, len(data), begin, False) == end - begin
            found.append(data[begin:end])
            at = end
        kept = "".join("".join(chr(0xDC00 + byte) for byte in some) for some in found)
        assert kept == "".join(c for c in data.decode("utf-8", "surrogateescape") if "\udc80" <= c <= "\udcff")
        assert data.decode("utf-8", "replace").count("\ufffd") == len(found)


def test_length_of_well_formed_is_zero(core):
    for character in TEXT:
        data = character.encode()
        assert core.ill_formed(data, len(data), 0, False) == 0
    surrogate = b"\xed\xa0\x80"
    assert core.ill_formed(surrogate, 3, 0, True) == 0
    assert core.ill_formed(surrogate, 3, 0, False) == 1
