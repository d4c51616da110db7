"""Other encodings than UTF-8, at the borders of a conversion: what stands between reads and writes UTF-8."""
from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from .account import PIECE, FormatError, load

if TYPE_CHECKING:
    from typing import Callable

# The first that fits: UTF-32's mark begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"\x84\x31\x95\x33", "gb18030"),
)
# Codecs that read and write all that these do, as they do.
SUPERSETS = {"ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030"}
# Of encodings that fit a short text equally well.
CHINESE = ("gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950")

SAMPLE = 1 << 16  # bytes that "auto" decides by
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
        """What charset-normalizer says of the first lines with other characters than ASCII."""
        piece = self._ahead[-1]
        while piece.isascii() and piece and sum(map(len, self._ahead)) < SEARCHED:
            piece = self._source(PIECE)
            self._ahead.append(piece)
        first = OTHER.search(piece)
        if first is None:
            return "utf-8"
        sample = piece[piece.rfind(b"\n", 0, first.start()) + 1:][:SAMPLE]
        try:
            codecs.getincrementaldecoder("utf-8")().decode(sample)
            return "utf-8"
        except UnicodeDecodeError:
            pass
        from_bytes = load("charset_normalizer", "encoding='auto'").from_bytes
        if len(sample) == SAMPLE:  # a character that the end cuts would speak against its encoding
            sample = sample[:sample.rfind(b"\n") + 1] or sample
        fitting = list(from_bytes(sample))  # the best first
        if not fitting:
            raise FormatError("", "no encoding fits: name it")
        best = [match.encoding for match in fitting
                if (match.chaos, match.coherence) == (fitting[0].chaos, fitting[0].coherence)]
        chosen = next((encoding for encoding in best if encoding in CHINESE), best[0])
        return str(SUPERSETS.get(chosen, chosen))
