"""Every figure that hanflow promises about its speed and memory, asked and measured, in one run.

    python benchmarks/figures.py [--quick] [--out FOLDER]

The text is 16 MiB of damaged pages, shuffled, none twice (corpus.py), unless a row says otherwise. Contestants of one ratio take
turns; the best time of each counts; MB/s are of the input's UTF-8. Each result is checked before it is timed. Writes
results/DATE-figures.json. Takes some minutes; a busy machine spoils it.
"""
from __future__ import annotations

import argparse
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Optional

import corpus
import hanflow
import pipelines
from measure import RESULTS, Worker, check, cpu_paths, digest, race, record, table

MIB = corpus.MIB
SPACING_ONLY: dict[str, Any] = {"unwrap": False, "vertical": False}
Run = Callable[[], object]


class Figures:
    def __init__(self, quick: bool, folder: Path):
        self.quick = quick
        self.folder = folder  # for files that other processes read
        self.size = MIB // 8 if quick else 16 * MIB
        self.rows: list[dict[str, Any]] = []
        self.rates: dict[str, float] = {}  # contestant -> MB/s
        self.more: dict[str, Any] = {}

    def race(self, contestants: dict[str, Run], seconds: float = 1.0, least: int = 5) -> dict[str, float]:
        return race(contestants, 0.0 if self.quick else seconds, 1 if self.quick else least)

    def speeds(self, contestants: dict[str, tuple[int, Run]], seconds: float = 1.0) -> None:
        """{name: (bytes of UTF-8, what to time)} -> self.rates"""
        times = self.race({name: run for name, (_, run) in contestants.items()}, seconds)
        self.rates.update({name: contestants[name][0] / time / 1e6 for name, time in times.items()})

    def row(self, name: str, measured: Optional[float], asked: float, unit: str, note: str = "", most: bool = False) -> None:
        """asked: the least that is right, or with `most` the most. measured None: could not be measured."""
        holds = None if measured is None else measured <= asked if most else measured >= asked
        self.rows.append({"name": name, "asked": asked, "most": most, "unit": unit, "measured": measured, "holds": holds,
                          "note": note})

    def ratio(self, name: str, one: str, other: str, asked: float) -> None:
        rates = self.rates
        self.row(name, rates[one] / rates[other] if one in rates and other in rates else None, asked, "x",
                 f"{rates[one]:.0f} to {rates[other]:.0f} MB/s" if one in rates and other in rates else "not in this version")


