"""Every figure that hanflow promises about its speed and memory, measured, and whether its floor in floors.json holds, in one run.

    python benchmarks/figures.py [--quick] [--full] [--only GROUP] [--out FOLDER]

The text is 16 MiB of damaged pages, shuffled, none twice (corpus.py), unless a row says otherwise. Times are CPU times, and a ratio is
to bytes.decode() of the same text in the same process, unless a row says otherwise; contestants take turns, the least time of each
counts; MB/s are of the input's UTF-8. Each result is checked before it is timed. Writes results/DATE-figures.json. Takes some minutes.
CPU time leaves out what other programs take, but not that they share caches, memory and clock: the machine should be quiet.
"""
from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Optional

import corpus
import files
import hanflow
import measure
import pipelines
import slow
from measure import RESULTS, Run, Worker, check, cpu_paths, digest, race, record, table

MIB = corpus.MIB
NARROW: dict[str, Any] = {"unwrap": False, "vertical": False}


class Figures:
    def __init__(self, quick: bool, folder: Path, full: bool = False):
        self.quick = quick
        self.full = full  # 1 GB of JSON Lines and Parquet
        self.folder = folder  # for files that other processes read
        self.size = MIB // 8 if quick else 16 * MIB
        self.rows: list[dict[str, Any]] = []
        self.rates: dict[str, float] = {}  # contestant -> MB/s
        self.more: dict[str, Any] = {}

    def race(self, contestants: dict[str, Run], seconds: float = 1.0, least: int = 5,
             clock: Callable[[], float] = measure.cpu) -> dict[str, float]:
        return race(contestants, 0.0 if self.quick else seconds, 1 if self.quick else least, clock)

    def speeds(self, contestants: dict[str, tuple[int, Run]], seconds: float = 1.0, clock: Callable[[], float] = measure.cpu) -> None:
        """{name: (bytes of UTF-8, what to time)} -> self.rates"""
        times = self.race({name: run for name, (_, run) in contestants.items()}, seconds, clock=clock)
        self.rates.update({name: contestants[name][0] / time / 1e6 for name, time in times.items()})

    def row(self, name: str, measured: Optional[float], note: str = "") -> None:
        """name: as in floors.json. measured None: could not be measured."""
        self.rows.append(measure.row(name, measured, note))

    def ratio(self, name: str, one: str, other: str) -> None:
        rates = self.rates
        if one in rates and other in rates:
            self.row(name, rates[one] / rates[other], f"{rates[one]:.0f} to {rates[other]:.0f} MB/s")
        else:
            self.row(name, None, "not in this version")


# ---------------------------------------------------------------- each group is one race
def texts(f: Figures) -> None:
    """Whole texts: bytes and str, beside decoding and plain Python."""
    n, narrow = hanflow.Normalizer(), hanflow.Normalizer(**NARROW)
    data = corpus.damaged(f.size)
    text = data.decode()
    clean, web = n(data), corpus.web(f.size)
    clean_text, web_text = clean.decode(), web.decode()
    check(n(text) == clean_text, "str and bytes differ")
    check(n(clean_text) is clean_text and n(clean) is clean, "clean text does not come back as the same object")
    check(narrow(text).encode() == narrow(data), "vertical=False, unwrap=False: str and bytes differ")
    check(n(web_text).encode() == n(web), "web prose: str and bytes differ")
    size = len(data)
    f.speeds({
        "decode": (size, data.decode),
        "decode clean": (len(clean), clean.decode),
        "decode web": (len(web), web.decode),
        "bytes": (size, lambda: n(data)),
        "str": (size, lambda: n(text)),
        "narrow, bytes": (size, lambda: narrow(data)),
        "clean, bytes": (len(clean), lambda: n(clean)),
        "clean, str": (len(clean), lambda: n(clean_text)),
        "web, bytes": (len(web), lambda: n(web)),
        "web, str": (len(web), lambda: n(web_text)),
        **{f"Python, {name}": (size, lambda function=function: function(text)) for name, function in pipelines.PURE.items()},
    }, seconds=1.5)
    python = max((name for name in f.rates if name.startswith("Python, ")), key=f.rates.__getitem__)
    f.more["best Python"] = python
    f.ratio("whole job, bytes", "bytes", "decode")
    f.ratio("whole job, str", "str", "decode")
    f.ratio("whole job, str, to the best plain Python pipeline", "str", python)
    f.ratio("vertical=False, unwrap=False, bytes", "narrow, bytes", "decode")
    f.ratio("clean text, bytes", "clean, bytes", "decode clean")
    f.ratio("clean text, str, the same object", "clean, str", "decode clean")
    f.ratio("web prose, long lines, bytes", "web, bytes", "decode web")
    f.ratio("web prose, long lines, str", "web, str", "decode web")


