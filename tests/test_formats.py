"""hanflow.formats.convert(): the texts in a file become what the Normalizer makes of them, and nothing else in it changes."""
import bz2
import csv
import gzip
import importlib.util
import io
import json
import lzma
import os
import pickle
import random
import stat
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import pytest
import strategies as s
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanflow import Normalizer
from hanflow._formats import compression, delimited, encodings, guess, jsonl, text
from hanflow._formats.account import Account
from hanflow.formats import Settings, convert, each_text

CI = dict(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
N = Normalizer()
CLEAN = "渡口的灯亮了。\n"
DAMAGED = "２０条⽔渠\n"
REPAIRED = "20条水渠\n"  # typed by hand
FIELD, COLUMN = Settings(field="text"), Settings(column="text")
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def pages(seed, count):
    """Bytes of made-up pages."""
    rng = random.Random(seed)
    return "\n".join(s.random_page(rng, grids=True).text for _ in range(count)).encode("utf8", "replace")


def through(data, **given):
    """(result, report) without a file."""
    target = io.BytesIO()
    report = convert(Settings(**given), io.BytesIO(data), target)
    assert (report.bytes_in, report.bytes_out) == (len(data), len(target.getvalue()))
    return target.getvalue(), report


@pytest.fixture
def run(tmp_path):
    """(data, name, settings) -> (result, report); the name decides the format."""

    def run(data, name, settings=Settings()):
        source, target = tmp_path / name, tmp_path / ("target-" + name)
        source.write_bytes(data)
        report = convert(settings, source, target)
        assert (report.source, report.bytes_in, report.bytes_out) == (str(source), len(data), target.stat().st_size)
        json.dumps(report._asdict())
        assert pickle.loads(pickle.dumps(report)) == report
        return target.read_bytes(), report

    return run


class TestSettings:
    def test_value(self):
        one, other = (Settings(normalizer=Normalizer(width="all"), field="text", column=["a", 3]) for _ in range(2))
        assert one == other and hash(one) == hash(other) and pickle.loads(pickle.dumps(one)) == one
        assert (one.field, one.column) == (("text",), ("a", 3))
        assert json.loads(json.dumps(one.as_dict()))["options"]["width"] == "all"

    @pytest.mark.parametrize("name, value", [
        ("format", "doc"), ("encoding", "klingon"), ("encoding", "zip"), ("delimiter", ",,"), ("delimiter", '"')])
    def test_refused(self, name, value):
        with pytest.raises(ValueError, match=f"{name} must be"):
            Settings(**{name: value})


class TestText:
    def test_repaired(self, run):
        result, report = run(DAMAGED.encode(), "a.txt")
        assert result == REPAIRED.encode()
        assert report[1:] == ("text", "utf-8", 16, 12, True, 0, {}, 0, [])

    def test_nothing_to_repair(self, run):
        result, report = run(CLEAN.encode(), "a.txt")
        assert result == CLEAN.encode() and not report.changed

    @pytest.mark.parametrize("piece", [1, 7, 5000, 1 << 20])
    def test_pieces(self, monkeypatch, piece):
        monkeypatch.setattr(text, "PIECE", piece)
        data = pages(3, 20 if piece == 1 else 300)
        result, report = through(data)
        assert result == N(data) and report.changed

    @pytest.mark.parametrize("piece", [5, 1 << 20])
    def test_unchanged_in_pieces(self, monkeypatch, piece):
        monkeypatch.setattr(text, "PIECE", piece)
        data = N(pages(4, 60))
        result, report = through(data)
        assert result == data and not report.changed

    @pytest.mark.parametrize("end", ["", "\n", "\n \n"])
    def test_change_in_the_last_piece(self, monkeypatch, end):
        monkeypatch.setattr(text, "PIECE", 4096)
        data = CLEAN.encode() * 5000
        assert not through(data)[1].changed
        assert through(data + ("⽔" + end).encode())[1].changed
        assert through(data + "灯\ufeff".encode())[1].changed  # at the end something goes

    @pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv", "a.txt.gz"])
    def test_empty(self, run, name):
        result, report = run(b"", name, Settings(field="text", column="text"))
        assert result == b"" and not report.changed and report.records == 0

    def test_options(self):
        assert through("ＡＢ，头发\n".encode(), normalizer=Normalizer(width="all", opencc="s2t"))[0] == "AB,頭髮\n".encode()

    def test_preserve(self):
        data = DAMAGED.encode() + b"\xff\xfe\n"
        assert through(data, normalizer=Normalizer(errors="preserve"))[0] == REPAIRED.encode() + b"\xff\xfe\n"

    def test_counts(self):
        data = pages(5, 50)
        rules = [repair.rule for repair in N.explain(data)]
        report = through(data, counts=True)[1]
        assert report.repairs == {rule: rules.count(rule) for rule in rules} and len(report.repairs) > 2

    def test_counts_of_a_long_text(self, monkeypatch):
        data = pages(5, 50)
        monkeypatch.setattr("hanflow._formats.text.PIECE", len(data) // 30)
        out, report = through(data, counts=True)
        rules = [repair.rule for repair in N.explain(data)]
        assert out == N(data) and report.repairs == {rule: rules.count(rule) for rule in set(rules)}

    def test_dry_run(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(DAMAGED.encode())
        report = convert(Settings(), tmp_path / "a.txt", None)
        assert report.changed and report.bytes_out == 0 and os.listdir(tmp_path) == ["a.txt"]

    @pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
    def test_in_place(self, tmp_path, name):
        pack, unpack = (gzip.compress, gzip.decompress) if name.endswith("gz") else (bytes, bytes)
        path = tmp_path / name
        path.write_bytes(pack(DAMAGED.encode()))
        assert convert(Settings(), path, path, in_place=True).changed
        assert unpack(path.read_bytes()) == REPAIRED.encode()
        before = path.stat()
        report = convert(Settings(), path, path, in_place=True)
        assert not report.changed and report.bytes_in == report.bytes_out == before.st_size
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        with pytest.raises(ValueError, match="the same file"):
            convert(Settings(), path, path)
        assert os.listdir(tmp_path) == [name]


class TestStandardStreams:
    """In a process of its own: convert() takes sys.stdin and sys.stdout."""

    SCRIPT = """
        import sys
        from hanflow.formats import Settings, convert
        report = convert(Settings({}), "-", "-")
        print(report.source, report.format, report.bytes_in, report.bytes_out, file=sys.stderr)
    """

    def process(self, settings=""):
        script = textwrap.dedent(self.SCRIPT.format(settings))
        return subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def test_text(self):
        out, err = self.process().communicate(DAMAGED.encode())
        assert (out, err.split()) == (REPAIRED.encode(), b"- text 16 12".split())

    def test_field_and_column_say_what_it_is(self):
        for given_settings, data, format in (("field='t'", '{"t": "⽔"}', b"jsonl"), ("column='t'", "t,u\n⽔,\n", b"csv")):
            out, err = self.process(given_settings).communicate(data.encode())
            assert out.decode() == data.replace("⽔", "水") and err.split()[1] == format

    def test_compressed(self):
        out, err = self.process().communicate(gzip.compress(DAMAGED.encode()))
        assert gzip.decompress(out) == REPAIRED.encode() and err.split()[1] == b"text.gz"

    def test_what_comes_slowly_comes_out_whole(self):
        data = pages(7, 40)
        process = self.process()
        for at in range(0, len(data), 997):  # each piece is there before the next is written
            process.stdin.write(data[at:at + 997])
            process.stdin.flush()
        out, _ = process.communicate()
        assert out == N(data)


class TestCompression:
    PACK = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
    UNPACK = {"gz": gzip.decompress, "xz": lzma.decompress, "bz2": bz2.decompress}
    KINDS = ["gz", "xz", "bz2", "zst"]

    def tools(self, kind):
        if kind == "zst":
            zstandard = pytest.importorskip("zstandard")
            return zstandard.compress, lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)
        return self.PACK[kind], self.UNPACK[kind]

    @pytest.mark.parametrize("kind", KINDS)
    def test_repaired(self, run, kind):
        pack, unpack = self.tools(kind)
        data = pages(9, 200)
        result, report = run(pack(data), f"a.txt.{kind}")
        assert unpack(result) == N(data) and report.format == f"text.{kind}"
        assert run(pack(data), f"a.txt.{kind}")[0] == result  # the same source gives the same target

    @pytest.mark.parametrize("kind", KINDS)
    def test_members_one_behind_the_other(self, run, kind):
        pack, unpack = self.tools(kind)
        result, _ = run(pack(DAMAGED.encode()) + pack(CLEAN.encode()), f"a.txt.{kind}")
        assert unpack(result) == N((DAMAGED + CLEAN).encode())

    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_to_repair(self, run, kind):
        data = self.tools(kind)[0](CLEAN.encode()) * 2
        result, report = run(data, f"a.txt.{kind}")
        assert result == data and not report.changed

    @pytest.mark.parametrize("kind", KINDS)
    def test_without_a_suffix(self, run, kind):
        pack, unpack = self.tools(kind)
        assert unpack(run(pack(DAMAGED.encode()), "a")[0]) == REPAIRED.encode()

    def test_gzip_without_isal(self, run, monkeypatch):
        def load(name):
            if name == "isal.igzip":
                raise ImportError
            return importlib.import_module(name)

        monkeypatch.setattr(compression, "import_module", load)
        data = pages(9, 50)
        assert gzip.decompress(run(gzip.compress(data), "a.txt.gz")[0]) == N(data)

    def test_other_formats_in_it(self, run):
        line = '{"text": "%s"}\n'
        result, report = run(gzip.compress((line % "⽔").encode()), "a.jsonl.gz", FIELD)
        assert gzip.decompress(result).decode() == line % "水" and (report.format, report.records) == ("jsonl.gz", 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
    | st.sampled_from([DAMAGED, CLEAN, '"text": "⽔"', "\\", "]}{["]),
    lambda children: (st.lists(children, max_size=3)
                      | st.dictionaries(st.sampled_from(["text", "a", "b", '"', "te\\xt"]), children, max_size=3)),
    max_leaves=8)


def repaired_at(value, path):
    """The same value with its texts at the path repaired; ValueError if there is something else."""
    if isinstance(value, list):
        return [repaired_at(item, path) for item in value]
    if value is None:
        return None
    if not path:
        if not isinstance(value, str):
            raise ValueError
        return N(value)
    if not isinstance(value, dict) or path[0] not in value:
        raise ValueError
    return {**value, path[0]: repaired_at(value[path[0]], path[1:])}


class TestJsonLines:
    orjson = pytest.importorskip("orjson")

    def line(self, source, result=None, **given):
        """That the line becomes the result (unchanged if None). Returns the report."""
        given.setdefault("field", "text")
        out, report = through(source.encode("utf8", "surrogatepass"), format="jsonl", **given)
        assert out == (source if result is None else result).encode("utf8", "surrogatepass")
        assert report.changed == (result is not None)
        return report

    @pytest.mark.parametrize("source, result", [
        ('{"text": "⽔"}', '{"text": "水"}'),
        ('{"n":1.0, "big": 123456789012345678901234567890,"text" : "⽔" ,"z":[1e5, -0]}\n',
         '{"n":1.0, "big": 123456789012345678901234567890,"text" : "水" ,"z":[1e5, -0]}\n'),
        ('{"text":"\\u2f54\\t\\/"}\r\n', '{"text":"\\u6c34\\t\\/"}\r\n'),  # as it was escaped
        ('{"text":"⽔/\\/"}', '{"text":"水\\/\\/"}'),
        ('{"a":{"text":"⽔"},"text":"⽔","b":"\\"text\\":\\"⽔\\""}', '{"a":{"text":"⽔"},"text":"水","b":"\\"text\\":\\"⽔\\""}'),
        ('{"text":"⽔","text":"⽔"}', '{"text":"⽔","text":"水"}'),  # the last of two counts
        ('{"te\\u0078t":"⽔"}', '{"te\\u0078t":"水"}'),
        ('{"text":["⽔",null,["净","⽔"]]}', '{"text":["水",null,["净","水"]]}'),
        ('[{"text":"⽔"},{"text":"⽔"}]', '[{"text":"水"},{"text":"水"}]'),
        ('{"x":NaN,"text":"⽔"}', '{"x":NaN,"text":"水"}'),
        ('{"text":"\\ud800⽔"}', '{"text":"\\ud800\\u6c34"}'),
        ('\ufeff{"text":"⽔"}\n', '\ufeff{"text":"水"}\n'),
        ('{"text":"净"}\n\n  \n{"text":"⽔"}', '{"text":"净"}\n\n  \n{"text":"水"}'),
    ])
    def test_only_the_literal_changes(self, source, result):
        assert not self.line(source, result).failed

    @pytest.mark.parametrize("source",
                             ['{"text":null}', '{"text":"\\u51c0"}\n', '{"text": []}', "\n\n", ' {"text" :"净", "a":1.0}\r\n'])
    def test_nothing_to_repair(self, source):
        assert not self.line(source).failed

    def test_nested_and_several(self):
        self.line('{"a":{"b":{"c":"⽔"}},"c":"⽔"}', '{"a":{"b":{"c":"水"}},"c":"⽔"}', field="a.b.c")
        self.line('{"a":[{"b":"⽔"},{"b":"净"}],"t":"⽔","u":"⽔"}', '{"a":[{"b":"水"},{"b":"净"}],"t":"水","u":"⽔"}',
                  field=("t", "a.b"))
        self.line('{"m":null}', field="m.text")
        self.line('{"t":"⽔"}', '{"t":"水"}', field=("t", "t"))

    @settings(max_examples=400, **CI)
    @given(st.lists(JSON, max_size=4), st.booleans(), st.sampled_from([("text",), ("a", "text"), ("a", "b", "text")]))
    def test_any_json(self, values, escaped, path):
        lines = [json.dumps(value, ensure_ascii=escaped) for value in values]
        out, report = through("\n".join(lines).encode("utf8", "surrogatepass"), format="jsonl", field=".".join(path))
        failed = 0
        for value, line, result in zip(values, lines, out.decode("utf8", "surrogatepass").split("\n")):
            try:
                expected = repaired_at(value, path)
            except ValueError:
                failed += 1
                expected = value
            assert json.loads(result) == expected
            if expected == value:
                assert result == line
        assert report.failed == failed and report.records == len(values)

    @pytest.mark.parametrize("piece", [1, 10, 1 << 20])
    def test_pieces(self, monkeypatch, piece):
        monkeypatch.setattr(jsonl, "PIECE", piece)
        rng = random.Random(11)
        texts = [s.random_page(rng).text for _ in range(30)]
        lines = [json.dumps({"id": i, "text": t}, ensure_ascii=i % 2 == 0) for i, t in enumerate(texts)]
        out, report = through("\n".join(lines).encode(), format="jsonl", field="text", counts=True)
        assert [json.loads(line)["text"] for line in out.decode().split("\n")] == [N(t) for t in texts]
        assert report.records == 30 and report.repairs["spacing"] == sum(r.rule == "spacing" for t in texts for r in N.explain(t))

    def test_opencc(self):
        self.line('{"text":"⼀头发"}', '{"text":"一頭髮"}', normalizer=Normalizer(opencc="s2t"))


class TestCsv:
    def table(self, source, result=None, **given):
        given.setdefault("column", "text")
        out, report = through(source.encode(), format="csv", **given)
        assert out.decode() == (source if result is None else result)
        assert report.changed == (result is not None)
        return report

    @pytest.mark.parametrize("source, result", [
        ("id,text\n1,⽔\n", "id,text\n1,水\n"),
        ('\ufeffid,"text"\r\n01,"⽔"\r\n"2", ⽔ ,x\r\n', '\ufeffid,"text"\r\n01,"水"\r\n"2", 水 ,x\r\n'),
        ('text;n\n"a ""⽔""\n净";1,5\n⽔;"2"', 'text;n\n"a ""水""\n净";1,5\n水;"2"'),
        ("text\tn\n⽔\t,\n", "text\tn\n水\t,\n"),
        ("text\n⽔\n\n净", "text\n水\n\n净"),
        ('text,b\n5" ⽔,"x"\n', 'text,b\n5" 水,"x"\n'),
        ("⽔,text\r⽔,⽔\r", "⽔,text\r⽔,水\r"),
    ])
    def test_only_the_cell_changes(self, source, result):
        assert not self.table(source, result).failed

    def test_quotation_marks_where_they_become_needed(self):
        self.table("text,n\nａ，ｂ,1\n", 'text,n\n"a,b",1\n', normalizer=Normalizer(width="all"))

    def test_columns(self):
        self.table("⽔,⽔\n⽔,⽔\n", "⽔,水\n⽔,水\n", column=1)  # by number: no header
        self.table("⽔,⽔\n⽔,⽔\n", "⽔,水\n⽔,水\n", column="1")
        self.table("a,1,b\n⽔,⽔,⽔\n", "a,1,b\n水,水,⽔\n", column=("1", "a"))  # a name, if there is one
        self.table("a,text\n⽔,⽔\n", "a,text\n⽔,水\n", column=("text", "text"))
        self.table("⽔,⽔\n", "⽔,水\n", column=(1, "1"))
        self.table("a|text\n,|⽔\n", "a|text\n,|水\n")
        self.table("text:b,c\n⽔:⽔,\n", "text:b,c\n水:⽔,\n", delimiter=":")

    def test_tabs_by_suffix(self, run):
        assert run("a,b,c\ttext\n,,,\t⽔\n".encode(), "a.tsv", COLUMN)[0].decode() == "a,b,c\ttext\n,,,\t水\n"

    @settings(max_examples=200, **CI)
    @given(st.lists(st.tuples(*[st.text("a⽔净,;\"\n\r\t 　", max_size=6)] * 3), max_size=6), st.sampled_from([1, 3, 1 << 20]),
           st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))
    def test_any_table(self, rows, piece, quoting, end):
        def reader(data):
            return list(csv.reader(io.StringIO(data.decode(), newline="")))

        file = io.StringIO(newline="")
        writer = csv.writer(file, quoting=quoting, lineterminator=end)
        writer.writerows([("a", "text", "b"), *rows])
        source = file.getvalue().encode()
        before, delimited.PIECE = delimited.PIECE, piece
        try:
            out, report = through(source, format="csv", column="text", delimiter=",")
        finally:
            delimited.PIECE = before
        expected = [row if len(row) < 2 or i == 0 else [row[0], N(row[1]), *row[2:]] for i, row in enumerate(reader(source))]
        assert reader(out) == expected and report.failed == sum(len(row) == 1 for row in expected[1:])
        if not report.changed:
            assert out == source


class TestEncodings:
    TEXT = DAMAGED + "江水从城中流过，两岸的灯一盏一盏亮起来。\n"

    @pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be", "utf-32-le", "utf-16", "utf-32"])
    @pytest.mark.parametrize("piece", [1, 1 << 20])
    def test_named(self, monkeypatch, encoding, piece):
        monkeypatch.setattr(text, "PIECE", piece)
        out, report = through(self.TEXT.encode(encoding), encoding=encoding)
        assert out == N(self.TEXT).encode(encoding)
        assert report.encoding == encoding + ("-le" if encoding in ("utf-16", "utf-32") else "")

    @pytest.mark.parametrize("mark, codec", [(mark, codec) for mark, codec in encodings.MARKS if codec != "utf-8"])
    @pytest.mark.parametrize("named", [True, False])
    def test_byte_order_mark_stays(self, mark, codec, named):
        encoding = codec.rpartition("-")[0] or codec if named else "auto"
        out, report = through(mark + self.TEXT.encode(codec), encoding=encoding)
        assert out == mark + N(self.TEXT).encode(codec) and report.encoding == codec

    def test_utf8_mark_goes_as_ever(self):
        data = b"\xef\xbb\xbf" + CLEAN.encode()
        for encoding in (None, "utf-8", "auto"):
            assert through(data, encoding=encoding)[0] == CLEAN.encode()
        assert through(data, encoding="utf-8-sig")[0] == data

    @pytest.mark.parametrize("encoding, sentence", [
        ("gb18030", "江水从城中流过，两岸的灯一盏一盏亮起来。桥上的人慢慢走着，没有一个着急回家。"),
        ("big5hkscs", "江水從城中流過，兩岸的燈一盞一盞亮起來。橋上的人慢慢走著，沒有一個著急回家。"),
        ("utf-8", "江水从城中流过，两岸的灯一盏一盏亮起来。"),
        ("utf-16-le", "江水从城中流过，两岸的灯一盏一盏亮起来。桥上的人慢慢走着，没有一个着急回家。"),
    ])
    def test_auto(self, encoding, sentence):
        source = (sentence + "\n") * 3 + "１２\n"
        out, report = through(source.encode(encoding), encoding="auto")
        assert report.encoding == encoding and out == N(source).encode(encoding)

    @pytest.mark.parametrize("encoding, language", [
        ("gb18030", "s"), ("gb18030", "t"), ("big5", "t"), ("utf-16-le", "s"), ("utf-16-be", "t"), ("cp932", "ja"), ("euc_jp", "ja"),
        ("cp949", "ko")])
    def test_auto_is_right_or_an_error(self, encoding, language):
        """Of lines and pages: none is taken for another. `python benchmarks/guessing.py` has the figures."""
        spec = importlib.util.spec_from_file_location("guessing", Path(__file__).parent.parent / "benchmarks/guessing.py")
        benchmark = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(benchmark)
        name = {"s": "simplified", "t": "traditional"}.get(language, language)
        for length, least in ((1, 0.85), (30, 1)):
            texts = [text for text in benchmark.texts(length)[name] if benchmark.encoded(text, encoding) is not None]
            said = [guess.decided(text.encode(encoding))[0] for text in texts]
            assert all(codec is None or text.encode(encoding).decode(codec) == text for codec, text in zip(said, texts))
            assert sum(codec is not None for codec in said) >= least * len(texts) > 0 or not texts

    def test_auto_looks_behind_ascii(self):
        source = "a line of ASCII\n" * 200_000 + "江水从城中流过，两岸的灯一盏一盏亮起来。\n" * 9
        out, report = through(source.encode("gb18030"), encoding="auto")
        assert report.encoding == "gb18030" and out == source.encode("gb18030")
        assert through(b"ASCII\n", encoding="auto")[1].encoding == "utf-8"

    def test_of_json_lines_and_csv(self):
        pytest.importorskip("orjson")
        out, _ = through('{"text":"⽔"}\n'.encode("gb18030"), format="jsonl", field="text", encoding="gb18030")
        assert out == '{"text":"水"}\n'.encode("gb18030")
        out, _ = through("a,text\r\n净,⽔\r\n".encode("utf-16"), format="csv", column="text", encoding="utf-16")
        assert out == "a,text\r\n净,水\r\n".encode("utf-16")

    def test_nothing_to_repair(self, run):
        data = "HZ ~{;~~}\n".encode()  # escapes that the codec itself would write otherwise
        result, report = run(data, "a.txt", Settings(encoding="hz"))
        assert result == data and not report.changed and report.encoding == "hz"


class TestParquet:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")

    def table(self, texts, kind="string"):
        pa = self.pa
        kind = getattr(pa, kind)() if isinstance(kind, str) else kind
        metadata = {b"source": "渡口".encode()}
        fields = [pa.field("id", pa.int32(), nullable=False), pa.field("text", kind, metadata={b"k": b"v"}),
                  pa.field("more", pa.list_(pa.string()))]
        arrays = [pa.array(range(len(texts)), pa.int32()), pa.array(texts, pa.string()).cast(kind),
                  pa.array([["⽔"]] * len(texts))]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata))

    def file(self, table, **options):
        out = io.BytesIO()
        self.pq.write_table(table, out, **options)
        return out.getvalue()

    @pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary"])
    def test_repaired(self, run, kind):
        if kind == "string_view" and not hasattr(self.pa, kind):
            pytest.skip("pyarrow is too old")
        table = self.table([DAMAGED, None, CLEAN, ""] * 5,
                           self.pa.dictionary(self.pa.int8(), self.pa.string()) if kind == "dictionary" else kind)
        data = self.file(table, row_group_size=6, compression={"id": "none", "text": "zstd", "more.list.element": "gzip"},
                         use_dictionary=["id"], write_statistics=["id"], version="2.4")
        result, report = run(data, "a.parquet", COLUMN)
        got = self.pq.read_table(io.BytesIO(result))
        assert got.schema.equals(self.pq.read_table(io.BytesIO(data)).schema, check_metadata=True)
        assert got.column("text").to_pylist() == [REPAIRED, None, CLEAN, ""] * 5
        assert got.drop(["text"]).equals(table.drop(["text"])) and report[1:3] == ("parquet", None)
        assert report.changed and report.records == 20
        old, new = (self.pq.ParquetFile(io.BytesIO(bytes_)).metadata for bytes_ in (data, result))
        for group in range(4):
            assert new.row_group(group).num_rows == old.row_group(group).num_rows
            for one, other in zip(self.chunks(old, group), self.chunks(new, group)):
                assert one == other
        assert new.format_version == old.format_version and new.metadata[b"source"] == old.metadata[b"source"]
        assert set(new.metadata) == set(old.metadata)

    @staticmethod
    def chunks(metadata, group):
        chunks = [metadata.row_group(group).column(i) for i in range(metadata.num_columns)]
        return [(c.path_in_schema, c.compression, set(c.encodings), c.is_stats_set) for c in chunks]

    def test_nothing_to_repair(self, run):
        data = self.file(self.table([CLEAN, None]))
        result, report = run(data, "a.parquet", COLUMN)
        assert result == data and not report.changed and report.records == 2

    def test_several_columns_by_number_and_name(self, run):
        table = self.pa.table({"a": ["⽔"], "b": ["⽔"], "c": ["⽔"]})
        result, _ = run(self.file(table), "a.parquet", Settings(column=(0, "c")))
        assert self.pq.read_table(io.BytesIO(result)).to_pydict() == {"a": ["水"], "b": ["⽔"], "c": ["水"]}

    def test_large_row_groups_are_parted(self, monkeypatch):
        from hanflow._formats import columns

        monkeypatch.setattr(columns, "ROW_GROUP", 1000)
        table = self.table([f"{i}{DAMAGED}" for i in range(500)])
        out = io.BytesIO()
        columns.parquet(io.BytesIO(self.file(table, use_dictionary=False)), out, Account(COLUMN))
        result = out.getvalue()
        file = self.pq.ParquetFile(io.BytesIO(result))
        assert file.metadata.num_row_groups > 3
        assert file.read().column("text").to_pylist() == [N(f"{i}{DAMAGED}") for i in range(500)]

    def test_encodings_and_sorting(self, run):
        table = self.table([DAMAGED] * 10)
        options = dict(use_dictionary=False, column_encoding={"id": "DELTA_BINARY_PACKED", "text": "DELTA_LENGTH_BYTE_ARRAY"},
                       sorting_columns=[self.pq.SortingColumn(0)], write_page_index=True)
        result, _ = run(self.file(table, **options), "a.parquet", COLUMN)
        group = self.pq.ParquetFile(io.BytesIO(result)).metadata.row_group(0)
        assert "DELTA_BINARY_PACKED" in group.column(0).encodings and "DELTA_LENGTH_BYTE_ARRAY" in group.column(1).encodings
        assert [c.column_index for c in group.sorting_columns] == [0] and group.column(1).has_column_index

    def test_no_rows(self, run):
        data = self.file(self.table([]))
        assert run(data, "a.parquet", COLUMN)[0] == data

    def test_counts(self, run):
        report = run(self.file(self.table([DAMAGED, None, "⽔"])), "a.parquet", Settings(column="text", counts=True))[1]
        assert report.repairs == {"width": 2, "compat": 2}

    def test_by_content_and_packed(self, run):
        data = self.file(self.table([DAMAGED]))
        assert run(data, "a", COLUMN)[1].format == "parquet"
        result, report = run(gzip.compress(data), "a.parquet.gz", COLUMN)
        table = self.pq.read_table(io.BytesIO(gzip.decompress(result)))
        assert report.format == "parquet.gz" and table.column("text").to_pylist() == [REPAIRED]


