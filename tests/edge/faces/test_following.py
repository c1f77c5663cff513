"""Faces are found, followed and given up within the times that are stated."""

import cv2
import numpy as np
import pytest

from edge.faces.crop import to_gray
from edge.faces.following import LOOKS, Follower
from edge.faces.haar import HaarDetector
from edge.support.boxes import Sighting, iou

EVERY_S = 0.25


class Scripted:
    """A detector that sees what it is told to, and remembers what it was asked."""

    def __init__(self, *faces, sure=1.0):
        self.faces, self.sure = list(faces), sure
        self.shares, self.looks = [], []

    def search(self, picture, start=0.0, end=3.0, known=()):
        self.shares.append((start, end))
        new = [box for box in self.faces if all(iou(box, k) < 0.3 for k in known)]
        return [Sighting(box, self.sure) for box in new]

    def look(self, picture, box, closely=False):
        self.looks.append(box)
        near = [face for face in self.faces if iou(face, box) > 0.3]
        return Sighting(near[0], self.sure) if near else None


@pytest.fixture
def textured():
    """Return a noisy frame with a patch of other noise, a face to whom it may look like one."""
    rng = np.random.default_rng(4)
    wall, face = (rng.integers(0, 256, shape, np.uint8) for shape in ((360, 640), (80, 80)))
    wall, face = (cv2.GaussianBlur(p, (0, 0), 6) for p in (wall, face))
    wall, face = (cv2.normalize(p, None, 0, 255, cv2.NORM_MINMAX) for p in (wall, face))

    def frame(x, y):
        picture = wall.copy()
        picture[y : y + 80, x : x + 80] = face
        return picture

    return frame


def test_a_search_is_spread_over_the_frames_by_their_time(textured):
    detector = Scripted()
    follower = Follower(detector, EVERY_S)
    for index in range(8):
        follower.update(textured(100, 100), index * 0.1)
    first, later = detector.shares[:3], detector.shares[3:]
    assert first == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]  # the first frames are searched whole
    assert [round(end - start, 6) for start, end in later] == [0.4] * 5
    assert [start for start, _ in later] == [end for _, end in detector.shares[2:-1]]


def test_where_all_is_searched_in_every_frame_the_first_one_is_so_three_times(textured):
    detector = Scripted()
    follower = Follower(detector, every_s=0)
    for index in range(3):
        follower.update(textured(100, 100), index * 0.1)
    assert detector.shares == [(0.0, 3.0), (3.0, 4.0), (4.0, 5.0)]


def test_after_a_gap_no_more_than_one_whole_search_is_due(textured):
    detector = Scripted()
    follower = Follower(detector, EVERY_S)
    for now_s in (0.0, 0.1, 0.2, 60.0):
        follower.update(textured(100, 100), now_s)
    assert detector.shares[-1] == (3.0, 4.0)


def test_a_face_is_followed_between_looks_by_what_it_looks_like(textured):
    detector = Scripted((100, 100, 80, 80))
    follower = Follower(detector, every_s=1e9)  # hardly ever looked at, nor searched for, again
    follower.update(textured(100, 100), 0.0)
    detector.faces = []
    for step in range(1, 20):
        (box,) = follower.update(textured(100 + 12 * step, 100 + 5 * step), step / 25)
        assert iou(box, (100 + 12 * step, 100 + 5 * step, 80, 80)) > 0.8


def test_each_face_is_looked_at_in_its_turn(textured):
    boxes = [(60, 100, 80, 80), (200, 100, 80, 80), (340, 100, 80, 80), (480, 100, 80, 80)]
    detector = Scripted(*boxes)
    follower = Follower(detector, EVERY_S)
    follower.update(textured(60, 100), 0.0)
    each = []
    for index in range(1, 9):
        detector.looks.clear()
        follower.update(textured(60, 100), index * EVERY_S / 4)
        each.append(list(detector.looks))
    assert max(map(len, each)) == 1  # frames cost alike
    looked = {next(b for b in boxes if iou(b, box) > 0.5) for looks in each for box in looks}
    assert looked == set(boxes)


def test_a_face_that_turns_into_something_else_is_gone_at_once(textured):
    detector = Scripted((100, 100, 80, 80))
    follower = Follower(detector, EVERY_S)
    assert follower.update(textured(100, 100), 0.0)
    detector.faces = []
    assert follower.update(textured(500, 200), 0.04) == []


def test_what_looks_the_same_but_is_not_confirmed_is_gone_after_the_stated_time(textured):
    detector = Scripted((100, 100, 80, 80))
    follower = Follower(detector, EVERY_S)
    follower.update(textured(100, 100), 0.0)
    detector.faces = []
    seen = [bool(follower.update(textured(100, 100), 0.05 * i)) for i in range(1, 30)]
    assert seen[0]
    last = 0.05 * (1 + max(i for i, there in enumerate(seen) if there))
    assert last <= LOOKS * EVERY_S


def test_what_may_be_a_face_is_told_once_its_evidence_adds_up(textured):
    follower = Follower(Scripted((100, 100, 80, 80), sure=0.9), EVERY_S)
    seen = [bool(follower.update(textured(100, 100), i / 25)) for i in range(4)]
    assert seen == [False, True, True, True]


def test_what_only_may_be_a_face_for_ever_is_never_told(textured):
    follower = Follower(Scripted((100, 100, 80, 80), sure=0.65), EVERY_S)
    assert not any(follower.update(textured(100, 100), i / 25) for i in range(50))


def test_a_looks_correction_comes_through_with_its_time_constant(textured):
    detector = Scripted((100, 100, 80, 80))
    follower = Follower(detector, EVERY_S)
    follower.update(textured(100, 100), 0.0)
    detector.faces = [(100, 100, 100, 100)]
    sides = [follower.update(textured(100, 100), 0.05 * i)[0][2] for i in range(1, 30)]
    assert sides == sorted(sides)
    assert 80 <= sides[0] < 90
    assert sides[-1] >= 97


def test_a_new_real_face_appears_within_twice_the_time_of_a_search(scene):
    follower = Follower(HaarDetector(), EVERY_S)
    nobody, pair = scene("nobody", 1)[0], scene("two faces", 20)
    follower.update(to_gray(nobody), 0.0)
    seen = [len(follower.update(to_gray(p), i / 25)) for i, p in enumerate(pair, 1)]
    assert seen.index(2) / 25 <= 2 * EVERY_S
    assert set(seen[seen.index(2) :]) == {2}


def test_a_real_face_that_left_is_gone_in_the_next_frame(scene):
    follower = Follower(HaarDetector(), EVERY_S)
    assert follower.update(to_gray(scene("one face", 1)[0]), 0.0)
    assert follower.update(to_gray(scene("nobody", 1)[0]), 0.04) == []


def test_the_same_frames_give_the_same_boxes(scene):
    grays = [to_gray(p) for p in scene("coming near", 12)]
    runs = []
    for _ in range(2):
        follower = Follower(HaarDetector(), EVERY_S)
        runs.append([follower.update(gray, i / 25) for i, gray in enumerate(grays)])
    assert runs[0] == runs[1]
    assert all(runs[0])


def test_boxes_stay_in_the_frame(textured):
    follower = Follower(Scripted((600, 320, 80, 80)), EVERY_S)
    ((x, y, width, height),) = follower.update(textured(560, 280), 0.0)
    assert (x + width, y + height) == (640, 360)
