"""What a network costs: worked by hand for a small one, and as the shipped file really is."""

from importlib import resources

import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from keras import layers

from train.architectures import ARCHITECTURES
from train.cost import int8_bytes, multiply_adds


def test_multiply_adds_of_a_small_network_are_those_counted_by_hand():
    inputs = keras.Input((6, 6, 2))
    x = layers.Conv2D(4, 3, padding="same")(inputs)  # 6 x 6 places, 3 x 3 x 2 inputs, 4 filters
    x = layers.Conv2D(5, 1, strides=2)(x)  # 3 x 3 places, 4 inputs, 5 filters
    x = layers.DepthwiseConv2D(3, padding="same")(x)  # 3 x 3 places, 3 x 3 inputs of each of 5
    x = layers.Dense(7)(layers.Flatten()(x))  # 45 inputs, 7 units
    by_hand = 36 * 18 * 4 + 9 * 4 * 5 + 9 * 9 * 5 + 45 * 7
    assert multiply_adds(keras.Model(inputs, x)) == by_hand


def test_the_predicted_int8_size_is_within_two_percent_of_the_shipped_files():
    shipped = resources.files("edge.models").joinpath("edge-s.tflite").read_bytes()
    told = int8_bytes(ARCHITECTURES["edge-s"].build())
    assert told == pytest.approx(len(shipped), rel=0.02)
