"""The command line on files, for figures.py: a tree of pages, JSON Lines, Parquet. Each command is a process of its own, its start
included; CPU time is that of all its processes.
"""
from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import corpus
import hanflow
from measure import Command, check

PAGES = 2000
IN_A_FOLDER = 500

# What any program that reads and writes the files does at least.
LOOP = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    into = sys.argv[2] + folder[len(sys.argv[1]):]
    os.makedirs(into, exist_ok=True)
    for name in names:
        with open(f"{folder}/{name}", "rb") as source:
            data = source.read()
        with open(f"{into}/{name}", "wb") as target:
            target.write(data)
"""


def plant(folder: Path, count: int) -> int:
    """The pages of corpus.py, over and over if need be. Returns the bytes of the tree."""
    pages, size = corpus.pages(), 0
    for number in range(count):
        inside = folder / f"{number // IN_A_FOLDER:03}"
        inside.mkdir(parents=True, exist_ok=True)
        size += (inside / f"{number:06}.txt").write_bytes(pages[number % len(pages)])
    return size


def tree(folder: Path, count: int, turns: int) -> tuple[int, dict[str, Command]]:
    """The bytes of so many pages, and how long they take: loop, one job, two jobs."""
    source = folder / "in"
    size = plant(source, count)
    commands = {"loop": Command("-c", LOOP, source, folder / "loop")}
    for name, jobs in (("one job", 1), ("two jobs", 2)):
        commands[name] = Command("-m", "hanflow", "fix", "-j", jobs, source, "-o", folder / name)
    for _ in range(turns):
        for name, command in commands.items():
            shutil.rmtree(folder / name, ignore_errors=True)  # each writes into an empty folder
            command.run()
    for path in source.rglob("*.txt"):
        page, inside = path.read_bytes(), path.relative_to(source)
        check((folder / "loop" / inside).read_bytes() == page, f"loop: {inside}")
        right = hanflow.normalize(page)
        check(all((folder / name / inside).read_bytes() == right for name in ("one job", "two jobs")), f"hanflow fix: {inside}")
    return size, commands


def rows(size: int) -> Iterator[str]:
    """Pages, in a new order for each round: so many bytes of text or slightly more."""
    rng, pages = random.Random(5), [page.decode() for page in corpus.pages(min(size, 16 * corpus.MIB))]
    while size > 0:
        rng.shuffle(pages)
        for page in pages:
            if size > 0:
                yield page
                size -= len(page.encode())


def json_lines(path: Path, size: int) -> int:
    """Returns the bytes of the texts."""
    written = 0
    with open(path, "w", encoding="utf8") as file:
        for number, text in enumerate(rows(size)):
            file.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")
            written += len(text.encode())
    return written


def parquet(path: Path, size: int) -> int:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema({"id": pyarrow.int64(), "text": pyarrow.string()})
    written, number, group = 0, 0, 1000
    texts: list[str] = []

    def write() -> None:
        ids = list(range(number - len(texts), number))
        writer.write_table(pyarrow.table({"id": ids, "text": texts}, schema=schema))
        texts.clear()

    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for text in rows(size):
            texts.append(text)
            number += 1
            written += len(text.encode())
            if len(texts) == group:
                write()
        if texts:
            write()
    return written


def convert(source: Path, target: Path, turns: int, *options: str) -> Command:
    """hanflow fix of one file, one job."""
    command = Command("-m", "hanflow", "fix", "-j", 1, *options, source, "-o", target)
    for _ in range(turns):
        target.unlink(missing_ok=True)
        command.run()
    return command


def check_json_lines(source: Path, target: Path) -> None:
    with open(source, encoding="utf8") as before, open(target, encoding="utf8") as after:
        for number, (one, other) in enumerate(zip(before, after)):
            if number % 50 == 0:
                check(json.loads(other) == {"id": number, "text": hanflow.normalize(json.loads(one)["text"])}, f"JSON Lines: {number}")
    check(sum(1 for _ in open(source, "rb")) == sum(1 for _ in open(target, "rb")), "JSON Lines: records")


def check_parquet(source: Path, target: Path) -> None:
    import pyarrow.parquet

    before, after = (pyarrow.parquet.ParquetFile(path) for path in (source, target))
    number = 0
    for one, other in zip(before.iter_batches(100), after.iter_batches(100)):
        texts = one["text"].to_pylist()
        check(other["id"].to_pylist() == one["id"].to_pylist(), "Parquet: the other column")
        check(other["text"][0].as_py() == hanflow.normalize(texts[0]), f"Parquet: {number}")
        number += len(texts)
    check(before.metadata.num_rows == after.metadata.num_rows, "Parquet: rows")
