"""Many files at once: what is chosen, mirrored, journalled and reported, and what is left when a run is stopped or killed.

    HANFLOW_KILLS=20 python -m pytest tests/test_bulk.py -k killed     so many kills; 5 without it
"""
import gzip
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from functools import lru_cache
from pathlib import Path

import pytest

import hanflow
from hanflow import Normalizer, normalize
from hanflow import _files as files
from hanflow._bulk import progress
from hanflow._bulk import run as bulk
from hanflow._bulk.journal import NAME, Done, Journal, sweep
from hanflow._bulk.progress import Progress
from hanflow._bulk.run import Item, Run, Task, Window
from hanflow._bulk.summary import Outcome, Summary
from hanflow._bulk.tree import Tree, takes_for_one
from hanflow._bulk.walk import Choice, Patterns, among, chosen, walk
from hanflow.formats import Settings

CLEAN = "渡口月明，江水不波。\n"
DAMAGED = "２０条⽔渠\n"
REPAIRED = "20条水渠\n"
KILLS = int(os.environ.get("HANFLOW_KILLS", "5"))
PAGES = [path.read_bytes() for path in sorted((Path(__file__).parent / "pages").glob("*.in.txt"))]

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")
linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
not_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do anything")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o022)
    yield
    os.umask(mask)


def hanflow_(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "hanflow", *arguments], capture_output=True, text=True, **options)


def start(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "hanflow", *arguments], start_new_session=True, stderr=subprocess.PIPE,
                            text=True, **options)


def plant(texts):
    for name, data in texts.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def content(folder="out"):
    """path -> bytes of the files, None for folders, but for the journal."""
    return {path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
            for path in sorted(Path(folder).rglob("*")) if path.name != NAME}


def report(path="report.json"):
    return json.loads(Path(path).read_text(encoding="utf8"))


# What lets a run take a moment however fast the rest is, so that it can be stopped in its midst.
SLOW = ("--opencc", "s2t")


@lru_cache(None)
def pages(count, size):
    """name -> (page, what SLOW makes of it)"""
    rng = random.Random(3)
    found = {}
    for number in range(count):
        page = b""
        while len(page) < size:
            page += rng.choice(PAGES) + b"\n\n"
        found[f"{number % 7}/{number}.txt"] = page, normalize(page, opencc="s2t")
    return found


def grow(count=150, size=80_000):
    """A tree of pages. Returns what SLOW makes of it."""
    plant({f"in/{name}": page for name, (page, _) in pages(count, size).items()})
    return {name: result for name, (_, result) in pages(count, size).items()}


def texts_of(folder="out"):
    """The files, while others come and go."""
    found = {}
    for path in Path(folder).rglob("*"):
        if path.name != NAME and path.is_file():
            try:
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
            except FileNotFoundError:
                pass
    return found


# ---------------------------------------------------------------- which files
@pytest.mark.parametrize("glob, matches, others", [
    ("*.txt", ["a.txt", "x/y/a.txt", ".txt"], ["a.txt.gz", "a.TXT"]),
    ("a", ["a", "x/a"], ["ab", "x/ba"]),
    ("/*.txt", ["a.txt"], ["x/a.txt"]),
    ("x/*.txt", ["x/a.txt"], ["a.txt", "x/y/a.txt", "y/x/a.txt"]),
    ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["a", "xx/a", "x/ya"]),
    ("**/a", ["a", "x/a", "x/y/a"], ["xa"]),
    ("x/**", ["x/a", "x/y/z"], ["x", "a"]),
    ("?[0-9].txt", ["a1.txt", "x/b2.txt"], ["ab.txt", "12/.txt"]),
    ("[!a-c]*", ["d", "x/e"], ["a", "b1"]),
    (r"a\[", ["a["], ["a"]),
    ("#*#", ["#a#", "x/##"], ["a"]),
    (r"\*", ["*", "x/*"], ["a"]),
    ("第*版", ["第3版", "报/第12版"], ["第3页"]),
    ("a.b", ["a.b"], ["aXb"]),
    ("a\n*", ["a\nb"], ["a"]),
])
def test_patterns(glob, matches, others):
    patterns = Patterns([glob])
    assert [name for name in matches if not patterns.match(name, False)] == []
    assert [name for name in others if patterns.match(name, False)] == []


def test_patterns_of_folders():
    patterns = Patterns(["tmp/", "/a/b/"])
    assert patterns.match("tmp", True) and patterns.match("x/tmp", True) and patterns.match("a/b", True)
    assert not patterns.match("tmp", False) and not patterns.match("x/a/b", True)


@pytest.mark.parametrize("glob", ["", "/", "!", "[z-a]", "a\\"])
def test_what_is_no_pattern(glob):
    with pytest.raises(ValueError, match="is no pattern"):
        Patterns([glob])


def choice(include=(), exclude=(), **more):
    return Choice(Patterns(include), Patterns(exclude), **more)


def taken(include=(), exclude=(), path="in", **more):
    """The files of a folder that are repaired."""
    return [os.path.relpath(source, path).replace(os.sep, "/")
            for source, _ in chosen([path], choice(include, exclude, **more), pytest.fail)]


def test_texts_and_formats_are_repaired_by_their_names():
    texts = ["a.txt", "B.TXT", "c.text", "d.md", "e.markdown", "f.jsonl", "g.ndjson", "h.csv", "i.tsv", "j.parquet", "k.pq", "l.arrow",
             "m.arrows", "n.feather", "o.ipc", "p.zip", "q.tar", "r.tgz", "s.txt.gz", "t.jsonl.zst", "u.csv.xz", "v.tar.bz2"]
    others = ["a.py", "a.png", "a.pdf", "a.json", "a.html", "a.png.gz", "a.gz", "README", "txt", "a.txt~", "a.txt.bak", "a.docx"]
    plant({f"in/{name}": "x" for name in texts + others})
    assert sorted(taken()) == sorted(texts)
    assert sorted(taken(["*.py", "README"])) == sorted([*texts, "a.py", "README"])


def test_include_adds_and_exclude_is_stronger():
    plant({f"in/{name}": "x" for name in ("a.txt", "b.log", "x/a.txt", "x/c.md", "x/y/a.log", "z/d")})
    assert taken() == ["a.txt", "x/a.txt", "x/c.md"]
    assert taken(["*.log"]) == ["a.txt", "b.log", "x/a.txt", "x/c.md", "x/y/a.log"]
    assert taken(["z"]) == taken(["z/"]) == ["a.txt", "x/a.txt", "x/c.md", "z/d"]
    assert taken(["*.log"], ["/x/a.txt", "y"]) == ["a.txt", "b.log", "x/c.md"]
    assert taken([], ["x"]) == ["a.txt"]
    assert taken([], ["*", "!*/", "!*.md"]) == ["x/c.md"]  # as in .gitignore: the last counts


def test_nothing_hidden_is_repaired():
    plant({f"in/{name}": "x" for name in (".a.txt", ".x/a.txt", "x/.y/z/a.txt", "b.txt", ".git/a.txt")})
    assert taken() == taken(["*"]) == taken(["a.txt"]) == ["b.txt"]
    assert taken(path="in/.x") == ["a.txt"]  # it was named


def test_what_gitignore_names_is_not_repaired():
    plant({f"in/{name}": "x" for name in ("a.txt", "b.txt", "x/a.txt", "x/b.txt", "x/y/a.txt", "build/a.txt", "x/build/keep.txt", "c\n/a.txt",
                                          "c\n/b.txt")})
    plant({"in/.gitignore": "\ufeff# a comment\r\nb.txt\r\n/build/\r\n\r\n!\r\n", "in/x/.gitignore": "*\n!b.txt\n!y/\n",
           "in/build/.gitignore": "!a.txt\n"})
    assert taken() == ["a.txt", "c\n/a.txt", "x/b.txt"]
    assert len(taken(gitignore=False)) == 9
    assert taken(["*.txt", "build"]) == ["a.txt", "c\n/a.txt", "x/b.txt"]  # --include is about kinds
    assert taken(path="in/build") == ["a.txt"]
    assert [source for source, _ in chosen(["in/b.txt"], choice(), pytest.fail)] == ["in/b.txt"]  # a file that is named is done


def test_gitignore_files_above_count_in_a_work_tree():
    plant({"in/.gitignore": "b.txt\n/x/c.txt\nsecret/\n", "in/x/a.txt": "x", "in/x/b.txt": "x", "in/x/c.txt": "x", "in/x/y/c.txt": "x",
           "in/secret/b.txt": "x", "in/secret/x/d.txt": "x"})
    assert taken(path="in/x") == ["a.txt", "b.txt", "c.txt", "y/c.txt"]
    plant({"in/.git/info/exclude": "/x/y/\n"})
    assert taken(path="in/x") == ["a.txt"]
    assert taken(path="in/x", gitignore=False) == ["a.txt", "b.txt", "c.txt", "y/c.txt"]
    assert taken(path="in/secret") == ["b.txt", "x/d.txt"]  # ignored, but named


@posix
def test_a_gitignore_that_is_no_file():
    plant({"in/x/a.txt": "x", "in/y/b.txt": "x", "in/z/c.txt": "x"})
    os.mkfifo("in/x/.gitignore")
    os.symlink("nowhere", "in/y/.gitignore")
    os.mkdir("in/z/.gitignore")
    assert taken() == ["x/a.txt", "y/b.txt", "z/c.txt"]


