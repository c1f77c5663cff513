"""Tables that pandas reads with the right types, as CSV and as Parquet; conversions of live records."""

import json

import pytest

from edge.batch.job import run_batch
from edge.batch.tables import FACES
from edge.support.labels import EMOTIONS

KINDS = {str: "O", int: "i", float: "f"}


@pytest.fixture
def records_file(edge_emo, short_video, tmp_path):
    path = tmp_path / "live.jsonl"
    edge_emo("run", "--source", short_video, "--jsonl", path)
    return path


def test_pandas_reads_the_faces_with_the_right_types(results):
    pandas = pytest.importorskip("pandas")
    faces = pandas.read_csv(results.faces_table)
    assert list(faces.columns) == list(FACES)
    for name in ("frame", "track", "x", "y", "width", "height"):
        assert faces[name].dtype.kind == "i", name
    for name in ("time_s", "confidence", *EMOTIONS):
        assert faces[name].dtype.kind == "f", name
    assert faces[list(EMOTIONS)].sum(axis=1).round(2).eq(1).all()
    assert len(faces) == sum(len(record["faces"]) for record in results.records())


def test_parquet_holds_the_same_table(results, inputs, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    done = run_batch([inputs], tmp_path / "parquet", jobs=1, kind="parquet")
    as_csv, as_parquet = pandas.read_csv(results.faces_table), pandas.read_parquet(done.faces_table)
    as_csv["roll"] = as_csv["roll"].astype(float)
    pandas.testing.assert_frame_equal(as_csv, as_parquet, check_dtype=False)
    assert as_parquet["frame"].dtype == "int64"
    assert len(pandas.read_parquet(done.files_table)) == len(done.files)


def test_what_the_live_service_wrote_becomes_a_table(edge_emo, records_file, tmp_path):
    pandas = pytest.importorskip("pandas")
    ended = edge_emo("records", records_file, "--to", "csv", "-o", tmp_path / "faces.csv")
    assert (ended.status, ended.out) == (0, "")
    faces = pandas.read_csv(tmp_path / "faces.csv", parse_dates=["time"])
    written = [json.loads(line) for line in records_file.read_text().splitlines()]
    assert len(faces) == sum(len(record["faces"]) for record in written) > 0
    assert faces["time"].dt.tz is not None
    assert edge_emo("records", records_file, "--to", "csv").out == (
        (tmp_path / "faces.csv").read_text()
    )


def test_a_dash_is_standard_output_as_it_is_for_run(edge_emo, records_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = edge_emo("records", records_file, "--to", "jsonl", "-o", "-")
    assert (ended.status, ended.out) == (0, records_file.read_text())
    assert not (tmp_path / "-").exists()


def test_records_as_json_lines_are_what_was_written(edge_emo, records_file, results):
    assert edge_emo("records", records_file, "--to", "jsonl").out == records_file.read_text()
    packed = next(results.out.rglob("clip.avi.jsonl.gz"))
    lines = edge_emo("records", packed, "--to", "jsonl").out.splitlines()
    assert [json.loads(line)["frame"] for line in lines] == list(range(8))


def test_what_is_no_file_of_records_is_refused(edge_emo, assert_refused, tmp_path):
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(b"no gzip")
    assert_refused(edge_emo("records", broken, "--to", "csv"), "broken.jsonl.gz: cannot be read")
    assert_refused(edge_emo("records", tmp_path / "none", "--to", "csv"), "none: no such file")
    assert edge_emo("records", broken, "--to", "parquet").status == 2


@pytest.mark.parametrize("command", [("records", "--to", "csv"), ("report",)])
@pytest.mark.parametrize("content", ["", "no record\n"])
def test_a_file_without_a_single_record_is_refused(edge_emo, tmp_path, command, content):
    file = tmp_path / "no.jsonl"
    file.write_text(content)
    name, *options = command
    ended = edge_emo(name, file, *options)
    assert ended.status == 1
    assert ended.out == ""
    assert f"{file}: holds no records" in ended.err
    assert not file.with_suffix(".html").exists()


def test_records_are_not_converted_onto_themselves(edge_emo, assert_refused, records_file):
    older = records_file.with_name(f"{records_file.stem}-000001{records_file.suffix}")
    older.write_bytes(records_file.read_bytes())
    before = records_file.read_bytes()
    for out in (records_file, older):
        ended = edge_emo("records", records_file, "--to", "csv", "-o", out)
        assert_refused(ended, "is read by this command")
        assert_refused(edge_emo("report", out, "-o", out), "is read by this command")
        assert out.read_bytes() == before
