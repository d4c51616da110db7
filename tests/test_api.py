"""The Python surface: normalize, Normalizer, batch, explain. Expectations are typed by hand."""
import copy
import os
import pickle
import random
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hanflow
import strategies
from hanflow import Normalizer, Repair, normalize
from hanflow._explain import _with_conversion

# A damaged text and what it becomes: a letter-spaced line, full-width digits, a Kangxi radical, gaps before marks.
DAMAGED = "全 市 新 增 ２０ 条 ⽔ 渠 ，长 度 翻 番 。"
REPAIRED = "全市新增20条水渠，长度翻番。"
CLEAN = "渡口的灯亮了。"


def replay(text, repairs):
    """The source with the repairs applied; they must come in order and name what they replace."""
    parts, at = [], 0
    for repair in repairs:
        assert at <= repair.start <= repair.end
        assert text[repair.start:repair.end] == repair.before
        parts += [text[at:repair.start], repair.after]
        at = repair.end
    return text[:0].join([*parts, text[at:]])


class Text(str):
    def __str__(self):
        return "something else"


class TestCall:
    def test_str_gives_str(self):
        assert normalize(DAMAGED) == REPAIRED

    def test_bytes_give_bytes(self):
        assert normalize(DAMAGED.encode()) == REPAIRED.encode()

    @pytest.mark.parametrize("kind", [bytearray, memoryview, lambda b: memoryview(bytearray(b))])
    def test_bytes_like_gives_bytes(self, kind):
        result = normalize(kind(DAMAGED.encode()))
        assert type(result) is bytes
        assert result == REPAIRED.encode()

    def test_strided_view(self):
        data = bytes(2 * len(CLEAN.encode()))
        view = memoryview(bytearray(data))[::2]
        view[:] = CLEAN.encode()
        assert normalize(view) == CLEAN.encode()

    @pytest.mark.parametrize("text", [CLEAN, CLEAN.encode(), "", b"", "plain ASCII", b"plain ASCII", "\n", " \t\n"])
    def test_unchanged_is_the_same_object(self, text):
        assert normalize(text) is text

    def test_unchanged_buffer_is_a_copy(self):
        data = bytearray(CLEAN.encode())
        result = normalize(data)
        data[:] = b"x"
        assert result == CLEAN.encode()

    def test_subclass_of_str_gives_plain_str(self):
        result = normalize(Text(CLEAN))
        assert type(result) is str
        assert result == CLEAN

    @pytest.mark.parametrize("text", ["caf\xe9", "\U00020000\U0001F469‍\U0001F680", "a\0b", "\xa9 2026"])
    def test_every_storage_of_str(self, text):
        """Latin-1, four-byte and NUL."""
        assert normalize(text) is text

    def test_options(self):
        assert normalize("立 足 本 职", spacing="none") == "立 足 本 职"
        assert normalize("使用 Python 3 处理", latin_gap="remove") == "使用Python 3处理"
        assert normalize("使用Python处理", latin_gap="insert") == "使用 Python 处理"
        assert normalize("２０２６年", width="none") == "２０２６年"
        assert normalize("⼤江", compat=False) == "⼤江"
        assert normalize("春\n潮\n涌\n动\n", vertical=False, unwrap=False) == "春\n潮\n涌\n动\n"
        assert normalize("春\n潮\n涌\n动\n２ 月", min_confidence=100) == "春\n潮\n涌\n动\n2 月"


