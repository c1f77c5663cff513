"""Old model files get their mean scores, so that they can be corrected for an expectation."""

import click.testing
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="tensorflow is not installed (extra 'convert')")

from convert.studies import mean_answer
from edge.emotions.classifier import TFLiteClassifier
from edge.emotions.prior import answered
from edge.evaluation.datasets import load_split
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import find_model, read_model, write_model


def test_a_file_gets_the_mean_of_its_scores_and_is_otherwise_the_same(
    labelled_folder_once, tmp_path
):
    shipped = read_model(find_model("edge-xs"))
    old = {key: value for key, value in shipped.about.items() if key != "answers"}
    path = tmp_path / "old.tflite"
    write_model(path, shipped.flatbuffer, old)
    assert answered(read_model(path)) is None
    ended = click.testing.CliRunner().invoke(
        mean_answer.main, [str(path), "--data", str(labelled_folder_once)]
    )
    assert ended.exit_code == 0, ended.output
    now = read_model(path)
    faces = load_split(labelled_folder_once, "train")
    wanted = predict_all(TFLiteClassifier(now), faces.images).mean(axis=0)
    np.testing.assert_allclose(answered(now), wanted, atol=1e-4)
    assert now.flatbuffer == shipped.flatbuffer
    assert {key: value for key, value in now.about.items() if key != "answers"} == old
