"""Quality does not sink under the floors of benchmarks/quality, on the fitting and on the held pages."""
import subprocess
import sys
from pathlib import Path

import pytest

QUALITY = Path(__file__).resolve().parents[1] / "benchmarks" / "quality"


@pytest.mark.skipif(not (QUALITY / "data").is_dir(), reason="needs the pages of the checkout")
def test_floors():
    run = subprocess.run([sys.executable, QUALITY / "run.py", "--floors", QUALITY / "floors.json"],
                         capture_output=True, encoding="utf8")
    assert run.returncode == 0, run.stdout + run.stderr
