"""The Haar cascades find the demo's faces, whatever the frame's size, and nothing on a wall."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.faces.crop import to_gray
from edge.faces.haar import CASCADES, DEFAULT, HaarDetector, find_cascade
from edge.faces.pyramid import Pyramid
from edge.support.boxes import iou
from edge.support.errors import DetectorError

ASTRONAUT = FACES["astronaut"]


@pytest.fixture(scope="module")
def detector():
    return HaarDetector()


@pytest.fixture(scope="module")
def found(detector):
    """Return the boxes that one whole search with each cascade tells at once."""
    return lambda gray: [face.box for face in detector.search(Pyramid(gray)) if face.evidence >= 1]


@pytest.fixture(scope="module")
def gray():
    return to_gray(portrait("astronaut"))


@pytest.mark.parametrize("scale", [0.5, 1, 2, 4])
def test_a_face_is_found_in_a_picture_of_any_size(found, gray, scale):
    picture = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = found(picture)
    assert len(boxes) == 1
    assert iou(boxes[0], tuple(round(n * scale) for n in ASTRONAUT)) > 0.5


def test_boxes_are_plain_numbers_from_left_to_right(found, scene):
    for picture in scene("two faces"):
        boxes = found(to_gray(picture))
        assert len(boxes) == 2
        assert boxes == sorted(boxes)
        assert all(type(n) is int for box in boxes for n in box)


def test_faces_smaller_than_asked_for_are_not_looked_for(gray):
    share = ASTRONAUT[3] / gray.shape[0]
    assert HaarDetector(min_face=share / 2).search(Pyramid(gray))
    assert not HaarDetector(min_face=share * 2).search(Pyramid(gray))


def test_the_parts_of_a_search_find_together_what_the_whole_finds(detector, scene):
    picture = Pyramid(to_gray(scene("two faces", 1)[0]))
    parts = [
        face.box
        for part in range(10)
        for face in detector.search(picture, part / 10, (part + 1) / 10)
    ]
    for face in detector.search(picture, 0, 1):
        assert any(iou(face.box, box) > 0.7 for box in parts)


def test_what_is_known_is_not_found_again(detector, scene):
    picture = Pyramid(to_gray(scene("two faces", 1)[0]))
    first, second = (face.box for face in detector.search(picture))
    (only,) = detector.search(picture, known=[first])
    assert iou(only.box, second) > 0.5
    assert detector.search(picture, known=[first, second]) == []


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_wall_has_no_face_even_where_one_was(detector, level):
    wall = Pyramid(np.full((360, 640), level, np.uint8))
    assert detector.search(wall) == []
    assert detector.look(wall, ASTRONAUT) is None


def test_noise_has_no_face(detector, pixels):
    assert detector.search(Pyramid(pixels(360, 640))) == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (2000, 2), (23, 23), (48, 48), (4000, 30)])
def test_a_picture_too_small_or_thin_for_a_face_has_none(detector, pixels, shape):
    assert detector.search(Pyramid(pixels(*shape))) == []


def test_a_strided_view_of_a_camera_buffer_is_searched_in_place(detector, gray):
    padded = np.pad(gray, ((0, 0), (0, 64)))
    assert detector.search(Pyramid(padded[:, : gray.shape[1]])) == detector.search(Pyramid(gray))


def test_the_cascades_are_files_of_that_name():
    for name in CASCADES:
        assert find_cascade(name).name == name
        assert find_cascade(name).is_file()


def test_an_opencv_without_cascades_is_said_with_the_mend(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(DetectorError, match=r"opencv-python>=4\.8,<5"):
        HaarDetector()


def test_a_cascade_that_is_nowhere_is_said_with_the_mend(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    monkeypatch.setattr("edge.faces.haar._SYSTEM_FOLDERS", ())
    with pytest.raises(DetectorError, match="opencv-data") as refused:
        HaarDetector()
    assert DEFAULT in str(refused.value)


@pytest.mark.parametrize("closely", [False, True])
def test_a_look_finds_the_face_near_where_it_was(detector, gray, closely):
    for share in (-0.2, 0.0, 0.2):
        x, y, side, _ = ASTRONAUT
        was = (x + round(share * side), y - round(share * side), side, side)
        face = detector.look(Pyramid(gray), was, closely)
        assert iou(face.box, ASTRONAUT) > 0.5
        assert face.evidence >= 1


def test_a_face_that_left_is_not_seen_by_a_look(detector, scene):
    (face,) = detector.search(Pyramid(to_gray(scene("one face", 1)[0])))
    nobody = Pyramid(to_gray(scene("nobody", 1)[0]))
    assert detector.look(nobody, face.box) is None


@pytest.mark.parametrize("box", [(-60, -60, 80, 80), (600, 340, 80, 80), (0, 0, 5, 5)])
def test_a_look_at_the_frames_edge_does_no_harm(detector, pixels, box):
    assert detector.look(Pyramid(pixels(360, 640)), box) is None
