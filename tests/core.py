"""Builds core.cpp with the core, and runs texts through it; for sanitize.py and neon.py."""
import os
import struct
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(program, compiler, *flags):
    sources = [ROOT / "tests/core.cpp", *sorted((ROOT / "native/src").rglob("*.cpp"))]
    folders = (f"-I{ROOT}/native/include", f"-I{ROOT}/native/src")
    subprocess.run([compiler, "-std=c++17", "-pthread", *flags, *folders, *map(str, sources), "-o", str(program)], check=True)


def write(file, texts):
    """texts: pairs of the bytes and their alignment."""
    with open(file, "wb") as out:
        for data, alignment in texts:
            out.write(struct.pack("<II", len(data), alignment) + data)


def paths(command):
    """The CPU paths that the program can run here, the best first. command: what starts it, a list."""
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf8", check=True).stdout.split()


def run(command, path, *files):
    """Starts it on one CPU path."""
    environment = {**os.environ, "HANFLOW_ISA": path}
    return subprocess.Popen([*command, *map(str, files)], env=environment, stdout=subprocess.PIPE, encoding="utf8")


def finish(name, process):
    """Says what came out; whether all was well."""
    said = process.communicate()[0]
    print(f"{name}: {said.strip() or 'stopped'}", flush=True)
    return process.returncode == 0
