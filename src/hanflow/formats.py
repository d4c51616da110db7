"""One source file into one target file, in bounded memory, whatever its format: convert(). Its texts one by one: each_text()."""
from __future__ import annotations

from ._formats.account import FORMATS, Failure, FileReport, FormatError, Located, Settings
from ._formats.conversion import convert
from ._formats.texts import each_text

__all__ = ["FORMATS", "Failure", "FileReport", "FormatError", "Located", "Settings", "convert", "each_text"]

for _public in (Failure, FileReport, FormatError, Located, Settings, convert, each_text):
    _public.__module__ = __name__  # where help, tracebacks and pickles find them
