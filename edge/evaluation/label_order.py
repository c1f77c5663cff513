"""Does a model give its scores in another order than was said? Its confusion matrix shows it."""

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np

from ..support.labels import EMOTIONS, emotion_index

LEAST_GAIN = 0.15  # by which another order must raise the mean recall
LEAST_FACES = 5  # of an emotion, to count it
LEAST_EMOTIONS = 4  # that must have so many


def better_order(confusion: np.ndarray) -> tuple[tuple[str, ...], float, float] | None:
    """Return the order of scores that explains a confusion matrix much better than `EMOTIONS`.

    Args:
        confusion: int `[7, 7]`; row = label, column = prediction, by the order of `EMOTIONS`.

    Returns:
        The names of the scores in their true order, and the mean recall before and after; None
        where no order is much better than what chance would give, or there are too few faces.
    """
    faces = confusion.sum(axis=1)
    counted = np.flatnonzero(faces >= LEAST_FACES)
    if len(counted) < LEAST_EMOTIONS:
        return None
    recall = confusion[counted] / faces[counted, None]
    orders = np.array(list(permutations(range(len(EMOTIONS)))))  # column of each emotion
    gained = recall[np.arange(len(counted)), orders[:, counted]].mean(axis=1)
    before, best = float(gained[0]), int(gained.argmax())
    after = float(gained[best])
    # The best of 5,040 orders of a guessing model lies some four standard errors above it.
    chance = 6 * math.sqrt(float((0.25 / faces[counted]).sum())) / len(counted)
    if after - before < max(LEAST_GAIN, chance):
        return None
    names = [""] * len(EMOTIONS)
    for emotion, column in enumerate(orders[best]):
        names[column] = EMOTIONS[emotion]
    return tuple(names), before, after


def order_hint(confusion: np.ndarray, given: Sequence[str] | None = None) -> str | None:
    """Return a line that suggests another order of labels, or None; see `better_order`.

    Args:
        given: the order that the scores were taken to have; None is that of `EMOTIONS`.
    """
    if given is not None and len(given) != len(EMOTIONS):
        return None
    found = better_order(confusion)
    if found is None:
        return None
    order, before, after = found
    if given is not None:
        order = tuple(order[emotion_index(name)] for name in given)
    return (
        f"its answers fit the labels much better in another order (mean recall {after:.1%} in place of "
        f"{before:.1%}): try --labels {','.join(order)}"
    )
