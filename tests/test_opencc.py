"""The stage `opencc` against the package: never a difference, whatever the pre-check skips and the C interface is given.

    python tests/test_opencc.py [--texts 1000000]      random texts in every configuration, longer than pytest takes
"""
from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import opencc
import pytest

from hanflow import Normalizer
from hanflow import opencc as stage

PAGES = sorted((Path(__file__).parent / "pages").glob("*.txt"))
NAMES = stage.names()
KNOWN = opencc.__version__ in stage.VERSIONS
known = pytest.mark.skipif(not KNOWN, reason="needs a version whose sources have been read")
# What comes between words: cuts, neighbours that are in keys, what is in no key, ideographic descriptions, other planes.
BETWEEN = ["", "", "", "", "，", "。\n", " ", "　", "a", "B", "的", "一", "了", "沈", "瞭", "\u00b7", "\ufe00", "\U00020000", 
           "\U000e0100", "⿰", "\ue000", "清清楚楚" * 20]


@lru_cache(maxsize=None)
def package(name):
    return opencc.OpenCC(name).convert


@lru_cache(maxsize=None)
def words(name):
    """All keys and values of a configuration."""
    return [word for pair in stage._dictionaries(name) for word in pair]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@lru_cache(maxsize=None)
def made(name):
    """A converter that reads the dictionaries at once, whatever the length of the text."""
    converter = stage.Converter(name)
    if KNOWN:
        converter._until_table = 0
    return converter


def random_texts(name, count, seed):
    """Texts of one to forty words, `count` words in all."""
    rng = random.Random(f"{name} {seed}")
    choice, some = rng.choice, words(name)
    while count > 0:
        size = rng.choice((1, 2, 5, 40))
        count -= size
        # Descriptions keep a text whole: in most there shall be none.
        between = BETWEEN if rng.random() < 0.1 else [text for text in BETWEEN if text != "⿰"]
        yield "".join([choice(some) + choice(between) for _ in range(size)])


def differences(name, converter, texts):
    convert = package(name)
    right = [convert(text) for text in texts]
    return [text for text, result in zip(texts, right) if converter(text) != result] + [
        text for text, result, found in zip(texts, right, converter.batch([text.encode() for text in texts], threads=2))
        if found != result.encode()]


