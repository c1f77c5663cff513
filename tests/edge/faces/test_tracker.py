"""A face keeps its number from the first detection on, between detections too, and is let go soon."""

import cv2
import numpy as np
import pytest

from edge.faces.crop import to_gray
from edge.faces.detector import FACE, Detection, distinct
from edge.faces.haar import HaarDetector
from edge.faces.tracker import AGAIN_S, KEEP_S, MISSES, Tracker
from edge.support.boxes import iou

EVERY_S = 0.2
WALL = np.full((360, 640), 128, np.uint8)


class Scripted:
    """A detector that finds what the test says, and counts how often it was asked."""

    def __init__(self, *boxes, score=0.9):
        self.faces = [Detection(box, score) for box in boxes]
        self.asked = 0

    def detect(self, image):
        self.asked += 1
        return list(self.faces)

    def show(self, *boxes, score=0.9):
        self.faces = [Detection(box, score) for box in boxes]


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


def numbers(tracker, detector, boxes, now_s):
    """Return the numbers that faces in these boxes get, in the order of the boxes."""
    detector.show(*boxes)
    tracks = tracker.update(WALL, now_s)
    return [next(t.number for t in tracks if t.box == box) for box in boxes]


@pytest.fixture
def every_frame():
    """Return a tracker that has every frame searched, and its detector."""
    detector = Scripted()
    return Tracker(detector), detector


def test_a_face_that_moves_keeps_its_number(every_frame):
    tracker, detector = every_frame
    seen = set()
    for i in range(50):
        detector.show((100 + 10 * i, 80 + 2 * i, 100 + i, 100 + i))
        (track,) = tracker.update(WALL, i / 25)
        seen.add(track.number)
    assert len(seen) == 1


def test_two_faces_that_pass_each_other_keep_their_numbers(every_frame):
    tracker, detector = every_frame
    first = None
    for i in range(60):
        to_the_right, to_the_left = (100 + 10 * i, 40, 100, 100), (700 - 10 * i, 160, 100, 100)
        # Tracks come from left to right, so their order changes when they pass.
        detector.show(*sorted([to_the_right, to_the_left]))
        tracks = sorted(tracker.update(WALL, i / 25), key=lambda track: track.box[1])
        found = [track.number for track in tracks]
        first = first or found
        assert found == first
    assert first[0] != first[1]


def test_one_number_is_never_given_to_two_faces_of_a_frame(every_frame):
    tracker, detector = every_frame
    numbers(tracker, detector, [(100, 100, 100, 100)], 0.0)
    detector.show((60, 100, 100, 100), (145, 100, 100, 100))
    both = [track.number for track in tracker.update(WALL, 0.04)]
    assert len(both) == len(set(both)) == 2


def test_a_face_out_of_sight_for_a_moment_keeps_its_number(every_frame):
    tracker, detector = every_frame
    before = numbers(tracker, detector, [(100, 100, 100, 100)], 0.0)
    detector.show()
    for now_s in np.arange(0.04, KEEP_S, 0.04):
        seen = tracker.update(WALL, now_s)
    assert seen == []
    assert numbers(tracker, detector, [(110, 100, 100, 100)], KEEP_S) == before


def test_a_face_gone_for_longer_gets_a_number_never_used_before(every_frame):
    tracker, detector = every_frame
    used = set(numbers(tracker, detector, [(100, 100, 100, 100), (400, 100, 100, 100)], 0.0))
    later = KEEP_S + 0.01
    assert not used & set(numbers(tracker, detector, [(100, 100, 100, 100)], later))


def test_a_face_elsewhere_is_another_one(every_frame):
    tracker, detector = every_frame
    (one,) = numbers(tracker, detector, [(100, 100, 100, 100)], 0.0)
    assert one not in numbers(tracker, detector, [(400, 100, 100, 100)], 0.04)


@pytest.mark.parametrize("inner", [(120, 110, 60, 60), (110, 110, 90, 90), (140, 150, 30, 30)])
def test_a_box_within_a_box_is_one_face(every_frame, inner):
    tracker, detector = every_frame
    outer = (100, 100, 100, 100)
    seen = set()
    for i in range(20):  # both, then one, then the other
        detector.show(*([outer, inner], [outer], [inner])[i % 3])
        (track,) = tracker.update(WALL, i / 25)
        seen.add(track.number)
    assert len(seen) == 1


