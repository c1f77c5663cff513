"""Video files, webcams and network cameras through OpenCV: every frame, or an error that says why not."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

from edge.sources import SourceOptions, open_source
from edge.support.errors import SourceError


@pytest.fixture
def seen(edge_emo, tmp_path):
    """Return the records that `run` writes of a video file."""

    def run(path):
        ended = edge_emo("run", "--source", path, "--jsonl", tmp_path / "seen.jsonl")
        assert (ended.status, ended.out) == (0, "")
        return [json.loads(line) for line in (tmp_path / "seen.jsonl").read_text().splitlines()]

    return run


@pytest.mark.parametrize(
    ("name", "faces"),
    [("one face", 1), ("coming near", 1), ("two faces", 2), ("nobody", 0), ("dark", 2)],
)
def test_every_frame_of_a_video_has_its_record(seen, scene, write_video, tmp_path, name, faces):
    records = seen(write_video(tmp_path / "film.mp4", scene(name)))
    assert [r["frame"] for r in records] == list(range(8))
    assert [r["position_s"] for r in records] == [pytest.approx(i / 25, abs=1e-3) for i in range(8)]
    assert {r["source"] for r in records} == {str(tmp_path / "film.mp4")}
    assert {tuple(r["size"]) for r in records} == {(640, 360)}
    assert np.median([len(r["faces"]) for r in records]) == faces


@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("mkv", "MJPG")])
def test_a_videos_kind_rate_and_length_do_not_matter(scene, write_video, tmp_path, ending, codec):
    path = write_video(tmp_path / f"film.{ending}", scene("nobody", 12), codec, fps=12.5)
    with open_source(str(path)) as source:
        assert source.fps == pytest.approx(12.5, rel=0.01)
        assert not source.live
        assert source.continuous
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(12))
    positions = [frame.position_s for frame in frames]
    np.testing.assert_allclose(positions, np.arange(12) / 12.5, atol=2e-3)


def test_a_frame_has_its_gray_and_its_colour(short_video, read_video):
    with open_source(str(short_video)) as source:
        frame = next(iter(source))
    assert frame.size == (640, 360)
    assert frame.gray.shape == (360, 640)
    np.testing.assert_array_equal(frame.color(), read_video(short_video)[0])


def test_a_video_of_one_frame_is_complete(scene, write_video, tmp_path):
    path = write_video(tmp_path / "one.mp4", scene("nobody", 1))
    with open_source(str(path)) as source:
        assert len(list(source)) == 1


@pytest.mark.parametrize("ending", ["avi", "mkv"])
def test_a_truncated_video_gives_its_frames_and_then_the_error(
    scene, write_video, tmp_path, ending
):
    path = write_video(tmp_path / f"film.{ending}", scene("one face", 20), "MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    frames = []
    with (
        open_source(str(path)) as source,
        pytest.raises(SourceError, match=rf"film.{ending}: ends after \d+ frames"),
    ):
        frames.extend(source)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert 0 < len(frames) < 20


def test_a_transport_stream_is_complete_though_its_length_is_only_guessed(
    scene, write_video, tmp_path
):
    # FFmpeg takes its rate for 50 a second and so the number of its frames for twice what it is.
    path = write_video(tmp_path / "film.ts", scene("nobody", 12), "MPG1")
    with open_source(str(path)) as source:
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(12))
    positions = [frame.position_s for frame in frames]
    np.testing.assert_allclose(positions, np.arange(12) / 25, atol=2e-3)


def test_a_video_whose_name_has_spaces_and_accents_is_read(scene, write_video, tmp_path):
    path = tmp_path / "my holiday 100 %d ü.mp4"
    write_video(tmp_path / "plain.mp4", scene("nobody", 2)).rename(path)
    with open_source(str(path)) as source:
        assert len(list(source)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_name_that_is_no_unicode_is_read_or_refused(edge_emo_process, short_video, tmp_path):
    # As on a disk from another system; OpenCV takes the process down.
    path = os.fsencode(tmp_path) + b"/film \xe4.mp4"
    shutil.copy(os.fsencode(short_video), path)
    ended = edge_emo_process("run", "--source", os.fsdecode(path), "--jsonl", "-")
    assert ended.status in (0, 1), ended
    if ended.status == 0:
        assert ended.out.count("\n") == 8
    else:
        assert ended.err.startswith("edge-emo: error: ")
        assert "unexpected" not in ended.err
        assert ended.err.count("\n") == 1


def test_a_webcam_that_is_not_there_is_refused_with_what_to_do():
    with pytest.raises(SourceError, match=r"camera 63: cannot be opened.*--camera mock"):
        open_source("63")


@pytest.mark.parametrize("number", ["2147483648", "99999999999999999999"])
def test_a_webcams_number_beyond_all_bounds_is_refused_like_any_other(number):
    with pytest.raises(SourceError, match=f"camera {number}: cannot be opened"):
        open_source(number)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://user:s3cret@127.0.0.1:1/stream", "rtsp://user@127.0.0.1:1/stream"),
        ("rtsp://user:s3cr@t@127.0.0.1:1/stream", "rtsp://user@127.0.0.1:1/stream"),
        ("rtsp://user:s3cr/t@127.0.0.1:1/stream", "rtsp://user@127.0.0.1:1/stream"),
        ("rtsp://127.0.0.1:1/stream", "rtsp://127.0.0.1:1/stream"),
    ],
)
def test_a_network_camera_out_of_reach_is_refused_without_showing_the_password(url, shown):
    with pytest.raises(SourceError) as refused:
        open_source(url)
    assert str(refused.value).startswith(f"{shown}: ")
    assert "s3cr" not in str(refused.value)


@pytest.mark.slow
def test_people_in_a_room_are_seen_frame_by_frame(seen, shared_video):
    records = seen(shared_video("face-demographics-walking-and-pause.mp4"))
    assert [r["frame"] for r in records] == list(range(41))
    positions = [r["position_s"] for r in records]
    assert positions == sorted(set(positions))
    counts = [len(r["faces"]) for r in records]
    assert max(counts) == 3  # there are three people, who walk in and stay
    assert min(counts) >= 1


@pytest.mark.slow
def test_a_head_that_turns_is_one_face_all_along(seen, shared_video):
    records = seen(shared_video("head-pose-face-detection-male.mp4"))
    assert [r["frame"] for r in records] == list(range(62))
    assert {len(r["faces"]) for r in records} <= {0, 1}
    assert {face["track"] for r in records for face in r["faces"]} == {1}


def test_a_size_asked_for_does_not_change_a_file(short_video):
    with open_source(str(short_video), SourceOptions(size=(320, 240), fps=5)) as source:
        assert next(iter(source)).size == (640, 360)
        assert source.fps == pytest.approx(25)
