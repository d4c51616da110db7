"""hanflow.formats.each_text(): the texts that convert() repairs, and where they stand."""
import bz2
import gzip
import io
import json
import random

import pytest
import strategies as s
from archives import tarred, zipped

from hanflow import Normalizer, replay
from hanflow._formats import delimited, jsonl
from hanflow.formats import FormatError, Settings, convert, each_text

N = Normalizer()
CLEAN = "渡口的灯亮了。\n"
DAMAGED = "２０条⽔渠\n"
REPAIRED = "20条水渠\n"  # typed by hand


def listed(data, **given):
    """(what is visited, report)"""
    settings, found = Settings(**given), []

    def visit(located):
        found.append(located)
        return settings.normalizer(located.text) != located.text

    return found, each_text(settings, data if isinstance(data, str) else io.BytesIO(data), visit)


def parquet(texts, **options):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(len(texts)), "text": pa.array(texts, options.pop("type", pa.string()))}), out, **options)
    return out.getvalue()


def arrow(texts, stream=False):
    pa = pytest.importorskip("pyarrow")
    out = io.BytesIO()
    table = pa.table({"text": texts})
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return out.getvalue()


def pages(seed, count=6):
    rng = random.Random(seed)
    return [s.random_page(rng, grids=True).text.encode("utf8", "replace").decode() for _ in range(count)]


def lines_of_json(texts):
    return b"".join(json.dumps({"id": i, "text": text}).encode() + b"\n" for i, text in enumerate(texts))


def csv(texts):
    return ("id,text\r\n" + "".join('%d,"%s"\r\n' % (i, text.replace('"', '""')) for i, text in enumerate(texts))).encode()


MADE = {
    "text": (lambda texts: "\n".join(texts).encode(), {}),
    "text.gz": (lambda texts: gzip.compress("\n".join(texts).encode()), {}),
    "gb18030": (lambda texts: "\n".join(texts).encode("gb18030"), {"encoding": "gb18030"}),
    "jsonl": (lines_of_json, {"field": "text", "format": "jsonl"}),
    "csv": (csv, {"column": "text", "format": "csv"}),
    "parquet": (lambda texts: parquet(texts, row_group_size=2), {"column": "text"}),
    "parquet.bz2": (lambda texts: bz2.compress(parquet(texts)), {"column": "text"}),
    "arrow": (arrow, {"column": "text"}),
    "arrows": (lambda texts: arrow(texts, stream=True), {"column": "text", "format": "arrow"}),
    "zip": (lambda texts: zipped(("a.txt", texts[0]), ("b.bin", "⽔"), ("c.jsonl", lines_of_json(texts))), {"field": "text"}),
    "tar": (lambda texts: tarred(("a.txt", texts[0].encode()), ("b.bin", b"\xff"),
                                 ("c.jsonl.gz", gzip.compress(lines_of_json(texts)))), {"field": "text"}),
}


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_convert_repairs(kind, seed):
    """Read again, the repaired file holds what the normalizer makes of each text."""
    made, given = MADE[kind]
    if "jsonl" in given.get("format", "") or "field" in given:
        pytest.importorskip("orjson")
    data, target = made(pages(seed)), io.BytesIO()
    found, report = listed(data, **given)
    convert(Settings(**given), io.BytesIO(data), target)
    again, unchanged = listed(target.getvalue(), **given)
    assert len(found) >= 1 and [N(located.text) for located in found] == [located.text for located in again]
    dry = convert(Settings(**given), io.BytesIO(data), None)
    assert report == dry and report.changed and not unchanged.changed


