"""What an input's records say: upright videos, times of the container, summaries."""

import struct
from itertools import pairwise

import cv2
import pytest

from edge.batch.job import run_batch
from edge.batch.tables import read_packed

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


def rebuilt(content, changes):
    """Return an MP4 with the content of some boxes changed, by kind; sizes are adjusted."""
    made, place = b"", 0
    while place < len(content):
        size, kind = struct.unpack(">I4s", content[place : place + 8])
        inner = content[place + 8 : place + size]
        if kind in CONTAINERS:
            inner = rebuilt(inner, changes)
        inner = changes.get(kind, lambda c: c)(inner)
        made += struct.pack(">I4s", len(inner) + 8, kind) + inner
        place += size
    return made


def turned(track_header):
    """Return a track header that asks for a quarter turn clockwise."""
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    return track_header[:40] + matrix + track_header[76:]


def slower_from_half(times):
    """Return a table of times in which the frames of the second half last three times as long."""
    count, delta = struct.unpack(">II", times[8:16])
    half = count // 2
    return times[:4] + struct.pack(">IIIII", 2, half, delta // 2, count - half, 3 * delta // 2)


def records_of(path, tmp_path):
    done = run_batch([path], tmp_path / "out", jobs=1)
    assert not done.failed
    return list(done.records()), done.files[0]


@pytest.mark.slow
@pytest.mark.skipif(
    tuple(map(int, cv2.__version__.split(".")[:2])) < (4, 12),
    reason="OpenCV below 4.12 does not turn this video",
)
def test_a_video_is_turned_as_its_container_says(short_video, tmp_path):
    path = tmp_path / "turned.mp4"
    path.write_bytes(rebuilt(short_video.read_bytes(), {b"tkhd": turned}))
    upright, _ = records_of(short_video, tmp_path / "upright")
    records, _ = records_of(path, tmp_path)
    assert [r["size"][::-1] for r in records] == [r["size"] for r in upright]


@pytest.mark.slow
def test_times_are_the_containers_where_the_frame_rate_varies(short_video, tmp_path):
    path = tmp_path / "varies.mp4"
    path.write_bytes(rebuilt(short_video.read_bytes(), {b"stts": slower_from_half}))
    records, row = records_of(path, tmp_path)
    steps = [b["position_s"] - a["position_s"] for a, b in pairwise(records)]
    assert steps == pytest.approx([0.02] * 4 + [0.06] * 3, abs=0.002)
    assert row["seconds"] == pytest.approx(4 * 0.02 + 4 * 0.06, abs=0.005)


def test_an_emotions_share_counts_time_not_frames():
    from edge.batch.analysis import Summary
    from edge_emo.testing import observation

    summary = Summary()
    for position_s, emotion in ((0.0, "happy"), (0.1, "sad"), (0.4, "happy")):
        summary.add(observation(emotion, position_s=position_s))
    told = summary.as_dict()
    assert told["shares"]["sad"] == pytest.approx(0.3 / 0.7, abs=1e-4)
    assert told["seconds"] == pytest.approx(0.7)
    assert (told["frames"], told["faces"], told["tracks"]) == (3, 3, 1)


def test_an_animated_gif_is_a_video(tmp_path):
    image = pytest.importorskip("PIL.Image")
    frames = [image.new("RGB", (64, 48), (n * 60, 0, 0)) for n in range(3)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 300, 200])
    records, _ = records_of(path, tmp_path)
    assert [record["position_s"] for record in records] == [0.0, 0.1, 0.4]


@pytest.mark.slow
def test_records_of_a_file_are_those_of_its_place(short_video, tmp_path):
    done = run_batch([short_video], tmp_path / "out", jobs=1)
    (packed,) = (tmp_path / "out" / "records").rglob("*.gz")
    assert list(read_packed(packed)) == list(done.records())
