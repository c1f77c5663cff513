"""How far scores have moved, and what runs where."""

import keras
import numpy as np
import pytest
from networks import tiny

from convert.measuring.measure import not_in_xnnpack, parity
from convert.reading.network import from_keras, load_network
from convert.writing.quantize import operators, to_tflite


def test_the_same_scores_are_no_change():
    labels, scores = np.arange(7), np.eye(7, dtype="f4")
    same = parity(labels, scores, scores)
    assert (same.change, same.agreement) == (0, 1)
    assert same.mean_divergence == same.worst_divergence == 0
    assert set(same.recall_change.values()) == {0.0}


def test_a_changed_score_is_reported_with_its_place():
    labels = np.array([0, 0, 1, 1])
    before = np.zeros((4, 7), "f4")
    before[:, 0] = [0.6, 0.6, 0.4, 0.4]
    before[:, 1] = [0.4, 0.4, 0.6, 0.6]
    after = before.copy()
    after[3, :2] = [0.6, 0.4]
    found = parity(labels, before, after)
    assert found.change == pytest.approx(-0.25)
    assert found.agreement == 0.75
    assert found.recall_change["angry"] == 0
    assert found.recall_change["disgust"] == -0.5
    assert found.recall_change["happy"] is None
    # KL of (0.4, 0.6) from (0.6, 0.4); what counts for the five zeros changes little.
    assert found.worst_divergence == pytest.approx(0.2 * np.log(1.5), rel=0.02)
    assert found.mean_divergence == pytest.approx(found.worst_divergence / 4)


def test_xnnpack_runs_every_float_operator(keras_file):
    flatbuffer = to_tflite(load_network(keras_file), "float32")
    kinds = [operator.kind for operator in operators(flatbuffer)]
    assert kinds[-2:] == ["FULLY_CONNECTED", "SOFTMAX"]
    assert not_in_xnnpack(flatbuffer) == ([], len(kinds))


def test_an_operator_that_xnnpack_lacks_is_named():
    gathered = tiny(middle=keras.layers.Lambda(lambda x: keras.ops.cumsum(x, axis=1)))
    outside, total = not_in_xnnpack(to_tflite(from_keras(gathered, None), "float32"))
    assert outside == ["CUMSUM"]
    assert total > 3
