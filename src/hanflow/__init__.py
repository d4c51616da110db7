"""Gives Chinese text taken out of newspaper pages (PDF text layers, OCR) its lines, gaps and characters back."""
from .explain import Repair
from .files import FileResult
from .normalizer import Normalizer, normalize
from .stream import Stream

__version__ = "0.1.0"

__all__ = ["FileResult", "Normalizer", "Repair", "Stream", "__version__", "normalize"]
