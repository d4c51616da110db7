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
