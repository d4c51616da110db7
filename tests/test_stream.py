"""A stream gives what the whole text gives, wherever the pieces are cut (guarantee 4)."""
import gc
import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies as s
from hanflow import Normalizer
WHOLE = Normalizer()
CI = dict(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def pieces_of(text, size, rng):
    at = 0
    while at < len(text):
        step = rng.randint(1, size)
        yield text[at:at + step]
        at += step


def through(normalizer, pieces, empty):
    stream = normalizer.stream()
    out = [stream.feed(piece) for piece in pieces]
    return empty.join([*out, stream.close()])


def many_pages(rng, count, **kinds):
    """Longer than a segment, with all that may stand between pages."""
    between = ["", "\n", "\n\n\n\n\n\n", "\r\n", "\x0c\n", "```\n", "\r"]
    return "".join(s.random_page(rng, grids=True, **kinds).text + rng.choice(between) for _ in range(count))


@pytest.mark.parametrize("size", [1, 7, 8192])
@pytest.mark.parametrize("seed", range(8))
def test_pieces_of_any_size(seed, size):
    rng = random.Random(seed)
    text = many_pages(rng, 60 if size > 1 else 12, surrogates=seed % 2 == 0)
    assert through(WHOLE, pieces_of(text, size, rng), "") == WHOLE(text)
    data = text.encode("utf8", "replace")
    assert through(WHOLE, pieces_of(data, size, rng), b"") == WHOLE(data)


@settings(max_examples=100, **CI)
@given(s.texts(grids=True, surrogates=True), s.options(), st.randoms(use_true_random=False))
def test_any_text_any_options(text, options, rng):
    normalizer = Normalizer(**options)
    assert through(normalizer, pieces_of(text, 40, rng), "") == normalizer(text)


def test_cut_at_every_line_end():
    """Also where a segment ends: 700 lines are two."""
    rng = random.Random(5)
    lines = many_pages(rng, 40).splitlines(keepends=True)[:700]
    assert through(WHOLE, lines, "") == WHOLE("".join(lines))


def test_bytes_that_are_not_utf8_are_kept():
    normalizer = Normalizer(errors="preserve")
    rng = random.Random(9)
    data = b"\n".join(s.random_bytes(rng) for _ in range(40))
    assert through(normalizer, pieces_of(data, 30, rng), b"") == normalizer(data)


@pytest.mark.parametrize("config", ["t2s", "s2twp"])
def test_opencc(config):
    normalizer = Normalizer(opencc=config)
    rng = random.Random(2)
    text = many_pages(rng, 40)
    assert through(normalizer, pieces_of(text, 500, rng), "") == normalizer(text)


def test_results_come_before_the_end():
    """Each of the passes holds its open segment: together a megabyte or two."""
    stream = WHOLE.stream()
    text = many_pages(random.Random(1), 40).encode("utf8", "replace")
    text *= (4 << 20) // len(text)
    got = sum(len(stream.feed(piece)) for piece in pieces_of(text, 8192, random.Random(1)))
    assert got > len(text) // 3


def test_memory_does_not_grow_with_the_text():
    """Python's own: what the core holds is not seen here; the pieces are, if they were kept."""
    piece = many_pages(random.Random(1), 20).encode("utf8", "replace")
    stream = WHOLE.stream()
    stream.feed(piece)
    gc.collect()
    tracemalloc.start()
    for _ in range(200):
        stream.feed(piece)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < len(piece)


class TestErrors:
    def test_position_in_the_stream(self):
        stream = WHOLE.stream()
        stream.feed("江水".encode())
        with pytest.raises(UnicodeDecodeError) as caught:
            stream.feed("流".encode() + b"\xff" + "淌".encode())
        assert (caught.value.start, caught.value.end, caught.value.reason) == (3, 4, "invalid start byte")
        assert "at byte 9 of the stream" in str(getattr(caught.value, "__notes__", caught.value))

    def test_character_that_the_end_cuts(self):
        stream = WHOLE.stream()
        stream.feed("江水".encode()[:4])
        with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
            stream.close()

    def test_character_over_two_pieces(self):
        stream = WHOLE.stream()
        assert stream.feed("江水".encode()[:4]) + stream.feed("江水".encode()[4:]) + stream.close() == "江水".encode()

    def test_closed(self):
        stream = WHOLE.stream()
        assert stream.close() == ""
        for call in (stream.close, lambda: stream.feed("江")):
            with pytest.raises(ValueError, match="the stream is closed"):
                call()

    def test_closed_by_an_error(self):
        stream = WHOLE.stream()
        with pytest.raises(UnicodeDecodeError):
            stream.feed(b"\xff")
        with pytest.raises(ValueError, match="the stream is closed"):
            stream.feed("江".encode())

    def test_kinds_do_not_mix(self):
        stream = WHOLE.stream()
        stream.feed("江")
        with pytest.raises(TypeError, match="the pieces before were str: a piece must be so too, not bytes"):
            stream.feed(b"\xe6")
        assert stream.feed("水") + stream.close() == "江水"

    @pytest.mark.parametrize("piece", [None, 5, ["江"]])
    def test_wrong_kind(self, piece):
        with pytest.raises(TypeError, match="a piece must be str or bytes-like, not"):
            WHOLE.stream().feed(piece)
