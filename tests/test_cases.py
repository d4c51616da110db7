"""The contract, case by case (cases/contract.jsonl), and cases of our own where it is silent (cases/own.jsonl: what a rule
repairs, and what it must not touch): native as str and as bytes, and the reference.

cases/known_failures.json names the cases that fail, each with its reason. A listed case that passes is an error:
take it off the list.
"""
import json
from pathlib import Path

import pytest

import hanflow
from reference import normalize as reference

HERE = Path(__file__).parent
CONTRACT = HERE / "cases" / "contract.jsonl"
OWN = HERE / "cases" / "own.jsonl"
CASES = [json.loads(line) for path in (CONTRACT, OWN) for line in path.read_text(encoding="utf8").splitlines()]
KNOWN = json.loads((HERE / "cases" / "known_failures.json").read_text(encoding="utf8"))


def params(cases):
    def marks(case):
        return [pytest.mark.xfail(strict=True, reason=KNOWN[case["id"]])] if case["id"] in KNOWN else []
    return [pytest.param(case, id=case["id"], marks=marks(case)) for case in cases]


@pytest.mark.parametrize("case", params(CASES))
def test_native(case):
    assert hanflow.normalize(case["in"], **case["options"]) == case["out"], case["why"]
    assert hanflow.normalize(case["in"].encode("utf8"), **case["options"]) == case["out"].encode("utf8"), case["why"]


@pytest.mark.parametrize("case", params(c for c in CASES if "opencc" not in c["options"]))
def test_reference(case):
    assert reference(case["in"], **case["options"]) == case["out"], case["why"]


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in CASES])
def test_fixed_point(case):
    """Holds for known failures too."""
    once = hanflow.normalize(case["in"], **case["options"])
    assert hanflow.normalize(once, **case["options"]) == once


def test_known_failures_exist():
    assert set(KNOWN) <= {case["id"] for case in CASES}
    assert all(reason.strip() for reason in KNOWN.values())


def test_ids_are_unique():
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))


def test_copy_is_current():
    shared = HERE.parents[1] / "shared" / "cases" / "cases.jsonl"
    if not shared.exists():
        pytest.skip("no ../shared beside this checkout")
    assert shared.read_bytes() == CONTRACT.read_bytes(), "copy ../shared/cases/cases.jsonl to tests/cases/contract.jsonl"
