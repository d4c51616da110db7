"""Other encodings than UTF-8, at the borders of a conversion: what stands between reads and writes UTF-8."""
from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from . import guess
from .account import PIECE, FormatError

if TYPE_CHECKING:
    from typing import Callable

# The first that fits: UTF-32's mark begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"\x84\x31\x95\x33", "gb18030"),
)
SAMPLE = 1 << 16  # bytes that "auto" decides by
BEFORE = 2048  # bytes before a fault that are looked at too
SEARCHED = 16 << 20  # bytes of nothing but ASCII after which "auto" stops looking for others
OTHER = re.compile(rb"[^\x00-\x7f]")


class Transcoder:
    """Between a file's encoding and UTF-8. The byte order mark of other encodings than UTF-8 is kept.

    name: the codec. Bytes that it cannot read and characters that it cannot write raise FormatError.
    """

    def __init__(self, encoding: str, read: Callable[[int], bytes]) -> None:
        self._source = read
        self._ahead = [read(PIECE)]
        start = self._ahead[0]
        mark, marked = next(((mark, codec) for mark, codec in MARKS if start.startswith(mark)), (b"", ""))
        name = codecs.lookup((marked or self._decided()) if encoding == "auto" else encoding).name
        if marked and (name == marked or name == marked[:-3] or name == "utf-8-sig" == marked + "-sig"):
            name = marked
        else:
            mark = b""
        self.name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name)
        self._mark = b"" if encoding == "auto" and self.name == "utf-8" else mark
        self._ahead[0] = start[len(self._mark):]
        self._at = len(self._mark)  # bytes read
        self._lines = 1  # written
        self._decoder = codecs.getincrementaldecoder(self.name)()
        self._encoder = codecs.getincrementalencoder(self.name)()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int) -> bytes:
        """The next UTF-8; nothing at the end only."""
        while True:
            piece = self._ahead.pop(0) if self._ahead else self._source(size)
            if self.name == "utf-8":
                return piece
            try:
                text = self._decoder.decode(piece, not piece)
            except UnicodeDecodeError as error:
                begin = self._at + len(piece) - len(error.object)  # the object begins with what was left of the last piece
                raise FormatError(f"byte {begin + error.start}", f"not {self.name}: {error.reason}") from error
            self._at += len(piece)
            if text or not piece:
                return text.encode()

    def writer(self, write: Callable[[bytes], object]) -> Callable[[bytes], None]:
        """A write() that takes UTF-8, for the write() of the target. It gets an empty piece at the end."""
        if self._mark:
            write(self._mark)

        def encode(data: bytes) -> None:
            if self.name == "utf-8":
                write(data)
                return
            text = self._utf8.decode(data, not data)
            try:
                write(self._encoder.encode(text, not data))
            except UnicodeEncodeError as error:
                char = error.object[error.start]
                line = self._lines + error.object.count("\n", 0, error.start)
                reason = f"{char!r} (U+{ord(char):04X}) cannot be written in {self.name}"
                raise FormatError(f"line {line} of the result", reason) from error
            self._lines += text.count("\n")

        return encode

    def _decided(self) -> str:
        """What the first lines with other characters than ASCII are, if that is certain."""
        piece, at = self._ahead[-1], 0  # of the piece in the file
        while piece.isascii() and piece and sum(map(len, self._ahead)) < SEARCHED and b"\0" not in piece:
            at += len(piece)
            piece = self._source(PIECE)
            self._ahead.append(piece)
        first = OTHER.search(piece)
        if first is None:
            return "utf-8"
        begin = piece.rfind(b"\n", 0, first.start()) + 1
        sample = piece[begin:begin + SAMPLE]
        if _is_utf8(sample):
            return "utf-8"
        codec, candidates = guess.decided(sample, (at + begin) % 2 == 1)
        if codec is None:
            which = f"it may be {' or '.join(candidates)}" if candidates else "it is none of those that are known"
            raise FormatError("", f"the encoding is not certain, {which}: name it (--encoding NAME)")
        return codec


def _is_utf8(data: bytes) -> bool:
    """But for a character that the end cuts."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
        return True
    except UnicodeDecodeError:
        return False


def advice(error: UnicodeDecodeError) -> str:
    """What to do about bytes that are not UTF-8, "" if the rest is, or what comes before them."""
    data: bytes = error.object
    begin = data.rfind(b"\n", 0, max(error.start - BEFORE, 0)) + 1
    codec, candidates = guess.decided(data[begin:begin + SAMPLE], begin % 2 == 1)
    if codec == "utf-8":
        return ""
    if codec is not None:
        return f"; it looks like {codec}: --encoding {codec}"
    candidates = [name for name in candidates if name != "utf-8"]
    if candidates:
        return f"; it may be {' or '.join(candidates)}: --encoding NAME"
    if not data[:error.start].isascii() or error.reason.startswith("unexpected end"):
        return ""
    return "; if it has another encoding, say which: --encoding NAME"


# How files of other kinds begin, what they are, and what to do.
EXTRACT = "take its text out first"
KINDS = (
    (b"%PDF-", f"a PDF: {EXTRACT} (pdftotext FILE.pdf -)"),
    (b"{\\rtf", f"an RTF document: {EXTRACT} (save it as plain text)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"an old Office document (DOC, XLS, PPT): {EXTRACT} (save it as plain text or CSV)"),
    (b"\x89PNG\r\n\x1a\n", "an image (PNG): it needs OCR first"), (b"\xff\xd8\xff", "an image (JPEG): it needs OCR first"),
    (b"GIF8", "an image (GIF): it needs OCR first"), (b"II*\0", "an image (TIFF): it needs OCR first"),
    (b"MM\0*", "an image (TIFF): it needs OCR first"), (b"AT&TFORM", "an image (DjVu): it needs OCR first (djvutxt)"),
    (b"\0\0\0\x0cjP  ", "an image (JPEG 2000): it needs OCR first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"), (b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (b"SQLite format 3\0", "an SQLite database: export a table as CSV"), (b"\x7fELF", "a program"), (b"MZ\x90\0", "a program"),
)
# Documents that are zip archives, by what stands in the names of their first members.
DOCUMENTS = (
    (b"word/", "a Word document (DOCX): take its text out first (pandoc -t plain)"),
    (b"xl/", "an Excel workbook (XLSX): save its sheets as CSV"),
    (b"ppt/", f"a PowerPoint presentation (PPTX): {EXTRACT}"),
    (b"[Content_Types].xml", f"an Office document: {EXTRACT} (save it as plain text or CSV)"),
    (b"mimetypeapplication/vnd.oasis.opendocument", f"an OpenDocument file: {EXTRACT} (save it as plain text or CSV)"),
    (b"mimetypeapplication/epub", f"an EPUB: {EXTRACT} (pandoc -t plain)"),
)
ZIP = b"PK\x03\x04"


def other_kind(start: bytes) -> str:
    """What a file that begins so is, if it is none of those whose text can be repaired; else "". A few KB tell most."""
    if start.startswith(ZIP):
        return next((what for mark, what in DOCUMENTS if mark in start), "")
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "an image (WebP): it needs OCR first"
    return next((what for mark, what in KINDS if start.startswith(mark)), "")
