"""How repairs are shown: places, words, the forms of `hanflow check`, and `hanflow diff` on a terminal."""
import io
import json
import random
import re

import pytest
import strategies as s

from hanflow import Normalizer, replay
from hanflow._explain import Repair, decoded
from hanflow._show.diff import by_rule, unified
from hanflow._show.findings import FORMATS, REACH, as_github, as_json, as_lines, findings, message, name, placed
from hanflow._show.passages import passages
from hanflow._traced import Text
from hanflow.formats import FormatError, Located, Settings, each_text

N = Normalizer()
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def pages(count):
    return [s.random_page(random.Random(seed), grids=True).text.encode("utf8", "replace").decode() for seed in range(count)]


def text(content):
    return Located(content, lines=True)


def lines(content, path="a.txt", located=None):
    located = located or text(content)
    return b"".join(as_lines(path, located, N.explain(content))).decode().splitlines()


def said(content):
    """Rule and message of each finding, without how sure it is."""
    return [re.fullmatch(r"a\.txt:(\d+:\d+): (.*) \[.*\]", line).groups() for line in lines(content)]


class TestPlaces:
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_any_page(self, end):
        for page in pages(150):
            page = page.replace("\r", "").replace("\n", end)
            rows = page.split("\n")
            for repair, line, column, end_line, end_column in placed(page, N.explain(page)):
                assert sum(len(row) + 1 for row in rows[:line - 1]) + column - 1 == repair.start
                assert sum(len(row) + 1 for row in rows[:end_line - 1]) + end_column - 1 == repair.end

    def test_columns_count_characters(self):
        assert said("\U00020000⼤\n\n渡２") == [("1:2", 'compat restore the character: "⼤" -> "大" (U+2F24 to U+5927)'),
                                                ("3:2", 'width change the width of the character: "２" -> "2" (U+FF12 to U+0032)')]

    def test_of_cells(self):
        found = []
        each_text(Settings(column="text", format="csv"), io.BytesIO("id,text\n1,⽔\n2,\"渡\n口⽔\"\n".encode()),
                  lambda located: found.extend(as_lines("a.csv", located, N.explain(located.text))) or True)
        assert [line.decode().split(": ")[0] for line in found] == ["a.csv:2:3", "a.csv:4:2"]
        assert all(b" (column text) [" in line for line in found)

    def test_of_records(self):
        located = Located("渡口\n⽔", line=7, record=7, field="a.b", format="jsonl")
        assert lines(located.text, "a.jsonl", located)[0].startswith("a.jsonl:7:1: compat ")
        assert "(field a.b 2:1) [" in lines(located.text, "a.jsonl", located)[0]
        located = Located("⽔", line=8, record=7, field="text", format="parquet")
        assert "(row 7, column text 1:1) [" in lines("⽔", "a.parquet", located)[0]

    def test_of_members(self):
        assert lines("⽔", "a.zip", Located("⽔", lines=True, member="b/c.txt"))[0].startswith("a.zip/b/c.txt:1:1: ")


