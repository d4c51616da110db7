"""Where the time goes: cycles a text line, stage by stage, on each CPU path; and how many lines are read as characters, and why.

    python benchmarks/stages.py [--quick] [--text NAME ...] [--seconds N] [--out FOLDER]

Builds stages.cpp with the core (g++, binutils, glibc): -O3 as the package is, with line numbers, and with the counters of
native/src/lines/counted.hpp, which count once a line that is read as characters. What is counted is the same on each CPU path. Time is
sampled: the kernel stops the program every so often of its CPU time; where it stands, inlined functions told apart, says the stage
(STAGES). Cycles are the least time of a run, shared among the stages by their samples, times the clock as measured by a chain of
instructions. Text lines are those that are not blank. Writes results/DATE-stages.json.
"""
from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import corpus
import hanflow
from measure import HERE, RESULTS, check, cpu_paths, record, table

sys.path.append(str(HERE.parent / "tests"))
import core  # noqa: E402

SOURCE = HERE.parent / "native/src"
TEXTS = {"damaged pages": corpus.damaged, "clean text": corpus.clean, "web prose": corpus.web, "code": corpus.code}

# In the order of native/README.md, "The way of the data": the stage of what files and functions (a part of their names) do. The
# innermost function that a row knows counts: vectors and the like belong to whoever uses them.
STAGES = (
    ("code units", "text/utf8*", ""),
    ("code units", "*", "from_utf8|well_formed|utf8_to_units|decode_one|str_to_units|is_units|extent_of"),
    ("output", "*", "to_utf8|units_to_utf8|encode_one|units_to_str|utf8_bytes_at|Result::|emit|Engine::"),
    ("planes", "*", "classify|transposed|class_byte_of|tables_of_classes"),
    ("planes", "text/planes.cpp", ""),
    ("lines, as characters", "text/chars.cpp", ""),
    ("lines, as characters", "lines/byline.*", ""),
    ("lines, as characters", "lines/lines.cpp", "Page::measure|Page::read|list_marker|start_kind|end_kind|is_table|is_parted|unit_of"),
    ("lines, by planes", "lines/measure.inl", ""),
    ("line table", "lines/lines.cpp", ""),
    ("runs", "decide/vertical.*", ""),
    ("words at line ends", "text/words.*", ""),
    ("facts and costs", "evidence/*", ""),
    ("facts and costs", "decide/unwrap.*", ""),
    ("measures", "decide/columns.inl", ""),
    ("the cheapest way", "decide/decode*.inl", ""),
    ("joints", "decide/layout.*", ""),
    ("gaps", "decide/spacing.*", ""),
    ("edits", "repair/pass.*", ""),
    ("edits", "repair/edits.*", ""),
    ("edits", "repair/compat.*", ""),
    ("edits", "repair/width.*", ""),
    ("edits", "*", "squeeze"),
    ("passes", "repair/*", ""),
    ("output", "surface/*", ""),
)
OTHER = "memory and the rest"
ORDER = (*dict.fromkeys(name for name, _, _ in STAGES), OTHER)


def build(folder: Path, optimized: str = "-O3") -> Path:
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    check(bool(compiler and shutil.which("addr2line")), "needs g++ and addr2line")
    core.build(folder / "stages", HERE / "stages.cpp", compiler, optimized, "-g", "-static", "-no-pie", "-DHANFLOW_COUNT")
    return folder / "stages"


