"""Ray Data: the same results as here, whatever happens to the workers. Needs the extra `ray`; see the README, "Tests"."""
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")
ray = pytest.importorskip("ray", reason="the extra ray is not installed")
pytest.importorskip("ray.data")
pytest.importorskip("orjson")

from pyarrow import fs, parquet  # noqa: E402

from hanflow import Normalizer  # noqa: E402
from hanflow._bulk.cluster import Places, outcomes  # noqa: E402
from hanflow._bulk.run import Item, Task  # noqa: E402
from hanflow._bulk.walk import Choice, Patterns
from hanflow.formats import Settings  # noqa: E402
from hanflow.ray_data import normalize  # noqa: E402

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for Ray's workers in /proc"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]

n = Normalizer()
TEXTS = ["全 市 新 增 ２０ 条 ⽔ 渠", None, "平安", "", "今年 冬 季 水 位 偏 低。", "A clean line."]
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


@pytest.fixture(scope="module")
def cluster():
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def pages():
    return [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).with_name("pages").glob("*.in.txt"))]


def table_of(dataset):
    return pa.concat_tables(ray.get(dataset.to_arrow_refs()))


# A dataset

@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_column(cluster, kind):
    table = pa.table({"id": pa.array(range(600)), "text": pa.array(TEXTS * 100).cast(kind)})
    result = table_of(normalize(ray.data.from_arrow(table).repartition(4), "text")).sort_by("id")
    assert result.schema.equals(table.schema)
    assert result["id"].equals(table["id"])
    assert result["text"].to_pylist() == [text and n(text) for text in TEXTS] * 100


def test_options(cluster):
    dataset = normalize(ray.data.from_items([{"text": "全 市 新 增 ２０ 條 水 渠"}]), "text", width="none", opencc="t2s")
    assert dataset.take_all() == [{"text": "全市新增２０条水渠"}]
    with pytest.raises(ValueError, match="width must be one of"):
        normalize(dataset, "text", width="full")


def test_a_block_of_nulls(cluster):
    assert normalize(ray.data.from_items([{"text": None}] * 3), "text").take_all() == [{"text": None}] * 3


def test_failed_rows_pass_and_are_told(cluster):
    good = "全 市 新 增 水 渠"
    damaged = pa.array([good.encode(), b"ok\xff", None, good.encode(), b"\xfe"])
    texts = pa.StringArray.from_buffers(5, *damaged.buffers()[1:], damaged.buffers()[0])
    result = table_of(normalize(ray.data.from_arrow(pa.table({"text": texts})), "text", failures="why"))
    assert result["text"].cast(pa.binary()).to_pylist() == [n(good).encode(), b"ok\xff", None, n(good).encode(), b"\xfe"]
    reason = "byte {}: not UTF-8: invalid start byte"
    assert result["why"].to_pylist() == [None, reason.format(2), None, None, reason.format(0)]


@pytest.mark.parametrize("column, message", [("body", "no column 'body'; there are 'id'"), ("id", "utf8")])
def test_wrong_column(cluster, column, message):
    with pytest.raises(ray.exceptions.RayTaskError) as error:
        normalize(ray.data.from_items([{"id": 1}]), column).materialize()
    assert message in str(error.value.cause.__cause__ or error.value.cause) or message in str(error.value)


def test_a_worker_that_is_killed_loses_no_row(cluster, pages, tmp_path):
    mark = tmp_path / "killed"

    def die_once(batch):
        if 5 in batch["id"].to_pylist() and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return batch

    texts = pages * 2
    dataset = ray.data.from_arrow(pa.table({"id": range(len(texts)), "text": texts})).repartition(8)
    result = table_of(normalize(dataset.map_batches(die_once, batch_format="pyarrow"), "text")).sort_by("id")
    assert mark.exists()
    assert result["text"].to_pylist() == n.batch(texts)


# Files

def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and path.name != ".hanflow-journal"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory, pages):
    """A tree of all formats, some of it damaged."""
    folder = tmp_path_factory.mktemp("archive")
    rng = random.Random(3)
    (folder / "in" / "年报").mkdir(parents=True)
    for number in range(12):
        texts = rng.choices(pages, k=200)
        (folder / f"in/年报/{number} 版.txt").write_text("\n\f".join(texts), encoding="utf-8")
        with open(folder / f"in/{number}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"日期": "2019-03-05T00:00:00Z", "x": 1.0, "text": text}) + "\n" for text in texts)
        parquet.write_table(pa.table({"text": texts, "x": range(200)}), folder / f"in/{number}.parquet", row_group_size=64)
    (folder / "in/page.png").write_bytes(b"\x89PNG\xff")
    (folder / "in/.gitignore").write_text("ignored\n")
    (folder / "in/ignored/x").mkdir(parents=True)
    (folder / "in/ignored/x/a.txt").write_text("２０条")
    (folder / "in/broken.txt").write_bytes(b"\xff\xfe\xfd")
    (folder / "in/broken.parquet").write_bytes(b"PAR1 and nothing of the kind")
    with open(folder / "in/0.jsonl", "a") as file:
        file.write('{"text": 5}\nno JSON\n')
    return folder


@pytest.fixture(scope="module")
def here(archive):
    """What the run on this machine gives."""
    result = fix(archive, "in", "-o", "local", "--report", "local.json")
    assert result.returncode == 1
    return tree(archive / "local"), summary(archive / "local.json"), result.stderr


def command(*arguments):
    return [sys.executable, "-m", "hanflow", "fix", "--field", "text", "--column", "text", *arguments]


def fix(folder, *arguments):
    return subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True)


