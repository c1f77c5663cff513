"""Shards started by submitit's local executor give what one batch gives."""

import pytest

from edge.batch.cluster import run_shards
from edge.batch.options import BatchOptions
from edge.support.errors import ConfigError

submitit = pytest.importorskip("submitit")


def test_the_local_executors_shards_are_the_whole(results, inputs, tmp_path):
    done = run_shards([inputs], tmp_path / "cluster", BatchOptions(), "local", 2)
    for name in ("faces.csv", "files.csv", "journal.jsonl"):
        assert (done.out / name).read_bytes() == (results.out / name).read_bytes()


def test_a_parameter_that_submitit_does_not_know_is_refused(inputs, tmp_path):
    with pytest.raises(ConfigError, match=r"^executor: "):
        run_shards(
            [inputs], tmp_path / "out", BatchOptions(), "local", 2, parameters={"nonsense": 1}
        )
