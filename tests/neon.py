#!/usr/bin/env python3
"""The core for 64-bit ARM under qemu: its CPU paths give what this machine's give, on the texts of kernel_cases.py.

    python tests/neon.py [--every N]

Needs g++ (or $CXX), aarch64-linux-gnu-g++ and qemu-aarch64 (Debian: g++ g++-aarch64-linux-gnu qemu-user). --every 31: only
each thirty-first text (an odd number, to meet all alignments). Exit 1 if a result differs, 2 if something is missing.
"""
import argparse
import os
import shutil
import sys
import tempfile
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import core  # noqa: E402
from kernel_cases import DIGEST_BYTES, cases  # noqa: E402

CROSS, QEMU = "aarch64-linux-gnu-g++", "qemu-aarch64"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    compiler = os.environ.get("CXX", "g++")
    missing = [tool for tool in (compiler, CROSS, QEMU) if not shutil.which(tool)]
    if missing:
        print(f"missing: {', '.join(missing)} (Debian: apt-get install g++ g++-aarch64-linux-gnu qemu-user)", file=sys.stderr)
        return 2
    chosen = list(islice(cases(), 0, None, args.every))
    with tempfile.TemporaryDirectory() as folder:
        here, arm, texts = Path(folder, "here"), Path(folder, "arm"), Path(folder, "texts")
        core.build(here, "core.cpp", compiler, "-O2")
        core.build(arm, "core.cpp", CROSS, "-O2", "-static")
        core.write(texts, ((case.data, case.alignment) for case in chosen))
        under_qemu = core.paths([QEMU, arm])
        if under_qemu != ["neon", "portable"]:
            print(f"the paths under qemu are {under_qemu}", file=sys.stderr)
            return 1
        # The first is what the others are held against.
        runs = [([here], path, path) for path in core.paths([here])]
        runs += [([QEMU, arm], path, f"{path} under qemu") for path in under_qemu]
        files = [Path(folder, str(i)) for i in range(len(runs))]
        started = [core.run(command, path, texts, file) for (command, path, _), file in zip(runs, files)]
        if not all([core.finish(name, process) for (_, _, name), process in zip(runs, started)]):
            return 1
        digests = [file.read_bytes() for file in files]
        different = [differs(runs[0][2], digests[0], name, found, chosen) for (_, _, name), found in zip(runs[1:], digests[1:])]
    return 1 if any(different) else 0


def differs(one, want, other, found, chosen):
    """Names the first text of which two paths make different things, if there is one."""
    for i, case in enumerate(chosen):
        place = slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
        if want[place] != found[place]:
            print(f"{other} differs from {one}: {case.name}\n{case.data!r}")
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
