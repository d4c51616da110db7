"""The helpers of the other tests: checks that cannot fail prove nothing."""
import random

import pytest
from hypothesis import HealthCheck, given, settings

import fuzz
import strategies as s
from invariants import canon, line_ends_kept, nothing_lost
from reference import tables


def test_canon_agrees_with_the_tables():
    """Two ways from the Unicode data to the table: unicodedata here, the generator's files there."""
    for cp in range(0x110000):
        c, target = chr(cp), tables.compat_target(cp)
        if target:
            assert canon(c, width=False) == chr(target), hex(cp)
        elif canon(c):
            assert canon(c, width=False) == c, hex(cp)
        if tables.char_class(cp) == tables.DROP:
            assert canon(c) == "", hex(cp)
        if tables.halfwidth_target(cp):
            assert canon(c) == canon(chr(tables.halfwidth_target(cp))), hex(cp)


@pytest.mark.parametrize("source, result", [
    ("清江水", "清水"), ("清江", "江清"), ("５．２％", "5.3%"), ("。", "."), ("——", "ー"), ("１", "\""), ("⼤", "太"), ("葛\U000e0100城", "葛城"),
    ("👨\u200d👩", "👨👩"), ("︰", ":"), ("①", "1"), ("…", "..."), ("ﬁ", "fi"), ("ｶﾞ", "カ")])
def test_a_loss_is_seen(source, result):
    assert nothing_lost(source, result)


@pytest.mark.parametrize("source, result", [
    ("清 江\n水", "清江水"), ("５．２％", "5.2%"), ("⼤⼒", "大力"), ("︽河图︾", "《河图》"), ("ｶﾞｲﾄﾞ", "ガイド"), ("\ufeff新\u200b闻\xad稿", "新闻稿"),
    ("里", "里"), ("￥１", "¥1"), ("a\x00b\f", "ab")])
def test_a_repair_is_no_loss(source, result):
    assert nothing_lost(source, result) is None


def test_options_narrow_the_table():
    assert nothing_lost("⼤", "大", {"compat": False})
    assert nothing_lost("\x00", "", {"compat": False})
    assert nothing_lost("５", "5", {"width": "none"})
    assert nothing_lost("︽", "《", {"width": "none"}) is None


def test_line_ends():
    assert line_ends_kept("a\r\nb\n", "ab\n") is None
    assert line_ends_kept("a\r\nb", "a\nb")
    assert line_ends_kept("a\nb", "ab\n")
    assert line_ends_kept("a b", "a\nb")


def test_random_pages_repeat():
    for seed in range(50):
        assert s.random_page(random.Random(seed), True, True) == s.random_page(random.Random(seed), True, True)


def test_random_pages_hold_everything():
    rng = random.Random(1)
    pages = [s.random_page(rng, grids=True, surrogates=True) for _ in range(2000)]
    assert {p.kind for page in pages for p in page.pieces} == set(s.GRID_BLOCKS)
    assert {d for page in pages for d in page.damages} == set(s.SURROGATE_DAMAGES)


def test_truth_of_pieces_is_their_content():
    rng = random.Random(2)
    for kind, make in s.GRID_BLOCKS.items():
        for _ in range(50):
            text, truth = make(rng)
            if truth is not None:
                assert nothing_lost(text, truth, reordered=kind == "grid") is None, kind


@settings(max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(s.pages(grids=True, surrogates=True), s.raw_texts(surrogates=True), s.options(), s.clean_texts(), s.broken_bytes())
def test_strategies_draw(page, text, options, clean, data):
    for source in (page.text, text, clean):
        assert fuzz.check_text(fuzz.identity, source, options, False) is None
    assert fuzz.check_bytes(fuzz.identity, data, options, False) is None


def test_fuzz_shrinks():
    assert fuzz.shrink(lambda x: "12" in x and "\n" in x, "abc 12 cd\n\nfoo\nbar" * 20) in ("12\n", "\n12")
    assert fuzz.shrink(lambda x: b"\xff" in x, b"abc\xff\n\xff") == b"\xff"


def test_fuzz_sees_a_broken_normalizer():
    def broken(change):
        return lambda x, **options: change(x) if isinstance(x, str) else change(x.decode("utf8")).encode("utf8")

    def promise(change, text="清江，\n水\n长", **more):
        wrong = fuzz.check_text(broken(change), text, {}, False, **more)
        return wrong and wrong[0]

    assert promise(lambda x: x) is None
    assert promise(lambda x: x[1:]) == "nothing lost"
    assert promise(lambda x: x + "\n") == "line ends"
    assert promise(lambda x: x.replace("\n", "", 1)) == "fixed point"
    assert promise(lambda x: x, reference=lambda x: x + " ") == "native == reference"
    assert fuzz.check_text(lambda x, **options: x if isinstance(x, str) else x + b" ", "a", {}, False)[0] == "str == bytes"
