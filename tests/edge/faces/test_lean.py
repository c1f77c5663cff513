"""How far a head leans, from three scores."""

import math

import pytest

from edge.faces.crop import roll
from edge.faces.lean import MOST, STEP, lean_of, leaning


def seen(lean, looked_at):
    """Return the score of a look for a lean: its logit falls with the square of what it is off."""
    logit = 2.4 - 1.2 * ((lean - looked_at) / STEP) ** 2
    return 1 / (1 + math.exp(-logit))


@pytest.mark.parametrize("lean", [-20, -7, 0, 12])
def test_a_lean_between_the_looks_is_read_from_their_scores(lean):
    scores = [seen(lean, looked_at) for looked_at in (-STEP, 0, STEP)]
    assert lean_of(*scores) == pytest.approx(lean, abs=3)
    assert lean_of(*reversed(scores)) == pytest.approx(-lean, abs=3)


def test_a_face_seen_better_and_better_to_one_side_leans_as_far_as_the_looks_reach():
    assert lean_of(0.0, 0.5, 0.95) == pytest.approx(STEP * MOST)
    assert lean_of(0.95, 0.5, 0.0) == pytest.approx(-STEP * MOST)


def test_scores_that_say_nothing_are_no_lean():
    assert lean_of(0.0, 0.0, 0.0) == 0
    assert lean_of(1.0, 1.0, 1.0) == 0


def test_eyes_keep_their_middle_and_distance():
    right, left = leaning(((10, 20), (30, 20)), 30)
    assert roll((right, left)) == pytest.approx(30)
    assert math.dist(right, left) == pytest.approx(20)
    assert (right[0] + left[0]) / 2 == pytest.approx(20)
    assert (right[1] + left[1]) / 2 == pytest.approx(20)
