"""The interpreter that is installed is found; what is missing is said with the mend."""

import importlib.util

import pytest

from edge.inference.interpreter import INTERPRETERS, installed, make_interpreter
from edge.inference.model_file import find_model, read_model
from edge.support.errors import ConfigError, InterpreterError


@pytest.fixture(scope="module")
def flatbuffer():
    return read_model(find_model(None)).flatbuffer


@pytest.mark.parametrize("name", INTERPRETERS)
def test_every_interpreter_here_runs_the_shipped_model(name, flatbuffer):
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    interpreter = make_interpreter(flatbuffer, 1, name)
    interpreter.invoke()
    assert interpreter.get_output_details()[0]["shape"].tolist() == [1, 7]


def test_the_first_one_installed_is_the_default(flatbuffer):
    module = type(make_interpreter(flatbuffer, 1)).__module__
    assert module.startswith(INTERPRETERS[installed()[0]].partition(".")[0])


def test_an_unknown_name_is_refused_with_the_known_ones(flatbuffer):
    with pytest.raises(ConfigError, match="interpreter: 'tensorrt' is none of ai-edge-litert"):
        make_interpreter(flatbuffer, 1, "tensorrt")


@pytest.mark.parametrize("name", [None, *INTERPRETERS])
def test_one_that_is_not_installed_is_said_with_how_to_install_it(flatbuffer, monkeypatch, name):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InterpreterError, match=f"pip install {name or 'ai-edge-litert'}"):
        make_interpreter(flatbuffer, 1, name)
