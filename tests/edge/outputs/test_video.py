"""The annotated frames as a video: all of a file's, at a camera's true speed, whole or not at all."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.outputs import OutputOptions
from edge.outputs.annotate import COLORS
from edge.outputs.base import Outputs
from edge.outputs.video import Video
from edge.support.errors import OutputError
from edge.support.labels import EMOTIONS
from edge.support.rotation import NO_ROTATION, Rotation, set_aside
from edge.support.values import Face, Frame, Gap, Observation

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOX = (100, 60, 120, 120)
PATIENCE_S = 600


@pytest.fixture
def frame_and_observation(pixels):
    """Return a frame and what is seen in it: one happy face."""
    image = pixels(240, 320, 3) // 4

    def make(index=0, time=NOW, image=image, faces=True):
        size = (image.shape[1], image.shape[0])
        scores = {name: 0.94 if name == "happy" else 0.01 for name in EMOTIONS}
        found = (Face(1, BOX, scores, "happy"),) if faces else ()
        gray = image[:, :, 0]
        return (
            Frame("test", index, time, None, size, gray, lambda: image, 0.0),
            Observation(time, "test", index, None, size, found, {}),
        )

    return make


def recorder(path, live=False, fps=25.0, film=NO_ROTATION):
    return Outputs([Video(OutputOptions(str(path), live, fps, film=film))], live=live)


@pytest.mark.parametrize("ending", ["mp4", "avi", "mkv", "MP4"])
def test_a_recording_has_as_many_frames_as_the_source(
    edge_emo, short_video, read_video, tmp_path, ending
):
    path = tmp_path / f"out.{ending}"
    assert edge_emo("run", "--source", short_video, "--record", path).status == 0
    pictures = read_video(path)
    assert len(pictures) == 8
    assert {p.shape for p in pictures} == {(360, 640, 3)}
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25, rel=0.01)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_box_is_drawn_around_the_face(edge_emo, short_video, read_video, tmp_path):
    path, lines = tmp_path / "out.avi", tmp_path / "faces.jsonl"
    assert edge_emo("run", "--source", short_video, "--record", path, "--jsonl", lines).status == 0
    faces = [json.loads(line)["faces"] for line in lines.read_text().splitlines()]
    for before, after, (face,) in zip(
        read_video(short_video), read_video(path), faces, strict=True
    ):
        x, y, width, height = face["box"]
        changed = np.abs(after.astype(int) - before).max(axis=2) > 60
        assert changed[y + height, x : x + width].mean() > 0.9  # the lower edge
        assert changed[y : y + height, x].mean() > 0.9  # the left one
        inside = changed[y + height // 2 : y + height - 8, x + 8 : x + width // 2]
        assert inside.mean() < 0.1
        color = np.array(COLORS[face["emotion"]])
        edge = after[y + height, x + 8 : x + width - 8].mean(axis=0)
        assert np.abs(edge - color).max() < 60  # less what compression does


def test_no_faces_is_written_on_an_empty_frame(frame_and_observation, read_video, tmp_path):
    wall = np.full((240, 320, 3), 90, np.uint8)
    output = recorder(tmp_path / "out.avi")
    output.write(*frame_and_observation(image=wall, faces=False))
    output.close()
    (picture,) = read_video(tmp_path / "out.avi")
    words = picture[:40, :150]
    assert words.max() > 200
    assert np.abs(picture[60:].astype(int) - 90).max() < 15


def test_the_frame_itself_is_not_drawn_into(frame_and_observation, tmp_path):
    frame, observation = frame_and_observation()
    before = frame.color().copy()
    output = recorder(tmp_path / "out.avi")
    output.write(frame, observation)
    output.close()
    np.testing.assert_array_equal(frame.color(), before)


def test_the_file_appears_only_when_it_is_complete(frame_and_observation, tmp_path):
    path = tmp_path / "out.mp4"
    output = recorder(path)
    output.write(*frame_and_observation())
    assert not path.exists()
    output.close()
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_an_old_recording_stays_until_the_new_one_is_complete(frame_and_observation, tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    output = recorder(path)
    output.write(*frame_and_observation())
    assert path.read_bytes() == b"old"
    output.close()
    assert path.stat().st_size > 100


def test_what_was_recorded_until_the_source_broke_off_is_kept(
    edge_emo, assert_refused, scene, write_video, read_video, tmp_path
):
    film = write_video(tmp_path / "film.avi", scene("one face", 10), "MJPG")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    ended = edge_emo("run", "--source", film, "--record", tmp_path / "out.mp4")
    assert_refused(ended, "film.avi: ends after")
    assert {p.name for p in tmp_path.iterdir()} == {"film.avi", "out.mp4"}
    assert 0 < len(read_video(tmp_path / "out.mp4")) < 10


def test_a_run_without_frames_leaves_no_recording_and_says_why_there_were_none(
    edge_emo, assert_refused, tmp_path
):
    image = tmp_path / "empty.png"
    image.touch()
    ended = edge_emo("run", "--source", image, "--record", tmp_path / "out.mp4")
    assert_refused(ended, "empty.png: ")
    assert list(tmp_path.iterdir()) == [image]


def test_an_output_that_cannot_be_made_leaves_nothing_of_the_others(
    edge_emo, assert_refused, portrait_file, tmp_path
):
    ended = edge_emo(
        *("run", "--source", portrait_file, "--record", tmp_path / "out.mp4"),
        *("--output", f"jsonl={tmp_path / 'nowhere' / 'faces.jsonl'}"),
    )
    assert_refused(ended, "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["out.gif", "out", "out.mp4.txt", ""])
def test_a_wrong_ending_is_refused_with_the_right_ones(tmp_path, target):
    with pytest.raises(OutputError, match=r"\.mp4, \.avi or \.mkv"):
        recorder(f"{tmp_path}/{target}")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(OutputError, match=r"out\.mp4: cannot write"):
        recorder(tmp_path / "nowhere" / "out.mp4")


def test_a_folder_in_the_recordings_place_is_refused_before_anything_is_analysed(
    edge_emo, assert_refused, short_video, tmp_path
):
    (tmp_path / "out.mp4").mkdir()
    lines = tmp_path / "faces.jsonl"
    ended = edge_emo(
        "run", "--source", short_video, "--jsonl", lines, "--record", tmp_path / "out.mp4"
    )
    assert_refused(ended, "out.mp4: cannot write: Is a directory")
    assert not lines.exists() or lines.read_text() == ""
    assert not list(tmp_path.glob(".part-*"))


# Runs in one process, one after the other; its disk is full as soon as a file has so many bytes.
FILLING = """
import os, resource, sys
from edge.cli import main
video, folder, *cases = sys.argv[1:]
for case in cases:
    ending, size = case.split()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), resource.RLIM_INFINITY))
    try:
        main(["run", "--source", video, "--record", f"{folder}/out.{ending}"])
    except SystemExit as ended:
        print(ended.code, os.listdir(folder))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX limits are needed")
