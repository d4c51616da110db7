"""Alignment and replay. Expectations are typed by hand; the guarantee over many texts is in test_properties.py, test_pages.py
and fuzz.py --align."""
import subprocess
import sys

import numpy as np
import pytest

import hanflow
from hanflow import Alignment, Normalizer, Repair, replay

TEXT = "清 江 ⼤ 桥\n２０ 条 ｶﾞ"  # 清江大桥 / 20条ガ


def align(text, **options):
    return Normalizer(**options).align(text)


def lists(alignment):
    return alignment.to_source.tolist(), alignment.to_output.tolist()


class TestOffsets:
    def test_str(self):
        a = align(TEXT)
        assert isinstance(a, Alignment)
        assert a.text == "清江大桥\n20条ガ"
        assert lists(a) == ([0, 2, 4, 6, 7, 8, 9, 11, 13, 15], [0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7, 8, 8, 8, 9])
        assert a.to_source.dtype == a.to_output.dtype == np.int64

    def test_bytes(self):
        a = align("清 ２桥".encode(), latin_gap="remove")
        assert a.text == "清2桥".encode()
        # The three bytes of ２ go with the one of 2.
        assert lists(a) == ([0, 1, 2, 4, 7, 8, 9, 10], [0, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7])

    def test_bytes_like(self):
        for kind in (bytearray, memoryview):
            assert lists(align(kind(TEXT.encode()))) == lists(align(TEXT.encode()))

    def test_four_byte_characters_and_surrogates(self):
        a = align("\U00020000 \ud800⼤ 江")
        assert a.text == "\U00020000 \ud800大 江"
        assert lists(a) == ([0, 1, 2, 3, 4, 5, 6],) * 2

    def test_positions_behind_what_is_no_character(self):
        """Lone surrogates, U+FFFF and bytes that are not UTF-8: each has its own length."""
        text = "\ud83d\ude00\uffff😀今 天 风 大 ，水 冷 。\n"
        assert [r.start for r in Normalizer().explain(text)] == [5, 7, 9, 11, 14, 16]
        assert align(text).text == "\ud83d\ude00\uffff😀今天风大，水冷。\n"
        data = b"\xff\xed\xa0\x80\xef\xbf\xbf\xf0\x9f\x98\n" + "😀今 天 风 大 ，水 冷 。\n".encode()
        kept = Normalizer(errors="preserve")
        assert [r.start for r in kept.explain(data)] == [18, 22, 26, 30, 37, 41]
        assert kept.align(data).text == data[:11] + "😀今天风大，水冷。\n".encode()

    def test_nothing_to_repair(self):
        text = "江上无风。"
        a = align(text)
        assert a.text is text
        assert lists(a) == (list(range(6)),) * 2
        assert a.spans.shape == (0, 4) and a.rules.shape == a.confidences.shape == (0,)
        for empty in ("", b""):
            assert lists(align(empty)) == ([0], [0])
            assert align(empty).to_output_spans([]).shape == (0, 2)

    def test_deleted_at_the_ends(self):
        a = align("\ufeff\ufeff江\u200b")
        assert a.text == "江"
        assert lists(a) == ([2, 4], [0, 0, 0, 1, 1])
        assert a.to_output_spans([(0, 2), (1, 1), (0, 4), (3, 4)]).tolist() == [[0, 0], [0, 0], [0, 1], [1, 1]]
        assert a.to_source_spans([(0, 1)]).tolist() == [[2, 3]]

    def test_inserted(self):
        a = align("用GPU算", latin_gap="insert")
        assert a.text == "用 GPU 算"
        assert lists(a) == ([0, 1, 1, 2, 3, 4, 4, 5], [0, 2, 3, 4, 6, 7])
        assert a.to_source_spans([(0, 2), (1, 2), (1, 6)]).tolist() == [[0, 1], [1, 1], [1, 4]]

    def test_grid(self):
        """Read in columns from right to left: each character finds its own; a span takes all or nothing."""
        text = "江：\n春 明\n江 月\n潮 共\n水 潮\n连 生\n"
        a = align(text)
        if a.text != "江：\n明月共潮生春江潮水连\n":
            pytest.fail(f"no grid: {a.text!r}")
        assert [text[i] for i in a.to_source[:-1]] == list(a.text)
        assert [a.text[i] for i, c in zip(a.to_output, text) if c not in " \n"] == [c for c in text if c not in " \n"]
        # The second 潮 of the columns stands in the third row.
        assert a.to_source[3:13].tolist() == [5, 9, 13, 17, 21, 3, 7, 11, 15, 19]
        assert a.source_of([7, 8, 13]).tolist() == [21, 3, 22]
        assert a.to_output_spans([(7, 10), (0, 2), (0, 4)]).tolist() == [[3, 13], [0, 2], [0, 13]]
        octets = align(text.encode())
        assert octets.to_source[len("江：\n明月共潮生".encode())] == len("江：\n".encode())

    def test_compositions_of_passes(self):
        """What one pass wrote and the next one wrote over is one edit, of many characters."""
        text = "本报讯 记者从 江 州 港 获 悉 ，新 泊\n位 于 ２ ０ ２ ３ 年 启 用 ，年 吞 吐\n量 达 ５ ． ２ 万 箱 。\n"
        a = align(text)
        for i, c in enumerate(a.text):
            if not c.isspace():
                assert chr(ord(c) + 0xFEE0) == text[a.to_source[i]] if c in "20235." else c == text[a.to_source[i]]


