"""An int8 file turned back into a Keras network answers as the file does."""

import click.testing
import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")
pytest.importorskip("tensorflow", reason="tensorflow is not installed (extra 'train')")

from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.datasets import load_split
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import find_model, read_model
from train.studies import unquantized


@pytest.mark.parametrize("name", ["edge-xs", "face-m"])
def test_the_network_answers_as_the_file(name, labelled_folder_once, tmp_path):
    output = tmp_path / "network.keras"
    ended = click.testing.CliRunner().invoke(
        unquantized.main, [name, str(output), "--data", str(labelled_folder_once)]
    )
    assert ended.exit_code == 0, ended.output
    faces = load_split(labelled_folder_once, "test").images
    wanted = predict_all(TFLiteClassifier(read_model(find_model(name))), faces)
    got = keras.models.load_model(output).predict(faces[..., None].astype("f4"), verbose=0)
    assert np.abs(got - wanted).mean() < 0.02
