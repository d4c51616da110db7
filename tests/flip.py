"""Files of every format with a byte changed: no crash, no hang, no bare exception, no memory of the process in an output.

    python tests/flip.py [--flips 10000] [--seed 1] [KIND...]

Runs itself with a heap whose fresh and freed blocks are filled with a canary (glibc), which is looked for in the outputs; so is a
word of the environment, which lives in the heap of this process and of its child. What it finds, it prints with the number of the flip.
"""
from __future__ import annotations

import argparse
import bz2
import gzip
import io
import lzma
import os
import random
import re
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter
from importlib.util import find_spec

from archives import tarred, zipped
from hanflow import Normalizer
from hanflow.formats import FormatError, Settings, convert, each_text

SECRET = "canary-of-the-environment "
FILL = 0xA5  # of freed blocks; fresh ones have its complement
ENVIRONMENT = {"MALLOC_PERTURB_": str(FILL), "PYTHONMALLOC": "malloc", "ARROW_DEFAULT_MEMORY_POOL": "system", "HANFLOW_CANARY": SECRET * 500}
LEAK = re.compile(rb"\xa5{4}|\x5a{4}|" + SECRET.encode())
SECONDS = 20  # more is a hang

TEXTS = ["２０条⽔渠\n江水从城中流过，两岸的灯一盏一盏亮起\n来。桥上的人慢慢走着，没有一个着急回家。", "渡口", "", "本报记者 王 芳", "ＡＢＣ１２３"] * 4


def _table(**more):
    import pyarrow as pa

    texts = pa.array(TEXTS)
    return pa.table({"text": texts, "n": pa.array(range(len(TEXTS))), "list": pa.array([[text, "x"] for text in TEXTS]),
                     "kind": texts.dictionary_encode(), "raw": texts.cast(pa.large_binary()), **more})


def parquet(**options):
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(_table(), out, row_group_size=8, **options)
    return out.getvalue()


def arrow(new, compression=None, **more):
    import pyarrow as pa
    import pyarrow.ipc

    out, table = io.BytesIO(), _table(**more)
    with getattr(pa.ipc, new)(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, 8)
    return out.getvalue()


def views():
    import pyarrow as pa

    return {"view": pa.array(TEXTS).cast(pa.string_view())} if hasattr(pa, "string_view") else {}


def zstd(data):
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def unzstd(data):
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


PAGE = "\n".join(TEXTS).encode()
LINES = "".join('{"id": %d, "text": ["%s", "\\u6c34"], "more": {"a": null}}\n' % (i, t.replace("\n", "\\n")) for i, t in enumerate(TEXTS)).encode()
ROWS = "id,text,more\r\n".encode() + "".join('%d,"%s",x\r\n' % (i, t) for i, t in enumerate(TEXTS)).encode()
MEMBERS = ("a.txt", PAGE), ("b/c.jsonl", LINES), ("d.csv", ROWS), ("e.bin", bytes(range(256)))
TEXT, FIELD, COLUMN = ({}, {"field": "text"}, {"column": "text"})

