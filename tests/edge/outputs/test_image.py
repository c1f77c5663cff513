"""One annotated picture: of an image its only one, of anything else the last frame."""

import cv2
import numpy as np
import pytest
from faces import FACES


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "PNG"])
def test_an_image_becomes_an_annotated_picture(edge_emo, portrait_file, tmp_path, ending):
    path = tmp_path / f"out.{ending}"
    assert edge_emo("run", "--source", portrait_file, "--record", path).status == 0
    before, after = cv2.imread(str(portrait_file)), cv2.imread(str(path))
    assert after.shape == before.shape
    changed = np.abs(after.astype(int) - before).max(axis=2) > 60
    x, y, width, height = FACES["astronaut"]
    around = changed[y - 20 : y + height + 20, x - 20 : x + width + 20]
    assert around.any()
    assert not changed[300:].any()
    assert list(tmp_path.iterdir()) == [path]


def test_of_a_video_it_is_the_last_frame(edge_emo, scene, write_video, tmp_path):
    film = write_video(tmp_path / "film.mp4", [*scene("one face", 4), *scene("nobody", 2)])
    path = tmp_path / "out.png"
    assert edge_emo("run", "--source", film, "--record", path).status == 0
    picture = cv2.imread(str(path))
    wall = scene("nobody", 1)[0]
    assert np.abs(picture[60:].astype(int) - wall[60:]).mean() < 3


def test_an_old_picture_is_replaced(edge_emo, portrait_file, tmp_path):
    path = tmp_path / "out.png"
    path.write_bytes(b"old")
    assert edge_emo("run", "--source", portrait_file, "--record", path).status == 0
    assert cv2.imread(str(path)) is not None


def test_a_picture_too_wide_for_a_jpeg_is_kept_as_png(edge_emo, assert_refused, tmp_path):
    wide = tmp_path / "wide.png"
    cv2.imwrite(str(wide), np.zeros((2, 65_501), np.uint8))
    ended = edge_emo("run", "--source", wide, "--record", tmp_path / "out.jpg")
    assert_refused(ended, "out.jpg: a JPEG cannot have 65501 x 2 pixels; give it the ending .png")
    assert edge_emo("run", "--source", wide, "--record", tmp_path / "out.png").status == 0
    assert cv2.imread(str(tmp_path / "out.png")).shape == (2, 65_501, 3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.png", "wide.png"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere/out.png", "nowhere/out.png: cannot write"),
        ("folder.png", "folder.png: cannot write: Is a directory"),
        ("picture=out", "out: "),
        ("picture=out.xyz", "out.xyz: "),
        ("picture", "picture"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_by_name_before_anything_is_analysed(
    edge_emo, assert_refused, portrait_file, tmp_path, monkeypatch, target, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    option = "--output" if target.startswith("picture") else "--record"
    ended = edge_emo("run", "--source", portrait_file, "--jsonl", "faces.jsonl", option, target)
    assert_refused(ended, said)
    lines = tmp_path / "faces.jsonl"
    assert not lines.exists() or lines.read_text() == ""
    assert {p.name for p in tmp_path.iterdir()} <= {"folder.png", "faces.jsonl"}


@pytest.mark.slow
def test_a_full_disk_is_said_and_leaves_the_old_picture(
    edge_emo_process, assert_refused, no_file_larger_than, portrait_file, tmp_path
):
    path = tmp_path / "out.png"
    path.write_bytes(b"old")
    ended = edge_emo_process(
        *("run", "--source", portrait_file, "--record", path),
        **no_file_larger_than(1000),
    )
    assert_refused(ended, "out.png: cannot write")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_last_frame_before_the_source_broke_off_is_kept(edge_emo, scene, write_video, tmp_path):
    film = write_video(tmp_path / "film.avi", scene("nobody", 10), "MJPG")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    assert edge_emo("run", "--source", film, "--record", tmp_path / "out.png").status == 1
    assert {p.name for p in tmp_path.iterdir()} == {"film.avi", "out.png"}
