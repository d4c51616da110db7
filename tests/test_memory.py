"""What the core may rely on: memory that stays as it is, objects that were made as they should be, memory that may run out."""
import copy
import mmap
import pickle
import struct
import subprocess
import sys

import pytest

from hanflow import Normalizer, _core
from hanflow import _opencc as stage

# Texts of one size whose repairs have nothing in common. What a call gives must be that of one of them: a mixture, an error or a
# crash shows that the core read memory while somebody wrote into it.
CHANGING = """
import mmap, sys, tempfile, threading
import hanflow

clean = ("渡口的灯亮了，船还没有靠岸，" * 40 + "\\n\\n").encode() * 60
damaged = ("全 市 新 增 ２０ 条 ⽔ 渠 ，长 度 翻 番 。\\n" * 40).encode()
damaged = (damaged * (len(clean) // len(damaged) + 1))[:len(clean)].decode("utf8", "ignore").encode().ljust(len(clean))
kind, entry = sys.argv[1:]
rounds = 4 if entry.endswith("opencc") else 40
if kind == "memoryview":
    memory = bytearray(clean)
    view = memoryview(memory).toreadonly()
elif kind == "numpy":
    import numpy
    memory = bytearray(clean)
    view = numpy.frombuffer(memory, numpy.uint8)
    view.flags.writeable = False
elif kind == "bytearray":
    memory = view = bytearray(clean)
else:
    file = tempfile.TemporaryFile()
    file.write(clean)
    file.flush()
    memory = mmap.mmap(file.fileno(), len(clean))
    view = mmap.mmap(file.fileno(), len(clean), access=mmap.ACCESS_READ)
n = hanflow.Normalizer(opencc="t2s" if entry.endswith("opencc") else None)
entry = entry.split()[0]


def stream(text):
    s = n.stream(bytes)
    return s.feed(text) + s.close()


call = {"call": n, "batch": lambda text: n.batch([text, text], threads=2)[0], "explain": n.explain, "stream": stream,
        "align": lambda text: n.align(text).text, "counted": lambda text: n._counted(text)[0]}[entry]
right = [call(clean), call(damaged)]
assert right[0] != right[1]
stop = threading.Event()


def write():
    while not stop.is_set():
        memory[:] = damaged
        memory[:] = clean


sys.setswitchinterval(1e-5)
writer = threading.Thread(target=write)
writer.start()
wrong = 0
try:
    for _ in range(rounds):
        wrong += call(view) not in right
finally:
    stop.set()
    writer.join()
sys.exit(f"{wrong} are results of a text that never was" if wrong else 0)
"""


@pytest.mark.parametrize("kind, entry", [
    *(("memoryview", entry) for entry in ["call", "batch", "explain", "explain with opencc", "stream", "align", "align with opencc", "counted"]),
    *((kind, entry) for kind in ["numpy", "mmap", "bytearray"] for entry in ["call", "batch"])])
