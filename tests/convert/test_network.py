"""A network is asked for its scores as edge-emo means them."""

import keras
import numpy as np
from networks import knowing

from convert.reading.network import from_keras, load_network, predict
from convert.writing.quantize import to_tflite
from edge.support.labels import EMOTIONS


def test_a_network_scores_faces_in_batches_as_at_once(test_faces):
    network = from_keras(knowing(test_faces), None)
    many = np.concatenate([test_faces.images] * 13)  # more than a batch
    scores = predict(network, many)
    assert scores.shape == (13 * 21, len(EMOTIONS))
    np.testing.assert_allclose(scores[-21:], predict(network, test_faces.images), atol=1e-5)
    assert (scores.argmax(axis=1) == np.tile(test_faces.labels, 13)).all()


def test_a_network_trained_in_mixed_precision_is_taken_in_float32(tmp_path, test_faces):
    model = knowing(test_faces)
    model.save(tmp_path / "plain.keras")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = knowing(test_faces)
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.save(tmp_path / "mixed.keras")
    read = load_network(tmp_path / "mixed.keras")
    exact = predict(load_network(tmp_path / "plain.keras"), test_faces.images)
    np.testing.assert_allclose(predict(read, test_faces.images), exact, atol=1e-6)
    assert to_tflite(read, "float32")
