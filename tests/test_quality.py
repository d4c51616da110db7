"""Quality does not sink under the floors of benchmarks/quality, on the fitting and on the held pages; native and reference
give the same there."""
import subprocess
import sys
from pathlib import Path

import pytest

import hanflow
from reference import normalize as reference

QUALITY = Path(__file__).resolve().parents[1] / "benchmarks" / "quality"
PAGES = sorted((QUALITY / "data").glob("*/*.in.txt"))


@pytest.mark.skipif(not (QUALITY / "data").is_dir(), reason="needs the pages of the checkout")
def test_floors():
    run = subprocess.run([sys.executable, QUALITY / "run.py", "--floors", QUALITY / "floors.json"],
                         capture_output=True, encoding="utf8")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(not QUALITY.is_dir(), reason="needs the checkout")
def test_lists_keep_their_lines_and_paragraphs_become_whole():
    run = subprocess.run([sys.executable, QUALITY / "harm.py", "--floors"], capture_output=True, encoding="utf8")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(not PAGES, reason="needs the pages of the checkout")
def test_native_is_reference():
    texts = {page.name: page.read_bytes().decode("utf8") for page in PAGES}
    assert [name for name, text in texts.items() if hanflow.normalize(text) != reference(text)] == []