def digest(data: bytes) -> str:
    sum_ = 0xCBF29CE484222325
    for byte in data:
        sum_ = (sum_ ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{sum_:016x}"


def run(program: Path, path: str, file: Path, kind: str, seconds: float) -> dict[str, Any]:
    done = subprocess.run([program, file, kind, str(seconds)], env={**os.environ, "HANFLOW_ISA": path}, stdout=subprocess.PIPE,
                          encoding="utf8", check=True)
    found: dict[str, Any] = {"reads": Counter(), "samples": Counter()}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word == "reads":
            count, _, why = rest.partition(" ")
            found["reads"][why] += int(count)
        elif word == "sample":
            count, _, address = rest.partition(" ")
            found["samples"][address] += int(count)
        else:
            found[word] = rest
    check(found["path"] == path, f"runs on {found['path']}, not on {path}")
    return found


def stages_of(program: Path, addresses: list[str]) -> dict[str, str]:
    """{address: stage}"""
    done = subprocess.run(["addr2line", "-e", program, "-a", "-f", "-i", "-C"], input="\n".join(addresses), stdout=subprocess.PIPE,
                          encoding="utf8", check=True)
    out: dict[str, str] = {}
    address, lines = "", iter(done.stdout.splitlines())
    for line in lines:
        if line.startswith("0x"):
            address = hex(int(line, 16))
            continue
        file = next(lines).rpartition(":")[0]
        if address not in out and f"{SOURCE}/" in file:
            inside = os.path.normpath(file).partition(f"{SOURCE}/")[2]
            for stage, pattern, functions in STAGES:
                if fnmatch(inside, pattern) and re.search(functions, line):
                    out[address] = stage
                    break
    return out


def cycles(program: Path, found: dict[str, Any], lines: int) -> dict[str, float]:
    """{stage: cycles a text line}"""
    stages = stages_of(program, list(found["samples"]))
    counts: Counter[str] = Counter()
    for address, count in found["samples"].items():
        counts[stages.get(address, OTHER)] += count
    whole = float(found["seconds"]) * float(found["hertz"]) / lines
    total = sum(counts.values()) or 1
    return {"all": whole, **{name: whole * counts[name] / total for name in ORDER if counts[name]}}


def text_lines(data: bytes) -> int:
    return sum(1 for line in data.splitlines() if line.strip())


def counted(result: dict[str, Any]) -> str:
    """Of 100 text lines."""
    texts = result["counts"]
    share = {name: 100 / text["lines"] for name, text in texts.items()}
    whys = Counter[str]()
    for name, text in texts.items():
        whys.update({why: count * share[name] for why, count in text["reads"].items()})
    rows = [("lines measured, in all passes", *(f"{text['measured'] * share[name]:.0f}" for name, text in texts.items())),
            ("of these read as characters", *(f"{text['read'] * share[name]:.2f}" for name, text in texts.items()))]
    for why, _ in whys.most_common():
        rows.append((why, *(f"{text['reads'].get(why, 0) * share[name]:.2f}" for name, text in texts.items())))
    return table(["of 100 text lines", *texts], rows)


def timed(result: dict[str, Any]) -> str:
    columns = {f"{column['text']}, {column['kind']}, {column['path']}": column["cycles"] for column in result["columns"]}
    rows = [(name, *(f"{found.get(name, 0):.0f}" for found in columns.values())) for name in ("all", *ORDER)
            if any(name in found for found in columns.values())]
    return table(["cycles a text line", *columns], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny texts, short runs: only shows that the script works")
    parser.add_argument("--text", choices=TEXTS, action="append", help="time this one, instead of damaged pages; may be given again")
    parser.add_argument("--seconds", type=float, default=8, help="of CPU time for each column, and as much to sample it (default: 8)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    args = parser.parse_args()
    size, seconds = (corpus.MIB // 8, 0.1) if args.quick else (8 * corpus.MIB, args.seconds)
    result: dict[str, Any] = {"quick": args.quick, "bytes": size, "counts": {}, "columns": []}
    with tempfile.TemporaryDirectory() as name:
        print("building ...", file=sys.stderr, flush=True)
        program = build(Path(name), "-O1" if args.quick else "-O3")
        file = Path(name) / "text"
        for text, make in TEXTS.items():
            data = make(size)
            file.write_bytes(data)
            found = run(program, cpu_paths()[0], file, "bytes", 0)
            right = hanflow.normalize(data)
            check(len(data) > 1 << 20 or found["result"] == digest(right), f"{text}: not as the package")
            result["counts"][text] = {"bytes": len(data), "lines": text_lines(data), "measured": int(found["lines"]),
                                      "read": int(found["read"]), "reads": found["reads"]}
            if text not in (args.text or ["damaged pages"]):
                continue
            narrow = re.sub("[^\0-\uffff]", "", data.decode())  # 2 bytes a character
            for kind, content in (("bytes", data), ("str", narrow.encode("utf-16-le"))):
                file.write_bytes(content)
                for path in cpu_paths():
                    print(f"{text}, {kind}, {path} ...", file=sys.stderr, flush=True)
                    found = run(program, path, file, kind, seconds)
                    result["columns"].append({"text": text, "kind": kind, "path": path, "samples": sum(found["samples"].values()),
                                              "gigahertz": float(found["hertz"]) / 1e9,
                                              "cycles": cycles(program, found, result["counts"][text]["lines"])})
    print(counted(result), timed(result), sep="\n\n")
    print(f"\nwritten: {record('stages', result, args.out)}")


if __name__ == "__main__":
    main()
