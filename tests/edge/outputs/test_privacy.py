"""With `--blur` nobody in a recording can be recognised, not even shortly before they are found."""

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from edge.faces.detector import FACE
from edge.faces.haar import HaarDetector
from edge.outputs.privacy import Privacy, covered
from edge.support.values import Face, Frame, Observation

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOX = (40, 30, 20, 20)


def seen_at(seconds, image, *boxes):
    faces = tuple(Face(i, box, {"happy": 1.0}, "happy") for i, box in enumerate(boxes))
    frame = Frame("f", 0, NOW, seconds, (100, 80), image[:, :, 0], lambda: image, 0.0)
    return frame, Observation(NOW, "f", 0, seconds, (100, 80), faces, {})


@pytest.mark.parametrize(
    ("apart_s", "hidden"), [(-0.5, True), (0, True), (0.5, True), (-2, False), (2, False)]
)
def test_a_face_is_covered_in_the_frames_around(pixels, apart_s, hidden):
    image = pixels(80, 100, 3)
    privacy = Privacy(blur=True)
    looked_at = seen_at(10.0, image)
    given = []
    for frame, seen in sorted(
        [looked_at, seen_at(10.0 + apart_s, image, BOX)], key=lambda item: item[1].position_s
    ):
        privacy.at_once(frame, seen, 0)
        given += privacy.later(frame, seen, 0)
    given += privacy.rest()
    (done,) = [view.color() for view, seen in given if not seen.faces]
    assert (len(np.unique(done[30:50, 40:60].reshape(-1, 3), axis=0)) < 40) == hidden
    np.testing.assert_array_equal(done[:20], image[:20])


def test_a_face_at_the_edge_is_covered_as_far_as_it_is_in_the_picture(pixels):
    image = pixels(80, 100, 3)
    boxes = [(-5, 70, 30, 30), (200, 200, 10, 10), (-90, -90, 10, 10)]
    done = covered(image, boxes)
    assert done.shape == image.shape
    assert (done[75:] != image[75:]).any()


def test_of_a_folder_of_images_each_is_covered_by_itself(pixels):
    image = pixels(80, 100, 3)
    privacy = Privacy(blur=True, continuous=False)
    frame, seen = seen_at(None, image, BOX)
    assert (privacy.at_once(frame, seen, 0)[0].color() != image).any()
    frame, seen = seen_at(None, image)
    np.testing.assert_array_equal(privacy.at_once(frame, seen, 0)[0].color(), image)


@pytest.mark.parametrize("name", ["out.mp4", "out.png"])
def test_no_face_is_found_in_what_is_recorded(edge_emo, short_video, read_video, tmp_path, name):
    def faces(*options):
        path = tmp_path / name
        assert edge_emo("run", "--source", short_video, "--record", path, *options).status == 0
        pictures = read_video(path) if name.endswith("mp4") else [cv2.imread(str(path))]
        detector = HaarDetector()
        assert len(pictures) == (8 if name.endswith("mp4") else 1)
        grays = (cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in pictures)
        return sum(found.score >= FACE for gray in grays for found in detector.detect(gray))

    assert faces() > 0
    assert faces("--blur") == 0
