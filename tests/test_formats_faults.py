"""What is wrong with a file ends in an error that names it and its place; nothing is written then. What is wrong with a record or
a member is named too, it passes as it is, and the rest is repaired."""
import builtins
import errno
import gzip
import importlib
import io
import json
import lzma
import os
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
import zlib

import pytest
from archives import tarred, zipped

from hanflow import Normalizer
from hanflow._formats import account, compression, delimited, isolated, jsonl
from hanflow.formats import FormatError, Settings, convert

CLEAN = "渡口的灯亮了。\n"
DAMAGED = "２０条⽔渠\n"
REPAIRED = "20条水渠\n"
FIELD, COLUMN = Settings(field="text"), Settings(column="text")


@pytest.fixture
def run(tmp_path):
    """(data, name, settings) -> (result, report)"""

    def run(data, name, settings=Settings()):
        (tmp_path / name).write_bytes(data)
        report = convert(settings, tmp_path / name, tmp_path / "target")
        return (tmp_path / "target").read_bytes(), report

    return run


@pytest.fixture
def refused(tmp_path):
    """(data, name, settings) -> the FormatError. The old target stays, and nothing else is left."""

    def refused(data, name, settings=Settings()):
        (tmp_path / name).write_bytes(data)
        (tmp_path / "target").write_bytes(b"old")
        with pytest.raises(FormatError) as caught:
            convert(settings, tmp_path / name, tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == b"old"
        assert sorted(os.listdir(tmp_path)) == sorted([name, "target"])
        os.unlink(tmp_path / name)
        error = caught.value
        assert error.source == str(tmp_path / name)
        assert str(error) == ": ".join(filter(None, [error.source, error.where, error.reason]))
        return caught.value

    return refused


class TestText:
    def test_not_utf8(self, refused):
        error = refused(CLEAN.encode() + b"ab\xff", "a.txt")
        assert (error.where, error.reason) == ("byte 24 (line 2)", "not UTF-8: invalid start byte")

    def test_not_utf8_far_inside(self, refused):
        data = CLEAN.encode() * 100_000  # 2.2 MB: three pieces
        error = refused(data + b"ab\xff\n" + data, "a.txt")
        assert error.where == "byte 2200002 (line 100001)"

    @pytest.mark.parametrize("counts", [False, True])
    def test_character_that_the_end_cuts(self, refused, counts):
        data = CLEAN.encode() * 200_000  # more than is counted at once
        error = refused(data + "水".encode()[:2], "a.txt", Settings(counts=counts))
        assert (error.where, error.reason) == ("byte 4400000 (line 200001)", "not UTF-8: unexpected end of data")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
    def test_unreadable(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"")
        (tmp_path / "a.txt").chmod(0)
        with pytest.raises(PermissionError, match="a.txt"):
            convert(Settings(), tmp_path / "a.txt", tmp_path / "target")

    def test_no_such_file_and_folders(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="a.txt"):
            convert(Settings(), tmp_path / "a.txt", tmp_path / "target")
        with pytest.raises(IsADirectoryError):
            convert(Settings(), tmp_path, tmp_path / "target")
        assert os.listdir(tmp_path) == []

    def test_source_that_fails_in_the_middle(self, tmp_path):
        class Failing(io.BytesIO):
            def read(self, size=-1):
                if self.tell():
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                return super().read(size)

        for name, data in (("a.txt", CLEAN.encode() * 100_000), ("a.gz", gzip.compress(os.urandom(2 << 20)))):
            with pytest.raises(OSError) as caught:
                convert(Settings(), Failing(data), tmp_path / "target")
            assert caught.value.errno == errno.EIO and os.listdir(tmp_path) == []

    def test_source_that_does_not_wait(self, tmp_path):
        class Empty(io.BytesIO):
            def read(self, size=-1):
                return None

        with pytest.raises(BlockingIOError):
            convert(Settings(), Empty(), tmp_path / "target")
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize("suffix", ["txt", "jsonl", "parquet", "zip"])
    def test_file_that_changes_while_it_is_read(self, tmp_path, monkeypatch, suffix):
        data = DAMAGED.encode()
        if suffix == "jsonl":
            pytest.importorskip("orjson")
            data = '{"text":"⽔"}\n'.encode()
        if suffix == "parquet":
            data = parquet([DAMAGED])
        if suffix == "zip":
            data = zipped(("a.txt", DAMAGED))
        source = tmp_path / f"a.{suffix}"
        source.write_bytes(data)

        class Writing(Normalizer):
            """Somebody writes to the file while the first text of it is repaired."""

            def __call__(self, text):
                touch()
                return super().__call__(text)

        def touch():
            with open(source, "ab") as file:
                file.write(b"\n")

        def repair(*given):
            touch()
            return real(*given)

        real = isolated.repair  # in a child, which has no Writing
        if suffix == "parquet":
            monkeypatch.setattr(isolated, "repair", repair)

        with pytest.raises(FormatError, match="changed while it was read"):
            normalizer = Normalizer() if suffix == "parquet" else Writing()
            convert(Settings(normalizer=normalizer, field="text", column="text"), source, tmp_path / "target")
        assert os.listdir(tmp_path) == [source.name]


    @pytest.mark.parametrize("suffix", ["txt", "gz", "tar"])
    def test_file_that_is_cut_while_it_is_read(self, tmp_path, suffix):
        """It seems damaged, but that is not what is wrong."""
        text = (DAMAGED * 30_000).encode()
        source = tmp_path / f"a.{suffix}"
        source.write_bytes(gzip.compress(os.urandom(2 << 20) + text) if suffix == "gz" else
                           tarred(("a.txt", text)) if suffix == "tar" else text)

        class Stream(io.FileIO):
            """Somebody cuts the file when a first piece of it has been read: in the middle of a character."""

            def read(self, size=-1):
                data = super().read(size)
                os.truncate(source, (1 << 20) + 1)
                return data

        with Stream(str(source)) as file, pytest.raises(FormatError, match="changed while it was read"):
            convert(Settings(), file, tmp_path / "target")
        assert os.listdir(tmp_path) == [source.name]


class TestFullDisk:
    """The target takes so much and no more."""

    class Full(io.BytesIO):
        def __init__(self, room):
            super().__init__()
            self.room = room

        def write(self, data):
            if self.tell() + len(data) > self.room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    def sources(self):
        noise = os.urandom(300_000).hex() + "\n" + DAMAGED
        yield "text", noise.encode()
        yield "text", gzip.compress(noise.encode())
        yield "text", lzma.compress(noise.encode())
        yield "csv", b"text\n" + noise.encode()
        yield "zip", zipped(("a.txt", noise), ("b.bin", noise))
        yield "tar", tarred(("a.txt", noise.encode()))
        if importlib.util.find_spec("zstandard"):
            import zstandard

            yield "text", zstandard.compress(noise.encode())
        if importlib.util.find_spec("orjson"):
            yield "jsonl", json.dumps({"text": noise}).encode()
        if importlib.util.find_spec("pyarrow"):
            yield "parquet", parquet([noise])

    def test_every_format(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for format, data in self.sources():
                for room in (0, 1000, 250_000):
                    with pytest.raises(OSError) as caught:
                        convert(Settings(format=format, field="text", column="text"), io.BytesIO(data), self.Full(room))
                    assert caught.value.errno == errno.ENOSPC, format

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
    def test_device(self, tmp_path):
        for format, data in self.sources():
            (tmp_path / "a").write_bytes(data)
            with pytest.raises(OSError) as caught:
                convert(Settings(format=format, field="text", column="text"), tmp_path / "a", "/dev/full")
            assert caught.value.errno == errno.ENOSPC, format

    def test_path(self, tmp_path, monkeypatch):
        """The temporary file goes, the old target stays."""
        target = tmp_path / "target"
        target.write_bytes(b"old")
        full = self.Full

        def opened(path, mode="r", *args, **options):
            file = real(path, mode, *args, **options)
            if isinstance(path, int):  # the temporary file is opened by its number
                monkeypatch.setattr(builtins, "open", real)
                held.append(file)
                return full(1000)
            return file

        real, held = builtins.open, []
        for format, data in self.sources():
            (tmp_path / "a").write_bytes(data)
            monkeypatch.setattr(builtins, "open", opened)
            with pytest.raises(OSError) as caught:
                convert(Settings(format=format, field="text", column="text"), tmp_path / "a", target)
            assert caught.value.errno == errno.ENOSPC
            assert target.read_bytes() == b"old" and sorted(os.listdir(tmp_path)) == ["a", "target"]
            held.pop().close()


class TestCompression:
    def packed(self, kind, data):
        if kind == "zst":
            return pytest.importorskip("zstandard").compress(data)
        import bz2

        return {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}[kind](data)

    @pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst"])
    @pytest.mark.parametrize("members", [1, 2])
    def test_truncated(self, refused, kind, members):
        data = b"".join(self.packed(kind, os.urandom(50_000).hex().encode()) for _ in range(members))
        for cut in (1, 7, 20_000):
            error = refused(data[:-cut], f"a.txt.{kind}")
            assert error.reason == f"truncated .{kind}" and error.where == f"byte {len(data) - cut}"

    @pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst"])
    def test_damaged(self, refused, kind):
        data = bytearray(self.packed(kind, os.urandom(50_000).hex().encode()))
        data[len(data) // 2] ^= 0xFF
        if kind == "zst":  # no checksum, unless it is asked for
            zstandard = pytest.importorskip("zstandard")
            data = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(os.urandom(50_000).hex().encode()))
            data[len(data) // 2] ^= 0xFF
        assert refused(bytes(data), f"a.txt.{kind}").reason.startswith(f"damaged .{kind}: ")

    @pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst"])
    def test_name_that_promises_too_much(self, refused, kind):
        error = refused(DAMAGED.encode(), f"a.txt.{kind}")
        assert (error.where, error.reason) == ("byte 0", f"no .{kind}, as the name says")

    @pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst"])
    def test_bomb(self, refused, run, kind, monkeypatch):
        monkeypatch.setattr(compression, "UNCHECKED", 1 << 20)
        data = self.packed(kind, b"a line\n" * 300_000)  # 2.1 MB
        assert refused(data, f"a.txt.{kind}").reason == "unpacks to more than 100 times its size (max_ratio)"
        assert refused(data, f"a.txt.{kind}",
                       Settings(max_ratio=None, max_bytes=1 << 20)).reason == "unpacks to more than 1048576 bytes (max_bytes)"
        assert run(data, f"a.txt.{kind}", Settings(max_ratio=None))[0] == data

    def test_position_of_text_is_that_in_the_unpacked_data(self, refused):
        assert refused(gzip.compress(CLEAN.encode() + b"\xff"), "a.txt.gz").where == "byte 22 (line 2)"

    def test_header_that_is_large(self, run):
        packed = gzip.compress(DAMAGED.encode())
        data = packed[:3] + b"\x08" + packed[4:10] + b"n" * (2 << 20) + b"\0" + packed[10:]
        try:
            assert run(data, "a.txt.gz")[1].changed
        except FormatError as error:  # isal
            assert "Gzip header exceeds" in error.reason

    def test_xz_that_wants_memory(self, refused):
        data = bytearray(lzma.compress(DAMAGED.encode()))
        at = data.index(b"\x21\x01") + 2
        data[at] = 39  # 3 GiB
        end = 12 + data[12] * 4
        data[end:end + 4] = struct.pack("<I", zlib.crc32(bytes(data[12:end])))
        error = refused(bytes(data), "a.txt.xz")
        assert error.reason == "damaged .xz: Memory usage limit exceeded"

    def test_what_stands_behind_xz(self, refused, run):
        data = lzma.compress(DAMAGED.encode())
        assert run(data + bytes(8) + data + bytes(4), "a.txt.xz")[1].changed
        assert "damaged .xz" in refused(data + b"some more", "a.txt.xz").reason


class TestJsonLines:
    orjson = pytest.importorskip("orjson")

    def test_records(self, run):
        good = '{"text":"⽔"}'
        bad = {
            '{"text":"⽔"': "malformed JSON: ", "{'text':'⽔'}": "malformed JSON: ", '{"text":"⽔"} x': "malformed JSON: ",
            '{"t":"⽔","u":1}': "no field 'text'; there are 't', 'u'", "{}": "no field 'text'",
            '{"text":5}': "field 'text' holds a number, not a text",
            '{"text":true}': "field 'text' holds true or false, not a text",
            '{"text":{"a":"⽔"}}': "field 'text' holds an object, not a text",
            '{"text":["⽔",1]}': "field 'text' holds a number, not a text",
            '"⽔"': "no field 'text': a text stands where an object with 'text' should",
            '{"text":"\\ud800"' + "[" * 3000: "malformed JSON: ",
        }
        lines = [line for line in bad for line in (good, line)]
        out, report = run("\n".join(lines).encode(), "a.jsonl", FIELD)
        assert out.decode().split("\n") == [line.replace("⽔", "水") if line == good else line for line in lines]
        assert (report.failed, report.records, report.changed) == (len(bad), len(lines), True)
        for i, (failure, reason) in enumerate(zip(report.errors, bad.values())):
            assert failure.where == f"line {2 * i + 2}" and failure.reason.startswith(reason)

    def test_not_utf8(self, run):
        data = b'{"text":"\xff"}\n{"text":"\xe2\xbd\x94"}\n'
        out, report = run(data, "a.jsonl", FIELD)
        assert out == data.replace("⽔".encode(), "水".encode()) and report.errors[0].where == "line 1"
        assert "utf-8" in report.errors[0].reason.lower()

    def test_a_record_with_two_fields_fails_as_a_whole(self, run):
        data = '{"a":"⽔"}\n{"a":"⽔","b":"⽔"}\n'
        out, report = run(data.encode(), "a.jsonl", Settings(field=("a", "b")))
        assert out.decode() == '{"a":"⽔"}\n{"a":"水","b":"水"}\n' and report.failed == 1

    @pytest.mark.parametrize("piece", [10, 1000])
    def test_line_that_is_too_long(self, run, monkeypatch, piece):
        monkeypatch.setattr(jsonl, "PIECE", piece)
        monkeypatch.setattr(jsonl, "MAX_RECORD", 2000)
        good, long = '{"text":"⽔"}', '{"text":"%s"}' % ("⽔" * 2000)
        lines = [good, long, good, "x", long]
        out, report = run("\n".join(lines).encode(), "a.jsonl", FIELD)
        assert out.decode() == "\n".join(lines).replace(good, good.replace("⽔", "水"))
        assert [failure.where for failure in report.errors] == ["line 2", "line 4", "line 5"] and report.records == 5
        assert report.errors[0].reason.startswith("longer than")

    def test_many(self, run, monkeypatch):
        monkeypatch.setattr(account, "LISTED_FAILURES", 10)
        report = run(b"x\n" * 100, "a.jsonl", FIELD)[1]
        assert report.failed == 100 and len(report.errors) == 10 and not report.changed

    def test_no_field_named(self, refused):
        assert "which field" in refused(b"{}", "a.jsonl").reason


class TestCsv:
    def test_records(self, run):
        lines = ["a,text", "1,⽔", "2", '3,"⽔"x', "4,⽔"]
        out, report = run("\n".join(lines).encode() + b"\n5,\xff\n", "a.csv", COLUMN)
        assert out == "\n".join(lines).replace("1,⽔", "1,水").replace("4,⽔", "4,水").encode() + b"\n5,\xff\n"
        assert report.errors == [("line 3", "1 cells, no column 1 (from 0)"),
                                 ("line 4", "a cell goes on behind its closing quotation mark"),
                                 ("line 6", "not UTF-8: invalid start byte")]
        preserve = Settings(column="text", normalizer=Normalizer(errors="preserve"))
        assert run(b"text\n\xff\xe2\xbd\x94\n", "a.csv", preserve)[0] == b"text\n\xff\xe6\xb0\xb4\n"

    def test_missing_column(self, refused):
        assert refused("a,b\n⽔,1\n".encode(), "a.csv", COLUMN).reason == "no column 'text'; there are 'a', 'b'"
        assert "which column" in refused(b"a,b\n", "a.csv").reason

    @pytest.mark.parametrize("piece", [5, 1 << 20])
    def test_quotation_mark_that_is_not_closed(self, run, monkeypatch, piece):
        monkeypatch.setattr(delimited, "PIECE", piece)
        data = 'text\n⽔\n"⽔\n⽔\n'
        out, report = run(data.encode(), "a.csv", COLUMN)
        assert out.decode() == 'text\n水\n"⽔\n⽔\n'
        assert report.errors == [("line 3", "a quotation mark is not closed: the rest of the file has passed unchanged")]

    def test_record_that_is_too_long(self, run, monkeypatch):
        monkeypatch.setattr(delimited, "PIECE", 100)
        monkeypatch.setattr(delimited, "MAX_RECORD", 500)
        data = 'text\n⽔\n"⽔' + "\n" * 2000 + '"\n⽔'
        out, report = run(data.encode(), "a.csv", COLUMN)
        assert out.decode() == data.replace("text\n⽔", "text\n水") and report.errors[0].where == "line 3"


class TestEncodings:
    def test_not_in_the_encoding(self, refused):
        settings = Settings(encoding="gb18030")
        data = CLEAN.encode("gb18030") * 200_000
        error = refused(data + b"\xff" + data, "a.txt", settings)
        assert (error.where, error.reason[:12]) == (f"byte {len(data)}", "not gb18030:")
        error = refused(data + CLEAN.encode("gb18030")[:1], "a.txt", settings)
        assert error.where == f"byte {len(data)}"

    def test_cannot_be_written(self, refused):
        settings = Settings(encoding="gb2312", normalizer=Normalizer(opencc="s2t"))
        error = refused("渡口\n灯亮\n头发\n".encode("gb2312"), "a.txt", settings)
        assert error.where == "line 2 of the result" and error.reason == "'燈' (U+71C8) cannot be written in gb2312"

    def test_undecided(self, refused):
        assert refused(bytes(range(128, 256)) * 3, "a.txt", Settings(encoding="auto")).reason == (
            "the encoding is not certain, it is none of those that are known: name it (--encoding NAME)")
        error = refused("江水".encode("gb18030"), "a.txt", Settings(encoding="auto"))
        assert ", it may be gb18030: name it" in error.reason

    def test_auto_of_damaged_utf8(self, refused):
        error = refused(CLEAN.encode() * 5 + b"\xff\n" + CLEAN.encode(), "a.txt", Settings(encoding="auto"))
        assert (error.where, error.reason) == (f"byte {5 * len(CLEAN.encode())} (line 6)", "not UTF-8: invalid start byte")

    @pytest.mark.parametrize("data", [b"\xff", b"abc\xff\n", "试验".encode("gbk"), b"caf\xe9 au lait\n"])
    def test_too_little_to_tell_the_encoding(self, refused, data):
        assert refused(data, "a.txt").reason.endswith("; if it has another encoding, say which: --encoding NAME")

    @pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "utf-16-le", "utf-16", "cp932", "cp949"])
    def test_what_it_looks_like(self, refused, run, encoding):
        text = {"cp932": "昨日の夜、駅前の広場で小さな火事がありました。", "cp949": "어제 저녁 역 앞 광장에서 작은 불이 났지만 다친 사람은 없었다."}.get(
            encoding, "這個問題說來話長，今天下午三時，我們在橋上等了很久。")
        named = "utf-16-le" if encoding == "utf-16" else encoding
        advice = f"; it looks like {named}: --encoding {named}"
        assert refused(f"{text}\n{text}\n".encode(encoding), "a.txt").reason.endswith(advice)
        if encoding.startswith("utf-16"):
            return
        data = f'{{"text": "{text}"}}\n'.encode(encoding)
        _, report = run(data * 3, "a.jsonl", FIELD)
        assert [advice in reason for _, reason in report.errors] == [True, False, False]
        _, report = run(b"text\n" + f"{text}\n".encode(encoding) * 2, "a.csv", COLUMN)
        assert [advice in reason for _, reason in report.errors] == [True, False]
        with pytest.raises(FormatError, match=f"no column 'text'; .*{advice}"):
            run(f"{text},a\n".encode(encoding), "b.csv", COLUMN)

    @pytest.mark.parametrize("start, what", [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF: take its text out first (pdftotext FILE.pdf -)"),
        (b"\x89PNG\r\n\x1a\n\0\0", "an image (PNG): it needs OCR first"), (b"\xff\xd8\xff\xe0", "an image (JPEG): it needs OCR first"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (DOC, XLS, PPT)"),
        (zipped(("[Content_Types].xml", b""), ("word/document.xml", b"")), "a Word document (DOCX)"),
        (zipped(("[Content_Types].xml", b""), ("xl/workbook.xml", b"")), "an Excel workbook (XLSX)")])
    @pytest.mark.parametrize("name", ["a", "a.txt", "a.dat", "a.csv"])
    def test_what_is_no_text(self, refused, start, what, name):
        assert refused(start, name, COLUMN).reason.startswith(f"is {what}")


def parquet(texts, kind="string", **more):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(len(texts)), "text": pa.array(texts, getattr(pa, kind)()), **more}), out,
                   use_dictionary=False)
    return out.getvalue()


