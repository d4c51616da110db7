"""The command: pipes, files, folders, exit codes, and what is left behind when it is stopped."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import pytest

if os.name == "posix":
    import pty

import hanflow
from hanflow import normalize

CLEAN = "渡口月明，江水不波。\n"  # the same in traditional characters
DAMAGED = "２０条⽔渠\n"
REPAIRED = "20条水渠\n"
TRADITIONAL = "頭髮\n"  # of 头发, by --opencc s2t

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr.decode()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `hanflow` as a process in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, stdin=b""):
        return Result(subprocess.run([sys.executable, "-m", "hanflow", *arguments], input=stdin, capture_output=True))

    return call


def tree(folder="."):
    """Without the journal that a run leaves if something failed."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and path.name != ".hanflow-journal"}


def plant(texts):
    for name, data in texts.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())


class TestFixPipe:
    @pytest.mark.parametrize("arguments", [(), ("-",)])
    def test_stdin_to_stdout(self, run, arguments):
        result = run("fix", *arguments, stdin=CLEAN.encode())
        assert (result.code, result.out, result.err) == (0, CLEAN.encode(), "")

    @pytest.mark.parametrize("data", [b"", b"\n", b"a\r\nb", b"no line end", b"\0\n", "江\r水".encode()])
    def test_bytes_pass_as_they_are(self, run, data):
        result = run("fix", "--no-compat", stdin=data)
        assert (result.code, result.out) == (0, data)

    def test_repairs(self, run):
        assert run("fix", stdin=DAMAGED.encode()).out == REPAIRED.encode()

    def test_options_reach_the_normalizer(self, run):
        assert run("fix", "--opencc", "s2t", stdin="头发\n".encode()).out == TRADITIONAL.encode()
        off = ("--no-compat", "--width", "none", "--spacing", "none", "--latin-gap", "keep", "--no-vertical", "--no-unwrap")
        text = ("２０ 条 ⽔ 渠\n春\n潮\n涌\n动\n").encode()
        assert run("fix", *off, stdin=text).out == text
        assert run("fix", "--errors", "preserve", stdin=b"\xff\n").out == b"\xff\n"

    def test_not_utf8(self, run):
        result = run("fix", stdin="江水\n".encode() + b"ab\xe6\xb1")
        assert (result.code, result.out) == (1, b"")
        assert result.err == "hanflow: <stdin>: byte 9 (line 2): not UTF-8: unexpected end of data\n"

    def test_into_a_file(self, run):
        assert run("fix", "-o", "out.txt", stdin=CLEAN.encode()).code == 0
        assert tree() == {"out.txt": CLEAN.encode()}


class TestFixFile:
    def test_to_stdout(self, run):
        plant({"a.txt": CLEAN})
        result = run("fix", "a.txt")
        assert (result.code, result.out, result.err) == (0, CLEAN.encode(), "")
        assert tree() == {"a.txt": CLEAN.encode()}

    def test_to_a_file(self, run):
        plant({"a.txt": CLEAN})
        assert run("fix", "a.txt", "-o", "new/b.txt").code == 0
        assert tree() == {"a.txt": CLEAN.encode(), "new/b.txt": CLEAN.encode()}

    def test_into_a_folder(self, run):
        plant({"sub/a.txt": CLEAN, "out/other.txt": "x"})
        assert run("fix", "sub/a.txt", "-o", "out").code == 0
        assert run("fix", "sub/a.txt", "-o", "new/").code == 0
        assert tree("out") == {"a.txt": CLEAN.encode(), "other.txt": b"x"}
        assert tree("new") == {"a.txt": CLEAN.encode()}

    def test_in_place(self, run):
        plant({"a.txt": "头发\n", "b.txt": "江水\n"})
        os.utime("b.txt", (1, 1))
        result = run("fix", "-i", "--opencc", "s2t", "a.txt", "b.txt")
        assert (result.code, result.out, result.err) == (0, b"", "2 files: 1 repaired, 1 unchanged\n")
        assert tree() == {"a.txt": TRADITIONAL.encode(), "b.txt": "江水\n".encode()}
        assert os.stat("b.txt").st_mtime == 1  # not written: nothing to repair

    def test_target_equal_to_source(self, run):
        plant({"a.txt": CLEAN})
        result = run("fix", "a.txt", "-o", "./a.txt")
        assert result.code == 2
        assert "same file" in result.err and "--in-place" in result.err
        assert tree() == {"a.txt": CLEAN.encode()}

    def test_missing(self, run):
        result = run("fix", "nowhere.txt")
        assert (result.code, result.out, result.err) == (1, b"", "hanflow: nowhere.txt: No such file or directory\n")

    def test_unwritable_target(self, run):
        plant({"a.txt": CLEAN, "file": "x"})
        result = run("fix", "a.txt", "-o", "file/out.txt")
        assert result.code == 1
        assert result.err.startswith("hanflow: a.txt: ") and "'file" in result.err
        assert tree() == {"a.txt": CLEAN.encode(), "file": b"x"}


