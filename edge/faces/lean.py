"""How far a head leans, from how well it is seen as if it leaned to the left, not at all, or to the right."""

import math

from .detector import Eyes

STEP = 30  # degrees of the looks to either side
MOST = 1.2  # steps: the looks do not reach beyond
LEAST_BEND = 0.6  # of the parabola: a flatter one has its peak anywhere
SCORES = 0.2, 0.97  # held within; a face that is not seen has less


def lean_of(left: float, upright: float, right: float) -> float:
    """Return how far a head leans, degrees clockwise: the peak of a parabola through three scores.

    Args:
        left, upright, right: 0..1, of looks for a face that leans by -STEP, 0 and STEP degrees. Their
            logits are taken, as scores hardly differ near 1.
    """
    before, middle, after = (_logit(score) for score in (left, upright, right))
    bend = max(2 * middle - before - after, LEAST_BEND)
    return STEP * max(-MOST, min(MOST, 0.5 * (after - before) / bend))


def leaning(eyes: Eyes, degrees: float) -> Eyes:
    """Return eyes as far apart and about the same middle, which lean by `degrees` clockwise."""
    (right_x, right_y), (left_x, left_y) = eyes
    half = math.hypot(left_x - right_x, left_y - right_y) / 2
    x, y = (right_x + left_x) / 2, (right_y + left_y) / 2
    dx, dy = half * math.cos(math.radians(degrees)), half * math.sin(math.radians(degrees))
    return (x - dx, y - dy), (x + dx, y + dy)


def _logit(score: float) -> float:
    least, most = SCORES
    score = max(least, min(most, score))
    return math.log(score / (1 - score))
