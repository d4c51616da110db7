"""What the suites share. They are run by hand: python -m pytest benchmarks"""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import corpus  # noqa: E402
import measure  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--mib", type=float, default=4, help="size of the texts in MiB (default: 4)")


@pytest.fixture(scope="session")
def size(request):
    return int(request.config.getoption("--mib") * corpus.MIB)


@pytest.fixture(scope="session")
def data(size):
    return corpus.damaged(size)


@pytest.fixture
def timed(benchmark):
    """timed(function, argument, size): times it, notes MB/s of `size` bytes, and gives the result."""
    def run(function, argument, size):
        benchmark.extra_info["bytes"] = size
        result = benchmark.pedantic(function, (argument,), rounds=5, warmup_rounds=1, iterations=max(1, 100_000 // size))
        if benchmark.stats:
            benchmark.extra_info["mb_s"] = round(size / benchmark.stats.stats.min / 1e6, 1)
        return result

    return run


@pytest.fixture(scope="session")
def workers():
    """CPU path -> a process that runs it."""
    started = {name: measure.Worker(name) for name in measure.cpu_paths()}
    yield started
    for worker in started.values():
        worker.close()