class TestFixFolder:
    TEXTS = {"in/a.txt": CLEAN, "in/deep/er/b.txt": "头发\n", "in/deep/c": "plain\n"}

    def test_mirrored(self, run):
        plant(self.TEXTS)
        result = run("fix", "in", "-o", "out", "--opencc", "s2t")
        assert (result.code, result.out, result.err) == (0, b"", "3 files: 1 repaired, 1 unchanged, 1 copied\n")
        assert tree("out") == {"a.txt": CLEAN.encode(), "deep/er/b.txt": TRADITIONAL.encode(), "deep/c": b"plain\n"}

    def test_output_inside_the_source(self, run):
        plant(self.TEXTS)
        for _ in range(2):
            assert run("fix", "in", "-o", "in/out").code == 0
            assert sorted(tree("in/out")) == ["a.txt", "deep/c", "deep/er/b.txt"]

    def test_output_is_the_source(self, run):
        plant(self.TEXTS)
        result = run("fix", "in", "-o", "in/deep/..")
        assert result.code == 2 and "--in-place" in result.err

    def test_hidden_files(self, run):
        """Of a mirrored folder they are taken too, as by cp -r; elsewhere only those that are named."""
        plant({"in/.hidden": "头发", "in/.git/config": "x", "in/a.txt": "x"})
        assert run("fix", "in", "-o", "out").code == 0
        assert sorted(tree("out")) == [".git/config", ".hidden", "a.txt"]
        assert run("fix", "in", "--in-place", "--opencc", "s2t").err == "1 file: 0 repaired, 1 unchanged\n"
        assert run("check", "in").err == "1 file: 0 would change, 1 unchanged\n"
        assert run("fix", "in/.hidden", "--opencc", "s2t").out == "頭髮".encode()

    def test_several_paths_go_in_under_their_names(self, run):
        plant({**self.TEXTS, "more/a.txt": "more\n", "single.txt": "single\n"})
        assert run("fix", "in/deep", "more", "single.txt", "-o", "out").code == 0
        assert tree("out") == {"deep/c": b"plain\n", "deep/er/b.txt": "头发\n".encode(), "more/a.txt": b"more\n",
                               "single.txt": b"single\n"}

    def test_two_files_with_one_target(self, run):
        plant({"x/a.txt": "x", "y/a.txt": "y"})
        result = run("fix", "x/a.txt", "y/a.txt", "-o", "out")
        assert result.code == 2
        message = f"'x/a.txt' and 'y/a.txt' would both become {os.path.join('out', 'a.txt')!r}"
        assert message in " ".join(result.err.split())
        assert not os.path.exists("out")

    def test_a_bad_file_does_not_stop_the_rest(self, run):
        plant({"in/a.txt": "a\n", "in/bad/b.txt": b"abc\xffd", "in/c.txt": "c\n", "out/bad/b.txt": "old"})
        result = run("fix", "in", "-o", "out")
        assert result.code == 1
        name = os.path.join("in", "bad", "b.txt")
        assert result.err == (f"hanflow: {name}: byte 3 (line 1): not UTF-8: invalid start byte"
                              "; if it has another encoding, say which: --encoding NAME\n"
                              "3 files: 0 repaired, 2 unchanged, 1 failed\n")
        assert tree("out") == {"a.txt": b"a\n", "bad/b.txt": b"old", "c.txt": b"c\n"}

    @posix
    def test_a_name_that_is_not_utf8(self, run):
        os.mkdir(b"in")
        try:
            Path(os.fsdecode(b"in/\xff.txt")).write_bytes(b"\xff")
        except OSError:
            pytest.skip("the file system takes only UTF-8")
        Path(os.fsdecode(b"in/\xfe.txt")).write_bytes(b"ok\n")
        result = run("fix", "in", "-o", "out")
        assert result.code == 1
        assert b"\xfe.txt" in os.listdir(b"out") and b"\xff.txt" not in os.listdir(b"out")

    def test_empty_folder(self, run):
        os.mkdir("in")
        result = run("fix", "in", "-o", "out")
        assert (result.code, result.err) == (0, "0 files: 0 repaired, 0 unchanged\n")