def test_the_same_choice_in_a_folder_that_others_have_listed():
    names = ["a.txt", "b.png", "c.log", ".d.txt", "x/a.txt", "x/.y/b.txt", "build/z/a.txt", "out/c.txt", "build/.gitignore", "x/keep.txt"]
    plant({f"in/{name}": "x" for name in names})
    plant({"in/.gitignore": "build/\nkeep.txt\n", "in/x/.gitignore": "!keep.txt\n"})
    names += [".gitignore", "x/.gitignore"]
    for everything in (False, True):
        wanted = choice(["*.log"], ["/out/"], everything=everything)
        found = {entry.relative: entry.repaired for entry in walk("in", wanted, pytest.fail) if stat.S_ISREG(entry.status.st_mode)}
        assert dict(among(names, wanted, lambda name: Path("in", name).read_text())) == found
        assert sorted(name for name, repaired in found.items() if repaired) == ["a.txt", "c.log", "x/a.txt", "x/keep.txt"]
        assert len(found) == (11 if everything else 4)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_gitignore_as_git_reads_it():
    """Random rules over random trees: what `git ls-files` lists as not ignored is what is repaired."""
    rng = random.Random(7)
    parts = ["a", "b", "ab", "*", "?", "a*", "*b", "[ab]", "[!a]", "**", r"\a"]
    for number in range(60):
        root = f"tree{number}"
        for _ in range(25):
            name = "/".join(rng.choice(["a", "b", "ab"]) for _ in range(rng.randint(0, 3)))
            plant({f"{root}/{name}/{rng.choice(['a', 'b', 'ab'])}.txt": "x"})
        folders = [path for path in Path(root).rglob("*") if path.is_dir()]
        for folder in [Path(root), *rng.sample(folders, min(2, len(folders)))]:
            lines = []
            for _ in range(rng.randint(1, 4)):
                glob = "/".join(rng.choice(parts) for _ in range(rng.randint(1, 3)))
                glob += "/a" if glob.endswith("**") else ""  # pathspec takes a/**/ for a/
                lines.append(rng.choice(["", "", "!"]) + rng.choice(["", "/"]) + glob + rng.choice(["", "/", ".txt", "*.txt", " "]))
            (folder / ".gitignore").write_text("\n".join(lines))
        subprocess.run(["git", "init", "-q", root], check=True)
        listed = subprocess.run(["git", "-C", root, "ls-files", "-o", "--exclude-per-directory=.gitignore"], check=True,
                                capture_output=True, text=True).stdout.split()
        rules = {str(path): path.read_text() for path in Path(root).rglob(".gitignore")}
        assert sorted(taken(path=root)) == sorted(name for name in listed if name.endswith(".txt")), rules


@posix
def test_links_in_a_folder_are_left_alone():
    """They may lead out of it."""
    plant({"in/a.txt": DAMAGED, "precious.txt": DAMAGED, "elsewhere/e.txt": DAMAGED})
    os.symlink("../precious.txt", "in/link.txt")
    os.symlink("../elsewhere", "in/folder")
    assert hanflow_("fix", "-i", "in").stderr == "1 file: 1 repaired, 0 unchanged\n"
    assert Path("precious.txt").read_text(encoding="utf8") == Path("elsewhere/e.txt").read_text(encoding="utf8") == DAMAGED
    assert hanflow_("fix", "-i", "in", "-L").stderr == "3 files: 2 repaired, 1 unchanged\n"
    assert os.path.islink("in/link.txt") and Path("precious.txt").read_text(encoding="utf8") == REPAIRED


@posix
def test_no_file_is_done_twice():
    plant({"in/a.txt": "头发\n", "in/x/b.txt": "江\n"})
    os.symlink("a.txt", "in/link.txt")
    os.link("in/a.txt", "in/hard.txt")
    for paths in (["in", "in/a.txt", "in/x"], ["in/x", "in/a.txt", "in", "in"], ["in/link.txt", "in", "in/x/", "./in"]):
        found = [os.path.realpath(source) for source, _ in chosen(paths, choice(), pytest.fail)]
        assert sorted(found) == sorted(os.path.realpath(name) for name in ("in/a.txt", "in/hard.txt", "in/x/b.txt"))
        found = [os.path.realpath(source) for source, _ in chosen(paths, choice(links="follow"), pytest.fail)]
        assert len(found) == len(set(found)) == 3


def test_source_code_and_binaries_are_not_touched():
    kept = {"in/a.py": '{"１": "1"}\n', "in/.DS_Store": b"\0\xff", "in/a.png": b"\x89PNG\xff", "in/a.pdf": b"%PDF-\xff", "in/page.html": DAMAGED,
            "in/.hidden.txt": DAMAGED, "in/.git/config.txt": DAMAGED, "in/build/c.txt": DAMAGED, "in/.gitignore": "build\n"}
    plant({**kept, "in/a.txt": DAMAGED, "in/.hanflow-0123456789abcdef.tmp": "x"})
    kept = {name[3:]: data if isinstance(data, bytes) else data.encode() for name, data in kept.items()}
    done = hanflow_("fix", "in", "-o", "out", "--report", "report.json")
    assert (done.returncode, done.stderr) == (0, "10 files: 1 repaired, 0 unchanged, 9 copied\n")
    assert texts_of() == {**kept, "a.txt": REPAIRED.encode()}
    assert report()["counts"]["copied"] == 9
    assert {entry["state"] for entry in report()["files"] if entry["format"] == ""} == {"copied"}
    listed = hanflow_("fix", "in", "-o", "other", "-n").stdout
    assert "copy in/a.py -> other/a.py\n" in listed and "repair in/a.txt -> other/a.txt\n" in listed and listed.count("\n") == 10
    done = hanflow_("fix", "in", "-i")
    assert (done.returncode, done.stderr) == (0, "1 file: 1 repaired, 0 unchanged\n")
    assert texts_of("in") == {**kept, "a.txt": REPAIRED.encode(), ".hanflow-0123456789abcdef.tmp": b"x"}


def test_large_files_are_copied_and_resumed():
    data = os.urandom(3 << 20)
    plant({"in/a.bin": data, "in/b.txt": DAMAGED})
    assert hanflow_("fix", "in", "-o", "out", "--resume").stderr == "2 files: 1 repaired, 0 unchanged, 1 copied\n"
    assert texts_of() == {"a.bin": data, "b.txt": REPAIRED.encode()}
    assert hanflow_("fix", "in", "-o", "out", "--resume").stderr == "2 files: 0 repaired, 0 unchanged, 2 done before\n"
    # Chosen now, it is not done.
    assert "a.bin: byte" in hanflow_("fix", "in", "-o", "out", "--resume", "--include", "*.bin").stderr


def test_a_text_that_is_not_utf8_stays_an_error():
    plant({"in/a.txt": b"\xff", "in/b.bin": b"\xff"})
    done = hanflow_("fix", "in", "-o", "out")
    assert done.returncode == 1 and "a.txt: byte 0 (line 1): not UTF-8" in done.stderr
    assert texts_of() == {"b.bin": b"\xff"}


def test_the_command_takes_patterns():
    plant({f"in/{name}": "２" for name in ("a.log", "b.md", "x/c.md", "x/y/a.txt", "x/y/b.txt", "z/d", "t/u/e.txt")})
    done = hanflow_("fix", "in", "-o", "out", "--include", "*.log", "--exclude", "b.*", "--exclude", "t/")
    assert (done.returncode, done.stderr) == (0, "4 files: 3 repaired, 0 unchanged, 1 copied\n")
    assert content() == {"a.log": b"2", "x": None, "x/c.md": b"2", "x/y": None, "x/y/a.txt": b"2", "z": None, "z/d": "２".encode()}
    plant({"in/.gitignore": "*.txt"})
    assert hanflow_("fix", "in", "-i").stderr == "2 files: 2 repaired, 0 unchanged\n"
    assert hanflow_("fix", "in", "-i", "--no-gitignore").stderr == "5 files: 3 repaired, 2 unchanged\n"
    for option, glob in (("--include", ""), ("--include", "/"), ("--exclude", "[z-a]")):
        assert hanflow_("fix", "in", "-o", "out", option, glob).returncode == 2


def test_what_a_run_leaves_in_its_output_is_no_input():
    plant({"in/a": "x", f"in/{NAME}": "x", "in/.hanflow-0123456789abcdef.tmp": "x", "in/.hanflow": "x"})
    assert hanflow_("fix", "in", "-o", "out").returncode == 0
    assert sorted(content()) == [".hanflow", "a"]


# ---------------------------------------------------------------- mirrored as cp -r does
@posix
def test_mirrored_as_cp_does():
    plant({"in/a.txt": CLEAN, "in/.hidden/b": CLEAN, "in/x/run.sh": CLEAN, "in/x/secret": CLEAN, "elsewhere.txt": "e\n",
           "in/closed/c": CLEAN})
    os.makedirs("in/empty/deep")
    os.chmod("in/x/run.sh", 0o755)
    os.chmod("in/x/secret", 0o600)
    os.chmod("in/empty", 0o2770)
    os.chmod("in/closed", 0o555)
    os.chmod("in", 0o700)
    for link, to in {"round": "..", "to-file": "a.txt", "out-of-it": "../elsewhere.txt", "nowhere": "no/where",
                     "to-folder": "x"}.items():
        os.symlink(to, f"in/{link}")
    mask = os.umask(0o027)
    try:
        assert hanflow_("fix", "in", "-o", "out").returncode == 0
        subprocess.run(["cp", "-r", "in", "cp"], check=True)
    finally:
        os.chmod("in/closed", 0o755)
        os.umask(mask)

    def state(folder):
        found = {}
        for path in [Path(folder), *Path(folder).rglob("*")]:
            status = path.lstat()
            found[path.relative_to(folder).as_posix()] = (
                stat.S_IFMT(status.st_mode), os.readlink(path) if path.is_symlink() else stat.S_IMODE(status.st_mode) & 0o777,
                path.read_bytes() if path.is_file() else None)
        return found

    assert state("out") == state("cp")
    for name in ("out/closed", "cp/closed"):
        os.chmod(name, 0o755)




