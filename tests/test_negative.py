"""Do no harm: texts that a careful editor would leave alone come out byte for byte (cases/negative/*.txt).

known_failures.json there names the texts that are still altered, each with the reason; one that passes is an error: take it off.
"""
import json
from pathlib import Path

import pytest

import hanflow
from reference import normalize as reference

FOLDER = Path(__file__).parent / "cases" / "negative"
KNOWN = json.loads((FOLDER / "known_failures.json").read_text(encoding="utf8"))
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


def params():
    def marks(name):
        return [pytest.mark.xfail(strict=True, reason=KNOWN[name])] if name in KNOWN else []
    return [pytest.param(name, id=name, marks=marks(name)) for name in NAMES]


@pytest.mark.parametrize("name", params())
def test_native_leaves_it_alone(name):
    data = (FOLDER / f"{name}.txt").read_bytes()
    assert hanflow.normalize(data.decode("utf8")).split("\n") == data.decode("utf8").split("\n")  # lines: pytest shows the first that differs
    assert hanflow.normalize(data) == data


@pytest.mark.parametrize("name", params())
def test_reference_leaves_it_alone(name):
    text = (FOLDER / f"{name}.txt").read_bytes().decode("utf8")
    assert reference(text).split("\n") == text.split("\n")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_explain(name):
    """No repair at all for a text that is left alone, and as many as it takes to alter one that is not."""
    text = (FOLDER / f"{name}.txt").read_bytes().decode("utf8")
    assert bool(hanflow.Normalizer().explain(text)) == (hanflow.normalize(text) != text)


def test_set_is_kept():
    assert len(NAMES) >= 40
    assert set(KNOWN) <= set(NAMES)
    assert all(reason.strip() for reason in KNOWN.values())
