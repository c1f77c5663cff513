"""A batch: complete tables, one bad file costs itself only, resume, shards, the same bytes always."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from edge.batch.job import merge, run_batch
from edge.batch.options import BatchOptions
from edge.batch.tables import read_packed
from edge.support.errors import BatchError, ConfigError

pytestmark = pytest.mark.slow

# A worker of this Python crashes on an input of this name, as a decoder does on a broken file, or
# takes minutes for it.
CRASHING = """
import os, signal, time
import edge.batch.analysis as analysis
real = analysis.analyse
def analyse(item, *more):
    if "crash" in item.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "slow" in item.name:
        time.sleep(300)
    return real(item, *more)
analysis.analyse = analyse
"""
BAD = {
    "in/broken.png": "is not an image",
    "in/empty.mp4": "is empty",
    "in/notes.txt": "is neither a video nor an image",
}


def tree(folder):
    """Return name -> content of all files of results."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_input_has_a_row_and_the_bad_ones_say_why(results):
    rows = {row["file"]: row for row in table(results.files_table)}
    assert list(rows) == sorted(rows)
    assert len(rows) == 6
    for name, row in rows.items():
        assert BAD.get(name, "") in row["error"]
        assert bool(row["error"]) == (name in BAD)
    assert {row["file"] for row in results.failed} == set(BAD)


def test_the_table_of_files_adds_up_to_the_records(results):
    for row in table(results.files_table):
        path = results.out / "records" / f"{row['file']}.jsonl.gz"
        records = list(read_packed(path)) if path.exists() else []
        faces = [face for record in records for face in record["faces"]]
        assert int(row["frames"]) == len(records)
        assert int(row["faces"]) == len(faces)
        assert int(row["tracks"]) == len({face["track"] for face in faces})
        if faces:
            shares = [float(v) for k, v in row.items() if k.startswith("share_")]
            assert sum(shares) == pytest.approx(1, abs=1e-3)
        assert row["model"] == "edge-s"
        assert json.loads(row["settings"])["detector"] == BatchOptions().detector


def test_the_table_of_faces_has_a_row_for_each_face_in_the_records(results):
    rows = table(results.faces_table)
    faces = [
        (record["source"], record["frame"], face)
        for record in results.records()
        for face in record["faces"]
    ]
    assert len(rows) == len(faces) > 8
    for row, (source, frame, face) in zip(rows, faces, strict=True):
        assert (row["file"], int(row["frame"])) == (source, frame)
        assert [int(row[k]) for k in ("x", "y", "width", "height")] == face["box"]
        assert float(row["confidence"]) == face["confidence"]
        assert {name: float(row[name]) for name in face["scores"]} == face["scores"]


def test_records_hold_nothing_that_differs_from_run_to_run(results):
    record = next(results.records())
    assert set(record) == {"schema", "source", "frame", "position_s", "size", "faces"}


def test_two_workers_give_the_same_bytes_as_one(results, inputs, tmp_path):
    run_batch([inputs], tmp_path / "two", jobs=2)
    assert tree(tmp_path / "two") == tree(results.out)


def test_a_second_run_does_nothing_twice(results, inputs):
    before = tree(results.out)
    again = run_batch([inputs], results.out, jobs=1)
    assert again.analysed == 0
    assert tree(results.out) == before


def test_an_input_that_changed_or_is_new_is_analysed(results, inputs):
    os.utime(inputs / "face.png")
    (inputs / "new.png").write_bytes((inputs / "face.png").read_bytes())
    again = run_batch([inputs], results.out, jobs=1)
    assert again.analysed == 2
    assert len(again.files) == 7


def test_results_of_other_settings_are_not_mixed(results, inputs):
    other = BatchOptions(min_face=0.3)
    with pytest.raises(BatchError, match=r"other settings \(settings\).*--restart"):
        run_batch([inputs], results.out, other, jobs=1)
    assert run_batch([inputs], results.out, other, jobs=1, restart=True).analysed == 4


