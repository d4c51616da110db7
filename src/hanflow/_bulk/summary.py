"""The account of a bulk run: counts, the line at its end, the JSON report."""
from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import tempfile
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, cast

from .. import _files as files
from .. import cpu

if TYPE_CHECKING:
    from typing import BinaryIO

REPAIRED, UNCHANGED, COPIED, BEFORE, FAILED = "repaired", "unchanged", "copied", "done before", "failed"


class Outcome(NamedTuple):
    """What became of a file.

    state:  REPAIRED, UNCHANGED, COPIED (what is not repaired), BEFORE (by the run that this one resumes) or FAILED.
    report: the FileReport as a dict, the format "" if it is COPIED; of a failed file its errors only.
    source: size, mtime_ns and checksum of the source, for the journal; None if there is no journal, or a record failed.
    mode:   the permissions of the source, if known.
    seconds: the time that it took.
    """

    state: str
    report: dict[str, Any]
    source: Optional[tuple[int, int, int]] = None
    mode: int = 0o666
    seconds: float = 0.0


class Summary:
    """Adds outcomes up, those of the run that this one resumes too. With `listed`, the files are kept for the report, in a file
    without a name, not in memory."""

    def __init__(self, listed: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.repairs: Counter[str] = Counter()
        self.bytes_in = self.bytes_out = self.records = self.failed_records = 0
        self.bytes_seen = 0  # of all files, failed ones too
        self.bytes_worked = 0  # the same without those that were done before
        self._worked = self._skipped = 0.0  # seconds of all workers: on these, on those that were done before
        self.bytes_now = 0  # repaired by this run
        self.links = self.skipped = 0
        self.mode = 0o666  # the permissions that all sources give
        self.begin = datetime.datetime.now().astimezone()
        self._clock = time.monotonic()
        self._listed: Optional[BinaryIO] = cast("BinaryIO", tempfile.TemporaryFile()) if listed else None

    @property
    def files(self) -> int:
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Files."""
        return self.counts[FAILED]

    @property
    def errors(self) -> int:
        """Files and records that failed."""
        return self.counts[FAILED] + self.failed_records

    def seconds(self) -> float:
        return time.monotonic() - self._clock

    def rate(self) -> float:
        """Bytes a second of this run."""
        return self.bytes_now / max(self.seconds(), 1e-9)

    def left(self, size: int) -> Optional[float]:
        """Seconds that so many bytes more will take, if none of them were done before. None: nothing tells yet."""
        if not self.bytes_worked:
            return None if size else 0.0
        share = self._worked / (self._worked + self._skipped) if self._skipped else 1.0
        return size * self.seconds() * share / self.bytes_worked

    def add(self, source: str, target: Optional[str], size: int, outcome: Outcome) -> None:
        report = outcome.report
        self.mode &= outcome.mode
        self.counts[outcome.state] += 1
        self.bytes_seen += size
        if outcome.state == BEFORE:
            self._skipped += outcome.seconds
        else:
            self._worked += outcome.seconds
            self.bytes_worked += size
        if outcome.state != FAILED:
            self.bytes_in += report["bytes_in"]
            self.bytes_now += report["bytes_in"] if outcome.state != BEFORE else 0
            self.bytes_out += report["bytes_out"]
            self.records += report["records"]
            self.failed_records += report["failed"]
            self.repairs.update(report["repairs"])
        if self._listed is not None:
            errors = [{"where": where, "reason": reason} for where, reason in report["errors"]]
            entry = {"source": source, "target": target, "state": outcome.state, **report, "errors": errors}
            self._listed.write(b",\n" if self._listed.tell() else b"\n")
            self._listed.write(json.dumps(entry).encode("ascii"))  # names that are not UTF-8 hold lone surrogates

    def line(self, verb: str) -> str:
        """Such as "3 files: 1 repaired, 2 unchanged"."""
        total = self.files
        parts = [f"{self.counts[REPAIRED]} {verb}", f"{self.counts[UNCHANGED]} unchanged"]
        parts += [f"{self.counts[state]} {state}" for state in (COPIED, BEFORE, FAILED) if self.counts[state]]
        if self.failed_records:
            parts.append(f"{self.failed_records} record{'' if self.failed_records == 1 else 's'} failed")
        return f"{total} file{'' if total == 1 else 's'}: {', '.join(parts)}"

    def write(self, path: str, complete: bool, **more: Any) -> None:
        """The report as JSON, in place of what was there, at once; its folders are made. Who may not read a source may not read
        it. OSError if it cannot be written."""
        from .. import __version__

        seconds = self.seconds()
        head = {
            "hanflow": __version__,
            "cpu_path": cpu(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "system": f"{platform.system()} {platform.machine()}",
            "begin": self.begin.isoformat(timespec="seconds"),
            "end": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "complete": complete,
            **more,
            "counts": {"files": self.files, **{state: self.counts[state] for state in (REPAIRED, UNCHANGED, COPIED, BEFORE, FAILED)},
                       "links": self.links, "skipped": self.skipped, "records": self.records,
                       "failed_records": self.failed_records},
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "bytes_per_second": round(self.rate()),
            "repairs": dict(self.repairs),
        }
        os.makedirs(os.path.dirname(path) or os.curdir, exist_ok=True)
        with files.replacing(path, self.mode) as file:
            file.write(json.dumps(head, indent=1).encode("ascii").removesuffix(b"\n}") + b',\n "files": [')
            if self._listed is not None:
                self._listed.seek(0)
                shutil.copyfileobj(self._listed, file)
            file.write(b"\n ]\n}\n")

    def close(self) -> None:
        """Lets the list go."""
        if self._listed is not None:
            self._listed.close()
            self._listed = None
