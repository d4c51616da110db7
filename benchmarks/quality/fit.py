#!/usr/bin/env python3
"""Adjusts the weights of native/src/evidence/weights.hpp on the fitting pages, one at a time, by random steps.

  fit.py --minutes 30 --seed 1            prints each step that gained
  fit.py --minutes 30 --seed 1 --write    ... and writes the result into weights.hpp and tests/reference/weights.py
  fit.py --also ../../../shared/typeset/dev   more fitting pages

It builds the core with HANFLOW_FIT in a folder of its own (a C++ compiler is needed): there the weights are variables. A step
is kept when the objective gains by STEP at least: small gains on 34 articles are chance. data/held is never read: it shows
afterwards whether the new weights hold on articles that they were not fitted to. Texts that must not change
(tests/cases/negative) and the contract's cases (tests/cases/*.jsonl) count as fitting pages with a heavy penalty.
"""
import argparse
import ctypes
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import score
from run import pages

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADER = ROOT / "native/src/evidence/weights.hpp"
REFERENCE = ROOT / "tests/reference/weights.py"
STEP = 0.05
GRID = 5  # weights are multiples of it
FACTORS = (0.6, 0.75, 0.88, 1.15, 1.35, 1.7)
# What counts: points of the mean over articles, and of all pages together.
BY_ARTICLE = {"par": 1.0, "head": 0.3}
OVERALL = {"breaks_kept": 0.7, "join_precision": 0.7, "join_recall": 0.7, "legit_spaces_kept": 0.2}
HARM = 1.0  # a text that must not change and does, a case that fails


# ---------------------------------------------------------------- the weights in the sources
def read_weights():
    """{(name, index or None): value} in the order of weights.hpp."""
    out = {}
    for name, is_array, values in re.findall(r"^WEIGHT (\w+)(\[\])? = +(.*?);", HEADER.read_text(encoding="utf8"), re.M):
        numbers = [int(v) for v in re.findall(r"\d+", values)]
        out.update({(name, k if is_array else None): v for k, v in enumerate(numbers)})
    return out


def header_with(text, weights):
    """weights.hpp with these weights, its layout kept."""
    def replace(match):
        name, is_array, space, values = match.groups()
        for k, old in reversed(list(enumerate(re.finditer(r" *\d+", values)))):
            value = weights[name, k if is_array else None]
            values = values[:old.start()] + str(value).rjust(len(old[0])) + values[old.end():]
        return f"WEIGHT {name}{is_array or ''} ={space}{values};"

    return re.sub(r"^WEIGHT (\w+)(\[\])? =( +)(.*?);", replace, text, flags=re.M)


def reference_with(text, weights):
    """tests/reference/weights.py with these weights."""
    def replace(match):
        name, values = match.groups()
        numbers = iter([v for (n, _), v in weights.items() if n == name])
        return f"{name} = " + re.sub(r"\d+", lambda _: str(next(numbers)), values)

    names = "|".join({name for name, _ in weights})
    return re.sub(rf"^({names}) = ([^#\n]+)", replace, text, flags=re.M)


def write_weights(weights):
    for path, rewritten in ((HEADER, header_with), (REFERENCE, reference_with)):
        path.write_text(rewritten(path.read_text(encoding="utf8"), weights), encoding="utf8")


# ---------------------------------------------------------------- a core whose weights can be set
def build(target):
    flags = dict(os.environ, **{name: "-DHANFLOW_FIT " + os.environ.get(name, "") for name in ("CFLAGS", "CXXFLAGS")})
    sources = Path(target) / "sources"  # a copy: objects built this way must not be taken for the usual ones
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(".*", "build", "data", "*.so"))
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, str(sources)], env=flags, check=True)


class Worker:
    """Part of the pages in a process of its own."""

    def __init__(self, target, also, part, parts):
        sys.path.insert(0, target)
        import hanflow

        self.hanflow = hanflow
        self.library = ctypes.CDLL(hanflow._core.__file__)
        self.pages = [page for folder in (HERE / "data/fit", *also) for page in pages(folder)][part::parts]
        read = lambda path: path.read_bytes().decode("utf8")
        self.negative = [read(path) for path in sorted((ROOT / "tests/cases/negative").glob("*.txt"))][part::parts]
        cases = [json.loads(line) for path in sorted((ROOT / "tests/cases").glob("*.jsonl")) for line in read(path).splitlines()]
        self.cases = [case for case in cases if "opencc" not in case["options"]][part::parts]

    def measure(self, weights):
        for (name, index), value in weights.items():
            if index is None:
                ctypes.c_int.in_dll(self.library, name).value = value
            else:
                (ctypes.c_int * (index + 1)).in_dll(self.library, name)[index] = value
        articles = {}
        for _, text, gold, meta in self.pages:
            counts = score.score_doc(text, gold, self.hanflow.normalize(text), meta)
            articles.setdefault(meta["article"], Counter()).update(counts)
        harm = sum(self.hanflow.normalize(text) != text for text in self.negative)
        harm += sum(self.hanflow.normalize(case["in"], **case["options"]) != case["out"] for case in self.cases)
        return articles, harm


_worker = None


def _start(*arguments):
    global _worker
    _worker = Worker(*arguments)


def _measure(weights):
    return _worker.measure(weights)


def objective(results):
    articles, harm = {}, 0
    for part, part_harm in results:
        harm += part_harm
        for article, counts in part.items():
            articles.setdefault(article, Counter()).update(counts)
    total = Counter()
    for counts in articles.values():
        total.update(counts)
    summary = score.summary(total)[0]
    value = -HARM * harm
    for kind, factor in BY_ARTICLE.items():
        rates = [100 * counts[kind + "_ok"] / counts[kind + "_n"] for counts in articles.values() if counts[kind + "_n"]]
        value += factor * sum(rates) / len(rates)
    value += sum(factor * summary[metric] for metric, factor in OVERALL.items())
    shown = " ".join("%s %.2f" % (metric, summary[metric]) for metric in ("paragraph_exact", "heading_exact", *OVERALL))
    return value, f"{shown} harm {harm}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--also", type=Path, action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    chance, weights = random.Random(args.seed), read_weights()
    with tempfile.TemporaryDirectory() as target:
        build(target)
        context = get_context("spawn")
        with ExitStack() as stack:
            pools = [stack.enter_context(context.Pool(1, _start, (target, args.also, part, args.jobs))) for part in range(args.jobs)]

            def measure(candidate):
                running = [pool.apply_async(_measure, (candidate,)) for pool in pools]
                return objective([result.get() for result in running])

            best, shown = measure(weights)
            print(f"{best:.2f} {shown}", flush=True)
            end = time.monotonic() + 60 * args.minutes
            while time.monotonic() < end:
                key = chance.choice(list(weights))
                new = max(0, round((weights[key] * chance.choice(FACTORS) + chance.choice((-10, 0, 10))) / GRID) * GRID)
                if new == weights[key]:
                    continue
                value, shown = measure({**weights, key: new})
                if value >= best + STEP:
                    best, name = value, key[0] + ("" if key[1] is None else f"[{key[1]}]")
                    print(f"{best:.2f} {name} {weights[key]} -> {new}  {shown}", flush=True)
                    weights[key] = new
    if args.write:
        write_weights(weights)


if __name__ == "__main__":
    main()