def test_memory_that_others_write_into(kind, entry):
    done = subprocess.run([sys.executable, "-c", CHANGING, kind, entry], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_borrowed():
    """Exact bytes and the ASCII of a str; all else is copied before it is read."""
    data = "⼤江".encode()
    for source in (data, "plain"):
        assert _core.View(source, False).owner is source
    for make in (bytearray, lambda data: memoryview(bytearray(data)), lambda data: memoryview(bytearray(data)).toreadonly()):
        source = make(data)
        view = _core.View(source, False)
        base = source.obj if isinstance(source, memoryview) else source
        base[:] = b"x" * len(data)
        assert type(view.owner) is bytes and view.owner == data
    source = bytearray(data)
    view = _core.View(source, False)
    source.clear()  # nor is it locked
    assert view.owner == data


def test_a_closed_map_while_its_text_is_held():
    data = "⼤江".encode()
    with mmap.mmap(-1, len(data)) as memory:
        memory[:] = data
        view = _core.View(memory, False)
    assert view.owner == data


class Bytes(bytes):
    """Has another idea of itself."""

    def __bytes__(self):
        return b"\xff"

    def __len__(self):
        return 1 << 40

    def __getitem__(self, index):
        raise IndexError


class Text(str):
    def encode(self, *args):
        return b"\xff\xff"

    def __len__(self):
        return 1 << 40

    def __getitem__(self, index):
        raise IndexError


class TestSubclasses:
    """The core sees what str and bytes hold, whatever a subclass says."""

    @pytest.mark.parametrize("opencc", [None, "t2s"])
    def test_bytes(self, opencc):
        n = Normalizer(opencc=opencc)
        source, data = Bytes("⼤ 江 ，頭".encode()), "⼤ 江 ，頭".encode()
        assert n(source) == n(data) and type(n(source)) is bytes
        assert n.batch([source]) == n.batch([data])
        assert n.explain(source) == n.explain(data)
        assert n.align(source).text == n.align(data).text
        stream = n.stream()
        assert stream.feed(source) + stream.close() == n(data)
        assert type(n(Bytes(b"abc"))) is bytes and n(Bytes(b"abc")) == b"abc"

    def test_str(self):
        n = Normalizer()
        source, text = Text("⼤ 江 ，\ud800"), "⼤ 江 ，\ud800"
        assert n(source) == n(text) and type(n(source)) is str
        assert n.batch([source]) == n.batch([text])
        assert n.explain(source) == n.explain(text)
        stream = n.stream()
        assert stream.feed(source) + stream.close() == n(text)


class TestObjects:
    """No object of the core that was made in another way than it should be reaches memory that is not its own."""

    def test_without_init(self):
        for kind in (Normalizer, _core.NormalizerBase):
            with pytest.raises(TypeError, match=r"\(\) has not been called"):
                kind.__new__(kind)("江")
        for kind in (_core.Pieces, _core.TracedPieces):
            for make in (lambda: kind(None, True, False), lambda: kind.__new__(kind)):
                with pytest.raises(TypeError):
                    make()
        for make in (lambda: _core.View(5, False), lambda: _core.View.__new__(_core.View)):
            with pytest.raises(TypeError):
                make()

    def test_no_way_to_another_state(self):
        n = Normalizer()
        assert not hasattr(n, "__setstate_cython__")
        with pytest.raises(AttributeError, match="immutable"):
            n._set(n._core, None, True)

    @pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickle.dumps, lambda it: pickle.dumps(it, 0)])
    @pytest.mark.parametrize("make", [
        lambda: Normalizer()._core, lambda: _core.TracedPieces(Normalizer()._core, True, False), lambda: _core.View("江", False),
        lambda: _core.OpenccTable("a", "b"), lambda: Normalizer().stream()])
    def test_no_copies_of_native_state(self, make, clone):
        with pytest.raises(TypeError):
            clone(make())

    def test_a_converter_is_its_name(self):
        """It has addresses, which mean nothing to another process."""
        code = "import pickle, sys; print(ascii(pickle.loads(sys.stdin.buffer.read())('頭髮')))"
        done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(stage.converter("t2s")), capture_output=True, check=True)
        assert done.stdout.split() == [ascii("头发").encode()]

    def test_a_reader_of_repairs_that_is_closed(self):
        for ending in ("⼤江".encode(), b"\xff"):
            pieces = _core.TracedPieces(Normalizer()._core, False, False)
            try:
                pieces.feed(ending, True)
            except UnicodeDecodeError:
                pass
            for _ in range(2):
                with pytest.raises(ValueError, match="the text has ended"):
                    pieces.feed(b"", True)

    @pytest.mark.parametrize("here, there", [([], []), ([0, 1], [0]), ([0], [0, 1]), ([1, 2], [0, 1]), ([0, 5, 3], [0, 1, 2]), ([0, -5], [0, 1])])
    def test_spread(self, here, there):
        with pytest.raises(ValueError, match=r"spread\(\)"):
            _core.spread(struct.pack(f"<{len(here)}q", *here), struct.pack(f"<{len(there)}q", *there))
        with pytest.raises(ValueError, match=r"spread\(\)"):
            _core.spread(b"1234567", b"1234567")

    def test_spread_to_places_that_descend(self):
        assert struct.unpack("<4q", _core.spread(struct.pack("<2q", 0, 3), struct.pack("<2q", 10**6, 0))) == (10**6, 10**6, 10**6, 0)

    def test_spread_of_more_than_memory(self):
        for end in (2**60, 2**63 - 1, 2**50):
            with pytest.raises(MemoryError):
                _core.spread(struct.pack("<2q", 0, end), struct.pack("<2q", 0, 1))

    @pytest.mark.parametrize("text", [None, 5, bytearray(b"a"), ["a"]])
    def test_opencc(self, text):
        with pytest.raises(TypeError):
            _core.OpenccTable("a", "b").stretches(text, 0)
        with pytest.raises(TypeError):
            _core.opencc_converted(1, 1, 1, [text])

    def test_what_a_conversion_gives_back(self):
        """A batch that is not of bytes is refused before its memory is looked at."""
        pa = pytest.importorskip("pyarrow")
        for wrong in (None, 5, "江"):
            with pytest.raises(TypeError, match="a converted text must be bytes"):
                Normalizer()._core.arrow_array(*pa.array(["江"]).__arrow_c_array__(), False, 1, lambda texts: [wrong] * len(texts))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs __buffer__")
