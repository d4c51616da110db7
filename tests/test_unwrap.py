"""How the reference finds the measures of a block and the path through its lines."""
from pathlib import Path

import pytest

from reference import normalize, unwrap, weights
from reference.columns import FAR, Vote, peaks

PAGES = sorted((Path(__file__).parent / "pages").glob("*.in.txt"))


def vote(low, high, exact, weight=2, lines=1):
    return Vote(low, high, weight, lines, True, exact)


def test_measure_is_what_most_lines_vote_for():
    """Lines of 72, 70 and 72 q, each cut before a Han."""
    assert peaks([vote(72, 76, 72), vote(70, 74, 70), vote(72, 76, 72)]) == [72]


def test_of_equal_measures_the_one_that_more_lines_fill():
    # All three vote for 74 and for 76, but only one is 76 wide.
    assert peaks([vote(74, 78, 74), vote(76, 80, 76), vote(74, 78, 74)]) == [76]
    assert peaks([vote(70, 80, 72), vote(70, 80, 76), vote(70, 80, 76)]) == [76]
    assert peaks([vote(70, 80, 76), vote(70, 80, 72)]) == [72]  # ... then the narrower one


def test_measure_is_filled_by_a_line():
    assert peaks([vote(72, 76, None), vote(72, 76, None)]) == []


def test_vote_counts_for_one_measure_and_measures_stand_apart():
    assert peaks([vote(72, 76, 72)] * 3 + [vote(78, 82, 78)] * 2) == [72, 78]
    assert peaks([vote(72, 76, 72)] * 3 + [vote(76, 80, 76)] * 2) == [72]  # 4 q are no distance
    assert peaks([vote(72, 90, 72)] * 3 + [vote(74, 90, 80)]) == [80]  # all vote for 80
    assert FAR == 6


def test_one_vote_of_a_spaced_line_is_no_measure():
    assert peaks([vote(72, 76, 72, weight=1)]) == []
    assert peaks([vote(72, 76, 72)]) == [72]


def test_measures_are_neither_narrower_nor_wider_than_a_column():
    assert peaks([vote(30, 36, 30), vote(258, 262, 258)] * 2) == []
    assert peaks([vote(32, 36, 32), vote(256, 260, 256)]) == [32, 256]


@pytest.fixture(scope="module")
def mix():
    if not PAGES:
        pytest.skip("needs the pages")
    return "\n".join(path.read_bytes().decode("utf8").strip() for path in PAGES[:40])


def test_blocks_decide_as_the_whole_does(mix, monkeypatch):
    """Warm-up and read-ahead are long enough for pages."""
    want = normalize(mix)
    monkeypatch.setattr(unwrap, "BLOCK", len(mix))
    assert normalize(mix) == want


def test_no_state_that_is_given_up_was_needed(mix, monkeypatch):
    want = normalize(mix)
    monkeypatch.setattr(unwrap, "FORGOTTEN", 10 ** 9)
    monkeypatch.setattr(unwrap, "MOST_JOINT", 10 ** 9)
    assert normalize(mix) == want


def test_costs_leave_five_of_sixteen_bits():
    """The dearest step from the dearest state, in twentieths."""
    ends = max(*weights.GOES_ON.values(), *weights.LAST.values(), *weights.ALONE.values(),
               *(weights.FREE + cost for cost in weights.FREE_END.values()))
    measure = weights.SUPPORT_NEAR[0] + weights.SUPPORT_SHARE[0] + weights.WIDE_LINES + weights.VERSE_COLUMN + weights.DOUBT[-1] + weights.UNENDED
    switch = max(weights.FREE_JOIN + weights.LEAVE, weights.SWITCH_INSIDE, weights.SWITCH_BETWEEN)
    dearest = (unwrap.FORGOTTEN + unwrap.MOST_JOINT + switch + measure + weights.MOST + weights.NO_INDENT + weights.HEADING_CUT + ends)
    assert dearest // 5 < 2 ** 11 - 1
