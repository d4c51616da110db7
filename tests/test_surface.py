"""The Python surface as a stranger meets it: wrong types, copies, pickles, words for what is there."""
import copy
import dataclasses
import inspect
import io
import pickle
import pkgutil
import pydoc
import random
import re
import subprocess
import sys
from array import array

import pytest

import hanflow
import strategies
from hanflow import Normalizer, Repair, replay
from hanflow.formats import Failure, FormatError, Located, Settings, convert, each_text

DAMAGED, REPAIRED = "全 市 新 增 ２０ 条 ⽔ 渠", "全市新增20条水渠"
n = Normalizer()


@pytest.mark.parametrize("names", [
    "hanflow.report.report", "hanflow.ray_data.normalize", "hanflow.formats.convert", "hanflow.formats.Settings",
    "hanflow.arrow.ArrowArray"])
def test_modules_come_with_the_package(names):
    """`import hanflow` is all that the README says; what is heavy is imported when it is first used."""
    module = names.rpartition(".")[0]
    script = (f"import sys, hanflow\n"
              f"assert not {{'hanflow.formats', 'hanflow.report', 'hanflow.ray_data', 'pyarrow', 'numpy'}} & set(sys.modules)\n"
              f"assert {module.split('.')[1]!r} in dir(hanflow)\n"
              f"assert callable({names}) and {module!r} in sys.modules\n")
    subprocess.run([sys.executable, "-c", script], check=True)


def test_no_other_names():
    with pytest.raises(AttributeError, match="module 'hanflow' has no attribute 'normalise'"):
        hanflow.normalise
    public = {name for name in dir(hanflow) if not name.startswith("_")}
    assert public == {*hanflow.__all__, "arrow", "formats", "ray_data", "report"} - {"__version__"}


def test_modules_that_are_not_public_carry_an_underscore():
    """Or one of the packages that they are in."""
    names = [found.name for found in pkgutil.walk_packages(hanflow.__path__, "hanflow.")]
    assert len(names) > 30
    public = {name for name in names if not any(part.startswith("_") for part in name.split("."))}
    assert public == {"hanflow.arrow", "hanflow.formats", "hanflow.ray_data", "hanflow.report"}


def test_help_shows_what_is_public():
    """Pages of help name no private module but in the list of what is in the package, and for bases without a public name."""
    for module in MODULES:
        text = pydoc.plain(pydoc.render_doc(module))
        listed = text.partition("PACKAGE CONTENTS")[2].partition("\n\n")[0]
        assert not re.search(r"hanflow\._(?!core\.|explain\._Repair)", text.replace(listed, "")), module
        for name in module.__all__:
            assert name in text


def test_public_things_live_where_they_are_found():
    """So that a pickle, a traceback and a page of help name no private module."""
    for module in (hanflow, hanflow.formats, hanflow.report, hanflow.ray_data):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) or inspect.isfunction(value):
                assert value.__module__ == module.__name__, name
    a = pickle.dumps([n, n.explain(DAMAGED), Settings(n), Failure("a", "b"), FormatError("a", "b"), Located("a")], 0)
    assert b"hanflow\n" in a and not re.search(rb"hanflow\._", a)


MODULES = (hanflow, hanflow.arrow, hanflow.formats, hanflow.ray_data, hanflow.report)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_says_what_it_is_for(module):
    """And each method of the classes."""
    assert module.__doc__
    for name in module.__all__:
        value = getattr(module, name)
        if callable(value):
            assert value.__doc__ and not value.__doc__.startswith(f"{name}("), name
        for inner, member in vars(value).items() if isinstance(value, type) else ():
            if not inner.startswith("_") and (callable(member) or isinstance(member, property)):
                assert member.__doc__, f"{name}.{inner}"


@pytest.mark.parametrize("value", [
    n, Normalizer(opencc="t2s", width="all"), Settings(n, field="a", column=[1, "b"]), Failure("line 1", "why"), Located("text"),
    n.explain(DAMAGED)[0], n.explain(DAMAGED.encode())[0], n.file(io.BytesIO(DAMAGED.encode()), io.BytesIO())],
    ids=lambda value: type(value).__name__)
def test_values_copy_pickle_compare_and_show(value):
    for other in (copy.copy(value), copy.deepcopy(value), *(pickle.loads(pickle.dumps(value, protocol)) for protocol in range(6))):
        assert other == value and type(other) is type(value)
        if not isinstance(value, hanflow.formats.FileReport):  # has a dict and a list
            assert hash(other) == hash(value)
    names = {name: getattr(module, name) for module in MODULES for name in module.__all__}
    assert eval(repr(value), names) == value


