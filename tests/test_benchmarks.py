"""The benchmark scripts run, on tiny texts: they check what they measure themselves; how fast it was is of no interest here."""
import importlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
STAGES = sys.platform == "linux" and shutil.which(os.environ.get("CXX", "g++")) and shutil.which("addr2line")
needs_stages = pytest.mark.skipif(not STAGES, reason="needs Linux, a compiler and binutils")


def load(name):
    """A script as a module."""
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))
    return importlib.import_module(name)


def run(script, *arguments):
    done = subprocess.run([sys.executable, BENCHMARKS / script, *map(str, arguments)], capture_output=True, encoding="utf8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with the JSON of all."""
    folder = tmp_path_factory.mktemp("results")
    run("figures.py", "--quick", "--out", folder)
    run("peers.py", "--quick", "--out", folder)
    if STAGES:
        run("stages.py", "--quick", "--out", folder)
    return folder


def content(folder, what):
    (path,) = folder.glob(f"*-{what}.json")
    return json.loads(path.read_text(encoding="utf8"))


def test_figures(results):
    found = content(results, "figures")
    assert found["machine"]["cpu"] and found["python"] and found["hanflow"] and found["quick"]
    unmeasured = {row["name"] for row in found["rows"] if row["measured"] is None}
    assert unmeasured <= {"HANFLOW_ISA=haswell, whole job, bytes",  # of other CPUs
                          "Arrow column of a million short lines to one of pages", "Parquet, one job"}  # without pyarrow
    assert disagreements(found) == []
    assert len(found["slow"]) >= 30 and all(kind["why"] for kind in found["slow"])


def disagreements(result):
    return load("measure").disagreements(result["rows"], load("measure").floors())


@pytest.fixture
def committed():
    """The newest figures in the repository."""
    return json.loads(max((BENCHMARKS / "results").glob("*-figures.json")).read_text(encoding="utf8"))


def test_committed_figures_say_of_the_floors_what_is_so(committed):
    """A missed floor is no fault; a figure that says otherwise, or none, is."""
    assert disagreements(committed) == []


@pytest.mark.xfail(strict=True, reason="no whole run of the new core yet: it takes a quiet machine")
def test_committed_figures_are_of_whole_texts():
    for what in ("figures", "stages"):
        assert not load("measure").latest(what)["quick"], f"run: python benchmarks/{what}.py; python benchmarks/table.py"


def test_what_disagrees_is_found(committed):
    rows = {row["name"]: row for row in committed["rows"]}
    one, most = rows["whole job, bytes"], rows["a line of 18 characters, str"]
    for row, wrong, said in ((one, 0.001, "holds"), (one, 9.0, "does not"), (most, 10_000, "holds"), (most, 1, "does not")):
        row.update(measured=wrong, word=said)
        assert len(disagreements(committed)) == 1
        row.update(word={"holds": "does not", "does not": "holds"}[said])
        assert disagreements(committed) == []
    most["floor"] += 1
    assert len(disagreements(committed)) == 1
    most["floor"] -= 1
    committed["rows"].remove(one)
    assert disagreements(committed) == ["whole job, bytes: missing in the figures"]


def test_committed_tables_are_of_the_committed_figures():
    table = load("table")
    measured, staged, compared = (load("measure").latest(what) for what in ("figures", "stages", "peers"))
    for path, text in ((BENCHMARKS.parent / "README.md", table.brief(measured)), (BENCHMARKS / "README.md", table.full(measured, staged, compared))):
        assert f"{table.BEGIN}\n{text}\n{table.END}" in path.read_text(encoding="utf8"), "run: python benchmarks/table.py"


def test_charts_that_are_kept_are_those_that_the_readme_shows():
    shown = set(re.findall(r"benchmarks/charts/([\w-]+\.svg)", (BENCHMARKS.parent / "README.md").read_text(encoding="utf8")))
    kept = {line[1:] for line in (BENCHMARKS / "charts/.gitignore").read_text().splitlines() if line.endswith(".svg")}
    assert shown == kept and all((BENCHMARKS / "charts" / name).exists() for name in shown)


def test_inputs_made_to_be_slow_are_the_same_each_time():
    kinds = load("slow").KINDS
    assert len({kind.name for kind in kinds}) == len(kinds) >= 30
    for kind in kinds:
        text = kind.text(1000)
        assert text == kind.text(1000) and len(text.encode(errors="surrogateescape")) >= 1000


def test_peers_that_need_nothing_count_their_mistakes(results):
    tasks = {task["task"]: {row["name"]: row for row in task["rows"]} for task in content(results, "peers")["tasks"]}
    assert tasks["width"]["str.translate"]["wrong"] == tasks["width"]["hanflow, str"]["wrong"] == 0
    assert tasks["width"]["unicodedata NFKC"]["wrong"] > 0  # it takes Chinese punctuation for full-width ASCII
    assert tasks["spacing"]["str.replace, all spaces"]["wrong"] > 0  # it closes the gaps of names and Latin words
    assert tasks["t2s"]["opencc"]["wrong"] == tasks["t2s"]["hanflow, bytes"]["wrong"] == 0
    assert set(tasks["whole"]) >= {"hanflow, bytes", "regex + replace", "regex + loop", "translate + lookaround + loop"}


def test_report(tmp_path):
    pytest.importorskip("playwright")
    if shutil.which("chromium") is None:
        pytest.skip("needs Chromium")
    run("report.py", "--mib", "0.2", "--turns", "1", "--out", tmp_path)
    assert [row["measured"] is not None for row in content(tmp_path, "report")["rows"]] == [True] * 2


@needs_stages
def test_stages(results):
    found = content(results, "stages")
    for text in found["counts"].values():
        assert text["measured"] >= text["lines"] > 0 and 0 < text["read"] <= sum(text["reads"].values())
    assert {column["path"] for column in found["columns"]} >= {"portable"}
    for column in found["columns"]:
        assert abs(sum(column["cycles"].values()) - 2 * column["cycles"]["all"]) < 1e-6 * column["cycles"]["all"]


@needs_stages
def test_tables(results):
    out = run("table.py", "--results", results, "--print")
    assert "| whole job, bytes |" in out and "| floor | aim |" in out and "| hanflow, str |" in out


def test_charts(results, tmp_path):
    pytest.importorskip("matplotlib")
    run("plot.py", "--results", results, "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "growth.svg", "paths.svg", *(f"peers-{task}.svg" for task in ("width", "spacing", "whole", "t2s", "s2t"))}


def test_made_pages_are_the_same_each_time_and_repeat_no_paragraph():
    corpus = load("corpus")

    def pages():
        rng = random.Random(1)
        writer = corpus.Writer(rng)
        return [corpus.made(writer, rng) for _ in range(30)], writer.seen

    made, paragraphs = pages()
    assert made == pages()[0]
    assert len(set(made)) == 30 and len(paragraphs) > 100
    assert b"\0" not in b"".join(made)  # which parts the pages in the cache
