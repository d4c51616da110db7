"""Whole pages: 128 typeset ones (pages/) and, where they are at hand, all 143 of ../shared/typeset and the real one.

Per page: native gives what the reference gives, as str and as bytes; nothing is lost; a second run changes nothing.
Over all pages: quality does not sink under the floors.
"""
import json
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

import hanflow
from fuzz import check_alignment
from invariants import line_ends_kept, may_hold_grid, nothing_lost
from reference import normalize as reference

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks" / "quality"))
import score  # noqa: E402

# The floors, per cent (names as in score.summary). Raise them when quality rises.
PAGES_FLOOR = {
    "paragraph_exact": 89,
    "heading_exact": 85,
    "legit_spaces_kept": 96,
    "vertical_exact": 77,
    "byline_exact": 96,
    "space_precision": 99.5,
    "join_precision": 99,
    "breaks_kept": 97,
    "content_preserved": 100,
}
SEED_FLOOR = {
    "space_precision": 99.5,
    "space_recall": 99.5,
    "legit_spaces_kept": 100,
    "breaks_kept": 99,
    "vertical_exact": 100,
    "byline_exact": 100,
    "paragraph_exact": 97,
    "content_preserved": 100,
}
CEILING = {"clean_boundaries_damaged": 0}  # of both

HERE = Path(__file__).parent
PAGES = HERE / "pages"
SEED = HERE.parents[1] / "shared" / "seed"
TYPESET = HERE.parents[1] / "shared" / "typeset" / "dev"


def names(folder):
    return sorted(path.name[:-len(".in.txt")] for path in folder.glob("*.in.txt")) if folder.is_dir() else []


def read(folder, name, ending):
    return (folder / (name + ending)).read_bytes().decode("utf8")


@lru_cache(maxsize=None)
def native(folder, name):
    return hanflow.normalize(read(folder, name, ".in.txt"))


ALL = [pytest.param(folder, name, id=name) for folder in (PAGES, SEED) for name in names(folder)]


@pytest.mark.parametrize("folder, name", ALL)
def test_native_is_reference(folder, name):
    assert native(folder, name) == reference(read(folder, name, ".in.txt"))


@pytest.mark.parametrize("folder, name", ALL)
def test_guarantees(folder, name):
    text = read(folder, name, ".in.txt")
    result = native(folder, name)
    assert hanflow.normalize(text.encode("utf8")) == result.encode("utf8")
    assert nothing_lost(text, result, reordered=may_hold_grid(text)) is None
    assert line_ends_kept(text, result) is None
    assert hanflow.normalize(result) == result


@pytest.mark.parametrize("folder, name", ALL)
def test_alignment(folder, name):
    text = read(folder, name, ".in.txt")
    assert check_alignment(text, {}, may_hold_grid(text)) is None


def check(title, folder, floors):
    total = Counter()
    for name in names(folder):
        total.update(score.score_doc(
            read(folder, name, ".in.txt"), read(folder, name, ".gold.txt"), native(folder, name), json.loads(read(folder, name, ".meta.json"))))
    score.show(title, total, classes=False)
    found = score.summary(total)[0]
    wrong = [f"{key}: {found[key]:.2f}, floor {floor}" for key, floor in floors.items() if found[key] < floor]
    wrong += [f"{key}: {found[key]:.4f}, ceiling {ceiling}" for key, ceiling in CEILING.items() if found[key] > ceiling]
    assert not wrong, f"{title}: " + "; ".join(wrong)


def test_pages_complete():
    assert len(names(PAGES)) == 128


def test_pages_quality():
    check("typeset pages", PAGES, PAGES_FLOOR)


@pytest.mark.skipif(not names(TYPESET), reason="no ../shared/typeset beside this checkout")
def test_all_typeset_pages_quality():
    check("all typeset pages", TYPESET, PAGES_FLOOR)


@pytest.mark.skipif(not names(SEED), reason="no ../shared/seed beside this checkout")
def test_seed_quality():
    check("real page", SEED, SEED_FLOOR)