def hot(f: Figures) -> None:
    """Pages of 21 KB, one after the other, each again and again: all of it stays in the caches."""
    n = hanflow.Normalizer()
    pages = corpus.pages(f.size)[:2 if f.quick else 24]
    times = dict.fromkeys(("decode hot", "hot, bytes", "hot, str"), 0.0)
    calls = 1 if f.quick else 20

    def loop(function: Callable[[], object]) -> Run:
        def run() -> None:
            for _ in range(calls):
                function()

        return run

    for page in pages:
        text = page.decode()
        check(n(page).decode() == n(text), "a page: str and bytes differ")
        found = f.race({"decode hot": loop(page.decode), "hot, bytes": loop(lambda: n(page)), "hot, str": loop(lambda: n(text))}, 0.1)
        for name in times:
            times[name] += found[name]
    size = calls * sum(map(len, pages))
    f.rates.update({name: size / time / 1e6 for name, time in times.items()})
    f.ratio("a hot page of 21 KB, bytes", "hot, bytes", "decode hot")
    f.ratio("a hot page of 21 KB, str", "hot, str", "decode hot")


def paths(f: Figures) -> None:
    """CPU paths in processes of their own, each beside decoding."""
    names = cpu_paths()
    data = corpus.damaged(f.size)
    file = f.folder / "damaged.txt"
    file.write_bytes(data)
    right = digest([hanflow.normalize(data)])
    seconds, least = (0.0, 1) if f.quick else (2.0, 5)
    for name in names:
        with Worker(name) as worker:
            check(worker.load(file) == right, f"CPU path {name}: result differs")
            times = worker.race(seconds, least)
        f.rates.update({f"path {name}, {what}": len(data) / time / 1e6 for what, time in times.items()})
    f.more["paths"] = names
    for name in ("haswell", "portable"):
        f.ratio(f"HANFLOW_ISA={name}, whole job, bytes", f"path {name}, bytes", f"path {name}, decode")


def traps(f: Figures) -> None:
    """Inputs made to be slow (slow.py); two of them have floors of their own."""
    size = 1 << 14 if f.quick else 16 * MIB
    found = []
    for kind in slow.KINDS:
        text = kind.text(size)
        data = text.encode(errors="surrogateescape")
        n = hanflow.Normalizer(**kind.options)
        contestants: dict[str, Run] = {"decode": lambda: data.decode(errors="surrogateescape"), "bytes": lambda: n(data)}
        if not kind.options:  # else only bytes can be so
            check(n(text).encode() == n(data), f"{kind.name}: str and bytes differ")
            contestants["str"] = lambda: n(text)
        times = f.race(contestants, 0.3, 3)
        found.append({"name": kind.name, "why": kind.why, **{what: len(data) / time / 1e6 for what, time in times.items()}})
    found.sort(key=least_of)
    f.more["slow"] = found
    for name in ("one-character lines", "letter-spaced lines"):
        (one,) = (one for one in found if one["name"] == name)
        f.row(name, least_of(one) / one["decode"], f"bytes {one['bytes']:.0f}, str {one['str']:.0f} to {one['decode']:.0f} MB/s")
    f.row("the slowest input made to be slow", least_of(found[0]), f"{found[0]['name']}; of {len(found)}")


def least_of(rates: dict[str, Any]) -> float:
    return min(rates["bytes"], rates.get("str", rates["bytes"]))


