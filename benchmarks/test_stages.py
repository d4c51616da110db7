"""Stages: each alone, some together, all; bytes in, bytes out, on damaged pages."""
import hanflow
import pytest

OFF = {"compat": False, "width": "none", "spacing": "none", "vertical": False, "unwrap": False}
STAGES = {
    "none": OFF,
    "compat": {**OFF, "compat": True},
    "width": {**OFF, "width": "contextual"},
    "width and compat": {**OFF, "width": "contextual", "compat": True},
    "spacing": {**OFF, "spacing": "auto"},
    "width, compat and spacing": {"vertical": False, "unwrap": False},
    "vertical": {**OFF, "vertical": True},
    "unwrap": {**OFF, "unwrap": True},
    "all": {},
    "all, min_confidence 90": {"min_confidence": 90},
}


@pytest.mark.parametrize("stage", STAGES)
def test_stage(timed, benchmark, data, stage):
    benchmark.group = "stages"
    n = hanflow.Normalizer(**STAGES[stage])
    text = data.decode()
    assert timed(n, data, len(data)) == n.batch([text])[0].encode()


@pytest.mark.parametrize("config", ["t2s", "s2t"])
def test_opencc(timed, benchmark, data, config):
    from opencc import OpenCC

    benchmark.group = "stages"
    some = data[:len(data) // 4].decode("utf-8", "ignore")
    n = hanflow.Normalizer(opencc=config)
    assert timed(n, some, len(some.encode())) == OpenCC(config).convert(hanflow.normalize(some))
