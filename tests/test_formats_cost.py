"""The work for a record grows with its size and no faster: counted at n and at 8 n, not timed."""
import io
import json
import sys
import tracemalloc

import pytest

from hanflow import Normalizer
from hanflow._formats import delimited, jsonl
from hanflow.formats import Settings, convert, each_text

TIMES = 8


def steps(work):
    """Lines of Python in hanflow.formats that work() takes."""
    count = 0

    def line(frame, event, argument):
        nonlocal count
        count += event == "line"
        return line

    def call(frame, event, argument):
        return line if "formats" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def grows(measure, work, size):
    """How much faster than the size; 1 is linear."""
    work(size)  # imports
    return measure(lambda: work(TIMES * size)) / measure(lambda: work(size)) / TIMES


def through(data, **given):
    out = io.BytesIO()
    report = convert(Settings(**given), io.BytesIO(data), out)
    assert report.failed == 0 and report.records
    return out.getvalue()


class TestCsv:
    def work(self, size):
        """A record of commas, in many pieces."""
        through(b"x" + b"," * size + "２\n".encode(), format="csv", column=size, delimiter=",")

    def test_cells(self, monkeypatch):
        monkeypatch.setattr(delimited, "PIECE", 512)
        assert grows(steps, self.work, 3000) < 1.2

    def test_cells_behind_the_column(self, monkeypatch):
        monkeypatch.setattr(delimited, "PIECE", 512)
        assert grows(steps, lambda size: through("２".encode() + b"," * size, format="csv", column=0, delimiter=","), 3000) < 1.2

    def test_memory_of_cells(self):
        assert peak(lambda: self.work(1 << 17)) < 3 << 20

    def test_quoted_cell(self, monkeypatch):
        seen = 0

        class Counting(bytearray):
            def find(self, mark, at):
                nonlocal seen
                found = super().find(mark, at)
                seen += (len(self) if found < 0 else found) - at
                return found

        def work(size):
            through(b'"' + b'a""b' * size + b'",x\n', format="csv", column=0, delimiter=",")

        def count(work):
            nonlocal seen
            seen = 0
            work()
            assert seen > 0
            return seen

        monkeypatch.setattr(delimited, "PIECE", 512)
        monkeypatch.setattr(delimited, "bytearray", Counting, raising=False)
        assert grows(count, work, 1000) < 1.2
        assert grows(steps, work, 1000) < 1.2

    def test_places_in_a_file_without_line_feeds(self, monkeypatch):
        seen = 0

        class Counting(bytes):
            def __getitem__(self, part):
                nonlocal seen
                found = super().__getitem__(part)
                seen += len(found) if isinstance(part, slice) else 1
                return found

            def rfind(self, mark, begin, end):
                nonlocal seen
                seen += end - begin
                return super().rfind(mark, begin, end)

        real = delimited._Reader.portions

        def portions(self, read):
            return (portion._replace(data=Counting(portion.data)) for portion in real(self, read))

        def count(work):
            nonlocal seen
            seen = 0
            work()
            return seen

        def work(size):
            each_text(Settings(format="csv", column=0), io.BytesIO("江\r".encode() * size), lambda located: False)

        monkeypatch.setattr(delimited._Reader, "portions", portions)
        assert grows(count, work, 500) < 1.2

    @pytest.mark.parametrize("piece", [1, 5, 1 << 18])
    def test_places(self, monkeypatch, piece):
        monkeypatch.setattr(delimited, "PIECE", piece)
        found = []
        data = "江,a\r\"春\",b\r\n\"水\n东\",c\r流,d".encode()
        each_text(Settings(format="csv", column=(1, 0), delimiter=","), io.BytesIO(data), lambda located: found.append(located) or False)
        assert [(f.text, f.line, f.column) for f in found] == [
            ("江", 1, 1), ("a", 1, 3), ("春", 1, 6), ("b", 1, 9), ("水\n东", 2, 2), ("c", 3, 4), ("流", 3, 6), ("d", 3, 8)]


class TestJsonLines:
    def test_list(self):
        def work(size):
            through(json.dumps({"t": ["２江"] * size, "u": "/"}).encode(), format="jsonl", field="t")

        assert grows(steps, work, 500) < 1.2
        assert peak(lambda: work(20_000)) < 12 << 20  # a line of 300 KB

    def test_nesting(self):
        def work(size):
            through(b'{"t":' + '["２",'.encode() * size + b"null" + b"]" * size + b"}", format="jsonl", field="t")

        assert grows(steps, work, 100) < 1.2

    def test_names_that_come_again(self):
        """The last counts."""
        data = '{"t":["２","３"],"a":{"b":"４"},"a":{"b":["５"],"b":"６"},"t":[["７"],"８"]}\n'
        repaired = data.replace("６", "6").replace("７", "7").replace("８", "8")
        assert through(data.encode(), format="jsonl", field=("t", "a.b")).decode() == repaired

    @pytest.mark.parametrize("deep", ['{"t":' + "[" * 100_000 + '"２"' + "]" * 100_000 + "}", "[" * 100_000, '{"t":' * 100_000])
    def test_nested_too_deep(self, deep):
        out = io.BytesIO()
        report = convert(Settings(format="jsonl", field="t"), io.BytesIO((deep + '\n{"t":"２"}\n').encode()), out)
        assert out.getvalue().decode() == deep + '\n{"t":"2"}\n'
        assert report.failed == 1 and report.errors[0].where == "line 1" and "malformed JSON: " in report.errors[0].reason

    @pytest.mark.parametrize("depth", [200, 900, 990, 1020])
    def test_what_can_be_read_can_be_written(self, depth):
        """However deep the parser goes, what writes the result goes as deep."""
        data = '{"t":' + "[" * depth + '"２"' + "]" * depth + "}\n"
        out = io.BytesIO()
        report = convert(Settings(format="jsonl", field="t"), io.BytesIO(data.encode()), out)
        assert out.getvalue().decode() == (data if report.failed else data.replace("２", "2"))

    def test_without_orjson(self, monkeypatch):
        def absent(module):
            raise ModuleNotFoundError(module)

        data = '{"t": "２０条\\n⽔渠", "n": %s, "x": NaN}\n{"t": "\\ud800２"}\n{"t": 1}\nno\n' % ("9" * 50_000)
        results = []
        for _ in range(2):
            out = io.BytesIO()
            report = convert(Settings(Normalizer(), format="jsonl", field="t"), io.BytesIO(data.encode()), out)
            results.append((out.getvalue(), report.failed))
            monkeypatch.setattr(jsonl, "import_module", absent)
        assert results[0] == results[1] and results[0][1] == 2 and '"20条\\n水渠"'.encode() in results[0][0]