class TestWords:
    @pytest.mark.parametrize("content, want", [
        ("江 边 的 渡 口 今 天", [("1:2", 'spacing close 6 gaps: "江 边 的 渡 口 今 天" -> "江边的渡口今天"')]),
        ("渡口的灯  ，亮了", [("1:5", 'spacing close the gap: "渡口的灯␣␣，亮了" -> "渡口的灯，亮了"')]),
        ("渡口的灯\u3000，亮了", [("1:5", r'spacing close the gap: "渡口的灯\u3000，亮了" -> "渡口的灯，亮了"')]),
        ("春\n潮\n涌\n动", [("1:2", 'vertical join 3 line ends: "春⏎潮⏎涌⏎动" -> "春潮涌动"')]),
        ("渡\u200b口", [("1:2", r'compat drop the character: "\u200b" -> ""')]),
        ("渡２０⽔１９", [("1:2", 'width change the width of 4 characters: "２０⽔１９" -> "20⽔19"'),
                          ("1:4", 'compat restore the character: "⽔" -> "水" (U+2F54 to U+6C34)')]),
    ])
    def test_said(self, content, want):
        assert said(content) == want

    def test_how_sure_and_why(self):
        assert lines("渡口的灯 ，亮了")[0].endswith(" [99 %: it stands at a CJK mark]")
        assert lines("江 边 的 渡 口 ，今 天")[0].endswith(" [95 to 99 %: the line is letter-spaced]")

    def test_far_ones_are_findings_of_their_own(self):
        assert [place for place, _ in said("⽔" + "渡" * 9 + "⽔，⽔")] == ["1:1", "1:11"]
        assert [place for place, _ in said("⽔" + "渡" * 8 + "⽔，⽔")] == ["1:1"]

    def test_joins_stand_alone(self):
        page = "渡口的灯亮了一夜到天明时\n才有人来把它吹灭，船也就\n靠了岸，客人们提着灯笼走\n下了船。\n"
        assert [place for place, words in said(page) if "join the next line: " in words] == ["1:13", "2:13", "3:13"]
        assert said(page)[0][1] == 'unwrap join the next line: "夜到天明时⏎才有人来把" -> "夜到天明时才有人来把"'

    def test_long_ones_are_shortened(self):
        (_, words), = said(" ".join("渡口的灯亮了一夜" * 20))
        assert words == ('spacing close 159 gaps: "渡 口 的 灯 亮 了 一 夜 渡 口 … 一 夜 渡 口 的 灯 亮 了 一 夜" -> '
                         '"渡口的灯亮了一夜渡口…一夜渡口的灯亮了一夜"')

    def test_a_terminal_acts_on_nothing(self):
        for page in pages(100):
            located = text(page.replace("渡", "\x1b[2J\u202e"))
            repairs = N.explain(located.text)
            plain = b"".join(as_lines("\x1b]0;x\x07\r\n", located, repairs)).decode()
            coloured = ESCAPE.sub("", b"".join(by_rule(located.text, repairs, name("\x1b[2J").decode())).decode())
            for shown in (plain, coloured):
                assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", shown)

    def test_every_repair_is_in_one_finding(self):
        for page in pages(150):
            repairs = N.explain(page)
            found = list(findings(page, repairs))
            assert sorted(place.repair for finding in found for place in finding.placed) == sorted(repairs)
            assert [finding.placed[0].repair.start for finding in found] == sorted(f.placed[0].repair.start for f in found)
            assert all(message(page, finding).isprintable() for finding in found)


def long_text(seed, size=600_000):
    """Longer than the passes of a stream look at at once; dense pages and long stretches without a repair."""
    rng = random.Random(seed)
    parts = []
    while sum(map(len, parts)) < size:
        parts.append(s.random_page(rng, grids=True).text.encode("utf8", "replace").decode())
        if rng.random() < 0.05:
            parts.append("渡口月明，江水不波。\n" * rng.randint(1, 4000))
    return "\n".join(parts)


def streamed(data, shown, monkeypatch, piece=1 << 14, **options):
    """What is shown of a text that comes in pieces."""
    monkeypatch.setattr("hanflow._formats.text.PIECE", piece)
    n, out = Normalizer(**options), []
    each_text(Settings(n), io.BytesIO(data), lambda located: out.extend(shown(located, located.steps(n))) or True)
    return out


