"""Bad input: each case with the error that the contract names, and nothing lost."""
import pytest

from hanflow import Normalizer, normalize

# (bytes, start, end, reason): positions and words are CPython's own.
INVALID = [
    pytest.param("江".encode() + b"\xe6\xb1", 3, 5, "unexpected end of data", id="cut in mid-character"),
    pytest.param(b"ab\xe6", 2, 3, "unexpected end of data", id="cut after the first byte"),
    pytest.param(b"\xf0\x9f\x98", 0, 3, "unexpected end of data", id="cut emoji"),
    pytest.param(b"a\xe6\xb1b", 1, 3, "invalid continuation byte", id="cut inside the text"),
    pytest.param(b"\xc0\x80", 0, 1, "invalid start byte", id="overlong NUL"),
    pytest.param(b"a\xc1\xbf", 1, 2, "invalid start byte", id="overlong, two bytes"),
    pytest.param(b"\xe0\x80\x80", 0, 1, "invalid continuation byte", id="overlong, three bytes"),
    pytest.param(b"\xf0\x80\x80\x80", 0, 1, "invalid continuation byte", id="overlong, four bytes"),
    pytest.param(b"x\xed\xa0\x80", 1, 2, "invalid continuation byte", id="surrogate"),
    pytest.param(b"\xf4\x90\x80\x80", 0, 1, "invalid continuation byte", id="beyond U+10FFFF"),
    pytest.param(b"\xf5\x80\x80\x80", 0, 1, "invalid start byte", id="no such lead byte"),
    pytest.param("水".encode() + b"\x80", 3, 4, "invalid start byte", id="stray continuation"),
    pytest.param(b"\xff\xfeA\0", 0, 1, "invalid start byte", id="UTF-16"),
    pytest.param("江水".encode("gb18030"), 0, 1, "invalid start byte", id="GB 18030"),
    pytest.param(b"a" * 100000 + b"\xff", 100000, 100001, "invalid start byte", id="far in"),
]


@pytest.mark.parametrize("data, start, end, reason", INVALID)
def test_invalid_bytes_are_rejected_with_their_range(data, start, end, reason):
    for call in (normalize, Normalizer().explain, lambda data: normalize(bytearray(data))):
        with pytest.raises(UnicodeDecodeError) as caught:
            call(data)
        error = caught.value
        assert (error.encoding, error.object, error.start, error.end, error.reason) == ("utf-8", data, start, end, reason)


# Texts are read in scans of 16 KiB, which begin where a line does, and in portions of 512 KiB; long lines in pieces.
LINES = {"short": "江水 流\n", "of a page": "渡口的雾散了,第7班船靠岸。" * 3 + "\n", "long": "江a水 " * 1500 + "\n", "one": "江水"}


