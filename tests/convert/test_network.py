"""A network is asked for its scores as edge-emo means them."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from networks import knowing, tiny

from convert.reading.network import from_keras, load_network, predict, with_mirror
from convert.writing.quantize import to_tflite
from edge.support.errors import ConversionError
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


def test_a_mirrored_network_gives_the_mean_of_both_sides(test_faces):
    plain = from_keras(tiny(), None)
    faces = test_faces.images
    both = (predict(plain, faces) + predict(plain, faces[:, :, ::-1])) / 2
    mirrored = with_mirror(plain)
    np.testing.assert_allclose(predict(mirrored, faces), both, atol=1e-6)
    assert mirrored.changes == ("its scores are the mean for the face and its mirror image",)


def test_a_network_for_one_face_at_a_time_cannot_be_mirrored(test_faces):
    single = replace(from_keras(tiny(), Path("single.keras")), batch=1)
    with pytest.raises(ConversionError, match=r"single\.keras takes one face at a time"):
        with_mirror(single)
