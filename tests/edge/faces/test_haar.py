"""The Haar cascades find the demo's faces, whatever the frame's size, and nothing on a wall."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.faces.crop import to_gray
from edge.faces.detector import FACE, DetectorOptions
from edge.faces.haar import CASCADES, DEFAULT, HaarDetector, find_cascade
from edge.support.boxes import iou
from edge.support.errors import DetectorError

ASTRONAUT = FACES["astronaut"]


@pytest.fixture(scope="module")
def detector():
    return HaarDetector()


@pytest.fixture(scope="module")
def found(detector):
    """Return the boxes of what is sure to be a face."""
    return lambda gray: [face.box for face in detector.detect(gray) if face.score >= FACE]


@pytest.fixture(scope="module")
def gray():
    return to_gray(portrait("astronaut"))


@pytest.mark.parametrize("scale", [0.5, 1, 2, 4])
def test_a_face_is_found_in_a_picture_of_any_size(found, gray, scale):
    picture = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = found(picture)
    assert len(boxes) == 1
    assert iou(boxes[0], tuple(round(n * scale) for n in ASTRONAUT)) > 0.5


def test_boxes_are_plain_numbers(found, scene):
    for picture in scene("two faces"):
        boxes = found(to_gray(picture))
        assert len(boxes) == 2
        assert all(type(n) is int for box in boxes for n in box)


def test_scores_are_shares_and_eyes_are_not_known(detector, scene):
    faces = detector.detect(to_gray(scene("two faces", 1)[0]))
    assert len(faces) >= 2
    for face in faces:
        assert 0 < face.score <= 1
        assert face.eyes is None


def test_faces_smaller_than_asked_for_are_not_looked_for(gray):
    share = ASTRONAUT[3] / gray.shape[0]
    assert HaarDetector(DetectorOptions(min_face=share / 2)).detect(gray)
    assert not HaarDetector(DetectorOptions(min_face=share * 2)).detect(gray)


def test_a_face_that_fills_the_picture_is_found(found, gray):
    x, y, side, _ = ASTRONAUT
    (box,) = found(gray[y : y + side, x : x + side])
    assert iou(box, (0, 0, side, side)) > 0.6


def test_a_face_partly_outside_the_picture_is_found(found, gray):
    x, y, side, _ = ASTRONAUT
    cut = x + side // 6
    (box,) = found(gray[:, cut:])
    assert iou(box, (x - cut, y, side, side)) > 0.6


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_wall_has_no_face(detector, level):
    assert detector.detect(np.full((360, 640), level, np.uint8)) == []


def test_noise_has_no_face(detector, pixels):
    assert detector.detect(pixels(360, 640)) == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (2000, 2), (23, 23), (48, 48), (4000, 30)])
def test_a_picture_too_small_or_thin_for_a_face_has_none(detector, pixels, shape):
    assert detector.detect(pixels(*shape)) == []


def test_a_strided_view_of_a_camera_buffer_is_searched_in_place(detector, gray):
    padded = np.pad(gray, ((0, 0), (0, 64)))
    assert detector.detect(padded[:, : gray.shape[1]]) == detector.detect(gray)


def test_the_cascades_are_files_of_that_name():
    for name in CASCADES:
        assert find_cascade(name).name == name
        assert find_cascade(name).is_file()


def test_an_opencv_without_cascades_is_reported_with_advice(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(DetectorError, match=r"opencv-python>=4\.8,<5"):
        HaarDetector()


def test_a_missing_cascade_is_reported_with_advice(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    monkeypatch.setattr("edge.faces.haar._SYSTEM_FOLDERS", ())
    with pytest.raises(DetectorError, match="opencv-data") as refused:
        HaarDetector()
    assert DEFAULT in str(refused.value)
