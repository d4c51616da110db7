"""Surfaces: str, bytes, other buffers, batch, threads, stream, file, Arrow; whole texts, pages, lines, clean text."""
import io

import hanflow
import pytest

import corpus

N = hanflow.Normalizer()


@pytest.fixture(scope="module")
def wanted(data):
    """The result, once, from bytes."""
    return N(data)


@pytest.fixture(scope="module")
def pages(size):
    return list(corpus.pages(size))


@pytest.fixture(scope="module")
def wanted_pages(pages):
    return [N(page) for page in pages]


def each(items):
    return [N(item) for item in items]


# ---------------------------------------------------------------- a whole text
@pytest.mark.parametrize("kind", [bytes, str, bytearray, memoryview])
def test_whole(timed, benchmark, data, wanted, kind):
    benchmark.group = "whole text"
    result = timed(N, data.decode() if kind is str else kind(data), len(data))
    assert (result.encode() if kind is str else result) == wanted


@pytest.mark.parametrize("kind", [bytes, str])
def test_clean(timed, benchmark, wanted, kind):
    benchmark.group = "clean text"
    text = wanted.decode() if kind is str else wanted
    assert timed(N, text, len(wanted)) is text


def test_decode(timed, benchmark, data):
    """To compare with: what reading a str costs."""
    benchmark.group = "whole text"
    assert timed(bytes.decode, data, len(data)).encode() == data


@pytest.mark.parametrize("piece", [1 << 12, 1 << 16])
@pytest.mark.parametrize("kind", [bytes, str])
def test_stream(timed, benchmark, data, wanted, kind, piece):
    benchmark.group = "stream"
    text = data.decode() if kind is str else data

    def run(text):
        stream = N.stream()
        parts = [stream.feed(text[i:i + piece]) for i in range(0, len(text), piece)]
        return text[:0].join([*parts, stream.close()])

    result = timed(run, text, len(data))
    assert (result.encode() if kind is str else result) == wanted


def test_file(timed, benchmark, data, wanted):
    benchmark.group = "file"

    def run(data):
        target = io.BytesIO()
        N.file(io.BytesIO(data), target)
        return target.getvalue()

    assert timed(run, data, len(data)) == wanted


# ---------------------------------------------------------------- pages and lines
@pytest.mark.parametrize("kind", [bytes, str])
@pytest.mark.parametrize("how", ["calls", "batch, 1 thread", "batch, 2 threads"])
def test_pages(timed, benchmark, pages, wanted_pages, kind, how):
    benchmark.group = "pages of 21 KB"
    items = [page.decode() for page in pages] if kind is str else pages
    run = {"calls": each, "batch, 1 thread": lambda items: N.batch(items, threads=1),
           "batch, 2 threads": lambda items: N.batch(items, threads=2)}[how]
    result = timed(run, items, sum(map(len, pages)))
    assert ([page.encode() for page in result] if kind is str else result) == wanted_pages


@pytest.mark.parametrize("kind", [bytes, str])
@pytest.mark.parametrize("how", ["calls", "align", "explain"])
def test_traceable(timed, benchmark, pages, wanted_pages, kind, how):
    benchmark.group = "traceable, pages of 21 KB"
    items = [page.decode() for page in pages] if kind is str else pages
    results = {"calls": lambda item: N(item), "align": lambda item: aligned(item).text,
               "explain": lambda item: hanflow.replay(N.explain(item), item)}
    assert [results[how](item) for item in items] == (wanted_pages if kind is bytes else [page.decode() for page in wanted_pages])
    call = {"calls": N, "align": aligned, "explain": N.explain}[how]
    timed(lambda items: [call(item) for item in items], items, sum(map(len, pages)))


def aligned(text):
    """With both arrays, which are made when they are asked for."""
    alignment = N.align(text)
    return alignment if len(alignment.to_source) and len(alignment.to_output) else None


@pytest.mark.parametrize("kind", [bytes, str])
@pytest.mark.parametrize("how", ["Normalizer", "normalize()", "batch"])
def test_lines(timed, benchmark, kind, how):
    """A thousand lines of 18 characters: ms a round are us a line."""
    benchmark.group = "lines of 18 characters"
    lines = corpus.lines(1000, 18, 18)
    items = lines if kind is str else [line.encode() for line in lines]
    run = {"Normalizer": each, "normalize()": lambda items: [hanflow.normalize(item) for item in items], "batch": N.batch}[how]
    result = timed(run, items, sum(len(line.encode()) for line in lines))
    assert result == N.batch(items, threads=1)


@pytest.mark.skipif(not hasattr(N, "arrow"), reason="no Normalizer.arrow in this version")
@pytest.mark.parametrize("kind", ["utf8", "large_utf8", "utf8_view"])
@pytest.mark.parametrize("what", ["pages", "lines"])
def test_arrow(timed, benchmark, pages, what, kind):
    pa = pytest.importorskip("pyarrow")
    benchmark.group = f"Arrow, {what}"
    items = [page.decode() for page in pages] if what == "pages" else corpus.lines(100_000)
    types = {"utf8": pa.string(), "large_utf8": pa.large_string(), "utf8_view": pa.string_view()}
    result = timed(lambda array: N.arrow(array, threads=1), pa.array(items, types[kind]), len("".join(items).encode()))
    assert pa.array(result).to_pylist() == N.batch(items)