def test_a_disk_that_fills_up_leaves_no_recording(python_process, short_video, tmp_path):
    # Whole, the .mp4 has about 90,000 bytes, the .avi twice as many.
    cases = [f"mp4 {n}" for n in (1, 20_000, 60_000)] + [f"avi {n}" for n in (1, 20_000, 120_000)]
    ended = python_process(FILLING, short_video, tmp_path, *cases)
    assert ended.out == "1 []\n" * len(cases), ended
    for said, case in zip(ended.err.splitlines(), cases, strict=True):
        assert said.startswith("edge-emo: error: ")
        assert f"out.{case.split()[0]}: " in said


def test_an_error_of_the_encoder_reaches_the_run_and_leaves_nothing(
    frame_and_observation, tmp_path, monkeypatch
):
    def broken(*arguments):
        raise OutputError("encoder: broken")

    monkeypatch.setattr("edge.outputs.privacy.annotate", broken)
    output = recorder(tmp_path / "out.mp4")

    def write_more_than_may_wait():
        for index in range(1000):
            output.write(*frame_and_observation(index))

    with pytest.raises(OutputError, match="encoder: broken"):
        write_more_than_may_wait()
    with pytest.raises(OutputError, match="encoder: broken"):
        output.close()
    assert list(tmp_path.iterdir()) == []


def test_images_of_several_sizes_become_one_video(frame_and_observation, read_video, tmp_path):
    output = recorder(tmp_path / "out.mp4", fps=1.0)
    for index, size in enumerate([(240, 320, 3), (480, 200, 3), (31, 77, 3)]):
        image = np.full(size, 90, np.uint8)
        output.write(*frame_and_observation(index, image=image))
    output.close()
    assert {p.shape for p in read_video(tmp_path / "out.mp4")} == {(240, 320, 3)}


def test_odd_sizes_are_recorded(frame_and_observation, read_video, tmp_path):
    for ending in ("mp4", "avi"):
        path = tmp_path / f"out.{ending}"
        output = recorder(path)
        output.write(*frame_and_observation(image=np.full((241, 321, 3), 90, np.uint8)))
        output.close()
        assert len(read_video(path)) == 1


