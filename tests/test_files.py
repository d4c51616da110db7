"""Normalizer.file(): counts, formats, atomic replacement, refusals. Nothing is left behind when something fails."""
import gzip
import io
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import zipfile

import pytest

from hanflow import Normalizer
from hanflow import _files as files
from hanflow.formats import FileReport, FormatError

CLEAN = "渡口的灯亮了。\n"
CLEAN_BYTES = 22  # seven characters of three bytes and a line feed
DAMAGED = "２０条⽔渠\n"  # three characters to repair, none changes place
REPAIRED = "20条水渠\n"

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


@pytest.fixture
def n():
    return Normalizer()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.txt"
    path.write_bytes(CLEAN.encode())
    return path


def names(folder):
    return sorted(os.listdir(folder))


class TestCounts:
    def test_nothing_to_repair(self, n, source, tmp_path):
        target = tmp_path / "target.txt"
        assert n.file(source, target) == FileReport(
            source=str(source), format="text", encoding="utf-8", bytes_in=CLEAN_BYTES, bytes_out=CLEAN_BYTES, changed=False,
            records=0, repairs={}, failed=0, errors=[])
        assert target.read_bytes() == CLEAN.encode()

    def test_repairs(self, n, source, tmp_path):
        source.write_bytes(DAMAGED.encode())
        target = tmp_path / "target.txt"
        result = n.file(source, target)
        assert target.read_bytes() == REPAIRED.encode()
        assert (result.bytes_in, result.bytes_out, result.changed) == (16, 12, True)
        assert result.repairs == {"width": 2, "compat": 1}

    def test_opencc_changes_without_a_repair(self, source, tmp_path):
        source.write_bytes("头发\n".encode())
        result = Normalizer(opencc="s2t").file(source, tmp_path / "t")
        assert (result.bytes_in, result.bytes_out, result.repairs, result.changed) == (7, 7, {}, True)
        assert (tmp_path / "t").read_bytes() == "頭髮\n".encode()

    def test_empty_file(self, n, source, tmp_path):
        source.write_bytes(b"")
        result = n.file(source, tmp_path / "t")
        assert (result.bytes_in, result.bytes_out, result.repairs, result.changed) == (0, 0, {}, False)
        assert (tmp_path / "t").read_bytes() == b""


class TestKindsOfFile:
    def test_paths_of_every_type(self, n, source, tmp_path):
        target = tmp_path / "target.txt"
        for kind in (os.fspath, os.fsencode, lambda path: path):
            n.file(kind(source), kind(target))
            assert target.read_bytes() == CLEAN.encode()
            target.unlink()

    def test_file_objects(self, n, source, tmp_path):
        out = io.BytesIO()
        assert n.file(io.BytesIO(CLEAN.encode()), out).bytes_out == CLEAN_BYTES
        assert out.getvalue() == CLEAN.encode()
        with open(source, "rb") as file, open(tmp_path / "target.txt", "wb") as target:
            n.file(file, target)
            assert not file.closed and not target.closed
        assert (tmp_path / "target.txt").read_bytes() == CLEAN.encode()

    def test_unbuffered_target_that_takes_little_at_a_time(self, n):
        class Slow(io.RawIOBase):
            taken = b""

            def writable(self):
                return True

            def write(self, data):
                self.taken += bytes(data[:5])
                return len(data[:5])

        target = Slow()
        n.file(io.BytesIO(CLEAN.encode()), target)
        assert target.taken == CLEAN.encode()

    def test_text_files_are_refused(self, n, source):
        with open(source, encoding="utf8") as file, pytest.raises(TypeError, match="binary file object"):
            n.file(file, io.BytesIO())
        with pytest.raises(TypeError, match="binary file object"):
            n.file(source, io.StringIO())

    def test_other_types_are_refused(self, n, source):
        with pytest.raises(TypeError, match="expected a path or a binary file object, not int"):
            n.file(source, 3)
        with pytest.raises(TypeError, match="expected a path or a binary file object, not NoneType"):
            n.file(None, source)

    def test_name_and_first_bytes_decide_the_format_of_a_file_object(self, n, tmp_path):
        line = f'{{"text": "{DAMAGED.strip()}"}}\n'.encode()
        (tmp_path / "a.jsonl").write_bytes(line)
        with open(tmp_path / "a.jsonl", "rb") as file:
            assert n.file(file, io.BytesIO(), field="text").format == "jsonl"
        assert n.file(io.BytesIO(line), io.BytesIO()).format == "text"
        out = io.BytesIO()
        assert n.file(io.BytesIO(line), out, format="jsonl", field="text").format == "jsonl"
        assert json.loads(out.getvalue()) == {"text": REPAIRED.strip()}
        with open(tmp_path / "a.jsonl", "rb", 0) as file, open(file.fileno(), "rb", closefd=False) as numbered:
            assert isinstance(numbered.name, int)
            assert n.file(numbered, io.BytesIO()).format == "text"

    @posix
    def test_device(self, n, source):
        n.file(source, os.devnull)
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


