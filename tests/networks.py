"""Tiny networks to convert: untrained ones, and one that knows the faces it is measured on."""

import keras
import numpy as np

from edge.support.labels import EMOTIONS

layers = keras.layers


def tiny(shape=(48, 48, 1), middle=None, scaled=True, classes=7, activation="softmax", filters=4):
    """Return an untrained network of one convolution; `middle` goes between it and the end."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input(shape)
    x = layers.Rescaling(1 / 255)(inputs) if scaled else inputs
    x = layers.Conv2D(filters, 3, strides=4, activation="relu", name="first")(x)
    x = middle(x) if middle else x
    outputs = layers.Dense(classes, activation=activation, name="last")(layers.Flatten()(x))
    return keras.Model(inputs, outputs, name="tiny")


def knowing(faces, nuisance=0.0):
    """Return a network that is right about all `faces`: each is known by its likeness to itself.

    Args:
        nuisance: a value beside the likenesses, so many times as large, that nothing depends on:
            8 bits cannot hold it and them at once.
    """
    flat = faces.images.reshape(len(faces), -1).astype("f4") / 255
    flat -= flat.mean(axis=1, keepdims=True)
    likeness = flat / np.square(flat).sum(axis=1, keepdims=True)  # 1 for itself, less for others
    beside = np.full((1, flat.shape[1]), nuisance / flat.shape[1], "f4")
    emotion = np.eye(len(EMOTIONS), dtype="f4")[faces.labels]
    inputs = keras.Input((*faces.images.shape[1:], 1))
    x = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    x = layers.Dense(len(faces) + 1, name="likeness")(x)
    x = layers.Dense(len(faces), activation="relu", name="lone")(x)
    outputs = layers.Dense(len(EMOTIONS), activation="softmax", name="last")(x)
    model = keras.Model(inputs, outputs, name="knowing")
    model.get_layer("likeness").set_weights(
        [np.concatenate([likeness, beside]).T, np.zeros(len(faces) + 1, "f4")]
    )
    kept = np.concatenate([np.eye(len(faces), dtype="f4"), np.zeros((1, len(faces)), "f4")])
    model.get_layer("lone").set_weights([20 * kept, np.full(len(faces), -19.0, "f4")])
    model.get_layer("last").set_weights([5 * emotion, np.zeros(len(EMOTIONS), "f4")])
    return model