def summary(path):
    report = json.loads(path.read_text())
    files = sorted((file["source"], file["state"], str(file["errors"])) for file in report["files"])
    return report["counts"], report["repairs"], report["bytes_out"], files


def test_the_command_with_a_worker_killed(archive, here):
    run = subprocess.Popen(command("in", "-o", "ray", "--engine", "ray", "-j", "2", "--report", "ray.json"), cwd=archive,
                           stderr=subprocess.PIPE, text=True)
    killed = None
    while killed is None and run.poll() is None:
        killed = next((pid for pid, title, line in processes() if title.startswith("ray::Map(_work_batch)")
                       and run.pid in line), None)
        if killed:
            os.kill(killed, signal.SIGKILL)
        time.sleep(0.005)
    _, errors = run.communicate()
    files, told, said = here
    assert killed is not None and run.returncode == 1
    assert tree(archive / "ray") == files
    assert summary(archive / "ray.json") == told
    assert sorted(errors.splitlines()) == sorted(said.splitlines())


def processes():
    """(pid, title, pids of the ancestors) of all."""
    parents, titles = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            titles[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace")
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            pass
    for pid, title in titles.items():
        line, at = [], pid
        while at := parents.get(at, 0):
            line.append(at)
        yield pid, title, line


def choice(*exclude):
    return Choice(Patterns(()), Patterns(exclude), everything=True)


def test_urls(cluster, archive, here):
    # local:// is fsspec's way to say file://, and goes the way of all others.
    source, target = f"local://{archive / 'in'}", f"local://{archive / 'copied'}"
    places, lost = Places([source, target]), []
    items = list(places.items([source], target, choice("/年报/"), lambda *failure: lost.append(failure)))
    names = {name for name in here[0] if not name.startswith("年报")} | {"broken.txt", "broken.parquet"}
    assert {item.source for item in items} == {f"{source}/{name}" for name in names} and not lost
    settings = Settings(n, field="text", column="text")
    done = dict(outcomes(Task(settings), [[(item, None)] for item in items], places, None, 2))
    bad = {item.source.rpartition("/")[2] for item, outcome in done.items() if outcome.state == "failed"}
    assert bad == {"broken.txt", "broken.parquet"}
    assert tree(archive / "copied") == {name: data for name, data in here[0].items() if name in names}


def test_one_url(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    url = f"file://{tmp_path}/a.txt"
    places = Places([url, "x", "mock:///out"])
    assert isinstance(places.find("mock:///out/b")[0], fs.FileSystem) and places.find("x") is None
    assert list(places.items([url], "mock:///out", choice(), None)) == [Item(url, "mock:///out", "", 1)]
    assert list(places.items([url], "mock:///out/", choice(), None)) == [Item(url, "mock:///out/a.txt", "", 1)]


class Deadly:
    """Places whose look-up kills the process."""

    def __init__(self, name):
        self.name = name

    def find(self, name):
        if name == self.name:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_file_that_kills_its_workers_fails_alone(cluster, tmp_path):
    sources = [tmp_path / name for name in ("a", "b", "c")]
    for source in sources:
        source.write_text("全 市 新 增 ２０ 条 水 渠")
    items = [Item(str(source), f"{source}.out") for source in sources]
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    done = dict(outcomes(Task(Settings()), [[(item, None) for item in items]], Deadly(str(sources[1])), None, 2))
    assert [done[item].state for item in items] == ["repaired", "failed", "repaired"]
    assert done[items[1]].report["errors"] == [("", "the process that worked on it died again and again")]
    assert (tmp_path / "c.out").read_text() == "全市新增20条水渠" and not (tmp_path / "b.out").exists()


@pytest.mark.parametrize("arguments, message", [
    (["s3://bucket/a.txt", "-o", "out"], "needs --engine ray"),
    (["in", "-o", "out", "--address", "auto"], "needs --engine ray"),
    (["--engine", "ray"], "needs paths, and --output or --in-place"),
    (["in", "--engine", "ray"], "needs paths, and --output or --in-place"),
    (["s3://bucket/a", "--in-place", "--engine", "ray"], "--in-place does not go with a URL"),
    (["none://bucket/a", "-o", "out", "--engine", "ray"], "Protocol not known: none"),
    (["file:///", "-o", "out", "--engine", "ray", "--resume"], "do not go with a URL"),
])
def test_wrong_usage(tmp_path, arguments, message):
    result = fix(tmp_path, *arguments)
    assert result.returncode == 2 and message in result.stderr
