"""Models from elsewhere: what must not be opened is refused by name before TensorFlow opens it."""

import io
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from convert.reading.network import load_network, predict, with_conventions
from edge.evaluation.prediction import Conventions
from edge.support.errors import ConversionError, ModelError
from edge.support.labels import EMOTIONS

FACES = np.random.default_rng(3).integers(0, 256, (4, 48, 48), np.uint8)


def network_of(scores, activation="softmax", first=()):
    return keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            *first,
            keras.layers.Flatten(),
            keras.layers.Dense(scores, activation=activation),
        ]
    )


def export(path, function):
    """Save a SavedModel whose graph does what `function` does to the faces."""

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 48, 48, 1), tf.float32)])
        def serve(self, faces):
            function(faces)
            return {"scores": tf.nn.softmax(tf.reduce_mean(faces, (1, 2)) * tf.ones((1, 7)))}

    module = Module()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


@pytest.mark.parametrize(
    ("operator", "function"),
    [
        ("WriteFile", lambda faces: tf.io.write_file("owned", "x")),
        ("ReadFile", lambda faces: tf.io.read_file("/etc/hostname")),
        ("MatchingFiles", lambda faces: tf.io.matching_files("/*")),
        ("EagerPyFunc", lambda faces: tf.py_function(lambda f: f, [faces], tf.float32)),
        ("PrintV2", lambda faces: tf.print("x", output_stream="file:///tmp/owned")),
        ("SaveV2", lambda faces: tf.raw_ops.SaveV2(
            prefix="owned", tensor_names=["a"], shape_and_slices=[""], tensors=[faces]
        )),
    ],
)  # fmt: skip
def test_a_graph_that_does_more_than_compute_is_refused_by_the_operators_name(
    tmp_path, monkeypatch, operator, function
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=rf"has the operator {operator} .*not opened"):
        load_network(export(tmp_path / "saved", function))
    assert not list(tmp_path.glob("owned*"))


def test_a_usual_saved_model_is_read(tmp_path):
    model = network_of(7, first=[keras.layers.Rescaling(1 / 255), keras.layers.Dropout(0.5)])
    model.export(tmp_path / "saved", verbose=False)
    read = load_network(tmp_path / "saved")
    expected = model.predict(FACES[..., None].astype("f4"), verbose=0)
    np.testing.assert_allclose(predict(read, FACES), expected, atol=1e-5)


def test_weights_alone_are_called_so(tmp_path):
    network_of(7).save_weights(tmp_path / "only.weights.h5")
    (tmp_path / "only.weights.h5").rename(tmp_path / "weights.h5")
    with pytest.raises(ModelError, match=r"weights\.h5: holds weights only"):
        load_network(tmp_path / "weights.h5")
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "variables.index").touch()
    with pytest.raises(ModelError, match="checkpoint: holds weights only"):
        load_network(tmp_path / "checkpoint")


def repacked(path, change):
    """Write a `.keras` file again with its entries changed by a function."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def saved(tmp_path):
    network_of(7).save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def test_an_archive_that_unpacks_to_far_more_is_refused(saved):
    repacked(saved, lambda entries: entries.update({"assets/zeros": bytes(100_000_000)}))
    with pytest.raises(ModelError, match=r"unpacks from .* MB to .* MB"):
        load_network(saved)


def test_weights_that_unpack_to_far_more_are_refused(saved, tmp_path):
    def bomb(entries):
        inner = io.BytesIO(entries["model.weights.h5"])
        with h5py.File(inner, "a") as file:
            file.create_dataset("zeros", (30_000_000,), "f4", compression="gzip", fillvalue=0)
        entries["model.weights.h5"] = inner.getvalue()

    with pytest.raises(ModelError, match="weights unpack"):
        load_network(repacked(saved, bomb))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"units": 7', '"units": 1000000000', "units 1000000000"),
        ('"class_name": "Flatten"', '"class_name": "Lambda"', "Lambda layer"),
    ],
)
def test_a_network_that_would_take_the_machine_or_run_code_is_refused(saved, old, new, said):
    def change(entries):
        text = entries["config.json"].decode()
        assert old in text
        json.loads(text.replace(old, new))
        entries["config.json"] = text.replace(old, new).encode()

    with pytest.raises(ModelError, match=said):
        load_network(repacked(saved, change))


@pytest.mark.parametrize("activation", ["softmax", None])
def test_scores_that_have_no_counterpart_are_left_out_and_said(tmp_path, activation):
    model = network_of(8, activation)
    model.save(tmp_path / "eight.keras")
    labels = ("happiness", "contempt", "sadness", "anger", "fear", "disgust", "neutral", "surprise")
    conventions = Conventions(input_range="0..255", labels=labels)
    network = with_conventions(load_network(tmp_path / "eight.keras", 8), conventions)
    given = model.predict(FACES[..., None].astype("f4"), verbose=0)
    if activation is None:
        given = tf.nn.softmax(given).numpy()
    order = [3, 5, 4, 0, 6, 2, 7]
    np.testing.assert_allclose(predict(network, FACES), given[:, order], atol=1e-5)
    assert network.left_out == ("contempt",)
    assert "left out: contempt" in network.changes[-1]


def test_a_network_of_five_emotions_never_answers_the_others(tmp_path):
    network_of(5).save(tmp_path / "five.keras")
    conventions = Conventions("0..255", labels=("angry", "happy", "neutral", "sad", "surprise"))
    network = with_conventions(load_network(tmp_path / "five.keras", 5), conventions)
    scores = predict(network, FACES)
    assert scores.shape == (4, 7)
    assert not scores[:, [EMOTIONS.index("disgust"), EMOTIONS.index("fear")]].any()
    assert "never answers disgust, fear" in network.changes[-1]


def test_two_names_of_one_emotion_are_summed(tmp_path):
    model = network_of(3)
    model.save(tmp_path / "three.keras")
    conventions = Conventions("0..255", labels=("happy", "joy", "sad"))
    network = with_conventions(load_network(tmp_path / "three.keras", 3), conventions)
    given = model.predict(FACES[..., None].astype("f4"), verbose=0)
    np.testing.assert_allclose(
        predict(network, FACES)[:, EMOTIONS.index("happy")], given[:, :2].sum(axis=1), atol=1e-5
    )


def test_a_score_of_a_name_that_nobody_knows_is_refused_with_what_to_write(tmp_path):
    network_of(3).save(tmp_path / "three.keras")
    conventions = Conventions("0..255", labels=("happy", "sad", "bored"))
    with pytest.raises(ConversionError, match="write '-' for a score that is none of these"):
        with_conventions(load_network(tmp_path / "three.keras", 3), conventions)


def test_a_network_for_standardised_faces_is_fed_them(tmp_path):
    model = network_of(7)
    model.save(tmp_path / "model.keras")
    network = with_conventions(load_network(tmp_path / "model.keras"), Conventions(per_image=True))
    faces = FACES.astype("f4")
    own = (faces - faces.mean((1, 2), keepdims=True)) / faces.std((1, 2), keepdims=True)
    expected = model.predict(own[..., None], verbose=0)
    np.testing.assert_allclose(predict(network, FACES), expected, atol=1e-4)