class TestNormalizer:
    def test_equality_and_hash(self):
        assert Normalizer() == Normalizer(width="contextual")
        assert hash(Normalizer()) == hash(Normalizer(errors="strict"))
        assert Normalizer() != Normalizer(width="all")
        assert Normalizer() != "Normalizer()"
        assert len({Normalizer(), Normalizer(), Normalizer(compat=False)}) == 2

    def test_repr_shows_what_differs_from_the_default(self):
        assert repr(Normalizer()) == "Normalizer()"
        assert repr(Normalizer(unwrap=False, width="all")) == "Normalizer(width='all', unwrap=False)"

    def test_repr_evaluates_to_an_equal_one(self):
        n = Normalizer(opencc="s2t", errors="preserve", latin_gap="keep")
        assert eval(repr(n)) == n

    def test_options_as_a_dict(self):
        n = Normalizer(spacing="all")
        assert n.options == {"compat": True, "width": "contextual", "spacing": "all", "latin_gap": "auto", "vertical": True,
                             "unwrap": True, "min_confidence": 0, "opencc": None, "errors": "strict"}
        assert Normalizer(**n.options) == n
        n.options["spacing"] = "none"
        assert n.options["spacing"] == "all"

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, protocol):
        n = Normalizer(width="alnum", opencc="t2s")
        again = pickle.loads(pickle.dumps(n, protocol))
        assert again == n
        assert again("頭髮") == "头发"

    def test_copies_are_the_object_itself(self):
        n = Normalizer()
        assert copy.copy(n) is n
        assert copy.deepcopy([n])[0] is n

    def test_immutable(self):
        n = Normalizer()
        with pytest.raises(AttributeError, match="immutable"):
            n.width = "all"
        with pytest.raises(AttributeError):
            n._core = None
        with pytest.raises(AttributeError):
            del n._core
        assert n.options["width"] == "contextual"

    def test_keywords_only(self):
        with pytest.raises(TypeError):
            Normalizer(False)