class TestColumns:
    def test_missing_column(self, refused):
        data = parquet([DAMAGED])
        assert refused(data, "a.parquet",
                       Settings(column="body")).reason == "no column 'body'; there are 'id' (int64), 'text' (string)"
        assert refused(data, "a.parquet", Settings(column=2)).reason.startswith("no column 2;")
        assert "which column" in refused(data, "a.parquet").reason

    def test_wrong_type(self, refused):
        data = parquet([DAMAGED])
        assert refused(data, "a.parquet", Settings(column="id")).reason.startswith("column 'id' is int64, not text; there are ")
        assert refused(parquet([b"a"], "binary"), "a.parquet", COLUMN).reason.startswith("column 'text' is binary, not text")

    def test_truncated_or_damaged(self, refused):
        data = parquet([DAMAGED * 1000])
        assert refused(data[:-20], "a.parquet", COLUMN).reason.startswith("damaged Parquet: ")
        assert refused(b"PAR1" + bytes(50), "a.parquet", COLUMN).reason.startswith("damaged Parquet: ")

    @pytest.mark.parametrize("counts", [False, True])
    def test_rows_that_are_not_utf8(self, run, counts):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        rows = [DAMAGED.encode(), b"\xff", "⽔".encode(), b"\xfe\xfe", None, DAMAGED.encode()]
        text = pa.array(rows, pa.binary()).view(pa.string())
        out = io.BytesIO()
        pq.write_table(pa.table({"text": text}), out, row_group_size=4, use_dictionary=False)
        result, report = run(out.getvalue(), "a.parquet", Settings(column="text", counts=counts))
        got = pq.read_table(io.BytesIO(result)).column("text").cast(pa.binary()).to_pylist()
        assert got == [REPAIRED.encode(), b"\xff", "水".encode(), b"\xfe\xfe", None, REPAIRED.encode()]
        assert report.errors == [("row 1", "not UTF-8: invalid start byte"), ("row 3", "not UTF-8: invalid start byte")]

    @pytest.mark.parametrize("form", ["file", "stream"])
    def test_truncated_arrow(self, refused, form):
        pa, ipc = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.ipc")
        table = pa.table({"text": [DAMAGED * 100]})
        out = io.BytesIO()
        with getattr(ipc, f"new_{form}")(out, table.schema) as writer:
            writer.write_table(table)
        assert refused(out.getvalue()[:-600], "a.arrow", COLUMN).reason.startswith("damaged Arrow IPC")
        assert refused(b"", "a.arrow", COLUMN).reason.startswith("damaged Arrow IPC")


def unzipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


class TestZip:
    NOISE = os.urandom(500).hex() + "\n"

    def test_members(self, run):
        pytest.importorskip("orjson")
        members = {"a.txt": DAMAGED.encode(), "b.txt": CLEAN.encode() + b"\xff", "../../x.txt": DAMAGED.encode(),
                   "/etc/y.txt": DAMAGED.encode(),
                   "c:\\z.txt": b"", "c.jsonl": '{"text":"⽔"}\nx\n{"text":"⽔"}'.encode(), "d.csv": b"a\n1",
                   "e..txt": DAMAGED.encode()}
        result, report = run(zipped(*members.items()), "a.zip", Settings(field="text", column="text"))
        changed = {"a.txt": REPAIRED.encode(), "c.jsonl": '{"text":"水"}\nx\n{"text":"水"}'.encode(), "e..txt": REPAIRED.encode()}
        assert unzipped(result) == {**members, **changed}
        assert [failure.where for failure in report.errors] == [
            "member b.txt, byte 22 (line 2)", "member ../../x.txt", "member /etc/y.txt", "member c:\\z.txt",
            "member c.jsonl, line 2", "member d.csv"]
        assert report.errors[1].reason == "its name leads out of the archive" and report.failed == 6

    @pytest.mark.parametrize("where", ["data", "checksum"])
    def test_damaged_member(self, run, where):
        data = bytearray(zipped(("a.txt", DAMAGED), ("b.txt", self.NOISE), ("c.txt", DAMAGED)))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            b, c = archive.getinfo("b.txt"), archive.getinfo("c.txt")
        if where == "data":
            begin = b.header_offset + 30 + 5
            data[begin + 200] ^= 0xFF
        else:
            for at in range(len(data) - 4):
                if data[at:at + 4] == b.CRC.to_bytes(4, "little"):
                    data[at] ^= 0xFF
        result, report = run(bytes(data), "a.zip")
        assert [failure.where for failure in report.errors] == ["member b.txt"]
        assert report.errors[0].reason.startswith("damaged: ")
        with zipfile.ZipFile(io.BytesIO(result)) as archive:
            assert archive.read("a.txt") == archive.read("c.txt") == REPAIRED.encode()
            copy = archive.getinfo("b.txt")
        size = c.header_offset - b.header_offset  # the member is copied as it is
        assert result[copy.header_offset:copy.header_offset + size] == data[b.header_offset:c.header_offset]

    def test_member_without_a_header_is_left_out(self, run):
        data = bytearray(zipped(("a.txt", DAMAGED), ("b.bin", b"b"), ("c.txt", "⽔")))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data[archive.getinfo("b.bin").header_offset] = 0
        result, report = run(bytes(data), "a.zip")
        assert unzipped(result) == {"a.txt": REPAIRED.encode(), "c.txt": "水".encode()}
        assert report.errors == [("member b.bin", "its header is damaged: left out")]

    def test_encrypted_member(self, run):
        data = bytearray(zipped(("a.txt", DAMAGED), ("b.txt", DAMAGED)))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            offset = archive.getinfo("b.txt").header_offset
        for at in (offset + 6, data.rindex(b"PK\x01\x02") + 8):
            data[at] |= 1
        result, report = run(bytes(data), "a.zip")
        assert report.errors == [("member b.txt", "encrypted")]
        with zipfile.ZipFile(io.BytesIO(result)) as archive:
            assert archive.read("a.txt") == REPAIRED.encode() and archive.getinfo("b.txt").flag_bits & 1

    def test_bomb(self, run):
        data = zipped(("a.txt", DAMAGED), ("b.txt", b"a line\n" * (10 << 20)), ("c.txt", DAMAGED), ("d.bin", bytes(100 << 20)))
        result, report = run(data, "a.zip")
        assert report.errors == [("member b.txt", "unpacks to more than 100 times its size (max_ratio)")]
        with zipfile.ZipFile(io.BytesIO(result)) as archive:
            assert archive.read("a.txt") == archive.read("c.txt") == REPAIRED.encode()
            assert archive.getinfo("b.txt").file_size == 70 << 20
        assert run(data, "a.zip", Settings(max_ratio=None))[1].failed == 0
        report = run(data, "a.zip", Settings(max_ratio=None, max_bytes=20))[1]  # of the first the 16 bytes fit
        assert [failure.where for failure in report.errors] == ["member b.txt", "member c.txt"]
        assert "max_bytes" in report.errors[0].reason

    def test_members_that_overlap(self, refused):
        one = zipped(("a.txt", self.NOISE))
        directory = one[one.index(b"PK\x01\x02"):one.index(b"PK\x05\x06")]
        many = bytearray(one[:one.index(b"PK\x01\x02")] + directory * 9 + one[one.index(b"PK\x05\x06"):])
        end = many.index(b"PK\x05\x06")
        many[end + 8:end + 10] = many[end + 10:end + 12] = (9).to_bytes(2, "little")
        many[end + 12:end + 16] = (9 * len(directory)).to_bytes(4, "little")
        assert "overlap" in refused(bytes(many), "a.zip").reason

    def test_truncated(self, refused):
        assert refused(zipped(("a.txt", DAMAGED))[:-30], "a.zip").reason.startswith("damaged zip: ")

    @pytest.mark.parametrize("field, value", [(10, 0xFFFFFFFF), (12, 0xFFFFFF00), (16, 0xFFFFFF00), (12, 0x10)])
    def test_end_that_lies(self, run, field, value):
        """Sizes and offsets of the directory."""
        data = zipped(("a.txt", DAMAGED))
        end = data.rindex(b"PK\5\6")
        size = 2 if field == 10 else 4
        data = data[:end + field] + value.to_bytes(4, "little")[:size] + data[end + field + size:]
        try:
            run(data, "a.zip")
        except FormatError as error:
            assert "damaged zip" in error.reason

    @pytest.mark.parametrize("values", [(1 << 63, 9, 0), (9, 1 << 63, 0), (9, 9, 1 << 63), (9, 9, (1 << 63) - 10)])
    def test_zip64_that_lies(self, run, values):
        data = zipped(("a.txt", DAMAGED))
        central, end = data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6")
        entry = bytearray(data[central:end])
        extra = struct.pack("<HHQQQ", 1, 24, *values)
        entry[20:28], entry[42:46], entry[30:32] = b"\xff" * 8, b"\xff" * 4, struct.pack("<H", len(extra))
        tail = data[end:end + 12] + struct.pack("<I", len(entry) + len(extra)) + data[end + 16:]
        try:
            result, report = run(data[:central] + bytes(entry) + extra + tail, "a.zip")
            assert report.failed
        except FormatError as error:
            assert "zip" in error.reason


