"""One source file into one target file, in bounded memory, whatever its format: convert(). Its texts one by one: each_text()."""
from __future__ import annotations

from .account import FORMATS, Account, Failure, FileReport, FormatError, Located, Settings
from .conversion import convert, is_named, is_plain_text
from .texts import each_text

__all__ = ["FORMATS", "Account", "Failure", "FileReport", "FormatError", "Located", "Settings", "convert", "each_text", "is_named",
           "is_plain_text"]