def test_errors_pickle():
    error = FormatError("line 3", "why")
    for source, said in (("", "line 3: why"), ("a.csv", "a.csv: line 3: why"), ("-", "<stdin>: line 3: why")):
        error.source = source
        for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert (type(other), str(other)) == (FormatError, said)
            assert (other.source, other.where, other.reason) == (source, "line 3", "why")


@pytest.mark.parametrize("call", [lambda source: convert(Settings(), source, None), lambda source: each_text(Settings(), source, print)])
def test_errors_name_the_file(call, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x\xff")
    with open(tmp_path / "a.txt", "rb") as opened:
        for source in (tmp_path / "a.txt", str(tmp_path / "a.txt"), opened):
            with pytest.raises(FormatError) as caught:
                call(source)
            assert caught.value.source == str(tmp_path / "a.txt") and str(caught.value).startswith(f"{tmp_path}/a.txt: byte 1 (line 1): ")
    with pytest.raises(FormatError) as caught:
        call(io.BytesIO(b"x\xff"))
    assert caught.value.source == "" and str(caught.value).startswith("byte 1 (line 1): ")


def test_an_alignment_travels():
    np = pytest.importorskip("numpy")
    texts = [DAMAGED, "", *(strategies.random_page(random.Random(seed), grids=True).text for seed in range(40))]
    moved = 0
    for text in texts:
        a = n.align(text)
        moved += len(a._from_source.moved)
        assert copy.copy(a) is a and copy.deepcopy(a) is a
        b = pickle.loads(pickle.dumps(a))
        assert b.text == a.text
        for name in ("spans", "rules", "confidences", "to_source", "to_output"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
            assert not getattr(b, name).flags.writeable
    assert moved  # grids too


def test_arrow_results_refuse_to_travel():
    pa = pytest.importorskip("pyarrow")
    for value in (n.arrow(pa.array([DAMAGED])), n.arrow(pa.chunked_array([[DAMAGED]]))):
        for act in (copy.copy, copy.deepcopy, *(lambda value, p=p: pickle.dumps(value, p) for p in range(6))):
            with pytest.raises(TypeError, match="Arrow(Array|Stream)"):
                act(value)


class Plain(str):
    def __str__(self):
        return "something else"

    def encode(self, *arguments):
        return b"something else"


class Octets(bytes):
    def __bytes__(self):
        return b"something else"


class Holder(bytearray):
    pass


def results(text):
    """By every way in that takes one text."""
    yield hanflow.normalize(text)
    yield n.batch([text])[0]
    yield n.align(text).text
    yield replay(n.explain(text), text)
    stream = n.stream()
    yield stream.feed(text) + stream.close()


class TestTypes:
    def test_subclasses(self):
        np = pytest.importorskip("numpy")
        for kind in (Plain, np.str_):
            for text in (DAMAGED, "平安", "plain"):
                assert [(type(result), result) for result in results(kind(text))] == [(str, hanflow.normalize(text))] * 5
        for kind in (Octets, Holder, np.bytes_, lambda data: np.frombuffer(data, np.uint8), lambda data: array("b", data)):
            for text in (DAMAGED, "平安", "plain"):
                found = [(type(result), result) for result in results(kind(text.encode()))]
                assert found == [(bytes, hanflow.normalize(text).encode())] * 5

    @pytest.mark.parametrize("value", [array("i", [1, 2]), array("d", [1.0]), memoryview(array("H", [1])), None, 5, ["a"], object()],
                             ids=lambda value: type(value).__name__)
    def test_what_is_no_text(self, value):
        """An array of wider items is bytes of its memory for Python, but no UTF-8."""
        for call in (hanflow.normalize, n.explain, n.align, n.stream().feed, lambda value: replay([], value)):
            with pytest.raises(TypeError, match=f"must be str or bytes-like, not {type(value).__name__}"):
                call(value)
        if value is not None:
            with pytest.raises(TypeError, match=f"item 1 of the batch must be str or bytes-like, not {type(value).__name__}"):
                n.batch(["a", value])

    def test_arrays_of_text(self):
        np, pa = pytest.importorskip("numpy"), pytest.importorskip("pyarrow")
        with pytest.raises(TypeError, match="text must be str or bytes-like, not ndarray of items of 64 bytes"):
            hanflow.normalize(np.array([DAMAGED]))
        assert n.batch(np.array([DAMAGED, "a"])) == n.batch(np.array([DAMAGED, "a"], dtype=object)) == [REPAIRED, "a"]
        with pytest.raises(TypeError, match="item 1 of the batch must be str or bytes-like, not StringScalar"):
            n.batch(pa.array([DAMAGED, None]))

    def test_no_normalizer_behind_a_stream(self):
        with pytest.raises(TypeError, match="normalizer must be a Normalizer, not int"):
            hanflow.Stream(5)

    def test_a_subclass_that_forgets_its_base(self):
        class Forgetful(Normalizer):
            def __init__(self):
                pass

        for call in (Forgetful(), Forgetful().explain, Forgetful().align, lambda text: Forgetful().batch([text])):
            with pytest.raises((TypeError, AttributeError)):
                call(DAMAGED)


class TestReplay:
    def test_wrong_types(self):
        with pytest.raises(TypeError, match="source must be str or bytes-like, not NoneType"):
            replay([], None)
        with pytest.raises(TypeError, match="repair 1 must be a Repair, not tuple"):
            replay([Repair("compat", 0, 1, "⽔", "水", 100), ("compat", 0, 1, "⽔", "水", 100)], "⽔渠")

    def test_an_iterator_will_do(self):
        assert replay(iter(n.explain(DAMAGED)), DAMAGED) == REPAIRED


class TestFiles:
    def test_one_object_for_both(self):
        both = io.BytesIO(DAMAGED.encode())
        for call in (n.file, lambda source, target: convert(Settings(), source, target)):
            with pytest.raises(ValueError, match="source and target are the same file object"):
                call(both, both)
        assert both.getvalue() == DAMAGED.encode()

    def test_no_target(self):
        report = n.file(io.BytesIO(DAMAGED.encode()), None)
        assert (report.changed, report.bytes_out) == (True, 0)

    @pytest.mark.parametrize("settings", [None, n, "text", {"field": "text"}])
    def test_what_is_no_settings(self, settings):
        for call in (lambda: convert(settings, io.BytesIO(), io.BytesIO()), lambda: each_text(settings, io.BytesIO(), print)):
            with pytest.raises(TypeError, match=f"settings must be a Settings, not {type(settings).__name__}"):
                call()

    def test_a_visit_may_return_anything(self):
        seen = []
        assert each_text(Settings(), io.BytesIO(DAMAGED.encode()), seen.append).changed is False
        assert [located.text for located in seen] == [DAMAGED]
        assert each_text(Settings(), io.BytesIO(DAMAGED.encode()), lambda located: 1).changed is True


class TestSettings:
    def test_one_or_several(self):
        assert Settings(field="a").field == ("a",) and Settings(field=["a", "b", "a"]).field == ("a", "b")
        assert Settings(column=0).column == (0,) and Settings(column=(x for x in ("a", 1))).column == ("a", 1)
        assert Settings(field=None).field == Settings(column=None).column == Settings().field == ()

    def test_another_like_it(self):
        settings = dataclasses.replace(Settings(n, field="a", max_bytes=5), column="b")
        assert (settings.field, settings.column, settings.max_bytes) == (("a",), ("b",), 5)

    @pytest.mark.parametrize("given, error, message", [
        ({"normalizer": "all"}, TypeError, "normalizer must be a Normalizer, not str"),
        ({"field": [5]}, TypeError, "field must be a str, not int"),
        ({"column": -1}, ValueError, "column must be a name or a number from 0, not -1"),
        ({"column": 1.5}, TypeError, "column must be a str or an int or several of these, not float"),
        ({"delimiter": 5}, TypeError, "delimiter must be None or a str, not int"),
        ({"encoding": "a\0b"}, ValueError, "encoding must be None, 'auto' or the name of a text codec"),
        ({"max_ratio": float("nan")}, ValueError, "max_ratio must be None or more than 0"),
        ({"counts": 1}, TypeError, "counts must be a bool, not int"),
        ({"threads": None}, TypeError, "threads must be an int, not NoneType"),
    ])
    def test_wrong_values(self, given, error, message):
        with pytest.raises(error, match=message):
            Settings(**given)


class TestReport:
    @pytest.mark.parametrize("texts", [["abc"], {"a": "b"}, [("a", b"b")], [("a", "b", "c")], [(None, "b")]])
    def test_what_is_no_pair(self, texts, tmp_path):
        with pytest.raises(TypeError, match="texts must be pairs of name and text, both str; item 0 is"):
            hanflow.report.report(n, texts, tmp_path / "report.html")
        assert list(tmp_path.iterdir()) == []

    def test_no_normalizer(self, tmp_path):
        with pytest.raises(TypeError, match="normalizer must be a Normalizer, not NoneType"):
            hanflow.report.report(None, [], tmp_path / "report.html")


def test_no_dataset():
    with pytest.raises(TypeError, match="dataset must be a ray.data.Dataset, not list"):
        hanflow.ray_data.normalize([], "text")
