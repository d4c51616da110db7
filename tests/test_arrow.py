"""Arrow columns, in and out: each layout gives what its rows give one by one, and memory is held and released as it should be."""
import copy
import errno
import pickle
import random
import struct
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrow_producer import Producer
from hanflow import Normalizer
from hanflow.arrow import ArrowArray, ArrowStream

pa = pytest.importorskip("pyarrow")

TYPES = [pa.string(), pa.large_string(), pa.string_view()]
DAMAGED = "全 市 新 增 ２０ 条 ⽔ 渠 ，长 度 翻 番 。"
CLEAN = "渡口的灯亮了，船还没有靠岸。"
# What shrinks, stays, grows (with `insert`), vanishes; short enough to stand inside a view before, after, or both.
ROWS = [DAMAGED, None, CLEAN, "", "⼤江", "船 长", "用Python写", "\ufeff", "岸 上 的 人 ", "ab", None, CLEAN + DAMAGED, "水\n渠\n通\n了\n"]
n = Normalizer(latin_gap="insert")
TEXTS = st.lists(st.none() | st.text("江水 ⼤２，。a\n", max_size=30), max_size=40)


def expected(rows, normalizer=n):
    return [None if row is None else normalizer(row) for row in rows]


def array_of(result):
    array = pa.array(result)
    array.validate(full=True)
    return array


def chunked_of(result):
    array = pa.chunked_array(result)
    array.validate(full=True)
    return array


def many(size, seed=1):
    rng = random.Random(seed)
    return [None if rng.random() < 0.1 else rng.choice(ROWS[2:10]) + str(rng.randrange(99)) for _ in range(size)]


@pytest.fixture(params=TYPES, ids=str)
def kind(request):
    return request.param


