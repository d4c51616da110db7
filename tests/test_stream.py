"""A stream gives what the whole text gives, wherever the pieces are cut (guarantee 4)."""
import copy
import gc
import io
import pickle
import random
import threading
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies as s
from hanflow import Normalizer
from hanflow._core import Pieces

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
        assert stream.feed("江") + stream.close() == "江"
        assert stream.closed
        with pytest.raises(ValueError, match="the stream is closed"):
            stream.feed("江")
        with pytest.raises(ValueError, match="the stream is closed"):
            with stream:
                pass
        assert stream.close() == ""  # as with files: once more does no harm

    def test_closed_by_an_error(self):
        stream = WHOLE.stream()
        with pytest.raises(UnicodeDecodeError):
            stream.feed(b"\xff")
        with pytest.raises(ValueError, match="the stream is closed"):
            stream.feed("江".encode())
        with pytest.raises(ValueError, match="closed by an error: there is no rest"):
            stream.close()

    def test_kinds_do_not_mix(self):
        stream = WHOLE.stream()
        stream.feed("江")
        with pytest.raises(TypeError, match="the stream is of str: a piece must be so too, not bytes"):
            stream.feed(b"\xe6")
        assert stream.feed("水") + stream.close() == "江水"

    @pytest.mark.parametrize("piece", [None, 5, ["江"]])
    def test_wrong_kind(self, piece):
        with pytest.raises(TypeError, match="a piece must be str or bytes-like, not"):
            WHOLE.stream().feed(piece)


class TestKind:
    """Which kind the results are, also when no piece comes."""

    @pytest.mark.parametrize("kind, empty", [(None, ""), (str, ""), (bytes, b"")])
    def test_without_a_piece(self, kind, empty):
        stream = WHOLE.stream(kind)
        assert stream.close() == empty and type(stream.close()) is type(empty)

    @pytest.mark.parametrize("data", [b"", "⼤ 江 ，".encode()])
    def test_the_loop_of_the_readme_over_a_file(self, data):
        source, target = io.BytesIO(data), io.BytesIO()
        stream = WHOLE.stream(bytes)
        while piece := source.read(4):
            target.write(stream.feed(piece))
        target.write(stream.close())
        assert target.getvalue() == WHOLE(data)

    def test_a_piece_of_the_other(self):
        with pytest.raises(TypeError, match="the stream is of bytes: a piece must be so too, not str"):
            WHOLE.stream(bytes).feed("江")
        with pytest.raises(TypeError, match="the stream is of str: a piece must be so too, not bytearray"):
            WHOLE.stream(str).feed(bytearray())

    @pytest.mark.parametrize("kind", ["bytes", bytearray, b"", False])
    def test_no_such_kind(self, kind):
        with pytest.raises(ValueError, match="kind must be one of None, str, bytes, not"):
            WHOLE.stream(kind)


class TestWith:
    TEXT = "⼤ 江 ，东 去 。\n" * 5

    @pytest.mark.parametrize("inside", [True, False])
    def test_the_rest_comes_inside_or_behind(self, inside):
        with WHOLE.stream() as stream:
            got = stream.feed(self.TEXT)
            if inside:
                got += stream.close()
        assert stream.closed
        got += stream.close()
        assert got == WHOLE(self.TEXT)
        with pytest.raises(ValueError, match="the stream is closed"):
            stream.feed("江")

    def test_a_rest_that_nobody_takes_is_no_secret(self):
        with WHOLE.stream() as stream:
            assert stream.feed(self.TEXT) == ""
        with pytest.warns(RuntimeWarning, match="the rest of a stream's result was lost"):
            del stream
            gc.collect()

    def test_an_end_inside_a_character(self):
        with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
            with WHOLE.stream(bytes) as stream:
                stream.feed("江".encode()[:2])
        with pytest.raises(ValueError, match="closed by an error"):
            stream.close()

    def test_an_error_inside_is_the_one_that_is_seen(self):
        with pytest.raises(KeyError):
            with WHOLE.stream(bytes) as stream:
                stream.feed("江".encode()[:2])
                raise KeyError
        with pytest.raises(ValueError, match="closed by an error"):
            stream.close()


class TestNativeState:
    """A stream is one object with one state: nothing makes two of it, and no order of calls reaches memory that is not its own."""

    @pytest.mark.parametrize("started", [False, True])
    @pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickle.dumps, lambda s: pickle.dumps(s, 0)])
    def test_no_copy(self, clone, started):
        stream = WHOLE.stream()
        if started:
            stream.feed("江")
        with pytest.raises(TypeError, match="a Stream cannot be copied or pickled: make another with"):
            clone(stream)
        if started:
            with pytest.raises(TypeError):
                clone(stream._pieces)
        assert stream.feed("水") + stream.close() == ("江水" if started else "水")

    def test_pieces_behind_the_last(self):
        pieces = Pieces(WHOLE._core, True, False)
        assert pieces.feed("江\n" * 999, True)
        for last in (False, True):
            with pytest.raises(ValueError, match="the stream is closed"):
                pieces.feed("水\n" * 999, last)

    def test_pieces_behind_an_error(self):
        pieces = Pieces(WHOLE._core, False, False)
        with pytest.raises(UnicodeDecodeError):
            pieces.feed(b"\xff", False)
        with pytest.raises(ValueError, match="the stream is closed"):
            pieces.feed(b"a", False)

    def test_one_call_at_a_time(self):
        """Whoever comes in between is refused; what is not refused is done in some order, whole."""
        pieces = Pieces(WHOLE._core, True, False)
        piece = many_pages(random.Random(3), 20)
        done, refused = [], []

        def feed():
            for _ in range(30):
                try:
                    done.append(len(pieces.feed(piece, False)))
                except ValueError as error:
                    refused.append(str(error))

        threads = [threading.Thread(target=feed) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) + len(refused) == 120 and set(refused) <= {"the stream is in use by another call"}
        assert sum(done) + len(pieces.feed("", True)) == len(WHOLE(piece * len(done)))
