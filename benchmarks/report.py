"""How long a report takes to write, to open in Chromium and to answer a filter.

    python benchmarks/report.py [--mib 50] [--turns 5] [--out FOLDER] [FILE ...]

Reports of each FILE and of so many MiB of the pages of corpus.py, in files of 21 KB. Needs Playwright (the extra `browser`) and
Chromium. Opening: from the start of the navigation to the frame that shows the first passages. A click: from the event to the
frame that shows what it asked for, for each of CLICKS, of which the slowest counts; the rarest confidence has passages all over
the text. Each turn has a browser of its own; the median of the turns. Writes results/DATE-report.json.
"""
from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import corpus
from figures import markdown
from measure import RESULTS, check, record, word

FLOORS = {"opening": 3000, "the slowest click": 200}  # milliseconds at most

WATCH = """
new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => window.shownAt ??= performance.now())))
    .observe(document, {subtree: true, attributes: true, attributeFilter: ["data-drawn"]});
"""

# Milliseconds until what `act` asks for has been drawn.
TIMED = """act => {
    const begin = performance.now();
    return new Promise(done => {
        new MutationObserver((_, observer) => {
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
        }).observe(document.documentElement, {attributes: true, attributeFilter: ["data-drawn"]});
        ACT
    });
}"""
SLIDER = "const most = document.getElementById('most'); most.value = %d; most.dispatchEvent(new Event('input'));"
CLICKS = {
    "a rule off": "document.querySelector('.rule:last-of-type').click();",
    "a rule on": "document.querySelector('.rule:last-of-type').click();",
    "all but one rule off": "document.querySelectorAll('.rule[aria-pressed=true]').forEach((rule, i) => i && rule.click());",
    "all again": "document.getElementById('reset').click();",
    "the rarest confidence": SLIDER % 50,
    "any confidence": SLIDER % 100,
    "a file": "document.querySelector('#files tbody button').click();",
    "any file": "document.getElementById('reset').click();",
    "the next page": "document.querySelector('#passages [aria-label^=Next]:enabled').click();",
}


def measured(playwright: Any, path: Path, turns: int) -> dict[str, float]:
    """Milliseconds."""
    times: dict[str, list[float]] = {}
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    for _ in range(turns):  # a browser of its own each time: nothing is warm
        with playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else []) as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(WATCH)
            page.goto(path.as_uri(), timeout=120_000)
            page.wait_for_selector("html[data-drawn]", timeout=120_000)
            page.wait_for_timeout(300)
            times.setdefault("open", []).append(page.evaluate("window.shownAt"))
            page.locator("#files summary").click()
            for name, act in CLICKS.items():
                if name == "the next page" and not page.locator("#passages [aria-label^=Next]:enabled").count():
                    continue
                times.setdefault(name, []).append(page.evaluate(TIMED.replace("ACT", act)))
                page.wait_for_timeout(100)
    return {name: statistics.median(found) for name, found in times.items()}


def row(label: str, what: str, measured: float, note: str) -> dict[str, Any]:
    floor = {"name": f"{label}: {what}", "unit": "ms", "floor": FLOORS[what], "most": True}
    return {**floor, "measured": measured, "word": word(floor, measured), "note": note}


def shuffled(size: int) -> Iterator[bytes]:
    """So many bytes of pages, in a new order for each round."""
    rng, pages = random.Random(5), list(corpus.pages())
    while size > 0:
        rng.shuffle(pages)
        for page in pages:
            if size > 0:
                yield page
                size -= len(page)


def written(path: Path, target: Path) -> float:
    """Seconds that the command takes."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "hanflow", "report", path, "-o", target], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--mib", type=float, default=50)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    details = {}
    rows = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder, target = Path(name) / "pages", Path(name) / "report.html"
        folder.mkdir()
        size = 0
        for number, page in enumerate(shuffled(int(args.mib * corpus.MIB))):
            size += (folder / f"{number:05}.txt").write_bytes(page)
        for label, path in [*((str(file), file) for file in args.files), (f"{size / corpus.MIB:.0f} MiB of pages", folder)]:
            seconds = written(path, target)
            times = measured(playwright, target, args.turns)
            details[label] = {"bytes": target.stat().st_size, "seconds": seconds, "milliseconds": times}
            clicks = {kind: time_ for kind, time_ in times.items() if kind != "open"}
            slowest = max(clicks, key=clicks.__getitem__)
            note = f"{target.stat().st_size / 1e6:.1f} MB, written in {seconds:.1f} s"
            rows.append(row(label, "opening", times["open"], note))
            note = f"{slowest}; median {statistics.median(clicks.values()):.0f} ms"
            rows.append(row(label, "the slowest click", clicks[slowest], note))
    print(markdown(rows))
    print(f"\nwritten: {record('report', {'rows': rows, 'reports': details}, args.out)}")


if __name__ == "__main__":
    main()