# ---------------------------------------------------------------- each group is one race
def texts(f: Figures) -> None:
    """Whole texts, pages, clean text: bytes and str, beside decoding and plain Python."""
    n, narrow = hanflow.Normalizer(), hanflow.Normalizer(**SPACING_ONLY)
    data, clean, pages = corpus.damaged(f.size), corpus.clean(f.size), list(corpus.pages(f.size))
    text, clean_text, page_texts = data.decode(), clean.decode(), [page.decode() for page in pages]
    size, of_pages = len(data), sum(map(len, pages))
    check(n(text).encode() == clean, "str and bytes differ")
    check(n(clean_text) is clean_text and n(clean) is clean, "clean text does not come back as the same object")
    check(narrow(text).encode() == narrow(data), "spacing only: str and bytes differ")
    repaired = [n(page).decode() for page in pages]
    check([n(page) for page in page_texts] == n.batch(page_texts) == repaired, "pages: bytes, str and batch differ")

    def loop(function: Callable[[Any], object], items: list[Any]) -> Run:
        def run() -> None:
            for item in items:
                function(item)

        return run

    f.speeds({
        "decode": (size, data.decode),
        "decode clean": (len(clean), clean.decode),
        "bytes": (size, lambda: n(data)),
        "str": (size, lambda: n(text)),
        "spacing only, bytes": (size, lambda: narrow(data)),
        "spacing only, str": (size, lambda: narrow(text)),
        "clean, bytes": (len(clean), lambda: n(clean)),
        "clean, str": (len(clean), lambda: n(clean_text)),
        "pages, bytes": (of_pages, loop(n, pages)),
        "pages, str": (of_pages, loop(n, page_texts)),
        "pages, spacing only": (of_pages, loop(narrow, pages)),
        **{f"Python, {name}": (size, lambda function=function: function(text)) for name, function in pipelines.PURE.items()},
    }, seconds=1.5)
    python = max((name for name in f.rates if name.startswith("Python, ")), key=f.rates.__getitem__)
    f.more["best Python"] = python
    f.ratio("whole, bytes to bytes, to bytes.decode()", "bytes", "decode", 2)
    f.ratio("whole, bytes to bytes, to the best plain Python", "bytes", python, 25)
    f.ratio("whole, str to str, to bytes.decode()", "str", "decode", 1.5)
    f.ratio("whole, str to str, to the best plain Python", "str", python, 20)
    f.ratio("width, compat and spacing only, bytes, to decode", "spacing only, bytes", "decode", 5)
    f.ratio("clean text, bytes, to decode", "clean, bytes", "decode clean", 6)
    f.ratio("clean text, str (the same object), to decode", "clean, str", "decode clean", 6)
    f.ratio("pages of 21 KB in a loop, bytes, to decode", "pages, bytes", "decode", 2)
    f.ratio("pages of 21 KB in a loop, str, to decode", "pages, str", "decode", 1.5)
    f.ratio("pages of 21 KB in a loop, spacing only, to decode", "pages, spacing only", "decode", 5)


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

    times = f.race({"str": strings, "bytes": byte_strings})
    for name, time in times.items():
        f.row(f"a line of 18 characters, {name}", time / len(lines) * 1e9, 450, "ns", most=True)


def traceable(f: Figures) -> None:
    """One page of 21 KB: align with both arrays, and explain, to a plain call."""
    n = hanflow.Normalizer()
    page = corpus.pages(f.size)[0]

    def aligned(text: Any) -> Any:
        alignment = n.align(text)
        return alignment.text, alignment.to_source, alignment.to_output

    for kind, text in (("bytes", page), ("str", page.decode())):
        check(aligned(text)[0] == n(text) == hanflow.replay(n.explain(text), text), "align, explain and the plain call differ")
        times = f.race({"plain": lambda: n(text), "align": lambda: aligned(text), "explain": lambda: n.explain(text)})
        for name, asked in (("align", 2.5), ("explain", 6)):
            f.row(f"{name} to a plain call on a page of 21 KB, {kind}", times[name] / times["plain"], asked, "x",
                  f"{times[name] * 1e6:.0f} to {times['plain'] * 1e6:.0f} us", most=True)


def threads(f: Figures) -> None:
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
             | {f"calls, {count} threads": (size, calls(count)) for count in (1, 2)}, seconds=2)
    f.ratio("two threads to one, batch of pages", "batch, 2 threads", "batch, 1 threads", 1.8)
    f.ratio("two threads to one, each calling on pages", "calls, 2 threads", "calls, 1 threads", 1.8)


def arrow(f: Figures) -> None:
    """A column of a million lines beside a column of the pages."""
    n: Any = hanflow.Normalizer()
    try:
        import pyarrow
    except ImportError:
        pyarrow = None
    if pyarrow is not None and hasattr(n, "arrow"):
        lines = corpus.lines(1000 if f.quick else 1_000_000)
        pages = [page.decode() for page in corpus.pages(f.size)]
        columns = {"arrow, lines": pyarrow.array(lines), "arrow, pages": pyarrow.array(pages)}
        for items, column in ((lines, columns["arrow, lines"]), (pages, columns["arrow, pages"])):
            check(pyarrow.array(n.arrow(column)).to_pylist() == n.batch(items), "Arrow and batch differ")
        sizes = {"arrow, lines": len("".join(lines).encode()), "arrow, pages": len("".join(pages).encode())}
        f.speeds({name: (sizes[name], lambda column=column: n.arrow(column, threads=1)) for name, column in columns.items()})
    f.ratio("Arrow column of a million short lines to one of pages", "arrow, lines", "arrow, pages", 0.6)


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
    f.speeds(runs)
    f.ratio("t2s, simplified text, to the package", "t2s, simplified, str", "t2s, simplified, package", 12)
    f.ratio("t2s, simplified bytes, to the package", "t2s, simplified, bytes", "t2s, simplified, package", 12)
    f.ratio("t2s, traditional text, to the package", "t2s, traditional, str", "t2s, traditional, package", 0.95)
    f.ratio("t2s, traditional bytes, to the package", "t2s, traditional, bytes", "t2s, traditional, package", 0.95)
    for kind in ("pages", "one text"):
        f.ratio(f"t2s, traditional, {kind} on two cores, to the package", f"t2s, traditional, {kind}, 2 threads",
                "t2s, traditional, package", 1.7)


