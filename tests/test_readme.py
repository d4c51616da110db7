"""Every code block of the README runs, in the order in which it stands, and says what it says it does."""
import ast
import doctest
import gzip
import importlib
import importlib.metadata
import inspect
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import recipes

import hanflow

README = Path(__file__).resolve().parents[1] / "README.md"
BIN = Path(sys.executable).parent
DAMAGED, REPAIRED = "全 市 新 增 ２０ 条 ⽔ 渠", "全市新增20条水渠"
PACKAGES = {"pandas": "pandas", "Polars": "polars", "DuckDB": "duckdb", "Hugging Face datasets": "datasets",
            "Spark": "pyspark", "datatrove": "datatrove", "Data-Juicer": "data_juicer"}


class Block(NamedTuple):
    kind: str  # the language of the block; "inline" for code in a sentence
    heading: str
    line: int  # of its first line
    code: str


def blocks():
    """Those of the README, and code in its sentences that can be run: a call or an assignment."""
    found, heading, fence, lines = [], "", None, []
    for number, line in enumerate(README.read_text(encoding="utf-8").splitlines(), 1):
        if fence is not None:
            if line == "```":
                found.append(Block(fence, heading, number - len(lines), "\n".join(lines) + "\n"))
                fence = None
            else:
                lines.append(line)
        elif line.startswith("```"):
            fence, lines = line[3:], []
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
        else:
            found += [Block("inline", heading, number, code + "\n")
                      for code in re.findall(r"`((?:\w+ = |help\()?hanflow\.[\w.]+(?:\([^`]*\)|\)))`", line)]
    return found


BLOCKS = blocks()


class Session:
    """What the blocks in front have left: names, files, and how far it has come."""

    def __init__(self, folder):
        self.folder, self.done = folder, 0
        self.names = {"text": DAMAGED, "texts": [DAMAGED, ""], "pieces": [DAMAGED.encode()[:7], DAMAGED.encode()[7:]],
                      "written": []}
        self.names["write"] = self.names["written"].append
        for name in ("page.txt", "a.txt", "b.txt", "archive/page.txt", "archive/more/page.txt"):
            folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(name).write_text(DAMAGED + "\n", encoding="utf-8")
        with gzip.open(folder / "pages.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(json.dumps({"text": DAMAGED}) + "\n")

    def run(self, code, **more):
        """Runs a Python block, and holds each result against the comment behind it, where that begins with a value."""
        self.names.update(more)
        lines = code.splitlines()
        for node in ast.parse(code).body:
            comment = re.search(r"\s# (.*)$", lines[node.end_lineno - 1])
            value = None
            if isinstance(node, ast.Expr):
                value = eval(compile(ast.Expression(node.value), "README.md", "eval"), self.names)
            else:
                exec(compile(ast.Module([node], []), "README.md", "exec"), self.names)
            expected = comment and re.match(r"'[^']*'|\[(?:[^][]|\[[^][]*\])*\]", comment[1])
            if expected:
                value = value.tolist() if hasattr(value, "tolist") else value
                assert value == ast.literal_eval(expected[0]), lines[node.end_lineno - 1]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Session(tmp_path_factory.mktemp("readme"))


@pytest.fixture
def run(session, monkeypatch):
    """Runs the block of this number, and those in front of it that have not been run."""
    monkeypatch.chdir(session.folder)

    def run_up_to(number):
        for earlier in range(session.done, number):
            session.done = earlier + 1
            try:
                run_block(session, earlier)
            except (pytest.skip.Exception, AssertionError):  # told by its own test
                pass
        session.done = max(session.done, number + 1)
        run_block(session, number)

    return run_up_to


def run_block(session, number):
    block = BLOCKS[number]
    if block.heading in recipes.TOOLS and block.kind == "python":
        pytest.importorskip(PACKAGES[block.heading], reason=f"{block.heading} is not installed")
        pytest.importorskip("pyarrow")
        recipes.check(block.heading, session.names)
        return
    nth = [other.line for other in BLOCKS if (other.kind, other.heading) == (block.kind, block.heading)].index(block.line)
    check = CHECKS.get((block.heading, block.kind, nth))
    if check is not None:
        check(session, block)
    else:
        assert block.kind == "inline", "no test knows this block"
        session.run(block.code)


def before_and_after(session, block):
    before, after = (other.code for other in BLOCKS if (other.heading, other.kind) == ("hanflow", "text"))
    assert hanflow.normalize(before) == after


def shell(session, code, folder, **more):
    """Of `sh`, with the tools of this environment. Nothing is installed, and the tests are not run in themselves."""
    if not shutil.which("hanflow", path=BIN) or os.name != "posix":
        pytest.skip("the command hanflow is not installed beside this Python")
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PIP_DRY_RUN": "1", "PIP_NO_DEPS": "1",
                   "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INPUT": "1", "PYTEST_ADDOPTS": "--collect-only -q",
                   "RAY_USAGE_STATS_ENABLED": "0"}
    return subprocess.run(["sh", "-e", "-c", code], cwd=folder, env=environment, capture_output=True, text=True, **more)


