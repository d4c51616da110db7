"""Gives Chinese text taken out of newspaper pages (PDF text layers, OCR) its lines, gaps and characters back.

    >>> import hanflow
    >>> hanflow.normalize("全 市 新 增 ２０ 条 ⽔ 渠")
    '全市新增20条水渠'

normalize:  the repaired text of a str or bytes. Its options are those of Normalizer.
Normalizer: the same with one set of options, for batches, Arrow columns, files and streams; says what it repairs, and why.
replay:     does the repairs that were listed.
cpu:        the name of the CPU path in use.

Modules, imported when they are first used: hanflow.formats (files of all formats), hanflow.report (a page of all changes),
hanflow.arrow (types of Arrow columns), hanflow.ray_data (Ray Data).
"""
import os as _os
import warnings as _warnings
from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from . import _core
from ._alignment import Alignment
from ._core import cpu
from ._explain import Repair, replay
from ._normalizer import Normalizer, normalize
from ._stream import Stream

if TYPE_CHECKING:
    from . import arrow as arrow
    from . import formats as formats
    from . import ray_data as ray_data
    from . import report as report

__version__ = "0.1.0"

__all__ = ["Alignment", "Normalizer", "Repair", "Stream", "__version__", "cpu", "normalize", "replay"]

_MODULES = ("arrow", "formats", "ray_data", "report")

for _public in (Alignment, Normalizer, Repair, Stream, normalize, replay):
    _public.__module__ = __name__  # where help, tracebacks and pickles find them

_pinned = _os.environ.get("HANFLOW_ISA")
if _pinned and _pinned != cpu():
    _warnings.warn(f"HANFLOW_ISA={_pinned}: this CPU runs {', '.join(_core.cpu_paths())}; {cpu()} is used",
                   RuntimeWarning, stacklevel=2)

if not TYPE_CHECKING:  # with it any name would do

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return _import_module(f".{name}", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, *_MODULES})
