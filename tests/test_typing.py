"""The package carries its types, and they hold: mypy --strict over the package and over a caller."""
import subprocess
import sys
import textwrap
from importlib.resources import files

import pytest

CALLER = """
    from __future__ import annotations
    from typing import Optional, Union
    import hanflow
    from hanflow import Normalizer, Repair, normalize
    from hanflow.arrow import ArrowArray, ArrowStream

    class Array:
        def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: return self, self

    class Chunks:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object: return self

    class Both(Array, Chunks): ...

    a: str = normalize("a")
    b: bytes = normalize(b"a", width="all", opencc="t2s")
    c: bytes = normalize(bytearray(b"a"))
    n = Normalizer(latin_gap="keep")
    d: str = n("a")
    e: bytes = n(memoryview(b"a"))
    f: list[str] = n.batch(["a"])
    g: list[bytes] = n.batch([b"a"], threads=2)
    h: list[Repair[str]] = n.explain("a")
    i: str = h[0].before
    j: bytes = n.explain(b"a")[0].after
    why: str = n.explain(b"a")[0].evidence
    k: int = h[0].start
    r: hanflow.formats.FileReport = n.file("a", "b", field="text", column=["a", 1])
    m: str = hanflow.__version__
    p = n.stream()
    q: str = p.feed("a")
    s: bytes = p.feed(b"a")
    with n.stream(bytes) as binary: rest: bytes = binary.feed(bytearray(b"a")) + binary.close()
    text: str = n.stream(str).close()
    t: str = hanflow.cpu()
    w: ArrowArray = n.arrow(n.arrow(Array()), threads=2)
    u: ArrowStream = n.arrow(n.arrow(Chunks()))
    x: hanflow.Alignment[str] = n.align("a")
    y: bytes = n.align(b"a").text
    z: bytes = hanflow.replay(n.explain(b"a"), b"a")
    v: ArrowStream = n.arrow(Both())
    texts: list[Optional[str]] = ["a", None]
    aa: list[Optional[str]] = n.batch(texts)
    data: list[Optional[bytes]] = [b"a", None]
    ab: list[Optional[bytes]] = n.batch(data, threads=1)
    mixed: list[Union[str, bytes, None]] = ["a", b"a", None]
    ac: list[Union[str, bytes, None]] = n.batch(mixed)
    ad = hanflow.formats.Settings(field="text", column=0)
    ae = hanflow.formats.Settings(n, field=["a", "b"], column=("a", 1))
    af: tuple[str, ...] = ad.field
    ag: hanflow.formats.FileReport = hanflow.formats.convert(ae, "a", None)
    hanflow.report.report(n, [("a", "b")], "c.html")
    ah = hanflow.ray_data.normalize(None, "text", width="all")
    ai: hanflow.arrow.ArrowArray = w
"""
WRONG = """
    import hanflow
    from hanflow import Normalizer, normalize
    normalize(5)
    normalize("a", width="full")
    a: bytes = normalize("a")
    Normalizer(widht="all")
    Normalizer().arrow(["a"])
    Normalizer().file("a", "b", field=5)
    hanflow.formats.Settings(column=1.5)
    hanflow._cli
    Normalizer().stream(bytes).feed("a")
"""


def test_marker_is_installed():
    assert (files("hanflow") / "py.typed").is_file()
    assert (files("hanflow") / "_core.pyi").is_file()


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("mypy")

    def run(*arguments):
        command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file", "", "--cache-dir", str(folder / "cache")]
        return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True)

    run.folder = folder
    return run


def test_the_types_are_those_at_run_time(mypy):
    result = subprocess.run([sys.executable, "-m", "mypy.stubtest", "hanflow"], cwd=mypy.folder, capture_output=True, text=True)
    assert "Success" in result.stdout and result.returncode == 0, result.stdout


def test_the_package(mypy):
    result = mypy("-p", "hanflow")
    assert result.stdout == "" and result.returncode == 0


def test_a_caller(mypy):
    (mypy.folder / "caller.py").write_text(textwrap.dedent(CALLER))
    result = mypy("caller.py")
    assert result.stdout == "" and result.returncode == 0


def test_wrong_calls_are_found(mypy):
    (mypy.folder / "wrong.py").write_text(textwrap.dedent(WRONG))
    result = mypy("wrong.py")
    found = {int(line.split(":")[1]) for line in result.stdout.splitlines() if ": error:" in line}
    assert found == {4, 5, 6, 7, 8, 9, 10, 11, 12}