@posix
def test_links_are_followed_if_asked():
    plant({"in/a.txt": "a\n", "elsewhere/e.txt": "e\n"})
    for link, to in {"round": "..", "self": ".", "file": "../elsewhere/e.txt", "folder": "../elsewhere", "nowhere": "no"}.items():
        os.symlink(to, f"in/{link}")
    plant({"unrelated": "x"})
    assert hanflow_("fix", "in", "-o", "out", "-L", "--exclude", "round").returncode == 0
    assert content() == {"a.txt": b"a\n", "file": b"e\n", "folder": None, "folder/e.txt": b"e\n"}
    assert not any(path.is_symlink() for path in Path("out").rglob("*"))


@posix
def test_a_link_in_the_output_is_replaced_not_followed():
    """It may lead to a source: of a run before, when the file was a link."""
    plant({"in/a.txt": CLEAN, "precious": "p"})
    os.mkdir("out")
    os.symlink("../precious", "out/a.txt")
    assert hanflow_("fix", "in", "-o", "out").returncode == 0
    assert Path("precious").read_text() == "p"
    assert not os.path.islink("out/a.txt") and Path("out/a.txt").read_text(encoding="utf8") == CLEAN


@posix
def test_a_link_to_a_folder_in_the_output_is_replaced_not_followed():
    """arc/latest was a link to arc/2024 when it was mirrored first; then it became a folder."""
    plant({"arc/2024/a.txt": "２０２４\n"})
    os.symlink(os.path.abspath("arc/2024"), "arc/latest")
    assert hanflow_("fix", "arc", "-o", "out").returncode == 0
    assert os.path.islink("out/latest")
    os.unlink("arc/latest")
    plant({"arc/latest/a.txt": DAMAGED, "arc/latest/deep/b.txt": DAMAGED})
    for more in ([], ["--resume"]):
        assert hanflow_("fix", "arc", "-o", "out", *more).returncode == 0
        assert Path("arc/2024/a.txt").read_text(encoding="utf8") == "２０２４\n" and os.listdir("arc/2024") == ["a.txt"]
        assert not os.path.islink("out/latest") and texts_of("out/latest") == {"a.txt": REPAIRED.encode(), "deep/b.txt": REPAIRED.encode()}


@posix
@pytest.mark.parametrize("engine", ["small", "large", "copied"])
def test_a_link_that_comes_into_the_way_meanwhile_is_an_error(engine):
    """The folder of a target was made; until the target is written somebody puts a link in its place."""
    name = "in/x/a.bin" if engine == "copied" else "in/x/a.txt"
    plant({name: DAMAGED * (100_000 if engine == "large" else 1), "elsewhere/deep/y": "", "precious/a.txt": "p"})
    os.mkdir("out")
    for link, to in (("out/x", "../precious"), ("elsewhere/deep/z", "../../precious")):
        os.symlink(to, link)
    target = "out/" + name[3:]
    item = Item(name, target, name[3:], os.path.getsize(name), "out", engine == "copied")
    outcome = bulk.work(Task(Settings(Normalizer())), item, None)
    assert outcome.state == "failed" and "a link or a file stands in the place of a folder: 'out/x'" in outcome.report["errors"][0][1]
    assert texts_of("precious") == {"a.txt": b"p"}
    with pytest.raises(NotADirectoryError):
        with files.replacing("elsewhere/deep/z/a.txt", within="elsewhere"):
            pytest.fail("opened")
    with files.replacing("elsewhere/deep/z/a.txt") as file:  # named whole: as open() does it
        file.write(b"new")
    assert texts_of("precious") == {"a.txt": b"new"}


@posix
def test_where_the_system_cannot_hold_folders(monkeypatch):
    monkeypatch.setattr(files, "HELD", False)
    plant({"out/x/y.txt": "old", "precious/a.txt": "p"})
    os.symlink("../precious", "out/z")
    with files.replacing("out/x/y.txt", within="out") as file:
        file.write(b"new")
    with pytest.raises(NotADirectoryError):
        with files.replacing("out/z/a.txt", within="out"):
            pytest.fail("opened")
    plant({"out/x/.hanflow-0123456789abcdef.tmp": ""})
    sweep("out")
    assert texts_of() == {"x/y.txt": b"new"} and texts_of("precious") == {"a.txt": b"p"}


@posix
@pytest.mark.parametrize("more", [[], ["--resume"]])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_journal_that_is_a_link_is_replaced(link, more):
    plant({"in/a.txt": CLEAN, "precious": "p" * 1000})
    os.mkdir("out")
    link(os.path.abspath("precious"), f"out/{NAME}")
    assert hanflow_("fix", "in", "-o", "out", *more).returncode == 0
    assert Path("precious").read_text() == "p" * 1000 and os.stat("precious").st_nlink == 1
    assert os.path.exists(f"out/{NAME}") == bool(more)


@posix
def test_what_is_no_file_in_the_place_of_a_target():
    """A pipe there would wait for ever."""
    plant({"in/a.txt": CLEAN, "in/b.bin": "b", "in/c.txt": CLEAN})
    os.mkdir("out")
    for name in ("a.txt", "b.bin"):
        os.mkfifo(f"out/{name}")
    done = hanflow_("fix", "in", "-o", "out", timeout=60)
    assert done.returncode == 1 and done.stderr.count("what stands in its place is no file") == 2
    assert texts_of() == {"c.txt": CLEAN.encode()}
    os.unlink(f"out/{NAME}")
    os.mkfifo(f"out/{NAME}")
    done = hanflow_("fix", "in", "-o", "out", timeout=60)
    assert done.returncode == 1 and f"hanflow: out: what stands in its place is no file: 'out/{NAME}'" in done.stderr


def test_names_that_are_one_in_the_output(monkeypatch):
    """On a file system that takes A for a, or a letter and its accent for the letter with it, one would replace the other."""
    names = ["a.txt", "A.TXT", "b.txt", "x/a.txt", "X/c.txt", "X/deep/d.txt", "e\u0301.bin", "\u00e9.bin", "y/A.txt", "Y.txt"]
    plant({f"in/{name}": name for name in names})
    if len(list(Path("in").rglob("*.*"))) < len(names):
        pytest.skip("the file system takes them for one")

    def mirrored():
        failures = []
        tree = Tree(["in"], "out", choice(everything=True), False)
        tree.prepare()
        items = [item.name for item in tree.items(Summary(listed=False), lambda source, error: failures.append((source, str(error))))]
        return items, failures

    items, failures = mirrored()
    assert (sorted(items), failures) == (sorted(names), [])
    monkeypatch.setattr("hanflow._bulk.tree.takes_for_one", lambda folder: True)
    items, failures = mirrored()
    assert sorted(items) == sorted(["A.TXT", "Y.txt", "b.txt", "e\u0301.bin", "X/c.txt", "X/deep/d.txt", "y/A.txt"])
    assert sorted(source for source, _ in failures) == [os.path.join("in", name) for name in ("a.txt", "x", "\u00e9.bin")]
    assert {reason for _, reason in failures} == {"[Errno 17] another file of the folder has the same name in OUT"}


def test_whether_a_file_system_takes_names_for_one(monkeypatch):
    before = os.listdir()
    taken = takes_for_one(".")
    plant({"a": ""})
    assert taken == os.path.exists("A")
    monkeypatch.setattr(files, "status_of", lambda path: os.stat("a"))
    assert takes_for_one(".") and sorted(os.listdir()) == sorted([*before, "a"])


@posix
def test_an_output_that_leads_into_the_source():
    """OUT/b is the folder itself: b/a.txt would be written over by what b/b/a.txt becomes."""
    plant({"x/b/a.txt": "1", "x/b/b/a.txt": "２", "x/b/b/deep/c.txt": "２", "x/b/d/e.txt": "３"})
    done = hanflow_("fix", "x/b", "-o", "x")
    assert done.returncode == 1 and "hanflow: x/b/b: OUT leads into what is to be repaired: 'x/b'" in done.stderr
    assert texts_of("x") == {"a.txt": b"1", "b/a.txt": b"1", "b/b/a.txt": "２".encode(), "b/b/deep/c.txt": "２".encode(),
                             "b/d/e.txt": "３".encode(), "d/e.txt": b"3"}
    done = hanflow_("fix", "x/b", "x/d", "-o", "x")  # each goes where it is
    assert done.returncode == 1 and done.stderr.count("OUT leads into") == 2
    assert Path("x/b/d/e.txt").read_text(encoding="utf8") == "３"


@posix
def test_a_link_in_place_of_a_file_in_place_is_not_followed():
    """Only what was named is; what has become a link since the folder was listed is not."""
    plant({"precious.txt": DAMAGED})
    os.mkdir("in")
    os.symlink("../precious.txt", "in/a.txt")
    outcome = bulk.work(Task(Settings(Normalizer())), Item("in/a.txt", "in/a.txt", within="in"), None)
    assert outcome.state == "repaired" and Path("precious.txt").read_text(encoding="utf8") == DAMAGED


# ---------------------------------------------------------------- permissions
def modes(folder):
    return {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in Path(folder).rglob("*")}


