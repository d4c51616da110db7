"""A short run of flip.py: files of every format with a byte changed."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

import flip


@pytest.mark.skipif(os.name != "posix", reason="an alarm clock")
@pytest.mark.parametrize("seed", [2])
def test_flips(seed):
    script = Path(__file__).with_name("flip.py")
    done = subprocess.run([sys.executable, str(script), "--flips", "40", "--seed", str(seed)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    assert done.stdout.count("40 flips") == done.stdout.count("\n") >= 8


def test_what_it_finds(monkeypatch, capsys):
    """A leak, an exception of another kind, a hang."""
    def broken(settings, source, target):
        data = source.read()
        if data.count(b"\0") != good.count(b"\0"):
            target.write(b"\xa5" * 9)
        if data.count(b"\xff") != good.count(b"\xff"):
            raise KeyError("broken")
        if data.count(b"\x7f") != good.count(b"\x7f"):
            raise flip.Hang

    good = flip.KINDS["jsonl"][0]()
    monkeypatch.setattr(flip, "convert", broken)
    assert flip.flips("jsonl", 40, 1) > 3
    out = capsys.readouterr().out
    assert "memory in the output: b'\\xa5\\xa5\\xa5\\xa5'" in out and "KeyError('broken')" in out and ": hangs" in out