class TestArray:
    def test_rows(self, kind):
        result = n.arrow(pa.array(ROWS, kind))
        assert type(result) is ArrowArray
        assert array_of(result).type == kind
        assert array_of(result).to_pylist() == expected(ROWS)
        assert array_of(result).null_count == 2

    @given(st.sampled_from(TYPES), TEXTS, st.integers(0, 20), st.integers(0, 20))
    def test_slices(self, kind, rows, begin, length):
        array = pa.array(rows, kind).slice(min(begin, len(rows)), length)
        assert array_of(n.arrow(array)).to_pylist() == expected(rows[begin:begin + length])

    @pytest.mark.parametrize("offset", range(18))
    def test_offsets_beside_byte_borders(self, kind, offset):
        rows = many(40)
        for length in (0, 1, 7, 8, 9, 22):
            result = array_of(n.arrow(pa.array(rows, kind).slice(offset, length)))
            assert result.to_pylist() == expected(rows[offset:offset + length])

    @pytest.mark.parametrize("rows", [[], [None], [None] * 9, [""], ["", None, ""]])
    def test_nothing_in_it(self, kind, rows):
        result = array_of(n.arrow(pa.array(rows, kind)))
        assert result.type == kind and result.to_pylist() == rows

    @pytest.mark.parametrize("format", [b"u", b"U", b"vu"])
    @pytest.mark.parametrize("buffers", [[], [None, None], [None, None, None]])
    def test_no_buffers(self, format, buffers):
        """What an array without rows may look like."""
        assert array_of(n.arrow(Producer(format, (0, -1, 3, buffers)).arrays())).to_pylist() == []

    @pytest.mark.parametrize("count", [-1, 0, 2])
    def test_count_of_nulls(self, count):
        """-1: the producer has not counted them. 0: it need not have a bit for each row, and what it has does not count."""
        length, _, _, (_, *rest) = utf8(["⼤江", "xx", "ab", "yy"])
        chunk = (length, count, 0, [bytes([0b0101]), *rest])
        result = array_of(n.arrow(Producer(b"u", chunk).arrays()))
        assert result.to_pylist() == (["大江", None, "ab", None] if count else ["大江", "xx", "ab", "yy"])
        assert result.null_count == (2 if count else 0)

    def test_text_behind_nulls(self):
        """A null row may have bytes: they don't count, even where they are no text."""
        rows = ["⼤江", "xx", CLEAN, "yy", CLEAN]
        whole = pa.array(rows)
        nulls = pa.py_buffer(bytes([0b10101]))
        for data in (whole.buffers()[2], pa.py_buffer(whole.buffers()[2].to_pybytes().replace(b"xx", b"\xff\xff"))):
            array = pa.Array.from_buffers(pa.string(), 5, [nulls, whole.buffers()[1], data])
            assert array_of(n.arrow(array)).to_pylist() == ["大江", None, CLEAN, None, CLEAN]
            assert array_of(n.arrow(array[1:])).to_pylist() == [None, CLEAN, None, CLEAN]

    @pytest.mark.parametrize("threads", [1, 2, 5])
    def test_threads(self, kind, threads):
        rows = many(60_000)
        want = iter(n.batch([row for row in rows if row is not None]))
        array = pa.array(rows, kind)
        assert array.nbytes > 3 * (256 << 10)  # each thread has at least so much
        assert array_of(n.arrow(array, threads=threads)).to_pylist() == [row if row is None else next(want) for row in rows]

    @pytest.mark.parametrize("threads", [1, 3])
    def test_more_than_a_group_without_repairs_first(self, threads):
        """Threads put results together in groups of some megabytes; those before the first repair stay in the input till then."""
        clean = [CLEAN, None, "岸"] * 400_000
        for kind in TYPES[:2]:
            array = pa.array(clean + [DAMAGED] + clean[:30_000], kind)
            result = array_of(n.arrow(array, threads=threads))
            assert result.slice(0, len(clean)).equals(array.slice(0, len(clean)))
            assert result[len(clean)].as_py() == n(DAMAGED)
            assert result.slice(len(clean) + 1).equals(array.slice(len(clean) + 1))

    def test_big_rows(self, kind):
        rows = ["短 句 。", DAMAGED + "\n\n" + CLEAN * 100_000, None, (DAMAGED + "\n\n") * 20_000, "⼤"]
        assert array_of(n.arrow(pa.array(rows, kind), threads=2)).to_pylist() == expected(rows)

    def test_a_view_into_a_large_buffer(self):
        """Results of a view stand in blocks, the last of which is cut to its size."""
        rows = [f"{i} {DAMAGED}" for i in range(20_000)]
        result = array_of(n.arrow(pa.array(rows, pa.string_view()), threads=1))
        assert result.to_pylist() == expected(rows)
        assert len(result.buffers()) > 4

    def test_nothing_to_repair_is_passed_on(self, kind):
        array = pa.array([CLEAN, None, "ab"] * 1000, kind)[5:]
        result = array_of(n.arrow(array, threads=1))
        assert [b and b.address for b in result.buffers()] == [b and b.address for b in array.buffers()]
        assert result.offset == 5 and result.equals(array)

    def test_rows_of_a_view_stay_where_they_are(self):
        array = pa.array([CLEAN, "⼤江"], pa.string_view())
        result = array_of(n.arrow(array))
        assert result.to_pylist() == [CLEAN, "大江"]
        assert result.buffers()[2].address == array.buffers()[2].address

    def test_a_field_keeps_its_name_and_metadata(self):
        field = pa.field("正文", pa.string(), nullable=False, metadata={"源": "江州"})
        result = n.arrow(Exported(pa.array(["⼤江"]), field))
        assert pa.Field._import_from_c_capsule(result.__arrow_c_schema__()).equals(field, check_metadata=True)

    def test_its_own_result_again(self, kind):
        once = n.arrow(pa.array(ROWS, kind))
        assert array_of(n.arrow(once)).equals(array_of(once))