@posix
def test_no_target_is_wider_than_its_source():
    plant({"in/a.txt": DAMAGED, "in/b.bin": "b", "in/c.txt": CLEAN * 100_000, "in/x/d.txt": CLEAN, "in/e.txt.gz": gzip.compress(DAMAGED.encode()),
           "in/f.txt": DAMAGED})
    for name in ("a.txt", "b.bin", "c.txt", "e.txt.gz"):
        os.chmod(f"in/{name}", 0o600)
    os.chmod("in/x", 0o700)
    os.chmod("in/f.txt", 0o644)
    for again in (False, True):
        if again:  # somebody has opened them, or an older version has left them so
            for name in texts_of():
                os.chmod(f"out/{name}", 0o666)
            os.chmod("out/f.txt", 0o644)
        assert hanflow_("fix", "in", "-o", "out/", "--report", "report.json").returncode == 0
        found = modes("out")
        assert {name: mode for name, mode in found.items() if os.path.isfile(f"in/{name}")} == {
            "a.txt": 0o600, "b.bin": 0o600, "c.txt": 0o600, "e.txt.gz": 0o600, "f.txt": 0o644, "x/d.txt": 0o644}
        assert (found["x"], stat.S_IMODE(os.stat("report.json").st_mode)) == (0o700, 0o600)
    assert hanflow_("fix", "in", "-o", "out", "--resume").returncode == 0
    assert modes("out")[NAME] == 0o600


@posix
def test_a_folder_named_with_a_slash_is_no_wider_either():
    plant({"in/a.txt": CLEAN})
    os.chmod("in", 0o700)
    assert hanflow_("fix", "in", "-o", "new/out/").returncode == 0
    assert stat.S_IMODE(os.stat("new/out").st_mode) == 0o700


@posix
@pytest.mark.parametrize("arguments", [("a.txt", "-o", "out.txt"), ("-o", "out.txt"), ("a.txt", "-i"), ("a.txt.gz", "-o", "out.txt")])
def test_nor_is_a_single_file(arguments):
    plant({"a.txt": DAMAGED, "a.txt.gz": gzip.compress(DAMAGED.encode())})
    for name in ("a.txt", "a.txt.gz"):
        os.chmod(name, 0o600)
    with open("a.txt", "rb") as source:
        assert hanflow_("fix", *arguments, "--report", "report.json", stdin=source).returncode == 0
    assert set(modes(".").values()) == {0o600}


@posix
@pytest.mark.parametrize("mode, target", [(0o600, 0o600), (0o640, 0o640), (0o666, 0o644)])
@pytest.mark.parametrize("arguments", [("in",), ("in", "-j", "2"), ("in/b.txt",), ()])
def test_nor_is_a_page_of_changes(arguments, mode, target):
    """It shows the texts."""
    plant({"in/a.txt": DAMAGED * 50_000, "in/b.txt": DAMAGED, "old.html": "x"})
    os.chmod("in/a.txt", 0o666)
    os.chmod("in/b.txt", mode)
    os.chmod("old.html", 0o646)
    for page, want in (("new.html", target), ("old.html", 0o646 & (mode | 0o700))):
        with open("in/b.txt", "rb") as source:
            assert hanflow_("report", *arguments, "-o", page, stdin=source).returncode == 0
        assert stat.S_IMODE(os.stat(page).st_mode) == want
    assert sorted(os.listdir(".")) == ["in", "new.html", "old.html"]


@linux
def test_at_no_moment():
    """What the system is asked for: no file is made, or becomes, wider than its source, and none with content in it."""
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    plant({"in/a.txt": DAMAGED, "in/b.bin": "b", "single.txt": DAMAGED})
    for name in ("in/a.txt", "in/b.bin", "single.txt"):
        os.chmod(name, 0o600)
    for arguments in (("fix", "in", "-o", "out"), ("fix", "single.txt", "-o", "out.txt"), ("fix", "in", "-o", "o", "--report", "a.json"),
                      ("report", "in", "-o", "a.html"), ("fix", "in", "-i")):
        trace = ["strace", "-f", "-o", "trace", "-e", "trace=openat,fchmod,chmod,fchmodat"]
        subprocess.run([*trace, sys.executable, "-m", "hanflow", *arguments], check=True, capture_output=True)
        made = re.findall(r"O_CREAT.*, 0(\d+)\) = \d|chmod(?:at)?\(.*, 0(\d+)\)", Path("trace").read_text())
        assert made and not [pair for pair in made if int("".join(pair), 8) & 0o077], made


@posix
def test_links_replace_what_is_in_their_place():
    plant({"in/a.txt": "x", "out/link": "old", "out/same": "old"})
    os.symlink("a.txt", "in/link")
    os.symlink("a.txt", "in/same")
    os.unlink("out/same")
    os.symlink("a.txt", "out/same")
    before = os.lstat("out/same").st_ino
    assert hanflow_("fix", "in", "-o", "out").returncode == 0
    assert os.readlink("out/link") == "a.txt" and os.lstat("out/same").st_ino == before


@posix
def test_fifos_are_left_out():
    plant({"in/a.txt": "a\n"})
    os.mkfifo("in/pipe")
    assert hanflow_("fix", "in", "-o", "out", "--report", "report.json").returncode == 0
    assert sorted(content()) == ["a.txt"]
    assert report()["counts"]["skipped"] == 1


@posix
def test_names_that_are_not_utf8():
    os.mkdir("in")
    try:
        Path(os.fsdecode(b"in/\xff.txt")).write_bytes("头发\n".encode())
    except OSError:
        pytest.skip("the file system takes only UTF-8")
    Path(os.fsdecode(b"in/\xfe.txt")).write_bytes(b"\xff")
    os.symlink(b"\xff.txt", b"in/\xfd")
    arguments = ("fix", "in", "-o", "out", "--opencc", "s2t", "--report", "report.json")
    assert hanflow_(*arguments).returncode == 1
    assert Path(os.fsdecode(b"out/\xff.txt")).read_bytes() == "頭髮\n".encode()
    assert os.readlink(b"out/\xfd") == b"\xff.txt"
    assert {entry["source"] for entry in report()["files"]} == {os.fsdecode(b"in/\xff.txt"), os.fsdecode(b"in/\xfe.txt")}
    os.utime(b"in/\xfe.txt")
    done = hanflow_(*arguments, "--resume")
    assert "1 done before, 1 failed" in done.stderr  # the journal knows it by its name
    listed = subprocess.run([sys.executable, "-m", "hanflow", "fix", "in", "-o", "new", "-n"], capture_output=True)
    assert b"copy in/\xff.txt -> new/\xff.txt\n" in listed.stdout


def test_an_output_that_cannot_be_made():
    plant({"in/x/a.txt": "a\n", "in/b.txt": "b\n", "out/x": "a file where a folder should be"})
    done = hanflow_("fix", "in", "-o", "out")
    assert done.returncode == 1
    assert "hanflow: " + os.path.join("in", "x") + ": " in done.stderr
    assert Path("out/b.txt").read_text() == "b\n"


@posix
@pytest.mark.parametrize("paths", [("in", "in"), ("in", "./in/")])
def test_a_path_twice(paths):
    plant({"in/a.txt": "a\n"})
    assert hanflow_("fix", *paths, "-o", "out").stderr == "1 file: 0 repaired, 1 unchanged\n"
    assert sorted(content()) == ["in", "in/a.txt"]


# ---------------------------------------------------------------- what fails
@linux
def test_a_file_that_cannot_be_read():
    plant({"in/a.txt": "a\n"})
    os.symlink("/proc/self/mem", "in/mem")
    done = hanflow_("fix", "in", "-o", "out", "-L")
    assert done.returncode == 1
    assert done.stderr == "hanflow: in/mem: Input/output error\n2 files: 0 repaired, 1 unchanged, 1 failed\n"
    assert content() == {"a.txt": b"a\n"}


@not_root
def test_what_may_not_be_read():
    plant({"in/a.txt": "a\n", "in/b.txt": "b\n", "in/x/c.txt": "c\n"})
    os.chmod("in/a.txt", 0)
    os.chmod("in/x", 0)
    done = hanflow_("fix", "in", "-o", "out")
    os.chmod("in/x", 0o755)
    assert done.returncode == 1
    assert "hanflow: in/a.txt: Permission denied\n" in done.stderr and "hanflow: in/x: Permission denied\n" in done.stderr
    assert texts_of() == {"b.txt": b"b\n"}


@posix
def test_a_file_that_finds_no_room():
    plant({"in/large.txt": b"abc\n" * 30_000, "in/small.txt": "s\n"})
    done = hanflow_("fix", "in", "-o", "out", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)))
    assert done.returncode == 1
    assert done.stderr.startswith("hanflow: in/large.txt: File too large")
    assert content() == {"small.txt": b"s\n"}


@posix
@pytest.mark.parametrize("name", ["in/a.zip", "in/a.parquet", "in/a.txt.gz", "in/a.tar"])
def test_an_archive_that_finds_no_room(name):
    plant({"in/small.txt": "s\n"})
    make_large(name)
    done = hanflow_("fix", "in", "-o", "out", "--column", "text",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)))
    assert done.returncode == 1
    first, last = done.stderr.splitlines()  # nothing is said when what was given up is deleted
    assert first.startswith(f"hanflow: {name}: File too large") and last.startswith("2 files")
    assert content() == {"small.txt": b"s\n"}


