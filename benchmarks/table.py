"""Speed of hanflow beside memcpy and CPython's own decoder, in one run, as a Markdown table.

    python benchmarks/table.py [--readme]     --readme also puts the table into README.md

The text is made of the pages in tests/pages (or of the demo page), repeated to 16 MiB. What is measured is checked too:
nothing may be lost or gained against the pages one by one, and the table says how many come out exactly as alone.
"""
from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib.resources import files
from pathlib import Path

import hanflow

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def pages() -> list[bytes]:
    """Each ends in a blank line. hanflow may still join two of them where that looks like one paragraph: check() counts."""
    found = [path.read_bytes() for path in sorted((ROOT / "tests" / "pages").glob("*.in.txt"))]
    found = found or [(files("hanflow.demo") / "page.txt").read_bytes()]
    return [page.rstrip(b"\n") + b"\n\n" for page in found]


def text_of(size: int, parts: list[bytes]) -> tuple[bytes, int]:
    """Whole rounds of the pages, at least `size` bytes, and the number of rounds."""
    once = b"".join(parts)
    rounds = -(-size // len(once))
    return once * rounds, rounds


def best(function, argument, seconds: float = 2.0, least: int = 5) -> float:
    """The shortest of at least `least` calls."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        function(argument)
        times.append(time.perf_counter() - start)
    return min(times)


def cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def check(n: hanflow.Normalizer, parts: list[bytes]) -> str:
    """Says how the result of the pages in one text stands to the pages one by one, and that str and bytes agree."""
    text, rounds = text_of(16 * MIB, parts)
    result = n(text)
    if n(text.decode()).encode() != result:
        sys.exit("str and bytes give different results")
    if n(result) != result:
        sys.exit("the result is not a fixed point")
    flat = "".join(result.decode().split())
    alone = "".join("".join(n(page).decode().split()) for page in parts) * rounds
    if flat != alone:
        sys.exit("the pages in one text lose or gain something against the pages one by one")
    strip = [n(page).strip() for page in parts]
    same = sum(result.count(page) >= rounds for page in strip)
    return f"{same} of {len(parts)} pages come out of the 16 MiB exactly as alone"


def table() -> str:
    parts = pages()
    n = hanflow.Normalizer()
    same = check(n, parts)
    data, _ = text_of(16 * MIB, parts)
    clean = n(data)
    text = data.decode()
    rows = [
        ("copy (`bytearray`)", len(data) / best(bytearray, data)),
        ("`bytes.decode`", len(data) / best(bytes.decode, data)),
        ("hanflow, `bytes` -> `bytes`", len(data) / best(n, data)),
        ("hanflow, `str` -> `str`", len(data) / best(n, text)),
        ("hanflow, `bytes` -> `bytes`, on its own result", len(clean) / best(n, clean)),
    ]
    lines = ["| 16 MiB, one core | MB/s |", "|---|---:|"]
    lines += [f"| {name} | {speed / 1e6:.0f} |" for name, speed in rows]
    lines += ["", "| text | hanflow, `bytes` -> `bytes`, ns a byte |", "|---|---:|"]
    for mib in (1, 4, 16, 64):
        part, _ = text_of(mib * MIB, parts)
        lines.append(f"| {mib} MiB | {best(n, part) / len(part) * 1e9:.2f} |")
    lines += ["", f"{cpu()}, {os.cpu_count()} CPUs, {platform.python_implementation()} {platform.python_version()}, "
                  f"hanflow {hanflow.__version__}, {time.strftime('%Y-%m-%d')}, `python benchmarks/table.py`; best of several "
                  f"calls, {len(parts)} pages repeated; {same}."]
    return "\n".join(lines)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--readme", action="store_true")
    into_readme = arguments.parse_args().readme
    result = table()
    print(result)
    if into_readme:
        readme = ROOT / "README.md"
        head, rest = readme.read_text(encoding="utf8").split(BEGIN)
        tail = rest.split(END)[1]
        readme.write_text(f"{head}{BEGIN}\n{result}\n{END}{tail}", encoding="utf8")
