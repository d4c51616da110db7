"""The stage `opencc` against the package: never a difference, whatever the pre-check skips and the C interface is given.

    python tests/test_opencc.py [--texts 1000000]      random texts in every configuration, longer than pytest takes
"""
from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import warnings
from functools import lru_cache
from pathlib import Path

import opencc
import pytest

from hanflow import Normalizer
from hanflow import _opencc as stage

PAGES = sorted((Path(__file__).parent / "pages").glob("*.txt"))
NAMES = stage.names()
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
        # With a segmentation OpenCC drops what follows a NUL in its segment; what is between NULs is converted instead.
        for text in ["头发\0头髮，软件\0沈", "\0", "\0汉字", "a\0b", "頭" + "清" * 200 + "，\0覆" + "，清" * 200 + "發"]:
            expected = "\0".join(package(name)(part) for part in text.split("\0"))
            assert made(name)(text) == stage.Converter(name)(text) == expected
            assert made(name).batch([text.encode()]) == [expected.encode()]

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


class TestPreCheck:
    def test_it_is_used(self, name):
        """With the wheels of OpenCC that pyproject.toml allows nothing is amiss: otherwise this file would compare the package
        with itself."""
        made(name)("頭髮")
        assert made(name)._table is not None and made(name)._ascii_stays
        assert made(name)._library is not None or not sys.platform.startswith("linux")

    def test_of_phrases_only(self):
        converter = made("t2s")
        assert converter("清楚明白，沈默，乾隆") == package("t2s")("清楚明白，沈默，乾隆")
        table = converter._table
        text = "清楚明白，" * 30 + "回覆，" + "清楚明白，" * 30
        assert table.stretches(text, 0) == [(150, 153)]
        assert table.stretches(text.encode(), 0) == [(450, 459)]
        assert table.stretches("清楚明白，" * 30, 0) == []
        assert converter(text) == text[:150] + "回复，" + text[153:]

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

    def test_without_the_c_interface(self, monkeypatch):
        """Where the module exports none, the package converts what may change."""
        monkeypatch.setattr(stage, "_opened", lambda name: None)
        converter = stage.Converter("t2s")
        converter._until_table = 0
        text = "清楚明白，" * 30 + "回覆，" + "清楚明白\ud800，" * 30
        assert not differences("t2s", converter, [text.replace("\ud800", ""), "⿰氵頭"])
        assert converter("頭髮\0") == "头发\0"
        assert converter(text) == text.replace("覆", "复") and converter._table is not None and converter._library is None


FOLDER = Path(stage._data_folder())


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """A copy of what OpenCC has installed, to be changed."""
    folder = tmp_path / "clib"
    shutil.copytree(stage._package_folder(), folder)
    monkeypatch.setattr(stage, "_package_folder", lambda: str(folder))
    monkeypatch.setattr(stage, "_said", [])
    monkeypatch.setattr(stage, "_PAYS", 0)
    return folder