def untarred(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


class TestTar:
    def test_members(self, run):
        members = {"a.txt": DAMAGED.encode(), "b.txt": CLEAN.encode() * 90_000 + b"\xff" + DAMAGED.encode(),
                   "../../x.txt": DAMAGED.encode(),
                   "/etc/y.txt": DAMAGED.encode(), "c.txt.gz": b"no gzip", "d.txt": DAMAGED.encode()}
        result, report = run(tarred(*members.items()), "a.tar")
        assert untarred(result) == {**members, "a.txt": REPAIRED.encode(), "d.txt": REPAIRED.encode()}
        assert [failure.where for failure in report.errors] == [
            "member b.txt, byte 1980000 (line 90001)", "member ../../x.txt", "member /etc/y.txt", "member c.txt.gz, byte 0"]

    @pytest.mark.parametrize("name", ["a.txt", "a.bin"])
    def test_truncated(self, refused, name):
        data = tarred((name, CLEAN.encode() * 100))
        for cut in (600, 1000, 2000):
            error = refused(data[:cut], "a.tar")
            assert (error.where, error.reason) == (f"byte {cut}", "truncated tar")
        assert refused(gzip.compress(data)[:-5], "a.tar.gz").reason == "truncated .gz"

    def test_damaged_header(self, run, refused):
        data = bytearray(tarred(("a.txt", DAMAGED.encode()), ("b.txt", DAMAGED.encode()), ("c.txt", DAMAGED.encode())))
        data[1024 + 100] ^= 0xFF
        result, report = run(bytes(data), "a.tar")
        assert report.errors == [("byte 1024", "damaged header: the rest of the archive has passed unchanged")]
        assert result[512:524] == REPAIRED.encode() and result[1024:] == data[1024:]
        data[100] ^= 0xFF
        assert refused(bytes(data), "a.tar").reason.startswith("damaged tar: ")

    def test_bomb(self, refused):
        data = gzip.compress(tarred(("a.bin", bytes(80 << 20))))
        assert refused(data, "a.tar.gz").reason == "unpacks to more than 100 times its size (max_ratio)"

    def header(self, kind, size):
        info = tarfile.TarInfo("a.txt")
        info.type, info.size = kind, max(size, 0)
        block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        if size < 0:
            block[124:136] = b"\xff" + (size % (1 << 88)).to_bytes(11, "big")
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    @pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
    def test_large_header(self, refused, kind):
        """It would be held whole, in several forms."""
        size = 8 << 20
        data = tarred(("a.txt", "渡口".encode()))[:1024] + self.header(kind, size) + b"1" * size + tarred(("b.txt", "渡口".encode()))
        tracemalloc.start()
        error = refused(data, "a.tar")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert error.where == "byte 1536" and error.reason == "a tar header of more than 1 MiB"
        assert peak < size

    @pytest.mark.parametrize("data", [
        (b"L", 512, b"a" * 512), (b"0", -1024, b""), (b"x", -1024, b""), (b"x", 512, b"9" * 512), (b"x", 512, b"11 a=b\n" + bytes(505))])
    @pytest.mark.parametrize("first", [True, False])
    def test_headers_that_lie(self, run, first, data):
        kind, size, rest = data
        before = b"" if first else tarred(("a.txt", DAMAGED.encode()))[:1024]
        data = before + (self.header(kind, size) + rest) * (1 if kind != b"L" else 900) + bytes(4096)
        try:
            result, report = run(data, "a.tar")
            assert report.failed and result.endswith(data[len(before):])
        except FormatError as error:
            assert error.where and "damaged tar" in error.reason

    def test_sparse_map_that_is_none(self, run):
        info = tarfile.TarInfo("a.txt")
        info.size = 1024
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "q", "GNU.sparse.realsize": "9"}
        for map_ in (b"99999\n1\n", b"abc\n"):
            with pytest.raises(FormatError, match="damaged tar"):
                run(info.tobuf(tarfile.PAX_FORMAT) + map_ + bytes(1024), "a.tar")


@pytest.mark.parametrize("name, data, package, settings", [
    ("a.txt.zst", b"\x28\xb5\x2f\xfd", "zstandard", Settings())])
def test_missing_package(tmp_path, monkeypatch, name, data, package, settings):
    def absent(module):
        raise ModuleNotFoundError(module)

    monkeypatch.setattr(account, "import_module", absent)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImportError, match=rf" needs {package}: pip install 'hanflow\[formats\]'"):
        convert(settings, tmp_path / name, tmp_path / "target")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_missing_package_of_the_child(tmp_path, monkeypatch, name):
    (tmp_path / "pyarrow.py").write_text("raise ModuleNotFoundError")
    monkeypatch.syspath_prepend(tmp_path)
    isolated._Child.end_all()  # it may have the package
    (tmp_path / name).write_bytes(b"PAR1")
    try:
        with pytest.raises(ImportError, match=r" needs pyarrow: pip install 'hanflow\[formats\]'"):
            convert(COLUMN, tmp_path / name, tmp_path / "target")
    finally:
        isolated._Child.end_all()
    assert not (tmp_path / "target").exists()