class TestPlaces:
    def test_a_long_text(self):
        """It comes in pieces, and is whole where somebody wants it so."""
        data = (CLEAN * 50_000).encode()
        found = []
        report = each_text(Settings(), io.BytesIO(data), lambda located: found.append(str(located.text)) or False)
        assert found == [data.decode()] and report.changed is False
        kept = []
        each_text(Settings(), io.BytesIO(data), lambda located: kept.append(located.text) or False)
        with pytest.raises(ValueError, match="its start is gone"):
            str(kept[0])

    def test_a_long_text_that_nobody_reads(self):
        """What would end a conversion ends this too."""
        for pack, name in ((bytes, "a.txt"), (gzip.compress, "a.txt.gz")):
            source = io.BytesIO(pack((CLEAN * 50_000).encode() + b"\xff"))
            with pytest.raises(FormatError, match=r"byte 1100000 \(line 50001\): not UTF-8"):
                each_text(Settings(), source, lambda located: False)

    def test_text(self):
        found, report = listed(DAMAGED.encode(), format="text")
        assert found == [(DAMAGED, 1, 1, True, None, "", "", "text", "utf-8", True)]
        assert report.changed and report.bytes_in == len(DAMAGED.encode())

    @pytest.mark.parametrize("piece", [1, 7, 1 << 18])
    def test_json_lines(self, monkeypatch, piece):
        pytest.importorskip("orjson")
        monkeypatch.setattr(jsonl, "PIECE", piece)
        data = b'{"a": "x"}\n\n{"b": 1}\n' + '{"a": ["渡", "口"], "b": "江"}'.encode()
        found, report = listed(data, format="jsonl", field=("a", "b"))
        assert [(f.text, f.line, f.record, f.field, f.lines) for f in found] == [
            ("渡", 4, 4, "a", False), ("口", 4, 4, "a", False), ("江", 4, 4, "b", False)]
        assert [failure.where for failure in report.errors] == ["line 1", "line 3"]

    @pytest.mark.parametrize("piece", [1, 7, 1 << 18])
    def test_csv(self, monkeypatch, piece):
        monkeypatch.setattr(delimited, "PIECE", piece)
        data = "id,text,more\n渡口,江,\n2,\"两\n行\",\"渡\"\n3,\"x\n".encode()
        found, report = listed(data, format="csv", column=("more", "text"))
        assert [(f.text, f.line, f.column, f.record, f.field, f.lines) for f in found] == [
            ("江", 2, 4, 2, "text", True), ("", 2, 6, 2, "more", True),
            ("两\n行", 3, 4, 3, "text", True), ("渡", 4, 5, 3, "more", True)]
        assert [failure.where for failure in report.errors] == ["line 5"]

    def test_rows(self):
        found, report = listed(parquet([CLEAN, None, DAMAGED], row_group_size=2), column="text")
        assert [(f.text, f.line, f.record, f.field, f.format) for f in found] == [
            (CLEAN, 1, 0, "text", "parquet"), (DAMAGED, 3, 2, "text", "parquet")]
        assert report.records == 3

    def test_dictionaries(self):
        pa = pytest.importorskip("pyarrow")
        found, _ = listed(parquet([DAMAGED, CLEAN, DAMAGED], type=pa.dictionary(pa.int8(), pa.string())), column="text")
        assert [f.text for f in found] == [DAMAGED, CLEAN, DAMAGED]

    def test_members(self):
        members = (("a.txt", DAMAGED.encode()), ("../b.txt", b""), ("c.txt", b"\xff"), ("d/e.txt", CLEAN.encode()))
        for data in (zipped(*members), tarred(*members)):
            found, report = listed(data)
            assert [(f.member, f.text, f.format) for f in found] == [("a.txt", DAMAGED, "text"), ("d/e.txt", CLEAN, "text")]
            assert [failure.where for failure in report.errors] == ["member ../b.txt", "member c.txt, byte 0 (line 1)"]

    def test_encoding(self):
        found, report = listed(CLEAN.encode("gb18030"), encoding="gb18030")
        assert (found[0].text, found[0].encoding, report.encoding) == (CLEAN, "gb18030", "gb18030")


class TestBroken:
    def test_not_utf8(self):
        with pytest.raises(FormatError, match=r"byte 4 \(line 2\): not UTF-8: invalid start byte"):
            listed("江\n".encode() + b"\xff")

    def test_damaged(self):
        with pytest.raises(FormatError, match="damaged Parquet"):
            listed(parquet([CLEAN])[:50], column="text", format="parquet")
        with pytest.raises(FormatError, match="truncated .gz"):
            listed(gzip.compress(CLEAN.encode())[:-9])

    def test_rows_that_are_not_utf8(self):
        pa = pytest.importorskip("pyarrow")
        bad = pa.array([b"\xff", CLEAN.encode()]).view(pa.string())
        out = io.BytesIO()
        with pa.ipc.new_file(out, pa.schema({"text": pa.string()})) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays([bad], ["text"]))
        found, report = listed(out.getvalue(), column="text")
        assert [f.text for f in found] == [CLEAN] and report.errors == [("row 0", "not UTF-8: invalid start byte")]
        found, report = listed(out.getvalue(), column="text", normalizer=Normalizer(errors="preserve"))
        assert [f.text for f in found] == ["\udcff", CLEAN] and not report.errors

    @pytest.mark.parametrize("seed", range(40))
    def test_preserved(self, seed):
        """What is not UTF-8 is repaired as convert() does it: as bytes in text, as surrogates in CSV."""
        rng = random.Random(seed)
        data = bytearray(pages(seed, 1)[0].encode())
        for _ in range(20):
            at = rng.randrange(len(data))
            data[at:at + rng.randrange(3)] = bytes(rng.randrange(256) for _ in range(rng.randrange(3)))
        for given in ({}, {"opencc": "s2t"}):
            normalizer = Normalizer(errors="preserve", **given)
            (located,), _ = listed(bytes(data), normalizer=normalizer)
            result = replay(located.repairs(normalizer), located.text)
            assert result.encode("utf8", "surrogateescape") == normalizer(bytes(data))