def in_a_checkout(session, block):
    for package, oldest in (("pip", (19,)), ("setuptools", (77,)), ("Cython", (3, 1))):  # as in pyproject.toml; nothing is installed
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"no {package}")
        if tuple(map(int, re.findall(r"\d+", version)[:2])) < oldest:
            pytest.skip(f"{package} {version} cannot build this")
    if not README.with_name("setup.py").exists():
        pytest.skip("no checkout")
    result = shell(session, block.code, README.parent)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "extra" not in result.stderr  # of one that is not there
    if "hanflow demo" in block.code:
        assert "搬走了货场" in result.stdout


def python_first(session, block):
    pa = pytest.importorskip("pyarrow")
    session.run(block.code, column=pa.array([DAMAGED, None]))
    n = session.names["n"]
    assert (session.folder / "repaired.txt").read_text(encoding="utf-8") == n(DAMAGED + "\n")
    assert b"".join(session.names["written"]) == n(DAMAGED).encode()
    session.names["written"].clear()
    session.run(block.code, pieces=[])  # of an empty file
    assert session.names["written"] == [b""]


def python_arrow(session, block):
    pa, polars = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    session.run(block.code, pyarrow=pa, polars=polars, array=pa.array([DAMAGED]), table=pa.table({"text": [DAMAGED]}),
                frame=polars.DataFrame({"text": [DAMAGED, None]}))


def python_align(session, block):
    pytest.importorskip("numpy")
    session.run(block.code)


def files_of_other_formats(session, block):
    pytest.importorskip("orjson")
    session.run(block.code)
    assert (session.names["report"].records, session.names["report"].failed, session.names["report"].changed) == (1, 0, True)
    with gzip.open(session.folder / "repaired.jsonl.gz", "rt", encoding="utf-8") as file:
        assert json.loads(file.read())["text"] == REPAIRED


def ray_data(session, block):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    pytest.importorskip("ray.data")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    parquet.write_table(pa.table({"id": [1, 2], "text": [DAMAGED, None]}), session.folder / "in.parquet")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        session.run(block.code, ray=ray, url=str(session.folder / "in.parquet"), target=str(session.folder / "out.parquet"))
    finally:
        ray.shutdown()
    table = parquet.read_table(session.folder / "out.parquet")
    assert table.to_pydict() == {"id": [1, 2], "text": [REPAIRED, None], "why": [None, None]}


def command_line(session, block):
    for line in block.code.splitlines():
        command = re.split(r"\s{2,}", line)[0]
        result = shell(session, command, session.folder, input=DAMAGED + "\n")
        assert result.returncode == (1 if "hanflow check" in command else 0), (command, result.stderr)
        if command == "hanflow fix" or command == "hanflow fix page.txt":
            assert result.stdout == REPAIRED + "\n"
    for name in ("out.txt", "repaired/page.txt", "repaired/more/page.txt", "a.txt", "b.txt"):
        assert (session.folder / name).read_text(encoding="utf-8") == REPAIRED + "\n"
    assert DAMAGED in (session.folder / "page.txt").read_text(encoding="utf-8")
    assert (session.folder / "seen.html").stat().st_size > 1000