def test_of_a_camera_each_frame_stays_as_long_as_it_lasted(
    frame_and_observation, read_video, tmp_path, monkeypatch
):
    output = recorder(tmp_path / "out.mp4", live=True, fps=10.0)
    # Three frames in a second, at 10 frames a second: 1 + 4 + 6 pictures.
    for index, seconds in enumerate((0.0, 0.4, 1.0)):
        monkeypatch.setattr("edge.outputs.base.time.monotonic", lambda: seconds)  # noqa: B023
        output.write(*frame_and_observation(index))
    output.close()
    assert len(read_video(tmp_path / "out.mp4")) == 11


def test_a_clock_that_is_set_right_meanwhile_does_not_fill_the_disk(
    frame_and_observation, tmp_path
):
    # A board without a battery learns the time from the network, some way into the recording.
    path = tmp_path / "out.mp4"
    output = recorder(path, live=True, fps=30.0)
    image = np.zeros((48, 64, 3), np.uint8)
    for index in range(6):
        jump = timedelta(minutes=2) if index > 2 else timedelta(0)
        time = NOW + timedelta(seconds=index / 30) + jump
        output.write(*frame_and_observation(index, time, image))
    output.close()
    # Two minutes would be 3,600 frames.
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) < 1000


def test_a_late_encoder_never_holds_up_a_camera_and_the_dropped_are_counted(
    frame_and_observation, tmp_path, monkeypatch
):
    go_on = threading.Event()

    def late(image, *_):
        assert go_on.wait(PATIENCE_S)
        return image

    monkeypatch.setattr("edge.outputs.privacy.annotate", late)
    monkeypatch.setattr("edge.outputs.base.WAITING_BYTES", 8 * 240 * 320 * 3)
    output = recorder(tmp_path / "out.mp4", live=True)
    for index in range(50):  # would hang here if it waited for the encoder
        output.write(*frame_and_observation(index, NOW + timedelta(seconds=index / 25)))
    dropped = output.dropped
    go_on.set()
    output.close()
    assert 0 < dropped < 50


def test_a_late_encoder_loses_no_frame_of_a_file(
    frame_and_observation, read_video, tmp_path, monkeypatch
):
    slept = threading.Event()

    def late(image, *_):
        slept.wait(0.005)
        return image

    monkeypatch.setattr("edge.outputs.privacy.annotate", late)
    output = recorder(tmp_path / "out.mp4")
    for index in range(40):
        output.write(*frame_and_observation(index))
    output.close()
    assert output.dropped == 0
    assert len(read_video(tmp_path / "out.mp4")) == 40


@pytest.mark.slow
def test_a_warning_said_while_a_recording_is_opened_is_not_lost(
    python_process, portrait_file, tmp_path
):
    code = """
import cv2, sys, time
class Slow:
    fourcc, opened = cv2.VideoWriter.fourcc, cv2.VideoWriter
    def __new__(cls, *arguments):
        time.sleep(0.5)  # meanwhile an image is found to be corrupt
        return cls.opened(*arguments)
cv2.VideoWriter = Slow
from edge.cli import main
main(sys.argv[1:])
"""
    album = tmp_path / "album"
    album.mkdir()
    for name in ("1.png", "2.png", "4.png"):
        (album / name).write_bytes(portrait_file.read_bytes())
    (album / "3.png").touch()
    ended = python_process(code, "run", "--source", album, "--record", tmp_path / "out.mp4")
    assert ended.status == 0
    warning, *_, summary = ended.err.splitlines()
    assert warning == f"edge-emo: {album / '3.png'}: is empty; skipped"
    assert summary.startswith("edge-emo: 3 frames")


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_a_video_is_cut_into_segments_that_hold_every_frame(
    frame_and_observation, read_video, tmp_path, ending
):
    path = tmp_path / f"out.{ending}"
    output = recorder(path, film=Rotation(file_s=0.4))
    for index in range(25):
        output.write(*frame_and_observation(index))
    output.close()
    segments = set_aside(path)
    assert sorted(tmp_path.iterdir()) == segments
    assert [len(read_video(p)) for p in segments] == [10, 10, 5]


def bytes_in(folder: Path) -> int:
    """Return what a folder holds; its files may come and go meanwhile."""
    total = 0
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


