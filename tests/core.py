"""Builds core.cpp or kernels.cpp with the core: a program that texts are run through, or a library; for the tests of the core."""
import atexit
import ctypes
import os
import shutil
import struct
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(out, main, compiler, *flags):
    """main: the file in tests/ that is built with the core. The files are compiled side by side."""
    folders = (f"-I{ROOT}/native/include", f"-I{ROOT}/native/src")
    with tempfile.TemporaryDirectory() as objects, ThreadPoolExecutor(os.cpu_count()) as pool:
        def compiled(source):
            made = Path(objects, f"{source.parent.name}_{source.name}.o")
            subprocess.run([compiler, "-std=c++17", "-pthread", *flags, *folders, "-c", source, "-o", made], check=True)
            return made
        sources = [ROOT / "tests" / main, *sorted((ROOT / "native/src").rglob("*.cpp"))]
        subprocess.run([compiler, "-pthread", *flags, *pool.map(compiled, sources), "-o", out], check=True)


@lru_cache(maxsize=None)
def library():
    """kernels.cpp as a library, for ctypes; None without a compiler."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if not compiler:
        return None
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build(Path(folder, "core.so"), "kernels.cpp", compiler, "-O1", "-shared", "-fPIC")
    return ctypes.CDLL(str(Path(folder, "core.so")))


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
