"""Raw pixels go in exactly as they are, probabilities come out."""

import numpy as np
import pytest

from edge.emotions.classifier import TFLiteClassifier
from edge.inference.model_file import find_model, read_model, write_model
from edge.inference.runtime import Runtime, installed
from edge.support.errors import ConfigError, ModelError
from edge.support.labels import EMOTIONS


@pytest.fixture(scope="module")
def model():
    return read_model(find_model("edge-s"))


@pytest.fixture(scope="module")
def classifier(model):
    return TFLiteClassifier(model)


def by_hand(model, face):
    """Return the scores by the interpreter alone, its int8 input computed in wide integers."""
    interpreter = Runtime().open(model.flatbuffer)
    exact = face.astype(np.int32) - 128
    place = interpreter.get_input_details()[0]["index"]
    interpreter.set_tensor(place, exact.astype(np.int8)[None, :, :, None])
    interpreter.invoke()
    output = interpreter.get_output_details()[0]
    scale, zero_point = output["quantization"]
    scores = (interpreter.get_tensor(output["index"])[0].astype("f8") - zero_point) * scale
    return scores / scores.sum()


def test_every_gray_level_is_fed_exactly(model, classifier):
    every_level = np.resize(np.arange(256, dtype=np.uint8), (48, 48))
    np.testing.assert_allclose(classifier.classify(every_level), by_hand(model, every_level), 1e-5)


@pytest.mark.parametrize("level", [0, 1, 127, 128, 129, 255])
def test_a_plain_face_of_one_level_is_fed_exactly(model, classifier, level):
    face = np.full((48, 48), level, np.uint8)
    np.testing.assert_allclose(classifier.classify(face), by_hand(model, face), 1e-5)


def test_scores_are_probabilities_of_the_seven_emotions(classifier, pixels, gray_face):
    for face in (gray_face, pixels(48, 48)):
        scores = classifier.classify(face)
        assert scores.shape == (len(EMOTIONS),)
        assert scores.dtype == np.float32
        assert scores.min() >= 0
        assert scores.sum() == pytest.approx(1, abs=1e-6)


def test_the_smiling_astronaut_is_happy(classifier, gray_face):
    assert EMOTIONS[classifier.classify(gray_face).argmax()] == "happy"


def test_a_face_is_scored_alike_whatever_came_before(classifier, pixels, gray_face):
    first = classifier.classify(gray_face)
    classifier.classify(pixels(48, 48))
    np.testing.assert_array_equal(classifier.classify(gray_face), first)


def test_earlier_scores_are_not_overwritten_by_later_ones(classifier, pixels, gray_face):
    first = classifier.classify(gray_face)
    before = first.copy()
    classifier.classify(pixels(48, 48))
    np.testing.assert_array_equal(first, before)


def test_the_frame_that_a_face_lies_in_is_not_changed(classifier, pixels):
    frame = pixels(100, 120)
    before = frame.copy()
    classifier.classify(frame[10:58, 20:68])
    np.testing.assert_array_equal(frame, before)


def test_a_face_may_be_a_view_of_a_larger_frame(classifier, pixels):
    face = pixels(100, 120)[10:58, 20:68]
    np.testing.assert_array_equal(classifier.classify(face), classifier.classify(face.copy()))


def test_more_threads_give_the_same_scores(model, classifier, gray_face):
    two = TFLiteClassifier(model, Runtime(threads=2))
    np.testing.assert_allclose(two.classify(gray_face), classifier.classify(gray_face))


def test_the_interpreter_can_be_named(model, classifier, gray_face):
    name = installed()[0]
    named = TFLiteClassifier(model, Runtime(name))
    np.testing.assert_array_equal(named.classify(gray_face), classifier.classify(gray_face))


def test_an_unknown_interpreter_is_refused_with_the_known_ones(model):
    with pytest.raises(ConfigError, match="interpreter: 'tensorrt' is not one of ai-edge-litert"):
        TFLiteClassifier(model, Runtime("tensorrt"))


def test_a_self_description_that_disagrees_with_the_tensor_is_refused(model, tmp_path):
    path = tmp_path / "other.tflite"
    write_model(path, model.flatbuffer, {**model.about, "input": {"shape": [1, 64, 64, 1]}})
    with pytest.raises(ModelError, match=r"other.tflite: .*\[1, 48, 48, 1\].*\[1, 64, 64, 1\]"):
        TFLiteClassifier(read_model(path))


@pytest.mark.parametrize("part", [2, 50])
def test_what_only_begins_like_a_model_is_refused_by_name(model, tmp_path, part):
    if installed()[0] == "tflite-runtime":
        pytest.skip("tflite-runtime does not verify what its checksum vouches for")
    path = tmp_path / "cut.tflite"
    write_model(path, model.flatbuffer[: len(model.flatbuffer) // part], model.about)
    with pytest.raises(ModelError, match=r"cut\.tflite: the interpreter refuses it"):
        TFLiteClassifier(read_model(path))


def test_the_interpreter_says_nothing_on_stderr(model, capfd):
    TFLiteClassifier(model)
    assert capfd.readouterr().err == ""
