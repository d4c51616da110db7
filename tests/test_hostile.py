"""Files made to do harm: what their readers trust is validated, and a reader that crashes takes one file with it, not the process."""
import gzip
import io
import os
import signal
import struct
import subprocess
import sys

import pytest

from hanflow import Normalizer
from hanflow._bulk.progress import Progress
from hanflow._bulk.run import Item, Run, Task
from hanflow._bulk.summary import Summary
from hanflow._formats import isolated
from hanflow.formats import FormatError, Settings, convert, each_text

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("pyarrow.ipc")

COLUMN = Settings(column="t")
PRESERVE = Settings(Normalizer(errors="preserve"), column="t")
TEXT = "２０条⽔渠"
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def ipc(columns, form="stream", **options):
    batch = pa.record_batch(columns)
    out = io.BytesIO()
    with (pa.ipc.new_stream if form == "stream" else pa.ipc.new_file)(out, batch.schema, **options) as writer:
        writer.write_batch(batch)
    return out.getvalue()


def with_offset(data, good, bad):
    """The last offsets 0, good in the data become 0, bad."""
    head, found, tail = data.rpartition(struct.pack("<ii", 0, good))
    assert found
    return head + struct.pack("<ii", 0, bad) + tail


def refused(data, settings=COLUMN):
    """The FormatError of both roads."""
    target = io.BytesIO()
    with pytest.raises(FormatError) as first:
        convert(settings, io.BytesIO(data), target)
    assert not target.getvalue()
    with pytest.raises(FormatError) as second:
        each_text(settings, io.BytesIO(data), lambda located: False)
    assert str(first.value) == str(second.value)
    return first.value


SIZE = len(TEXT.encode())


class TestArrow:
    @pytest.mark.parametrize("end", [4000, 2_000_000_000, -1])
    @pytest.mark.parametrize("settings", [COLUMN, PRESERVE])
    @pytest.mark.parametrize("form", ["stream", "file"])
    def test_offsets_outside(self, end, settings, form):
        data = with_offset(ipc({"t": [TEXT]}, form), SIZE, end)
        error = refused(data, Settings(settings.normalizer, column="t", format="arrow"))
        assert error.where == "batch 0, column 't'"

    def test_of_a_column_that_is_not_repaired(self):
        error = refused(with_offset(ipc({"t": [TEXT], "other": ["x"]}), 1, 4000), Settings(column="t", format="arrow"))
        assert error.where == "batch 0, column 'other'"

    def test_inside_of_others(self):
        data = ipc({"t": [TEXT], "deep": pa.array([[{"a": "x"}]])})
        error = refused(with_offset(data, 1, 4000), Settings(column="t", format="arrow"))
        assert error.where.endswith("column 'deep'")

    @pytest.mark.parametrize("column", ["t", "other"])
    def test_of_a_dictionary(self, column):
        texts = pa.array(["abc"]).dictionary_encode()
        data = ipc({"t": [TEXT], "other": texts} if column == "other" else {"t": texts})
        error = refused(with_offset(data, 3, 4000), Settings(column="t", format="arrow"))
        assert error.where == f"batch 0, column {column!r}"

    def test_indices_outside(self):
        indices = pa.array([77777], pa.int32())
        data = ipc({"t": pa.DictionaryArray.from_arrays(indices, ["abc"], safe=False)})
        assert refused(data, Settings(column="t", format="arrow")).where == "batch 0, column 't'"

    def test_a_size_that_no_memory_has(self):
        data = ipc({"t": [TEXT * 50]}, options=pa.ipc.IpcWriteOptions(compression="zstd"))
        size = struct.pack("<q", SIZE * 50)
        assert size in data
        for absurd in (1 << 40, 1 << 62, -2):
            error = refused(data.replace(size, struct.pack("<q", absurd)), Settings(column="t", format="arrow"))
            assert error.where == "batch 0"

    def test_bomb(self):
        data = ipc({"t": ["a" * (80 << 20)]}, options=pa.ipc.IpcWriteOptions(compression="zstd"))
        error = refused(data, Settings(column="t", format="arrow"))
        assert (error.where, error.reason) == ("batch 0", "unpacks to more than 100 times its size (max_ratio)")
        each_text(Settings(column="t", format="arrow", max_ratio=None), io.BytesIO(data), lambda located: False)

    def test_what_is_odd_and_harmless_passes(self):
        """Bytes that are not UTF-8 in other columns, values out of their range, nested and empty things."""
        raw = pa.array([b"\xff\xfe"]).view(pa.string())
        odd = pa.array([1], pa.int64()).view(pa.date64())
        columns = {"t": [TEXT], "raw": raw, "odd": odd, "none": pa.nulls(1), "map": pa.array([[("a", "b")]], pa.map_("string", "string")),
                   "list": pa.array([["a", None]]), "struct": pa.StructArray.from_arrays([raw], ["raw"]),
                   "dense": pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [raw]),
                   "fixed": pa.array([["a", "b"]], pa.list_(pa.string(), 2)), "number": pa.array([1.5])}
        target = io.BytesIO()
        convert(Settings(column="t", format="arrow"), io.BytesIO(ipc(columns)), target)
        result = pa.ipc.open_stream(target.getvalue()).read_all()
        assert result["t"].to_pylist() == [Normalizer()(TEXT)]
        assert result.drop_columns(["t"]).equals(pa.table(columns).drop_columns(["t"]))