class TestBuffers:
    """Objects whose buffer runs code of theirs."""

    def test_one_that_feeds_its_own_stream(self):
        stream = Normalizer().stream(bytes)

        class Nested:
            def __buffer__(self, flags):
                stream.feed(b"b")
                return memoryview(b"a")

        with pytest.raises((ValueError, TypeError)):
            stream.feed(Nested())

    def test_one_that_changes_its_batch(self):
        items = ["江"] * 10

        class Clears:
            def __buffer__(self, flags):
                items.clear()
                return memoryview(b"a")

        items.append(Clears())
        assert Normalizer().batch(items) == ["江"] * 10 + [b"a"]

    def test_one_that_fails(self):
        class Fails:
            def __buffer__(self, flags):
                raise ZeroDivisionError

        for call in (Normalizer(), Normalizer().explain, lambda text: Normalizer().batch([text]), Normalizer().stream().feed):
            with pytest.raises(ZeroDivisionError):
                call(Fails())


# A call with less and less memory to get: it gives its result or MemoryError, never anything else.
SHORT = """
import resource, sys
import hanflow

page = ("全 市 新 增 ２０ 条 ⽔ 渠 ，长 度 翻 番 ，\\n渡 口 的 灯 亮 了 ，船 还 没 有 靠 岸 。\\n" * 60 + "春\\n潮\\n涌\\n动\\n") * 40
name = sys.argv[1]
text = page.encode() if "bytes" in name else page
capsules = []  # made before memory is short: pyarrow ends the process where there is none
if "arrow" in name:
    import pyarrow
    column = pyarrow.array([page] * 3, getattr(pyarrow, name.split()[1])())
    capsules = [column.__arrow_c_array__() for _ in range(30)]


class Given:
    def __arrow_c_array__(self):
        return capsules.pop()


def fed(n):
    s = n.stream()
    return s.feed(text) + s.close()


call = {"call": lambda n: n(text), "batch": lambda n: n.batch([text] * 3, threads=2), "explain": lambda n: n.explain(text),
        "align": lambda n: n._core.align(text, False), "counted": lambda n: n._counted(text), "stream": fed,
        "arrow": lambda n: n.arrow(Given(), threads=2)}[name.split()[0]]
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
failed = done = 0
with open("/proc/self/statm") as file:
    for room in [k << 16 for k in range(0, 64, 5)] + [k << 20 for k in range(4, 90, 6)]:
        n = hanflow.Normalizer()  # a new one: it keeps memory
        file.seek(0)
        resource.setrlimit(resource.RLIMIT_AS, (int(file.read().split()[0]) * resource.getpagesize() + room, hard))
        try:
            call(n)
            done += 1
        except MemoryError:
            failed += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
print(failed, done)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_AS and /proc")
@pytest.mark.parametrize("call", [*(f"{call} {kind}" for call in ("call", "batch", "explain", "align", "counted", "stream")
                                    for kind in ("str", "bytes")), "arrow string", "arrow large_string", "arrow string_view"])
def test_too_little_memory(call):
    if call.startswith("arrow"):
        pytest.importorskip("pyarrow")
    done = subprocess.run([sys.executable, "-c", SHORT, call], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    failed, well = map(int, done.stdout.split())
    assert failed and well