def short(f: Figures) -> None:
    """A thousand different lines of 18 characters, damaged as they come; ns a call, the loop included."""
    n = hanflow.Normalizer()
    lines = corpus.lines(1000, 18, 18)
    data = [line.encode() for line in lines]
    check(n.batch(data) == [n(line) for line in data] == [n(line).encode() for line in lines], "lines: str, bytes, batch differ")

    def strings() -> None:
        for line in lines:
            n(line)

    def byte_strings() -> None:
        for line in data:
            n(line)

    times = {name: time / len(lines) * 1e9 for name, time in f.race({"str": strings, "bytes": byte_strings}, least=20).items()}
    f.row("a line of 18 characters, str", times["str"], f"bytes {times['bytes']:.0f} ns")


def threads(f: Figures) -> None:
    """By the clock: of two threads the CPU time says nothing."""
    n = hanflow.Normalizer()
    pages = list(corpus.pages(f.size)) * (4 if not f.quick else 20)
    size = sum(map(len, pages))
    check(n.batch(pages, threads=2) == n.batch(pages, threads=1), "threads: results differ")

    def calls(count: int) -> Run:
        def run() -> None:
            with ThreadPoolExecutor(count) as pool:
                list(pool.map(lambda part: [n(page) for page in part], [pages[i::count] for i in range(count)]))

        return run

    f.speeds({f"batch, {count} threads": (size, lambda count=count: n.batch(pages, threads=count)) for count in (1, 2)}
             | {f"calls, {count} threads": (size, calls(count)) for count in (1, 2)}, seconds=2, clock=time.perf_counter)
    f.ratio("two threads to one, batch of pages", "batch, 2 threads", "batch, 1 threads")
    f.ratio("two threads to one, each calling on pages", "calls, 2 threads", "calls, 1 threads")


def traceable(f: Figures) -> None:
    """Pages of 21 KB: align with both arrays, and explain; bytes and str, of which the slower counts."""
    n = hanflow.Normalizer()
    pages = corpus.pages(f.size)[:2 if f.quick else 48]
    texts = [page.decode() for page in pages]

    def aligned(text: Any) -> Any:
        alignment = n.align(text)
        return alignment.text, alignment.to_source, alignment.to_output

    contestants: dict[str, tuple[int, Run]] = {}
    for kind, items in (("bytes", pages), ("str", texts)):
        for item in items[:2]:
            check(aligned(item)[0] == n(item) == hanflow.replay(n.explain(item), item), "align, explain and the plain call differ")
        for name, call in (("plain", n), ("align", aligned), ("explain", n.explain)):
            def run(call: Callable[[Any], object] = call, items: Any = items) -> None:
                for item in items:
                    call(item)

            contestants[f"{name}, {kind}"] = sum(map(len, pages)), run
    f.speeds(contestants)
    for name in ("align", "explain"):
        rates = {kind: f.rates[f"{name}, {kind}"] for kind in ("bytes", "str")}
        note = ", ".join(f"{kind} {rate:.0f}, plain {f.rates[f'plain, {kind}']:.0f} MB/s" for kind, rate in rates.items())
        f.row(name, min(rates.values()), note)


def memory(f: Figures) -> None:
    """Of a process of its own: its peak, less what it had before it read the file, less input and output."""
    most, where = float("-inf"), ""
    for size in (f.size,) if f.quick else (16 * MIB, 64 * MIB):
        file = f.folder / f"memory-{size}.txt"
        file.write_bytes(corpus.damaged(size))
        for kind in ("bytes", "str"):
            with Worker() as worker:
                found = worker.memory(file, kind)
            over = (found["peak"] - found["before"] - found["in"] - found["out"]) / MIB
            if over > most:
                most, where = over, f"{kind} of {size / MIB:.3g} MiB, peak {found['peak'] / MIB:.0f} MiB"
    f.row("memory beside input and output", max(0.0, most), where)


def file_row(f: Figures, name: str, size: int, command: measure.Command) -> None:
    f.row(name, size / command.cpu / 1e6, f"{size / 1e6:.0f} MB; {size / command.wall / 1e6:.0f} MB/s by the clock")