def make_large(name):
    """A file of this format with noise and a text to repair."""
    noise = os.urandom(200_000).hex() + "\n⽔\n"
    if name.endswith(".zip"):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.txt", noise)
            archive.writestr("b.txt", noise)
    elif name.endswith(".tar"):
        with tarfile.open(name, "w") as archive:
            member = tarfile.TarInfo("a.txt")
            member.size = len(noise.encode())
            archive.addfile(member, io.BytesIO(noise.encode()))
    elif name.endswith(".gz"):
        Path(name).write_bytes(gzip.compress(noise.encode()))
    else:
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table({"text": [noise, "b"]}), name)


@posix
@pytest.mark.parametrize("name, shown", [("a\nb\x1b[2J", r"a\nb\x1b[2J"), ("a\x9bb\r", r"a\x9bb\r"), ("a\u202eb\u2028", r"a\u202eb\u2028")])
def test_nor_does_it_reach_the_terminal_in_a_dry_run(name, shown):
    plant({f"in/{name}.txt": DAMAGED, f"in/{name}.bin": "x", "in/\x07/c.txt": CLEAN})
    for arguments in (("-o", "out"), ("-i",)):
        done = hanflow_("fix", "in", *arguments, "--dry-run")
        assert f"repair in/{shown}.txt" in done.stdout and all(line.isprintable() for line in done.stdout.split("\n"))
        assert done.stdout.count("\n") == (3 if "-o" in arguments else 2)
    for arguments in ((f"in/{name}.txt", f"in/./{name}.txt"), (f"in/{name}.txt", "-o", f"in/{name}.txt"), (f"--{name}",)):
        done = hanflow_("fix", *arguments)
        assert done.returncode == 2 and done.stderr and all(line.isprintable() for line in done.stderr.split("\n"))


@posix
def test_what_a_terminal_obeys_is_escaped_in_names():
    plant({"in/a\nb\x1b[2J.txt": b"\xff", "in/c.txt": "c"})
    done = hanflow_("fix", "in", "-o", "out")
    assert done.returncode == 1
    assert done.stderr.startswith("hanflow: in/a\\x0ab\\x1b[2J.txt: byte 0 (line 1): not UTF-8")


def run_of(items, jobs=1, task=None):
    summary = Summary(listed=True)
    Run(task or Task(Settings(Normalizer())), jobs, summary, Progress(summary, iter(()), False))(iter(items))
    return summary


def test_any_exception_is_one_files_own(monkeypatch, capsys):
    def broken(settings, source, target, **more):
        if "b" in source:
            raise KeyError("x")
        return real(settings, source, target, **more)

    real = bulk.convert
    monkeypatch.setattr(bulk, "convert", broken)
    plant({"a.txt": "a", "b.txt": "b"})
    summary = run_of([Item("b.txt", "out/b.txt"), Item("a.txt", "out/a.txt")])
    assert (summary.counts["failed"], summary.files) == (1, 2)
    assert capsys.readouterr().err == "hanflow: b.txt: KeyError: 'x'\n"
    summary.close()


@linux
class TestWorkers:
    def items(self, count=40):
        plant({f"in/{number}.txt": b"abc\n" * 20_000 for number in range(count)})
        return [Item(f"in/{number}.txt", f"out/{number}.txt", size=80_000) for number in range(count)]

    def test_an_item_that_kills_its_worker_fails_and_the_rest_is_done(self, monkeypatch, capsys):
        def deadly(settings, source, target, **more):
            if source == "in/7.txt":
                os.kill(os.getpid(), signal.SIGKILL)
            return real(settings, source, target, **more)

        real = bulk.convert
        monkeypatch.setattr(bulk, "convert", deadly)
        summary = run_of(self.items(), 2)
        assert (summary.counts["failed"], summary.counts["unchanged"]) == (1, 39)
        assert capsys.readouterr().err == "hanflow: in/7.txt: the process that worked on it died twice (SIGKILL)\n"
        assert sorted(content()) == sorted(f"{number}.txt" for number in range(40) if number != 7)
        summary.close()

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_a_worker_that_is_killed_once(self, monkeypatch, number):
        def deadly(settings, source, target, **more):
            if source == "in/7.txt" and not os.path.exists("dead"):
                plant({"dead": ""})
                os.kill(os.getpid(), number)
            return real(settings, source, target, **more)

        real = bulk.convert
        monkeypatch.setattr(bulk, "convert", deadly)
        summary = run_of(self.items(), 2)
        assert os.path.exists("dead") and summary.counts["unchanged"] == summary.files == 40
        assert len(content()) == 40
        summary.close()

    def test_a_worker_that_dies_before_it_has_work(self, monkeypatch):
        def start(self, context, task, others):
            real(self, context, task, others)
            if not others:
                self.process.kill()
                self.process.join()

        real = bulk._Worker.__init__
        monkeypatch.setattr(bulk._Worker, "__init__", start)
        summary = run_of(self.items(), 2)
        assert (summary.counts["failed"], summary.counts["unchanged"]) == (0, 40)
        assert len(content()) == 40
        summary.close()

    def test_workers_end_with_the_run(self):
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        before = children.read_text()  # one that reads Parquet may rest
        summary = run_of(self.items(), 2)
        assert children.read_text() == before and summary.files == 40
        summary.close()

    def test_workers_end_when_their_parent_is_killed(self):
        grow()
        process = start("fix", "in", "-o", "out", "-j", "2", *SLOW)
        wait_for(lambda: texts_of())
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 2
        process.kill()
        process.communicate()
        wait_for(lambda: not any(os.path.exists(f"/proc/{child}/exe") for child in children))


def test_the_largest_first_and_small_ones_together():
    sizes = [5, 3 << 20, 7, 1 << 20, 600_000, 1, 500_000]
    window = Window(iter([Item(str(size), "", size=size) for size in sizes]), 1)
    batches = []
    while batch := window.batch():
        batches.append([item.size for item in batch])
    assert batches == [[3 << 20], [1 << 20], [600_000], [500_000, 7], [5], [1]]
    window = Window(iter([Item("", "", size=1000)] * 20_000), 2)
    while window.fill(1000):
        pass
    assert not window.complete  # what is listed ahead is bounded
    lengths = []
    while batch := window.batch():
        lengths.append(len(batch))
    assert sum(lengths) == 20_000 and max(lengths) == 128 and lengths[-1] == 1


@linux
def test_the_last_files_get_the_cpus_that_are_left(monkeypatch):
    def noting(settings, source, target, **more):
        plant({f"threads/{source}": str(settings.threads)})
        return real(settings, source, target, **more)

    real = bulk.convert
    monkeypatch.setattr(bulk, "convert", noting)
    plant({f"{name}.txt": b"abc\n" * (1 << 20) for name in "ab"})
    for names, want in (("a", ["3"]), ("ab", ["1", "2"])):  # the second of two finds one of three at work
        run_of([Item(f"{name}.txt", f"out/{name}.txt", size=4 << 20) for name in names], 3).close()
        assert sorted(path.read_text() for path in Path("threads").iterdir()) == want


def test_many_tiny_files():
    plant({f"in/{number % 10}/{number}.txt": f"{number}\n" for number in range(2000)})
    done = hanflow_("fix", "in", "-o", "out", "-j", "2", "--report", "report.json")
    assert (done.returncode, done.stderr) == (0, "2000 files: 0 repaired, 2000 unchanged\n")
    assert texts_of() == texts_of("in")
    assert len(report()["files"]) == 2000


def test_paths_are_taken_in_the_order_in_which_they_are_named():
    plant({"x/b.txt": "", "x/a.txt": "", "c.txt": ""})
    paths = ["x", "none.txt", "c.txt"]
    assert [source for source, _ in chosen(paths, choice(), pytest.fail)] == [
        os.path.join("x", "a.txt"), os.path.join("x", "b.txt"), "none.txt", "c.txt"]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_the_same_result_with_any_number_of_workers(jobs):
    want = grow()
    assert hanflow_("fix", "in", "-o", "out", "--jobs", jobs, *SLOW).returncode == 0
    assert texts_of() == want


# ---------------------------------------------------------------- going on
def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