class TestPieces:
    """A text that comes in pieces is shown as the same text held whole."""

    SHOWN = {
        **{form: lambda located, steps, form=form: FORMATS[form]("a", located, steps) for form in FORMATS},
        "unified": lambda located, steps: unified(located.text, steps, b"a", b"b", "utf-8"),
        "by rule": lambda located, steps: by_rule(located.text, steps, "a"),
        "passages": lambda located, steps: passages(located.text, steps),
    }

    @pytest.mark.parametrize("shown", SHOWN)
    @pytest.mark.parametrize("options", [{}, {"spacing": "all", "width": "all"}, {"opencc": "s2t"}])
    def test_any_text(self, shown, options, monkeypatch):
        if options.get("opencc"):
            pytest.importorskip("opencc")
        content = long_text(1, 200_000 if shown == "json" or options.get("opencc") else 600_000)
        want = list(self.SHOWN[shown](Located(content, lines=True), Normalizer(**options).explain(content)))
        got = streamed(content.encode(), self.SHOWN[shown], monkeypatch, **options)
        if shown in ("unified", "by rule"):
            want, got = b"".join(want), b"".join(got)
        assert got == want

    def test_bytes_that_are_no_text(self, monkeypatch):
        rng = random.Random(2)
        data = bytearray(long_text(2, 100_000).encode())
        for _ in range(200):
            data[rng.randrange(len(data))] = rng.choice(b"\xff\xe6\x80 ")
        data = bytes(data)
        content = data.decode("utf8", "surrogateescape")
        repairs = decoded(Normalizer(errors="preserve").explain(data), content)[0]
        got = streamed(data, lambda located, steps: [step for step in steps if not isinstance(step, int)], monkeypatch, piece=999,
                       errors="preserve")
        assert got == repairs

    def test_an_error_says_where_it_is(self, monkeypatch):
        for piece in (5, 7, 1 << 14):
            with pytest.raises(FormatError, match=r"byte 32 \(line 3\): not UTF-8: invalid continuation byte"):
                streamed("渡口月明\n渡口月明\n渡口".encode() + b"\xe6\xff" + b"x" * 99,
                         lambda located, steps: (located.text[0:0], len(located.text)), monkeypatch, piece)

    @pytest.mark.parametrize("shown", SHOWN)
    def test_no_more_is_held_of_a_longer_text(self, shown, monkeypatch):
        held = []
        forget = Text.forget

        def counted(text, position):
            forget(text, position)
            held.append(len(text._held))

        monkeypatch.setattr(Text, "forget", counted)
        most = []
        for size in (64, 192):
            held.clear()
            page = "　　渡 口 的 灯 亮 了 一 夜 ， 到 天 明 时 才 有 人 来 把 它 吹\n灭 ， 船 也 就 靠 了 岸 。\n" * 40 + "渡口月明，江水不波。\n" * 5000
            for _ in streamed((page * size).encode(), self.SHOWN[shown], monkeypatch):
                pass
            most.append(max(held))
        assert len(held) > 20 and most[1] < 1.2 * most[0]

    def test_a_finding_has_an_end(self):
        """Of a line of any length no finding is held whole."""
        page = "渡 " * 20_000
        found = list(findings(page, N.explain(page)))
        assert len(found) > 3 and all(len(finding.placed) <= REACH for finding in found)


class TestJson:
    KEYS = ["path", "line", "column", "end_line", "end_column", "start", "end", "rule", "message", "before", "after", "evidence",
            "confidence"]

    def test_object(self):
        (line,) = as_json("a.txt", text("渡\n江⽔"), N.explain("渡\n江⽔"))
        assert line == ('{"path": "a.txt", "line": 2, "column": 2, "end_line": 2, "end_column": 3, "start": 3, "end": 4, '
                        '"rule": "compat", "message": "restore the character: \\"⽔\\" -> \\"水\\" (U+2F54 to U+6C34)", "before": "⽔", "after": "水", '
                        '"evidence": "a radical in the place of an ideograph", "confidence": 100}\n').encode()

    def test_they_replay(self):
        for page in pages(60):
            page += "\ud800 ，"
            objects = [json.loads(line) for line in as_json("a", text(page), N.explain(page))]
            assert all(list(o) == self.KEYS for o in objects)
            fields = "rule", "start", "end", "before", "after", "confidence", "evidence"
            repairs = [Repair(*(o[key] for key in fields)) for o in objects]
            assert replay(repairs, page) == N(page)

    def test_a_terminal_acts_on_nothing(self):
        (line,) = as_json("\x9b\u202e", text("\x9b\u2028⽔"), [Repair("compat", 2, 3, "⽔", "\x9b", 100)])
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", line.decode())
        assert json.loads(line)["path"] == "\x9b\u202e" and json.loads(line)["after"] == "\x9b"

    def test_of_records(self):
        located = Located("⽔", line=8, record=7, field="text", format="parquet", member="")
        (line,) = as_json("a.parquet", located, N.explain("⽔"))
        assert list(json.loads(line).items())[:5] == [
            ("path", "a.parquet"), ("record", 7), ("field", "text"), ("line", 8), ("column", 1)]
        (line,) = as_json("a.zip", Located("⽔", lines=True, member="b.txt"), N.explain("⽔"))
        assert json.loads(line)["member"] == "b.txt"