def what_check_prints(session, block):
    """Of the page of `hanflow demo`."""
    folder = session.folder / "demo"
    folder.mkdir()
    assert shell(session, "hanflow demo --input > page.txt", folder).returncode == 0
    printed = shell(session, "hanflow check page.txt", folder).stdout.splitlines()
    assert [line for line in block.code.splitlines() if line not in printed] == []


def on_a_cluster(session, block):
    """A folder stands for the bucket, and this machine for the cluster."""
    pytest.importorskip("ray.data", reason="Ray is not installed")
    pytest.importorskip("orjson")
    pages = session.folder / "bucket" / "pages"
    pages.mkdir(parents=True)
    (pages / "a.jsonl").write_text(json.dumps({"text": DAMAGED}) + "\n", encoding="utf-8")
    (pages / "b.txt").write_text(DAMAGED, encoding="utf-8")
    code = block.code.replace("s3://archive", f"file://{shlex.quote(str(session.folder))}/bucket").replace("--address auto", "--jobs 1")
    assert "file://" in code and "--jobs 1" in code
    result = shell(session, code, session.folder)
    assert result.returncode == 0, result.stderr
    repaired = session.folder / "bucket" / "repaired"
    assert json.loads((repaired / "a.jsonl").read_text(encoding="utf-8")) == {"text": REPAIRED}
    assert (repaired / "b.txt").read_text(encoding="utf-8") == REPAIRED


CHECKS = {
    ("hanflow", "text", 0): before_and_after,
    ("hanflow", "text", 1): before_and_after,
    ("Install", "sh", 0): in_a_checkout,
    ("Tests", "sh", 0): in_a_checkout,
    ("Python", "python", 0): python_first,
    ("Python", "python", 1): python_arrow,
    ("Python", "python", 2): python_align,
    ("Files of other formats", "python", 0): files_of_other_formats,
    ("Ray Data", "python", 0): ray_data,
    ("Command line", "text", 0): command_line,
    ("What would change, and why", "text", 0): what_check_prints,
    ("On a cluster", "sh", 0): on_a_cluster,
}


@pytest.mark.filterwarnings("ignore")  # the packages' own
@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=[f"{b.heading.replace(' ', '_')}-{b.kind}-line-{b.line}" for b in BLOCKS])
def test_a_block(run, number):
    run(number)


def test_the_blocks_are_found():
    """All fences, and the recipes."""
    text = README.read_text(encoding="utf-8")
    assert sum(block.kind != "inline" for block in BLOCKS) == len(re.findall("^```", text, re.MULTILINE)) / 2
    assert sum(block.kind == "inline" for block in BLOCKS) >= 4
    headings = [line[4:] for line in recipes.section().splitlines() if line.startswith("### ")]
    assert headings == ["Ray Data", *recipes.TOOLS] and list(recipes.TOOLS) == list(PACKAGES)


def test_extras_that_are_named_are_there():
    named = set(re.findall(r"'?\.\[([\w,]+)\]", README.read_text(encoding="utf-8")))
    known = set(importlib.metadata.metadata("hanflow").get_all("Provides-Extra"))
    assert named and {extra for extras in named for extra in extras.split(",")} <= known


def test_docstrings():
    """The examples in them are true."""
    pytest.importorskip("numpy")
    names = [found.name for found in pkgutil.walk_packages(hanflow.__path__, "hanflow.")]
    modules = [importlib.import_module(name) for name in ["hanflow", *names] if name not in ("hanflow.__main__", "hanflow._core")]
    results = [doctest.testmod(module, extraglobs={"hanflow": hanflow}) for module in modules]
    for module in (hanflow, hanflow.formats):  # testmod() leaves out methods of classes that are defined elsewhere
        runner, names = doctest.DocTestRunner(), {**vars(module), "hanflow": hanflow}
        for kind in filter(inspect.isclass, map(vars(module).get, module.__all__)):
            for found in doctest.DocTestFinder().find(kind, module=False, globs=names):
                runner.run(found)
        results.append(runner.summarize())
    assert sum(result.failed for result in results) == 0 and sum(result.attempted for result in results) >= 12