class TestResume:
    TEXTS = {"in/a.txt": "头发\n", "in/b.txt": "发展\n", "in/x/c.txt": "江水\n"}
    ARGUMENTS = ("fix", "in", "-o", "out", "--opencc", "s2t", "--resume")

    def again(self, *more):
        """The states of the files in a further run."""
        done = hanflow_(*self.ARGUMENTS, *more, "--report", "report.json")
        assert done.returncode == int("failed" in done.stderr)
        return {os.path.basename(entry["source"]): entry["state"] for entry in report()["files"]}

    @pytest.fixture(autouse=True)
    def first(self):
        plant(self.TEXTS)
        assert self.again() == {"a.txt": "repaired", "b.txt": "repaired", "c.txt": "unchanged"}

    def test_nothing_changed(self):
        before = {path: path.stat().st_ino for path in Path("out").rglob("*.txt")}
        assert set(self.again().values()) == {"done before"}
        assert {path: path.stat().st_ino for path in Path("out").rglob("*.txt")} == before
        assert report()["counts"]["done before"] == 3 and report()["bytes_in"] == 21

    def test_the_source_has_another_size(self):
        plant({"in/a.txt": "头发头\n"})
        assert self.again() == {"a.txt": "repaired", "b.txt": "done before", "c.txt": "done before"}
        assert texts_of()["a.txt"] == "頭髮頭\n".encode()

    def test_the_source_has_another_time(self):
        os.utime("in/a.txt", (1, 1))
        assert self.again() == {"a.txt": "repaired", "b.txt": "done before", "c.txt": "done before"}
        assert set(self.again().values()) == {"done before"}  # the newer line of the journal holds

    def test_the_source_has_another_content_of_the_same_size_and_time(self):
        status = os.stat("in/a.txt")
        plant({"in/a.txt": "发头\n"})
        os.utime("in/a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
        assert self.again() == {"a.txt": "repaired", "b.txt": "done before", "c.txt": "done before"}

    def test_the_target_is_gone_or_cut(self):
        os.unlink("out/a.txt")
        plant({"out/b.txt": ""})
        assert self.again() == {"a.txt": "repaired", "b.txt": "repaired", "c.txt": "done before"}

    def test_other_options(self):
        assert "done before" not in self.again("--spacing", "all").values()
        assert set(self.again("--spacing", "all").values()) == {"done before"}
        assert "done before" not in self.again().values()

    def test_other_version(self):
        path = Path("out", NAME)
        path.write_bytes(path.read_bytes().replace(hanflow.__version__.encode(), b"0.0.0", 1))
        assert "done before" not in self.again().values()

    def test_a_torn_last_line(self):
        path = Path("out", NAME)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
        assert sorted(self.again().values()) == ["done before", "done before", "repaired"] or \
            sorted(self.again().values()) == ["done before"] * 3
        assert set(self.again().values()) == {"done before"}
        assert all(json.loads(line) for line in path.read_bytes().splitlines())

    @pytest.mark.parametrize("wrong", [
        b"\0\0\0", b"[1]", b"{}", b'["a.txt", 5]', b'["a.txt", {}]', b'[5, [7, 1, 1, 7, {}]]', b'["a.txt", [7, 1, 1, 7, {}]]', b"[" * 5000,
        b'["a.txt", [7, 1, 1, 7, 5]]', b'["a.txt", "12345"]',
    ])
    def test_lines_that_are_none(self, wrong):
        """What stands in the journal may be anything. It is said once, and what a wrong line stands for is done again."""
        path = Path("out", NAME)
        head, *lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(head + b"".join(lines) + wrong + b"\n")
        done = hanflow_(*self.ARGUMENTS)
        assert done.stderr.splitlines() == [f"hanflow: {path}: 1 lines are none of ours: what they stand for is done again",
                                            "3 files: 0 repaired, 0 unchanged, 3 done before"]
        assert done.returncode == 0

    @pytest.mark.parametrize("key, value", [
        (0, "7"), (1, 1.5), (2, None), (3, True), (4, []), ("bytes_in", "x"), ("records", None), ("repairs", []), ("repairs", {"width": "x"}),
        ("errors", [5]), ("errors", 5), ("format", 5), ("more", 1), ("failed", None), ("changed", 5), ("encoding", []),
    ])
    def test_a_line_of_which_a_part_is_wrong(self, key, value):
        path = Path("out", NAME)
        head, *lines = path.read_bytes().splitlines(keepends=True)
        entries = {name: done for name, done in map(json.loads, lines)}
        done = entries["a.txt"]
        (done if isinstance(key, int) else done[4])[key] = value
        path.write_bytes(head + b"".join(json.dumps(entry).encode() + b"\n" for entry in entries.items()))
        assert self.again() == {"a.txt": "repaired", "b.txt": "done before", "c.txt": "done before"}
        assert set(self.again().values()) == {"done before"}  # the newer line of the journal holds

    def test_what_failed_is_tried_again(self):
        plant({"in/bad.txt": b"\xff"})
        assert self.again()["bad.txt"] == "failed"
        assert self.again()["bad.txt"] == "failed"
        plant({"in/bad.txt": "好\n"})
        assert self.again()["bad.txt"] == "unchanged"

    def test_left_overs_of_killed_runs_go(self):
        plant({"out/x/.hanflow-0123456789abcdef.tmp": "half", "out/x/.hanflow-other.tmp": "not ours"})
        self.again()
        assert sorted(content("out/x")) == [".hanflow-other.tmp", "c.txt"]

    def test_without_resume_all_is_done_again(self):
        done = hanflow_(*self.ARGUMENTS[:-1])
        assert done.stderr == "3 files: 2 repaired, 1 unchanged\n"
        assert not Path("out", NAME).exists()  # all went well, and nobody asked for it


@posix
def test_two_runs_into_one_folder():
    plant({"in/a.txt": "a\n"})
    os.mkdir("out")
    journal = Journal("out", {"version": 1}, False)
    done = hanflow_("fix", "in", "-o", "out", "--resume")
    assert done.returncode == 2 and "another run is writing into 'out'" in " ".join(done.stderr.split())
    journal.close(True)
    assert hanflow_("fix", "in", "-o", "out", "--resume").returncode == 0


REPORT = {"format": "text", "encoding": "utf-8", "bytes_in": 1, "bytes_out": 3, "changed": True, "records": 0, "repairs": {"width": 1},
          "failed": 0, "errors": []}


@linux
def test_a_journal_that_finds_no_room(monkeypatch):
    """The run goes on: those files would be done again."""
    journal = Journal(".", {"version": 1}, False)
    journal.add("a", Done(1, 2, 5, 3, REPORT))
    journal.flush()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(NAME) + 10, limit[1]))
    try:
        journal.add("b", Done(1, 2, 5, 3, REPORT))
        journal.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    journal.add("c", Done(1, 2, 5, 3, REPORT))
    journal.flush()
    journal.close(False)
    journal = Journal(".", {"version": 1}, True)
    assert [journal.get(name) and journal.get(name).size for name in "abc"] == [1, None, 1]
    journal.close(False)


