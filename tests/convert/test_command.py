"""`edge-emo convert`: a Keras model becomes a full-int8 file that describes itself."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'convert')")
pytest.importorskip("tensorflow", reason="tensorflow is not installed (extra 'convert')")

from convert.keras_model import predict
from convert.representative import representative_faces
from edge.classifier import TFLiteClassifier
from edge.cli import main
from edge.errors import ConversionError
from edge.evaluation import predict_all
from edge.interpreter import make_interpreter
from edge.modelfile import read_model
from train.architectures import ARCHITECTURES


def convert(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["convert", *map(str, arguments)])
    return ended.value.code


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    """An untrained network: quantization must follow any weights."""
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("keras") / "model.keras"
    ARCHITECTURES["edge-s"].build().save(path)
    return path


@pytest.fixture(scope="module")
def converted(keras_file, labelled_folder_once):
    path = keras_file.with_name("model.tflite")
    assert convert(keras_file, "--data", labelled_folder_once, "-o", path) == 0
    return path


def test_every_tensor_is_int8_and_weights_are_per_channel(converted):
    interpreter = make_interpreter(read_model(converted).flatbuffer, 1)
    assert interpreter.get_input_details()[0]["dtype"] is np.int8
    assert interpreter.get_input_details()[0]["quantization"] == (1.0, -128)
    assert interpreter.get_output_details()[0]["dtype"] is np.int8
    details = interpreter.get_tensor_details()
    assert not [t["name"] for t in details if t["dtype"] is np.float32]
    # Filters are [filters, 3, 3, channels]; an activation map of 3x3 begins with 1.
    maps = [t for t in details if t["shape"].tolist()[1:3] == [3, 3]]
    weights = [t for t in maps if len(t["shape"]) == 4 and t["shape"][0] > 1]
    assert len(weights) == 7
    for tensor in weights:
        assert len(tensor["quantization_parameters"]["scales"]) == tensor["shape"][0]


def test_the_file_tells_what_it_is(converted):
    with zipfile.ZipFile(converted) as archive:
        about = json.loads(archive.read("model.json"))
        assert archive.read("labels.txt").decode().split()[0] == "angry"
    assert about["architecture"] == "edge-s"
    assert about["input"] == {
        "shape": [1, 48, 48, 1],
        "dtype": "int8",
        "meaning": "gray face as cut out by the detector, pixels 0..255 as they are "
        "(int8 = uint8 - 128)",
    }
    assert about["evaluation"]["int8"]["faces"] == about["evaluation"]["keras"]["faces"]
    assert set(about["tools"]) >= {"tensorflow", "keras"}


def test_int8_scores_follow_the_float_ones(converted, keras_file, labelled_faces):
    wanted = predict(keras.models.load_model(keras_file), labelled_faces.images)
    got = predict_all(TFLiteClassifier(read_model(converted)), labelled_faces.images)
    # One step of the int8 output is 1/256; a few of them are what seven layers may add up to.
    assert np.abs(got - wanted).max() < 8 / 256


def test_the_same_input_gives_the_same_file(converted, keras_file, labelled_folder_once, tmp_path):
    again = tmp_path / "again.tflite"
    assert convert(keras_file, "--data", labelled_folder_once, "-o", again) == 0
    assert again.read_bytes() == converted.read_bytes()


def test_float32_is_converted_too(keras_file, labelled_folder_once, tmp_path, capsys):
    path = tmp_path / "float.tflite"
    options = ["--data", labelled_folder_once, "--precision", "float32", "-o", path]
    assert convert(keras_file, *options, "--json", tmp_path / "parity.json") == 0
    assert "100.00% of the faces" in capsys.readouterr().out
    assert json.loads((tmp_path / "parity.json").read_text())["precision"] == "float32"


def test_representative_faces_are_balanced_and_seeded(labelled_faces):
    sample = representative_faces(labelled_faces, 35)
    assert len(sample) == 35
    np.testing.assert_array_equal(sample, representative_faces(labelled_faces, 35))
    assert not np.array_equal(sample, representative_faces(labelled_faces, 35, seed=2))


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        (lambda f: replace(f, images=f.images // 2), "not 0..255"),
        (lambda f: replace(f, images=f.images * 0), r"span 0\.\.0"),
        (lambda f: replace(f, labels=f.labels * 0), "one emotion"),
    ],
)
def test_faces_that_would_spoil_the_quantization_are_refused(labelled_faces, faces, said):
    with pytest.raises(ConversionError, match=said):
        representative_faces(faces(labelled_faces))


def test_what_is_no_such_model_is_refused_in_one_line(labelled_folder_once, tmp_path, capsys):
    junk = tmp_path / "junk.keras"
    junk.write_bytes(b"junk")
    color = tmp_path / "color.keras"
    keras.Sequential(
        [keras.Input((48, 48, 3)), keras.layers.Flatten(), keras.layers.Dense(7)]
    ).save(color)
    two = tmp_path / "two.keras"
    keras.Sequential(
        [keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    ).save(two)
    for path, said in (
        (junk, "is no Keras model"),
        (tmp_path / "none.keras", "no such file"),
        (color, "takes input of shape (None, 48, 48, 3)"),
        (two, "gives output of shape (None, 2)"),
    ):
        out = tmp_path / "out.tflite"
        assert convert(path, "--data", labelled_folder_once, "-o", out) == 1
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
        assert not out.exists()


def test_an_unwritable_output_is_refused(keras_file, labelled_folder_once, tmp_path, capsys):
    out = tmp_path / "nowhere" / "out.tflite"
    assert convert(keras_file, "--data", labelled_folder_once, "-o", out) == 1
    assert "cannot write" in capsys.readouterr().err


def test_without_a_model_or_a_run_it_says_what_to_do(
    labelled_folder_once, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert convert("--data", labelled_folder_once) == 1
    assert "edge-emo train" in capsys.readouterr().err


def test_a_keras_model_is_evaluated_without_tensorflows_chatter(
    keras_file, labelled_folder_once, edge_emo_process
):
    ended = edge_emo_process("evaluate", "--model", keras_file, "--data", labelled_folder_once)
    assert ended.status == 0
    assert "balanced accuracy" in ended.out
    assert ended.err == ""
