"""One whole JSON object a line and frame, appended to a file or written to standard output."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edge.outputs import OutputOptions
from edge.outputs.jsonl import JsonLines
from edge.support.errors import OutputError
from edge.support.values import Gap, Observation


def records(path):
    text = path.read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_standard_output_carries_the_records_and_nothing_else(edge_emo, short_video):
    ended = edge_emo("run", "--source", short_video, "--jsonl", "-")
    assert ended.status == 0
    assert [json.loads(line)["frame"] for line in ended.out.splitlines()] == list(range(8))
    assert "8 frames" in ended.err
    assert ended.err.count("\n") == 1


def test_a_second_run_is_appended(edge_emo, portrait_file, tmp_path):
    path = tmp_path / "faces.jsonl"
    for runs in (1, 2):
        assert edge_emo("run", "--source", portrait_file, "--jsonl", path).status == 0
        assert len(records(path)) == runs


def test_a_half_written_line_of_an_earlier_run_damages_no_line_of_this_run(
    edge_emo, portrait_file, tmp_path
):
    path = tmp_path / "faces.jsonl"
    path.write_text('{"schema":1}\n{"sche')
    assert edge_emo("run", "--source", portrait_file, "--jsonl", path).status == 0
    whole, half, new = path.read_text().splitlines()
    assert (whole, half) == ('{"schema":1}', '{"sche')
    assert json.loads(new)["frame"] == 0


def test_each_line_is_on_disk_as_soon_as_its_frame_is_done(tmp_path):
    class Observation:
        def as_record(self):
            return {"frame": 1}

    path = tmp_path / "faces.jsonl"
    output = JsonLines(OutputOptions(str(path), live=True, fps=30))
    for lines in (1, 2, 3):
        output.write(None, Observation())
        assert len(records(path)) == lines
    output.close()


def test_a_source_that_breaks_off_leaves_complete_lines(edge_emo, scene, write_video, tmp_path):
    film = write_video(tmp_path / "film.avi", scene("one face", 10), "MJPG")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    path = tmp_path / "faces.jsonl"
    assert edge_emo("run", "--source", film, "--jsonl", path).status == 1
    seen = records(path)
    assert seen
    assert [r["frame"] for r in seen] == list(range(len(seen)))


@pytest.mark.parametrize("target", ["nowhere/faces.jsonl", "folder", "file/faces.jsonl"])
def test_a_target_that_cannot_be_written_is_refused_by_name(
    edge_emo, assert_refused, portrait_file, tmp_path, target
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    ended = edge_emo("run", "--source", portrait_file, "--jsonl", tmp_path / target)
    assert_refused(ended, f"{target}: cannot write")
    assert sorted(tmp_path.rglob("*")) == before


def test_the_output_needs_a_target(edge_emo, assert_refused, portrait_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = edge_emo("run", "--source", portrait_file, "--output", "jsonl")
    assert_refused(ended, "jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is needed")
def test_a_full_disk_is_said_with_the_files_name(edge_emo, assert_refused, portrait_file):
    ended = edge_emo("run", "--source", portrait_file, "--jsonl", "/dev/full")
    assert_refused(ended, "/dev/full: cannot write: No space left")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is needed")
@pytest.mark.parametrize("output", ["--jsonl=-", "--output=text"])
def test_standard_output_on_a_full_disk_is_said_as_such(
    edge_emo_process, assert_refused, portrait_file, output
):
    with open("/dev/full", "w") as full:
        redirected = {"capture_output": False, "stdout": full, "stderr": subprocess.PIPE}
        ended = edge_emo_process("run", "--source", portrait_file, output, **redirected)
    assert_refused(replace(ended, out=""), "No space left")


def test_a_disk_that_fills_up_leaves_complete_lines(
    edge_emo_process, assert_refused, no_file_larger_than, short_video, tmp_path
):
    path = tmp_path / "faces.jsonl"
    ended = edge_emo_process(
        "run", "--source", short_video, "--jsonl", path, **no_file_larger_than(1500)
    )
    assert_refused(ended, "faces.jsonl: cannot write")
    seen = records(path)
    assert 0 < len(seen) < 8
    assert [r["frame"] for r in seen] == list(range(len(seen)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are needed")
def test_another_program_may_read_through_a_named_pipe(edge_emo_process, portrait_file, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read(), end='')", str(pipe)]
    with subprocess.Popen(read, stdout=subprocess.PIPE, text=True) as reader:
        try:
            ended = edge_emo_process("run", "--source", portrait_file, "--jsonl", pipe)
            assert ended.status == 0, ended.err
            assert json.loads(reader.communicate(timeout=600)[0])["frame"] == 0
        finally:
            reader.kill()


def test_a_target_that_is_a_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        JsonLines(OutputOptions(str(tmp_path), live=False, fps=25))


@pytest.fixture
def seen():
    return Observation(datetime.now(UTC), "0", 0, None, (2, 2), (), {"total": 1.0})


@pytest.mark.parametrize("taken_away", ["removed", "moved", "replaced", "folder replaced"])
def test_a_file_that_is_taken_away_while_it_is_written_is_begun_again(
    seen, tmp_path, caplog, taken_away
):
    folder = tmp_path / "records"
    folder.mkdir()
    path = folder / "faces.jsonl"
    output = JsonLines(OutputOptions(str(path), live=True, fps=30))
    output.write(None, seen)
    if taken_away == "removed":
        path.unlink()
    elif taken_away == "moved":  # as logrotate does
        path.rename(folder / "faces.jsonl.1")
    elif taken_away == "replaced":
        path.rename(folder / "faces.jsonl.1")
        path.touch()
    else:
        folder.rename(tmp_path / "old")
        folder.mkdir()
    for _ in range(2):
        output.write(None, seen)
    output.close()
    assert len(records(path)) == 2
    assert caplog.text.count("was removed or moved") == 1


def test_a_folder_that_is_gone_is_an_error_and_recording_goes_on_when_it_is_back(seen, tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    path = folder / "faces.jsonl"
    output = JsonLines(OutputOptions(str(path), live=True, fps=30))
    output.write(None, seen)
    shutil.rmtree(folder)
    with pytest.raises(OutputError, match="cannot write"):
        output.write(None, seen)
    folder.mkdir()
    output.write(None, seen)
    output.close()
    assert len(records(path)) == 1


def test_the_first_record_after_a_restart_carries_the_gap(seen, tmp_path):
    path = tmp_path / "faces.jsonl"

    def run(at, gap=None):
        output = JsonLines(OutputOptions(str(path), live=True, fps=30))
        for _ in range(2):
            output.write(None, replace(seen, time=at, gap=gap))
            gap = None
        output.close()

    run(datetime(2026, 1, 1, 12, 0, tzinfo=UTC))
    run(datetime(2026, 1, 1, 12, 0, 42, tzinfo=UTC))
    run(datetime(2026, 1, 1, 11, 0, tzinfo=UTC), gap=Gap(3.0, "cannot be opened"))  # another clock
    gaps = [record.get("gap") for record in records(path)]
    assert gaps == [
        None,
        None,
        {"seconds": 42.0, "reason": "restart"},
        None,
        {"seconds": 3.0, "reason": "restart; then cannot be opened"},
        None,
    ]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="systemd is of Linux")
def test_a_service_whose_records_cannot_be_written_analyses_on_and_says_so(
    edge_emo_process, tmp_path
):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        name = f"edge-emo-test-unwritable-{os.getpid()}"
        systemd.bind(f"\0{name}")
        environment = {**os.environ, "NOTIFY_SOCKET": f"@{name}"}
        ended = edge_emo_process(
            *("run", "--camera", "mock", "--size", "320x240", "--duration", "1"),
            *("--jsonl", tmp_path / "nowhere" / "faces.jsonl", "--output", "text"),
            env=environment,
        )
        said = systemd.recv(100)
    assert ended.status == 0, ended
    assert said == b"READY=1"
    assert "nowhere/faces.jsonl: cannot write" in ended.err
    assert "going on without, trying again" in ended.err
    assert "#1" in ended.out
