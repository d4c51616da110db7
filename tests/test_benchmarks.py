"""The benchmark scripts run, on tiny texts: they check what they measure themselves; how fast it was is of no interest here."""
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script, *arguments):
    done = subprocess.run([sys.executable, BENCHMARKS / script, *map(str, arguments)], capture_output=True, encoding="utf8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with the JSON of both."""
    folder = tmp_path_factory.mktemp("results")
    run("figures.py", "--quick", "--out", folder)
    run("peers.py", "--quick", "--out", folder)
    return folder


def content(folder, what):
    (path,) = folder.glob(f"*-{what}.json")
    return json.loads(path.read_text(encoding="utf8"))


def test_figures(results):
    found = content(results, "figures")
    assert found["machine"]["cpu"] and found["python"] and found["hanflow"]
    unmeasured = {row["name"] for row in found["rows"] if row["measured"] is None}
    assert unmeasured <= {"Arrow column of a million short lines to one of pages"}
    assert len(found["rows"]) > 30


def test_peers_that_need_nothing_count_their_mistakes(results):
    tasks = {task["task"]: {row["name"]: row for row in task["rows"]} for task in content(results, "peers")["tasks"]}
    assert tasks["width"]["str.translate"]["wrong"] == tasks["width"]["hanflow, str"]["wrong"] == 0
    assert tasks["width"]["unicodedata NFKC"]["wrong"] > 0  # it takes Chinese punctuation for full-width ASCII
    assert tasks["spacing"]["str.replace, all spaces"]["wrong"] > 0  # it closes the gaps of names and Latin words
    assert tasks["t2s"]["opencc"]["wrong"] == tasks["t2s"]["hanflow, bytes"]["wrong"] == 0
    assert set(tasks["whole"]) >= {"hanflow, bytes", "regex + replace", "regex + loop", "translate + lookaround + loop"}


def test_bulk(tmp_path):
    run("bulk.py", "--quick", "--out", tmp_path, "--folder", tmp_path)
    found = content(tmp_path, "bulk")
    assert [row["measured"] is not None for row in found["rows"]] == [True] * 7 and found["files"] == 300


def test_report(tmp_path):
    pytest.importorskip("playwright")
    if shutil.which("chromium") is None:
        pytest.skip("needs Chromium")
    run("report.py", "--mib", "0.2", "--turns", "1", "--out", tmp_path)
    assert [row["measured"] is not None for row in content(tmp_path, "report")["rows"]] == [True] * 2


def test_tables(results):
    out = run("table.py", "--results", results, "--print")
    assert "| whole job, bytes |" in out and "| asked | measured |" in out and "| hanflow, str |" in out


def test_charts(results, tmp_path):
    pytest.importorskip("matplotlib")
    run("plot.py", "--results", results, "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "growth.svg", "paths.svg", *(f"peers-{task}.svg" for task in ("width", "spacing", "whole", "t2s", "s2t"))}


def test_made_pages_are_the_same_each_time_and_repeat_no_paragraph(monkeypatch):
    import random

    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import corpus

    def pages():
        rng = random.Random(1)
        writer = corpus.Writer(rng)
        return [corpus.made(writer, rng) for _ in range(30)], writer.seen

    made, paragraphs = pages()
    assert made == pages()[0]
    assert len(set(made)) == 30 and len(paragraphs) > 100
    assert b"\0" not in b"".join(made)  # which parts the pages in the cache