class TestEqualToNormalize:
    def test_pipe_file_and_folder_give_what_normalize_gives(self, run):
        pages = Path(__file__).parent / "pages"
        texts = {path.name: path.read_bytes() for path in sorted(pages.glob("*.in.txt"))[:12]}
        texts["demo.txt"] = (files("hanflow._demo") / "page.txt").read_bytes()
        plant({f"in/{name}": data for name, data in texts.items()})
        assert run("fix", "in", "-o", "out").code == 0
        got = tree("out")
        for name, data in texts.items():
            want = normalize(data)
            assert want == normalize(data.decode()).encode()
            assert got[name] == want
            assert run("fix", stdin=data).out == want
            assert run("fix", f"in/{name}").out == want


class TestCheck:
    def test_nothing_to_change(self, run):
        plant({"a.txt": CLEAN, "b.txt": "b\n"})
        result = run("check", ".")
        assert (result.code, result.out, result.err) == (0, b"", "2 files: 0 would change, 2 unchanged\n")

    def test_names_what_would_change(self, run):
        plant({"in/a.txt": "头发\n", "in/b.txt": "b\n", "in/c.txt": "头，发展\n"})
        result = run("check", "in", "--opencc", "s2t", "--list")
        a, c = os.path.join("in", "a.txt"), os.path.join("in", "c.txt")
        assert result.code == 1
        assert result.out.decode() == f"{a}\n{c}\n"
        assert result.err == "3 files: 2 would change, 1 unchanged\n"
        assert tree("in")["a.txt"] == "头发\n".encode()

    def test_stdin(self, run):
        result = run("check", stdin="２条⽔渠\n".encode())
        assert result.code == 1
        assert result.out.decode() == (
            '<stdin>:1:1: width change the width of the character: "２" -> "2" (U+FF12 to U+0032) '
            "[100 %: a full-width letter or digit]\n"
            '<stdin>:1:3: compat restore the character: "⽔" -> "水" (U+2F54 to U+6C34) '
            "[100 %: a radical in the place of an ideograph]\n")
        assert run("check", "-l", stdin="２条⽔渠\n".encode()).out == b"<stdin>\n"

    def test_options_reach_the_normalizer(self, run):
        assert run("check", "--min-confidence", "96", stdin="江 边 的 渡 口 今 天\n".encode()).code == 0
        assert run("check", "--errors", "preserve", stdin=b"\xff\n").code == 0
        assert b"1:1: opencc convert: " in run("check", "--opencc", "s2t", stdin="头发\n".encode()).out

    def test_wrong_usage(self, run):
        for arguments in (("--format", "jsonl"), ("--input-format", "json"), ("-l", "--format", "json"), ("--encoding", "none")):
            result = run("check", *arguments)
            assert (result.code, result.out) == (2, b"") and "Usage" in result.err
        assert run("diff", "--color", "sometimes").code == 2

    def test_one_name_for_the_format_of_the_input(self, run):
        plant({"a.dat": '{"text": "⽔"}\n'})
        assert run("check", "a.dat", "--input-format", "jsonl", "--field", "text").code == 1
        assert run("fix", "a.dat", "--input-format", "jsonl", "--field", "text").out == '{"text":"水"}\n'.replace(":", ": ").encode()
        for command in ("fix", "report"):  # there it would mean another thing than in `check`
            result = run(command, "a.dat", "--format", "jsonl", "--field", "text")
            assert (result.code, result.out) == (2, b"") and "--input-format jsonl" in " ".join(result.err.split())

    def test_records_that_fail(self, run):
        plant({"a.jsonl": '{"text": "⽔"}\n{}\n{"text": 5}\n', "b.jsonl": "\n"})
        result = run("check", ".", "--field", "text")
        assert result.code == 2 and result.out.decode().count("\n") == 1
        name = os.path.join(".", "a.jsonl")
        assert result.err == (f"hanflow: {name}: line 2: no field 'text'\n"
                              f"hanflow: {name}: line 3: field 'text' holds a number, not a text\n"
                              "2 files: 1 would change, 1 unchanged, 2 records failed\n")

    @posix
    def test_names_that_are_no_text(self, run):
        name = b"a\xff\n\x1b.txt"
        Path(os.fsdecode(name)).write_bytes(DAMAGED.encode())
        assert run("check", ".").out.startswith(b"./a\xff\\n\\x1b.txt:1:1: width ")
        assert run("check", ".", "-l").out == b"./a\xff\\n\\x1b.txt\n"
        assert run("check", ".", "-l", "-0").out == b"./" + name + b"\0"
        assert json.loads(run("check", ".", "--format", "json").out.splitlines()[0])["path"] == "./" + os.fsdecode(name)
        assert run("check", ".", "--format", "github").out.startswith(b"::warning file=./a\xff%0A\\x1b.txt,line=1,")
        assert run("diff", ".").out.startswith(b"--- ./a\xff\\n\\x1b.txt\n")

    @posix
    @pytest.mark.parametrize("command", ["check", "diff"])
    def test_failures_of_such_names(self, run, command):
        plant({"in/a\nb\x1b[2J.txt": b"\xff"})
        assert run(command, "in").err.startswith("hanflow: in/a\\x0ab\\x1b[2J.txt: byte 0 (line 1): not UTF-8")

    def test_bad_file(self, run):
        plant({"a.txt": CLEAN, "b.txt": b"\xe6\xb1"})
        result = run("check", "a.txt", "b.txt")
        assert (result.code, result.out) == (2, b"")
        assert "hanflow: b.txt: byte 0 (line 1): not UTF-8: unexpected end of data\n" in result.err