def test_of_two_detections_of_one_face_the_surer_one_stays():
    sure, less = Detection((120, 110, 60, 60), 0.9), Detection((100, 100, 100, 100), 0.6)
    other = Detection((300, 100, 100, 100), 0.7)
    assert distinct([less, other, sure]) == [sure, other]


def test_what_only_may_be_a_face_keeps_one_and_begins_none(every_frame):
    tracker, detector = every_frame
    detector.show((100, 100, 80, 80), score=FACE - 0.1)
    assert tracker.update(WALL, 0.0) == []
    detector.show((100, 100, 80, 80))
    assert len(tracker.update(WALL, 0.1)) == 1
    detector.show((100, 100, 80, 80), score=FACE - 0.1)
    assert all(len(tracker.update(WALL, 0.1 + i / 10)) == 1 for i in range(1, 20))


def test_eyes_move_along_with_the_box(textured):
    detector = Scripted()
    detector.faces = [Detection((100, 100, 80, 80), 0.9, ((120.0, 130.0), (160.0, 130.0)))]
    tracker = Tracker(detector, every_s=1e9)
    tracker.update(textured(100, 100), 0.0)
    (track,) = tracker.update(textured(110, 104), 0.04)
    assert track.eyes[0] == pytest.approx((130, 134), abs=2)
    assert track.eyes[1] == pytest.approx((170, 134), abs=2)


def test_detections_happen_at_the_frames_nearest_to_their_time(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, EVERY_S)
    for index in range(26):
        tracker.update(textured(100, 100), index / 25)
    assert detector.asked == 6  # at 0, and every fifth frame


def test_a_still_picture_costs_one_detection(textured):
    detector = Scripted((100, 100, 80, 80))
    assert len(Tracker(detector, EVERY_S).update(textured(100, 100), 0.0)) == 1
    assert detector.asked == 1


def test_a_glance_is_enough_where_more_frames_come(textured):
    class Glancing(Scripted):
        glances = 0

        def glance(self, image):
            self.glances += 1
            return list(self.faces)

    detector = Glancing((100, 100, 80, 80))
    Tracker(detector).update(textured(100, 100), 0.0)
    assert (detector.glances, detector.asked) == (1, 0)
    Tracker(detector, continuous=False).update(textured(100, 100), 0.0)
    assert (detector.glances, detector.asked) == (1, 1)


def test_a_face_is_followed_between_detections_by_what_it_looks_like(textured):
    tracker = Tracker(Scripted((100, 100, 80, 80)), every_s=1e9)
    tracker.update(textured(100, 100), 0.0)
    tracker.update(textured(100, 100), AGAIN_S)
    for step in range(1, 20):
        now_s = AGAIN_S + step / 25
        (track,) = tracker.update(textured(100 + 12 * step, 100 + 5 * step), now_s)
        assert iou(track.box, (100 + 12 * step, 100 + 5 * step, 80, 80)) > 0.8


def test_a_face_that_slips_away_is_searched_for_in_the_same_frame(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, every_s=1e9)
    (before,) = tracker.update(textured(100, 100), 0.0)
    detector.show((150, 130, 80, 80))
    (after,) = tracker.update(textured(500, 30), 0.04)
    assert (after.number, detector.asked) == (before.number, 2)


def test_a_face_that_turns_into_something_else_is_gone_at_once(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, EVERY_S)
    assert tracker.update(textured(100, 100), 0.0)
    detector.show()
    assert tracker.update(textured(500, 200), 0.04) == []


def test_a_known_face_that_is_not_found_any_more_is_gone_within_half_a_second(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, EVERY_S)
    for i in range(20):
        tracker.update(textured(100, 100), 0.05 * i)
    detector.show()
    seen = [bool(tracker.update(textured(100, 100), 1 + 0.05 * i)) for i in range(1, 30)]
    assert seen[0]
    assert 0.05 * sum(seen) <= EVERY_S + (MISSES - 1) * AGAIN_S + 0.05


def test_a_new_face_that_a_second_search_does_not_find_is_gone_at_once(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, EVERY_S)
    tracker.update(textured(100, 100), 0.0)
    detector.show()
    seen = [bool(tracker.update(textured(100, 100), 0.04 * i)) for i in range(1, 10)]
    assert 0.04 * sum(seen) <= AGAIN_S


def test_a_detection_corrects_the_box_with_its_time_constant(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, 0.05)
    tracker.update(textured(100, 100), 0.0)
    detector.show((100, 100, 92, 92))
    sides = [tracker.update(textured(100, 100), 0.05 * i)[0].box[2] for i in range(1, 30)]
    assert sides == sorted(sides)
    assert 80 <= sides[0] < 88
    assert sides[-1] >= 91