@pytest.mark.parametrize("near", [4096, 16384, 524288])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_invalid_bytes_are_found_wherever_reading_is_cut(line, near):
    characters = (line * ((near + 100) // len(line.encode()) + 1)).encode()
    for bad in (b"\xe6\xb1", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\x80"):
        for at in range(near - 9, near + 9):
            while characters[at] & 0xC0 == 0x80:
                at += 1
            for data in (characters[:at] + bad + characters[at:], characters[:at] + bad):
                with pytest.raises(UnicodeDecodeError) as expected:
                    data.decode()
                with pytest.raises(UnicodeDecodeError) as caught:
                    normalize(data)
                error = expected.value
                assert (caught.value.start, caught.value.end, caught.value.reason) == (error.start, error.end, error.reason)
    whole = characters[:at]
    assert normalize(whole) == normalize(whole.decode()).encode()


@pytest.mark.parametrize("data, start, end, reason", INVALID)
def test_invalid_bytes_are_preserved(data, start, end, reason):
    assert normalize(data, errors="preserve") == data


def test_every_single_byte_is_preserved():
    for byte in range(0x80, 0x100):
        data = "江".encode() + bytes([byte]) + "水\n".encode()
        assert normalize(data, errors="preserve") == data


def test_repairs_go_on_around_preserved_bytes():
    damaged = "⼤ 江 东 去 ，浪 淘 尽".encode()
    repaired = "大江东去，浪淘尽".encode()
    data = damaged + b"\n\n\xff\n\n" + damaged
    assert normalize(data, errors="preserve") == repaired + b"\n\n\xff\n\n" + repaired


@pytest.mark.parametrize("text", ["\ud800", "江\udfff水", "\ud83d\ude00", "\udc80a", "a\n\ud800\nb"])
def test_lone_surrogates_pass(text):
    assert normalize(text) == text
    assert Normalizer().explain(text) == []


def test_repairs_go_on_around_lone_surrogates():
    assert normalize("⼤江\ud800⼤江") == "大江\ud800大江"
    assert [(r.start, r.end) for r in Normalizer().explain("\ud800⼤江")] == [(1, 2)]


def test_nul_bytes():
    for text in ("\0", "江\0水", "\0\n\0\n"):
        assert normalize(text, compat=False) == text
        assert normalize(text.encode(), compat=False) == text.encode()
    assert normalize("江\0水").replace("\0", "") == "江水"


@pytest.mark.parametrize("text", ["", "\n", "\r\n", "\n\n\n", " ", "   \n", "\u3000", "\t", "\x0c", " \n \n"])
def test_empty_and_white_space(text):
    result = normalize(text)
    assert result.strip() == ""
    assert normalize(result) == result
    assert normalize(text.encode()) == result.encode()


def test_50_mb_without_a_break():
    text = "潮水涨了又退，" * (50_000_000 // 21)
    assert normalize(text) == text
    assert normalize(text.encode()) == text.encode()


def test_50_mb_of_spaces():
    assert normalize(b" " * 50_000_000).strip() == b""


def test_a_million_one_character_lines():
    text = "江\n" * 1_000_000
    result = normalize(text)
    assert result.replace("\n", "") == "江" * 1_000_000
    assert normalize(text.encode()) == result.encode()


def test_a_million_blank_lines():
    text = "\n" * 1_000_000
    assert normalize(text).strip("\n") == ""


@pytest.mark.parametrize("value, kind", [(None, "NoneType"), (5, "int"), (["a"], "list"), (1.5, "float"), (object(), "object")])
def test_wrong_type_is_named(value, kind):
    for call in (normalize, Normalizer(), Normalizer().explain):
        with pytest.raises(TypeError, match=f"text must be str or bytes-like, not {kind}$"):
            call(value)


@pytest.mark.parametrize("option, value, message", [
    ("width", "full", "width must be one of 'contextual', 'alnum', 'all', 'none', not 'full'"),
    ("width", None, "width must be one of 'contextual', 'alnum', 'all', 'none', not None"),
    ("spacing", True, "spacing must be one of 'auto', 'all', 'none', not True"),
    ("latin_gap", "close", "latin_gap must be one of 'auto', 'remove', 'keep', 'insert', not 'close'"),
    ("errors", "ignore", "errors must be one of 'strict', 'preserve', not 'ignore'"),
    ("compat", 1, "compat must be one of True, False, not 1"),
    ("vertical", "yes", "vertical must be one of True, False, not 'yes'"),
    ("unwrap", None, "unwrap must be one of True, False, not None"),
    ("spacing", ["auto"], "spacing must be one of 'auto', 'all', 'none', not ['auto']"),
])
def test_wrong_option_lists_the_valid_ones(option, value, message):
    for call in (Normalizer, lambda **options: normalize("a", **options)):
        with pytest.raises(ValueError) as caught:
            call(**{option: value})
        assert str(caught.value) == message


def test_wrong_value_after_an_equal_right_one():
    assert normalize("a", compat=True) == "a"
    with pytest.raises(ValueError, match="not 1"):
        normalize("a", compat=1)


def test_wrong_opencc_lists_the_names():
    with pytest.raises(ValueError, match=r"opencc must be one of None, .*'s2t', .*'t2s', .*not 's2x'"):
        Normalizer(opencc="s2x")
    for path in ("/etc/passwd", "../s2t", "s2t.json", ""):
        with pytest.raises(ValueError):
            Normalizer(opencc=path)


def test_unknown_option():
    with pytest.raises(TypeError, match="widht"):
        normalize("a", widht="all")
    with pytest.raises(TypeError, match="widht"):
        Normalizer(widht="all")