def paths(f: Figures) -> None:
    """CPU paths in processes of their own, which take turns."""
    names = cpu_paths()
    data = corpus.damaged(f.size)
    file = f.folder / "damaged.txt"
    file.write_bytes(data)
    right = digest([hanflow.normalize(data)])
    right_narrow = digest([hanflow.normalize(data, unwrap=False, vertical=False)])
    for title, options, wanted in (("path", {}, right), ("path, spacing only", SPACING_ONLY, right_narrow)):
        workers = {name: Worker(name) for name in names}
        try:
            for name, worker in workers.items():
                check(worker.load(file, **options) == wanted, f"CPU path {name}: result differs")
            best = dict.fromkeys(names, float("inf"))
            for _ in range(1 if f.quick else 7):
                for name, worker in workers.items():
                    best[name] = min(best[name], worker.run())
        finally:
            for worker in workers.values():
                worker.close()
        f.rates.update({f"{title} {name}": len(data) / time / 1e6 for name, time in best.items()})
    f.more["paths"] = names
    if "icelake" in names and "haswell" in names:
        f.ratio("AVX2 to AVX-512", "path haswell", "path icelake", 0.7)
    f.row("portable path", f.rates["path portable"], 400, "MB/s")


def growth(f: Figures) -> None:
    """ns a byte by size of the text."""
    n = hanflow.Normalizer()
    sizes = [1 << k for k in ((12, 13, 14) if f.quick else (20, 22, 24, 26, 28))]
    given = {size: corpus.damaged(size) for size in sizes}
    # The small ones as often as the large one takes, so that all see the same machine.
    times = f.race({str(size): (lambda data=data: n(data)) for size, data in given.items()}, seconds=2, least=3)
    f.more["growth"] = [{"bytes": len(given[size]), "ns_a_byte": times[str(size)] / len(given[size]) * 1e9} for size in sizes]
    first, last = f.more["growth"][0], f.more["growth"][-1]
    f.row("time a byte, 256 MiB to 1 MiB", last["ns_a_byte"] / first["ns_a_byte"], 1.2, "x",
          f"{last['ns_a_byte']:.2f} to {first['ns_a_byte']:.2f} ns", most=True)


