"""Texts longer than one scan and one segment: native equals reference; and inputs that are nothing but one thing."""
import random
from pathlib import Path

import pytest

import hanflow
import strategies
from reference import normalize as reference

PAGES = [path.read_bytes().decode("utf8") for path in sorted((Path(__file__).parent / "pages").glob("*.in.txt"))]


def long_text(seed, size=120_000):
    """Pages and generated pages in random order, some without the blank lines that would part segments."""
    rng = random.Random(seed)
    parts, length = [], 0
    while length < size:
        part = rng.choice(PAGES) if rng.random() < 0.7 else strategies.random_page(rng).text
        if rng.random() < 0.4:
            part = "\n".join(line for line in part.split("\n") if line.strip())
        parts.append(part)
        length += len(part.encode("utf8"))
    return rng.choice(["\n", "", "\n\n\n\n\n", "\f"]).join(parts)


@pytest.mark.parametrize("seed", range(3))
def test_native_equals_reference(seed):
    text = long_text(seed)
    want = reference(text).split("\n")
    assert hanflow.normalize(text).split("\n") == want
    assert hanflow.normalize(text.encode("utf8")).decode("utf8").split("\n") == want


@pytest.mark.parametrize("seed", range(3, 9))
def test_fixed_point_and_replay(seed):
    text = long_text(seed)
    once = hanflow.normalize(text)
    assert hanflow.normalize(once).split("\n") == once.split("\n")
    at, out = 0, []
    for repair in hanflow.Normalizer().explain(text):
        out += [text[at:repair.start], repair.after]
        at = repair.end
    assert "".join(out + [text[at:]]) == once


@pytest.mark.parametrize("seed", range(4))
def test_whole_paragraphs(seed):
    """Lines wider than any column part segments sooner; here and there is one that was cut, or anything else."""
    rng = random.Random(seed)
    lines = []
    while len(lines) < 300:
        text = strategies.han(rng, rng.randint(20, 90)) + "，" + strategies.han(rng, rng.randint(20, 60)) + rng.choice("。。。，”")
        if rng.random() < 0.1:
            lines += strategies.random_page(rng).text.split("\n")[:12]
        elif rng.random() < 0.2:
            lines += [text[i:i + 20] for i in range(0, len(text), 20)]
        else:
            lines += [text] if rng.random() < 0.9 else [text, ""]
    page = "\n".join(lines)
    once = reference(page)
    assert hanflow.normalize(page).split("\n") == once.split("\n")
    assert hanflow.normalize(once) == once


def long_lines(rng):
    """Lines of more than a page has: solid, letter-spaced, of white space, of one kind of character."""
    parts = []
    for _ in range(rng.randint(1, 5)):
        kind = rng.random()
        if kind < 0.5:
            lines = (strategies.random_page(rng).text * rng.choice([1, 8, 30])).split("\n")
            parts.append(rng.choice(["", "", " ", "　", "，"]).join(lines))
        elif kind < 0.7:
            parts.append(rng.choice(" 　\t\f5５a江」，`\u0301ﾊ") * rng.randint(1000, 9000))
        elif kind < 0.8:
            parts.append(strategies.han(rng, rng.randint(10, 5000)) + " " * rng.choice([0, 3000, 9000]))
        else:
            parts.append(strategies.random_page(rng).text)
    return rng.choice(["\n", "\n\n", "\r\n"]).join(parts)


@pytest.mark.parametrize("seed", range(24))
def test_long_lines(seed):
    """They are cut into pieces, each decided like a line: so says the reference, and so does a stream."""
    rng = random.Random(seed)
    page = long_lines(rng)
    options = rng.choice([{}, {}, {"spacing": "all"}, {"compat": False}, {"width": "all"}, {"latin_gap": "insert"}, {"vertical": False}])
    once = reference(page, **options)
    assert hanflow.normalize(page, **options) == once
    assert hanflow.normalize(once, **options) == once
    stream = hanflow.Normalizer(**options).stream()
    cuts = sorted(rng.sample(range(len(page) + 1), 3))
    assert "".join(map(stream.feed, (page[a:b] for a, b in zip([0, *cuts], [*cuts, None])))) + stream.close() == once
    assert hanflow.replay(hanflow.Normalizer(**options).explain(page), page) == once


@pytest.mark.parametrize("gap", ["", " "])
def test_a_long_line_stays_one(gap):
    """Pieces are not lines: nothing comes between them, and what stands around is joined as with any paragraph."""
    paragraph = "清江是长江中游的支流，沿江各县守着一张蓝图。" * 1000
    page = f"{gap.join(paragraph)}\n河边的老街上，茶馆已经\n开了一百多年，今年又翻\n修了一次，街坊都来喝茶。\n"
    assert hanflow.normalize(page) == paragraph + "\n河边的老街上，茶馆已经开了一百多年，今年又翻修了一次，街坊都来喝茶。\n"


SOLID = "清江是长江中游的一条支流，全长四百余公里。近年来，沿江各县坚持一张蓝图绘到底，"


@pytest.mark.parametrize("text", [
    SOLID * 2000,  # one line, longer than a scan
    "清 江 是 长 江 的 支 流 ，" * 3000,
    "\n".join([SOLID * 30] * 40),
    "\r".join([SOLID[:18]] * 3000),
    "\r\n".join([SOLID[:18]] * 3000),
    "\n\n".join([SOLID[:17], "余公里。近年来，沿江各县坚持一张蓝"] * 1500),
    "大\n" * 3000,
    "大河\n" * 3000,
    "大 河\n" * 3000,
    "」" * 20000,
    "，\n" * 5000,
    " " * 50000,
    "\n" * 50000,
    "\t清" * 20000,
    "𠀀" * 20000,
    "５" * 20000,
    "abc " * 20000 + "清",
    "高 远 林 溪 " * 3000,
    "（高 远）" * 3000,
    "。 高 远 摄" * 2000,
    "1 " * 20000 + "清",
    "```\n" + "清 江\n" * 3000,
])
def test_monotonous(text):
    assert hanflow.normalize(text) == reference(text)


@pytest.mark.parametrize("head", ["", "江\n", "船开了。\n\n"])
def test_a_line_longer_than_a_portion(head):
    """With whole lines before it: a portion that holds these only must not be tried again and again."""
    long = "江 水 东 流 ，" * 100_000
    text = f"{head}{long}\n{head}{long}\n城\n"
    result = head + "江水东流，" * 100_000 + "\n"
    assert hanflow.normalize(text) == result * 2 + "城\n"
    assert hanflow.normalize(text.encode()).decode() == result * 2 + "城\n"


@pytest.mark.parametrize("seed", range(40))
def test_signs_anywhere(seed):
    """Signs that take a cell, at any place of a line: most are measured by masks, others character by character."""
    rng = random.Random(seed)
    text = strategies.random_page(rng, grids=seed % 5 == 0).text
    text = "".join(c + (rng.choice("℃①★㎡∶♪￡〒\ue000㈱⑴▲─") if rng.random() < 0.05 else "") for c in text)
    assert hanflow.normalize(text) == reference(text)
