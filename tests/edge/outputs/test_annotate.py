"""What is drawn into a picture stays legible and inside, whatever the frame and the box."""

from datetime import UTC, datetime

import numpy as np
import pytest

from edge.outputs.annotate import COLORS, Rate, annotate
from edge.support.labels import EMOTIONS, UNSURE
from edge.support.values import Face, Observation


def seen(*boxes, emotion="happy", size=(640, 360)):
    scores = {name: 0.94 if name == emotion else 0.01 for name in EMOTIONS}
    faces = tuple(Face(n, box, scores, max(scores, key=scores.get)) for n, box in enumerate(boxes))
    return Observation(datetime.now(UTC), "test", 0, None, size, faces, {})


@pytest.fixture
def gray_frame():
    return np.full((360, 640, 3), 90, np.uint8)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_box_has_its_emotions_colour(gray_frame, emotion):
    picture = annotate(gray_frame, seen((100, 100, 80, 80), emotion=emotion), 0)
    assert tuple(picture[180, 140]) == COLORS[emotion]
    assert tuple(picture[140, 100]) == COLORS[emotion]


def test_every_emotion_has_a_colour_of_its_own():
    assert list(COLORS) == [*EMOTIONS, UNSURE]
    assert len(set(COLORS.values())) == len(COLORS)


def test_it_draws_into_a_copy(gray_frame):
    picture = annotate(gray_frame, seen((100, 100, 80, 80)), 25)
    assert (gray_frame == 90).all()
    assert picture.shape == gray_frame.shape
    assert picture.dtype == np.uint8


def test_the_bars_are_as_long_as_the_scores(gray_frame):
    picture = annotate(gray_frame, seen((100, 100, 80, 80)), 0)
    lengths = {
        name: (picture[100:240, 180:] == COLORS[name]).all(axis=2).sum() for name in EMOTIONS
    }
    assert max(lengths, key=lengths.get) == "happy"


def test_without_faces_it_says_so(gray_frame):
    assert (annotate(gray_frame, seen(), 0) != gray_frame).any()
    assert (
        annotate(gray_frame, seen((100, 100, 80, 80)), 0)[:40, :100] == gray_frame[:40, :100]
    ).all()


@pytest.mark.parametrize("size", [(1, 1), (20, 3000), (3000, 20), (64, 48), (1920, 1080)])
@pytest.mark.parametrize("box", [(-30, -30, 60, 60), (0, 0, 9000, 9000), (10, 10, 1, 1)])
def test_a_box_may_reach_beyond_a_frame_of_any_size(size, box):
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    assert annotate(frame, seen(box, size=size), 25).shape == frame.shape


def test_the_rate_is_zero_until_there_are_two_frames():
    rate = Rate()
    assert rate.tick() == 0
    assert rate.tick() > 0
