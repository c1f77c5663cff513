"""`edge-emo convert`: a Keras model becomes files that describe themselves and decide like it."""

import json
import shutil
import zipfile

import cv2
import keras
import numpy as np
import pytest
from networks import knowing, tiny

from convert.reading.keras_model import predict
from edge.cli import main
from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import read_model
from edge.inference.runtime import Runtime
from edge.sources import open_source
from edge.support.labels import EMOTIONS

layers = keras.layers
# Untrained networks are right by chance; what they lose is not the point where this is given.
ANY_LOSS = ("--max-accuracy-drop", "100")


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """Leave plots undrawn but for those of `converted`, which are looked at: it takes seconds."""
    for module in ("measuring.report", "writing.layers"):
        monkeypatch.setattr(f"convert.{module}.png", lambda figure: b"png")


@pytest.fixture
def convert(labelled_folder_once, edge_emo):
    """Run `edge-emo convert` on the labelled folder."""
    return lambda *arguments: edge_emo("convert", "--data", labelled_folder_once, *arguments)


@pytest.fixture(scope="module")
def converted(keras_file, labelled_folder_once):
    path = keras_file.with_name("model.tflite")
    arguments = ["convert", "--data", labelled_folder_once, keras_file, "--precision", "int8"]
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in (*arguments, "-o", path, *ANY_LOSS, "--debug")])
    assert ended.value.code == 0
    return path


def test_every_tensor_is_int8_and_weights_are_per_channel(converted):
    interpreter = Runtime().open(read_model(converted).flatbuffer)
    assert interpreter.get_input_details()[0]["dtype"] is np.int8
    assert interpreter.get_input_details()[0]["quantization"] == (1.0, -128)
    assert interpreter.get_output_details()[0]["dtype"] is np.int8
    details = interpreter.get_tensor_details()
    assert not [t["name"] for t in details if t["dtype"] is np.float32]
    (filters,) = [t for t in details if t["shape"].tolist() == [4, 3, 3, 1]]
    assert len(filters["quantization_parameters"]["scales"]) == 4


def test_the_file_says_what_it_is_and_what_it_was_made_from(converted, keras_file):
    with zipfile.ZipFile(converted) as archive:
        about = json.loads(archive.read("model.json"))
        assert archive.read("labels.txt").decode().split() == list(EMOTIONS)
    assert about["architecture"] == "tiny"
    assert about["input"] == {
        "shape": [1, 48, 48, 1],
        "dtype": "int8",
        "meaning": "gray face as cut out by the detector, pixels 0..255 as they are "
        "(int8 = uint8 - 128)",
    }
    assert about["evaluation"]["int8"]["faces"] == about["evaluation"]["keras"]["faces"] == 21
    assert set(about["tools"]) >= {"tensorflow", "keras"}
    assert about["source"]["file"] == keras_file.name
    calibration = about["quantization"]
    assert calibration["representative_faces"] == len(calibration["names"]) == 56
    assert calibration["names"][0].startswith("train/")
    assert len(calibration["sha256"]) == 64


def test_int8_scores_follow_the_float_ones(converted, keras_file, labelled_faces):
    wanted = predict(keras.models.load_model(keras_file), labelled_faces.images)
    got = predict_all(TFLiteClassifier(read_model(converted)), labelled_faces.images)
    # One step of the int8 output is 1/256; a few of them are what the layers may add up to.
    assert np.abs(got - wanted).max() < 4 / 256


def test_the_same_input_gives_the_same_file(converted, keras_file, convert, tmp_path):
    again = tmp_path / "again.tflite"
    assert convert(keras_file, "--precision", "int8", "-o", again, *ANY_LOSS).status == 0
    assert again.read_bytes() == converted.read_bytes()


def test_the_report_is_for_programs_and_people(converted):
    folder = converted.with_name("model-parity")
    report = json.loads((folder / "parity.json").read_text())
    (row,) = report["precisions"]
    assert row["name"] == "int8"
    assert row["bytes"] == converted.stat().st_size
    assert 0 <= row["agreement"] <= 1
    assert 0 <= row["mean_kl_divergence"] <= row["worst_kl_divergence"]
    assert row["operators_outside_xnnpack"] == ["SOFTMAX"]  # XNNPACK has none in int8
    assert set(row["ms_per_face"]) == {"1", "2"}
    assert np.array(row["confusion"]).sum() == 21
    for name in ("parity.png", "layers.png"):
        assert cv2.imread(str(folder / name)) is not None
    page = (folder / "parity.html").read_text()
    assert "data:image/png;base64," in page
    assert "Layer by layer" in page
    assert (folder / "layers.csv").read_text().startswith("operator,layer,own_error")


