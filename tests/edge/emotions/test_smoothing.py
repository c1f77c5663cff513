"""Each face's scores follow time, not frames, and the reported emotion does not flicker."""

from itertools import pairwise

import numpy as np
import pytest

from edge.emotions.smoothing import LEAD, TIME_CONSTANT_S, UNSURE_BAND, EmotionSmoother
from edge.support.labels import EMOTIONS

HAPPY, SAD = np.eye(7, dtype="f4")[[EMOTIONS.index("happy"), EMOTIONS.index("sad")]]


def smoothed(*steps):
    """Return the last emotion of one face; a step is (time, scores)."""
    smoother = EmotionSmoother()
    for now_s, scores in steps:
        emotion = smoother.update(1, scores, now_s)
    return emotion


def test_the_first_scores_of_a_face_are_taken_as_they_are():
    emotion = smoothed((5.0, HAPPY))
    assert emotion.name == "happy"
    assert emotion.scores["happy"] == 1.0


def test_after_one_time_constant_63_percent_of_a_change_have_arrived():
    emotion = smoothed((0.0, HAPPY), (TIME_CONSTANT_S, SAD))
    assert emotion.scores["sad"] == pytest.approx(1 - np.exp(-1), abs=1e-6)
    assert emotion.scores["happy"] == pytest.approx(np.exp(-1), abs=1e-6)


@pytest.mark.parametrize("steps", [2, 5, 30])
def test_smoothing_depends_on_time_not_on_the_number_of_frames(steps):
    whole = smoothed((0.0, HAPPY), (0.3, SAD))
    many = smoothed((0.0, HAPPY), *[(0.3 * (i + 1) / steps, SAD) for i in range(steps)])
    for name in EMOTIONS:
        assert many.scores[name] == pytest.approx(whole.scores[name], abs=1e-5)


def test_a_clock_that_stands_still_or_goes_back_keeps_scores_probabilities():
    emotion = smoothed((1.0, HAPPY), (1.0, SAD), (0.5, SAD))
    assert sum(emotion.scores.values()) == pytest.approx(1, abs=1e-6)
    assert all(0 <= p <= 1 for p in emotion.scores.values())


def test_smoothed_scores_sum_to_1():
    rng = np.random.default_rng(3)
    scores = rng.dirichlet(np.ones(7), 40)
    emotion = smoothed(*[(i / 25, s) for i, s in enumerate(scores)])
    assert sum(emotion.scores.values()) == pytest.approx(1, abs=1e-6)
    assert tuple(emotion.scores) == EMOTIONS


def test_each_face_has_its_own_scores():
    smoother = EmotionSmoother()
    for now_s in (0.0, 0.1):
        both = [smoother.update(1, HAPPY, now_s), smoother.update(2, SAD, now_s)]
    assert [emotion.name for emotion in both] == ["happy", "sad"]
    assert both[0].scores["happy"] == both[1].scores["sad"] == 1.0


def test_the_reported_emotion_does_not_flicker_between_two_that_are_close():
    shares = [0.6, *[0.5 + (-1) ** i * 0.4 * LEAD for i in range(50)]]
    smoother = EmotionSmoother()
    reported = {
        smoother.update(1, share * HAPPY + (1 - share) * SAD, i / 25).name
        for i, share in enumerate(shares)
    }
    assert reported == {"happy"}


def test_the_reported_emotion_changes_once_another_leads_clearly():
    emotion = smoothed((0.0, 0.6 * HAPPY + 0.4 * SAD), *[(0.1 * i, SAD) for i in range(1, 10)])
    assert emotion.name == "sad"


def test_an_emotion_below_the_least_confidence_is_unsure_and_keeps_its_scores():
    scores = 0.4 * HAPPY + 0.35 * SAD
    scores[EMOTIONS.index("fear")] = 0.25
    emotion = EmotionSmoother(unsure_below=0.5).update(1, scores, 0.0)
    assert emotion.name == "unsure"
    assert emotion.scores["happy"] == pytest.approx(0.4)
    assert sum(emotion.scores.values()) == pytest.approx(1, abs=1e-6)


def test_confidence_about_the_least_one_does_not_make_the_reported_emotion_flicker():
    smoother = EmotionSmoother(unsure_below=0.6)
    reported = []
    for i in range(50):
        share = 0.6 + (-1) ** i * 0.4 * UNSURE_BAND
        reported.append(smoother.update(1, share * HAPPY + (1 - share) * SAD, i / 5).name)
    assert sum(a != b for a, b in pairwise(reported)) <= 1
