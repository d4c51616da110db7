"""How the benchmarks measure: contestants take turns, the best time of each counts. Results go into results/DATE-WHAT.json."""
from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

import hanflow
from hanflow import _core

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


def race(contestants: Mapping[str, Callable[[], object]], seconds: float = 1.0, least: int = 3) -> dict[str, float]:
    """The shortest time of each in seconds. They take turns, so that a busy machine hits all of them; a fast one runs several
    times in its turn. `seconds` is what each may take in all, if `least` turns do not take longer."""
    best = {name: float("inf") for name in contestants}
    turns, start = 0, time.perf_counter()
    while turns < least or time.perf_counter() - start < seconds * len(best):
        for name, run in contestants.items():
            until = time.perf_counter() + min(0.1, seconds)
            while True:
                begin = time.perf_counter()
                result = run()
                end = time.perf_counter()
                best[name] = min(best[name], end - begin)
                del result
                if end > until:
                    break
        turns += 1
    return best


def digest(data: Iterable[bytes]) -> str:
    """Of the parts one behind the other."""
    sum_ = hashlib.sha256()
    for part in data:
        sum_.update(part)
    return sum_.hexdigest()


def check(holds: bool, what: str) -> None:
    """A figure of a wrong result is none."""
    if not holds:
        sys.exit(f"wrong result, nothing measured: {what}")


# ---------------------------------------------------------------- CPU paths, each in a process of its own
def cpu_paths() -> list[str]:
    """The CPU paths that this machine runs, the best first."""
    if hasattr(_core, "cpu_paths"):
        order = ("icelake", "haswell", "neon", "portable")
        return sorted(_core.cpu_paths(), key=order.index)
    return ["icelake", "haswell", "portable"]


class Worker:
    """A process that runs one CPU path. load() gives it a text and options, run() repairs it once."""

    def __init__(self, isa: Optional[str] = None):
        environment = {**os.environ, "HANFLOW_ISA": isa} if isa else dict(os.environ)
        self.process = subprocess.Popen([sys.executable, str(HERE / "measure.py"), "--worker"], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **request: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def load(self, file: Path, **options: Any) -> str:
        """The SHA-256 of the result."""
        return str(self.ask(load=str(file), options=options))

    def run(self) -> float:
        """Seconds."""
        return float(self.ask(run=True))

    def memory(self, file: Path, kind: str) -> dict[str, int]:
        """Bytes: of the process before it reads the file, at its peak, and of input and output."""
        return dict(self.ask(memory=str(file), kind=kind))

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def peak() -> int:
    """Bytes of memory that this process had at most. VmHWM where there is one: ru_maxrss counts the parent in, too."""
    try:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def forget_peak() -> None:
    """So that decoding a str does not count. Where the system cannot, it counts."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def serve() -> None:
    data: bytes = b""
    n = hanflow.Normalizer()
    for line in sys.stdin:
        request = json.loads(line)
        answer: Any
        if "load" in request:
            data, n = Path(request["load"]).read_bytes(), hanflow.Normalizer(**request["options"])
            answer = digest([n(data)])
        elif "memory" in request:
            n("清 江")
            before = peak()
            text: Any = Path(request["memory"]).read_bytes()
            if request["kind"] == "str":
                text = text.decode()
            forget_peak()
            result = n(text)
            answer = {"before": before, "peak": peak(), "in": sys.getsizeof(text), "out": sys.getsizeof(result)}
        else:
            begin = time.perf_counter()
            result = n(data)
            answer = time.perf_counter() - begin
            del result
        print(json.dumps(answer), flush=True)


# ---------------------------------------------------------------- what is written down
def machine() -> dict[str, Any]:
    model = ""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": model or platform.processor() or platform.machine(), "cpus": cpus,
            "system": f"{platform.system()} {platform.machine()}"}


def commit() -> str:
    """The commit of the checkout, with a + if files were changed since."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(HERE), *arguments], capture_output=True, text=True).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except OSError:
        return ""


def record(what: str, content: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Writes content with machine, date and versions into folder/DATE-WHAT.json."""
    date = datetime.date.today().isoformat()
    head = {"what": what, "date": date, "commit": commit(), "machine": machine(), "hanflow": hanflow.__version__,
            "path": hanflow.cpu() if hasattr(hanflow, "cpu") else "",
            "python": f"{platform.python_implementation()} {platform.python_version()}"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{date}-{what}.json"
    path.write_text(json.dumps({**head, **content}, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    return path


def latest(what: str, folder: Path = RESULTS) -> Optional[dict[str, Any]]:
    found = sorted(folder.glob(f"????-??-??-{what}.json"))
    return json.loads(found[-1].read_text(encoding="utf8")) if found else None


def table(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    """Markdown: the first column to the left, the others to the right."""
    line = "|---|" + "---:|" * (len(head) - 1)
    first, *others = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    return "\n".join([first, line, *others])


if __name__ == "__main__" and sys.argv[1:] == ["--worker"]:
    serve()
