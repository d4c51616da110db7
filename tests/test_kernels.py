"""All CPU paths give the same bytes: every length at every alignment, and long texts. Each path in a process of its own."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

import hanflow
from kernel_cases import DIGEST_BYTES, cases

PATHS = hanflow._core.cpu_paths()
CASES = str(Path(__file__).with_name("kernel_cases.py"))


def run(path, *arguments):
    """What it prints, with HANFLOW_ISA=path, and what it says on stderr."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, check=True, env={**os.environ, "HANFLOW_ISA": path})
    return done.stdout, done.stderr.decode()


def active(path):
    out, said = run(path, "-c", "import hanflow; print(hanflow.cpu())")
    return out.decode().strip(), said


@pytest.mark.skipif(len(PATHS) == 1, reason="this CPU has one path only")
def test_all_paths_agree():
    with ThreadPoolExecutor() as pool:
        digests = [out for out, _ in pool.map(lambda path: run(path, CASES), PATHS)]
    count = sum(1 for _ in cases())
    assert len(digests[0]) == count * DIGEST_BYTES
    for path, found in zip(PATHS[1:], digests[1:]):
        for i in range(count if found != digests[0] else 0):
            place = slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
            if found[place] != digests[0][place]:
                case = next(islice(cases(), i, None))
                made = "\n".join(f"{name}:\n{run(name, CASES, str(i))[0].decode()}" for name in (PATHS[0], path))
                pytest.fail(f"{case.name}: {case.data!r}\n{made}")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_can_be_pinned(path):
    assert active(path) == (path, "")


@pytest.mark.parametrize("name", ["sse9", "portabl", "PORTABLE"])
def test_what_cannot_be_pinned_is_said(name):
    used, said = active(name)
    assert used == PATHS[0]
    assert f"RuntimeWarning: HANFLOW_ISA={name}: this CPU runs {', '.join(PATHS)}; {PATHS[0]} is used" in said


def test_nothing_pinned():
    assert active("") == (PATHS[0], "")


def test_portable_is_the_last():
    assert PATHS[-1] == "portable"
    assert hanflow.cpu() in PATHS