class TestAgainstThePackage:
    def test_every_key_and_value(self, name):
        assert not differences(name, made(name), words(name))
        assert not differences(name, made(name), ["，".join(words(name)), "".join(words(name)), "清".join(words(name))])

    def test_random_texts(self, name):
        assert not differences(name, made(name), list(random_texts(name, 100_000 // len(NAMES), 1)))

    def test_pages(self, name):
        pages = [path.read_text(encoding="utf-8") for path in PAGES]
        assert pages and not differences(name, made(name), [*pages, "\n".join(pages)])

    def test_nul(self, name):
        # With a segmentation OpenCC stops there until the segment ends: that is what "as the package" means.
        assert not differences(name, made(name), ["头发\0头髮，软件\0沈", "\0", "a\0b", "頭" + "清" * 200 + "，\0覆" + "，清" * 200 + "發"])

    @pytest.mark.parametrize("description", ["⿰氵頭", "⿱⿰頭髮發", "⿲髮，髮", "⿰" * 40 + "頭" * 41, "⿰髮", "⿾，頭"])
    def test_ideographic_descriptions(self, name, description):
        assert not differences(name, made(name), ["頭髮，" + description + "頭髮，" + "清" * 100 + "，発頭", description])

    def test_phrases_at_each_place_of_a_long_text(self, name):
        rest = "清，" * 50
        some = random.Random(3).sample(words(name), 40)
        texts = [rest[:at] + word + rest[at:] for word in some for at in (0, 1, 2, 49, 50, 98, 99, 100)]
        assert not differences(name, made(name), texts)

    def test_surrogates(self, name):
        convert = package(name)
        parts = ["头发", "頭髮，", "", "清" * 300 + "，沈"]
        text = "\ud800".join(parts) + "\udfff\ude00"
        assert made(name)(text) == "\ud800".join(convert(part) if part else "" for part in parts) + "\udfff\ude00"


@known
class TestPreCheck:
    def test_of_phrases_only(self):
        converter = made("t2s")
        assert converter("清楚明白，沈默，乾隆") == package("t2s")("清楚明白，沈默，乾隆")
        table = converter._table
        text = "清楚明白，" * 30 + "深沈，" + "清楚明白，" * 30
        assert table.stretches(text, 0) == [(150, 153)]
        assert table.stretches(text.encode(), 0) == [(450, 459)]
        assert table.stretches("清楚明白，" * 30, 0) == []
        assert converter(text) == text[:150] + "深沉，" + text[153:]

    def test_triggers_and_cuts_are_those_of_the_dictionaries(self, name):
        pairs = stage._dictionaries(name)
        triggers, keys = (set(chars) for chars in stage._characters(pairs))
        assert all(triggers & set(key) for key, value in pairs if key != value)
        assert keys == set("".join(key for key, _ in pairs))
        assert all(not key.isascii() for key, _ in pairs)  # ASCII texts are not looked at

    @pytest.mark.parametrize("name", ["t2s", "s2twp"])
    def test_stretches_are_parted_only_behind_what_is_in_no_key(self, name):
        converter = made(name)
        text = "".join(random_texts(name, 5000, 2)).replace("⿰", "")
        converter(text)
        keys = set(stage._characters(stage._dictionaries(name))[1])
        for source, decoded in ((text, lambda b, e: text[b:e]), (text.encode(), lambda b, e: text.encode()[b:e].decode())):
            stretches = converter._table.stretches(source, 100)
            assert len(stretches) > 10
            done = 0
            for begin, end in stretches:
                assert done <= begin < end
                done = end
                for cut in (begin, end):
                    assert cut in (0, len(source)) or decoded(0, cut)[-1] not in keys

    def test_the_same_object_where_nothing_changes(self):
        for text in ("清楚明白，沈，乾隆。" * 100, ("清楚明白，沈，乾隆。" * 100).encode()):
            assert made("t2s").batch([text])[0] is text

    def test_read_when_it_pays(self, monkeypatch):
        monkeypatch.setattr(stage, "_PAYS", 10)
        converter = stage.Converter("t2s")
        assert converter("頭髮" * 4) == "头发" * 4 and converter._table is None
        assert converter("頭髮") == "头发" and converter._table is not None

    def test_without_the_tool(self, monkeypatch, tmp_path):
        def broken(name):
            raise OSError("no tool")

        monkeypatch.setattr(stage, "_PAYS", 0)
        monkeypatch.setattr(stage, "_dictionaries", broken)
        converter = stage.Converter("t2s")
        assert converter("深沈，頭髮") == "深沉，头发" and converter._table is None
        assert converter.batch(["深沈", "頭髮".encode()], threads=2) == ["深沉", "头发".encode()]


class TestUnknownVersion:
    def test_all_goes_through_the_package(self, monkeypatch):
        monkeypatch.setattr(opencc, "__version__", "99.0")
        monkeypatch.setattr(stage, "_PAYS", 0)
        monkeypatch.setattr(stage, "_dictionaries", lambda name: pytest.fail("no pre-check for an unknown version"))
        converter = stage.Converter("s2t")
        assert converter._library is None
        for text in ("头发，清楚\ud800头发\0", "abc", "頭髮"):
            assert converter(text) == text.replace("头发", "頭髮")
        assert converter.batch(["头发".encode(), b"\xff\xe5"], preserve=True, threads=2) == ["頭髮".encode(), b"\xff\xe5"]
        assert converter._table is None


class TestBatch:
    @pytest.mark.parametrize("threads", [1, 2, 5])
    def test_as_one_by_one(self, threads):
        texts = list(random_texts("s2twp", 20_000, 4))
        texts.append("".join(texts))
        right = [package("s2twp")(text) for text in texts]
        assert made("s2twp").batch(texts, threads=threads) == right
        assert made("s2twp").batch([text.encode() for text in texts], threads=threads) == [text.encode() for text in right]

    def test_bytes_that_are_not_utf8(self):
        data = b"\xff" + "深沈".encode() + b"\xe5\xa4" + "，頭".encode() + b"\xe6"
        right = b"\xff" + "深沉".encode() + b"\xe5\xa4" + "，头".encode() + b"\xe6"
        assert made("t2s").batch([data, "頭"], preserve=True) == [right, "头"]

    def test_through_a_normalizer(self):
        off = {"unwrap": False, "vertical": False}
        n, plain = Normalizer(opencc="s2t", **off), Normalizer(**off)
        texts = ["头发 与 软件，" * 3000, "清楚", ""]
        right = [package("s2t")(plain(text)) for text in texts]
        assert n.batch(texts, threads=2) == right == [n(text) for text in texts]


def test_one_converter_for_a_process():
    assert stage.converter("t2s") is stage.converter("t2s")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork():
    # In a process of its own: pytest's has threads.
    code = """if True:
        import os
        from hanflow.opencc import converter
        first = converter("t2s")
        child = os.fork()
        if not child:
            os._exit(first("頭髮") != "头发" or converter("s2t")("头发") != "頭髮")
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def main():
    parser = argparse.ArgumentParser(description="Random texts of dictionary words in every configuration against the package.")
    parser.add_argument("--texts", type=int, default=1_000_000, help="how many words to put together (1000000)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for name in NAMES:
        converter, count, wrong = made(name), args.texts, []
        for part in range(0, count, 50_000):
            wrong += differences(name, converter, list(random_texts(name, min(50_000, count - part), f"{args.seed} {part}")))
        print(f"{name}: {count} words, {len(wrong)} differences {wrong[:1]}", flush=True)
        if wrong:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
