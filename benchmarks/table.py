"""Puts the newest results of figures.py, stages.py and peers.py as tables into README.md and benchmarks/README.md, between their markers.

    python benchmarks/table.py [--results FOLDER] [--print]
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import figures
import peers
import stages
from measure import HERE, RESULTS, latest, table

ROOT = HERE.parent
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
RATES = {  # contestant of figures.py -> (row, with what to compare)
    "decode": ("`bytes.decode()`, to compare with", "decode"),
    "bytes": ("whole job, bytes", "decode"),
    "str": ("whole job, str", "decode"),
    "narrow, bytes": ("`vertical=False, unwrap=False`, bytes", "decode"),
    "clean, bytes": ("clean text, bytes", "decode clean"),
    "clean, str": ("clean text, str", "decode clean"),
    "web, bytes": ("web prose, bytes", "decode web"),
    "hot, bytes": ("one page of 21 KB again and again, bytes", "decode hot"),
    "hot, str": ("one page of 21 KB again and again, str", "decode hot"),
}


def origin(result: dict[str, Any], command: str) -> str:
    machine = result["machine"]
    path = f", CPU path {result['path']}" if result["path"] else ""
    return (f"{machine['cpu']}, {machine['cpus']} CPUs{path}, {result['python']}, hanflow {result['hanflow']} "
            f"({result['commit']}), {result['date']}, `python benchmarks/{command}`")


SHORT = ("These figures come from a short run (`--quick`) of tiny texts on a busy machine: they show that the script works, "
         "not how fast hanflow is.")


def brief(result: dict[str, Any]) -> str:
    """What README.md shows."""
    rates, rows = result["rates"], {row["name"]: row for row in result["rows"]}
    out = [(name, f"{rates[key]:.0f}", f"{rates[key] / rates[other]:.2f}") for key, (name, other) in RATES.items()]
    python = result["best Python"]
    out.append((f"the best plain Python pipeline ({python.partition(', ')[2]}), str", f"{rates[python]:.0f}",
                f"{rates[python] / rates['decode']:.2f}"))
    lines = [table([f"{result['bytes'] / (1 << 20):.3g} MiB of damaged pages, one core", "MB/s", "x decode"], out), ""]

    def said(name: str) -> str:
        return figures.shown(rows[name]["measured"], rows[name]["unit"])

    slowest = result["slow"][0]
    if result["quick"]:
        return "\n".join([SHORT, "", *lines, origin(result, "figures.py --quick") + "; CPU time. Every figure: benchmarks/README.md."])
    lines.append(
        f"A line of 18 characters takes {said('a line of 18 characters, str')} (str). Two threads: "
        f"{said('two threads to one, batch of pages')} one. 256 MiB take {said('time a byte, 256 MiB to 1 MiB')} the time "
        f"a byte that 1 MiB takes. The slowest of {len(result['slow'])} inputs made to be slow ({slowest['name']}): "
        f"{said('the slowest input made to be slow')}. "
        f"Memory beside input and output: {said('memory beside input and output')} at most.")
    lines += ["", origin(result, "figures.py") + "; CPU time. Every figure, and whether its floor holds: benchmarks/README.md."]
    return "\n".join(lines)


def full(measured: dict[str, Any], staged: dict[str, Any], compared: dict[str, Any]) -> str:
    """What benchmarks/README.md shows."""
    short = [SHORT] if measured["quick"] or staged["quick"] else []
    return "\n\n".join([*short, figures.markdown(measured["rows"]), figures.slowest(measured["slow"], 12), origin(measured, "figures.py"),
                        stages.timed(staged), stages.counted(staged), origin(staged, "stages.py"),
                        peers.markdown(compared["tasks"]), origin(compared, "peers.py")])


def put(path: Path, text: str) -> None:
    """Between the markers."""
    before, rest = path.read_text(encoding="utf8").split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON")
    parser.add_argument("--print", action="store_true", help="print both instead of writing them")
    args = parser.parse_args()
    measured, staged, compared = (latest(what, args.results) for what in ("figures", "stages", "peers"))
    if measured is None or staged is None or compared is None:
        sys.exit("no results yet: run benchmarks/figures.py, benchmarks/stages.py and benchmarks/peers.py first")
    if args.print:
        print(brief(measured), full(measured, staged, compared), sep="\n\n")
    else:
        put(ROOT / "README.md", brief(measured))
        put(HERE / "README.md", full(measured, staged, compared))


if __name__ == "__main__":
    main()
