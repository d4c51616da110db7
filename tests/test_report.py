"""The report: what is in the file, and what a browser makes of it. The latter needs Playwright and Chromium."""
import base64
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from importlib.resources import files
from pathlib import Path

import pytest
import strategies as s
from hypothesis import given, settings

from hanflow import Normalizer, replay
from hanflow._alignment import ALL_RULES
from hanflow._show.page import Page
from hanflow._show.passages import LONG, ROOM, passages
from hanflow.report import report

DEMO = (files("hanflow._demo") / "page.txt").read_text("utf-8")
DAMAGED = "　　清江大桥今天通车，桥\n长２０００⽶，双向六\n车道。两岸居民往来只\n要十分钟。\n　　市交通局说，渡轮从\n今天起停航，码头改作\n公园。\n"
HOSTILE = ("</script><script>window.ran = 1</script><!-- <script>\n<img src=x onerror='window.ran = 2'>清 江 大 桥 今 天 通 车。\n"
           "]]>\u2028\u2029\u202e右 到 左\x00\x07\x1b 的 控 制 符 。\n{data}{script}${window.ran = 3}`\\u0041 清 江 。𠮷 野 家 ， 清 江 。\n")
NAME = "</title><script>window.ran = 4</script>&amp;{data}{style}\u2028"


def written(*texts, options=None):
    out = io.BytesIO()
    report(Normalizer(**(options or {})), texts, out)
    return out.getvalue()


def unpacked(page):
    """The parts of the data by name."""
    found = re.findall(rb'<script type="application/octet-stream" id="([\w-]+)">([\w+/=]*)</script>', page)
    return {name.decode(): zlib.decompress(base64.b64decode(data)) for name, data in found}