def test_what_failed_is_analysed_again_where_that_is_asked(results, inputs):
    assert run_batch([inputs], results.out, jobs=1, retry=True).analysed == 1


def test_a_setting_that_does_not_fit_is_refused_before_the_folder_is_made(inputs, tmp_path):
    with pytest.raises(ConfigError, match="detector"):
        run_batch([inputs], tmp_path / "none", BatchOptions(detector="yolo"))
    assert not (tmp_path / "none").exists()


@pytest.fixture
def crashing(tmp_path, monkeypatch):
    (tmp_path / "crashing").mkdir()
    (tmp_path / "crashing" / "sitecustomize.py").write_text(CRASHING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "crashing"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals are needed")
def test_a_crash_of_a_worker_costs_its_input_only(crashing, inputs, tmp_path):
    (inputs / "crash.png").write_bytes((inputs / "face.png").read_bytes())
    done = run_batch([inputs], tmp_path / "out", jobs=1)
    errors = {row["file"]: row["error"] for row in done.failed}
    assert set(errors) == {*BAD, "in/crash.png"}
    assert "was ended by SIGSEGV" in errors["in/crash.png"]
    assert next(r for r in done.files if r["file"] == "in/face.png")["faces"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals are needed")
def test_ctrl_c_ends_at_once_with_its_workers_and_says_how_to_go_on(crashing, inputs, tmp_path):
    (inputs / "slow.png").write_bytes((inputs / "face.png").read_bytes() * 9)  # the first in line
    out = tmp_path / "stopped"
    command = [sys.executable, "-m", "edge", "batch", str(inputs), "-o", str(out), "--jobs", "2"]
    # Where the tests run in the background, Ctrl-C is ignored, and what they start inherits that.
    usual = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **usual) as process:
        wait_for_lines(process, out / "journal.jsonl", 6)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert "run the same command again to go on" in err
    assert not (out / "faces.csv").exists()


def wait_for_lines(process, path, lines):
    """Wait until a running batch has written so many lines of its journal."""
    deadline = time.monotonic() + 600
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals are needed")
def test_a_run_that_was_killed_goes_on_and_gives_the_same_bytes(results, inputs, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "edge", "batch", str(inputs), "-o", str(out), "--jobs", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_for_lines(process, out / "journal.jsonl", 4)
        process.send_signal(signal.SIGKILL)
    with (out / "journal.jsonl").open("ab") as file:
        file.write(b'{"file":"in/fa')  # cut off within a line
    (out / "records" / "in").mkdir(parents=True, exist_ok=True)
    (out / "records" / "in" / ".part-left.gz").write_bytes(b"half")
    done = run_batch([inputs], out, jobs=1)
    assert done.analysed < 4
    assert tree(out) == tree(results.out)


def test_merged_shards_are_the_whole(results, inputs, tmp_path):
    parts = [tmp_path / f"part{n}" for n in (1, 2, 3)]
    for n, part in enumerate(parts, 1):
        run_batch([inputs], part, jobs=1, shard=(n, 3))
    merge(parts, tmp_path / "merged")
    assert tree(tmp_path / "merged") == tree(results.out)


def test_shards_that_do_not_belong_together_are_refused(results, inputs, tmp_path):
    other = run_batch([inputs], tmp_path / "other", BatchOptions(min_face=0.3), jobs=1)
    with pytest.raises(BatchError, match="other settings"):
        merge([results.out, other.out], tmp_path / "merged")
    with pytest.raises(BatchError, match="is in another shard"):
        merge([results.out, results.out], tmp_path / "merged")
    with pytest.raises(BatchError, match="holds no journal"):
        merge([tmp_path / "nothing"], tmp_path / "merged")


def test_a_folder_in_use_is_not_written_by_two(results, inputs):
    fcntl = pytest.importorskip("fcntl")
    with (results.out / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BatchError, match="another batch works in it"):
            run_batch([inputs], results.out, jobs=1)
