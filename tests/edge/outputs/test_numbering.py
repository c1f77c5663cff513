"""A camera's records are numbered without a hole, over restarts and files set aside."""

import json

import numpy as np

from edge.outputs import OutputOptions
from edge.outputs.jsonl import JsonLines
from edge.outputs.records import last_sequence, read_records
from edge.support.rotation import Rotation
from edge.support.values import Frame, Observation


def write(path, how_many, live=True, **bounds):
    from datetime import UTC, datetime

    output = JsonLines(OutputOptions(str(path), live, 15.0, Rotation(**bounds)))
    seen = Observation(datetime.now(UTC), "0", 0, None, (64, 48), (), {"total": 1.0})
    gray = np.zeros((48, 64), np.uint8)
    for _ in range(how_many):
        frame = Frame("0", 0, seen.time, None, seen.size, gray, lambda: gray, 1.0)
        output.write(frame, seen)
    output.close()


def test_a_restart_goes_on_counting_under_another_boot(tmp_path):
    path = tmp_path / "faces.jsonl"
    write(path, 3)
    write(path, 2)
    records = list(read_records(path))
    assert [r["sequence"] for r in records] == [0, 1, 2, 3, 4]
    boots = [r["boot"] for r in records]
    assert boots[0] == boots[2] != boots[3] == boots[4]


def test_files_set_aside_do_not_begin_again(tmp_path):
    path = tmp_path / "faces.jsonl"
    write(path, 10, file_bytes=500, total_bytes=1e6)
    write(path, 3, file_bytes=500, total_bytes=1e6)
    assert len(list(tmp_path.iterdir())) > 3
    assert [r["sequence"] for r in read_records(path)] == list(range(13))


def test_a_torn_last_record_does_not_count(tmp_path):
    path = tmp_path / "faces.jsonl"
    write(path, 3)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert last_sequence(path) == 1
    path.write_bytes(whole + b'{"sequence": "x"}\n[7]\n')
    assert last_sequence(path) == 2


def test_records_of_a_file_are_not_numbered(tmp_path):
    write(tmp_path / "faces.jsonl", 2, live=False)
    assert "sequence" not in json.loads((tmp_path / "faces.jsonl").read_text().splitlines()[0])
