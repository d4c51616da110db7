"""each_text(): the texts in a file that convert() would repair, one by one, and where they stand."""
from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Callable

from . import delimited, isolated, jsonl, text
from .account import Account, FileReport, Located, check_settings
from .conversion import PIPED, Ahead, _format, _is_repaired, _opened, _reader, _seekable, _unpacked, naming
from .encodings import Transcoder

if TYPE_CHECKING:
    from typing import BinaryIO

    from .._normalizer import File
    from .account import Settings

Visit = Callable[[Located], object]


def each_text(settings: Settings, source: File, visit: Visit) -> FileReport:
    """Calls visit(located) for each text that convert() would give to the normalizer, in the order of the file. What it
    returns says whether the text would change, for the report; `located.repairs(normalizer)` lists how.

    source: a path or binary file object; "-" is stdin. Nothing is written. The report is that of a conversion without a
    target: records and members that convert() would pass on unchanged are named in it, and what ends a conversion is raised
    here too. Repairs are not counted.

    Memory: one portion of records, row group or batch, or one text of these; plain text comes in pieces.
    """
    check_settings(settings)
    account = Account(settings)
    with naming(source) as name, _opened(source) as opened, ExitStack() as stack:
        file, start = opened, opened.tell() if opened.seekable() else 0
        raw = Ahead(_reader(file))
        compression, content, base = _unpacked(name, raw, settings)
        format = settings.format or _format(base, content, settings)
        if format in PIPED:
            _lines(base, format, content.read, account, "", visit)
        else:
            if compression or not file.seekable():
                file = _seekable(content.read, stack)
            else:
                file.seek(start)
            _whole(format, file, account, visit)
        size = opened.seek(0, os.SEEK_END) - start if opened.seekable() else raw.size
    label = f"{format}.{compression}" if compression else format
    return FileReport(name, label, account.encoding, size, 0, account.changed, account.records, {}, account.failed,
                      account.errors)


def _lines(name: str, format: str, read: Callable[[int], bytes], account: Account, member: str, visit: Visit) -> None:
    """read: gives what is unpacked already."""
    if format == "tar":
        from . import tars

        tars.repair_members(read, _nowhere, account, _is_repaired, _members(visit))
        return
    if account.settings.encoding is not None:
        coded = Transcoder(account.settings.encoding, read)
        read, account.encoding = coded.read, coded.name
    else:
        account.encoding = "utf-8"
    if format == "csv":
        found = delimited.texts(read, account, tabs=name.lower().endswith(".tsv"))
    else:
        found = (jsonl if format == "jsonl" else text).texts(read, account)
    for located in found:
        account.changed |= bool(visit(located._replace(member=member, format=format, encoding=account.encoding)))


def _whole(format: str, file: BinaryIO, account: Account, visit: Visit) -> None:
    """For formats that need seekable files."""
    if format == "zip":
        from . import zips

        zips.repair_members(file, None, account, _is_repaired, _members(visit))
        return
    for located in isolated.texts(format, file, account):
        account.changed |= bool(visit(located._replace(format=format)))


def _members(visit: Visit) -> Callable[[str, Callable[[int], bytes], Account], None]:
    """What repairs a member, for the loops over archives: it is looked at, and nothing changes."""

    def member(name: str, read: Callable[[int], bytes], account: Account) -> None:
        _, content, base = _unpacked(name, Ahead(read), account.settings)
        _lines(base, _format(base, content, account.settings), content.read, account, name, visit)

    return member


def _nowhere(data: bytes) -> None: ...