def test_a_jump_is_taken_over_at_once(textured):
    detector = Scripted((100, 100, 80, 80))
    tracker = Tracker(detector, 0.05)
    tracker.update(textured(100, 100), 0.0)
    detector.show((100, 100, 120, 120))
    assert tracker.update(textured(100, 100), 0.05)[0].box == (100, 100, 120, 120)


def test_a_new_real_face_appears_within_the_time_of_a_search(scene):
    tracker = Tracker(HaarDetector(), EVERY_S)
    nobody, pair = scene("nobody", 1)[0], scene("two faces", 20)
    tracker.update(to_gray(nobody), 0.0)
    seen = [len(tracker.update(to_gray(p), i / 25)) for i, p in enumerate(pair, 1)]
    assert seen.index(2) / 25 <= EVERY_S
    assert set(seen[seen.index(2) :]) == {2}


def test_a_real_face_that_left_is_gone_in_the_next_frame(scene):
    tracker = Tracker(HaarDetector(), EVERY_S)
    assert tracker.update(to_gray(scene("one face", 1)[0]), 0.0)
    assert tracker.update(to_gray(scene("nobody", 1)[0]), 0.04) == []


def test_the_same_frames_give_the_same_tracks(scene):
    grays = [to_gray(p) for p in scene("coming near", 12)]
    runs = []
    for _ in range(2):
        tracker = Tracker(HaarDetector(), EVERY_S)
        runs.append([tracker.update(gray, i / 25) for i, gray in enumerate(grays)])
    assert runs[0] == runs[1]
    assert all(runs[0])


class InHalves(Scripted):
    """A detector that finds small faces only in one half of the frame or the other."""

    halves = ((0, 0, 360, 360), (280, 0, 360, 360))

    def __init__(self, *faces, small=50):
        super().__init__(*faces)
        self.small = small
        self.looks = []

    def parts(self, shape):
        return list(self.halves)

    def glance(self, image):
        self.looks.append(image.shape[1])
        x = 0 if image.shape[1] == 640 else next(x for x, *_ in self.halves if self.shows(image, x))
        seen = (one for one in self.faces if x or image.shape[1] < 640 or one.box[2] > self.small)
        return [Detection((f.box[0] - x, *f.box[1:]), f.score) for f in seen]

    def shows(self, image, x):
        return (image == self.frame[:, x : x + 360]).all()


@pytest.fixture
def halves(textured):
    """Return a function that tracks still faces for some seconds; it gives the tracks of each frame."""

    def track(detector, seconds, tracker=None, since=0.0):
        tracker = tracker or Tracker(detector, 0.5)
        detector.frame = textured(100, 100)
        steps = range(round(seconds * 25))
        return tracker, [tracker.update(detector.frame, since + i / 25) for i in steps]

    return track


def test_a_small_face_is_found_in_its_part_of_the_frame_and_kept(halves):
    detector = InHalves((500, 200, 30, 30))
    _, seen = halves(detector, 6)
    found = [bool(tracks) for tracks in seen]
    assert found.index(True) <= 2.2 * 25
    assert all(found[found.index(True) :])
    assert len({track.number for tracks in seen for track in tracks}) == 1


def test_a_large_face_is_found_at_once_and_no_part_takes_it_away(halves):
    _, seen = halves(InHalves((250, 100, 120, 120)), 4)
    assert {track.number for tracks in seen for track in tracks} == {1}
    assert all(seen)


def test_a_small_face_that_its_part_does_not_show_any_more_is_gone(halves):
    detector = InHalves((500, 200, 30, 30))
    tracker, seen = halves(detector, 4)
    assert seen[-1]
    detector.show()
    _, seen = halves(detector, 3, tracker, since=4.0)
    assert not seen[-1]


def test_what_lies_across_a_parts_edge_is_left_to_the_other_part(halves):
    _, seen = halves(InHalves((340, 200, 30, 30)), 4)  # the first half ends at 360
    assert {track.box for tracks in seen for track in tracks} == {(340, 200, 30, 30)}


def test_half_the_searches_are_of_the_whole_frame(halves):
    detector = InHalves()
    halves(detector, 4)
    assert detector.looks[:8] == [640, 360] * 4


def test_a_frame_that_one_glance_shows_is_not_parted(halves):
    detector = InHalves()
    detector.halves = ()
    halves(detector, 2)
    assert set(detector.looks) == {640}
