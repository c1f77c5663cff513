"""An output that fails is a warning; the run goes on and the output is tried again."""

from types import SimpleNamespace

import pytest

from edge.outputs import retrying as lenient
from edge.outputs.retrying import Lenient
from edge.support.errors import OutputError


@pytest.fixture
def disk():
    """An output on a disk that is full as long as `.full` is true."""

    def write(frame, observation):
        if made.full:
            raise OutputError("faces.jsonl: cannot write: No space left")
        made.written.append(observation)

    made = SimpleNamespace(
        color=False, dropped=0, write=write, close=lambda: None, full=False, written=[]
    )
    return made


def test_a_full_disk_is_warned_of_once_and_the_frames_are_counted(disk, caplog):
    output = Lenient(disk)
    disk.full = True
    for number in range(5):
        output.write(None, number)
    assert output.dropped == 5
    assert [r.getMessage() for r in caplog.records] == [
        "faces.jsonl: cannot write: No space left; going on without, trying again every 30 s"
    ]


def test_once_there_is_room_it_records_again(disk, caplog, monkeypatch):
    monkeypatch.setattr(lenient, "AGAIN_S", 0)
    output = Lenient(disk)
    disk.full = True
    output.write(None, 0)
    disk.full = False
    output.write(None, 1)
    assert disk.written == [1]
    assert "recording again; 1 frames were left out" in caplog.text


def test_after_a_failure_the_disk_is_left_in_peace_for_a_while(disk):
    output = Lenient(disk)
    disk.full = True
    output.write(None, 0)
    disk.full = False
    output.write(None, 1)
    assert disk.written == []


def test_a_camera_goes_on_when_its_disk_is_full_and_leaves_whole_lines(
    edge_emo_process, no_file_larger_than, tmp_path
):
    path = tmp_path / "faces.jsonl"
    arguments = ["--camera", "mock", "--size", "320x240", "--duration", "1", "--jsonl", path]
    ended = edge_emo_process("run", *arguments, **no_file_larger_than(1500))
    assert ended.status == 0, ended
    assert "faces.jsonl: cannot write" in ended.err
    assert path.read_bytes().endswith(b"\n")


def test_any_other_error_is_the_callers(disk):
    disk.write = lambda frame, observation: 1 / 0
    with pytest.raises(ZeroDivisionError):
        Lenient(disk).write(None, 0)