class TestLookUp:
    def test_is_the_arrays(self):
        for text in (TEXT, TEXT.encode(), "甲 乙\n丙 丁\n戊 己\n"):
            a = align(text)
            assert a.source_of(np.arange(len(a.text) + 1)).tolist() == a.to_source.tolist()
            assert a.output_of(np.arange(len(text) + 1)).tolist() == a.to_output.tolist()

    def test_shapes(self):
        a = align(TEXT)
        assert a.source_of(3) == 6
        assert a.source_of([[0, 1], [2, 3]]).tolist() == [[0, 2], [4, 6]]
        assert a.output_of([]).tolist() == []
        assert a.output_of(np.array([15], np.uint16)).tolist() == [9]

    @pytest.mark.parametrize("offsets", [[-1], [10], [0, 99]])
    def test_outside(self, offsets):
        with pytest.raises(ValueError, match="offsets must be from 0 to 9, not"):
            align(TEXT).source_of(offsets)
        with pytest.raises(ValueError, match="offsets must be from 0 to 9, not"):
            align(TEXT).to_source_spans([offsets * 2][:1] if len(offsets) == 1 else [offsets])

    def test_not_integers(self):
        with pytest.raises(TypeError, match="offsets must be integers, not float64"):
            align(TEXT).source_of([0.5])

    def test_arrays_cannot_be_changed(self):
        a = align(TEXT)
        for array in (a.to_source, a.to_output, a.spans, a.rules, a.confidences):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = array[1]
        with pytest.raises(AttributeError):
            a.text = ""


class TestSpans:
    def test_the_repairs(self):
        a = align("清 ⼤\n")
        assert a.spans.tolist() == [[2, 3, 2, 3]]
        assert a.rules.tolist() == ["compat"] and a.confidences.tolist() == [100]

    def test_to_output(self):
        a = align(TEXT)
        spans = {(0, 3): (0, 2),    # 清 江
                 (1, 4): (1, 2),    # white space at both edges stays outside
                 (1, 2): (1, 1),    # nothing but deleted text
                 (3, 3): (2, 2),    # an empty one
                 (2, 10): (1, 7),
                 (13, 14): (8, 9), (14, 15): (8, 9),  # a part of what became one character
                 (0, 15): (0, 9)}
        assert list(map(tuple, a.to_output_spans(list(spans)).tolist())) == list(spans.values())

    def test_to_source(self):
        a = align(TEXT)
        spans = {(0, 2): (0, 3), (1, 3): (2, 5), (8, 9): (13, 15), (2, 2): (4, 4), (0, 9): (0, 15)}
        assert list(map(tuple, a.to_source_spans(list(spans)).tolist())) == list(spans.values())

    def test_there_and_back(self):
        """A span that begins and ends at characters that stay comes back."""
        a = align(TEXT)
        spans = [(0, 1), (0, 5), (2, 7), (8, 12), (4, 15)]
        assert a.to_source_spans(a.to_output_spans(spans)).tolist() == list(map(list, spans))

    def test_wrong(self):
        with pytest.raises(ValueError, match="span 1 ends before it begins"):
            align(TEXT).to_output_spans([(0, 1), (3, 2)])
        with pytest.raises(ValueError, match=r"spans must be of the shape \(n, 2\), not \(3,\)"):
            align(TEXT).to_output_spans([0, 1, 2])


