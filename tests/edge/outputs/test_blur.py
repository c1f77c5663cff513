"""With `--blur` nobody in a recording can be recognised, not even shortly before they are found."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from edge.faces.detector import FACE
from edge.faces.haar import HaarDetector
from edge.outputs.blur import Covering
from edge.support.values import Face, Observation

BOX = (40, 30, 20, 20)


def seen_at(seconds, *boxes):
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    faces = tuple(Face(i, box, {"happy": 1.0}, "happy") for i, box in enumerate(boxes))
    return Observation(when, "0", 0, None, (100, 80), faces, {})


@pytest.mark.parametrize(
    ("apart_s", "covered"), [(-0.5, True), (0, True), (0.5, True), (-2, False), (2, False)]
)
def test_a_face_is_covered_in_the_frames_around(pixels, apart_s, covered):
    image = pixels(80, 100, 3)
    covering = Covering()
    frame = seen_at(10)
    for observation in sorted([frame, seen_at(10 + apart_s, BOX)], key=lambda o: o.time):
        covering.see(observation)
    done = covering.cover(image, frame)
    assert (len(np.unique(done[30:50, 40:60].reshape(-1, 3), axis=0)) < 40) == covered
    np.testing.assert_array_equal(done[:20], image[:20])


def test_a_face_at_the_edge_is_covered_as_far_as_it_is_in_the_picture(pixels):
    covering = Covering()
    observation = seen_at(0, (-5, 70, 30, 30), (200, 200, 10, 10))
    covering.see(observation)
    assert covering.cover(pixels(80, 100, 3), observation).shape == (80, 100, 3)


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