class TestBatch:
    def test_order_and_types(self):
        assert Normalizer().batch([DAMAGED, CLEAN.encode(), "", bytearray(b"x")]) == [REPAIRED, CLEAN.encode(), "", b"x"]

    def test_any_iterable(self):
        assert Normalizer().batch(text for text in ("a", "b")) == ["a", "b"]
        assert Normalizer().batch(()) == []

    def test_unchanged_items_are_the_same_objects(self):
        items = [CLEAN, CLEAN.encode()]
        results = Normalizer().batch(items)
        assert results is not items
        assert results[0] is items[0] and results[1] is items[1]

    @pytest.mark.parametrize("threads", [None, 1, 2, 7])
    def test_threads_keep_the_order(self, threads):
        texts = [f"第{i}号：{CLEAN * 300}" for i in range(3000)]
        assert Normalizer().batch(texts, threads=threads) == texts

    def test_more_items_than_one_group(self):
        texts = [str(i) for i in range(40000)]
        assert Normalizer().batch(texts) == texts

    def test_lone_surrogates(self):
        assert Normalizer().batch(["\ud800", "江\udfff"]) == ["\ud800", "江\udfff"]

    @pytest.mark.parametrize("threads", [1, 4])
    def test_an_error_names_the_item(self, threads):
        items = [CLEAN.encode() * 100] * 5000
        items[4321] = "江".encode() + b"\xff"
        with pytest.raises(UnicodeDecodeError) as caught:
            Normalizer().batch(items, threads=threads)
        assert (caught.value.start, caught.value.end) == (3, 4)
        assert "item 4321 of the batch" in "".join(getattr(caught.value, "__notes__", [caught.value.reason]))

    @pytest.mark.parametrize("threads", [1, 2, 7])
    def test_each_as_alone(self, threads):
        n = Normalizer(opencc="s2t", errors="preserve")
        data = DAMAGED.encode()
        texts = [CLEAN, DAMAGED, data, bytearray(data), "", b"", "ab", "⼤江\ud800", b"\xff" + data, "caf\xe9"]
        items = [texts[i % 10] * (1 + i % 7) for i in range(20_020)]
        assert n.batch(items, threads=threads) == [n(item) for item in items[:70]] * (20_020 // 70)

    @pytest.mark.parametrize("threads", [2, 5])
    def test_a_large_text_among_small_ones(self, threads):
        large = (DAMAGED + "\n\n") * 100_000
        items = [DAMAGED] * 3000 + [large, large.encode()] + [CLEAN] * 3000
        repaired = (REPAIRED + "\n\n") * 100_000
        assert Normalizer().batch(items, threads=threads) == [REPAIRED] * 3000 + [repaired, repaired.encode()] + [CLEAN] * 3000

    def test_the_first_of_several_errors(self):
        items = [CLEAN.encode() * 10] * 40_000
        for i in range(7001, 40_000, 1000):
            items[i] = b"\xff"
        for _ in range(10):
            with pytest.raises(UnicodeDecodeError) as caught:
                Normalizer().batch(items, threads=4)
            assert caught.value.batch_index == 7001

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    def test_after_a_fork(self):
        script = ("import os, hanflow\n"
                  "n, texts = hanflow.Normalizer(), ['渡口的灯亮了。' * 100] * 2000\n"
                  "for _ in range(3):\n"
                  "    assert n.batch(texts, threads=3) == texts\n"
                  "    child = os.fork()\n"
                  "    if not child: os._exit(0 if n.batch(texts, threads=3) == texts else 1)\n"
                  "    assert os.waitpid(child, 0)[1] == 0\n")
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

    def test_one_text_is_no_batch(self):
        for text in ("abc", b"abc", bytearray(b"abc")):
            with pytest.raises(TypeError, match="not one"):
                Normalizer().batch(text)

    def test_wrong_item(self):
        with pytest.raises(TypeError, match="item 2 of the batch must be str or bytes-like, not float"):
            Normalizer().batch(["a", None, float("nan")])
        with pytest.raises(TypeError, match="batch\\(\\) wants a sequence of texts, not NoneType"):
            Normalizer().batch(None)

    @pytest.mark.parametrize("opencc, text", [(None, CLEAN), ("t2s", "頭髮")])
    @pytest.mark.parametrize("threads", [1, 4])
    @pytest.mark.parametrize("errors", ["strict", "preserve"])
    def test_none_stays_in_its_place(self, opencc, text, threads, errors):
        n = Normalizer(opencc=opencc, errors=errors)
        items = [None, DAMAGED, None, text.encode(), None, bytearray(b"a"), text]
        assert n.batch(items * 20_000, threads=threads) == [item if item is None else n(item) for item in items] * 20_000
        assert n.batch([None]) == [None] and n.batch(iter([None, ""])) == [None, ""]

    def test_the_place_of_a_bad_item_behind_none(self):
        with pytest.raises(UnicodeDecodeError) as caught:
            Normalizer().batch([None, b"a", None, b"\xff"])
        assert caught.value.batch_index == 3

    def test_wrong_threads(self):
        with pytest.raises(ValueError, match="threads must be None or at least 1, not 0"):
            Normalizer().batch(["a"], threads=0)
        with pytest.raises(TypeError, match="threads must be None or an int, not str"):
            Normalizer().batch(["a"], threads="2")


class TestThreads:
    def test_one_normalizer_in_many_threads(self):
        n = Normalizer()
        texts = [f"{i}号泊位{CLEAN}" * (1 + i % 50) for i in range(200)]
        damaged = [DAMAGED, DAMAGED.encode()]
        wrong, barrier = [], threading.Barrier(8)

        def hammer():
            barrier.wait()
            for _ in range(20):
                for text in texts:
                    if n(text) != text or n(text.encode()) != text.encode():
                        wrong.append(text)
                for text in damaged:
                    if replay(text, n.explain(text)) != n(text):
                        wrong.append(text)
                if n.batch(texts) != texts:
                    wrong.append("batch")

        threads = [threading.Thread(target=hammer) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


class TestExplain:
    def test_nothing_to_repair(self):
        assert Normalizer().explain(CLEAN) == []
        assert Normalizer().explain(b"") == []

    def test_positions_in_code_points(self):
        text = "\U00020000⼤江２桥"
        first, second = Normalizer().explain(text)
        assert (first.rule, first.start, first.end, first.before, first.after) == ("compat", 1, 2, "⼤", "大")
        assert (second.rule, second.start, second.end, second.before, second.after) == ("width", 3, 4, "２", "2")
        assert 0 <= first.confidence <= 100

    def test_positions_in_bytes(self):
        text = "\U00020000⼤江２桥".encode()
        first, second = Normalizer().explain(text)
        assert (first.rule, first.start, first.end, first.before, first.after) == ("compat", 4, 7, "⼤".encode(), "大".encode())
        assert (second.rule, second.start, second.end, second.before, second.after) == ("width", 10, 13, "２".encode(), b"2")

    @pytest.mark.parametrize("opencc", [None, "s2t", "s2twp"])
    def test_replay_gives_the_result(self, opencc):
        n = Normalizer(opencc=opencc)
        for text in (DAMAGED, "头 发 ⼤ 风 ，软\n件 和 鼠 标\n２０ 条 。\n", "鼠标里的软件\ud800打印机坏了", CLEAN):
            assert replay(text, n.explain(text)) == n(text)
        n = Normalizer(opencc=opencc, errors="preserve")
        data = "软件\n".encode() + b"\xff" + "头发 ，打印机".encode() + b"\xed\xa0\x80"
        assert replay(data, n.explain(data)) == n(data)

    def test_confidence(self):
        """What is left out is what explain says less of; the rest of the text stays evidence."""
        everything = Normalizer().explain(DAMAGED)
        assert {r.confidence for r in everything if r.rule in ("compat", "width")} <= {100}
        assert any(r.confidence < 100 for r in everything)
        for least in (60, 90, 96, 100):
            n = Normalizer(min_confidence=least)
            found = n.explain(DAMAGED)
            assert all(r.confidence >= least for r in found)
            assert replay(DAMAGED, found) == n(DAMAGED)
        assert Normalizer(min_confidence=100)(CLEAN) is CLEAN

    def test_confidence_of_a_join_follows_its_evidence(self):
        """A line end that parts a word at the measure is surer than one behind a sentence that fills its line."""
        text = ("江州港口的新泊位昨天启用，一艘\n货轮在拖轮的协助下靠了岸，港区\n里的吊机转动起来，货箱被一个个\n吊上卡车运走了，"
                "工人们都很高兴。\n今年以来，港口的吞吐量比去年增\n长了两成。\n")
        sure = {r.start: r.confidence for r in Normalizer().explain(text) if r.rule == "unwrap"}
        assert sure[text.index("艘") + 1] > 95
        behind_sentence = text.index("高兴。") + 3
        assert sure.get(behind_sentence, 0) < sure[text.index("艘") + 1]

    @pytest.mark.parametrize("text, before, evidence", [
        ("⼤江", "⼤", "a radical in the place of an ideograph"),
        ("渡口︽灯︾", "︽", "a form for vertical text"),
        ("渡\u200b口", "\u200b", "an invisible character or stray control"),
        ("增长２成", "２", "a full-width letter or digit"),
        ("增长５．２％", "％", "a full-width mark at a letter or digit"),
        ("江 边 的 渡 口 今 天", " ", "the line is letter-spaced"),
        ("渡口的灯 ，亮了", " ", "it stands at a CJK mark"),
        ("春\n潮\n涌\n动", "\n", "one of 4 lines of one character"),
    ])
    def test_evidence(self, text, before, evidence):
        assert {r.evidence for r in Normalizer().explain(text) if r.before == before} == {evidence}
        assert {r.evidence for r in Normalizer().explain(text.encode()) if r.before == before.encode()} == {evidence}

    def test_evidence_that_an_option_is(self):
        assert {r.evidence for r in Normalizer(spacing="all").explain("渡口 的灯")} == {"an option asks for it"}
        assert {r.evidence for r in Normalizer(latin_gap="insert").explain("渡口A灯")} == {"an option asks for it"}

    def test_evidence_of_a_join(self):
        """What speaks for it, and what against it."""
        text = ("　　江州港口的新泊位昨天启用，\n一艘货轮在拖轮的协助下靠了岸。\n港区里的吊机转动起来，货箱被一\n个个吊上卡车运走了，工人们都很\n"
                "高兴。\n　　今年以来，港口的吞吐量比去\n年增长了两成。\n")
        said = {r.start: r.evidence for r in Normalizer().explain(text) if r.rule == "unwrap"}
        assert said[text.index("被一") + 2] == (
            "the line fills its column of 15 cells, no mark ends it, a word stands across the line end")
        assert said[text.index("靠了岸。") + 4] == (
            "the line fills its column of 15 cells, the next line is not indented; although a sentence ends there")

    def test_no_repair_is_without_evidence(self):
        for seed in range(300):
            text = strategies.random_page(random.Random(seed), grids=True).text
            for options in ({}, {"latin_gap": "insert", "width": "all"}, {"min_confidence": 90}, {"spacing": "all"}):
                n = Normalizer(**options)
                assert all(r.evidence and "{" not in r.evidence for r in n.explain(text))

    @pytest.mark.parametrize("value", [-1, 101, 95.0, "95", True, None])
    def test_min_confidence_of_a_wrong_kind(self, value):
        with pytest.raises(ValueError, match="min_confidence must be an int from 0 to 100"):
            Normalizer(min_confidence=value)
        with pytest.raises(ValueError, match="min_confidence"):
            normalize("文", min_confidence=value)

    def test_opencc_stretches(self):
        assert Normalizer(opencc="s2t").explain("好头发，好软件") == [
            ("opencc", 1, 3, "头发", "頭髮", 100, "OpenCC converts it"),
            ("opencc", 5, 6, "软", "軟", 100, "OpenCC converts it"),
        ]

    def test_opencc_across_other_repairs(self):
        """A phrase that converts as a whole is shared out over what was cut, and a repair's own text is converted."""
        convert = {"软件长大": "軟體長大"}.__getitem__
        found = [Repair("unwrap", 1, 2, "\n", "", 90), Repair("compat", 3, 4, "⻓", "长", 80), Repair("compat", 4, 5, "⼤", "大", 80)]
        assert _with_conversion("软\n件⻓⼤", found, convert) == [
            ("opencc", 0, 1, "软", "軟", 100, "OpenCC converts it"),
            ("unwrap", 1, 2, "\n", "", 90, ""),
            ("opencc", 2, 3, "件", "體", 100, "OpenCC converts it"),
            ("compat", 3, 4, "⻓", "長", 80, ""),
            ("compat", 4, 5, "⼤", "大", 80, ""),
        ]

    @given(st.text("abXY", max_size=12), st.text("abX", max_size=12), st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["", "b", "XX"]))))
    def test_opencc_replays_whatever_it_does(self, text, target, marks):
        ends = sorted({min(at, len(text)) for at, _ in marks})
        found = [Repair("width", begin, end, text[begin:end], after, 50) for begin, end, (_, after) in zip(ends[::2], ends[1::2], marks)]
        if replay(text, found):
            assert replay(text, _with_conversion(text, found, lambda repaired: target)) == target

    def test_wrong_type(self):
        with pytest.raises(TypeError, match="text must be str or bytes-like, not int"):
            Normalizer().explain(5)


