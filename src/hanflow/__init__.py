"""Gives Chinese text taken out of newspaper pages (PDF text layers, OCR) its lines, gaps and characters back."""
import os
import warnings

from . import _core
from ._core import cpu
from .alignment import Alignment
from .explain import Repair, replay
from .files import FileResult
from .normalizer import Normalizer, normalize
from .stream import Stream

__version__ = "0.1.0"

__all__ = ["Alignment", "FileResult", "Normalizer", "Repair", "Stream", "__version__", "cpu", "normalize", "replay"]

_pinned = os.environ.get("HANFLOW_ISA")
if _pinned and _pinned != cpu():
    warnings.warn(f"HANFLOW_ISA={_pinned}: this CPU runs {', '.join(_core.cpu_paths())}; {cpu()} is used",
                  RuntimeWarning, stacklevel=2)
