#!/usr/bin/env python3
"""Runs a normalizer over the pages and prints how right it was.

  run.py                                   hanflow on both splits, the telling metrics
  run.py --subject reference --by extractor --by engine
  run.py --floors floors.json              exit 1 where a metric lies under its floor
  run.py --table                           Markdown, hanflow beside its peers
  run.py --confidence                      of the line ends that were joined, how many rightly, by confidence
  run.py --subject hanflow --out DIR       writes what it printed, for reading side by side

A peer that cannot be imported is left out, with a note.
"""
import argparse
import json
import re
import sys
import unicodedata
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import accumulate
from pathlib import Path

import score

HERE = Path(__file__).parent
TELLING = ["paragraph_exact", "heading_exact", "vertical_exact", "byline_exact", "legit_spaces_kept", "breaks_kept", "join_precision",
           "join_recall", "space_precision", "space_recall", "clean_boundaries_damaged", "content_preserved"]
ALSO = ["document_exact", "radicals_fixed"]
HAN_GAP = re.compile(r"(?<=[^\x00-\x7f])[ \t\u3000]+|[ \t\u3000]+(?=[^\x00-\x7f])")


# ---------------------------------------------------------------- subjects: each makes a function text -> text
def hanflow():
    import hanflow as library
    return library.Normalizer()


def reference():
    sys.path.insert(0, str(HERE.parents[1] / "tests"))
    from reference import normalize
    return normalize


def identity():
    return lambda text: text


def naive():
    return score.naive


def nfkc():
    return lambda text: unicodedata.normalize("NFKC", text)


def neologdn():
    import neologdn as library
    return lambda text: "\n".join(library.normalize(line) for line in text.splitlines())


def opencc_pyo3():
    from opencc_pyo3.opencc_pyo3 import reflow_cjk_paragraphs
    return lambda text: reflow_cjk_paragraphs(HAN_GAP.sub("", text), add_pdf_page_header=False, compact=True)


SUBJECTS = {"hanflow": hanflow, "reference": reference, "opencc-pyo3": opencc_pyo3, "neologdn": neologdn, "naive": naive, "nfkc": nfkc, "identity": identity}
LABELS = {"naive": "naive regex", "opencc-pyo3": "opencc-pyo3 reflow + regex", "nfkc": "NFKC", "identity": "nothing"}


# ---------------------------------------------------------------- pages
def pages(folder):
    for path in sorted(folder.glob("*.in.txt")):
        base = str(path)[:-len(".in.txt")]
        read = lambda ending: Path(base + ending).read_bytes().decode("utf8")
        yield Path(base).name, read(".in.txt"), read(".gold.txt"), json.loads(read(".meta.json"))


_function = {}


def one(arguments):
    subject, text, gold, meta = arguments
    if subject not in _function:
        _function[subject] = SUBJECTS[subject]()
    printed = _function[subject](text)
    return printed, score.score_doc(text, gold, printed, meta)


def measure(subject, folder, pool, by=(), out=None):
    """-> (Counter of all, {by: {value: Counter}})"""
    total, parts, work = Counter(), {key: {} for key in by}, list(pages(folder))
    for (name, _, _, meta), (printed, counts) in zip(work, pool.map(one, [(subject, *page[1:]) for page in work], chunksize=8)):
        total.update(counts)
        for key in by:
            parts[key].setdefault(str(meta[key]), Counter()).update(counts)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            (out / (name + ".out.txt")).write_bytes(printed.encode("utf8"))
    return total, parts


def sure(page):
    """Counter of (rule, per cent, right): line ends that a repair joined, by its confidence and by the truth."""
    import hanflow as library
    _, text, _, meta = page
    normalizer = library.Normalizer()
    printed, _ = score.pred_labels(text, normalizer(text))
    visible = list(accumulate((not score.is_ws(c) for c in text), initial=0))  # characters before each position
    out = Counter()
    for repair in normalizer.explain(text):
        at = visible[repair.start] - 1  # the boundary behind that character
        if "\n" in repair.before and 0 <= at < len(printed) and at == visible[repair.end] - 1 and printed[at] != "n" and meta["labels"][at] != "*":
            out[repair.rule, repair.confidence, score.right(meta["labels"][at], printed[at])] += 1
    return out


def confidence_rows(counts):
    rules = sorted({rule for rule, _, _ in counts})
    out = ["| confidence | " + " | ".join(f"{rule}: joined | right % " for rule in rules) + "|", "|---:|" + "---:|---:|" * len(rules)]
    for percent in sorted({percent for _, percent, _ in counts}):
        cells = []
        for rule in rules:
            right, wrong = counts[rule, percent, True], counts[rule, percent, False]
            cells += [str(right + wrong), "%.1f" % (100 * right / (right + wrong))] if right + wrong else ["", ""]
        out.append("| %d | %s |" % (percent, " | ".join(cells)))
    return "\n".join(out)


def number(value):
    """Two places near 100, and never a round 0 or 100 that is not one."""
    return "–" if value is None else "%d" % value if value in (0, 100) else "%.2f" % min(99.99, value) if value > 99 else "%.1f" % value if value >= 0.05 else "<0.1"


def rows(columns):
    """columns: {head: summary} -> Markdown"""
    heads = list(columns)
    out = ["| % | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for metric in TELLING + ALSO:
        out.append("| %s | %s |" % (metric.replace("_", " "), " | ".join(number(columns[head][metric]) for head in heads)))
    out.append("| documents | %s |" % " | ".join(str(columns[head]["docs"]) for head in heads))
    return "\n".join(out)


def available(subject):
    try:
        SUBJECTS[subject]()
        return True
    except ImportError as error:
        print("note: %s left out: %s" % (subject, error), file=sys.stderr)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subject", choices=SUBJECTS, default="hanflow")
    parser.add_argument("--split", choices=("fit", "held"), action="append")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--by", choices=("engine", "extractor", "article", "lang"), action="append", default=[])
    parser.add_argument("--floors", type=Path)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--confidence", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    splits = a.split or ["fit", "held"]
    with ProcessPoolExecutor(a.jobs) as pool:
        if a.table:
            subjects = [s for s in SUBJECTS if s not in ("reference", "identity") and available(s)]
            for split in splits:
                print("\n%s:\n" % split)
                print(rows({LABELS.get(s, s): score.summary(measure(s, a.data / split, pool)[0])[0] for s in subjects}))
            return 0
        if a.confidence:
            for split in splits:
                total = Counter()
                for counts in pool.map(sure, pages(a.data / split), chunksize=8):
                    total.update(counts)
                print("\n%s:\n" % split)
                print(confidence_rows(total))
            return 0
        if not available(a.subject):
            return 2
        totals = {split: measure(a.subject, a.data / split, pool, a.by, a.out) for split in splits}
    print("%s\n" % a.subject)
    print(rows({split: score.summary(total)[0] for split, (total, _) in totals.items()}))
    for key in a.by:
        for split, (_, parts) in totals.items():
            print("\n%s, by %s:\n" % (split, key))
            print(rows({value: score.summary(counts)[0] for value, counts in sorted(parts[key].items())}))
    low = []
    if a.floors:
        floors = json.loads(a.floors.read_text(encoding="utf8"))
        for split, (total, _) in totals.items():
            got = score.summary(total)[0]
            for metric, floor in floors.get(split, {}).items():
                bad = got[metric] > floor if metric == "clean_boundaries_damaged" else got[metric] is None or got[metric] < floor
                if bad:
                    low.append("%s %s: %s, floor %s" % (split, metric, got[metric], floor))
        print("\n".join(["", "under the floor:"] + low if low else ["", "all floors held"]))
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