class TestGithub:
    def test_command(self):
        (line,) = as_github("a,b:c%.txt", text("渡⽔"), N.explain("渡⽔"))
        assert line.decode() == (
            "::warning file=a%2Cb%3Ac%25.txt,line=1,endLine=1,col=2,endColumn=3,title=hanflow%3A compat::"
            'restore the character: "⽔" -> "水" (U+2F54 to U+6C34) [100 %25: a radical in the place of an ideograph]\n')

    def test_no_columns_over_several_lines(self):
        (line,) = as_github("a", text("春\n潮\n涌\n动"), N.explain("春\n潮\n涌\n动"))
        assert line.startswith(b"::warning file=a,line=1,endLine=4,title=hanflow%3A vertical::join 3 line ends: ")

    def test_one_line_each(self):
        for page in pages(60):
            for line in as_github("渡\r\n口\x1b\x9b", text(page), N.explain(page)):
                assert line.startswith("::warning file=渡%0D%0A口\\x1b\\x9b,line=".encode()) and line.count(b"\n") == 1 and b"\r" not in line


class TestByRule:
    def shown(self, content, **options):
        repairs = Normalizer(**options).explain(content)
        marks = {"\x1b[37;41m": "[-", "\x1b[30;42m": "[+", "\x1b[0m": "]", "\x1b[1m": "[", "\x1b[1;36m": "[", "\x1b[2m": "["}
        return ESCAPE.sub(lambda code: marks[code[0]], b"".join(by_rule(content, repairs, "a.txt")).decode())

    def test_rules_apart(self):
        assert self.shown("渡 口 ⼤⻓ 的 灯 １２") == """\
[a.txt]: 9 repairs
[compat] 2
[     1]  渡 口 [-⼤⻓][+大长] 的 灯 １２
[width] 2
[     1]  渡 口 ⼤⻓ 的 灯 [-１２][+12]
[spacing] 5
[     1]  渡[-␣]口[-␣]⼤⻓[-␣]的[-␣]灯[-␣]１２

"""

    def test_lines_of_the_file(self):
        assert "\x1b[2m    12\x1b[0m  " in b"".join(by_rule("渡\n⽔", N.explain("渡\n⽔"), "a.csv", 11)).decode()

    def test_joined_lines(self):
        assert self.shown("渡口的灯亮了一夜到天明时\n　\n才有人来把它吹灭，船也就\n\n靠了岸，客人们提着灯笼走\n\n下了船。\n") == """\
[a.txt]: 3 repairs
[unwrap] 3
[     1]  渡口的灯亮了一夜到天明时[-⏎␣␣⏎]
[     3]  才有人来把它吹灭，船也就[-⏎⏎]
[     5]  靠了岸，客人们提着灯笼走[-⏎⏎]
[     7]  下了船。

"""

    def test_a_vertical_run_is_one_row(self):
        assert "[     1]  春[-⏎]潮[-⏎]涌[-⏎]动\n" in self.shown("春\n潮\n涌\n动\n\n渡口的灯亮了一夜。\n")

    def test_far_text_is_left_out(self):
        shown = self.shown("渡" * 100 + "⽔" + "口" * 100 + "⽔" + "灯" * 100)
        row = "[     1]  …" + "渡" * 24 + "[-⽔][+水]" + "口" * 24 + "…" + "口" * 24 + "[-⽔][+水]" + "灯" * 24 + "…\n"
        assert row in shown

    def test_unsure_ones_say_why(self):
        shown = self.shown("　　渡口的灯亮了，一夜。\n\n通讯员　尹兰静　孙明\n")
        assert "[+␣]" in shown and re.search(r"  \[85 %: it parts names or words\]\n", shown)

    def test_any_page(self):
        """All that goes and comes is there, in the order of the text, by rule."""
        for page in pages(100):
            repairs = N.explain(page)
            shown = b"".join(by_rule(page, repairs, "a")).decode()
            assert shown.count("\x1b[1;36m") == len({repair.rule for repair in repairs})
            assert (shown.count("\x1b[37;41m") > 0) == any(repair.before for repair in repairs)


class TestUnified:
    def test_encoding(self):
        out = b"".join(unified("渡\n⽔\n", N.explain("渡\n⽔\n"), b"a", b"b", "gb18030"))
        assert out == "--- a\n+++ b\n@@ -1,2 +1,2 @@\n 渡\n-⽔\n+水\n".encode("gb18030")

    def test_bytes_that_are_no_text(self):
        out = b"".join(unified("\udcff⽔", [Repair("compat", 1, 2, "⽔", "水", 100)], b"a", b"a", "utf-8"))
        assert out == b"--- a\n+++ a\n@@ -1 +1 @@\n-\xff" + "⽔\n\\ No newline at end of file\n+".encode() + b"\xff" + (
            "水\n\\ No newline at end of file\n").encode()