class TestArrow:
    pa = pytest.importorskip("pyarrow")
    ipc = pytest.importorskip("pyarrow.ipc")

    def file(self, table, new, compression=None, rows=3):
        out = io.BytesIO()
        with new(out, table.schema, options=self.ipc.IpcWriteOptions(compression=compression)) as writer:
            for i, batch in enumerate(table.to_batches(max_chunksize=rows)):
                writer.write_batch(batch, custom_metadata={"n": str(i)})
        return out.getvalue()

    table = TestParquet.table

    @pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
    @pytest.mark.parametrize("form", ["file", "stream"])
    @pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
    def test_repaired(self, run, compression, form, kind):
        new, read = getattr(self.ipc, f"new_{form}"), getattr(self.ipc, f"open_{form}")
        table = self.table([DAMAGED, None, CLEAN * 50, ""] * 3,
                           self.pa.dictionary(self.pa.int8(), self.pa.string()) if kind == "dictionary" else kind)
        result, report = run(self.file(table, new, compression), "a.arrow", COLUMN)
        expected = self.table([REPAIRED, None, CLEAN * 50, ""] * 3)
        expected = expected.set_column(1, table.schema.field(1), expected.column(1).cast(table.schema.field(1).type))
        for name, magic in (("lz4", b"\x04\x22\x4d\x18"), ("zstd", b"\x28\xb5\x2f\xfd")):
            assert (magic in result) == (name == compression)
        with read(io.BytesIO(result)) as reader:
            got = reader.read_all()
        assert got.schema.equals(table.schema, check_metadata=True) and got.to_pydict() == expected.to_pydict()
        assert [len(chunk) for chunk in got.column(0).chunks] == [3, 3, 3, 3] and report.records == 12

    @pytest.mark.parametrize("form", ["file", "stream"])
    def test_nothing_to_repair(self, run, form):
        data = self.file(self.table([CLEAN, None]), getattr(self.ipc, f"new_{form}"), "zstd")
        result, report = run(data, "a.feather", COLUMN)
        assert result == data and not report.changed

    def test_by_content(self, run):
        assert run(self.file(self.table([DAMAGED]), self.ipc.new_file), "a", COLUMN)[1].format == "arrow"


