#!/usr/bin/env python3
"""The core under AddressSanitizer and UndefinedBehaviorSanitizer, on every CPU path: made-up pages, whole, cut short and broken.

    python tests/sanitize.py [--pages 3000] [--seed 1] [--threads]     --threads: under ThreadSanitizer instead

Needs g++ (or $CXX) with the sanitizers. Exit 1 if one of them complains, if a stream, a batch or an Arrow column differs from the
whole, what is traced from what is not, or a kernel from the portable one.
"""
import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import core  # noqa: E402
import strategies as s  # noqa: E402

FLAGS = ("-O1", "-g")
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
        core.build(program, "core.cpp", os.environ.get("CXX", "g++"), *FLAGS, *(THREADS if args.threads else MEMORY))
        core.write(corpus, ((data, 0) for data in texts(random.Random(args.seed), args.pages)))
        well = [core.finish(path, core.run([program], path, corpus)) for path in core.paths([program])]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
