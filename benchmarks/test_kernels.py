"""Kernels by CPU path: each text and set of options makes one kernel carry the weight; a process for each path (HANFLOW_ISA)."""
import random

import hanflow
import pytest

import corpus
import measure

OFF = {"compat": False, "width": "none", "spacing": "none", "vertical": False, "unwrap": False}
RNG = random.Random(1)
HAN = "".join(RNG.choices([chr(code) for code in range(0x4E00, 0x6E00)], k=30_000))
DIGITS = "".join(RNG.choices("０１２３４５６７８９", k=40_000))
RADICALS = "".join(RNG.choices([chr(code) for code in range(0x2F00, 0x2FD6)], k=40_000))

# kernel: (text of about 120 KB, options)
LOADS = {
    "validate ASCII": ("It rained all night. " * 6000, {}),
    "validate and scan Han": (HAN, {}),
    "validate and scan, 1 to 4 bytes": ("".join(f"aé{char}{chr(0x20000 + ord(char))}" for char in HAN[:12_000]), {}),
    "measure lines": ("\n".join(HAN[i:i + 18] for i in range(0, len(HAN), 18)), {**OFF, "vertical": True}),
    "emit, a gap behind each character": (" ".join(HAN), {**OFF, "spacing": "auto"}),
    "emit, few edits": ("\n".join(HAN[i:i + 300] + " " + HAN[i] for i in range(0, len(HAN), 300)), {**OFF, "spacing": "all"}),
    "emit, full-width digits": (DIGITS, {**OFF, "width": "alnum"}),
    "emit, radicals": (RADICALS, {**OFF, "compat": True}),
    "all, damaged pages": ("", {}),
}


@pytest.mark.parametrize("path", measure.cpu_paths())
@pytest.mark.parametrize("kernel", LOADS)
def test_kernel(timed, benchmark, workers, size, tmp_path, kernel, path):
    text, options = LOADS[kernel]
    data = (text.encode() * (size // len(text.encode()) + 1) if text else corpus.damaged(size))
    file = tmp_path / "text"
    file.write_bytes(data)
    benchmark.group = kernel
    assert workers[path].load(file, **options) == measure.digest([hanflow.normalize(data, **options)])
    timed(measure.Worker.run, workers[path], len(data))