class TestStream:
    def test_chunks(self, kind):
        array = pa.array(ROWS, kind)
        result = n.arrow(pa.chunked_array([array, array[3:8], array[:0], array[1:2]]))
        assert type(result) is ArrowStream
        assert chunked_of(result).type == kind
        chunks = [chunk.to_pylist() for chunk in chunked_of(result).chunks]
        assert chunks == [expected(rows) for rows in (ROWS, ROWS[3:8], [], ROWS[1:2])]

    def test_no_chunks(self, kind):
        result = chunked_of(n.arrow(pa.chunked_array([], kind)))
        assert result.num_chunks == 0 and result.type == kind

    def test_polars(self):
        pl = pytest.importorskip("polars")
        series = pl.Series(ROWS).extend(pl.Series(ROWS[4:]))
        assert pl.Series(n.arrow(series)).to_list() == expected(ROWS + ROWS[4:])
        assert pl.Series(n.arrow(series[3:9])).to_list() == expected(ROWS[3:9])
        assert pl.Series(n.arrow(pl.Series([], dtype=pl.String))).to_list() == []

    def test_nanoarrow(self):
        na = pytest.importorskip("nanoarrow")
        for kind in TYPES[:2]:  # its own string_view, without hanflow, breaks the heap in version 0.9.0
            array = na.Array(pa.chunked_array([ROWS, ROWS[4:]], kind))
            result = na.Array(n.arrow(array))
            assert result.n_chunks == 2 and result.to_pylist() == expected(ROWS + ROWS[4:])

    def test_again_from_the_start(self):
        result = n.arrow(pa.chunked_array([ROWS, ROWS[:3]]))
        assert chunked_of(result).equals(chunked_of(result))

    @pytest.mark.parametrize("code, message, kind", [
        (errno.EIO, "江水干了".encode(), OSError), (errno.EINVAL, None, OSError), (errno.ENOMEM, None, MemoryError)])
    def test_an_error_of_the_producer(self, code, message, kind):
        producer = Producer(b"u", utf8(["⼤江"]), error=(code, message))
        with pytest.raises(kind) as caught:
            n.arrow(producer)
        if kind is OSError:
            assert caught.value.errno == code
            assert caught.value.strerror == ("江水干了" if message else "the Arrow stream failed")
        assert producer.released["array"] == producer.released["schema"] == 1


class TestOpencc:
    def test_rows(self, kind):
        both = Normalizer(opencc="s2t")
        rows = ["头 发 ⽩ 了 ，又 长 了 。", None, "", "ab", "江", "发展的头发，软件和打印机都在这里"]
        assert array_of(both.arrow(pa.array(rows, kind))).to_pylist() == ["頭髮白了，又長了。", None, "", "ab", "江", both(rows[5])]
        assert array_of(both.arrow(pa.array(rows, kind)[1:])).to_pylist() == expected(rows[1:], both)
        assert chunked_of(both.arrow(pa.chunked_array([rows, rows[5:]], kind))).to_pylist() == expected(rows + rows[5:], both)

    def test_nothing_to_convert_is_passed_on(self, kind):
        array = pa.array(["江上", None], kind)
        assert array_of(Normalizer(opencc="s2t").arrow(array)).buffers()[1].address == array.buffers()[1].address


