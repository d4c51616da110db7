"""How the benchmarks measure: CPU time; contestants take turns, the least time of each counts. Results go into
results/DATE-WHAT.json. What is promised stands in floors.json: each row with its floor (the least that is right, or with "most" the
most), its aim, and what the core before this one had."""
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

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
Run = Callable[[], object]


def children() -> float:
    """Seconds of CPU time that the children which have ended took, with theirs. Without such figures: of the clock."""
    if resource is None:
        return time.perf_counter()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu() -> float:
    """Seconds of CPU time: this process with all its threads, and its children."""
    return time.process_time() + (children() if resource else 0)


def race(contestants: Mapping[str, Run], seconds: float = 1.0, least: int = 3, clock: Callable[[], float] = cpu) -> dict[str, float]:
    """The least time of each in seconds. They take turns, so that a busy machine hits all of them; a fast one runs several times in
    its turn. `seconds` is what each may take in all, if `least` turns do not take longer. clock: time.perf_counter where threads are
    compared, whose CPU time says nothing."""
    best = {name: float("inf") for name in contestants}
    turns, start = 0, time.perf_counter()
    while turns < least or time.perf_counter() - start < seconds * len(best):
        for name, run in contestants.items():
            until = time.perf_counter() + min(0.1, seconds)
            while True:
                begin = clock()
                result = run()
                best[name] = min(best[name], clock() - begin)
                del result
                if time.perf_counter() > until:
                    break
        turns += 1
    return best


# ---------------------------------------------------------------- floors
def floors() -> list[dict[str, Any]]:
    return list(json.loads((HERE / "floors.json").read_text(encoding="utf8")))


def word(floor: Mapping[str, Any], measured: Optional[float]) -> str:
    """What is said of a figure."""
    if measured is None:
        return "not measured"
    return "holds" if (measured <= floor["floor"] if floor.get("most") else measured >= floor["floor"]) else "does not"


def row(name: str, measured: Optional[float], note: str = "") -> dict[str, Any]:
    """A row of floors.json with what was measured."""
    floor = next(floor for floor in floors() if floor["name"] == name)
    return {**floor, "measured": measured, "word": word(floor, measured), "note": note}


def disagreements(rows: Iterable[Mapping[str, Any]], asked: Iterable[Mapping[str, Any]]) -> list[str]:
    """Where rows do not say of the floors that are asked what they should."""
    said = {row["name"]: row for row in rows}
    wanted = {floor["name"]: floor for floor in asked}
    out = [f"{name}: in the figures, but not in floors.json" for name in said if name not in wanted]
    for name, floor in wanted.items():
        if name not in said:
            out.append(f"{name}: missing in the figures")
            continue
        out += [f"{name}: {key} is {said[name].get(key)} in the figures, {floor.get(key)} in floors.json"
                for key in ("unit", "floor", "aim", "most", "before") if said[name].get(key) != floor.get(key)]
        right = word(floor, said[name]["measured"])
        if said[name]["word"] != right:
            out.append(f"{name}: the figures say \"{said[name]['word']}\" of {said[name]['measured']}, it {right}")
    return out


# ---------------------------------------------------------------- commands
class Command:
    """A command that is timed: its own process, its start included."""

    def __init__(self, *command: object):
        self.command = [sys.executable, *map(str, command)]
        self.cpu = self.wall = float("inf")  # the least, in seconds
        self.peak = 0  # bytes of all processes together, at most; what they share counts several times

    def run(self) -> None:
        before, begin = children(), time.perf_counter()
        process = subprocess.Popen(self.command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        while process.poll() is None:
            self.peak = max(self.peak, memory_of(process.pid))
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        self.wall, self.cpu = min(self.wall, time.perf_counter() - begin), min(self.cpu, children() - before)
        assert process.stderr
        check(process.returncode == 0, process.stderr.read())
        process.stderr.close()


def memory_of(pid: int) -> int:
    """Bytes that the process and its children have now; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return sum(int(line.split()[1]) * 1024 for line in lines) + sum(memory_of(int(child)) for child in children)


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
    """A process that runs one CPU path. load() gives it a text and options; run() repairs it once, race() beside decoding it."""

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

    def race(self, seconds: float, least: int) -> dict[str, float]:
        """Seconds: decode, bytes, str."""
        return dict(self.ask(race=seconds, least=least))

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
        assert resource
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
        elif "race" in request:
            text = data.decode()
            answer = race({"decode": data.decode, "bytes": lambda: n(data), "str": lambda: n(text)}, request["race"], request["least"])
        else:
            begin = cpu()
            result = n(data)
            answer = cpu() - begin
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