class TestFormats:
    """One entry point for files: none is taken for plain text that hanflow knows better."""

    def test_json_lines(self, n, tmp_path):
        source, target = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
        source.write_text(json.dumps({"id": "１", "text": DAMAGED}), encoding="utf-8")
        report = n.file(source, target, field="text")
        assert json.loads(target.read_text(encoding="utf-8")) == {"id": "１", "text": REPAIRED}
        assert (report.format, report.records, report.changed, report.repairs) == ("jsonl", 1, True, {"width": 2, "compat": 1})

    def test_a_format_says_what_it_lacks(self, n, tmp_path):
        for name, setting in (("a.jsonl", "field"), ("a.csv", "column")):
            source, target = tmp_path / name, tmp_path / "target"
            source.write_text('{"text": "１"}\n', encoding="utf-8")
            with pytest.raises(FormatError, match=setting) as caught:
                n.file(source, target)
            assert str(caught.value).startswith(f"{source}: ") and caught.value.source == str(source)
            assert not target.exists()

    @pytest.mark.parametrize("name, settings, message", [
        ("a.json", {"field": "text"}, "field is for jsonl, but this is text: leave it out, or say format='jsonl'"),
        ("a.txt", {"column": 0}, "column is for csv, parquet, arrow, but this is text: leave it out, or say format='csv'"),
        ("a.csv", {"column": 0, "field": "text"}, "field is for jsonl, but this is csv"),
    ])
    def test_a_setting_that_has_no_use(self, n, tmp_path, name, settings, message):
        """It was meant for something: the file is not what its user takes it for."""
        (tmp_path / name).write_text('{"text": "１"}\n', encoding="utf-8")
        with pytest.raises(FormatError) as caught:
            n.file(tmp_path / name, tmp_path / "target", **settings)
        assert caught.value.reason.startswith(message)
        assert names(tmp_path) == [name]
        assert n.file(tmp_path / name, tmp_path / "target", format="jsonl", field="text").changed

    def test_members_of_an_archive_have_formats_of_their_own(self, n, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.jsonl", '{"text": "１"}\n')
            archive.writestr("b.csv", "text\n１\n")
        assert n.file(tmp_path / "a.zip", tmp_path / "b.zip", field="text", column="text").failed == 0
        with zipfile.ZipFile(tmp_path / "b.zip") as archive:
            assert [archive.read(name) for name in archive.namelist()] == [b'{"text": "1"}\n', b"text\n1\n"]

    def test_paths_of_bytes_compare_to_nothing(self, tmp_path):
        (tmp_path / "a.txt").write_text(CLEAN, encoding="utf-8")
        script = ("import os, hanflow, hanflow.formats as f\n"
                  f"source, target = os.fsencode({str(tmp_path / 'a.txt')!r}), os.fsencode({str(tmp_path / 'b.txt')!r})\n"
                  "hanflow.Normalizer().file(source, target)\n"
                  "f.each_text(f.Settings(), source, lambda text: None)\n")
        subprocess.run([sys.executable, "-bb", "-W", "error", "-c", script], check=True)
        assert names(tmp_path) == ["a.txt", "b.txt"]

    def test_csv_by_its_column(self, n, tmp_path):
        (tmp_path / "a.csv").write_text("id,text\n１,⽔渠\n", encoding="utf-8")
        n.file(tmp_path / "a.csv", tmp_path / "b.csv", column="text")
        assert (tmp_path / "b.csv").read_text(encoding="utf-8") == "id,text\n１,水渠\n"

    def test_encoding(self, n, tmp_path):
        (tmp_path / "a.txt").write_bytes("２０条水渠\n".encode("gb18030"))
        assert n.file(tmp_path / "a.txt", tmp_path / "b.txt", encoding="gb18030").encoding == "gb18030"
        assert (tmp_path / "b.txt").read_bytes() == "20条水渠\n".encode("gb18030")

    def test_parquet(self, n, tmp_path):
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pa.table({"text": [DAMAGED, None]}), tmp_path / "a.parquet")
        assert n.file(tmp_path / "a.parquet", tmp_path / "b.parquet", column="text").records == 2
        assert parquet.read_table(tmp_path / "b.parquet")["text"].to_pylist() == [REPAIRED, None]

    def test_wrong_settings(self, n, source, tmp_path):
        for settings, error, message in (
            ({"format": "word"}, ValueError, "format must be None or one of 'text'"),
            ({"field": 5}, TypeError, "field must be a str or several of these, not int"),
            ({"field": b"text"}, TypeError, "field must be a str or several of these, not bytes"),
            ({"column": [True]}, TypeError, "column must be a str or an int, not bool"),
            ({"encoding": 8}, TypeError, "encoding must be None or a str, not int"),
            ({"max_bytes": "1G"}, TypeError, "max_bytes must be None or an int, not str"),
            ({"max_ratio": 0}, ValueError, "max_ratio must be None or more than 0, not 0"),
            ({"threads": 0}, ValueError, "threads must be None or at least 1, not 0"),
        ):
            with pytest.raises(error, match=message):
                n.file(source, tmp_path / "target", **settings)
        assert names(tmp_path) == ["source.txt"]


