"""The weights and confidences of the core and of the reference are the same numbers, and fit.py can read and write them."""
import re
import sys
from pathlib import Path

import pytest

from reference import confidence, weights

ROOT = Path(__file__).resolve().parents[1]
QUALITY = ROOT / "benchmarks/quality"
ENDS = ("mid", "pause", "open", "close", "colon", "stop", "credit")


@pytest.fixture(scope="module")
def fit():
    if not QUALITY.is_dir():
        pytest.skip("needs the checkout")
    sys.path.insert(0, str(QUALITY))
    try:
        import fit
    finally:
        sys.path.remove(str(QUALITY))
    return fit


def test_weights_are_equal(fit):
    for (name, index), value in fit.read_weights().items():
        said = getattr(weights, name)
        if index is not None:
            said = said[ENDS[index]] if isinstance(said, dict) else said[index]
        assert said == value, name
    names = {name for name in vars(weights) if name.isupper()}
    assert names - {name for name, _ in fit.read_weights()} == {"MOST"}


def test_weights_are_twentieths():
    """The path is found in twentieths of a nat: no cost is rounded."""
    numbers = {name: list(said.values() if isinstance(said, dict) else said if isinstance(said, tuple) else (said,))
               for name, said in vars(weights).items() if name.isupper()}
    numbers["half of NO_INDENT"] = [weights.NO_INDENT // 2]
    assert {name for name, values in numbers.items() if any(value % 5 for value in values)} == set()


def test_weights_are_written_back(fit):
    read = fit.read_weights()
    for path, rewritten in ((fit.HEADER, fit.header_with), (fit.REFERENCE, fit.reference_with)):
        text = path.read_text(encoding="utf8")
        assert rewritten(text, read) == text
        changed = rewritten(text, {**read, ("OVER", None): 12345, ("LAST", 3): 54321})
        assert "12345" in changed and "54321" in changed


def test_confidences_are_equal():
    header = (ROOT / "native/src/decide/confidence.hpp").read_text(encoding="utf8")
    found = dict(re.findall(r"constexpr uint8_t (\w+) = (\d+);", header))
    assert {name: int(value) for name, value in found.items()} == {
        name: value for name, value in vars(confidence).items() if name.isupper() and isinstance(value, int)}
    odds = re.search(r"odds\[\] = (.*);", header)[1]
    assert tuple(tuple(map(int, pair)) for pair in re.findall(r"\{(\d+), (\d+)\}", odds)) == confidence.ODDS
