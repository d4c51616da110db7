#!/usr/bin/env python3
"""Typesets the articles, reads them back and writes the pages with their truth: data/fit and data/held.

  typeset.py [--out data] [--only ARTICLE] [--engines reportlab,fpdf2] [--keep-pdf DIR] [--jobs N]

Seeded: the same versions of engines, extractors and fonts give the same pages. What is missing is left out, with a note.
"""
import argparse
import json
import logging
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import article as articles
import engines
import extractors
import truth

HERE = Path(__file__).parent
SEED = 20241106
SETTINGS = ["reportlab", "reportlab", "fpdf2", "fpdf2", "typst", "chromium", "chromium"]  # one typeset page each
READINGS = 2  # documents kept of each page
# What the pages of one article are read with and where their titles stand, dealt out anew for each article
HAND = ["pdfminer"] * 3 + ["pypdf", "pdfium", "pymupdf", "pdftotext-raw"] * 2 + ["pymupdf-blocks", "pdftotext", "pdftotext-layout"]
VERTICAL = ["", "", "", "right", "right", "right", "left"]
MAX_CUTS, MAX_TORN = 4, 2


def held():
    """The split, as README.md states it."""
    line = re.search(r"^held: (.+)$", (HERE / "data" / "README.md").read_text(encoding="utf8"), re.M)
    return set(line.group(1).split())


def deal(name, deck):
    deck = list(deck)
    random.Random("%d/%s" % (SEED, name)).shuffle(deck)
    return deck


def documents(name, article, number, engine, keep):
    """-> ([(document name, in, gold, meta)], Counter of what was dropped and why)"""
    rng = random.Random("%d/%s/%d/%s" % (SEED, name, number, engine))
    dropped, out = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "page.pdf")
        try:
            layout, wrapped = engines.ALL[engine](article, rng, path, deal(name, VERTICAL)[number])
        except Exception as error:
            return [], Counter({"%s: %s: %s" % (engine, name, str(error)[:200]): 1})
        if keep:
            shutil.copy(path, Path(keep) / ("%s-%d-%s.pdf" % (name, number, engine)))
        there = extractors.present()
        hand = deal(name, HAND)
        order = [hand[number], hand[number + len(SETTINGS)]] + rng.sample(list(extractors.ALL), len(extractors.ALL))
        order = [e for e in dict.fromkeys(order) if e in there]
        blocks = article.blocks + engines.folios(layout)
        for extractor in order:
            text = there[extractor](path)
            made = truth.label(text, blocks, wrapped)
            if not made:
                dropped["%s/%s: characters do not tile" % (engine, extractor)] += 1
                continue
            gold, labels, listed, cuts, torn = made
            if cuts > MAX_CUTS or torn > MAX_TORN:
                dropped["%s/%s: cut to pieces" % (engine, extractor)] += 1
                continue
            title = "%s-%d-%s-%s" % (name, number, engine, extractor)
            meta = dict(name=title, source="quality", article=name, lang=article.lang, engine=engine, extractor=extractor, cuts=cuts, layout=layout,
                        n=len(labels) + 1, labels=labels, blocks=listed)
            out.append((title, text, gold, meta))
            if len(out) == READINGS:
                break
    return out, dropped


def job(arguments):
    logging.disable(logging.WARNING)
    return documents(*arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "data")
    parser.add_argument("--only")
    parser.add_argument("--engines")
    parser.add_argument("--keep-pdf", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    there = engines.present()
    wanted = a.engines.split(",") if a.engines else list(engines.ALL)
    for kind, every, found in (("engine", wanted, there), ("extractor", extractors.ALL, extractors.present())):
        for missing in set(every) - set(found):
            print("note: %s %s is not installed" % (kind, missing), file=sys.stderr)
    back = held()
    for folder in ("fit", "held"):
        if not a.only:
            shutil.rmtree(a.out / folder, ignore_errors=True)
        (a.out / folder).mkdir(parents=True, exist_ok=True)
    if a.keep_pdf:
        a.keep_pdf.mkdir(parents=True, exist_ok=True)
    jobs = [(name, article, number, engine, a.keep_pdf) for name, article in articles.load().items()
            for number, engine in enumerate(SETTINGS) if engine in there and engine in wanted and a.only in (None, name)]
    count, dropped = Counter(), Counter()
    with ProcessPoolExecutor(a.jobs) as pool:
        for made, lost in pool.map(job, jobs):
            dropped.update(lost)
            for title, text, gold, meta in made:
                split = "held" if meta["article"] in back else "fit"
                count[split, meta["engine"]] += 1
                base = a.out / split / title
                Path(str(base) + ".in.txt").write_bytes(text.encode("utf8"))
                Path(str(base) + ".gold.txt").write_bytes(gold.encode("utf8"))
                Path(str(base) + ".meta.json").write_text(json.dumps(meta, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf8")
    for key, n in sorted(count.items()):
        print("%-5s %-10s %d" % (*key, n))
    for key, n in dropped.most_common():
        print("dropped %d: %s" % (n, key))


if __name__ == "__main__":
    main()
