"""All CPU paths give the same bytes: every length at every alignment, and long texts. Each path in a process of its own.
Then their kernels one by one, all in this process: against the portable ones, a slow reading, the reference."""
import ctypes
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

import core
import hanflow
import strategies as s
from kernel_cases import ALIGNMENTS, DIGEST_BYTES, LENGTHS, cases
from reference import columns, unwrap
from reference import weights as w

PATHS = hanflow._core.cpu_paths()
CASES = str(Path(__file__).with_name("kernel_cases.py"))


def run(path, *arguments):
    """What it prints, with HANFLOW_ISA=path, and what it says on stderr."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, check=True, env={**os.environ, "HANFLOW_ISA": path})
    return done.stdout, done.stderr.decode()


def active(path):
    out, said = run(path, "-c", "import hanflow; print(hanflow.cpu())")
    return out.decode().strip(), said


@pytest.mark.skipif(len(PATHS) == 1, reason="this CPU has one path only")
def test_all_paths_agree():
    with ThreadPoolExecutor() as pool:
        digests = [out for out, _ in pool.map(lambda path: run(path, CASES), PATHS)]
    count = sum(1 for _ in cases())
    assert len(digests[0]) == count * DIGEST_BYTES
    for path, found in zip(PATHS[1:], digests[1:]):
        for i in range(count if found != digests[0] else 0):
            place = slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
            if found[place] != digests[0][place]:
                case = next(islice(cases(), i, None))
                made = "\n".join(f"{name}:\n{run(name, CASES, str(i))[0].decode()}" for name in (PATHS[0], path))
                pytest.fail(f"{case.name}: {case.data!r}\n{made}")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_can_be_pinned(path):
    assert active(path) == (path, "")


@pytest.mark.parametrize("name", ["sse9", "portabl", "PORTABLE"])
def test_what_cannot_be_pinned_is_said(name):
    used, said = active(name)
    assert used == PATHS[0]
    assert f"RuntimeWarning: HANFLOW_ISA={name}: this CPU runs {', '.join(PATHS)}; {PATHS[0]} is used" in said


def test_nothing_pinned():
    assert active("") == (PATHS[0], "")


def test_portable_is_the_last():
    assert PATHS[-1] == "portable"
    assert hanflow.cpu() in PATHS


@pytest.fixture(scope="module")
def native():
    library = core.library()
    if not library:
        pytest.skip("needs g++")
    library.path_name.restype = library.facts_differ.restype = ctypes.c_char_p
    library.squeeze.restype = ctypes.c_size_t
    library.from_utf8.restype = library.to_utf8.restype = ctypes.c_ssize_t
    assert [library.path_name(i).decode() for i in range(len(PATHS))] == PATHS
    return library


class Aligned:
    """Memory that is filled anew, at any place behind a multiple of 64 bytes."""
    def __init__(self, size):
        self.room = ctypes.create_string_buffer(size + 192)
        self.base = -ctypes.addressof(self.room) % 64

    def put(self, data, alignment):
        """-> where it stands."""
        at = self.base + alignment
        self.room[at:at + len(data)] = data
        return ctypes.c_void_p(ctypes.addressof(self.room) + at)

    def get(self, size, alignment=0):
        return self.room[self.base + alignment:self.base + alignment + size]


MOST = 4 * max(LENGTHS) + 256


def slices(rng, text):
    """(text, alignment): every length at every alignment."""
    for length in LENGTHS:
        for alignment in ALIGNMENTS:
            at = rng.randrange(len(text) - length)
            yield text[at:at + length], alignment


def characters(rng, count, surrogates=True):
    """A text of every kind of character, in runs of a kind."""
    blocks = [range(0x80), range(0x80, 0x800), range(0x800, 0x2000), range(0x2000, 0x3100), range(0x3100, 0x4E00), range(0x4E00, 0x4E80),
              range(0x9F80, 0xA100), range(0xF900, 0x10000), range(0xFF00, 0xFF80), range(0x10000, 0x10400), range(0x10FF00, 0x110000)]
    blocks += [range(0xD800, 0xE000)] if surrogates else []
    out = []
    while len(out) < count:
        some = rng.choices(blocks, k=rng.randint(1, 3))
        out += [chr(rng.choice(rng.choice(some))) for _ in range(rng.randint(1, 90))]
    return "".join(out)


def test_planes_typed_by_hand(native):
    planes = native.planes()
    names = "NEWLINE GAP HAN OPEN CLOSE STOP PAUSE MARK DIGIT LETTER SIGN ODD OTHER LOW CHANGES RARE PLAIN".split()
    assert planes == len(names)
    wanted = {"中": "HAN PLAIN", "〇": "HAN PLAIN", "か": "HAN PLAIN", "，": "PAUSE PLAIN", "、": "PAUSE PLAIN", "。": "STOP PLAIN", "！": "STOP PLAIN",
              "《": "OPEN PLAIN", "“": "OPEN LOW PLAIN", "》": "CLOSE PLAIN", "—": "MARK LOW PLAIN", "…": "STOP LOW PLAIN", "5": "DIGIT",
              "５": "DIGIT CHANGES", "x": "LETTER", "Ｘ": "LETTER CHANGES", "%": "SIGN", "％": "SIGN CHANGES", " ": "GAP", "\u3000": "GAP ODD",
              "\t": "GAP ODD", "\n": "NEWLINE", "⼤": "HAN CHANGES", "①": "OTHER", "℃": "OTHER", "├": "OTHER RARE", "한": "RARE",
              "\ud83d": "OTHER RARE", "\ufeff": "RARE", "︐": "PAUSE RARE", "é": "LETTER"}
    for path in range(len(PATHS)):
        for c, kinds in wanted.items():
            word, classes = (ctypes.c_uint64 * planes)(), (ctypes.c_uint8 * 64)()
            native.classify(path, (ctypes.c_uint16 * 1)(ord(c)), ctypes.c_size_t(1), classes, word)
            assert [name for name, bit in zip(names, word) if bit] == kinds.split(), (PATHS[path], c)


def test_classes_and_planes(native):
    planes, rng = native.planes(), random.Random(11)
    text = characters(rng, 30_000).encode("utf-16-le", "surrogatepass")
    units, classes, words = Aligned(MOST), ctypes.create_string_buffer(MOST), ctypes.create_string_buffer(planes * 8 * (MOST // 64 + 1))
    for length in LENGTHS:
        for alignment in ALIGNMENTS[::2]:
            begin = rng.randrange(len(text) // 2 - length) * 2
            place, found = units.put(text[begin:begin + 2 * length], alignment), []
            for path in range(len(PATHS)):
                native.classify(path, place, ctypes.c_size_t(length), classes, words)
                found.append((classes[:length], words[:planes * 8 * -(-length // 64)]))
            for path, other in zip(PATHS, found):
                assert other == found[-1], (path, length, alignment)


def test_every_unit_is_classified_alike(native):
    planes = native.planes()
    units = (ctypes.c_uint16 * 0x10000)(*range(0x10000))
    found = []
    for path in range(len(PATHS)):
        classes, words = ctypes.create_string_buffer(0x10000), ctypes.create_string_buffer(planes * 8 * 0x400)
        native.classify(path, units, ctypes.c_size_t(0x10000), classes, words)
        found.append((classes.raw, words.raw))
    assert all(other == found[-1] for other in found)


def test_squeeze(native):
    rng = random.Random(12)
    text = "".join(c + " " * rng.choice([0, 0, 1, 1, 1, 2, 40]) for c in characters(rng, 20_000) if ord(c) < 0x10000)
    units, out = Aligned(MOST), ctypes.create_string_buffer(2 * MOST)
    for part, alignment in slices(rng, text):
        if alignment % 2:
            continue
        place, wanted = units.put(part.encode("utf-16-le", "surrogatepass"), alignment), part.replace(" ", "").encode("utf-16-le", "surrogatepass")
        for path in range(len(PATHS)):
            length = native.squeeze(path, place, ctypes.c_size_t(len(part)), out)
            assert out[:2 * length] == wanted, (PATHS[path], part, alignment)


def test_from_utf8(native):
    """A slow reading of the bytes that are taken; they end behind a character, and less than a block is left."""
    rng = random.Random(13)
    text = characters(rng, 30_000, surrogates=False)
    data, out, made = Aligned(MOST), ctypes.create_string_buffer(2 * MOST), ctypes.c_size_t()
    for part, alignment in slices(rng, text):
        part = part.encode("utf8")[:len(part)].decode("utf8", "ignore").encode("utf8")
        place = data.put(part, alignment)
        for path in range(len(PATHS)):
            taken = native.from_utf8(path, place, ctypes.c_size_t(len(part)), out, ctypes.byref(made))
            if taken >= 0:
                assert out[:2 * made.value] == part[:taken].decode("utf8").encode("utf-16-le"), (PATHS[path], part, alignment)
                assert len(part) - taken < 70


def test_to_utf8(native):
    """Up to the sixteen units that hold a surrogate."""
    rng = random.Random(14)
    text = "".join(c for c in characters(rng, 40_000) if ord(c) < 0xD800 or 0xE000 <= ord(c) < 0x10000 or rng.random() < 0.05)
    units, out, made = Aligned(2 * MOST), ctypes.create_string_buffer(4 * MOST), ctypes.c_size_t()
    for part, alignment in slices(rng, text):
        if alignment % 2:
            continue
        part = part.encode("utf-16-le", "surrogatepass")[:2 * len(part)]
        place, numbers = units.put(part, alignment), memoryview(part).cast("H")
        for path in range(len(PATHS)):
            taken = native.to_utf8(path, place, ctypes.c_size_t(len(numbers)), out, ctypes.byref(made))
            if taken >= 0:
                assert out[:made.value] == part[:2 * taken].decode("utf-16-le").encode("utf8"), (PATHS[path], part, alignment)
                assert taken == len(numbers) or any(0xD800 <= unit < 0xE000 for unit in numbers[taken:taken + 16])


@pytest.mark.parametrize("path", range(len(PATHS)), ids=PATHS)
def test_evidence_and_measures(native, path):
    for seed in range(1500):
        lines = seed % 90 if seed < 900 else 90 + seed % 500
        differs = native.facts_differ(path, lines, seed)
        assert differs is None, (differs, lines, seed)


# The Viterbi pass, against the reference's.

NEVER, FIELDS = 32767, 32
KINDS = list(w.GOES_ON)


def shifted(cost):
    return cost // 5 * 16


def random_lines(rng, n):
    """-> lines, barriers, joints, columns, as the reference has them."""
    measures, lines = [rng.randrange(32, 140, 2) for _ in range(rng.randint(1, 3))], []
    for _ in range(n):
        measure = rng.choice(measures)
        width = rng.choice([measure - rng.randrange(5), measure - rng.randrange(5), measure - rng.randrange(30), rng.randrange(1, 200), rng.randrange(1, 9000)])
        lines.append(SimpleNamespace(
            width=width, tight=width - rng.choice([0, 0, 2, 4, 8]), unit=rng.choice([4, 4, 4, 8, 2, 14, 30]), dropped=rng.choice([0, 0, 1, 3]),
            spaced=rng.random() < 0.15, raw=rng.random() < 0.3, flush=rng.random() < 0.3, opens=rng.random() < 0.1, indent=rng.choice([0, 0, 0, 2, 4, 6, 8]),
            end_kind=rng.choice(["mid"] * 6 + KINDS), start_kind=rng.choice([""] * 9 + ["nostart", "open"]), table=rng.random() < 0.03))
    joints = [None]
    for _ in range(1, n):
        joint = unwrap.Joint.__new__(unwrap.Joint)
        joint.join, joint.part = (min(5 * rng.choice([0, 0, 14, rng.randrange(700)]), unwrap.MOST_JOINT) for _ in range(2))
        joint.free = rng.random() < 0.3
        joints.append(joint)
    columns_of = []
    for i in range(n):
        if i % columns.BLOCK == 0:
            chosen = []
            for m in rng.sample(measures, len(measures)) + [rng.randrange(32, 257, 2) for _ in range(4)]:
                if len(chosen) < rng.choice([1, 2, 3, 3]) and all(abs(m - other) >= columns.FAR for other in chosen):
                    chosen.append(m)
            chosen *= rng.random() < 0.95
        columns_of.append({m: 50 * rng.choice([0, 0, 1, 4, rng.randrange(23)]) for m in chosen})
    return lines, {i for i in range(n) if rng.random() < 0.03}, joints, columns_of


def row_of(lines, i, barriers, joint, column):
    """The line as the native pass has it (lattice.hpp)."""
    line, last = lines[i], i + 1 == len(lines)
    unit = 0 if last else lines[i + 1].unit
    on = w.RAW_STOP if line.raw and line.end_kind == "stop" else w.GOES_ON[line.end_kind]
    lost = shifted(w.LOST_INDENT)
    if line.indent >= unwrap.INDENT:
        indents = [NEVER, 0, NEVER, 0]
    elif line.indent >= unwrap.CELL:
        indents = [lost, 0, lost, 0]
    elif line.flush:
        indents = [shifted(w.NO_INDENT), lost, shifted(w.NO_INDENT // 2), lost]
    else:
        full = w.FIRST_FULL if line.opens else w.NO_INDENT
        indents = [lost, shifted(full), lost, shifted(full // 2)]
    join, part = (shifted(joint.join), shifted(joint.part)) if joint else (0, 0)
    missing = columns.MEASURES - len(column)
    return [line.width, line.tight, unit, line.width + unit + line.dropped,
            shifted(on), shifted(w.LAST[line.end_kind]), shifted(w.ALONE[line.end_kind]),
            shifted(w.FREE + w.GOES_ON[line.end_kind]), shifted(w.FREE + w.FREE_END[line.end_kind]),
            join, part, join + shifted(w.FREE_JOIN) if joint and joint.free else NEVER,
            *map(shifted, column.values()), *[NEVER] * missing, *column, *[-4096] * missing, *indents,
            shifted(w.RAW_CUT if line.raw else w.CUT) if not last and unwrap.may_be_cut(lines, i) else NEVER,
            shifted(w.HEADING_CUT) if line.end_kind == "mid" else 0, -line.spaced,
            -(not last and lines[i + 1].start_kind == "nostart"),
            unwrap.INDENT - (line.indent if line.indent >= unwrap.CELL else 0), NEVER if last or i in barriers or line.table else 0, *[0] * 4]


def decode(native, path, rows, sizes):
    """-> the states of the lines of texts of these sizes, whose rows stand behind one another."""
    runs, begin = [], 0
    for n in sizes:
        for at in range(0, n, unwrap.BLOCK):
            low, high = max(0, at - unwrap.WARM_UP), min(n, at + unwrap.BLOCK + unwrap.READ_AHEAD)
            runs += [begin + low, high - low, at - low, min(unwrap.BLOCK, n - at), begin + at]
        begin += n
    states = (ctypes.c_uint8 * max(1, begin))()
    native.decode(path, (ctypes.c_int16 * len(rows))(*rows), (ctypes.c_int32 * len(runs))(*runs), ctypes.c_size_t(len(runs) // 5), states)
    return list(states)


def test_paths_of_random_lines_are_the_references(native):
    rng = random.Random(15)
    many = [[rng.randint(1, 200) for _ in range(41)] for _ in range(4)]
    for sizes in ([1], [2, 3], [64, 80, 96, 97, 65, 63, 48, 16, 17], [700], *many):
        rows, wanted, measures = [], [], []
        for n in sizes:
            lines, barriers, joints, columns_of = random_lines(rng, n)
            for i in range(n):
                rows += row_of(lines, i, barriers, joints[i], columns_of[i])
            measures += [[*column, *[-1] * (columns.MEASURES - len(column)), None] for column in columns_of]
            for at in range(0, n, unwrap.BLOCK):
                low = max(0, at - unwrap.WARM_UP)
                path = unwrap.find_path(lines, barriers, joints, columns_of, low, min(n, at + unwrap.BLOCK + unwrap.READ_AHEAD))
                wanted += path[at - low:][:unwrap.BLOCK]
        for path in range(len(PATHS)):
            states = decode(native, path, rows, sizes)
            found = [(state // 4 != 0, measure[state % 4]) for state, measure in zip(states, measures)]
            assert len(found) == len(wanted)
            differ = [i for i in range(len(found)) if found[i] != wanted[i]]
            assert not differ, (PATHS[path], sizes, differ[:20], [(found[i], wanted[i]) for i in differ[:5]])


def test_paths_of_any_rows_are_alike(native):
    """Widths that overflow, costs that saturate, no way at all: whatever a row holds, all CPU paths see the same."""
    rng = random.Random(16)
    widths, costs = [0, 4, 60, 64, 200, 1024, 9000, 32000, 32767, -32768, -5], [0, 16, 480, 3200, 9600, 32752, NEVER, NEVER]
    for _ in range(60):
        sizes, rows = [rng.randint(1, 150) for _ in range(rng.randint(1, 40))], []
        for _ in range(sum(sizes)):
            flags = [-(rng.random() < 0.2), -(rng.random() < 0.2), NEVER * (rng.random() < 0.2)]
            rows += [*(rng.choice(widths) for _ in range(4)), *(rng.choice(costs) for _ in range(11)),
                     *(rng.choice([-4096, 32, 60, 62, 64, 256, 32767]) for _ in range(3)), *(rng.choice(costs) for _ in range(6)), *flags, *[0] * 5]
        found = [decode(native, path, rows, sizes) for path in range(len(PATHS))]
        assert all(other == found[-1] for other in found)
