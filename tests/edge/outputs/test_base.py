"""Outputs get frames in order, privately, drawn once; a failing one is a warning in a camera's run."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from edge.outputs import Output, OutputOptions
from edge.outputs import base as outputs_base
from edge.outputs.base import Background, Outputs
from edge.outputs.privacy import Privacy
from edge.support.errors import OutputError
from edge.support.labels import EMOTIONS
from edge.support.values import Face, Frame, Observation, Status

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOX = (20, 20, 30, 30)
PATIENCE_S = 600
OPEN = Status("0", "open", "", NOW)


def frame_and_observation(index=0, image=None, position_s=None, faces=True):
    image = np.full((80, 100, 3), 90, np.uint8) if image is None else image
    size = (image.shape[1], image.shape[0])
    scores = {name: 0.94 if name == "happy" else 0.01 for name in EMOTIONS}
    found = (Face(1, BOX, scores, "happy"),) if faces else ()
    return (
        Frame("0", index, NOW, position_s, size, image[:, :, 0], lambda: image, 0.0),
        Observation(NOW, "0", index, position_s, size, found, {}),
    )


class Kept(Output):
    """Keeps what it is given; fails as long as `full`."""

    def __init__(self):
        self.full, self.closed = False, False
        self.written, self.views, self.said = [], [], []

    def write(self, frame, observation):
        if self.full:
            raise OutputError("faces.jsonl: cannot write: No space left")
        self.written.append(observation)
        self.views.append(frame)

    def status(self, status):
        self.said.append(status)

    def close(self):
        self.closed = True


@pytest.fixture
def disk():
    """An output on a disk that is full as long as `.full` is true."""
    return Kept()


def write(outputs, count, first=0):
    for index in range(first, first + count):
        outputs.write(*frame_and_observation(index))


def test_every_output_gets_frames_and_statuses_and_is_closed():
    first, second = Kept(), Kept()
    outputs = Outputs([first, second])
    outputs.status(OPEN)
    write(outputs, 2)
    outputs.close()
    for output in (first, second):
        assert [seen.frame for seen in output.written] == [0, 1]
        assert output.said == [OPEN]
        assert output.closed


def test_an_output_that_cannot_be_closed_keeps_none_of_the_others_open():
    class Broken(Kept):
        def close(self):
            raise OutputError("broken")

    first, last = Kept(), Kept()
    with pytest.raises(OutputError, match="broken"):
        Outputs([first, Broken(), last]).close()
    assert first.closed
    assert last.closed


def test_a_full_disk_is_warned_of_once_and_the_frames_are_counted(disk, caplog):
    outputs = Outputs([disk], live=True)
    disk.full = True
    write(outputs, 5)
    assert outputs.dropped == 5
    assert [r.getMessage() for r in caplog.records] == [
        "faces.jsonl: cannot write: No space left; going on without, trying again every 30 s"
    ]


def test_a_file_s_run_ends_with_a_full_disk(disk):
    disk.full = True
    with pytest.raises(OutputError, match="No space left"):
        write(Outputs([disk]), 1)


def test_once_there_is_room_it_records_again(disk, caplog, monkeypatch):
    monkeypatch.setattr(outputs_base, "AGAIN_S", 0)
    outputs = Outputs([disk], live=True)
    disk.full = True
    write(outputs, 1)
    disk.full = False
    write(outputs, 1, first=1)
    assert [seen.frame for seen in disk.written] == [1]
    assert "recording again; 1 frames were left out" in caplog.text


def test_after_a_failure_the_disk_is_left_in_peace_for_a_while_and_others_go_on(disk):
    other = Kept()
    outputs = Outputs([disk, other], live=True)
    disk.full = True
    write(outputs, 1)
    disk.full = False
    write(outputs, 1, first=1)
    assert disk.written == []
    assert len(other.written) == 2


def test_any_other_error_is_the_callers(disk):
    disk.write = lambda frame, observation: 1 / 0
    with pytest.raises(ZeroDivisionError):
        write(Outputs([disk], live=True), 1)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals are needed")
def test_a_camera_continues_when_its_disk_is_full_and_leaves_complete_lines(
    no_file_larger_than, tmp_path
):
    path = tmp_path / "faces.jsonl"
    arguments = ["run", "--camera", "mock", "--size", "320x240", "--jsonl", str(path)]
    with subprocess.Popen(
        [sys.executable, "-m", "edge", *arguments, "--output", "jsonl=-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **no_file_larger_than(500),
    ) as process:
        warning = process.stderr.readline()
        frames = [json.loads(process.stdout.readline())["frame"] for _ in range(9)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "faces.jsonl: cannot write" in warning
    assert frames == sorted(set(frames))
    assert path.read_bytes().endswith(b"\n")


def test_the_annotated_picture_is_made_once_for_all_outputs_and_not_if_nobody_asks(monkeypatch):
    drawn = []

    def counting(image, observation, fps):
        drawn.append(observation.frame)
        return image.copy()

    monkeypatch.setattr("edge.outputs.privacy.annotate", counting)

    class Showing(Kept):
        def write(self, frame, observation):
            super().write(frame, observation)
            frame.annotated()

    first, second, other = Showing(), Showing(), Kept()
    Outputs([first, second, other]).write(*frame_and_observation())
    Outputs([other]).write(*frame_and_observation(1))
    assert drawn == [0]
    assert first.views[0].annotated() is second.views[0].annotated()


def test_a_picture_that_was_not_asked_for_in_time_is_refused_not_read_from_a_lent_buffer(disk):
    Outputs([disk]).write(*frame_and_observation())
    with pytest.raises(RuntimeError, match="gone back"):
        disk.views[0].color()
    with pytest.raises(RuntimeError, match="gone back"):
        disk.views[0].annotated()


def test_no_output_sees_where_a_face_is_if_that_is_private(disk):
    Outputs([disk], Privacy(boxes=False)).write(*frame_and_observation())
    (seen,) = disk.written
    assert [face.box for face in seen.faces] == [None]
    assert seen.as_record()["faces"][0]["box"] is None


@pytest.mark.parametrize("patient", [False, True])
def test_no_output_sees_a_face_that_must_be_covered(pixels, patient):
    class Looking(Kept):
        def write(self, frame, observation):
            super().write(frame, observation)
            frame.annotated()

    output = Looking()
    output.patient = patient
    image = pixels(80, 100, 3)
    outputs = Outputs([output], Privacy(blur=True))
    outputs.write(*frame_and_observation(0, image, 0.0))
    outputs.close()
    (view,) = output.views
    for picture in (view.color(), view.gray[:, :, None]):
        inside = picture[25:45, 25:45].reshape(-1, picture.shape[2])
        assert len(np.unique(inside, axis=0)) < 40
    np.testing.assert_array_equal(view.color()[:9], image[:9])


def test_a_patient_output_gets_a_face_covered_before_it_was_found_a_live_one_gets_it_at_once(
    pixels,
):
    patient, hasty = Kept(), Kept()
    patient.patient = True
    image = pixels(80, 100, 3)

    def write_color(frame, observation, to):
        Kept.write(to, frame, observation)
        frame.color()

    for output in (patient, hasty):
        output.write = lambda f, o, to=output: write_color(f, o, to)
    outputs = Outputs([patient, hasty], Privacy(blur=True))
    outputs.write(*frame_and_observation(0, image, 0.0, faces=False))
    assert [seen.frame for seen in hasty.written] == [0]
    assert patient.written == []
    outputs.write(*frame_and_observation(1, image, 0.4))
    outputs.close()
    assert [seen.frame for seen in patient.written] == [0, 1]
    before = patient.views[0].color()[25:45, 25:45].reshape(-1, 3)
    assert len(np.unique(before, axis=0)) < 40
    np.testing.assert_array_equal(hasty.views[0].color(), image)


def test_a_camera_s_frames_that_wait_to_be_covered_are_bounded(monkeypatch):
    monkeypatch.setattr("edge.outputs.privacy.HELD_BYTES", 5 * 80 * 100 * 4)
    monkeypatch.setattr("edge.outputs.privacy.time", SimpleNamespace(monotonic=lambda: 1.0))
    patient = Kept()
    patient.patient = True
    outputs = Outputs([patient], Privacy(blur=True, live=True), live=True)
    write(outputs, 9)
    assert outputs.dropped == 4
    outputs.close()
    assert len(patient.written) == 5


class Slow(Background):
    """Waits in its thread until it may go on."""

    def __init__(self, live):
        super().__init__(OutputOptions("", live, 25.0), "slow")
        self.go_on, self.done = threading.Event(), []

    def work(self, frame, observation, taken_s):
        assert self.go_on.wait(PATIENCE_S)
        self.done.append(frame.index)


def test_what_waits_for_a_slow_output_is_bounded_in_bytes_and_a_camera_s_rest_dropped(monkeypatch):
    monkeypatch.setattr(outputs_base, "WAITING_BYTES", 4 * 80 * 100 * 3)
    slow = Slow(live=True)
    outputs = Outputs([slow], live=True)
    write(outputs, 10)
    assert outputs.dropped == 6
    slow.go_on.set()
    outputs.close()
    assert slow.done == [0, 1, 2, 3]


def test_a_file_waits_for_a_slow_output_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(outputs_base, "WAITING_BYTES", 1)
    slow = Slow(live=False)
    threading.Timer(0.1, slow.go_on.set).start()
    outputs = Outputs([slow])
    write(outputs, 20)
    outputs.close()
    assert slow.done == list(range(20))
    assert outputs.dropped == 0


def test_an_error_in_the_thread_reaches_the_run():
    class Broken(Background):
        def work(self, frame, observation, taken_s):
            raise OutputError("encoder: broken")

    output = Broken(OutputOptions("", live=False, fps=25.0), "broken")
    outputs = Outputs([output])
    with pytest.raises(OutputError, match="encoder: broken"):
        write(outputs, 1000)
    with pytest.raises(OutputError, match="encoder: broken"):
        outputs.close()


def test_observations_of_a_frame_are_not_changed_for_the_caller(disk):
    frame, observation = frame_and_observation()
    before = replace(observation)
    Outputs([disk], Privacy(boxes=False, blur=True)).write(frame, observation)
    assert observation == before