class TestErrors:
    @pytest.mark.parametrize("column, named", [
        (pa.array([1]), "'l'"), (pa.array([b"a"]), "'z'"), (pa.array([["a"]]), r"'\+l'"),
        (pa.array(["a"]).dictionary_encode(), "a dictionary with indices of 'i'"),
        (pa.table({"a": ["a"]}), r"'\+s' \(a table or struct: take one of its columns\)"), (pa.chunked_array([[1.5]]), "'g'")])
    def test_wrong_type(self, column, named):
        with pytest.raises(TypeError, match=rf"must be utf8 \('u'\), large_utf8 \('U'\) or utf8_view \('vu'\), not {named}"):
            n.arrow(column)

    def test_no_arrow_object(self):
        for column in (["a"], "a", None):
            with pytest.raises(TypeError, match=f"__arrow_c_array__ or __arrow_c_stream__, not {type(column).__name__}"):
                n.arrow(column)

    def test_wrong_threads(self):
        with pytest.raises(ValueError, match="threads must be None or at least 1, not 0"):
            n.arrow(pa.array(["a"]), threads=0)

    @pytest.mark.parametrize("threads", [1, 4])
    def test_invalid_bytes_name_their_row(self, threads):
        rows = [CLEAN.encode(), None, b"a"] * 30_000
        for bad in (89_000, 54_321, 80_000):
            rows[bad] = "江".encode() + b"\xff"
        for kind, text in ((pa.binary(), pa.string()), (pa.large_binary(), pa.large_string()), (pa.binary_view(), pa.string_view())):
            array = Exported(pa.array(rows, kind), pa.field("", text))
            with pytest.raises(UnicodeDecodeError) as caught:
                n.arrow(array, threads=threads)
            assert (caught.value.object, caught.value.start, caught.value.end) == (rows[54_321], 3, 4)
            assert note_of(caught.value).endswith("row 54321")

    def test_a_row_counts_from_the_start_of_the_stream(self):
        array = pa.array([b"a", b"\xff"]).view(pa.string())
        with pytest.raises(UnicodeDecodeError) as caught:
            n.arrow(pa.chunked_array([pa.array(["a", None, "b"]), array]))
        assert note_of(caught.value).endswith("row 4")

    def test_invalid_bytes_are_preserved(self):
        rows = ["⼤ 江 ，".encode() + b"\xff", None, b"\xe6\xb1"]
        result = pa.array(Normalizer(errors="preserve").arrow(pa.array(rows).view(pa.string())))
        assert result.view(pa.binary()).to_pylist() == Normalizer(errors="preserve").batch(rows[:1]) + [None, rows[2]]

    @pytest.mark.parametrize("kind, sizes", [(pa.string(), [2**31]), (pa.string(), [9, 2**31 - 9]), (pa.string_view(), [2**31])])
    def test_results_too_large(self, kind, sizes):
        """Pages of zeros that are never touched stand in for texts of two gigabytes."""
        array = pa.array(["江"] * len(sizes), kind)
        results = iter([bytes(size) for size in sizes])
        with pytest.raises(OverflowError, match="large_utf8"):
            n._core.arrow_array(*array.__arrow_c_array__(), False, 1, lambda texts: [next(results) for _ in texts])

    @pytest.mark.parametrize("format, chunk", [
        (b"u", (2, 0, 0, [None, struct.pack("<3i", 0, 2, 1), b"ab"])),
        (b"U", (2, 0, 0, [None, struct.pack("<3q", 0, 1, 2**63 - 1), b"ab"])),
        (b"u", (1, 0, 1, [None, struct.pack("<3i", 0, 2, 1), b"ab"])),
        (b"u", (2, 0, 0, [None, struct.pack("<3i", 0, -1, 1), b"ab"])),
        (b"U", (2, 0, 0, [None, struct.pack("<3q", 0, 1, 2), None])),
        (b"u", (2, 0, 0, [None, None, b"ab"])),
        (b"u", (2, 0, 0, [])),
        (b"u", (-1, 0, 0, [None, struct.pack("<i", 0), b""])),
        (b"u", (1, 0, -1, [None, struct.pack("<2i", 0, 1), b"a"])),
        (b"vu", (1, 0, 0, [None, struct.pack("<i12s", -1, b""), b""])),
        (b"vu", (1, 0, 0, [None, struct.pack("<i4s2i", 13, b"aaaa", 0, 1), b"a" * 13, struct.pack("<q", 13)])),
        (b"vu", (1, 0, 0, [None, struct.pack("<i4s2i", 13, b"aaaa", 1, 0), b"a" * 13, struct.pack("<q", 13)])),
        (b"vu", (1, 0, 0, [None, struct.pack("<i4s2i", 13, b"aaaa", -1, 0), b"a" * 13, struct.pack("<q", 13)])),
        (b"vu", (1, 0, 0, [None, struct.pack("<i4s2i", 13, b"aaaa", 0, -5), b"a" * 13, struct.pack("<q", 13)])),
        (b"vu", (1, 0, 0, [None, None, struct.pack("<q", 0)])),
    ])
    def test_malformed(self, format, chunk):
        producer = Producer(format, chunk)
        with pytest.raises(ValueError, match="the Arrow array (is malformed at row [01]|that begins at row 0 is malformed): .*[a-z]$"):
            n.arrow(producer)
        assert producer.released == {"array": 1, "schema": 1, "stream": 1}
        with pytest.raises(ValueError, match="malformed"):
            n.arrow(producer.arrays())
        assert producer.released == {"array": 2, "schema": 2, "stream": 1}

    def test_text_behind_a_null_row_that_decreases(self):
        """The null row is not read, but the row before it would reach beyond what the last offset says the data is."""
        chunk = (3, 1, 0, [bytes([0b101]), struct.pack("<4i", 0, 5, 2, 4), b"abcd"])
        with pytest.raises(ValueError, match="malformed at row 1: its text ends before it begins$"):
            n.arrow(Producer(b"u", chunk))

    def test_a_malformed_row_counts_from_the_start_of_the_stream(self):
        chunk = (2, 0, 0, [None, struct.pack("<3i", 0, 2, 1), b"ab"])
        with pytest.raises(ValueError, match="malformed at row 4: its text ends before it begins$"):
            n.arrow(Producer(b"u", utf8(["a", "b", "c"]), chunk))
        with pytest.raises(ValueError, match="the Arrow array that begins at row 3 is malformed: its length is negative$"):
            n.arrow(Producer(b"u", utf8(["a", "b", "c"]), (-5, *chunk[1:])))

    def test_malformed_before_any_text_is_read(self):
        """The row that cannot be read is named, not the one before it that is not UTF-8."""
        chunk = (3, 0, 0, [None, struct.pack("<4i", 0, 1, 2, 1), b"\xffb"])
        with pytest.raises(ValueError, match="malformed at row 2"):
            n.arrow(Producer(b"u", chunk))

    @pytest.mark.parametrize("format", [b"u", b"U", b"vu"])
    @pytest.mark.parametrize("field, value, said", [
        ("length", -1, "its length is negative"), ("length", -2**63, "its length is negative"),
        ("length", 2**62, "it is longer than memory"), ("length", 2**63 - 1, "it is longer than memory"),
        ("offset", -1, "its offset is negative"), ("offset", 2**63 - 1, "it is longer than memory"),
        ("null_count", -2, "its count of nulls is negative"), ("null_count", 4, "it has more nulls than rows"),
        ("null_count", 1, "it has nulls, but its bits are null"), ("n_buffers", -1, "its count of buffers is negative"),
        ("n_buffers", 0, "its count of buffers is wrong"), ("n_buffers", 1, "its count of buffers is wrong"),
        ("n_buffers", 2**40, "its count of buffers is wrong"), ("buffers", None, "its buffers are null"),
        ("n_children", 1, "it has children, which text has not"), ("n_children", -1, "it has children, which text has not"),
        ("dictionary", 8, "it has a dictionary, its schema has none"),
    ])
    def test_each_field_of_an_array(self, format, field, value, said):
        producer = Producer(format, WELL[format], array_fields={field: value})
        with pytest.raises(ValueError, match=f"the Arrow array that begins at row 0 is malformed: {said}$"):
            n.arrow(producer)
        with pytest.raises(ValueError, match=said):
            n.arrow(producer.arrays())
        assert producer.released == {"array": 2, "schema": 2, "stream": 1}

    @pytest.mark.parametrize("format", [b"u", b"U", b"vu"])
    def test_each_buffer(self, format):
        """Each at null: refused, or what it holds is not needed."""
        length, nulls, offset, buffers = WELL[format]
        for i, said in enumerate([None, "its (offsets|views) are null", "the data is null|its buffer is not there",
                                  "the sizes of its buffers are null"][:len(buffers)]):
            chunk = (length, nulls, offset, [None if i == k else buffer for k, buffer in enumerate(buffers)])
            if said:
                with pytest.raises(ValueError, match=f"malformed.*: ({said})$"):
                    n.arrow(Producer(format, chunk))
            else:
                producer = Producer(format, chunk)
                assert array_of(n.arrow(producer.arrays())).to_pylist() == ["江", CLEAN, "大"]

    @pytest.mark.parametrize("fields, said", [
        ({"format": None}, "the Arrow schema is malformed: its format is null"),
        ({"n_children": 1}, "the Arrow schema is malformed: it has children"),
        ({"n_children": -1}, "the Arrow schema is malformed: it has children"),
    ])
    def test_each_field_of_a_schema(self, fields, said):
        producer = Producer(b"u", WELL[b"u"], schema_fields=fields)
        for given in (producer, producer.arrays()):
            with pytest.raises(ValueError, match=said):
                n.arrow(given)
        assert producer.released["schema"] == 2

    def test_a_struct_without_its_children(self):
        """Nothing of it is read: it is no text."""
        with pytest.raises(TypeError, match="a table or struct"):
            n.arrow(Producer(b"+s", (1, 0, 0, [None]), schema_fields={"n_children": 3}))

    @pytest.mark.parametrize("function", ["get_schema", "get_next", "get_last_error"])
    def test_a_stream_without_a_function(self, function):
        producer = Producer(b"u", WELL[b"u"], stream_without=function)
        with pytest.raises(ValueError, match="the Arrow stream is malformed: it lacks a function"):
            n.arrow(producer)
        assert producer.released["stream"] == 1

    @pytest.mark.parametrize("sizes, said", [([-1, 99], "the size of a buffer is negative"), ([2**63 - 1, 99], "a buffer ends outside of memory"), ([12, 99], "stands outside")])
    def test_sizes_of_the_buffers_of_a_view(self, sizes, said):
        rows = struct.pack("<i4s2i", 13, b"aaaa", 0, 0)
        producer = Producer(b"vu", (1, 0, 0, [None, rows, b"a" * 13, b"b" * 99, struct.pack("<2q", *sizes)]))
        with pytest.raises(ValueError, match=said):
            n.arrow(producer)

    @pytest.mark.parametrize("format", [b"u", b"U", b"vu"])
    def test_buffers_at_odd_addresses(self, format):
        """A producer need not align them."""
        producer = Producer(format, WELL[format], shift=1)
        result = array_of(n.arrow(producer.arrays()))
        assert result.to_pylist() == ["江", CLEAN, "大"]

    @pytest.mark.parametrize("kind", TYPES, ids=str)
    def test_random_numbers(self, kind):
        """Whatever stands in offsets, views and sizes: an error, or rows of the data."""
        rng = random.Random(str(kind))
        format = {pa.string(): b"u", pa.large_string(): b"U", pa.string_view(): b"vu"}[kind]
        rows = [CLEAN, "江", None, DAMAGED, "ab", CLEAN * 2]
        array = pa.array(rows, kind)
        good = [b and b.to_pybytes() for b in array.buffers()]
        if format == b"vu":
            good.append(struct.pack(f"<{len(good) - 2}q", *map(len, good[2:])))
        refused = 0
        for _ in range(300):
            buffers = list(good)
            # Of utf8 the last offset has to be believed: it stays.
            some = bytearray(buffers[1][:6 * 4 if format == b"u" else 6 * 8 if format == b"U" else 6 * 16])
            for _ in range(rng.randint(1, 3)):
                some[rng.randrange(len(some))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            buffers[1] = bytes(some) + buffers[1][len(some):]
            producer = Producer(format, (6, 1, 0, buffers))
            try:
                found = n.arrow(producer.arrays())
            except (ValueError, UnicodeDecodeError):
                refused += 1
            else:
                assert len(rows_of(found)) == 6
                del found
        assert refused > 100

    def test_used_capsules(self):
        schema, array = pa.array(["a"]).__arrow_c_array__()
        given = Given(__arrow_c_array__=lambda: (schema, array))
        n.arrow(given)
        with pytest.raises(ValueError, match="released"):
            n.arrow(given)
        stream = pa.chunked_array([["a"]]).__arrow_c_stream__()
        pa.chunked_array(Given(__arrow_c_stream__=lambda requested_schema=None: stream))
        with pytest.raises(ValueError, match="released"):
            n.arrow(Given(__arrow_c_stream__=lambda: stream))

    def test_one_stream_for_two_threads(self):
        """It is taken out of its capsule before anything else runs: the second one finds nothing in it."""
        producer = Producer(b"u", utf8(["⼤江"]))
        capsule = producer.__arrow_c_stream__()
        seen = []

        def take(_=None):
            try:
                seen.append(chunked_of(n.arrow(Given(__arrow_c_stream__=lambda: capsule))).to_pylist())
            except ValueError as error:
                seen.append(str(error))

        producer.before_next = take
        take()
        assert seen == ["the Arrow stream has been released", ["大江"]]
        assert producer.released == {"array": 1, "schema": 1, "stream": 1}

    def test_wrong_capsules(self):
        schema, array = pa.array(["a"]).__arrow_c_array__()
        with pytest.raises(ValueError, match="PyCapsule"):
            n.arrow(Given(__arrow_c_array__=lambda: (array, schema)))

    def test_results_are_made_by_arrow_only(self):
        for kind in (ArrowArray, ArrowStream):
            with pytest.raises(TypeError, match="Normalizer.arrow"):
                kind()
            with pytest.raises(TypeError, match="Normalizer.arrow"):
                kind.__new__(kind).__arrow_c_schema__()
        for call in (lambda: ArrowArray.__new__(ArrowArray).__arrow_c_array__(), lambda: ArrowStream.__new__(ArrowStream).__arrow_c_stream__()):
            with pytest.raises(TypeError, match="Normalizer.arrow"):
                call()

    @pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickle.dumps, lambda a: pickle.dumps(a, 0)])
    def test_results_are_not_copied(self, clone):
        for result in (n.arrow(pa.array(["a"])), n.arrow(pa.chunked_array([["a"]]))):
            with pytest.raises(TypeError, match="cannot be copied or pickled: pickle what pyarrow"):
                clone(result)