class TestReplacement:
    def test_existing_target_is_replaced_and_keeps_its_permissions(self, n, source, tmp_path):
        target = tmp_path / "target.txt"
        target.write_bytes(b"old")
        target.chmod(0o640)
        n.file(source, target)
        assert target.read_bytes() == CLEAN.encode()
        if os.name == "posix":
            assert stat.S_IMODE(target.stat().st_mode) == 0o640
        assert names(tmp_path) == ["source.txt", "target.txt"]

    @posix
    def test_new_target_has_the_usual_permissions(self, n, source, tmp_path):
        mask = os.umask(0o027)
        try:
            n.file(source, tmp_path / "target.txt")
        finally:
            os.umask(mask)
        assert stat.S_IMODE((tmp_path / "target.txt").stat().st_mode) == 0o640

    @posix
    def test_new_target_is_no_wider_than_its_source(self, n, source, tmp_path):
        source.chmod(0o600)
        mask = os.umask(0o022)
        try:
            n.file(source, tmp_path / "path.txt")
            with open(source, "rb") as file:
                n.file(file, tmp_path / "file.txt")
            (tmp_path / "wide.txt").write_bytes(b"old")
            (tmp_path / "wide.txt").chmod(0o666)
            n.file(source, tmp_path / "wide.txt")
            n.file(io.BytesIO(b"x"), tmp_path / "memory.txt")
        finally:
            os.umask(mask)
        modes = {path.stem: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {"source": 0o600, "path": 0o600, "file": 0o600, "wide": 0o600, "memory": 0o644}

    @posix
    @pytest.mark.parametrize("may, mode", [(True, 0o664), (False, 0o644)])
    def test_owner_and_group_of_the_target_stay(self, n, source, tmp_path, monkeypatch, may, mode):
        """Or a run of root would lock others out of their files, and the members of our group would get what was another's."""
        target = tmp_path / "target.txt"
        target.write_bytes(b"old")
        target.chmod(0o664)
        source.chmod(0o666)
        asked = []
        real = os.fstat

        def of_others(number):
            status = real(number)
            return os.stat_result([*status[:4], status.st_uid + 1, status.st_gid + 1, *status[6:10]])

        def chown(number, user, group):
            asked.append((user, group))
            if not may:
                raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "fstat", of_others)
        monkeypatch.setattr(os, "fchown", chown)
        n.file(source, target)
        status = target.stat()
        assert (asked, stat.S_IMODE(status.st_mode)) == ([(status.st_uid, -1), (-1, status.st_gid)], mode)

    @posix
    @pytest.mark.parametrize("old", [None, 0o640])
    def test_nobody_else_may_read_it_while_it_is_written(self, old, tmp_path):
        target = tmp_path / "target.txt"
        if old is not None:
            target.write_bytes(b"old")
            target.chmod(old)
        mask = os.umask(0o022)
        try:
            with files.replacing(str(target), 0o644) as file:
                file.write(b"half")
                file.flush()
                assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
        finally:
            os.umask(mask)
        assert stat.S_IMODE(target.stat().st_mode) == (old or 0o644)

    @posix
    def test_symbolic_link_stays_one(self, n, source, tmp_path):
        (tmp_path / "real.txt").write_bytes(b"old")
        (tmp_path / "link.txt").symlink_to("real.txt")
        n.file(source, tmp_path / "link.txt")
        assert (tmp_path / "link.txt").is_symlink()
        assert (tmp_path / "real.txt").read_bytes() == CLEAN.encode()

    def test_name_of_the_greatest_length(self, n, source, tmp_path):
        target = tmp_path / ("a" * 255)
        n.file(source, target)
        assert target.read_bytes() == CLEAN.encode()

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError, MemoryError])
    def test_failure_in_mid_write_leaves_the_old_target(self, error, tmp_path):
        target = tmp_path / "target.txt"
        target.write_bytes(b"old")
        with pytest.raises(error), files.replacing(str(target)) as file:
            file.write(b"half")
            file.flush()
            raise error
        assert target.read_bytes() == b"old"
        assert names(tmp_path) == ["target.txt"]

    def test_failed_renaming_leaves_nothing(self, n, source, tmp_path, monkeypatch):
        def refuse(temporary, target, **folders):
            raise PermissionError(13, "Permission denied", temporary)

        monkeypatch.setattr(os, "replace", refuse)
        with pytest.raises(PermissionError) as caught:
            n.file(source, tmp_path / "target.txt")
        assert caught.value.filename == str(tmp_path / "target.txt")
        assert names(tmp_path) == ["source.txt"]

    @posix
    def test_kill_in_mid_write_leaves_the_old_target(self, tmp_path):
        target = tmp_path / "target.txt"
        target.write_bytes(b"old")
        script = f"""
            import os, signal
            from hanflow import _files as files
            with files.replacing({str(target)!r}) as file:
                file.write(b"half")
                file.flush()
                os.kill(os.getpid(), signal.SIGKILL)
        """
        assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)]).returncode == -signal.SIGKILL
        assert target.read_bytes() == b"old"