class TestOpencc:
    def test_one_to_one(self):
        a = align("头 发 ⼤ 风 ，软\n件 。", opencc="s2t")
        assert a.text == "頭髮大風，軟\n件。"
        assert a.to_source.tolist() == [0, 2, 4, 6, 8, 9, 10, 11, 13, 14]
        assert set(a.rules) == {"opencc", "spacing", "compat"}

    def test_another_length(self):
        """短信 becomes 簡訊 and 内存 記憶體: a span in a phrase that changed its length takes the whole."""
        text = "看 短 信 、 内 存 。"
        a = align(text, opencc="s2twp")
        assert a.text == "看簡訊、記憶體。"
        assert a.to_output[text.index("、")] == 3 and a.to_source[3] == text.index("、")
        assert a.to_output_spans([(text.index("存"), text.index("存") + 1)]).tolist()[0][1] == 7
        assert a.to_output_spans([(text.index("内"), text.index("存") + 1)]).tolist() == [[4, 7]]
        assert a.to_source_spans([(4, 7)]).tolist() == [[text.index("内"), text.index("存") + 1]]
        octets = align(text.encode(), opencc="s2twp")
        assert octets.text == a.text.encode()
        assert octets.to_output[len(text[:text.index("。")].encode())] == len("看簡訊、記憶體".encode())

    def test_bytes_that_are_not_utf8(self):
        data = "软 ⼤\n".encode() + b"\xff" + "头发 ，".encode() + b"\xed\xa0\x80"
        a = align(data, opencc="s2t", errors="preserve")
        assert a.text == Normalizer(opencc="s2t", errors="preserve")(data)
        assert a.to_source[a.text.index(b"\xff")] == data.index(b"\xff")
        assert a.to_source[a.text.index("髮".encode())] == data.index("发".encode())


class TestReplay:
    def test_str_and_bytes(self):
        for source in (TEXT, TEXT.encode(), bytearray(TEXT.encode())):
            n = Normalizer()
            assert replay(n.explain(source), source) == n(source)
            assert replay([], source) == source

    def test_does_not_fit(self):
        repairs = Normalizer().explain(TEXT)
        with pytest.raises(ValueError, match="repair 2 does not fit: the source has '丈' there: Repair"):
            replay(repairs, TEXT.replace("⼤", "丈"))

    def test_out_of_order(self):
        first, second = Repair("spacing", 1, 2, " ", "", 95), Repair("spacing", 3, 4, " ", "", 95)
        with pytest.raises(ValueError, match="repair 1 is out of order or outside of the source"):
            replay([second, first], "清 江 水")
        with pytest.raises(ValueError, match="repair 1 is out of order or outside of the source"):
            replay([first, second], "清 江")


def test_wrong_input():
    with pytest.raises(TypeError, match="text must be str or bytes-like, not int"):
        align(5)
    with pytest.raises(UnicodeDecodeError):
        align(b"\xff")


def test_without_numpy():
    code = "import sys; sys.modules['numpy'] = None; import hanflow; hanflow.normalize('清 江'); hanflow.Normalizer().align('清')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf8")
    assert "ImportError: align() needs NumPy: pip install 'hanflow[align]'" in done.stderr


def test_numpy_is_not_imported_before():
    code = "import sys, hanflow; hanflow.Normalizer().explain('清 江'); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_repr():
    assert repr(align(TEXT)) == "<Alignment of 15 to 9, 9 repairs>"
    assert hanflow.Alignment.__doc__