# Name -> what makes the file, its settings, its name, and what unpacks the result so that the canary can be seen in it.
KINDS = {
    "parquet": (lambda: parquet(compression="none"), {"column": ("text", "kind")}, "a.parquet", bytes),
    "parquet-snappy": (lambda: parquet(compression="snappy", data_page_version="2.0"), {"column": ("text", "kind")}, "a.parquet", bytes),
    "parquet-delta": (lambda: parquet(use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"}, compression="none"),
                      COLUMN, "a.parquet", bytes),
    "arrow-file": (lambda: arrow("new_file"), {"column": ("text", "kind")}, "a.arrow", bytes),
    "arrow-stream": (lambda: arrow("new_stream", **views()), {"column": ("text", "kind")}, "a.arrow", bytes),
    "arrow-zstd": (lambda: arrow("new_stream", "zstd"), {"column": ("text", "kind")}, "a.arrow", bytes),
    "arrow-lz4": (lambda: arrow("new_file", "lz4"), COLUMN, "a.arrow", bytes),
    "zip": (lambda: zipped(*MEMBERS), {**FIELD, **COLUMN}, "a.zip", bytes),
    "tar": (lambda: tarred(*MEMBERS), {**FIELD, **COLUMN}, "a.tar", bytes),
    "gz": (lambda: gzip.compress(PAGE), TEXT, "a.txt.gz", gzip.decompress),
    "zst": (lambda: zstd(PAGE), TEXT, "a.txt.zst", unzstd),
    "xz": (lambda: lzma.compress(PAGE), TEXT, "a.txt.xz", lzma.decompress),
    "bz2": (lambda: bz2.compress(PAGE), TEXT, "a.txt.bz2", bz2.decompress),
    "jsonl": (lambda: LINES, FIELD, "a.jsonl", bytes),
    "csv": (lambda: ROWS, COLUMN, "a.csv", bytes),
    "text": (lambda: PAGE, TEXT, "a.txt", bytes),
    "gb18030": (lambda: PAGE.decode().encode("gb18030"), {"encoding": "auto"}, "a.txt", bytes),
}
NEEDS = {"parquet": "pyarrow", "arrow": "pyarrow", "zst": "zstandard"}


class Named(io.BytesIO):
    name = ""


class Hang(Exception):
    pass


def _alarm(number, frame):
    raise Hang


def outcome(work):
    """What came of it in a word; a fault begins with "!"."""
    signal.alarm(SECONDS)
    try:
        work()
        return "done"
    except FormatError as error:
        return "the reader crashed" if "its reader" in error.reason else "refused"
    except UnicodeDecodeError:
        return "refused"
    except OSError as error:
        return "refused" if error.errno is None else f"! {error!r}"
    except Hang:
        return "! hangs"
    except BaseException as error:
        return f"! {error!r}"
    finally:
        signal.alarm(0)


def flips(kind, count, seed):
    """Prints the faults and a summary; returns how many faults there are."""
    make, given, name, unpacked = KINDS[kind]
    good, rng, found, faults = make(), random.Random(f"{kind} {seed}"), Counter(), 0
    settings = [Settings(Normalizer(errors=errors), **given) for errors in ("strict", "preserve")]
    begun = time.monotonic()
    for number in range(count):
        data = bytearray(good)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        source, target = Named(data), io.BytesIO()
        source.name = name
        setting = settings[number % 2]
        said = [outcome(lambda: convert(setting, source, target))]
        source.seek(0)
        texts = []
        said.append(outcome(lambda: each_text(setting, source, lambda located: texts.append(str(located.text)) or False)))
        result = target.getvalue()
        try:
            result += unpacked(result)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, Exception):  # said above
            pass
        seen = result + "\n".join(texts).encode("utf-8", "surrogatepass")
        for leak in LEAK.findall(seen):
            if leak not in data and leak not in good:
                said.append(f"! memory in the output: {leak!r}")
        found.update(word for word in said[:2] if not word.startswith("!"))
        for fault in {word for word in said if word.startswith("!")}:
            faults += 1
            print(f"{kind} {seed} {number}: {fault[2:]}", flush=True)
    summary = ", ".join(f"{word} {times}" for word, times in found.most_common())
    print(f"{kind}: {count} flips in {time.monotonic() - begun:.0f} s, {faults} faults ({summary})", flush=True)
    return faults


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    given = parser.parse_args(arguments)
    if any(os.environ.get(name) != value for name, value in ENVIRONMENT.items()):
        return subprocess.run([sys.executable, *sys.argv], env={**os.environ, **ENVIRONMENT}).returncode
    signal.signal(signal.SIGALRM, _alarm)
    wanted = given.kinds or [kind for kind in KINDS if find_spec(NEEDS.get(kind.partition("-")[0], "hanflow"))]
    return int(sum(flips(kind, given.flips, given.seed) for kind in wanted) > 0)


if __name__ == "__main__":
    sys.exit(main())
