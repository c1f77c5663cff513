"""Every interpreter that is installed is asked."""

import json

import pytest

from convert.measuring.crosscheck import check_everywhere, reference_scores
from convert.reading.network import load_network
from convert.writing.quantize import to_tflite
from edge.inference.model_file import ModelFile
from edge.inference.runtime import installed


@pytest.fixture(scope="module")
def flatbuffer(keras_file):
    return to_tflite(load_network(keras_file), "float32")


def test_every_installed_interpreter_is_asked(flatbuffer):
    about = {
        "input": {"shape": [1, 48, 48, 1]},
        "check": reference_scores(flatbuffer, (48, 48)),
    }
    checked = check_everywhere(ModelFile(None, flatbuffer, about))
    names = [c.interpreter.split()[0] for c in checked]
    assert names == [*installed(), "tensorflow"]
    assert all(c.agreement and c.agreement.other_emotion == 0 for c in checked)
    assert json.dumps([c.as_dict() for c in checked])


def test_an_interpreter_that_cannot_load_the_file_is_named_with_the_reason(flatbuffer):
    about = {"input": {"shape": [1, 48, 48, 1]}, "check": reference_scores(flatbuffer, (48, 48))}
    broken = ModelFile(None, flatbuffer[: len(flatbuffer) // 2], about)
    checked = check_everywhere(broken)
    assert len(checked) == len(installed()) + 1
    assert all("cannot be used" in str(c) for c in checked)