def shown(page):
    """(passage, its kinds of repairs) of all portions."""
    data = unpacked(page)
    portions = [json.loads(data[f"portion-{i}"]) for i in range(len(data["portions"]) // 4)]
    return [(passage, portion["kinds"]) for portion in portions for passage in portion["passages"]]


class TestPassages:
    @staticmethod
    def check(text, repairs):
        """Passages hold each repair once and say where they stand; with what lies between them they are the result."""
        result, at, seen = [], 0, []
        for p in passages(text, iter(repairs)):
            assert at <= p.begin <= p.end <= len(text)
            assert p.line == text.count("\n", 0, p.begin) + 1
            assert p.left_out == text.count("\n", at, p.begin)
            assert p.before in text[at:p.begin] and text[:p.begin].endswith(p.before)
            assert text[p.end:].startswith(p.after)
            inside = [r._replace(start=r.start - p.begin, end=r.end - p.begin) for r in p.repairs]
            result += [text[at:p.begin], replay(inside, text[p.begin:p.end])]
            at, seen = p.end, seen + p.repairs
        assert seen == repairs
        assert "".join([*result, text[at:]]) == replay(repairs, text)

    @pytest.mark.parametrize("text", [DEMO, DAMAGED, HOSTILE, "", "\n", "清 江", "清 江\n\n\n", "\n清 江", "清 江\n\n春 潮\n\n\n涌 动"])
    def test_nothing_is_lost(self, text):
        self.check(text, Normalizer(spacing="all").explain(text))

    @settings(max_examples=150, derandomize=True, deadline=None, database=None)
    @given(s.pages(grids=True, surrogates=True), s.options())
    def test_nothing_is_lost_of_made_up_pages(self, page, options):
        self.check(page.text, Normalizer(**options).explain(page.text))

    def test_lines_around(self):
        text = "一、说明\n二、说明\n三、说明\n清 江\n四、说明\n五、说明\n六、说明\n春 潮\n"
        first, second = passages(text, Normalizer(spacing="all").explain(text))
        assert (first.line, first.left_out, first.before, first.after) == (4, 3, "三、说明\n", "四、说明\n")
        assert (second.line, second.left_out, second.before, second.after) == (8, 3, "六、说明\n", "")

    def test_a_line_between_is_part_of_the_passage(self):
        text = "清 江\n四、说明\n春 潮\n"
        assert [text[p.begin:p.end] for p in passages(text, Normalizer(spacing="all").explain(text))] == [text]

    def test_a_long_line_is_cut(self):
        text = "清" * 10_000 + " 江" * 5_000 + "清" * 10_000
        repairs = Normalizer(spacing="all").explain(text)
        self.check(text, repairs)
        found = list(passages(text, repairs))
        assert len(found) > 5
        assert all(p.end - p.begin <= LONG + 2 * ROOM + 2 for p in found)
        assert found[0].begin == 10_000 - ROOM and found[-1].end == 19_999 + ROOM

    def test_joined_lines_stay_together(self):
        text = DAMAGED + "\n" * 5 + DAMAGED
        assert [text[p.begin:p.end] for p in passages(text, Normalizer().explain(text))] == [DAMAGED, DAMAGED]


class TestFile:
    def test_asks_nothing_of_a_network(self):
        page = written(("page.txt", DEMO)).decode()
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace("\n ", "")
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
        markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
        assert not re.search(r"""(?:src|href|action|data)\s*=\s*["']?(?!data:,|#)[\w/.]""", markup)
        assert not re.search(r"url\(|@import", page)
        assert set(re.findall(r"https?://[^\"']*", page)) == {"http://www.w3.org/2000/svg"}  # a name, not a place

    def test_a_document_adds_no_markup(self):
        out = io.BytesIO()
        page = Page(out.write, Normalizer(), NAME)
        page.begin(NAME)
        page.add(HOSTILE, Normalizer().explain(HOSTILE), NAME)
        page.fail(NAME, NAME, NAME)
        page.close()
        data = rb'<script type="application/octet-stream" id="[\w-]+">[\w+/=]*</script>\n'
        plain, hostile = (re.sub(data, b"", page) for page in (written(("page.txt", DEMO)), out.getvalue()))
        assert html.unescape(hostile.decode()) == plain.decode().replace("hanflow report<", f"hanflow report: {NAME}<")
        assert hostile.count(b"<") == plain.count(b"<")

    @pytest.mark.parametrize("options", [{}, {"opencc": "s2t"}, {"width": "all", "spacing": "all"}])
    def test_the_data_replay(self, options):
        n = Normalizer(**options)
        text = DEMO + HOSTILE + "𠮷 野 家 👨‍👩 清 江 ２０ 条 ⽔ 渠\n" * 5
        expected = list(passages(text, n.explain(text)))
        found = shown(written(("page.txt", text), options=options))
        assert len(found) == len(expected)
        for (passage, kinds), p in zip(found, expected):
            where, line, left_out, inside, before, shown_text, after, placed = passage
            assert (where, line, left_out, before, after) == ("", p.line, p.left_out, p.before, p.after)
            assert shown_text == text[p.begin:p.end]
            units = shown_text.encode("utf-16-le")
            out, at = b"", 0
            for gap, kind in zip(placed[::2], placed[1::2]):
                rule, length, becomes, confidence, evidence = kinds[kind]
                out += units[2 * at:2 * (at + gap)] + becomes.encode("utf-16-le")
                at += gap + length
            out += units[2 * at:]
            inner = [r._replace(start=r.start - p.begin, end=r.end - p.begin) for r in p.repairs]
            assert out.decode("utf-16-le") == replay(inner, shown_text)
            named = [(rule, confidence, evidence) for rule, _, _, confidence, evidence in (kinds[kind] for kind in placed[1::2])]
            assert named == [(r.rule, r.confidence, r.evidence) for r in p.repairs]

    def test_tables(self):
        n, texts = Normalizer(), [("a.txt", DEMO), ("b.txt", "渡口月明，江水不波。\n"), ("c.txt", DAMAGED)]
        data = unpacked(written(*texts))
        head = json.loads(data["head"])
        assert [file["name"] for file in head["files"]] == ["a.txt", "b.txt", "c.txt"]
        counts = {}
        cells, numbers = memoryview(data["cells"]).cast("H"), memoryview(data["counts"]).cast("H")
        for cell, number in zip(cells, numbers):
            key = ALL_RULES[cell // 101], cell % 101
            counts[key] = counts.get(key, 0) + number
        expected = {}
        for _, text in texts:
            for repair in n.explain(text):
                key = repair.rule, repair.confidence
                expected[key] = expected.get(key, 0) + 1
        assert counts == expected
        sizes = memoryview(data["sizes"]).cast("H")
        assert sum(sizes) == len(cells) and len(sizes) == len(shown(written(*texts)))
        firsts = [file["first"] for file in head["files"]]
        assert firsts[0] == 0 < firsts[1] == firsts[2] < len(sizes)

    def test_lone_surrogates(self):
        (passage, _), = shown(written(("page.txt", "清 江 大 桥 \udcff 今 天 通 车\ud842\n")))
        assert passage[5] == "清 江 大 桥 \udcff 今 天 通 车\ud842\n"

    def test_texts_are_taken_one_by_one(self):
        def texts():
            for i in range(50):
                yield f"{i}.txt", "".join(f"清 江 {i} 号 桥 ， {j}\n" for j in range(500))
                sizes.append(len(out.getvalue()))

        sizes, out = [], io.BytesIO()
        report(Normalizer(), texts(), out)
        assert sizes == sorted(sizes) and len(set(sizes)) >= 10

    def test_replaces_the_target_at_the_end(self, tmp_path):
        target = tmp_path / "report.html"
        target.write_text("old")

        def texts():
            yield "a.txt", DAMAGED
            assert target.read_text() == "old"

        report(Normalizer(), texts(), target)
        assert target.read_bytes() == written(("a.txt", DAMAGED))

    def test_a_failure_leaves_the_target(self, tmp_path):
        def texts():
            yield "a.txt", DAMAGED
            raise RuntimeError

        with pytest.raises(RuntimeError):
            report(Normalizer(), texts(), tmp_path / "report.html")
        assert not list(tmp_path.iterdir())


class TestCommand:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        texts = {"a/page.txt": DAMAGED, "a/b/clean.txt": "渡口月明，江水不波。\n", "a/bad.txt": "ok\nab\udce6\udcb1",
                 "a/.hidden.txt": DAMAGED, "lines.jsonl": '{"text": "清 江 大 桥"}\n{"text": 5}\n'}
        for name, text in texts.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(text.encode("utf-8", "surrogateescape"))

    @staticmethod
    def run(*arguments, stdin=b""):
        done = subprocess.run([sys.executable, "-m", "hanflow", "report", *arguments], input=stdin, capture_output=True)
        return done.returncode, done.stdout, done.stderr.decode()

    @staticmethod
    def head(page):
        return json.loads(unpacked(page)["head"])

    def test_a_file(self):
        assert self.run("a/page.txt", "-o", "r.html") == (0, b"", "1 file: 1 would change, 0 unchanged\n")
        page = Path("r.html").read_bytes()
        assert b"<title>hanflow report: a/page.txt</title>" in page
        assert [passage[5] for passage, _ in shown(page)] == [DAMAGED]
        assert self.head(page)["options"] == ""

    def test_stdin_to_stdout(self):
        code, page, said = self.run(stdin=DAMAGED.encode())
        assert code == 0 and [passage[5] for passage, _ in shown(page)] == [DAMAGED]
        assert self.run("-", "-o", "-", stdin=DAMAGED.encode())[1] == page

    def test_folders_and_what_fails(self):
        code, out, said = self.run("a", "none.txt", "lines.jsonl", "--field", "text", "-o", "a/r.html", "--min-confidence", "1")
        assert (code, out) == (1, b"")
        *failures, counts = said.splitlines()
        assert sorted(failures) == [
            "hanflow: a/bad.txt: byte 5 (line 2): not UTF-8: unexpected end of data",
            "hanflow: lines.jsonl: line 2: field 'text' holds a number, not a text",
            "hanflow: none.txt: No such file or directory"]
        assert counts == "5 files: 2 would change, 1 unchanged, 2 failed, 1 record failed"
        page = Path("a/r.html").read_bytes()
        head = self.head(page)
        assert {file["name"]: file["failures"] for file in head["files"]} == {
            "a/page.txt": [], "a/b/clean.txt": [], "a/bad.txt": [["byte 5 (line 2)", "not UTF-8: unexpected end of data"]],
            "none.txt": [["", "No such file or directory"]],
            "lines.jsonl": [["line 2", "field 'text' holds a number, not a text"]]}
        assert head["options"] == "min_confidence=1"
        assert sorted(passage[:2] for passage, _ in shown(page)) == [["", 1], ["record at line 1, text", 1]]
        self.run("a", "-o", "a/r.html")  # an old report in the folder is not read
        assert len(self.head(Path("a/r.html").read_bytes())["files"]) == 3

    def test_lines_of_csv_are_those_of_the_file(self):
        Path("t.csv").write_text("id,text\n1,渡口月明\n2,清 江 大 桥\n", encoding="utf-8")
        self.run("t.csv", "--column", "text", "-o", "r.html")
        assert [passage[:2] for passage, _ in shown(Path("r.html").read_bytes())] == [["record at line 3, text", 3]]

    def test_the_source_is_no_target(self):
        code, out, said = self.run("a/page.txt", "-o", "a/page.txt")
        assert code == 2 and "source and target are the same file: 'a/page.txt'" in said
        assert Path("a/page.txt").read_text(encoding="utf-8") == DAMAGED

    def test_folders_of_the_target_are_made(self):
        assert self.run("a/page.txt", "-o", "new/deep/r.html")[0] == 0
        assert [passage[5] for passage, _ in shown(Path("new/deep/r.html").read_bytes())] == [DAMAGED]

    def test_a_target_that_cannot_be_written(self):
        code, out, said = self.run("a/page.txt", "-o", "a/page.txt/r.html")
        assert (code, out) == (1, b"") and said.startswith("hanflow: a/page.txt/r.html: ")
        if os.path.exists("/dev/full"):
            assert self.run("a/page.txt", "-o", "/dev/full") == (1, b"", "hanflow: /dev/full: No space left on device\n")

    def test_other_encodings(self):
        Path("g.txt").write_bytes(DAMAGED.replace("\u2f76", "米").encode("gb18030"))
        assert self.run("g.txt", "--encoding", "gb18030", "-o", "r.html")[0] == 0
        assert "".join(passage[5] for passage, _ in shown(Path("r.html").read_bytes())) == DAMAGED.replace("\u2f76", "米")


# ---------------------------------------------------------------- in a browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with playwright.sync_playwright() as started:
        with started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if root else []) as browser:
            yield browser


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a report of texts. At the end the browser must have had nothing to complain of, and asked for nothing."""
    said, asked, pages = [], [], []

    def call(*texts, scheme="light", width=1200, options=None, written=written):
        path = tmp_path / "report.html"
        path.write_bytes(written(*texts, options=options))
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]")
        pages.append(path.as_uri())
        return page

    yield call
    assert said == []
    # "data:," is the icon that is none.
    assert [url for url in asked if not url.startswith("data:,")] == pages
    for context in browser.contexts:
        context.close()


class Redrawn:
    """Waits until the passages have been drawn anew."""

    def __init__(self, page):
        self.page = page

    def __enter__(self):
        self.before = self.page.locator("html").get_attribute("data-drawn")

    def __exit__(self, *_):
        self.page.wait_for_selector(f"html:not([data-drawn='{self.before}'])")


def text_of(page, side):
    """The text of a side, as it would be copied."""
    return page.locator(f".side[aria-label={side}]").all_text_contents()


class TestBrowser:
    def test_source_and_result(self, opened):
        page = opened(("page.txt", DAMAGED))
        assert page.title() == "hanflow report"
        assert "".join(text_of(page, "Source")).replace("\n", "") == DAMAGED.replace("\n", "")
        assert "\n".join(text_of(page, "Result")) == Normalizer()(DAMAGED).rstrip("\n")
        assert page.locator("#list h3").all_inner_texts() == ["page.txt, lines 1–7"]
        assert page.locator("#shown").inner_text() == f"All {len(Normalizer().explain(DAMAGED))} repairs in 1 passage"

    def test_text_is_text(self, opened):
        page = opened((NAME, HOSTILE), ("b.txt", "\udcff 清 江 大 桥 \ud842\n"), options={"compat": False, "spacing": "all"})
        assert page.evaluate("window.ran") is None
        assert page.evaluate("document.querySelectorAll('main script, main img, header script').length") == 0
        shown = "".join(text_of(page, "Source"))
        assert "<script>window.ran = 1</script><!-- <script>" in shown and "{data}{script}${window.ran = 3}`\\u0041" in shown
        signs = page.evaluate("[...document.querySelectorAll('.sign.odd')].map(sign => sign.dataset.sign)")
        assert {"U+2028", "U+202E", "U+0000", "U+001B", "byte FF", "U+D842"} <= set(signs)
        # U+202E turns what follows in its own sign only.
        assert page.locator(".sign[data-sign='U+202E']").first.evaluate("sign => getComputedStyle(sign).unicodeBidi") == "isolate"
        page.keyboard.press("n")
        assert "→" in page.locator("#current").inner_text()

    def test_rules(self, opened):
        page = opened(("page.txt", DAMAGED + "\n" * 5 + "２０ 条 ⽔ 渠\n"))
        repairs = Normalizer().explain(DAMAGED + "\n" * 5 + "２０ 条 ⽔ 渠\n")
        buttons = page.locator(".rule")
        rules = [rule for rule in ALL_RULES if any(r.rule == rule for r in repairs)]
        assert [text.split()[0] for text in buttons.all_inner_texts()] == rules == ["compat", "width", "spacing", "unwrap"]
        assert page.locator(".side[aria-label=Source] mark").count() == len(repairs)
        assert page.locator("mark.other").count() == 0
        for key in "124":
            with Redrawn(page):
                page.keyboard.press(key)
        spacing = sum(r.rule == "spacing" for r in repairs)
        assert page.locator("#shown").inner_text() == f"{spacing} of {len(repairs)} repairs in 2 of 2 passages"
        assert [button.get_attribute("aria-pressed") for button in buttons.all()] == ["false", "false", "true", "false"]
        assert page.locator(".side[aria-label=Source] mark:not(.other)").count() == spacing
        with Redrawn(page):
            page.locator(".rule", has_text="spacing").click()
        assert page.locator("#list").inner_text() == "No repair is like that."
        with Redrawn(page):
            page.keyboard.press("1")
        assert page.locator("#list h3").all_inner_texts() == ["page.txt, lines 1–7", "page.txt, line 13 5 unchanged lines before"]
        with Redrawn(page):
            page.get_by_role("button", name="Show all").click()
        assert page.locator("#shown").inner_text() == f"All {len(repairs)} repairs in 2 passages"

    def test_confidence(self, opened):
        page = opened(("page.txt", DEMO))
        repairs = Normalizer().explain(DEMO)
        for end, level, left in (("most", 95, [r for r in repairs if r.confidence <= 95]),
                                 ("least", 100, [r for r in repairs if r.confidence == 100])):
            with Redrawn(page):
                page.locator(f"#{end}").fill(str(level))
            assert 0 < len(left) < len(repairs)
            assert page.locator("#shown").inner_text().startswith(f"{len(left)} of {len(repairs)} repairs in ")
            assert page.locator(".side[aria-label=Source] mark:not(.other)").count() == len(left)
        assert page.locator("#most").input_value() == "100"  # goes along
        assert page.locator("#histogram rect.in").count() == 1

    def test_keys_step_through_the_repairs(self, opened):
        page = opened(("page.txt", DAMAGED))
        repairs = Normalizer().explain(DAMAGED)
        focused = "[...document.querySelectorAll('.side[aria-label=Source] mark')].indexOf(document.activeElement)"
        for key, at in (("n", 0), ("n", 1), ("j", 2), ("p", 1), ("k", 0), ("k", 0)):
            page.keyboard.press(key)
            assert page.evaluate(focused) == at
            assert page.locator("mark[aria-current]").count() == 1 and page.locator("mark.chosen").count() == 2
        assert page.locator("#current").get_attribute("role") == "status"
        assert page.locator("#current").inner_text() == "No repair in front of this one."
        page.keyboard.press("n")
        said = page.locator("#current").inner_text()
        assert said.startswith(repairs[1].rule) and f", {repairs[1].confidence} % sure: {repairs[1].evidence}" in said
        assert f"Repair 2 of {len(repairs)}" in said
        page.locator(".side[aria-label=Result] mark").nth(3).click(force=True)
        assert f"Repair 4 of {len(repairs)}" in page.locator("#current").inner_text()

    def test_keys_leave_fields_alone(self, opened):
        page = opened(("page.txt", DAMAGED))
        page.keyboard.press("f")
        page.keyboard.type("npt1")
        assert page.locator("#name").input_value() == "npt1"
        assert page.locator("mark.chosen").count() == 0
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert page.locator("dialog").get_attribute("open") is not None
        page.keyboard.press("n")
        assert page.locator("mark.chosen").count() == 0
        page.keyboard.press("Escape")
        assert page.locator("dialog").get_attribute("open") is None

    def test_pages(self, opened):
        text = "".join(f"　　清江第{i}号桥今天通车，桥\n长二千米，双向六车道。两\n岸居民往来只要十分钟。\n" for i in range(2000))
        page = opened(("page.txt", text))
        length = len(list(passages(text, Normalizer().explain(text))))
        assert page.locator("article").count() == 30
        of = page.locator("#passages nav").first.inner_text()
        pages = int(re.search(r"of ([\d,]+)", of)[1])
        assert pages > 3 and (length - 1) // 30 + 1 <= pages
        first = page.locator("#list h3").first.inner_text()
        with Redrawn(page):
            page.keyboard.press("]")
        second = page.locator("#list h3").first.inner_text()
        assert first != second and page.locator("#passages nav input").first.input_value() == "2"
        with Redrawn(page):
            page.keyboard.press("p")  # no repair stands above the first to be seen
        assert page.locator("#passages nav input").first.input_value() == "1"
        with Redrawn(page):
            page.keyboard.press("n")
        assert page.locator("#list h3").first.inner_text() == second and page.locator("mark.chosen").count() == 2
        with Redrawn(page):
            page.get_by_role("button", name="Last page").first.click()
        assert page.locator("#passages nav input").first.input_value() == str(pages)
        assert page.locator("#list h3").last.text_content().split(" 1 un")[0].endswith(f"–{text.count(chr(10)):,}")

    def test_files(self, opened):
        texts = [(f"{i}.txt", DAMAGED * (i % 7 + 1) if i % 3 else "渡口月明，江水不波。\n") for i in range(60)]
        n = Normalizer()
        counts = {name: len(n.explain(text)) for name, text in texts}
        page = opened(*texts)
        page.locator("#files summary").click()
        rows = page.locator("#files tbody tr")
        rows.nth(24).wait_for()  # the browser says later that the table was opened
        assert rows.count() == 25
        page.locator("#files thead button", has_text="Repairs").click()
        top = [row.split("\t")[:2] for row in rows.all_inner_texts()]
        assert [int(row[1].replace(",", "")) for row in top] == sorted(counts.values(), reverse=True)[:25]
        assert page.locator("#files thead th[aria-sort=descending]").inner_text() == "Repairs"
        page.locator("#name").fill("5")
        assert rows.count() == sum("5" in name for name in counts)
        with Redrawn(page):
            page.locator("#files tbody button", has_text="25.txt").click()
        assert page.locator("#shown").inner_text().startswith(f"{counts['25.txt']} of {sum(counts.values()):,} repairs in ")
        assert page.locator("#shown b").inner_text() == "25.txt"
        assert {title.split(",")[0] for title in page.locator("#list h3").all_inner_texts()} == {"25.txt"}

    def test_failures(self, opened):
        def with_failures(text, options):
            out = io.BytesIO()
            page = Page(out.write, Normalizer())
            page.begin("a.txt")
            page.add(text, Normalizer().explain(text))
            page.fail("a.txt", "line 3", "it is <b>bad</b>\u202e")
            page.fail("b.txt", "", "No such file")
            page.close()
            return out.getvalue()

        page = opened(DAMAGED, written=with_failures)
        assert "2 files, 1 with changes" in page.locator("#summary").inner_text()
        assert page.locator("#failed li").all_text_contents() == ["a.txt, line 3: it is <b>bad</b>\u202e", "b.txt: No such file"]
        assert page.locator("#failed li").first.is_visible()
        assert page.locator("#files .bad").all_inner_texts() == ["1 failure", "1 failure"]

    def test_nothing_to_show(self, opened):
        page = opened(("page.txt", "渡口月明，江水不波。\n"))
        assert page.locator("#list").inner_text() == "Nothing has changed."
        page.keyboard.press("n")
        assert "1 file, 0 with changes; 0 repairs" in page.locator("#summary").inner_text()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_contrast(self, opened, scheme):
        """AA: 4.5 to 1 for text, 3 to 1 for what marks it."""
        page = opened(("page.txt", DEMO + "发 展 ２０ 条 ⽔ 渠\n"), scheme=scheme, options={"opencc": "s2t"})
        colours = page.evaluate("""() => {
            const of = (node, what) => getComputedStyle(node)[what].match(/[\\d.]+/g).slice(0, 3).map(Number);
            const found = {back: of(document.body, "backgroundColor"), text: of(document.body, "color"),
                           quiet: of(document.getElementById("summary"), "color"), marks: [], bars: []};
            for (const mark of document.querySelectorAll("mark:not(.gone)")) found.marks.push(of(mark, "backgroundColor"));
            for (const bar of document.querySelectorAll(".rule .fill")) found.bars.push(of(bar, "backgroundColor"));
            return found;
        }""")

        def luminance(colour):
            parts = [c / 255 for c in colour]
            parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

        def contrast(one, other):
            low, high = sorted([luminance(one), luminance(other)])
            return (high + 0.05) / (low + 0.05)

        assert (luminance(colours["back"]) < 0.2) == (scheme == "dark")
        assert contrast(colours["text"], colours["back"]) >= 7 and contrast(colours["quiet"], colours["back"]) >= 4.5
        assert len(colours["bars"]) == 6 == len({tuple(bar) for bar in colours["bars"]})
        assert all(contrast(colours["text"], mark) >= 4.5 for mark in colours["marks"])
        assert all(contrast(bar, colours["back"]) >= 3 for bar in colours["bars"])
        page.keyboard.press("t")
        other = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)")
        assert (luminance(other) < 0.2) != (scheme == "dark")

    def test_narrow(self, opened):
        page = opened(("page.txt", DAMAGED), width=400)
        left, right = (page.locator(f".side[aria-label={side}]").first.bounding_box() for side in ("Source", "Result"))
        assert right["y"] >= left["y"] + left["height"] and right["x"] == left["x"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_told_to_screen_readers(self, opened):
        page = opened(("page.txt", DAMAGED))
        tree = page.locator("body").aria_snapshot()
        for part in ('link "Skip to the passages"', "banner:", "main:", 'heading "hanflow report" [level=1]', 'group "Rule"',
                     'button "unwrap, ', "[pressed]", 'slider "from": "0"', 'img "Repairs by confidence', 'group "Source"',
                     'group "Result"', 'heading "page.txt, lines 1–7" [level=3]', "status"):
            assert part in tree, tree
        assert page.locator(".side:not([lang=zh])").count() == 0