class TestDiff:
    def test_nothing_to_change(self, run):
        result = run("diff", stdin=CLEAN.encode())
        assert (result.code, result.out, result.err) == (0, b"", "")

    def test_unified(self, run):
        plant({"a.txt": "1\n2\n3\n4\n头发\n6\n7\n8\n9\n10\n11\n12\n13\n14\n头发"})
        result = run("diff", "a.txt", "--opencc", "s2t")
        assert (result.code, result.err) == (0, "")
        assert result.out.decode() == """\
--- a.txt
+++ a.txt
@@ -2,7 +2,7 @@
 2
 3
 4
-头发
+頭髮
 6
 7
 8
@@ -12,4 +12,4 @@
 12
 13
 14
-头发
\\ No newline at end of file
+頭髮
\\ No newline at end of file
"""

    def test_joined_lines(self, run):
        """Needs repairs that cross line ends: a vertical headline."""
        plant({"a.txt": "春\n潮\n涌\n动\n江\n城\n\n渡口月明，江水不波。\n"})
        result = run("diff", "a.txt")
        lines = result.out.decode().splitlines()
        assert lines[:2] == ["--- a.txt", "+++ a.txt"]
        assert lines[2].startswith("@@ -1,")
        assert [line for line in lines if line.startswith("-")][1:7] == ["-春", "-潮", "-涌", "-动", "-江", "-城"]
        assert "+春潮涌动江城" in lines

    @pytest.mark.skipif(shutil.which("patch") is None, reason="no patch")
    @pytest.mark.parametrize("encoding", ["utf8", "gb18030", "big5"])
    def test_patch_applies_it(self, run, encoding):
        text = (files("hanflow._demo") / "page.txt").read_text(encoding="utf8")
        if encoding == "big5":
            text = "春\n潮\n湧\n動\n江\n城\n\n渡 口 月 明 ，江 水 不 波\nＡＢＣ"
        for name, given in (("a.txt", text), ("b.txt", text.replace("\n", "\r\n"))):
            plant({name: given.encode(encoding)})
            options = ("--encoding", encoding) if encoding != "utf8" else ()
            assert run("diff", name, *options).out != b""
            Path("a.patch").write_bytes(run("diff", name, *options).out)
            want = run("fix", name, *options).out
            subprocess.run(["patch", "--binary", "-s", name, "a.patch"], check=True)
            assert Path(name).read_bytes() == want

    def test_each_text_of_other_formats(self, run):
        plant({"a.jsonl": '{"text": "江"}\n{"text": "⽔\\n江"}\n'})
        assert run("diff", "a.jsonl", "--field", "text").out.decode() == """\
--- a.jsonl:2:text
+++ a.jsonl:2:text
@@ -1,2 +1,2 @@
-⽔
+水
 江
\\ No newline at end of file
"""

    def test_objects_and_commands_as_check_gives_them(self, run):
        for form in ("json", "github"):
            checked, shown = (run(command, "--format", form, stdin=DAMAGED.encode()) for command in ("check", "diff"))
            assert (shown.code, checked.code) == (0, 1) and shown.out == checked.out != b""

    @posix
    def test_on_a_terminal(self, run):
        def shown(*arguments, **environment):
            ours, theirs = pty.openpty()
            with open(ours, "rb", buffering=0) as screen:
                process = subprocess.run([sys.executable, "-m", "hanflow", "diff", "a.txt", *arguments], stdout=theirs,
                                         env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment})
                os.close(theirs)
                assert process.returncode == 0
                return screen.read(1 << 16).replace(b"\r\n", b"\n")

        plant({"a.txt": "２条⽔渠\n"})
        assert shown() == run("diff", "a.txt", "--color", "always").out
        for plain in (shown(NO_COLOR="1"), shown("--color", "never"), shown(TERM="dumb")):
            assert plain == run("diff", "a.txt").out
            assert b"\x1b" not in plain
        assert b"\x1b" in shown("--color", "always", NO_COLOR="1")

    def test_no_colour_in_a_pipe(self, run):
        assert b"\x1b" not in run("diff", "--opencc", "s2t", stdin="头发\n".encode()).out

    def test_bad_file(self, run):
        plant({"a.txt": b"\xff", "b.txt": "头发\n"})
        result = run("diff", "a.txt", "b.txt", "--opencc", "s2t")
        assert result.code == 1
        assert result.err == ("hanflow: a.txt: byte 0 (line 1): not UTF-8: invalid start byte"
                              "; if it has another encoding, say which: --encoding NAME\n")
        assert "+頭髮".encode() in result.out


