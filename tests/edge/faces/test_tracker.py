"""The same face keeps its number, and its scores follow time, not frames."""

from itertools import pairwise

import numpy as np
import pytest

from edge.faces.tracker import KEEP_S, LEAD, SCORES_TIME_CONSTANT_S, UNSURE_BAND, Tracker
from edge.support.labels import EMOTIONS

HAPPY, SAD = np.eye(7, dtype="f4")[[EMOTIONS.index("happy"), EMOTIONS.index("sad")]]


def numbers(tracker, boxes, now_s):
    return [track.number for track in tracker.follow(boxes, now_s)]


def judged(*steps):
    """Return the last face of one that stays in place; a step is (time, scores)."""
    tracker = Tracker()
    for now_s, scores in steps:
        face = tracker.judge(tracker.follow([(10, 10, 50, 50)], now_s)[0], scores, now_s)
    return face


def test_a_face_that_moves_keeps_its_number():
    tracker = Tracker()
    seen = {
        number
        for i in range(50)
        for number in numbers(tracker, [(100 + 10 * i, 80 + 2 * i, 100 + i, 100 + i)], i / 25)
    }
    assert len(seen) == 1


def test_two_faces_that_pass_each_other_keep_their_numbers():
    tracker = Tracker()
    first = None
    for i in range(60):
        to_the_right, to_the_left = (100 + 10 * i, 100, 100, 100), (700 - 10 * i, 130, 100, 100)
        # A detector tells them from left to right, so their order changes when they pass.
        boxes = sorted([to_the_right, to_the_left])
        found = dict(zip(boxes, numbers(tracker, boxes, i / 25), strict=True))
        found = (found[to_the_right], found[to_the_left])
        first = first or found
        assert found == first
    assert first[0] != first[1]


def test_one_number_is_never_given_to_two_faces_of_a_frame():
    tracker = Tracker()
    numbers(tracker, [(100, 100, 100, 100)], 0.0)
    both = numbers(tracker, [(90, 100, 100, 100), (110, 100, 100, 100)], 0.04)
    assert len(set(both)) == 2


def test_a_face_out_of_sight_for_a_moment_keeps_its_number():
    tracker = Tracker()
    before = numbers(tracker, [(100, 100, 100, 100)], 0.0)
    for now_s in np.arange(0.04, KEEP_S, 0.04):
        assert numbers(tracker, [], now_s) == []
    assert numbers(tracker, [(110, 100, 100, 100)], KEEP_S) == before


def test_a_face_gone_for_longer_gets_a_number_never_used_before():
    tracker = Tracker()
    used = set(numbers(tracker, [(100, 100, 100, 100), (400, 100, 100, 100)], 0.0))
    later = KEEP_S + 0.01
    assert not used & set(numbers(tracker, [(100, 100, 100, 100)], later))


def test_a_face_elsewhere_is_another_one():
    tracker = Tracker()
    assert numbers(tracker, [(100, 100, 100, 100)], 0.0) != numbers(
        tracker, [(400, 100, 100, 100)], 0.04
    )


def test_tracks_come_in_the_order_of_the_boxes():
    tracker = Tracker()
    left, right = (100, 100, 100, 100), (400, 100, 100, 100)
    a, b = numbers(tracker, [left, right], 0.0)
    assert numbers(tracker, [right, left], 0.04) == [b, a]


def test_the_first_scores_of_a_face_are_taken_as_they_are():
    face = judged((5.0, HAPPY))
    assert face.emotion == "happy"
    assert face.confidence == 1.0
    assert face.box == (10, 10, 50, 50)


def test_after_the_time_constant_a_change_has_come_through_to_63_percent():
    face = judged((0.0, HAPPY), (SCORES_TIME_CONSTANT_S, SAD))
    assert face.scores["sad"] == pytest.approx(1 - np.exp(-1), abs=1e-6)
    assert face.scores["happy"] == pytest.approx(np.exp(-1), abs=1e-6)


@pytest.mark.parametrize("steps", [2, 5, 30])
def test_smoothing_depends_on_time_not_on_the_number_of_frames(steps):
    whole = judged((0.0, HAPPY), (0.3, SAD))
    many = judged((0.0, HAPPY), *[(0.3 * (i + 1) / steps, SAD) for i in range(steps)])
    for name in EMOTIONS:
        assert many.scores[name] == pytest.approx(whole.scores[name], abs=1e-5)


def test_a_clock_that_stands_still_or_goes_back_keeps_scores_probabilities():
    face = judged((1.0, HAPPY), (1.0, SAD), (0.5, SAD))
    assert sum(face.scores.values()) == pytest.approx(1, abs=1e-6)
    assert all(0 <= p <= 1 for p in face.scores.values())


def test_smoothed_scores_sum_to_1():
    rng = np.random.default_rng(3)
    scores = rng.dirichlet(np.ones(7), 40)
    face = judged(*[(i / 25, s) for i, s in enumerate(scores)])
    assert sum(face.scores.values()) == pytest.approx(1, abs=1e-6)
    assert tuple(face.scores) == EMOTIONS


def test_each_face_has_its_own_scores():
    tracker = Tracker()
    boxes = [(100, 100, 100, 100), (400, 100, 100, 100)]
    for now_s in (0.0, 0.1):
        tracks = tracker.follow(boxes, now_s)
        faces = [tracker.judge(t, s, now_s) for t, s in zip(tracks, (HAPPY, SAD), strict=True)]
    assert [face.emotion for face in faces] == ["happy", "sad"]
    assert [face.confidence for face in faces] == [1.0, 1.0]


def test_the_told_emotion_does_not_flicker_between_two_that_are_close():
    shares = [0.6, *[0.5 + (-1) ** i * 0.4 * LEAD for i in range(50)]]
    tracker = Tracker()
    told = set()
    for i, share in enumerate(shares):
        track = tracker.follow([(10, 10, 50, 50)], i / 25)[0]
        scores = share * HAPPY + (1 - share) * SAD
        told.add(tracker.judge(track, scores, i / 25).emotion)
    assert told == {"happy"}


def test_the_told_emotion_changes_once_another_leads_clearly():
    face = judged((0.0, 0.6 * HAPPY + 0.4 * SAD), *[(0.1 * i, SAD) for i in range(1, 10)])
    assert face.emotion == "sad"


def test_an_emotion_below_the_least_confidence_is_unsure_and_keeps_its_scores():
    tracker = Tracker(unsure_below=0.5)
    scores = 0.4 * HAPPY + 0.35 * SAD
    scores[EMOTIONS.index("fear")] = 0.25
    face = tracker.judge(tracker.follow([(10, 10, 50, 50)], 0.0)[0], scores, 0.0)
    assert face.emotion == "unsure"
    assert face.confidence == pytest.approx(0.4)
    assert sum(face.scores.values()) == pytest.approx(1, abs=1e-6)


def test_confidence_about_the_least_one_does_not_make_the_told_emotion_flicker():
    tracker = Tracker(unsure_below=0.6)
    told = []
    for i in range(50):
        track = tracker.follow([(10, 10, 50, 50)], i / 5)[0]
        share = 0.6 + (-1) ** i * 0.4 * UNSURE_BAND
        told.append(tracker.judge(track, share * HAPPY + (1 - share) * SAD, i / 5).emotion)
    assert sum(a != b for a, b in pairwise(told)) <= 1
