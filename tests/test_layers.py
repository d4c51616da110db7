"""The layers of native/src: a file includes its own layer and those below it, Cython the public headers only (native/README.md, "Layers")."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE, FACE = ROOT / "native/src", ROOT / "native/include"
LAYERS = ["simd", "text", "lines", "evidence", "decide", "repair", "surface", "paths"]  # from the ground up
SPOKEN_BY_ALL = {"hanflow/api.hpp", "hanflow/reasons.hpp"}  # the words of the core: below all layers


def height(file):
    """Of a file as includes name it."""
    return -1 if file in SPOKEN_BY_ALL else LAYERS.index("surface" if file.startswith("hanflow/") else file.split("/")[0])


FILES = {p.relative_to(top).as_posix(): p for top in (SOURCE, FACE) for p in sorted(top.rglob("*.*"))}


@pytest.mark.parametrize("file", FILES)
def test_arrows_point_downwards(file):
    included = re.findall(r'^\s*#\s*include\s*"([^"]+)"', FILES[file].read_text(encoding="utf8"), re.MULTILINE)
    assert not [other for other in included if other not in FILES], "includes are written from native/src or native/include"
    assert not [other for other in included if height(other) > height(file)]
    assert not file.startswith("hanflow/") or all(other.startswith("hanflow/") for other in included), "the face stands by itself"


def test_cython_includes_public_headers():
    sheets = [*ROOT.glob("src/hanflow/**/*.pyx"), *ROOT.glob("src/hanflow/**/*.px[di]")]
    named = {header for sheet in sheets for header in re.findall(r'cdef extern from "([^"]+)"', sheet.read_text(encoding="utf8"))}
    assert named - {"Python.h"} == {file for file in FILES if file.startswith("hanflow/")}