class TestOpencc:
    def test_str_and_bytes(self):
        assert normalize("头发展开", opencc="s2t") == "頭髮展開"
        assert normalize("头发展开".encode(), opencc="s2t") == "頭髮展開".encode()

    def test_unchanged_is_the_same_object(self):
        for text in ("江上", "江上".encode(), "ascii", b"ascii"):
            assert normalize(text, opencc="s2t") is text

    def test_nul_and_lone_surrogates(self):
        assert normalize("头发\0头发", opencc="s2t") == "頭髮頭髮"  # a stray control: compat drops it
        assert normalize("头发\0头发", opencc="s2t", compat=False) == "頭髮\0頭髮"
        assert normalize("头发\ud800头发\udfff", opencc="s2t") == "頭髮\ud800頭髮\udfff"

    def test_invalid_bytes_are_preserved(self):
        data = b"\xff" + "头发".encode() + b"\xe5\xa4" + "头发".encode()
        assert normalize(data, opencc="s2t", errors="preserve") == b"\xff" + "頭髮".encode() + b"\xe5\xa4" + "頭髮".encode()

    def test_batch(self):
        assert Normalizer(opencc="s2t").batch(["头发", "发展".encode()]) == ["頭髮", "發展".encode()]

    def test_phrase_cut_by_a_gap_converts_whole(self):
        # 头发 is 髮, 发 alone is 發.
        assert normalize("他 的 头 发 白 了 。", opencc="s2t") == "他的頭髮白了。"


def test_public_names():
    assert hanflow.__all__ == ["Alignment", "Normalizer", "Repair", "Stream", "__version__", "cpu", "normalize", "replay"]
    assert hanflow.__version__.count(".") == 2
