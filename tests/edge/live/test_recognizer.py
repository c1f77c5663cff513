"""The Recognizer: the faces in an image, and what a source shows over time."""

import json

import cv2
import numpy as np
import pytest

from edge_emo import ConfigError, ImageError, ModelError, Recognizer, Runtime, SourceError
from edge_emo.testing import FakeDetector, FakeSource, frame, portrait


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


def test_a_path_an_array_and_a_pil_image_give_the_same_faces(recognizer, tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "face ü.png"
    path.write_bytes(cv2.imencode(".png", portrait())[1].tobytes())
    faces = recognizer.read(portrait())
    assert [face.emotion for face in faces] == ["happy"]
    assert recognizer.read(path) == recognizer.read(str(path)) == faces
    with image.open(path) as opened:
        assert recognizer.read(opened) == faces


@pytest.mark.parametrize("steps", [1, 16, 256])
def test_a_pil_image_of_more_than_8_bits_gives_the_faces_of_its_file(recognizer, tmp_path, steps):
    image = pytest.importorskip("PIL.Image")
    gray = cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY).astype(np.uint16) * steps
    cv2.imwrite(str(tmp_path / "deep.png"), gray)
    faces = recognizer.read(tmp_path / "deep.png")
    assert [face.emotion for face in faces] == ["happy"]
    with image.open(tmp_path / "deep.png") as opened:
        assert recognizer.read(opened) == faces
    for mode, kind in (("I", np.int32), ("I;16B", ">u2"), ("F", np.float32)):
        made = image.fromarray(gray.astype(kind))
        assert made.mode == mode
        assert len(recognizer.read(made)) == 1


def test_a_pil_image_without_pixels_is_refused(recognizer):
    image = pytest.importorskip("PIL.Image")
    with pytest.raises(ImageError, match="has 0 x 5"):
        recognizer.read(image.new("RGB", (0, 5)))


def test_a_gray_array_gives_the_faces_of_its_picture(recognizer):
    gray = cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY)
    assert recognizer.read(gray) == recognizer.read(portrait())


def test_an_image_does_not_depend_on_those_before(recognizer):
    first = recognizer.read(portrait())
    recognizer.read(portrait()[:, ::-1])
    assert recognizer.read(portrait()) == first


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((10, 10, 3), np.float32),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10), np.uint8),
        np.zeros(10, np.uint8),
        [[1, 2], [3, 4]],
        None,
    ],
)
def test_what_is_no_image_is_refused(recognizer, wrong):
    with pytest.raises(ImageError, match="must be"):
        recognizer.read(wrong)


def test_a_file_that_is_no_image_is_refused_by_name(recognizer, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    (tmp_path / "empty.jpg").touch()
    for path, why in (
        (broken, "is not an image of a known kind"),
        (tmp_path / "empty.jpg", "is empty"),
        (tmp_path / "none.jpg", "cannot be read: No such file"),
        (tmp_path, "is a folder; `watch` reads"),
    ):
        with pytest.raises(SourceError, match=f"{path.name}: {why}"):
            recognizer.read(path)


def test_watching_a_video_gives_what_the_command_writes(
    recognizer, edge_emo, short_video, tmp_path
):
    lines = tmp_path / "faces.jsonl"
    edge_emo("run", "--source", short_video, "--jsonl", lines)
    written = [json.loads(line) for line in lines.read_text().splitlines()]
    watched = [seen.as_record() for seen in recognizer.watch(short_video)]
    for record in (*written, *watched):
        del record["time"], record["ms"]
    assert watched == written
    assert any(record["faces"] for record in written)


def test_a_face_keeps_its_number_while_it_is_followed(recognizer):
    source = FakeSource(frames=5, image=portrait())
    tracks = [[face.track for face in seen.faces] for seen in recognizer.watch(source)]
    assert tracks == [[1]] * 5
    assert source.closed


def test_a_camera_is_watched_until_the_caller_has_enough(recognizer):
    seen = recognizer.watch("mock", size=(320, 240))
    assert [next(seen).size for _ in range(3)] == [(320, 240)] * 3
    seen.close()


def test_a_source_that_is_none_is_refused_by_name(recognizer):
    with pytest.raises(SourceError, match=r"none\.mp4: no such file"):
        next(recognizer.watch("none.mp4"))


def test_any_object_that_detects_is_a_detector():
    detector = FakeDetector([(0, 0, 50, 50), (80, 20, 60, 60)])
    faces = Recognizer(detector=detector).read(frame().color())
    assert [face.box for face in faces] == [(0, 0, 50, 50), (80, 20, 60, 60)]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"model": "none.tflite"}, ModelError),
        ({"detector": "yolo"}, ConfigError),
        ({"min_face": 0}, ConfigError),
        ({"unsure_below": 2}, ConfigError),
        ({"search_every": -1}, ConfigError),
        ({"runtime": Runtime("tensorrt")}, ConfigError),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_made(options, error):
    with pytest.raises(error):
        Recognizer(**options)
