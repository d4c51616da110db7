#!/usr/bin/env python3
"""The core under AddressSanitizer and UndefinedBehaviorSanitizer, on every CPU path: made-up pages, whole, cut short and broken.

    python tests/sanitize.py [--pages 3000] [--seed 1] [--threads]     --threads: under ThreadSanitizer instead

Needs g++ (or $CXX) with the sanitizers. Exit 1 if one of them complains, or if a stream, a batch or an Arrow column differs from
the whole.
"""
import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import strategies as s  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ("-std=c++17", "-O1", "-g", "-pthread")
MEMORY = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
THREADS = ("-fsanitize=thread",)


def texts(rng, pages):
    for _ in range(pages):
        data = s.random_page(rng, grids=True, surrogates=rng.random() < 0.3).text.encode("utf8", "surrogatepass")
        yield data
        yield data[rng.randrange(len(data) + 1):]
        yield data[:rng.randrange(len(data) + 1)]
        yield s.random_bytes(rng)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program, corpus = Path(folder, "sanitize"), Path(folder, "texts")
        sources = [ROOT / "tests/sanitize.cpp", *sorted((ROOT / "native/src").rglob("*.cpp"))]
        flags = [*FLAGS, *(THREADS if args.threads else MEMORY), f"-I{ROOT}/native/include", f"-I{ROOT}/native/src"]
        subprocess.run([os.environ.get("CXX", "g++"), *flags, *map(str, sources), "-o", program], check=True)
        with corpus.open("wb") as file:
            for data in texts(random.Random(args.seed), args.pages):
                file.write(struct.pack("<I", len(data)) + data)
        failed = False
        for path in ("portable", "haswell", "icelake"):  # one that the CPU lacks falls back to what it has
            run = subprocess.run([program, corpus], env={**os.environ, "HANFLOW_ISA": path}, stdout=subprocess.PIPE, encoding="utf8")
            print(f"{path}: {run.stdout.strip() or 'stopped'}")
            failed = failed or run.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