def commands(f: Figures) -> None:
    """hanflow fix on a tree of pages, on JSON Lines and on Parquet."""
    count, turns = (60, 1) if f.quick else (files.PAGES, 5)
    size, found = files.tree(f.folder, count, turns)
    for name, command in found.items():
        f.rates[f"tree, {name}"] = size / command.cpu / 1e6
        f.rates[f"tree, {name}, by the clock"] = size / command.wall / 1e6
    f.ratio("hanflow fix, 2,000 pages, one job, to a loop that copies", "tree, one job", "tree, loop")
    size, turns = (MIB // 4, 1) if f.quick else (1_000_000_000, 2) if f.full else (100_000_000, 3)
    source, target = f.folder / "pages.jsonl", f.folder / "repaired.jsonl"
    written = files.json_lines(source, size)
    command = files.convert(source, target, turns, "--field", "text")
    files.check_json_lines(source, target)
    file_row(f, "JSON Lines, one job", written, command)
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        f.row("Parquet, one job", None, "needs pyarrow")
    else:
        source, target = f.folder / "pages.parquet", f.folder / "repaired.parquet"
        written = files.parquet(source, size)
        command = files.convert(source, target, turns, "--column", "text")
        files.check_parquet(source, target)
        file_row(f, "Parquet, one job", written, command)
    f.ratio("hanflow fix, two jobs to one", "tree, two jobs, by the clock", "tree, one job, by the clock")
    peak = {name: found[name].peak / MIB for name in ("one job", "two jobs")}
    f.row("hanflow fix, memory of all processes", max(peak.values()), ", ".join(f"{name} {size:.0f} MiB" for name, size in peak.items()))


def growth(f: Figures) -> None:
    """ns a byte by size of the text."""
    n = hanflow.Normalizer()
    sizes = [1 << k for k in ((12, 13, 14) if f.quick else (20, 22, 24, 26, 28))]
    given = {size: corpus.damaged(size) for size in sizes}
    # The small ones as often as the large one takes, so that all see the same machine.
    times = f.race({str(size): (lambda data=data: n(data)) for size, data in given.items()}, seconds=2, least=3)
    f.more["growth"] = [{"bytes": len(given[size]), "ns_a_byte": times[str(size)] / len(given[size]) * 1e9} for size in sizes]
    first, last = f.more["growth"][0], f.more["growth"][-1]
    f.row("time a byte, 256 MiB to 1 MiB", last["ns_a_byte"] / first["ns_a_byte"],
          f"{last['ns_a_byte']:.2f} to {first['ns_a_byte']:.2f} ns")


def arrow(f: Figures) -> None:
    """A column of a million lines beside a column of the pages."""
    n = hanflow.Normalizer()
    try:
        import pyarrow
    except ImportError:
        pyarrow = None
    if pyarrow is not None:
        lines = corpus.lines(1000 if f.quick else 1_000_000)
        pages = [page.decode() for page in corpus.pages(f.size)]
        columns = {"arrow, lines": pyarrow.array(lines), "arrow, pages": pyarrow.array(pages)}
        for items, column in ((lines, columns["arrow, lines"]), (pages, columns["arrow, pages"])):
            check(pyarrow.array(n.arrow(column)).to_pylist() == n.batch(items), "Arrow and batch differ")
        sizes = {"arrow, lines": len("".join(lines).encode()), "arrow, pages": len("".join(pages).encode())}
        f.speeds({name: (sizes[name], lambda column=column: n.arrow(column, threads=1)) for name, column in columns.items()})
    f.ratio("Arrow column of a million short lines to one of pages", "arrow, lines", "arrow, pages")


def opencc(f: Figures) -> None:
    """The conversion alone beside the package, which takes a whole text; on two cores pages."""
    from hanflow._opencc import converter
    from opencc import OpenCC

    clean = corpus.clean(f.size // 4).decode()
    traditional = OpenCC("s2t").convert(clean)
    package, ours = OpenCC("t2s").convert, converter("t2s")
    simplified = package(traditional)
    runs: dict[str, tuple[int, Run]] = {}
    for name, text in (("simplified", simplified), ("traditional", traditional)):
        data = text.encode()
        pages = [text[i:i + corpus.PAGE // 3] for i in range(0, len(text), corpus.PAGE // 3)]
        right = package(text)
        check(ours(text) == right and ours.batch([data]) == [right.encode()], "t2s: not as the package")
        check(ours.batch(pages, threads=2) == [package(page) for page in pages], "t2s: batch not as the package")
        runs |= {f"t2s, {name}, package": (len(data), lambda text=text: package(text)),
                 f"t2s, {name}, str": (len(data), lambda text=text: ours(text)),
                 f"t2s, {name}, bytes": (len(data), lambda data=data: ours.batch([data])),
                 f"t2s, {name}, pages, 2 threads": (len(data), lambda pages=pages: ours.batch(pages, threads=2)),
                 f"t2s, {name}, one text, 2 threads": (len(data), lambda text=text: ours.batch([text], threads=2))}
    f.speeds({name: run for name, run in runs.items() if "2 threads" not in name})
    f.ratio("t2s, simplified text, to the package", "t2s, simplified, str", "t2s, simplified, package")
    f.ratio("t2s, simplified bytes, to the package", "t2s, simplified, bytes", "t2s, simplified, package")
    f.ratio("t2s, traditional text, to the package", "t2s, traditional, str", "t2s, traditional, package")
    f.ratio("t2s, traditional bytes, to the package", "t2s, traditional, bytes", "t2s, traditional, package")
    f.speeds({name: run for name, run in runs.items() if "2 threads" in name or name.endswith("package")}, clock=time.perf_counter)
    for kind in ("pages", "one text"):
        f.ratio(f"t2s, traditional, {kind} on two cores, to the package", f"t2s, traditional, {kind}, 2 threads",
                "t2s, traditional, package")


def shown(value: Optional[float], unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:.2f} x" if unit == "x" else f"{value:.0f} {unit}"


def markdown(rows: list[dict[str, Any]]) -> str:
    out = []
    for row in rows:
        sign = "<=" if row.get("most") else ">="
        aim, before = (shown(row.get(key), row["unit"]) for key in ("aim", "before"))
        said = f"**{row['word']}**" if row["word"] == "does not" else row["word"]
        out.append((row["name"], f"{sign} {shown(row['floor'], row['unit'])}", aim, before, shown(row["measured"], row["unit"]), said,
                    row["note"]))
    return table(["", "floor", "aim", "before", "measured", "", ""], out)


def slowest(kinds: list[dict[str, Any]], count: Optional[int] = None) -> str:
    """The inputs made to be slow, the slowest first."""
    rows = [(kind["name"], f"{kind['bytes']:.0f}", f"{kind['str']:.0f}" if "str" in kind else "–", f"{kind['decode']:.0f}", kind["why"])
            for kind in kinds[:count]]
    return table(["input made to be slow", "MB/s, bytes", "str", "decode", "why it might be"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny texts, one turn each: only shows that the script works")
    parser.add_argument("--full", action="store_true", help="1 GB of JSON Lines and Parquet instead of 100 MB")
    parser.add_argument("--only", action="append", choices=[group.__name__ for group in GROUPS],
                        help="only this group, which is printed and not written; may be given again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        f = Figures(args.quick, Path(folder), args.full)
        for group in GROUPS:
            if not args.only or group.__name__ in args.only:
                print(f"{group.__name__} ...", file=sys.stderr, flush=True)
                group(f)
    order = [floor["name"] for floor in measure.floors()]
    f.rows.sort(key=lambda row: order.index(row["name"]))
    print(markdown(f.rows))
    if "slow" in f.more:
        print("\n" + slowest(f.more["slow"]))
    if args.only:
        return
    content = {"quick": args.quick, "bytes": f.size, "sources": corpus.sources(), "rows": f.rows, "rates": f.rates, **f.more}
    print(f"\nwritten: {record('figures', content, args.out)}")


GROUPS = (texts, hot, paths, traps, short, threads, traceable, memory, commands, growth, arrow, opencc)

if __name__ == "__main__":
    main()