def test_several_precisions_are_written_in_one_run_each_under_its_name(
    keras_file, convert, tmp_path
):
    kinds = ("float32", "float16", "dynamic", "int16x8")
    options = [option for kind in kinds for option in ("--precision", kind)]
    json_file = tmp_path / "parity.json"
    ended = convert(
        keras_file, *options, "-o", tmp_path / "m.tflite", *ANY_LOSS, "--json", json_file
    )
    assert ended.status == 0, ended
    for kind in kinds:
        model = read_model(tmp_path / f"m-{kind}.tflite")
        assert model.precision == kind
        assert model.about["input"]["dtype"] == "float32"
    report = json.loads(json_file.read_text())
    assert [row["name"] for row in report["precisions"]] == list(kinds)
    float32 = report["precisions"][0]
    assert float32["agreement"] == 1
    assert float32["worst_kl_divergence"] < 1e-6
    assert float32["operators_outside_xnnpack"] == []


@pytest.mark.parametrize("kind", ["h5", "saved_model"])
def test_other_formats_give_the_same_scores(kind, keras_file, convert, tmp_path, test_faces):
    model = keras.models.load_model(keras_file)
    path = tmp_path / f"model.{kind}"
    model.save(path) if kind == "h5" else model.export(path, verbose=False)
    out = tmp_path / "out.tflite"
    assert convert(path, "--precision", "float32", "-o", out, *ANY_LOSS).status == 0
    got = predict_all(TFLiteClassifier(read_model(out)), test_faces.images)
    np.testing.assert_allclose(got, predict(model, test_faces.images), atol=1e-5)


def test_a_mirrored_model_scores_both_sides_of_a_face_alike(
    keras_file, convert, tmp_path, test_faces
):
    out = tmp_path / "out.tflite"
    assert convert(keras_file, "--precision", "int8", "--mirror", "-o", out, *ANY_LOSS).status == 0
    model = read_model(out)
    assert model.about["source"]["changes"] == [
        "its scores are the mean for the face and its mirror image"
    ]
    classifier = TFLiteClassifier(model)
    got = predict_all(classifier, test_faces.images)
    np.testing.assert_array_equal(got, predict_all(classifier, test_faces.images[:, :, ::-1]))


def test_what_a_foreign_model_lacks_is_put_into_its_graph(convert, tmp_path, test_faces):
    path, out = tmp_path / "foreign.keras", tmp_path / "out.tflite"
    model = tiny(scaled=False, activation=None)
    model.save(path)
    theirs = ["angry", "disgusted", "fear", "happy", "sad", "surprise", "neutral"]
    ended = convert(
        *(path, "--precision", "float32", "-o", out, *ANY_LOSS),
        *("--input-range", "-1..1", "--labels", ",".join(theirs)),
    )
    assert ended.status == 0, ended
    assert "0..255 to -1..1" in ended.out
    assert "reordered" in ended.out
    assert "softmax" in ended.out
    assert len(read_model(out).about["source"]["changes"]) == 3
    fed = test_faces.images[..., None].astype("f4") / 127.5 - 1
    scores = keras.ops.softmax(model.predict(fed, verbose=0)).numpy()
    order = [0, 1, 2, 3, 6, 4, 5]  # where each of our emotions stands in theirs
    got = predict_all(TFLiteClassifier(read_model(out)), test_faces.images)
    np.testing.assert_allclose(got, scores[:, order], atol=1e-4)


def test_a_model_without_scaling_is_asked_for_its_input_range(
    convert, assert_refused, tmp_path, test_faces
):
    knows = knowing(test_faces)
    path = tmp_path / "unscaled.keras"
    # Its scaling layer left out: fed 0..1 it is right, on raw pixels it cannot be.
    keras.Model(knows.layers[2].input, knows.output).save(path)
    ended = convert(path, "-o", tmp_path / "out.tflite")
    assert_refused(ended, "--input-range 0..1, -1..1, 0..255")
    assert "0..1 gives 100.0%" in ended.err


def test_a_range_on_top_of_a_models_own_scaling_is_warned_of(convert, keras_file, tmp_path):
    out = tmp_path / "out.tflite"
    ended = convert(
        *(keras_file, "--precision", "float32", "-o", out, *ANY_LOSS, "--input-range", "0..1")
    )
    assert ended.status == 0
    assert "begins by scaling its input already" in ended.err


