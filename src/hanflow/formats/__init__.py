"""One source file into one target file, in bounded memory, whatever its format: convert()."""
from __future__ import annotations

from .account import FORMATS, Failure, FileReport, FormatError, Settings
from .conversion import convert, is_plain_text

__all__ = ["FORMATS", "Failure", "FileReport", "FormatError", "Settings", "convert", "is_plain_text"]