@pytest.mark.slow
def test_segments_together_stay_within_their_bound_and_the_newest_remain(
    frame_and_observation, pixels, tmp_path
):
    path = tmp_path / "out.mkv"
    bound = 3_000_000
    output = recorder(path, film=Rotation(total_bytes=bound))
    for index in range(200):
        output.write(*frame_and_observation(index, image=pixels(240, 320, 3)))
        assert bytes_in(tmp_path) <= bound
    output.close()
    segments = set_aside(path)
    assert bytes_in(tmp_path) <= bound
    assert int(segments[0].stem[-6:]) > 1
    assert len(segments) > 2


def test_a_camera_that_was_away_leaves_no_hour_of_one_picture(
    frame_and_observation, read_video, tmp_path, monkeypatch
):
    output = recorder(tmp_path / "out.mp4", live=True, fps=10.0)
    for index, (seconds, gap) in enumerate(((0.0, None), (3600.1, Gap(3600.0, "unplugged")))):
        monkeypatch.setattr("edge.outputs.base.time.monotonic", lambda: seconds)  # noqa: B023
        frame, observation = frame_and_observation(index)
        output.write(replace(frame, gap=gap), observation)
    monkeypatch.undo()
    output.close()
    assert len(read_video(tmp_path / "out.mp4")) == 2


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX locks are needed")
@pytest.mark.parametrize(("ending", "kept"), [("mkv", True), ("mp4", False)])
def test_what_a_killed_run_recorded_is_named_at_the_next_start_if_it_can_be_read(
    frame_and_observation, read_video, tmp_path, caplog, ending, kept
):
    path = tmp_path / f"out.{ending}"
    command = [sys.executable, "-m", "edge", "run", "--camera", "mock", "--fps", "15"]
    command += ["--size", "640x360", "--record", path, "--record-minutes", "9"]
    with subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            sizes = [p.stat().st_size for p in tmp_path.glob(".part-*")]
            if sizes and sizes[0] > 600_000:
                break
            assert run.poll() is None
            time.sleep(0.1)
        run.kill()
    (left,) = tmp_path.iterdir()
    output = recorder(path, film=Rotation(file_s=60))
    assert not left.exists()
    if kept:
        assert len(read_video(tmp_path / f"out-000001.{ending}")) > 15
        assert "what an interrupted run recorded" in caplog.text
    else:
        assert "cannot be read; removed" in caplog.text
    output.write(*frame_and_observation())
    output.close()
    assert len(list(tmp_path.iterdir())) == 1 + kept


@pytest.mark.skipif(os.name != "posix", reason="POSIX locks are needed")
def test_another_run_s_unfinished_recording_is_left_alone(frame_and_observation, tmp_path):
    first = recorder(tmp_path / "out.mkv", film=Rotation(file_s=60))
    first.write(*frame_and_observation())
    second = recorder(tmp_path / "out.mkv", film=Rotation(file_s=60))
    second.write(*frame_and_observation())
    for output in (first, second):
        output.close()
    assert len(set_aside(tmp_path / "out.mkv")) == 2


def test_a_slow_encoder_does_not_hold_up_the_end_of_a_camera_s_run(
    frame_and_observation, read_video, tmp_path, monkeypatch
):
    begun, never = threading.Event(), threading.Event()

    def late(image, *_):
        begun.set()
        never.wait(1)  # all of them would take 200 s
        return image

    monkeypatch.setattr("edge.outputs.privacy.annotate", late)
    monkeypatch.setattr("edge.outputs.base.STOP_S", 0)
    output = recorder(tmp_path / "out.mp4", live=True)
    for index in range(200):
        output.write(*frame_and_observation(index))
    assert begun.wait(PATIENCE_S)
    output.close()
    assert output.dropped > 0
    assert len(read_video(tmp_path / "out.mp4")) > 0


def test_a_failed_segment_of_a_camera_is_reported_and_the_next_one_is_recorded(
    frame_and_observation, tmp_path, monkeypatch
):
    failing = [True]

    def annotate(image, *_):
        if failing[0]:
            raise OutputError("out.mkv: cannot write: No space left")
        return image

    monkeypatch.setattr("edge.outputs.privacy.annotate", annotate)
    monkeypatch.setattr("edge.outputs.base.AGAIN_S", 0)
    output = recorder(tmp_path / "out.mkv", live=True, film=Rotation(file_s=60))
    deadline = time.monotonic() + PATIENCE_S
    while not output.dropped and time.monotonic() < deadline:
        output.write(*frame_and_observation())
        time.sleep(0.01)
    failing[0] = False
    for index in range(5):
        output.write(*frame_and_observation(index))
    output.close()
    assert len(set_aside(tmp_path / "out.mkv")) == 1
