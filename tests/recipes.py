#!/usr/bin/env python3
"""Runs the recipes of the README's section "In other tools" with the real packages and compares them to n(text).

    python tests/recipes.py [TOOL...]

Each tool is installed from PyPI into an environment of its own (in a temporary folder; up to 1 GB and some minutes each). By
default those that the tests leave out: Spark (needs Java 17 or later), datatrove, Data-Juicer. Exit 1 if one fails.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve()
# regex and aiohttp: datatrove and Data-Juicer import them, but only some of their extras ask for them.
PACKAGES = {"Spark": ["pyspark>=4", "pyarrow", "pandas"], "datatrove": ["datatrove", "regex"],
            "Data-Juicer": ["py-data-juicer", "aiohttp", "pyarrow"]}
PAGES = sorted(HERE.with_name("pages").glob("own0[12]*.in.txt"))
TEXTS = ["全 市 新 增 ２０ 条 ⽔ 渠", "", "A clean line.\n", *(page.read_text(encoding="utf-8") for page in PAGES)]


def recipe(tool):
    """The code under this heading."""
    return re.search(rf"\n### {re.escape(tool)}\n.*?\n```python\n(.*?)```", section(), re.DOTALL)[1]


def section():
    """The README's "In other tools"."""
    text = HERE.parents[1].joinpath("README.md").read_text(encoding="utf-8")
    return text.split("\n## In other tools\n")[1].split("\n## ")[0]


def run(tool, before, **names):
    """The names after the recipe has run, as in a script (so that Spark sends functions to its workers whole). before: what the
    blocks in front of it have left."""
    import hanflow

    names = {"n": hanflow.Normalizer(), **before, "__name__": "__main__", **names}
    exec(compile(recipe(tool), f"README.md, {tool}", "exec"), names)
    return names


def pandas(before):
    import pandas
    import pyarrow

    def repaired(texts):
        frame = pandas.DataFrame({"id": range(len(texts)), "text": texts}, index=range(7, len(texts) + 7))
        result = run("pandas", before, frame=frame, pandas=pandas, pyarrow=pyarrow)["frame"]
        assert result.index.equals(frame.index) and list(result) == ["id", "text"]
        return [None if pandas.isna(text) else text for text in result["text"]]

    texts = [*TEXTS, None]
    chunks = pyarrow.chunked_array([texts[:2], texts[2:], []], pyarrow.string())
    plain = repaired(texts)
    for kind in (chunks, chunks.cast(pyarrow.large_string()), chunks.dictionary_encode()):  # as read from Parquet
        assert repaired(pandas.arrays.ArrowExtensionArray(kind)) == plain
    assert repaired(pandas.Categorical(texts)) == repaired(pandas.Series(texts, dtype=object).to_numpy()) == plain
    assert repaired([None, None]) == repaired([float("nan")] * 2) == [None, None] and repaired([]) == []
    assert plain[-1] is None
    return plain[:-1]


def polars(before):
    import polars

    frame = polars.DataFrame({"id": range(len(TEXTS) + 1), "text": [*TEXTS, None]})
    assert run("Polars", before, frame=polars.DataFrame({"text": [None, None]}), polars=polars)["frame"]["text"].to_list() == [None] * 2
    eager = run("Polars", before, frame=frame, polars=polars)["frame"]
    lazy = run("Polars", before, frame=frame.lazy(), polars=polars)["frame"].collect()
    assert eager.equals(lazy) and eager["text"][-1] is None
    return eager["text"].to_list()[:-1]


def duckdb(before):
    import duckdb
    import pyarrow

    connection = duckdb.connect()
    connection.execute("CREATE TABLE pages (id INTEGER, text VARCHAR)")
    connection.executemany("INSERT INTO pages VALUES (?, ?)", list(enumerate([*TEXTS, None])))
    result = run("DuckDB", before, connection=connection, pyarrow=pyarrow)["result"].order("id").fetchall()
    assert result[-1][1] is None
    return [text for _, text in result[:-1]]


def datasets(before):
    import datasets
    import pyarrow

    datasets.disable_progress_bars()
    dataset = datasets.Dataset.from_dict({"id": list(range(len(TEXTS) + 1)), "text": [*TEXTS, None]})
    result = run("Hugging Face datasets", before, dataset=dataset, pyarrow=pyarrow)["dataset"]
    assert result.features == dataset.features and result[-1]["text"] is None
    return list(result["text"])[:-1]


def spark(before):
    import pyarrow
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    frame = session.createDataFrame(list(enumerate([*TEXTS, None])), "id int, text string").repartition(2)
    rows = run("Spark", before, frame=frame, pyarrow=pyarrow)["frame"].orderBy("id").collect()
    session.stop()
    assert rows[-1].text is None
    return [row.text for row in rows[:-1]]


def datatrove(before):
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor

    written = []

    def writer(data, rank=0, world_size=1):
        for document in data:
            written.append(document.text)
            yield document

    documents = [Document(text=text, id=str(number)) for number, text in enumerate(TEXTS)]
    pipeline = run("datatrove", before, reader=documents, writer=writer)["pipeline"]
    with tempfile.TemporaryDirectory() as folder:
        LocalPipelineExecutor(pipeline, tasks=1, logging_dir=folder).run()
    return written


def data_juicer(before):
    import pyarrow
    from data_juicer.core.data import NestedDataset

    mapper = run("Data-Juicer", before, pyarrow=pyarrow)["HanflowMapper"]()
    dataset = NestedDataset.from_list([{"text": text} for text in TEXTS])
    return list(dataset.process([mapper])["text"])


TOOLS = {"pandas": pandas, "Polars": polars, "DuckDB": duckdb, "Hugging Face datasets": datasets,
         "Spark": spark, "datatrove": datatrove, "Data-Juicer": data_juicer}


def check(tool, before={}):
    """Raises AssertionError if the recipe gives anything else than n(text). before: as in run()."""
    import hanflow

    expected = hanflow.Normalizer().batch(TEXTS)
    assert expected != TEXTS
    assert TOOLS[tool](before) == expected


def install(tool, folder, wheels):
    """An environment with the tool and hanflow: the path of its Python."""
    venv.create(folder, with_pip=True)
    python = str(Path(folder, "bin", "python"))
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES[tool], *map(str, wheels.glob("hanflow-*.whl"))], check=True)
    return python


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=", ".join(PACKAGES))
    parser.add_argument("--here", choices=list(TOOLS), help="run this one in this environment, install nothing")
    args = parser.parse_args()
    if args.here:
        check(args.here)
        return 0
    unknown = set(args.tools) - set(PACKAGES)
    if unknown:
        parser.error(f"no such tool: {', '.join(sorted(unknown))}; there are {', '.join(PACKAGES)}")
    failed = []
    with tempfile.TemporaryDirectory(prefix="hanflow-recipes-") as folder:
        wheels = Path(folder, "wheels")
        subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, HERE.parents[1]], check=True)
        for tool in args.tools or PACKAGES:
            try:
                python = install(tool, Path(folder, tool), wheels)
                subprocess.run([python, str(HERE), "--here", tool], cwd=folder, check=True)
            except subprocess.CalledProcessError as error:
                print(f"{tool}: {error}", file=sys.stderr)
                failed.append(tool)
            else:
                print(f"{tool}: as n(text)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