class TestZip:
    def archive(self, *members, comment=b"an archive"):
        """members: (name, data, changes to the ZipInfo)."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.comment = comment
            for name, data, *more in members:
                info = zipfile.ZipInfo(name, (1999, 12, 31, 23, 58, 2))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o100640 << 16
                for attribute, value in dict(*more).items():
                    setattr(info, attribute, value)
                archive.writestr(info, data)
        return out.getvalue()

    @staticmethod
    def facts(data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            return [(i.filename, i.date_time, i.external_attr, i.comment, i.extra, i.create_system, i.compress_type,
                     i.flag_bits & 0x800)
                    for i in archive.infolist()], [archive.open(i).read() for i in archive.infolist()], archive.comment

    def test_repaired(self, run):
        pytest.importorskip("orjson")
        members = [
            ("b.txt", DAMAGED, {"comment": b"first", "extra": b"\x99\x99\x02\x00ab"}), ("a/", b""), ("a/净.md", DAMAGED),
            ("a/c.jsonl", '{"text":"⽔"}'), ("d.csv", "text\n⽔"), ("e.bin", DAMAGED),
            ("f.txt.gz", gzip.compress(DAMAGED.encode())),
            ("g.txt", CLEAN, {"compress_type": zipfile.ZIP_STORED}), ("h.TXT", DAMAGED, {"compress_type": zipfile.ZIP_BZIP2}),
            ("i.txt", DAMAGED, {"external_attr": 0, "create_system": 0}), ("j.txt", DAMAGED, {"compress_type": zipfile.ZIP_LZMA}),
        ]
        data = self.archive(*members)
        result, report = run(data, "a.zip", Settings(field="text", column="text"))
        old, new = self.facts(data), self.facts(result)
        assert new[0] == old[0] and new[2] == old[2]
        contents = [value if isinstance(value, bytes) else value.encode() for _, value, *_ in members]
        repaired = REPAIRED.encode()
        assert new[1][:6] == [repaired, b"", repaired, '{"text":"水"}'.encode(), "text\n水".encode(), contents[5]]
        assert gzip.decompress(new[1][6]) == repaired and new[1][7:] == [contents[7], repaired, repaired, repaired]
        assert (report.format, report.records, report.failed, report.changed) == ("zip", 11, 0, True)

    def test_what_is_not_repaired_is_copied_packed(self, run):
        packed = self.archive(("a.bin", pages(1, 9)), ("b.txt", DAMAGED))
        # Packed by somebody else: at a level that we do not use.
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("a.bin", pages(1, 9))
            archive.writestr("b.txt", DAMAGED)
        for data in (packed, out.getvalue()):
            result, _ = run(data, "a.zip")
            with zipfile.ZipFile(io.BytesIO(data)) as one, zipfile.ZipFile(io.BytesIO(result)) as other:
                size = one.getinfo("b.txt").header_offset
                assert size == other.getinfo("b.txt").header_offset and data[:size] == result[:size]

    def test_nothing_to_repair(self, run):
        data = self.archive(("a.txt", CLEAN), ("b.bin", DAMAGED))
        result, report = run(data, "a.zip")
        assert result == data and not report.changed

    def test_name_of_an_old_archive(self, run):
        """Its bytes stay, whatever they mean."""
        data = self.archive(("aaaa.txt", DAMAGED), ("bbbb.bin", b""))
        data = data.replace(b"aaaa", "江水".encode("gb18030")).replace(b"bbbb", b"\xff\xfe\xfd\xfc")
        result, report = run(data, "a.zip")
        assert result.count("江水".encode("gb18030")) == 2 and result.count(b"\xff\xfe\xfd\xfc") == 2
        assert self.facts(result)[0] == self.facts(data)[0] and self.facts(result)[1][0] == REPAIRED.encode()

    def test_members_with_descriptors_and_a_program_before(self, run):
        class Pipe(io.RawIOBase):
            data = b""

            def writable(self):
                return True

            def write(self, data):
                self.data += bytes(data)
                return len(data)

        pipe = Pipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.bin", pages(2, 3))
            archive.writestr("b.txt", DAMAGED)
            archive.writestr("c.bin", b"c")
        for data in (pipe.data, b"#!/bin/sh\n" * 10 + pipe.data):
            result, _ = run(data, "a.zip")
            assert self.facts(result)[1] == [pages(2, 3), REPAIRED.encode(), b"c"]
            assert result.startswith(data[:100])

    def test_with_and_without_isal(self, run, monkeypatch):
        data = self.archive(("a.txt", pages(6, 30)))
        results = [run(data, "a.zip")[0]]
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
        results.append(run(data, "a.zip")[0])
        assert [self.facts(result)[1] for result in results] == [[N(pages(6, 30))]] * 2
        if importlib.util.find_spec("isal"):
            assert results[0] != results[1]

    def test_two_members_of_one_name(self, run):
        data = self.archive(("a.txt", DAMAGED), ("b.txt", "⽔")).replace(b"b.txt", b"a.txt")
        assert self.facts(run(data, "a.zip")[0])[1] == [REPAIRED.encode(), "水".encode()]

    def test_empty(self, run):
        data = self.archive()
        assert run(data, "a.zip")[0] == data and run(data, "a")[1].format == "zip"

    def test_through_a_pipe(self):
        data = self.archive(("a.txt", DAMAGED))
        out, _ = TestStandardStreams().process().communicate(data)
        assert self.facts(out)[1] == [REPAIRED.encode()]

    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
    def test_links_stay(self, run, kind):
        """The text of a link is a path: repaired it would lead nowhere."""
        link = {"create_system": 3, "external_attr": (kind | 0o777) << 16}
        members = [("２０条⽔渠.txt", DAMAGED.encode()), ("latest.txt", "２０条⽔渠.txt".encode(), link)]
        result, report = run(self.archive(*members), "a.zip")
        with zipfile.ZipFile(io.BytesIO(result)) as archive:
            assert archive.read("latest.txt").decode() == "２０条⽔渠.txt" and archive.read("２０条⽔渠.txt").decode() == REPAIRED
        found = []
        each_text(Settings(), io.BytesIO(self.archive(members[1])), lambda located: found.append(located) or False)
        assert report.changed and not found


class TestTar:
    def archive(self, *members, format=tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format) as archive:
            for name, data, *more in members:
                info = tarfile.TarInfo(name)
                info.size, info.mtime, info.mode, info.uid, info.uname = len(data), 946684799, 0o640, 1234, "somebody"
                for attribute, value in dict(*more).items():
                    setattr(info, attribute, value)
                archive.addfile(info, io.BytesIO(data))
        return out.getvalue()

    @staticmethod
    def facts(data):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = archive.getmembers()
            return ([(m.name, m.mtime, m.mode, m.uid, m.uname, m.type, m.linkname, m.pax_headers) for m in members],
                    [archive.extractfile(m).read() if m.isreg() else None for m in members])

    LONG = "很长的名字" * 30 + ".txt"

    @pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
    @pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.xz"])
    def test_repaired(self, run, format, suffix):
        pytest.importorskip("orjson")
        tools = {"gz": (gzip.compress, gzip.decompress), "xz": (lzma.compress, lzma.decompress)}
        pack, unpack = tools.get(suffix[-2:], (bytes, bytes))
        members = [("b.txt", DAMAGED.encode()), ("a", b"", {"type": tarfile.DIRTYPE}), ("e.bin", DAMAGED.encode()),
                   ("c.txt", CLEAN.encode() * 99),
                   ("link.txt", b"", {"type": tarfile.SYMTYPE, "linkname": "b.txt"}), ("d.jsonl", '{"text":"⽔"}'.encode()),
                   ("p.txt", pages(8, 50)), ("empty.txt", b"")]
        if format != tarfile.USTAR_FORMAT:
            members.append((self.LONG, DAMAGED.encode(), {"mtime": 1.5} if format == tarfile.PAX_FORMAT else {}))
        data = self.archive(*members, format=format)
        result, report = run(pack(data), f"a.{suffix}", FIELD)
        old, new = self.facts(data), self.facts(unpack(result))
        assert new[0] == old[0]
        expected = {"b.txt": REPAIRED.encode(), "d.jsonl": '{"text":"水"}'.encode(), "p.txt": N(pages(8, 50)),
                    self.LONG: REPAIRED.encode()}
        assert new[1] == [expected.get(fact[0], content) for fact, content in zip(old[0], old[1])]
        assert report.changed and report.records == len(members) and report.failed == 0

    def test_members_of_the_same_size_leave_all_other_bytes(self, run):
        data = self.archive(("x.bin", os.urandom(700)), ("b.txt", "⽔".encode()), ("c.txt", CLEAN.encode()))
        assert run(data, "a.tar")[0] == data.replace("⽔".encode(), "水".encode())

    def test_nothing_to_repair(self, run):
        data = gzip.compress(self.archive(("a.txt", CLEAN.encode()), ("b.bin", DAMAGED.encode())))
        result, report = run(data, "a.tar.gz")
        assert result == data and not report.changed

    def test_by_content_and_what_stands_behind(self, run):
        data = self.archive(("a.txt", "⽔".encode())) + b"more"
        result, report = run(data, "a")
        assert report.format == "tar" and result == data.replace("⽔".encode(), "水".encode())

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
    @pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
    def test_links_stay(self, run, kind, format):
        target = "２０条⽔渠" * 30 + ".txt"
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format) as archive:
            member = tarfile.TarInfo(target)
            member.size = len(DAMAGED.encode())
            archive.addfile(member, io.BytesIO(DAMAGED.encode()))
            link = tarfile.TarInfo("latest.txt")
            link.type, link.linkname = kind, target
            archive.addfile(link)
        result, report = run(out.getvalue(), "a.tar")
        with tarfile.open(fileobj=io.BytesIO(result)) as archive:
            assert archive.getmember("latest.txt").linkname == target
            assert archive.extractfile(target).read().decode() == REPAIRED
        assert report.changed


@pytest.mark.parametrize("name", ["PAR", "PK", "ARROW1", "ustar", "BZh text"])
def test_text_that_looks_like_something_else(run, name):
    assert run(name.encode() + b"\n", "a")[1].format == "text"


@posix
class TestMemory:
    """Peak of a process that converts much more than it may hold."""

    SCRIPT = """
        import sys
        from hanflow.formats import Settings, convert
        convert(Settings({}), sys.argv[1], sys.argv[2])
        with open("/proc/self/status") as status:
            print(next(line.split()[1] for line in status if line.startswith("VmHWM")), file=sys.stderr)
    """
    LIMIT = 400 << 10  # KiB

    def peak(self, settings, source, target, pieces=()):
        script = textwrap.dedent(self.SCRIPT.format(settings))
        process = subprocess.Popen([sys.executable, "-c", script, str(source), str(target)],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for piece in pieces:
            process.stdin.write(piece)
        _, err = process.communicate()
        assert process.returncode == 0, err
        return int(err)

    pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc")

    def test_text_through_a_pipe(self):
        page = N(pages(1, 100)) + DAMAGED.encode()
        assert self.peak("", "-", "-", [page] * (300_000_000 // len(page))) < self.LIMIT

    def test_json_lines_through_a_pipe(self):
        pytest.importorskip("orjson")
        lines = b"".join(json.dumps({"id": i, "text": CLEAN * (i % 30)}).encode() + b"\n" for i in range(1000))
        lines += '{"text": "⽔"}\n'.encode()
        assert self.peak("field='text'", "-", "-", [lines] * (100_000_000 // len(lines))) < self.LIMIT

    def test_one_row_group(self, tmp_path):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        rng = random.Random(1)
        texts = ["".join(chr(rng.randrange(0x4E00, 0x9F00)) for _ in range(500)) + "⽔" for _ in range(1000)]
        table = pa.table({"text": [texts[i % 1000] for i in range(120_000)]})
        pq.write_table(table, tmp_path / "a.parquet", use_dictionary=False)
        assert pq.ParquetFile(tmp_path / "a.parquet").metadata.num_row_groups == 1
        assert self.peak("column='text'", tmp_path / "a.parquet", tmp_path / "b.parquet") < self.LIMIT
