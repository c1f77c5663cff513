"""Models from elsewhere: fed and read as they were trained, by `evaluate` as by `convert`."""

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'convert')")
pytest.importorskip("tensorflow", reason="tensorflow is not installed (extra 'convert')")

import cv2
from networks import tiny

from convert.reading.network import Network, from_keras, predict, with_conventions
from edge.evaluation.prediction import Conventions
from edge.support.errors import ConversionError
from edge.support.labels import EMOTIONS

ORDER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.fixture(scope="module")
def grays(tmp_path_factory):
    """A data set of plain gray pictures, each emotion a gray of its own, with some grain."""
    root, rng = tmp_path_factory.mktemp("grays"), np.random.default_rng(1)
    for split, faces in (("train", 12), ("test", 12)):
        for label, emotion in enumerate(EMOTIONS):
            folder = root / split / emotion
            folder.mkdir(parents=True)
            for number in range(faces):
                gray = 30 + 32 * label + rng.normal(0, 4, (48, 48))
                cv2.imwrite(str(folder / f"{number}.png"), np.clip(gray, 0, 255).astype("u1"))
    return root


def knowing_grays(scale, offset, order=EMOTIONS):
    """Return a network that is right about `grays`, fed gray * scale + offset."""
    inputs = keras.Input((48, 48, 1))
    mean = keras.layers.Flatten()(keras.layers.AveragePooling2D(48)(inputs))
    outputs = keras.layers.Dense(7, activation="softmax", name="last")(mean)
    model = keras.Model(inputs, outputs)
    centres = (30 + 32 * np.arange(7)) * scale + offset
    sharp = 0.02 / scale**2  # logits are -sharp * (x - centre)^2, less what all share
    places = [EMOTIONS.index(name) for name in order]
    kernel, bias = 2 * sharp * centres, -sharp * centres**2
    model.get_layer("last").set_weights([kernel[None, places].astype("f4"), bias[places]])
    return model


def measured(edge_emo, *arguments):
    ended = edge_emo("evaluate", *arguments, "--json", "-")
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def test_a_model_that_is_not_scaled_is_refused_until_its_range_is_said(
    edge_emo, assert_refused, grays, tmp_path
):
    model = tmp_path / "range01.h5"
    knowing_grays(1 / 255, 0).save(model)
    ended = edge_emo("evaluate", "--model", model, "--data", grays)
    assert_refused(ended, "range01.h5: its graph does not scale its input")
    report = measured(edge_emo, "--model", model, "--data", grays, "--input-range", "0..1")
    assert report["accuracy"] == 1


def test_mean_and_deviation_are_taken_from_raw_pixels_or_from_the_range(edge_emo, grays, tmp_path):
    model = tmp_path / "standardised.keras"
    knowing_grays(1 / 64, -120 / 64).save(model)
    raw = ("--mean", "120", "--deviation", "64")
    share = ("--input-range", "0..1", "--mean", str(120 / 255), "--deviation", str(64 / 255))
    for said in (raw, share):
        assert measured(edge_emo, "--model", model, "--data", grays, *said)["accuracy"] == 1


def test_a_saved_model_is_measured_like_the_file(edge_emo, grays, tmp_path):
    model = knowing_grays(1.0, 0)
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "exported", verbose=False)
    said = ("--data", grays, "--input-range", "0..255")
    reports = [
        measured(edge_emo, "--model", tmp_path / name, *said)
        for name in ("model.keras", "exported")
    ]
    assert reports[0]["confusion"] == reports[1]["confusion"]
    assert reports[0]["accuracy"] == 1


def test_another_order_of_scores_is_suggested_and_then_right(edge_emo, grays, tmp_path):
    model = tmp_path / "order.keras"
    knowing_grays(1.0, 0, ORDER).save(model)
    said = ("--model", model, "--data", grays, "--input-range", "0..255")
    wrong = measured(edge_emo, *said)
    assert wrong["accuracy"] < 0.8
    (hint,) = [h for h in wrong["hints"] if "--labels" in h]
    assert hint.endswith(f"--labels {','.join(ORDER)}")
    right = measured(edge_emo, *said, "--labels", ",".join(ORDER))
    assert (right["accuracy"], right["hints"]) == (1, [])
    ended = edge_emo("evaluate", *said)
    assert ended.err == f"edge-emo: {hint}\n"


def test_convert_suggests_the_order_too(edge_emo, grays, tmp_path):
    model = tmp_path / "order.keras"
    knowing_grays(1.0, 0, ORDER).save(model)
    ended = edge_emo(
        *("convert", model, "--data", grays, "--input-range", "0..255"),
        *("--precision", "float32", "-o", tmp_path / "order.tflite"),
    )
    assert ended.status == 0, ended.err
    assert f"--labels {','.join(ORDER)}" in ended.err


def network(shape) -> Network:
    model = tiny(shape, scaled=False)
    return from_keras(model, "tiny.keras")


def test_channels_are_swapped_for_a_model_of_bgr(pixels):
    plain = network((48, 48, 3))
    swapped = with_conventions(plain, Conventions("0..255", channels="bgr"))
    faces = pixels(4, 48, 48, 3)
    np.testing.assert_allclose(predict(swapped, faces), predict(plain, faces[..., ::-1]), atol=1e-5)


def test_each_channel_has_its_own_mean(pixels):
    plain, faces = network((48, 48, 3)), pixels(4, 48, 48, 3)
    said = Conventions(mean=(123.0, 117.0, 104.0), deviation=(58.0, 57.0, 57.5))
    standard = (faces - np.array(said.mean)) / np.array(said.deviation)
    wanted = plain.call(standard.astype("f4")).numpy()
    np.testing.assert_allclose(predict(with_conventions(plain, said), faces), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Conventions(channels="bgr"), "--channels: tiny.keras takes a gray face"),
        (Conventions(mean=(1.0, 2.0, 3.0)), "--mean: three numbers"),
        (Conventions(labels=("happy",)), "--labels names 1"),
    ],
)
def test_conventions_that_do_not_fit_a_gray_model_are_refused(said, message):
    with pytest.raises(ConversionError, match=message):
        with_conventions(network((48, 48, 1)), said)
