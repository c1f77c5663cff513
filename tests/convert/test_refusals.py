"""What cannot be converted is refused in one line that names it and says what to do."""

import keras
import numpy as np
import pytest
from networks import tiny

from edge.support.labels import EMOTIONS

layers = keras.layers


def nan_weights():
    model = tiny()
    kernel, bias = model.get_layer("first").get_weights()
    kernel[0, 0, 0, 0] = np.nan
    model.get_layer("first").set_weights([kernel, bias])
    return model


def open_size():
    inputs = keras.Input((None, None, 1))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(inputs)))
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(x))


def two_inputs():
    inputs = [keras.Input((48, 48, 1)), keras.Input((48, 48, 1))]
    return keras.Model(inputs, layers.Dense(7)(layers.Flatten()(layers.Add()(inputs))))


def two_outputs():
    inputs = keras.Input((48, 48, 1))
    x = layers.Flatten()(inputs)
    return keras.Model(inputs, [layers.Dense(7)(x), layers.Dense(1)(x)])


def flat_input():
    inputs = keras.Input((2304,))
    return keras.Model(inputs, layers.Dense(7)(inputs))


MODELS = {
    "NaN weights": (nan_weights, "the weights of 'tiny_1/first_1/convolution' hold NaN"),
    "an open size": (open_size, "height and width are open"),
    "two inputs": (two_inputs, "takes several inputs"),
    "two outputs": (two_outputs, "needed are 7 scores"),
    "a flat input": (flat_input, "takes input of shape (None, 2304)"),
    "another number of channels": (lambda: tiny((48, 48, 2)), "shape (None, 48, 48, 2)"),
    "another number of classes": (lambda: tiny(classes=6), "gives output of shape (None, 6)"),
    "no int8 kernel": (
        lambda: tiny(middle=layers.ELU(name="curve")),
        "ELU in layer 'tiny_1/curve_1/Elu' has no int8 kernel",
    ),
}


@pytest.fixture
def convert(edge_emo, labelled_folder_once, tmp_path):
    """Convert to int8 into a folder of its own."""
    out = tmp_path / "out"
    out.mkdir()
    data = ("--data", labelled_folder_once, "-o", out / "out.tflite", "--precision", "int8")
    return lambda model, *options: edge_emo("convert", model, *data, *options)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_does_not_fit_is_refused(name, convert, assert_refused, tmp_path):
    build, said = MODELS[name]
    path = tmp_path / "model.keras"
    build().save(path)
    assert_refused(convert(path), said)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("model", "data", "said"),
    [("none.keras", ".", "none.keras: no such file"), (".", "none", "none: no such folder")],
)
def test_what_is_missing_is_said_before_tensorflow_is_loaded(
    edge_emo, assert_refused, monkeypatch, model, data, said
):
    monkeypatch.setattr("convert.reading.backend.start_tensorflow", lambda: pytest.fail("loaded"))
    assert_refused(edge_emo("convert", model, "--data", data), said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.keras", "no such file"),
        ("junk.keras", "is not a Keras model"),
        ("junk.h5", "is not a Keras model"),
        ("model.onnx", "is not a model known here"),
        ("folder", "holds no saved_model.pb"),
    ],
)
def test_what_is_no_model_is_refused(name, said, convert, assert_refused, tmp_path):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif not name.startswith("none"):
        path.write_bytes(b"junk")
    assert_refused(convert(path), said)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("angry,disgust,fear", "needed are 3 scores"),
        ("angry,disgust,fear,happy,sad,surprise,sad", "neutral is missing"),
        (",".join([*EMOTIONS[:6], "bored"]), "'bored' is not an emotion"),
    ],
)
def test_labels_that_are_not_the_seven_are_refused(
    labels, said, convert, assert_refused, keras_file
):
    assert_refused(convert(keras_file, "--labels", labels), said)