def traps(f: Figures) -> None:
    """Inputs that are nothing but one thing."""
    rng = random.Random(7)
    size = 1 << 14 if f.quick else 16 * MIB
    # Han without those that change, some thousand of them, and sentences of the pages.
    han = "".join(chr(code) for code in range(0x4E00, 0x6E00))
    solid = corpus.clean(min(size, MIB)).decode().replace("\n", "").replace(" ", "")

    def upto(unit: str, size: int = size) -> str:
        return unit * (size // len(unit.encode()) + 1)

    def some(chars: str, size: int = MIB // 4) -> str:
        return "".join(rng.choices(chars, k=size // 3))

    one = some(han)
    lengths = (18, 11, 25, 14, 30, 7)
    starts = range(0, len(solid) - 30, 20)
    inputs = {
        "only spaces": upto(" "),
        "only full-width spaces": upto("\u3000"),
        "only line ends": upto("\n"),
        "only CR LF": upto("\r\n"),
        "one-character lines": upto("\n".join(one) + "\n"),
        "one-character lines, blank lines between": upto("\n\n".join(one) + "\n\n"),
        "one line of 100 MB": upto(solid, 100_000_000 if not f.quick else 1 << 15),
        "one line of 100 MB, letter-spaced": upto(" ".join(solid), 100_000_000 if not f.quick else 1 << 15),
        "English prose in one line": upto("It rained all night, and in the morning the river stood at the door. "),
        "lines of alternating widths": upto("".join(solid[at:at + lengths[k % 6]] + "\n" for k, at in enumerate(starts))),
        "characters of 1, 2, 3 and 4 bytes in turn": upto("".join(f"aé{char}{chr(0x20000 + ord(char))}" for char in one)),
        "all 4-byte characters": upto("".join(chr(0x20000 + ord(char)) for char in one)),
        "all edits: a gap behind each character": upto(" ".join(one) + "\n"),
        "all edits: full-width digits": upto("".join(rng.choices("０１２３４５６７８９", k=MIB // 12)) + "\n"),
        "all edits: radicals": upto("".join(rng.choices([chr(code) for code in range(0x2F00, 0x2FD6)], k=MIB // 12))),
        "all edits: one gap, one full-width digit, one line end": upto("".join(f"{a} ５\n" for a in one)),
    }
    n = hanflow.Normalizer()
    f.more["traps"] = {}
    for name, text in inputs.items():
        data = text.encode()
        result = n(data)
        check(n(text).encode() == result, f"{name}: str and bytes differ")
        del result
        times = f.race({"bytes": lambda: n(data), "str": lambda: n(text)}, seconds=0.3, least=2)
        rates = {kind: len(data) / time / 1e6 for kind, time in times.items()}
        f.more["traps"][name] = rates
        f.row(name, min(rates.values()), 150, "MB/s", f"bytes {rates['bytes']:.0f}, str {rates['str']:.0f}")


def memory(f: Figures) -> None:
    """Of a process of its own: its peak, less what it had before it read the file, less input and output."""
    for size in (f.size,) if f.quick else (16 * MIB, 64 * MIB):
        file = f.folder / f"memory-{size}.txt"
        file.write_bytes(corpus.damaged(size))
        for kind in ("bytes", "str"):
            with Worker() as worker:
                found = worker.memory(file, kind)
            over = (found["peak"] - found["before"] - found["in"] - found["out"]) / MIB
            f.row(f"memory beside input and output, {kind}, {size / MIB:.3g} MiB", over, 32, "MiB",
                  f"peak {found['peak'] / MIB:.0f} MiB", most=True)


def shown(value: Optional[float], unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:.2f} x" if unit == "x" else f"{value:.0f} {unit}"


def markdown(rows: list[dict[str, Any]]) -> str:
    out = []
    for row in rows:
        asked = f"{'<=' if row['most'] else '>='} {row['asked']:g} {row['unit']}"
        verdict = {True: "yes", False: "**no**", None: "–"}[row["holds"]]
        out.append((row["name"], asked, shown(row["measured"], row["unit"]), verdict, row["note"]))
    return table(["", "asked", "measured", "holds", ""], out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny texts, one turn each: only shows that the script works")
    parser.add_argument("--only", action="append", choices=[group.__name__ for group in GROUPS],
                        help="only this group, which is printed and not written; may be given again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        f = Figures(args.quick, Path(folder))
        for group in GROUPS:
            if not args.only or group.__name__ in args.only:
                print(f"{group.__name__} ...", file=sys.stderr, flush=True)
                group(f)
    print(markdown(f.rows))
    if args.only:
        return
    content = {"bytes": f.size, "sources": corpus.sources(), "rows": f.rows, "rates": f.rates, **f.more}
    print(f"\nwritten: {record('figures', content, args.out)}")


GROUPS = (texts, short, traceable, threads, arrow, opencc, paths, growth, traps, memory)

if __name__ == "__main__":
    main()