@posix
@pytest.mark.parametrize("whole_group", [True, False], ids=["all", "first"])
def test_killed_and_resumed(whole_group):
    """SIGKILL at random moments: no target is ever half-written, and in the end the tree is that of an undisturbed run."""
    want = grow()
    rng = random.Random()
    arguments = ("fix", "in", "-o", "out", "-j", "2", "--resume", *SLOW)
    kills = before = 0
    while kills < KILLS:
        process = start(*arguments)
        # Once it has begun to write, which a busy machine delays, somewhere in the work that is left.
        wait_for(lambda: process.poll() is not None or os.path.exists("out") and len(texts_of()) > before)
        time.sleep(rng.uniform(0, 0.08))
        if process.poll() is None:
            (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        found = {name: data for name, data in texts_of().items() if not files.TEMPORARY.fullmatch(os.path.basename(name))}
        assert {name for name, data in found.items() if data != want[name]} == set()
        assert len(found) >= before
        before = len(found)
        if process.returncode == 0:  # it was done before it could be killed
            assert found == want
            shutil.rmtree("out")
            before = 0
    done = hanflow_(*arguments)
    assert done.returncode == 0
    assert texts_of() == want  # and nothing is left over
    assert before < 60 or int(re.search(r"(\d+) done before", done.stderr)[1]) > 0  # a batch or two may be lost


# ---------------------------------------------------------------- stopped
@posix
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped(number, code):
    """Ctrl-C goes to all processes of a terminal, kill to one."""
    want = grow()
    process = start("fix", "in", "-o", "out", "-j", "2", "--report", "report.json", *SLOW)
    wait_for(lambda: os.path.exists("out") and len(texts_of()) > 3)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err and re.search(r"^\d+ files: \d+ repaired", err, re.MULTILINE)
    found = texts_of()
    assert 3 < len(found) < 150
    assert {name for name, data in found.items() if data != want[name]} == set()
    partial = report()
    assert partial["complete"] is False
    assert {os.path.relpath(entry["target"], "out") for entry in partial["files"]} == set(found)
    done = hanflow_("fix", "in", "-o", "out", "-j", "2", "--resume", *SLOW)
    assert f"{len(found)} done before" in done.stderr
    assert texts_of() == want


# ---------------------------------------------------------------- report, dry run, progress
def test_report():
    plant({"in/a.txt": "２０条⽔渠\n", "in/b.txt": "江水\n", "in/bad.txt": "江水\n江".encode() + b"\xff"})
    begin = time.time()
    assert hanflow_("fix", "in", "-o", "out", "--report", "report.json", "--width", "alnum").returncode == 1
    found = report()
    assert (found["hanflow"], found["cpu_path"], found["complete"]) == (hanflow.__version__, hanflow.cpu(), True)
    assert found["settings"]["options"] == Normalizer(width="alnum").options
    assert (found["paths"], found["output"]) == (["in"], "out")
    assert found["counts"] == {"files": 3, "repaired": 1, "unchanged": 1, "copied": 0, "done before": 0, "failed": 1, "links": 0, "skipped": 0,
                               "records": 0, "failed_records": 0}
    assert (found["bytes_in"], found["bytes_out"]) == (23, 19)
    assert found["repairs"] == {"width": 2, "compat": 1}
    assert found["bytes_per_second"] > 0 and found["seconds"] > 0
    from datetime import datetime
    assert begin - 1 <= datetime.fromisoformat(found["begin"]).timestamp() <= datetime.fromisoformat(found["end"]).timestamp()
    entries = {os.path.basename(entry["source"]): entry for entry in found["files"]}
    assert entries["a.txt"] == {
        "source": os.path.join("in", "a.txt"), "target": os.path.join("out", "a.txt"), "state": "repaired", "format": "text",
        "encoding": "utf-8", "bytes_in": 16, "bytes_out": 12, "changed": True, "records": 0, "repairs": {"width": 2, "compat": 1},
        "failed": 0, "errors": []}
    assert entries["bad.txt"] == {
        "source": os.path.join("in", "bad.txt"), "target": os.path.join("out", "bad.txt"), "state": "failed",
        "errors": [{"where": "byte 10 (line 2)", "reason": "not UTF-8: invalid start byte"}]}


def test_report_of_a_single_file_and_of_stdin():
    plant({"a.txt": "２０条\n"})
    done = hanflow_("fix", "a.txt", "--report", "report.json")
    assert (done.stdout, done.stderr, done.returncode) == ("20条\n", "", 0)
    assert [entry["source"] for entry in report()["files"]] == ["a.txt"]
    assert hanflow_("fix", "--report", "report.json", input="２０条\n").stdout == "20条\n"
    assert [entry["source"] for entry in report()["files"]] == ["-"]


def test_report_that_cannot_be_written():
    plant({"in/a.txt": "a\n", "file": ""})
    done = hanflow_("fix", "in", "-o", "out", "--report", "file/report.json")
    assert done.returncode == 1 and "hanflow: file/report.json: " in done.stderr
    assert content() == {"a.txt": b"a\n"}


def test_report_makes_its_folders():
    plant({"a.txt": "a\n"})
    assert hanflow_("fix", "a.txt", "-o", "x/y/z.txt", "--report", "new/folder/report.json").returncode == 0
    assert report("new/folder/report.json")["complete"] and Path("x/y/z.txt").read_text() == "a\n"


@posix
@pytest.mark.parametrize("arguments", [("a.txt", "-o", "b.txt", "--report", "a.txt"), ("a.txt", "-o", "b.txt", "--report", "./b.txt"),
                                       ("in", "-o", "out", "--report", "in"), ("in", "-o", "out", "--report", "out"),
                                       ("in", "a.txt", "-i", "--report", "link")])
def test_a_report_takes_the_place_of_nothing_else(arguments):
    plant({"a.txt": DAMAGED, "in/a.txt": DAMAGED})
    os.symlink("a.txt", "link")
    done = hanflow_("fix", *arguments)
    assert done.returncode == 2 and "--report would overwrite" in done.stderr
    assert texts_of(".") == {name: DAMAGED.encode() for name in ("a.txt", "in/a.txt", "link")}


def test_a_report_is_no_input():
    plant({"in/a.txt": DAMAGED})
    for _ in range(2):
        assert hanflow_("fix", "in", "-o", "out", "--report", "in/report.md").returncode == 0
        assert texts_of() == {"a.txt": REPAIRED.encode()} and report("in/report.md")["counts"]["files"] == 1


@posix
def test_a_link_in_the_folder_of_a_single_file_is_replaced():
    plant({"a.txt": DAMAGED, "precious": "p"})
    os.mkdir("out")
    for to in ("../precious", "../a.txt"):
        if os.path.lexists("out/a.txt"):
            os.unlink("out/a.txt")
        os.symlink(to, "out/a.txt")
        assert hanflow_("fix", "a.txt", "-o", "out").returncode == 0
        assert not os.path.islink("out/a.txt") and Path("out/a.txt").read_text(encoding="utf8") == REPAIRED
    assert Path("a.txt").read_text(encoding="utf8") == DAMAGED and Path("precious").read_text() == "p"
    os.symlink("precious", "link")
    assert hanflow_("fix", "a.txt", "-o", "link").returncode == 0  # which was named
    assert os.path.islink("link") and Path("precious").read_text(encoding="utf8") == REPAIRED


def test_output_that_cannot_be_made_is_reported_too():
    plant({"in/a.txt": "a\n", "b.txt": "b\n"})
    done = hanflow_("fix", "in", "-o", "b.txt/out", "--report", "report.json")
    assert (done.returncode, done.stderr.split("\n")[0]) == (1, "hanflow: b.txt/out: File exists: 'b.txt'")
    assert (report()["complete"], report()["counts"]["files"]) == (False, 1)
    assert [entry["source"] for entry in report()["files"]] == ["b.txt/out"]


def test_failed_records_are_named_and_tried_again():
    pytest.importorskip("orjson")
    plant({"in/a.jsonl": '{"text": "２０条"}\n{"text": \n' + "{\n" * 20 + '{"text": "江水"}\n', "in/b.jsonl": '{"text": "江"}\n'})
    arguments = ("fix", "in", "-o", "out", "--field", "text", "--report", "report.json", "--resume")
    for _ in range(2):
        done = hanflow_(*arguments)
        assert done.returncode == 1
        assert done.stderr.count("hanflow: in/a.jsonl: line ") == 10 and "hanflow: in/a.jsonl: 11 more\n" in done.stderr
        assert "21 records failed" in done.stderr
        assert report()["counts"]["failed_records"] == 21
    assert Path("out/a.jsonl").read_text(encoding="utf8").startswith('{"text": "20条"}\n{"text": \n{\n')
    assert [entry["state"] for entry in report()["files"] if "b.jsonl" in entry["source"]] == ["done before"]


def test_settings_reach_the_formats():
    plant({"in/a.csv": "甲;２０条\n乙;２０条\n", "in/b.txt": "２０条".encode("gb18030")})
    done = hanflow_("fix", "in", "-o", "out", "--column", "1", "--delimiter", ";", "--encoding", "gb18030", "--exclude", "*.csv")
    assert done.returncode == 0, done.stderr
    assert content() == {"b.txt": "20条".encode("gb18030")}
    done = hanflow_("fix", "in/a.csv", "--column", "1", "--delimiter", ";")
    assert done.stdout == "甲;20条\n乙;20条\n"
    assert hanflow_("fix", "in", "-o", "out", "--encoding", "nonsense").returncode == 2
    assert hanflow_("fix", "in", "-o", "out", "--delimiter", "ab").returncode == 2


def test_files_of_a_tree_become_what_each_becomes_alone():
    """Small ones are read once there, and plain texts take a short way."""
    import gzip
    import zipfile

    pq = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    page = PAGES[0] + "２０条⽔渠\n".encode()
    plant({"in/a.txt": page, "in/a.md": page,  "in/a.txt.gz": gzip.compress(page), "in/gz.txt": gzip.compress(page),
           "in/clean.txt.gz": gzip.compress(CLEAN.encode(), 1), "in/large.txt": page * 3000, "in/empty.txt": "",
           "in/a.csv": "text,n\n２０条,1\n", "in/a.jsonl": '{"text": "２０条"}\n'})
    pq.write_table(pyarrow.table({"text": ["２０条", None], "n": [1, 2]}), "in/a.parquet")
    with zipfile.ZipFile("in/a.zip", "w") as archive:
        archive.writestr("a.txt", page)
    more = ("--column", "text", "--field", "text")
    assert hanflow_("fix", "in", "-o", "out", *more, "--report", "tree.json").returncode == 0
    assert hanflow_("fix", "in", "-o", "plain", *more).returncode == 0  # without counts by rule
    os.mkdir("alone")
    for name in os.listdir("in"):
        done = hanflow_("fix", f"in/{name}", "-o", f"alone/{name}", *more, "--report", "report.json")
        assert done.returncode == 0, done.stderr
        (entry,), (same,) = report()["files"], [e for e in report("tree.json")["files"] if os.path.basename(e["source"]) == name]
        assert {**entry, "target": ""} == {**same, "target": ""}
        assert same["bytes_in"] == os.path.getsize(f"in/{name}")
    assert content("out") == content("alone") == content("plain")
    assert content("out")["a.txt"] == normalize(page)


def test_dry_run():
    plant({"in/a.txt": "２０条\n", "in/x/b.txt": "江水\n", "in/bad.txt": b"\xff"})
    os.mkdir("in/empty")
    done = hanflow_("fix", "in", "-o", "out", "--dry-run", "--report", "report.json")
    a, b = os.path.join("in", "a.txt"), os.path.join("in", "x", "b.txt")
    assert done.returncode == 1
    assert sorted(done.stdout.splitlines()) == [f"copy {b} -> {os.path.join('out', 'x', 'b.txt')}",
                                                f"repair {a} -> {os.path.join('out', 'a.txt')}"]
    assert done.stderr.endswith("3 files: 1 would be repaired, 1 unchanged, 1 failed\n")
    assert sorted(os.listdir()) == ["in", "report.json"]
    done = hanflow_("fix", "in", "-i", "-n")
    assert sorted(done.stdout.splitlines()) == [f"leave {b}", f"repair {a}"]
    assert Path(a).read_text(encoding="utf8") == "２０条\n"


@pytest.mark.parametrize("arguments", [
    ("fix", "-n"), ("fix", "in", "-n"), ("fix", "in/a.txt", "--resume", "-o", "out"), ("fix", "in", "-i", "--resume"),
    ("fix", "in", "-o", "out", "-n", "--resume"), ("fix", "in", "-o", "out", "-j", "0"), ("fix", "in", "-o", "out", "--report", "-"),
])
def test_wrong_usage(arguments):
    plant({"in/a.txt": "a\n"})
    assert hanflow_(*arguments).returncode == 2
    assert os.listdir() == ["in"]


class TestProgress:
    def test_nothing_in_a_pipe(self):
        grow()
        done = hanflow_("fix", "in", "-o", "out", "-j", "2", *SLOW)
        assert re.fullmatch(r"150 files: \d+ repaired, \d+ unchanged\n", done.stderr)

    @posix
    def test_a_moving_line_on_a_terminal(self):
        import pty

        grow()
        plant({"in/bad.txt": b"\xff"})
        ours, theirs = pty.openpty()
        process = subprocess.Popen([sys.executable, "-m", "hanflow", "fix", "in", "-o", "out", "-j", "2", *SLOW],
                                   stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # what Linux says at the end
            pass
        os.close(ours)
        assert process.wait() == 1
        text = shown.decode()
        assert re.search(r"\r\d+/151 files  [\d.]+ [kM]B/[\d.]+ MB  [\d.]+ [kM]B/s  \d+:\d\d left", text)
        assert "hanflow: in/bad.txt: byte 0" in text
        assert text.endswith("\r\x1b[K151 files: " + text.rsplit("151 files: ", 1)[1])

    def state(self, monkeypatch, tmp_path, wanted=None):
        """What goes to a log in three ticks, and in one more too early."""
        log = open(tmp_path / "log", "w+", encoding="utf8")
        monkeypatch.setattr(sys, "stderr", log)
        clock = [1000.0]
        monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
        summary = Summary(listed=False)
        shown = Progress(summary, iter([3_000_000] * 4), wanted)
        while shown.count():
            pass
        for seconds in (59, 2, 60, 10, 51):
            clock[0] += seconds
            shown.tick()
            summary.add("a", "b", 3_000_000, Outcome("repaired", {"bytes_in": 3_000_000, "bytes_out": 1, "records": 0, "failed": 0,
                                                                  "repairs": {}, "errors": []}))
        log.seek(0)
        text = log.read()
        log.close()
        return text

    def test_a_line_a_minute_in_a_log(self, monkeypatch, tmp_path):
        lines = self.state(monkeypatch, tmp_path).splitlines()
        assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", line) for line in lines] == [
            "1/4 files  3.0 MB/12.0 MB  49.2 kB/s  3:03 left",
            "2/4 files  6.0 MB/12.0 MB  49.6 kB/s  2:01 left",
            "4/4 files  12.0 MB/12.0 MB  65.9 kB/s  0:00 left"]

    def test_what_was_done_before_is_no_speed(self, monkeypatch):
        """Two thirds were done before, in a tenth of the time: they say nothing of what the rest takes."""
        clock = [0.0]
        monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
        summary = Summary(listed=False)
        shown = Progress(summary, iter([3_000_000] * 8), True)
        while shown.count():
            pass
        done = {"bytes_in": 3_000_000, "bytes_out": 1, "records": 0, "failed": 0, "repairs": {}, "errors": []}
        for _ in range(4):
            clock[0] += 1.5
            summary.add("a", "b", 3_000_000, Outcome("done before", done, seconds=3))
        assert shown.line() == "4/8 files  12.0 MB/24.0 MB  0 B/s"  # nothing tells yet
        for _ in range(2):
            clock[0] += 27
            summary.add("a", "b", 3_000_000, Outcome("repaired", done, seconds=54))  # by two workers
        assert shown.line() == "6/8 files  18.0 MB/24.0 MB  100 kB/s  0:54 left"

    def test_no_total_of_what_cannot_be_counted(self, monkeypatch):
        clock = [0.0]
        monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
        summary = Summary(listed=False)
        shown = Progress(summary, iter(()), True)
        while shown.count():
            pass
        clock[0] += 2
        report = {"bytes_in": 3_000_000, "bytes_out": 1, "records": 0, "failed": 0, "repairs": {}, "errors": []}
        summary.add("-", None, 0, Outcome("repaired", report))  # stdin
        assert shown.line() == "1 file  3.0 MB  1.5 MB/s"

    def test_none_if_not_wanted(self, monkeypatch, tmp_path):
        assert self.state(monkeypatch, tmp_path, wanted=False) == ""

    def test_lines_in_a_pipe_if_wanted(self, monkeypatch):
        reading, writing = os.pipe()
        summary = Summary(listed=False)
        with open(writing, "w") as pipe:
            monkeypatch.setattr(sys, "stderr", pipe)
            assert Progress(summary, iter(()), None).seconds is None
            assert Progress(summary, iter(()), True).seconds == 60
        os.close(reading)


def test_sweep_takes_only_what_is_ours():
    plant({"a/.hanflow-0123456789abcdef.tmp": "", ".hanflow-0123456789ABCDEF.tmp": "", "a/b.tmp": ""})
    sweep(".")
    assert sorted(name for name, data in content(".").items() if data is not None) == [".hanflow-0123456789ABCDEF.tmp", "a/b.tmp"]


# ---------------------------------------------------------------- pipes
@posix
def test_an_endless_pipe():
    """Results come while the input goes on, and a reader that has enough ends it quietly."""
    yes = subprocess.Popen(["yes", "２０条⽔渠"], stdout=subprocess.PIPE)
    process = start("fix", stdin=yes.stdout, stdout=subprocess.PIPE)
    yes.stdout.close()
    assert process.stdout.readline() == "20条水渠\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 141
    process.stderr.close()
    assert yes.wait(60) == -signal.SIGPIPE


# ---------------------------------------------------------------- how it is called
EVERYTHING = [("fix",), ("fix", "in/a.txt"), ("fix", "in", "-o", "out", "-n"), ("fix", "in", "-o", "out"), ("check", "in"), ("diff", "in"),
              ("report", "in"), ("demo",), ("--help",), ("fix", "-h"), ("--version",)]


@posix
@pytest.mark.parametrize("arguments", EVERYTHING, ids=" ".join)
class TestStreams:
    """Where they are closed or full. Nothing ends in a traceback, and no file of ours takes their place."""

    def ran(self, arguments, redirect):
        plant({"in/a.txt": DAMAGED})
        command = " ".join(map(str, [sys.executable, "-m", "hanflow", *arguments]))
        done = subprocess.run(["sh", "-c", f"{command} {redirect}"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert "Traceback" not in done.stderr and "Error:" not in done.stderr and "NoneType" not in done.stderr
        assert texts_of("in") == {"a.txt": DAMAGED.encode()}
        assert texts_of("out") == ({"a.txt": REPAIRED.encode()} if "out" in arguments and "-n" not in arguments else {})
        return done

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
    def test_full(self, arguments):
        done = self.ran(arguments, "< in/a.txt > /dev/full")
        silent = arguments == ("fix", "in", "-o", "out")
        assert (done.returncode == 0) if silent else (done.returncode >= 1 and "No space left on device" in done.stderr)
        assert self.ran(arguments, "< in/a.txt 2> /dev/full").returncode in (0, 1)

    def test_closed(self, arguments):
        silent = arguments == ("fix", "in", "-o", "out")
        for redirect in ("<&- >&-", "< in/a.txt >&-"):
            done = self.ran(arguments, redirect)
            assert (done.returncode == 0) if silent else (done.returncode >= 1 and "Bad file descriptor" in done.stderr)
        done = self.ran(arguments, "<&-")
        assert "Bad file descriptor" in done.stderr if arguments == ("fix",) else not done.stderr.startswith("hanflow")
        want = self.ran(arguments, "< in/a.txt")
        done = self.ran(arguments, "< in/a.txt 2>&-")
        assert (done.returncode, done.stdout) == (want.returncode, want.stdout)
        assert self.ran(arguments, "<&- >&- 2>&-").returncode == int(not silent) or arguments[0] == "check"

    def test_nobody_reads(self, arguments):
        if arguments == ("fix", "in", "-o", "out"):
            pytest.skip("it says nothing on stdout")
        reading, writing = os.pipe()
        os.close(reading)
        plant({"in/a.txt": DAMAGED})
        with open("in/a.txt", "rb") as source:
            done = subprocess.run([sys.executable, "-m", "hanflow", *arguments], stdin=source, stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        assert done.returncode == 141 and b"Traceback" not in done.stderr and b"Exception" not in done.stderr


INTERRUPTED = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class Finder(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{signal})

sys.meta_path.insert(0, Finder())
sys.argv = ["hanflow", "fix", "in", "-o", "out", "--include", "*.log", "-j", "2"]
from hanflow.__main__ import main
main()
"""


@posix
@pytest.mark.parametrize("signal, code", [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("module", ["hanflow._cli", "click", "hanflow.formats", "hanflow._bulk.run", "hanflow._bulk.cluster", "pathspec",
                                    "multiprocessing"])
def test_stopped_while_it_starts(module, signal, code):
    plant({"in/a.txt": DAMAGED * 200_000})
    script = INTERRUPTED.format(module=module, signal=signal)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == code and "Traceback" not in done.stderr


@posix
@pytest.mark.parametrize("call", ["open", "symlink", "close"])
@pytest.mark.parametrize("act", [
    lambda: takes_for_one("out"), lambda: replaced("out/new.txt", 0o644), lambda: replaced("out/new.txt", lambda: 0o644),
    lambda: replaced("out/old.txt", 0o644), lambda: mirrored("in", "out")])
def test_interrupted_right_behind_a_call(monkeypatch, act, call):
    """The signal comes before it is known that the call has made something: that is removed all the same."""
    plant({"in/a.txt": DAMAGED, "out/old.txt": "old"})
    os.symlink("a.txt", "in/link")
    real = getattr(os, call)

    def interrupted(*given, **more):
        result = real(*given, **more)
        if call == "close" or any(isinstance(name, str) and files.TEMPORARY.fullmatch(os.path.basename(name)) for name in given):
            monkeypatch.setattr(os, call, real)
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(os, call, interrupted)
    try:
        act()
    except KeyboardInterrupt:
        pass
    assert not [name for name in os.listdir("out") if files.TEMPORARY.fullmatch(name)]


def mirrored(source, target):
    tree = Tree([source], target, Choice(Patterns(()), Patterns(()), everything=True, links="keep"), False)
    tree.prepare()
    for _ in tree.items(Summary(listed=False), print):
        pass


def replaced(path, mode):
    with files.replacing(path, mode) as file:
        file.write(b"new")


@posix
def test_ctrl_c_that_was_ignored_stays_so():
    """As after nohup, or behind & in a script."""
    plant({"in/a.txt": DAMAGED})
    script = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + INTERRUPTED.format(module="click", signal="SIGINT")
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