class TestRefusals:
    def test_target_equal_to_source(self, n, source, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for target in (source, "source.txt", os.path.join(".", "source.txt"), b"source.txt"):
            with pytest.raises(ValueError, match="source and target are the same file: '.*source.txt'"):
                n.file(source, target)
        assert source.read_bytes() == CLEAN.encode()
        assert names(tmp_path) == ["source.txt"]

    @posix
    def test_target_that_is_the_source_through_a_link(self, n, source, tmp_path):
        (tmp_path / "symbolic.txt").symlink_to("source.txt")
        os.link(source, tmp_path / "hard.txt")
        for name in ("symbolic.txt", "hard.txt"):
            with pytest.raises(ValueError, match=name):
                n.file(source, tmp_path / name)
            with pytest.raises(ValueError, match="source.txt"):
                n.file(tmp_path / name, source)
        assert source.read_bytes() == CLEAN.encode()

    def test_folder_as_source_or_target(self, n, source, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        for pair in ((folder, tmp_path / "t"), (source, folder)):
            with pytest.raises(IsADirectoryError) as caught:
                n.file(*pair)
            assert caught.value.filename == str(folder)
        assert names(tmp_path) == ["folder", "source.txt"]
        assert names(folder) == []

    def test_missing_source(self, n, tmp_path):
        with pytest.raises(FileNotFoundError, match="missing.txt"):
            n.file(tmp_path / "missing.txt", tmp_path / "target.txt")
        assert names(tmp_path) == []

    def test_missing_target_folder_names_the_target(self, n, source, tmp_path):
        target = str(tmp_path / "missing" / "target.txt")
        with pytest.raises(FileNotFoundError) as caught:
            n.file(source, target)
        assert caught.value.filename == str(target)
        assert names(tmp_path) == ["source.txt"]

    @posix
    def test_target_inside_a_file(self, n, source, tmp_path):
        target = str(source / "target.txt")
        with pytest.raises(NotADirectoryError) as caught:
            n.file(source, target)
        assert caught.value.filename == str(target)
        assert source.read_bytes() == CLEAN.encode()
        assert names(tmp_path) == ["source.txt"]

    def test_write_protected_target(self, n, source, tmp_path, monkeypatch):
        target = tmp_path / "target.txt"
        target.write_bytes(b"old")
        target.chmod(0o444)
        monkeypatch.setattr(os, "access", lambda path, mode, **folder: False)  # root may write anywhere
        with pytest.raises(PermissionError) as caught:
            n.file(source, target)
        assert caught.value.filename == str(target)
        assert target.read_bytes() == b"old"
        assert names(tmp_path) == ["source.txt", "target.txt"]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_write_protected_folder(self, n, source, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        folder.chmod(0o555)
        with pytest.raises(PermissionError, match="target.txt"):
            n.file(source, folder / "target.txt")
        assert names(folder) == []

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
    def test_full_disk(self, n, source):
        with pytest.raises(OSError, match="No space left"):
            n.file(source, "/dev/full")


class TestNotUtf8:
    def test_the_error_names_the_file_and_nothing_is_written(self, n, source, tmp_path):
        source.write_bytes("江水".encode() + b"\xe6\xb1")
        target = tmp_path / "target.txt"
        target.write_bytes(b"old")
        with pytest.raises(UnicodeDecodeError) as caught:
            n.file(source, target)
        assert (caught.value.start, caught.value.end) == (6, 8)
        assert "source.txt" in "".join(getattr(caught.value, "__notes__", [caught.value.reason]))
        assert target.read_bytes() == b"old"
        assert names(tmp_path) == ["source.txt", "target.txt"]

    @pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 18) - 1, (1 << 18) - 2, 6_600_000])
    @pytest.mark.parametrize("bad, behind", [(b"\xff", b"x\n"), ("江".encode()[:2], b""), ("江".encode()[:2], b"x\n"), (b"\xf0\x9f\x98", b"\n" * 300_000)])
    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_the_range_is_that_in_the_file(self, n, tmp_path, size, bad, behind, pack):
        """However it is cut into pieces."""
        source = tmp_path / "source.txt"
        data = (CLEAN.encode() * (size // len(CLEAN.encode()) + 1))[:size].decode(errors="ignore").encode()
        data += b"." * (size - len(data)) + bad + behind
        source.write_bytes(pack(data))
        with pytest.raises(UnicodeDecodeError) as caught:
            n.file(source, tmp_path / "target.txt")
        with pytest.raises(UnicodeDecodeError) as whole:
            n(data)
        assert (caught.value.start, caught.value.end) == (whole.value.start, whole.value.end) == (size, size + len(bad))
        note = "".join(getattr(caught.value, "__notes__", [caught.value.reason]))
        line = data.count(b"\n", 0, size) + 1
        assert "source.txt" in note and f"byte {size} (line {line})" in note and str(caught.value)
        assert names(tmp_path) == ["source.txt"]

    def test_preserve_keeps_each_byte(self, source, tmp_path):
        data = "江水".encode() + b"\xe6\xb1\n\xff\xfe\x80" + "江水".encode()
        source.write_bytes(data)
        assert Normalizer(errors="preserve").file(source, tmp_path / "t").changed is False
        assert (tmp_path / "t").read_bytes() == data
