"""The networks, each a function that returns an uncompiled Keras model.

All take raw gray pixels, float32 `[n, 48, 48, 1]` in 0..255, and scale them in a layer of their
own; all return softmax probabilities `[n, 7]` in the order of `edge.labels.EMOTIONS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

from edge.labels import EMOTIONS

INPUT_SHAPE = (48, 48, 1)


@dataclass(frozen=True)
class Architecture:
    """A network by name: how to build it, and the recipe that suits it."""

    name: str
    summary: str
    recipe: str
    build: Callable[[], keras.Model]


def paper_c() -> keras.Model:
    """Model C of the paper (its Fig. 9): four convolutions, two dense layers, 4.48 M parameters."""
    inputs = keras.Input(INPUT_SHAPE)
    x = layers.Rescaling(1 / 255)(inputs)
    for filters, kernel in ((64, 3), (128, 5), (512, 3), (512, 3)):
        x = layers.Conv2D(filters, kernel, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    for units in (256, 512):
        x = layers.Dense(units)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.Dropout(0.25)(x)
    outputs = layers.Dense(len(EMOTIONS), activation="softmax")(x)
    return keras.Model(inputs, outputs, name="paper-c")


def edge_s() -> keras.Model:
    """Plain 3x3 convolutions: at equal multiply-adds XNNPACK runs them fastest in int8.

    29.4 M multiply-adds. The last 3x3 map is flattened, not averaged: where on the face a
    feature lies tells emotions apart.
    """
    inputs = keras.Input(INPUT_SHAPE)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for stage in ((24,), (48,), (80, 80), (120, 120)):
        for filters in stage:
            x = _conv_bn_relu(x, filters)
        x = layers.MaxPooling2D(2)(x)
    x = _conv_bn_relu(x, 192)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    outputs = layers.Dense(len(EMOTIONS), activation="softmax")(x)
    return keras.Model(inputs, outputs, name="edge-s")


def _conv_bn_relu(x, filters: int):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


ARCHITECTURES = {
    a.name: a
    for a in (
        Architecture("paper-c", "the paper's Model C", "paper", paper_c),
        Architecture("edge-s", "small, for boards and two CPU cores", "edge", edge_s),
    )
}


def multiply_adds(model: keras.Model) -> int:
    """Return the multiply-adds of one face, convolutions and dense layers counted."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += height * width * math.prod(layer.kernel.shape)
        elif isinstance(layer, layers.Dense):
            total += math.prod(layer.kernel.shape)
    return total
