"""A tree of 10,000 files of 21 KB through the command line, beside a plain Python loop over the same files.

    python benchmarks/bulk.py [--quick] [--files N] [--folder FOLDER] [--out FOLDER]

The files are the pages of corpus.py over and over. The command is a process of its own, its start included; the loop is
one too. Contestants take turns, each into an empty folder; the best time of each counts. --folder says where the tree
stands, such as /dev/shm to leave the disk out. The memory is that of all processes together, which counts what they
share several times. Writes results/DATE-bulk.json.
"""
from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import corpus
from figures import Figures, markdown
from measure import RESULTS, check, record

MIB = corpus.MIB
IN_A_FOLDER = 500

LOOP = """
import os, sys
import hanflow
n = hanflow.Normalizer() if sys.argv[3] == "repair" else bytes
for folder, _, names in os.walk(sys.argv[1]):
    into = sys.argv[2] + folder[len(sys.argv[1]):]
    os.makedirs(into, exist_ok=True)
    for name in names:
        with open(f"{folder}/{name}", "rb") as source:
            data = source.read()
        with open(f"{into}/{name}", "wb") as target:
            target.write(n(data))
"""

# The command with a Normalizer that gives back what it gets: what the bulk run itself costs.
COPYING = """
import hanflow
from hanflow import _cli as cli
class Copying(hanflow.Normalizer):
    def __call__(self, text):
        return text
cli.Normalizer = Copying
cli.main()
"""


def plant(folder: Path, count: int) -> int:
    """Returns the bytes of the tree."""
    pages, size = corpus.pages(), 0
    for number in range(count):
        inside = folder / f"{number // IN_A_FOLDER:03}"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{number:06}.txt").write_bytes(pages[number % len(pages)])
        size += len(pages[number % len(pages)])
    return size


def memory_of(pid: int) -> int:
    """Bytes that the process and its children have now."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return sum(int(line.split()[1]) * 1024 for line in lines) + sum(memory_of(int(child)) for child in children)


class Contestant:
    def __init__(self, source: Path, target: Path, *command: str, last: str = "") -> None:
        self.command = [sys.executable, *command, str(source), *(["-o"] if not last else []), str(target)] + ([last] if last else [])
        self.target = target
        self.best = float("inf")
        self.peak = 0

    def run(self) -> None:
        shutil.rmtree(self.target, ignore_errors=True)
        begin = time.perf_counter()
        process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        while process.poll() is None:
            self.peak = max(self.peak, memory_of(process.pid))
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                pass
        time_ = time.perf_counter() - begin
        assert process.stderr
        check(process.returncode == 0, process.stderr.read())
        process.stderr.close()
        self.best = min(self.best, time_)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few files, one turn each: only shows that the script works")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the trees stand; by default the system's folder for temporary files")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    args = parser.parse_args()
    count, turns = (300, 1) if args.quick else (args.files, args.turns)
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        f = Figures(args.quick, Path(name))
        source = Path(name) / "in"
        size = plant(source, count)
        def command(target: str, *start: str, jobs: int) -> Contestant:
            return Contestant(source, Path(name) / target, *start, "fix", "-j", str(jobs))

        contestants = {
            "loop": Contestant(source, Path(name) / "loop", "-c", LOOP, last="copy"),
            "loop that repairs": Contestant(source, Path(name) / "loop-repairs", "-c", LOOP, last="repair"),
            "one job that copies": command("copies", "-c", COPYING, jobs=1),
            "two jobs that copy": command("copies-2", "-c", COPYING, jobs=2),
            "one job": command("one", "-m", "hanflow", jobs=1),
            "two jobs": command("two", "-m", "hanflow", jobs=2),
        }
        for turn in range(turns):
            for contestant in contestants.values():
                contestant.run()
            print(f"turn {turn + 1} of {turns}", file=sys.stderr, flush=True)
        for one in ("loop that repairs", "one job", "two jobs"):
            for path in source.rglob("*.txt"):
                inside = path.relative_to(source)
                check((contestants[one].target / inside).read_bytes()
                      == (contestants["loop that repairs"].target / inside).read_bytes(), f"{one}: {inside}")
        f.rates = {name: size / contestant.best / 1e6 for name, contestant in contestants.items()}
        f.ratio("one job to a plain loop that reads and writes", "one job", "loop", 0.6)
        f.ratio("... the same, nothing repaired", "one job that copies", "loop", 0.6)
        f.ratio("one job to a plain loop that repairs too", "one job", "loop that repairs", 0.6)
        f.ratio("two jobs to one", "two jobs", "one job", 1.7)
        f.ratio("... the same, nothing repaired", "two jobs that copy", "one job that copies", 1.7)
        for name_ in ("one job", "two jobs"):
            f.row(f"memory of all processes, {name_}", contestants[name_].peak / MIB, 400, "MiB", most=True)
    print(markdown(f.rows))
    content = {"files": count, "bytes": size, "folder": str(args.folder or ""), "rows": f.rows, "rates": f.rates,
               "seconds": {name: contestant.best for name, contestant in contestants.items()}}
    print(f"\nwritten: {record('bulk', content, args.out)}")


if __name__ == "__main__":
    main()
