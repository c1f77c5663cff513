"""A model file carries what 200 faces gave where it was made; any machine can compare."""

import base64
import hashlib

import numpy as np
import pytest

from edge.emotions.self_check import check, check_faces, compare, record
from edge.inference.model_file import find_model, read_model, write_model
from edge.inference.runtime import Runtime
from edge.support.errors import ModelError


@pytest.fixture(scope="module")
def shipped():
    return read_model(find_model("edge-s"))


def changed(model, path, **kept):
    """Return the model with another record of the check."""
    write_model(path, model.flatbuffer, {**model.about, "check": {**model.about["check"], **kept}})
    return read_model(path)


def test_the_faces_are_the_same_on_every_machine():
    faces = check_faces((48, 48))
    assert faces.shape == (200, 48, 48)
    assert hashlib.sha256(faces.tobytes()).hexdigest() == (
        "a455e7dc7049e36a622c8781b5b0023db4237b8626edcf8cab34cef3c79c6309"
    )


def test_the_clip_shows_faces_of_any_size_and_in_any_light():
    faces = check_faces((112, 96, 3))
    assert faces.shape == (200, 112, 96)
    brightness = faces.mean(axis=(1, 2))
    assert brightness.max() > 2 * brightness.min()
    assert (faces.min(), faces.max()) == (0, 255)


def test_this_interpreter_decides_as_the_one_where_the_shipped_model_was_made(shipped):
    agreement = check(shipped, Runtime().open(shipped.flatbuffer))
    assert agreement.faces == 200
    # Interpreters round in their own ways; that must not exceed what quantizing does.
    assert agreement.other_emotion <= 200 * (1 - shipped.about["evaluation"]["agreement"])
    assert agreement.largest < 0.1


def test_different_scores_are_reported_in_faces_and_steps():
    wanted = np.zeros((5, 7), np.int8)
    wanted[:, 0] = 100
    got = wanted.copy()
    got[1, 0] -= 3
    got[2, :2] = [0, 90]
    agreement = compare(wanted, got, 1 / 256)
    assert (agreement.differing, agreement.steps, agreement.other_emotion) == (2, 100, 1)
    assert agreement.largest == pytest.approx(100 / 256)
    assert "other scores for 2 of 5 faces, by up to 100 steps" in str(agreement)
    assert compare(wanted, wanted).exact


def test_float_scores_may_differ_in_the_last_digits():
    scores = np.full((3, 7), 1 / 7, np.float32)
    assert compare(scores, scores + 1e-6).exact
    assert not compare(scores, scores + 1e-3).exact


def test_what_is_recorded_is_the_raw_scores():
    scores = np.arange(14, dtype=np.int8).reshape(2, 7)
    kept = record(scores, (48, 48), "some interpreter 1.0")
    assert kept["dtype"] == "int8"
    assert np.array_equal(np.frombuffer(base64.b64decode(kept["scores"]), "i1"), scores.ravel())


def test_a_file_made_with_other_faces_or_without_a_check_is_refused(shipped, tmp_path):
    interpreter = Runtime().open(shipped.flatbuffer)
    other = changed(shipped, tmp_path / "other.tflite", faces_sha256="0" * 64)
    with pytest.raises(ModelError, match=r"other\.tflite: was checked with other faces"):
        check(other, interpreter)
    write_model(tmp_path / "old.tflite", shipped.flatbuffer, {**shipped.about, "check": None})
    with pytest.raises(ModelError, match=r"old\.tflite: carries no scores"):
        check(read_model(tmp_path / "old.tflite"), interpreter)


def test_the_command_says_how_this_machine_scores(edge_emo):
    ended = edge_emo("models", "check", "edge-s")
    assert ended.status == 0
    assert ended.out.startswith("edge-s.tflite: ")
    assert "of 200 faces" in ended.out or "all 200 faces" in ended.out


def test_a_machine_that_decides_otherwise_is_refused(shipped, tmp_path, edge_emo, assert_refused):
    scores = np.frombuffer(base64.b64decode(shipped.about["check"]["scores"]), np.int8)
    turned = np.roll(scores.reshape(200, 7), 1, axis=1)  # each score is the next emotion's
    changed(shipped, tmp_path / "m.tflite", scores=base64.b64encode(turned.tobytes()).decode())
    assert_refused(edge_emo("models", "check", tmp_path / "m.tflite"), "try another interpreter")
