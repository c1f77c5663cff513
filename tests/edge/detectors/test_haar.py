"""The Haar cascade finds the demo's faces, whatever the frame's size, and nothing on a wall."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.boxes import iou
from edge.crop import to_gray
from edge.detectors.haar import CASCADE, HaarDetector, find_cascade
from edge.errors import DetectorError

ASTRONAUT = FACES["astronaut"]


@pytest.fixture(scope="module")
def detector():
    return HaarDetector()


@pytest.fixture(scope="module")
def gray():
    return to_gray(portrait("astronaut"))


@pytest.mark.parametrize("scale", [0.5, 1, 2, 4])
def test_a_face_is_found_in_a_picture_of_any_size(detector, gray, scale):
    picture = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = detector.detect(picture)
    assert len(boxes) == 1
    assert iou(boxes[0], tuple(round(n * scale) for n in ASTRONAUT)) > 0.5


def test_boxes_are_plain_numbers_from_left_to_right(detector, scene):
    for picture in scene("two faces"):
        boxes = detector.detect(to_gray(picture))
        assert len(boxes) == 2
        assert boxes == sorted(boxes)
        assert all(type(n) is int for box in boxes for n in box)


def test_faces_smaller_than_asked_for_are_not_looked_for(gray):
    share = ASTRONAUT[3] / gray.shape[0]
    assert HaarDetector(min_face=share / 2).detect(gray)
    assert not HaarDetector(min_face=share * 2).detect(gray)


def test_less_evidence_will_do_where_a_face_was_a_moment_ago(detector, gray):
    # Fog, thickened until the face cannot be begun any more.
    for share in np.arange(1.0, 0.0, -0.02):
        foggy = cv2.addWeighted(gray, share, np.full_like(gray, 128), 1 - share, 0)
        if not detector.detect(foggy):
            break
    followed = detector.detect(foggy, known=[ASTRONAUT])
    assert len(followed) == 1
    assert iou(followed[0], ASTRONAUT) > 0.5
    assert not detector.detect(foggy, known=[(300, 400, 80, 80)])


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_wall_has_no_face_even_where_one_was(detector, level):
    assert detector.detect(np.full((360, 640), level, np.uint8), known=[ASTRONAUT]) == []


def test_noise_has_no_face(detector, pixels):
    assert detector.detect(pixels(360, 640)) == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (2000, 2), (23, 23), (48, 48), (4000, 30)])
def test_a_picture_too_small_or_thin_for_a_face_has_none(detector, pixels, shape):
    assert detector.detect(pixels(*shape)) == []


def test_a_strided_view_of_a_camera_buffer_is_searched_in_place(detector, gray):
    padded = np.pad(gray, ((0, 0), (0, 64)))
    assert detector.detect(padded[:, : gray.shape[1]]) == detector.detect(gray)


def test_the_cascade_is_a_file_of_that_name():
    assert find_cascade().name == CASCADE
    assert find_cascade().is_file()


def test_an_opencv_without_cascades_is_said_with_the_mend(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(DetectorError, match=r"opencv-python>=4\.8,<5"):
        HaarDetector()


def test_a_cascade_that_is_nowhere_is_said_with_the_mend(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    monkeypatch.setattr("edge.detectors.haar._SYSTEM_FOLDERS", ())
    with pytest.raises(DetectorError, match="opencv-data"):
        HaarDetector()


def test_a_known_face_is_followed_where_it_moved_and_at_its_size(detector, gray):
    for share in (-0.2, 0.0, 0.3):
        x, y, side, _ = ASTRONAUT
        was = (x + round(share * side), y - round(share * side), side, side)
        (box,) = detector.follow(gray, [was])
        assert iou(box, ASTRONAUT) > 0.5


def test_following_finds_no_other_face(detector, scene):
    picture = to_gray(scene("two faces", 1)[0])
    first, second = detector.detect(picture)
    (followed,) = detector.follow(picture, [second])
    assert iou(followed, second) > 0.5
    assert detector.follow(picture, []) == []
    assert len(detector.follow(picture, [first, first])) == 1


def test_a_face_that_left_is_not_followed(detector, scene):
    (box,) = detector.detect(to_gray(scene("one face", 1)[0]))
    assert detector.follow(to_gray(scene("nobody", 1)[0]), [box]) == []


@pytest.mark.parametrize("box", [(-60, -60, 80, 80), (600, 340, 80, 80), (0, 0, 5, 5)])
def test_following_at_the_frames_edge_does_no_harm(detector, pixels, box):
    assert detector.follow(pixels(360, 640), [box]) == []