def test_parquet_bomb():
    out = io.BytesIO()
    pq.write_table(pa.table({"t": pa.array(["a" * (1 << 20)] * 80)}), out)
    error = refused(out.getvalue())
    assert (error.where, error.reason) == ("row group 0", "unpacks to more than 100 times its size (max_ratio)")


@pytest.mark.parametrize("command", [["fix"], ["fix", "--errors", "preserve"], ["check"], ["diff"], ["report"]])
@pytest.mark.parametrize("road", ["file", "gz", "feather", "stdin"])
def test_command_line(tmp_path, command, road):
    data = with_offset(ipc({"t": [TEXT]}, "file" if road in ("feather", "stdin") else "stream"), SIZE, 2_000_000_000)
    name = {"file": "a.arrow", "gz": "a.arrow.gz", "feather": "a.feather", "stdin": "-"}[road]
    if road != "stdin":
        (tmp_path / name).write_bytes(gzip.compress(data) if road == "gz" else data)
    done = subprocess.run([sys.executable, "-m", "hanflow", *command, name, "--column", "t"], cwd=tmp_path, input=data, capture_output=True)
    assert done.returncode in (1, 2)
    shown = "<stdin>" if name == "-" else name
    assert f"hanflow: {shown}: batch 0, column 't': damaged data: " in done.stderr.decode()
    if command != ["report"]:
        assert done.stdout == b""


class Deadly(Normalizer):
    """Stands for a reader that crashes."""

    def arrow(self, array, threads=None):
        if "deadly" in array.to_pylist():
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().arrow(array, threads)


def parquet(text):
    out = io.BytesIO()
    pq.write_table(pa.table({"t": [text]}), out)
    return out.getvalue()


@posix
class TestCrash:
    def test_of_one_file(self, tmp_path):
        source, target = tmp_path / "a.parquet", tmp_path / "b.parquet"
        source.write_bytes(parquet("deadly"))
        with pytest.raises(FormatError, match=r"its reader crashed \(SIGSEGV\)"):
            convert(Settings(Deadly(), column="t"), source, target)
        assert os.listdir(tmp_path) == ["a.parquet"]
        source.write_bytes(parquet(TEXT))
        assert convert(Settings(Deadly(), column="t"), source, target).changed

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_the_rest_is_done(self, tmp_path, capsys, jobs):
        items = []
        for index in range(6):
            path = tmp_path / f"{index}.parquet"
            path.write_bytes(parquet("deadly" if index in (1, 4) else TEXT))
            items.append(Item(str(path), str(tmp_path / "out" / path.name), size=2 << 20))  # so large that workers start
        summary = Summary(listed=False)
        Run(Task(Settings(Deadly(), column="t")), jobs, summary, Progress(summary, iter(()), False))(iter(items))
        assert sorted(os.listdir(tmp_path / "out")) == ["0.parquet", "2.parquet", "3.parquet", "5.parquet"]
        lines = sorted(capsys.readouterr().err.splitlines())
        assert lines == [f"hanflow: {tmp_path}/{i}.parquet: its reader crashed (SIGSEGV): the file is damaged" for i in (1, 4)]

    def test_one_child_does_all(self, tmp_path):
        isolated._Child.end_all()
        for index in range(3):
            convert(COLUMN, io.BytesIO(parquet(f"{index}{TEXT}")), io.BytesIO())
        child, = isolated._Child._resting
        child._process.kill()
        child._process.wait()
        assert convert(COLUMN, io.BytesIO(parquet(TEXT)), io.BytesIO()).changed  # by another one

    def test_nobody_waits(self):
        """Who looks at texts may stop in the middle, or read another file meanwhile."""
        data = parquet(TEXT)

        def visit(located):
            convert(COLUMN, io.BytesIO(data), io.BytesIO())
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            each_text(COLUMN, io.BytesIO(data), visit)
        assert convert(COLUMN, io.BytesIO(data), io.BytesIO()).changed

    def test_wrapped_files(self, tmp_path):
        """A file object whose descriptor has other bytes than itself."""
        with gzip.open(tmp_path / "a", "wb") as file:
            file.write(parquet(TEXT))
        with gzip.open(tmp_path / "a") as file:
            file.name = "a"
            assert convert(COLUMN, file, io.BytesIO()).changed
        with open(tmp_path / "b", "w+b") as file:  # and one that is not read from its start
            file.write(b"before" + parquet(TEXT))
            file.seek(6)
            assert convert(COLUMN, file, io.BytesIO()).changed
