"""A model whose scores are in another order than was said is recognised; a poor one is not."""

import numpy as np
import pytest

from edge.evaluation.label_order import better_order, order_hint
from edge.support.labels import EMOTIONS

ORDER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # fer2013.csv's


def confusion(order, faces=20, right=0.7, seed=1):
    """Return the matrix of a model that gives its scores in that order."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((7, 7), np.int64)
    for label, name in enumerate(EMOTIONS):
        for _ in range(faces):
            seen = order.index(name) if rng.random() < right else rng.integers(7)
            matrix[label, seen] += 1
    return matrix


def test_the_true_order_is_found():
    found = better_order(confusion(ORDER))
    assert found is not None
    assert found[0] == ORDER
    assert found[2] > found[1] + 0.15
    assert ",".join(ORDER) in order_hint(confusion(ORDER))


def test_the_right_order_is_left_alone():
    assert better_order(confusion(EMOTIONS)) is None


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("faces", [5, 20, 500])
def test_a_model_that_guesses_is_not_said_to_have_another_order(faces, seed):
    assert better_order(confusion(EMOTIONS, faces, right=0, seed=seed)) is None


def test_neutral_faces_called_sad_are_no_other_order():
    matrix = confusion(EMOTIONS, 200)
    neutral, sad = EMOTIONS.index("neutral"), EMOTIONS.index("sad")
    matrix[neutral] = 0
    matrix[neutral, sad] = 200
    assert better_order(matrix) is None


def test_faces_of_one_emotion_say_nothing():
    matrix = np.zeros((7, 7), np.int64)
    matrix[3, 4] = 100
    assert better_order(matrix) is None


def test_an_order_that_was_given_is_corrected():
    # The user said ORDER reversed; the model's true order is ORDER.
    said = ORDER[::-1]
    matrix = confusion(ORDER)[:, [said.index(name) for name in EMOTIONS]]
    assert ",".join(ORDER) in order_hint(matrix, said)
