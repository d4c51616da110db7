"""The guarantees of the contract over generated text (numbers as in the contract).

Deterministic: hypothesis draws the same examples in every run. Random ones are the business of fuzz.py.
"""
import itertools
import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import hanflow
import strategies as s
from fuzz import check_alignment, check_bytes_alignment
from invariants import line_ends_kept, may_hold_grid, nothing_lost, replay, utf8_ok
from reference import normalize as reference

CI = dict(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
many = settings(max_examples=250, **CI)
some = settings(max_examples=100, **CI)

SAMPLE = "清江是长江中游的一条支流，全长四百\n余 公 里 。近 年 来 ，沿 江 各 县 坚\n持一张蓝图绘到底，关停 12 家小散企业，修\n复岸线湿地。\n"
COMBINATIONS = [dict(zip(s.OPTIONS, values)) for values in itertools.product(*s.OPTIONS.values())]


def option_id(options):
    return "-".join(str(v) for v in options.values())


# ---------------------------------------------------------------- 1 nothing lost
@many
@given(s.texts(surrogates=True))
@example(SAMPLE)
def test_nothing_lost(text):
    result = hanflow.normalize(text)
    assert nothing_lost(text, result, reordered=may_hold_grid(text)) is None
    assert line_ends_kept(text, result) is None


@many
@given(s.texts(surrogates=True), s.options())
def test_nothing_lost_with_options(text, options):
    result = hanflow.normalize(text, **options)
    assert nothing_lost(text, result, options, reordered=may_hold_grid(text)) is None
    assert line_ends_kept(text, result) is None


@some
@given(s.pages(grids=True).filter(lambda page: page.has_grid))
def test_nothing_lost_in_grids(page):
    assert nothing_lost(page.text, hanflow.normalize(page.text), reordered=True) is None
    assert nothing_lost(page.text, hanflow.normalize(page.text, vertical=False)) is None


# ---------------------------------------------------------------- 2 fixed point
@many
@given(s.texts(grids=True, surrogates=True))
@example(SAMPLE)
def test_fixed_point(text):
    once = hanflow.normalize(text)
    assert hanflow.normalize(once) == once


@many
@given(s.texts(grids=True), s.options())
def test_fixed_point_with_options(text, options):
    once = hanflow.normalize(text, **options)
    assert hanflow.normalize(once, **options) == once


@pytest.mark.parametrize("lines", [6_000, 30_000])
def test_fixed_point_of_many_one_character_lines(lines):
    once = hanflow.normalize("\n".join(random.Random(1).choices("江城春水东流去", k=lines)))
    assert hanflow.normalize(once) == once


# ---------------------------------------------------------------- 3 one result
@many
@given(s.texts(grids=True, surrogates=True))
@example(SAMPLE)
def test_native_is_reference(text):
    assert hanflow.normalize(text) == reference(text)


@many
@given(s.texts(grids=True, surrogates=True), s.options())
def test_native_is_reference_with_options(text, options):
    assert hanflow.normalize(text, **options) == reference(text, **options)


# Characters whose width is in question, what stands beside them, and what makes a line be looked at by characters.
WIDTHS = [*"０１９ＡｚＺａ．％，：～－＋（）／＃＂", *"a1Z5-.%+:é", " ", "\u3000", "  ", *"汉字江水人一第月⼀⼯⾼𠀀\U0002F800アｱ①℃", *"。，、；“”—…\f", *"\n\n\n\n"]


@pytest.mark.parametrize("part", range(8))
def test_native_is_reference_on_mixed_widths(part):
    for seed in range(part * 250, part * 250 + 250):
        draw = random.Random(seed)
        alphabet = draw.sample(WIDTHS, draw.randint(4, len(WIDTHS))) + ["\n"] * 2 + draw.choice([[], [*"学生渡口雾散了" * 3]])
        text = "".join(draw.choices(alphabet, k=draw.choice([6, 30, 150, 600])))
        options = draw.choice([{}, draw.choice(COMBINATIONS)])
        assert hanflow.normalize(text, **options) == reference(text, **options), (seed, text, options)


@many
@given(s.texts(grids=True), s.options())
def test_str_is_bytes(text, options):
    want = hanflow.normalize(text, **options).encode("utf8")
    data = text.encode("utf8")
    assert hanflow.normalize(data, **options) == want
    assert bytes(hanflow.normalize(bytearray(data), **options)) == want
    assert bytes(hanflow.normalize(memoryview(data), **options)) == want
    assert hanflow.normalize(data, errors="preserve", **options) == want


@some
@given(st.lists(s.texts(grids=True, surrogates=True), max_size=5), s.options())
def test_batch_is_calls(texts, options):
    normalizer = hanflow.Normalizer(**options)
    want = [hanflow.normalize(text, **options) for text in texts]
    assert [normalizer(text) for text in texts] == want
    assert normalizer.batch(texts) == want
    data = [text.encode("utf8") for text in texts if utf8_ok(text)]
    assert normalizer.batch(data) == [normalizer(x) for x in data]


@pytest.mark.parametrize("options", COMBINATIONS, ids=option_id)
def test_every_combination_of_options(options):
    """All guarantees, all combinations, on the same few pages."""
    rng = random.Random(384)
    for text in [SAMPLE] + [s.random_page(rng, surrogates=True).text for _ in range(2)]:
        result = hanflow.normalize(text, **options)
        assert nothing_lost(text, result, options, reordered=may_hold_grid(text)) is None
        assert line_ends_kept(text, result) is None
        assert hanflow.normalize(result, **options) == result
        assert result == reference(text, **options)


# ---------------------------------------------------------------- 5 traceable
@many
@given(s.texts(grids=True, surrogates=True), s.options())
@example(SAMPLE, {})
def test_repairs_replay(text, options):
    normalizer = hanflow.Normalizer(**options)
    repairs = normalizer.explain(text)
    assert replay(text, repairs) == normalizer(text)
    assert all(r.rule in ("compat", "width", "spacing", "vertical", "unwrap") for r in repairs)
    assert all(options.get(r.rule) not in (False, "none") or r.rule == "spacing" for r in repairs)  # latin_gap acts as spacing


@some
@given(s.texts(grids=True))
def test_repairs_replay_on_bytes(text):
    data = text.encode("utf8")
    assert replay(data, hanflow.Normalizer().explain(data)) == hanflow.normalize(data)


@many
@given(s.texts(grids=True, surrogates=True), s.options())
@example(SAMPLE, {})
@example("甲 乙\n丙 丁\n戊 己\n", {})
def test_alignment(text, options):
    assert check_alignment(text, options, may_hold_grid(text)) is None


@some
@given(s.texts(), st.sampled_from(["s2t", "s2twp", "t2s"]))
def test_alignment_through_opencc(text, opencc):
    assert check_alignment(text, {"opencc": opencc}, may_hold_grid(text)) is None


# ---------------------------------------------------------------- 6 no surprises
@settings(max_examples=400, **CI)
@given(s.clean_texts())
def test_clean_text_is_unchanged(text):
    assert hanflow.normalize(text) == text
    assert reference(text) == text
    assert hanflow.Normalizer().explain(text) == []


# ---------------------------------------------------------------- bytes that are not UTF-8
@many
@given(s.broken_bytes())
@example(b"\xe6\xb8\x85\xe6\xb1")
@example(b"\xed\xa0\x80")
def test_strict_names_the_range_that_python_names(data):
    try:
        text = data.decode("utf8")
    except UnicodeDecodeError as error:
        with pytest.raises(UnicodeDecodeError) as caught:
            hanflow.normalize(data)
        assert (caught.value.start, caught.value.end, caught.value.reason) == (error.start, error.end, error.reason)
        assert caught.value.object == data
    else:
        assert hanflow.normalize(data) == hanflow.normalize(text).encode("utf8")


@many
@given(s.broken_bytes())
def test_preserve_keeps_every_byte(data):
    result = hanflow.normalize(data, errors="preserve")
    before, after = (x.decode("utf8", "surrogateescape") for x in (data, result))
    assert nothing_lost(before, after, reordered=may_hold_grid(before)) is None
    assert hanflow.normalize(result, errors="preserve") == result


@many
@given(s.broken_bytes(), s.options())
def test_alignment_of_bytes_that_are_kept(data, options):
    assert check_bytes_alignment(data, options) is None
