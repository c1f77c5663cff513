"""A file is set aside when it is large or old; together the files never exceed their bound."""

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from edge.outputs import OutputOptions
from edge.outputs.jsonl import JsonLines
from edge.outputs.records import read_records
from edge.support.errors import DatasetError
from edge.support.rotation import Rotation, set_aside

NOW = "2026-11-23T17:40:00.123Z"


def record(number, time=NOW):
    return {"schema": 1, "time": time, "frame": number, "faces": []}


@pytest.fixture
def write(tmp_path):
    """Write so many records with these bounds; return the file's path."""

    def run(records, first=0, **bounds):
        path = tmp_path / "faces.jsonl"
        options = OutputOptions(str(path), live=True, fps=30, rotation=Rotation(**bounds))
        output = JsonLines(options)
        for number in range(first, first + records):
            output.write(
                None,
                SimpleNamespace(
                    as_record=lambda n=number: record(n), time=datetime.now(UTC), gap=None
                ),
            )
        output.close()
        return path

    return run


def numbers(path, **options):
    return [r["frame"] for r in read_records(path, **options)]


def test_without_bounds_one_file_grows(write, tmp_path):
    path = write(500)
    assert list(tmp_path.iterdir()) == [path]
    assert numbers(path) == list(range(500))


def test_no_file_is_larger_than_its_bound_and_no_record_is_lost(write, tmp_path):
    path = write(500, file_bytes=1000)
    assert len(set_aside(path)) > 10
    assert all(p.stat().st_size <= 1000 for p in tmp_path.iterdir())
    assert numbers(path) == list(range(500))


def test_all_files_together_stay_below_the_total_and_the_newest_remain(write, tmp_path):
    path = write(500, file_bytes=1000, total_bytes=5000)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 5000
    left = numbers(path)
    assert left == list(range(left[0], 500))
    assert len(left) > 30


def test_where_only_the_total_is_bounded_files_are_set_aside_at_a_tenth_of_it(write, tmp_path):
    write(500, total_bytes=10_000)
    assert 5 < len(list(tmp_path.iterdir())) <= 11
    assert all(p.stat().st_size <= 1000 for p in tmp_path.iterdir())


def test_files_are_counted_on_by_the_next_run(write):
    path = write(50, file_bytes=1000)
    before = set_aside(path)
    write(50, first=50, file_bytes=1000)
    assert set_aside(path)[: len(before)] == before
    assert len(set_aside(path)) > len(before)
    assert numbers(path) == list(range(100))


def test_a_file_that_began_long_ago_is_set_aside(write, tmp_path):
    old = tmp_path / "faces.jsonl"
    old.write_text(json.dumps(record(0, "2020-01-01T00:00:00.000Z")) + "\n")
    path = write(1, first=1, file_s=3600)
    assert numbers(path, older=False) == [1]
    assert numbers(path) == [0, 1]


def test_a_file_of_today_is_not(write, tmp_path):
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    (tmp_path / "faces.jsonl").write_text(json.dumps(record(0, now)) + "\n")
    assert numbers(write(1, first=1, file_s=3600), older=False) == [0, 1]


def test_files_of_other_names_are_left_alone(write, tmp_path):
    others = [tmp_path / n for n in ("faces-1.jsonl", "faces-old.jsonl", "other-000001.jsonl")]
    for other in others:
        other.write_text("x" * 5000)
    write(200, file_bytes=500, total_bytes=1000)
    assert all(other.read_text() == "x" * 5000 for other in others)


@pytest.mark.parametrize("end", [b'{"schema": 1, "fra', b"\0\0\0\0", b"\xff\xfe", b"[1]", b"{}\n"])
def test_the_reader_skips_what_power_loss_left_and_says_so(write, caplog, end):
    path = write(3)
    with path.open("ab") as file:
        file.write(end)
    assert numbers(path) == [0, 1, 2]
    assert "line 4 is not a complete record" in caplog.text


def test_of_a_file_that_is_no_records_only_the_first_lines_are_named(write, caplog):
    path = write(1)
    with path.open("ab") as file:
        file.write(b"x\n" * 50)
    assert numbers(path) == [0]
    assert caplog.text.count("is not a complete record") == 20
    assert "30 more lines are not complete records" in caplog.text


def test_what_is_recorded_after_power_loss_is_read_too(write):
    path = write(3)
    path.write_bytes(path.read_bytes()[:-10])
    assert numbers(write(2, first=3)) == [0, 1, 3, 4]


def test_reading_what_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.jsonl: no such file"):
        list(read_records(tmp_path / "none.jsonl"))


def test_a_folder_or_a_file_that_cannot_be_removed_stops_no_rotation(write, tmp_path):
    (tmp_path / "faces-000003.jsonl").mkdir()
    path = write(200, file_bytes=500, total_bytes=1500)
    assert (tmp_path / "faces-000003.jsonl").is_dir()
    assert sum(p.stat().st_size for p in tmp_path.iterdir() if p.is_file()) <= 1500
    assert numbers(path)[-1] == 199


def test_a_first_record_from_the_future_does_not_stop_rotation_by_age(write, tmp_path, monkeypatch):
    path = tmp_path / "faces.jsonl"
    path.write_text(json.dumps(record(0, "2099-01-01T00:00:00.000Z")) + "\n")
    output = JsonLines(OutputOptions(str(path), True, 30, Rotation(file_s=3600)))

    def add(number):
        output.write(
            None,
            SimpleNamespace(as_record=lambda: record(number), time=datetime.now(UTC), gap=None),
        )

    add(1)
    later = time.time() + 3601
    monkeypatch.setattr("edge.outputs.jsonl.time.time", lambda: later)
    add(2)
    output.close()
    assert numbers(path, older=False) == [2]


def test_records_are_kept_no_longer_than_asked(write, tmp_path):
    def at(days):
        return (datetime.now(UTC) - timedelta(days=days)).isoformat()

    for number, days in enumerate((9, 7.5, 6, 3), 1):
        path = tmp_path / f"faces-{number:06d}.jsonl"
        path.write_text(json.dumps(record(number, at(days))) + "\n")
    path = write(1, first=9, keep_s=7 * 86400)
    assert numbers(path) == [3, 4, 9]


def test_with_an_age_alone_a_file_spans_a_tenth_of_it():
    assert Rotation(keep_s=1000).is_due(1, 1, 100)
    assert not Rotation(keep_s=1000).is_due(1, 1, 99)