class TestLooking:
    """What check, diff and report have in common."""

    COMMANDS = [("check",), ("check", "--format", "json"), ("check", "-l"), ("check", "-l", "-0"), ("diff",), ("diff", "--color", "always"),
                ("report",)]
    LETTER_SPACED = "　　渡 口 的 灯 亮 了 一 夜 ， 到 天 明 时 才 有 人 来 把 它 吹\n灭 ， 船 也 就 靠 了 岸 。\n"

    @pytest.mark.parametrize("arguments", COMMANDS)
    def test_workers_change_nothing(self, run, arguments):
        """Neither in the order nor in what is said: of many small files, long ones, bad ones."""
        plant({f"in/{i:03}.txt": DAMAGED * (i % 7) + CLEAN for i in range(150)})
        plant({"in/050-long.txt": self.LETTER_SPACED * 12_000, "in/100-bad.txt": self.LETTER_SPACED.encode() * 3000 + b"\xff",
               "in/bad.jsonl": "{\n" * 20, "in/020-long.txt": self.LETTER_SPACED * 4000})
        alone, together = (run(*arguments, "in", "--field", "text", "-j", jobs) for jobs in ("1", "3"))
        assert together.out == alone.out != b"" and together.err == alone.err
        assert together.code == alone.code == (2 if arguments[0] == "check" else 1)

    @posix
    @pytest.mark.parametrize("arguments", [("check", "-l"), ("diff",), ("report",)])
    def test_a_worker_that_dies_fails_its_file_alone(self, run, arguments):
        plant({f"in/{i:03}.txt": DAMAGED + CLEAN * 1000 for i in range(90)})
        kills = ("import os, signal, sys; from hanflow._show import inspection; from hanflow._cli import main; seen = inspection.each_text;"
                 "inspection.each_text = lambda settings, source, visit: os.kill(os.getpid(), signal.SIGKILL) if '044' in source "
                 "else seen(settings, source, visit); sys.argv[0] = 'hanflow'; main()")
        done = subprocess.run([sys.executable, "-c", kills, *arguments, "in", "-j", "2"], capture_output=True)
        assert done.returncode == (2 if arguments[0] == "check" else 1)
        said = done.stderr.decode().splitlines()
        assert said[0] == "hanflow: in/044.txt: the process that worked on it died (SIGKILL)" and len(said) <= 2
        if arguments[0] == "check":
            assert done.stdout.decode().split() == [f"in/{i:03}.txt" for i in range(90) if i != 44]

    def test_files_are_chosen_as_by_fix(self, run):
        plant({"in/a.txt": DAMAGED, "in/b.log": DAMAGED, "in/old/c.txt": DAMAGED, "in/.d.txt": DAMAGED, "in/e.py": DAMAGED,
               "in/.gitignore": "f.txt\n", "in/f.txt": DAMAGED})
        listed = lambda *arguments: sorted(Path(name).name for name in run("check", "in", "-l", *arguments).out.decode().split())
        assert listed() == ["a.txt", "c.txt"]
        assert listed("--include", "*.log", "--exclude", "/old/") == ["a.txt", "b.log"]
        assert listed("--no-gitignore") == ["a.txt", "c.txt", "f.txt"]
        for command in ("diff", "report"):
            result = run(command, "in", "--include", "*.log", "--exclude", "/old/", "--jobs", "2", "--no-progress")
            assert result.code == 0 and result.out != b""

    def test_exit_codes(self, run):
        plant({"clean.txt": CLEAN, "damaged.txt": DAMAGED, "bad.txt": b"\xff"})
        for names, code in (("clean", 0), ("damaged", 1), ("clean damaged", 1), ("bad", 2), ("damaged bad", 2), ("clean bad", 2),
                            ("damaged none", 2)):
            paths = [f"{name}.txt" for name in names.split()]
            assert run("check", *paths).code == run("check", "-l", *paths).code == code
            assert run("diff", *paths).code == run("report", *paths).code == (code == 2)

    def test_names_for_xargs(self, run):
        plant({"in/a b.txt": DAMAGED, "in/c.txt": DAMAGED, "in/d.txt": CLEAN})
        result = run("check", "in", "--list", "--null")
        assert result.out == os.path.join("in", "a b.txt").encode() + b"\0" + os.path.join("in", "c.txt").encode() + b"\0"
        assert run("check", "in", "--null").code == 2

    def test_a_file_known_to_change_is_read_to_its_end(self, run):
        plant({"a.txt": DAMAGED.encode() + CLEAN.encode() * 100_000 + b"\xff"})
        result = run("check", "-l", "a.txt")
        assert (result.code, result.out) == (2, b"") and "(line 100002): not UTF-8" in result.err

    @posix
    @pytest.mark.parametrize("arguments", [*COMMANDS, ("fix", "--report", "r.json")])
    def test_no_more_memory_for_a_longer_text(self, run, arguments):
        peaks = []
        for size in (1, 4):
            plant({"a.txt": self.LETTER_SPACED * (5000 * size)})
            process = subprocess.Popen([sys.executable, "-m", "hanflow", *arguments, "a.txt"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode in (0, 1)
            peaks.append(usage.ru_maxrss)  # KiB, on Linux
        assert peaks[1] < 1.25 * peaks[0]

    @posix
    @pytest.mark.parametrize("arguments", [("check", "-"), ("diff",), ("report", "-o", "-"), ("fix",), ("demo",), ("check", "-l")])
    def test_streams_that_are_full_or_closed(self, run, arguments):
        def shell(redirected, stdin=DAMAGED.encode()):
            command = f"{sys.executable} -m hanflow {' '.join(arguments)} {redirected}"
            done = Result(subprocess.run(["sh", "-c", command], input=stdin, capture_output=True))
            assert "Traceback" not in done.err and "Exception ignored" not in done.err
            return done

        failed = 2 if arguments[0] == "check" else 1
        if os.path.exists("/dev/full"):
            done = shell("> /dev/full")
            assert done.code == failed and "No space left on device" in done.err
        done = shell(">&-")
        assert done.code == failed and "Bad file descriptor" in done.err
        shell("2>&-")
        shell("2> /dev/full" if os.path.exists("/dev/full") else "2>&-")
        if arguments[0] != "demo":
            done = shell("<&-")
            assert done.code == failed and done.err.startswith("hanflow: <stdin>: Bad file descriptor\n")

    @posix
    @pytest.mark.parametrize("arguments", [("fix",), ("check", "-l"), ("diff",), ("report",)])
    def test_a_terminal_is_asked_to_its_end_only(self, run, arguments):
        """Ctrl-D once."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([sys.executable, "-m", "hanflow", *arguments], stdin=theirs, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.write(ours, DAMAGED.encode() + b"\x04")
        try:
            out = process.communicate(timeout=30)[0]
        finally:
            process.kill()
            os.close(ours)
        assert out != b"" and process.returncode == (arguments[0] == "check")


class TestDemo:
    def test_before_and_after(self, run):
        result = run("demo")
        assert (result.code, result.err) == (0, "")
        text = result.out.decode()
        page = (files("hanflow._demo") / "page.txt").read_text(encoding="utf8")
        assert text.startswith("BEFORE")
        assert page in text and normalize(page) in text
        assert text.index("AFTER") > text.index(page)

    def test_input_can_be_piped_into_fix(self, run):
        page = run("demo", "--input").out
        assert page == (files("hanflow._demo") / "page.txt").read_bytes()
        assert run("fix", stdin=page).out == normalize(page)

    def test_what_the_page_becomes(self):
        """Needs the real core: the headline, the byline, paragraphs, widths, radicals, brackets, the heading's gap."""
        page = (files("hanflow._demo") / "page.txt").read_text(encoding="utf8")
        assert normalize(page) == """\
江州新港区开港首日迎来百舸
——一座老码头的转身
本报记者 林青岚 高远
晨雾还没有散，青浦湾的汽笛已经响过三遍。4月18日，江州新港区正式开港，首日迎来货船126艘，吞吐货物3.2万吨，比老码头最忙的一天还多出40%。
“以前一条船等泊位要等两天，现在不到3个小时。”船长方海生站在甲板上，指着远处的桥吊说。他跑了二十六年船，头一回在江州靠岸不用抛锚。
老港建于1958年，泊位短、航道浅，只能停靠千吨级的小船。2019年，江州决定把港口迁到青浦湾，原址改作滨江公园。
旧船坞里的新生活
搬走了货场，留下了船坞。今年春天，船坞改成的工坊开门迎客，第一批进驻的有木作、染布和修钟表的手艺人。周一帆的书店开在原来的泵房里，窗外就是江面。
“白天来的是游客，晚上来的是老码头的工人。”他说，“他们坐在自己修过的泵旁边读书。”
书店里最好卖的是一本旧航图集，附有ABC三种索引，初版只印了500册，书名叫《青浦水道图志》，书脊上还留着当年的借阅号。
水清岸绿 货畅人安
新港区用上了岸电，船靠泊以后关掉柴油机，一年可以少烧2100吨油。港口还同江州大学合作，在航道两侧种下36万株芦苇，给迁来的白鹭留出一片安静的浅滩。
“货要走得快，江水也要流得清。”港区负责人欧阳明月说，到2030年，新港区将有12个泊位全部用上清洁能源。（参与采写：高远 林溪）
图为开港首日的青浦湾码头。 程野 摄
（本版文字均由江州市港航局提供线索）
"""


class TestUsage:
    @pytest.mark.parametrize("arguments", [
        ("fix", "a", "b"),
        ("fix", "."),
        ("fix", "-", "a", "-o", "out"),
        ("fix", "-i"),
        ("fix", "-i", "-o", "out", "a"),
        ("fix", "--width", "full"),
        ("fix", "--opencc", "s2x"),
        ("fix", "--nonsense"),
        ("nonsense",),
        (),
    ])
    def test_wrong_usage(self, run, arguments):
        result = run(*arguments)
        assert (result.code, result.out) == (2, b"")
        assert "Usage: " in result.err
        assert tree() == {}

    def test_output_is_a_file_where_a_folder_is_needed(self, run):
        plant({"in/a.txt": "x", "out": "x"})
        assert run("fix", "in", "-o", "out").code == 2

    def test_valid_names_are_listed(self, run):
        assert "'s2t', " in run("fix", "--opencc", "s2x").err
        assert "'contextual'" in run("fix", "--width", "full").err

    def test_version_and_help(self, run):
        assert run("--version").out == f"hanflow {hanflow.__version__}, CPU path {hanflow.cpu()}\n".encode()
        for arguments in (("--help",), ("-h",), ("fix", "--help")):
            result = run(*arguments)
            assert (result.code, result.out[:7]) == (0, b"Usage: ")


@posix
class TestStopped:
    @pytest.mark.parametrize("arguments", [("check",), ("diff",), ("report",)])
    @pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (None, 141)])
    def test_workers_stop_too(self, run, arguments, number, code, monkeypatch):
        """None: nobody reads any more. No process and no file is left."""
        monkeypatch.setenv("TMPDIR", os.getcwd() + "/tmp")
        plant({f"in/{i}.txt": TestLooking.LETTER_SPACED * 30_000 for i in range(6)})
        os.mkdir("tmp")
        process = self.start(*arguments, "in", "-j", "2", stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        process.stdout.read(1)
        if number is None:
            process.stdout.close()
        else:
            os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        said = process.stderr.read()  # ends when all processes have
        assert process.wait(20) == code and b"Traceback" not in said
        assert os.listdir("tmp") == []
        process.stderr.close()
        if number is not None:
            process.stdout.close()

    def start(self, *arguments, **options):
        return subprocess.Popen([sys.executable, "-m", "hanflow", *arguments], **options)

    def test_broken_pipe_is_quiet(self, run):
        process = self.start("fix", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        process.stdin.write(CLEAN.encode())
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
        process.stderr.close()

    @pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_interrupted_while_it_waits(self, run, number, code):
        process = self.start("fix", "-o", "out.txt", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(CLEAN.encode() * 20_000)
        process.stdin.flush()
        while not any(name.startswith(".hanflow-") for name in os.listdir(".")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        process.stdin.close()
        assert process.wait(20) == code
        assert b"Traceback" not in process.stderr.read()
        process.stderr.close()
        assert tree() == {}

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_no_half_written_target(self, run, number):
        new = b"0123456789abcde\n" * 500_000
        plant({f"in/{i}.txt": new for i in range(8)})
        plant({f"out/{i}.txt": b"old" for i in range(8)})
        for delay in (0.15, 0.2, 0.25, 0.3):
            process = self.start("fix", "in", "-o", "out", stderr=subprocess.DEVNULL)
            time.sleep(delay)
            process.send_signal(number)
            process.wait(20)
            for name, data in tree("out").items():
                if name.startswith(".hanflow-"):
                    assert number == signal.SIGKILL  # nobody can clean up after that
                else:
                    assert data == b"old" or data == new