def test_colour_at_another_size_is_converted_and_runs(
    convert, edge_emo, tmp_path, portrait_file, monkeypatch
):
    path, out = tmp_path / "colour.keras", tmp_path / "colour.tflite"
    tiny((112, 112, 3)).save(path)
    kinds = ("--precision", "int8", "--precision", "float32")
    assert convert(path, *kinds, "-o", out, *ANY_LOSS).status == 0
    out = tmp_path / "colour-int8.tflite"
    assert read_model(out).input_size == (112, 112, 3)
    asked = []

    def opened(what, options):
        asked.append(options.color)
        return open_source(what, options)

    monkeypatch.setattr("edge.live.opened.open_source", opened)
    ended = edge_emo("run", "--source", portrait_file, "--model", out, "--jsonl", "-")
    assert asked == [True]  # some cameras give none unless they are asked for it
    (face,) = json.loads(ended.out)["faces"]
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-3)
    red = np.zeros((112, 112, 3), np.uint8)
    red[..., 0] = 255
    original = keras.models.load_model(path)
    wanted = predict(original, red[None])[0]
    exact = TFLiteClassifier(read_model(tmp_path / "colour-float32.tflite"))
    np.testing.assert_allclose(exact.classify(red), wanted, atol=1e-5)
    assert edge_emo("evaluate", "--model", path, "--data", portrait_folder(tmp_path)).status == 0


def portrait_folder(root):
    """Return a data set of one gray image."""
    folder = root / "faces" / "happy"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "1.png"), np.full((60, 60), 99, np.uint8))
    return root / "faces"


def test_where_int8_loses_too_much_the_smallest_file_that_does_not_is_taken(
    convert, fragile_file, tmp_path
):
    out = tmp_path / "out.tflite"
    ended = convert(fragile_file, "-o", out)
    assert ended.status == 0, ended
    assert "int8 loses" in ended.out
    model = read_model(out)
    assert model.precision != "int8"
    assert model.about["evaluation"][model.precision]["accuracy"] == 1


def test_a_file_that_loses_too_much_is_not_written_but_reported(
    convert, fragile_file, assert_refused, tmp_path
):
    out = tmp_path / "out.tflite"
    ended = convert(fragile_file, "--precision", "int8", "--precision", "float16", "-o", out)
    assert_refused(ended, "int8 loses")
    assert not (tmp_path / "out-int8.tflite").exists()
    assert read_model(tmp_path / "out-float16.tflite").precision == "float16"
    report = json.loads((tmp_path / "out-parity" / "parity.json").read_text())
    files = [row["file"] for row in report["precisions"]]
    assert files == [None, str(tmp_path / "out-float16.tflite")]


def test_the_layers_that_int8_hurts_can_stay_in_float(convert, fragile_file, tmp_path):
    out = tmp_path / "mixed.tflite"
    ended = convert(fragile_file, "--precision", "mixed", "-o", out)
    assert ended.status == 0, ended
    assert "layers in float" in ended.out
    details = Runtime().open(read_model(out).flatbuffer).get_tensor_details()
    assert {np.int8, np.float32} <= {t["dtype"] for t in details}


def test_a_full_disk_leaves_no_file(keras_file, labelled_folder_once, edge_emo_process, tmp_path,
                                    no_file_larger_than, assert_refused):  # fmt: skip
    before = sorted(p.name for p in tmp_path.iterdir())
    ended = edge_emo_process(
        *("convert", keras_file, "--data", labelled_folder_once, *ANY_LOSS),
        *("-o", tmp_path / "out.tflite", "--precision", "int8"),
        **no_file_larger_than(9000),
    )
    assert_refused(ended, "out.tflite: cannot write")
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_an_unwritable_output_is_refused(convert, keras_file, assert_refused, tmp_path):
    ended = convert(keras_file, "-o", tmp_path / "nowhere" / "out.tflite")
    assert_refused(ended, "cannot write")


def test_without_a_model_or_a_run_it_says_what_to_do(
    convert, assert_refused, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert_refused(convert(), "edge-emo train")


def test_a_keras_model_is_evaluated_without_tensorflows_chatter(
    keras_file, labelled_folder_once, edge_emo_process
):
    ended = edge_emo_process("evaluate", "--model", keras_file, "--data", labelled_folder_once)
    assert ended.status == 0
    assert "balanced accuracy" in ended.out
    assert ended.err == ""


def blank(root):
    for path in root.glob("train/*/*.png"):
        cv2.imwrite(str(path), np.zeros((48, 48), np.uint8))


def one_emotion(root):
    for emotion in EMOTIONS[1:]:
        shutil.rmtree(root / "train" / emotion)


@pytest.mark.parametrize(
    ("spoil", "said"), [(blank, "are blank, all black"), (one_emotion, "all of one emotion")]
)
def test_faces_that_would_ruin_the_quantization_are_refused(
    spoil, said, keras_file, labelled_folder, edge_emo, assert_refused, tmp_path
):
    spoil(labelled_folder)
    out = tmp_path / "out.tflite"
    ended = edge_emo("convert", keras_file, "--data", labelled_folder, "-o", out)
    assert_refused(ended, said)
    assert not out.exists()