class TestNoFastPath:
    """What is installed decides, of whatever version. Where it will not do, that is said once, and the results are the package's."""

    def check(self, name, said):
        with pytest.warns(RuntimeWarning, match=rf"opencc [\d.]+: .*{said}.*Whole texts are converted by it") as caught:
            converter = stage.Converter(name)
            texts = ["头发，清楚\ud800头发", "abc", "頭髮", ""]
            assert [converter(text) for text in texts] == [stage_of(name, text) for text in texts]
            other = stage.Converter(name)
            assert other.batch(["头发".encode(), b"\xff\xe5"], preserve=True, threads=2) == [package(name)("头发").encode(), b"\xff\xe5"]
        assert len(caught) == 1
        assert converter._table is other._table is None

    def test_no_version_decides(self, installed, monkeypatch):
        monkeypatch.setattr(opencc, "__version__", "99.0")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            converter = stage.Converter("s2t")
            assert converter("头发" * 10) == "頭髮" * 10 and converter._table is not None

    def test_no_tool(self, installed):
        shutil.rmtree(installed / "bin")
        self.check("t2s", "it brings no tool opencc_dict")

    def test_no_configuration(self, installed):
        os.unlink(installed / "share/opencc/s2t.json")
        self.check("s2t", "s2t.json cannot be read")

    @pytest.mark.parametrize("change", [
        {"post_processing": []}, {"segmentation": {"type": "jieba", "dict": {"type": "ocd2", "file": "STPhrases.ocd2"}}},
        {"conversion_chain": [{"dict": {"type": "regex", "file": "x"}}]},
        {"conversion_chain": [{"dict": {"type": "ocd2", "file": "STPhrases.ocd2", "direction": "right"}}]}])
    def test_parts_that_are_not_known(self, installed, change):
        path = installed / "share/opencc/s2t.json"
        config = json.loads(path.read_text("utf8"))
        path.write_text(json.dumps({**config, **change}), "utf8")
        with pytest.raises(stage._NoFastPath, match="has parts that are not known"):
            stage._files_of("s2t")

    def test_a_dictionary_that_cannot_be_read(self, installed, monkeypatch):
        run = subprocess.run
        monkeypatch.setattr(stage.subprocess, "run", lambda command, **options: run(["false"], **options))
        self.check("t2s", "cannot be read")

    def test_dictionaries_that_tell_something_else(self, installed, monkeypatch):
        """As a future OpenCC might: what it does is not what its dictionaries say."""
        pairs = [(key, value) for key, value in stage._dictionaries("t2s") if key != "頭"]
        monkeypatch.setattr(stage, "_dictionaries", lambda name: pairs + [("頭", "頭")])
        self.check("t2s", "its results are not those that its dictionaries tell")

    def test_a_dictionary_with_ascii(self, monkeypatch):
        """No key is of ASCII only in the dictionaries of today; that is looked up, not believed."""
        monkeypatch.setattr(stage, "_PAYS", 0)
        read = stage._dictionaries
        monkeypatch.setattr(stage, "_dictionaries", lambda name: [*read(name), ("abc", "abc")])
        converter = stage.Converter("t2s")
        assert converter("abc") == "abc" and converter._table is not None and not converter._ascii_stays

    def test_a_file_in_the_working_directory(self, monkeypatch, tmp_path):
        """The package takes one with the configuration's name before its own."""
        (tmp_path / "t2s.json").write_text((FOLDER / "s2t.json").read_text("utf8").replace('"file": "', f'"file": "{FOLDER}/'), "utf8")
        monkeypatch.chdir(tmp_path)
        assert stage.Converter("t2s")("頭髮") == "头发"

    def test_workers_leave_it_to_their_parent(self, installed, monkeypatch):
        shutil.rmtree(installed / "bin")
        monkeypatch.setattr(stage, "parent_process", lambda: "a parent")
        assert stage.Converter("t2s")("頭髮") == "头发"


def stage_of(name, text):
    """What the package makes of a text; it knows no lone surrogates."""
    return "\ud800".join(package(name)(part) if part else "" for part in text.split("\ud800"))


ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif("HANFLOW_OPENCC" in os.environ, reason="is that run")
@pytest.mark.parametrize("which", ["oldest", "newest"])
def test_the_oldest_and_the_newest_that_is_allowed(which, tmp_path):
    """In a folder of its own, in front of what is installed."""
    oldest = re.search(r'"opencc>=([\d.]+)"', (ROOT / "pyproject.toml").read_text("utf8"))[1]
    wanted = f"opencc=={oldest}" if which == "oldest" else f"opencc>={oldest}"
    got = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                          "--target", tmp_path, wanted], capture_output=True, text=True)
    if got.returncode:
        pytest.skip(f"{wanted} cannot be installed here: {got.stderr.strip()[-200:]}")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "HANFLOW_OPENCC": which}
    version = subprocess.run([sys.executable, "-c", "import opencc; print(opencc.__version__, opencc.__file__)"], env=environment,
                             capture_output=True, text=True, check=True).stdout.split(None, 1)
    assert version[1].startswith(str(tmp_path)) and (which == "newest" or version[0] == oldest)
    if version[0] == opencc.__version__:
        return  # the tests above are those
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__], cwd=ROOT, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


class TestBatch:
    @pytest.mark.parametrize("threads", [1, 2, 5])
    def test_as_one_by_one(self, threads):
        texts = list(random_texts("s2twp", 20_000, 4))
        texts.append("".join(texts))
        right = [package("s2twp")(text) for text in texts]
        assert made("s2twp").batch(texts, threads=threads) == right
        assert made("s2twp").batch([text.encode() for text in texts], threads=threads) == [text.encode() for text in right]

    def test_bytes_that_are_not_utf8(self):
        data = b"\xff" + "回覆".encode() + b"\xe5\xa4" + "，頭".encode() + b"\xe6"
        right = b"\xff" + "回复".encode() + b"\xe5\xa4" + "，头".encode() + b"\xe6"
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
        from hanflow._opencc import converter
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