class TestMemory:
    """Everything that a producer hands out is released once, and as soon as nobody needs it."""

    def test_an_array_that_changes(self):
        producer = Producer(b"u", utf8(["⼤江"]))
        result = n.arrow(producer.arrays())
        assert producer.released["array"] == 1
        assert array_of(result).to_pylist() == ["大江"]
        del result
        assert producer.released == {"array": 1, "schema": 1, "stream": 0}

    def test_an_array_that_is_passed_on(self):
        producer = Producer(b"u", utf8(["江", "水"]))
        result = n.arrow(producer.arrays())
        first, second = array_of(result), array_of(result)
        del result
        assert first.to_pylist() == second.to_pylist() == ["江", "水"]
        del first
        assert producer.released["array"] == 0
        assert second.to_pylist() == ["江", "水"]
        del second
        assert producer.released == {"array": 1, "schema": 1, "stream": 0}

    def test_a_view_holds_the_input_only_for_rows_in_its_buffers(self):
        long = struct.pack("<i4s2i", 13, b"aaaa", 0, 0)
        short = struct.pack("<i12s", 6, "⼤江".encode())
        for rows, held in ((short + long, True), (short, False)):
            producer = Producer(b"vu", (len(rows) // 16, 0, 0, [None, rows, b"a" * 13, struct.pack("<q", 13)]))
            result = array_of(n.arrow(producer.arrays()))
            assert result.to_pylist() == ["大江", "a" * 13][:len(rows) // 16]
            assert producer.released["array"] == (0 if held else 1)
            del result
            assert producer.released["array"] == 1

    def test_a_stream(self):
        producer = Producer(b"u", utf8(["⼤江"]), utf8(["江"]), utf8([]))
        result = n.arrow(producer)
        assert producer.released["array"] == 2
        reader = pa.chunked_array(result)
        del result
        assert reader.to_pylist() == ["大江", "江"]
        del reader
        assert producer.released["array"] == 3 and producer.released["schema"] == 1

    def test_capsules_that_nobody_takes(self):
        producer = Producer(b"u", utf8(["江"]))
        result = n.arrow(producer)
        capsules = [result.__arrow_c_stream__(), result.__arrow_c_schema__(), n.arrow(producer.arrays()).__arrow_c_array__()]
        del result
        assert producer.released["schema"] == 0
        del capsules
        assert producer.released["array"] == producer.released["schema"] == 2

    def test_after_a_wrong_type(self):
        producer = Producer(b"i", (1, 0, 0, [None, b"abcd"]))
        with pytest.raises(TypeError):
            n.arrow(producer)
        assert producer.released["schema"] == 1

    def test_release_in_another_thread(self):
        producer = Producer(b"u", utf8(["江"]))
        held = [array_of(n.arrow(producer.arrays()))]
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()
        assert producer.released["array"] == 1

    def test_no_growth(self):
        """Half a gigabyte of results goes by; their memory comes back."""
        script = ("import resource, pyarrow as pa, hanflow\n"
                  "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
                  "n = hanflow.Normalizer(spacing='none', vertical=False, unwrap=False)\n"
                  "types = pa.string(), pa.large_string(), pa.string_view()\n"
                  "arrays = [pa.array(['⼤江东去，浪淘尽' * 10] * 20_000, t) for t in types]\n"
                  "run = lambda: [pa.array(n.arrow(a, threads=t)) for a in arrays for t in (1, 2)]\n"
                  "run()\n"
                  "before = peak()\n"
                  "for _ in range(17): run()\n"
                  "print(peak() - before)\n")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert int(done.stdout) < 64 << 10  # KiB


def test_one_column_in_many_threads():
    array = pa.chunked_array([ROWS * 500, ROWS * 3], pa.string())
    shared, want = n.arrow(array), expected(ROWS * 503)
    wrong, barrier = [], threading.Barrier(6)

    def hammer():
        barrier.wait()
        for threads in (1, 2, 3) * 3:
            if chunked_of(n.arrow(array, threads=threads)).to_pylist() != want or chunked_of(shared).to_pylist() != want:
                wrong.append(threads)

    workers = [threading.Thread(target=hammer) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_no_package_is_imported():
    script = ("import sys, hanflow\n"
              "class Wrong:\n"
              "    def __arrow_c_array__(self): return object(), object()\n"
              "try: hanflow.Normalizer().arrow(Wrong())\n"
              "except ValueError: print([name for name in ('pyarrow', 'polars', 'nanoarrow', 'numpy') if name in sys.modules])\n")
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def utf8(rows):
    """A chunk of a Producer."""
    data = [row.encode() for row in rows]
    ends = [sum(map(len, data[:i])) for i in range(len(data) + 1)]
    return len(rows), 0, 0, [None, struct.pack(f"<{len(ends)}i", *ends), b"".join(data)]


def rows_of(result):
    """The rows of a result that another may not take for valid."""
    array = pa.array(result)
    return array.cast(pa.binary_view() if pa.types.is_string_view(array.type) else pa.large_binary()).to_pylist()


def note_of(error):
    return "".join(getattr(error, "__notes__", [error.reason])).rstrip(")")


class Given:
    """An object with just these methods."""

    def __init__(self, **methods):
        self.__dict__.update(methods)


class Exported:
    """An array under another field, which pyarrow has no object for."""

    def __init__(self, array, field):
        self.array, self.field = array, field

    def __arrow_c_array__(self, requested_schema=None):
        return self.field.__arrow_c_schema__(), self.array.__arrow_c_array__()[1]


LONG = CLEAN.encode()
# Three rows: 江, CLEAN, ⼤; of a view the second stands in a buffer.
WELL = {
    b"u": utf8(["江", CLEAN, "⼤"]),
    b"U": (3, 0, 0, [None, struct.pack("<4q", 0, 3, 3 + len(LONG), 6 + len(LONG)), "江".encode() + LONG + "⼤".encode()]),
    b"vu": (3, 0, 0, [None, struct.pack("<i12s", 3, "江".encode()) + struct.pack("<i4s2i", len(LONG), LONG[:4], 0, 0)
                      + struct.pack("<i12s", 3, "⼤".encode()), LONG, struct.pack("<q", len(LONG))]),
}
