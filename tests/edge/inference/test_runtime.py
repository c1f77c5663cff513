"""The interpreter that is installed is found; what is missing is said with the mend."""

import importlib.util

import pytest

from edge.inference.model_file import DETECTION, find_model, read_model
from edge.inference.runtime import PREFERRED, Runtime, installed
from edge.support import registry
from edge.support.errors import ConfigError, InterpreterError


@pytest.fixture(scope="module")
def flatbuffer():
    return read_model(find_model(None)).flatbuffer


@pytest.fixture
def accelerator(monkeypatch):
    """Register the runtime of another package; return what it was asked for."""
    asked = []

    class Engine:
        package = "edge-emo-accelerator"

        def installed(self):
            return True

        def open(self, flatbuffer, threads, delegate):
            asked.append((flatbuffer, threads, delegate))
            return self

        def allocate_tensors(self):
            asked.append("tensors")

    real_names, real_load = registry.names, registry.load
    monkeypatch.setattr(
        registry, "names", lambda group: sorted([*real_names(group), "accelerator"])
    )
    monkeypatch.setattr(
        registry,
        "load",
        lambda group, name: Engine() if name == "accelerator" else real_load(group, name),
    )
    return asked


@pytest.mark.parametrize("name", PREFERRED)
def test_every_interpreter_here_runs_the_shipped_model(name, flatbuffer):
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    interpreter = Runtime(name).open(flatbuffer)
    interpreter.invoke()
    assert interpreter.get_output_details()[0]["shape"].tolist() == [1, 7]


def test_the_first_one_installed_is_the_default(flatbuffer):
    assert Runtime().name == installed()[0]
    module = type(Runtime().open(flatbuffer)).__module__
    assert module.partition(".")[0] == Runtime().name.replace("-", "_")


def test_a_runtime_of_another_package_is_used_by_its_name(flatbuffer, accelerator):
    assert installed()[-1] == "accelerator"
    assert Runtime().name == installed()[0] != "accelerator"
    Runtime("accelerator", 3, "some.so").open(flatbuffer)
    assert accelerator == [(flatbuffer, 3, "some.so"), "tensors"]


@pytest.mark.parametrize("name", PREFERRED)
def test_a_detector_is_opened_for_pictures_of_another_size(name):
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    detector = read_model(find_model(None, DETECTION), DETECTION)
    interpreter = Runtime(name).open(detector.flatbuffer, (1, 32, 48, 12))
    interpreter.invoke()
    maps = {tuple(o["shape"].tolist()) for o in interpreter.get_output_details()}
    assert maps == {(1, 8, 12, 10), (1, 4, 6, 10), (1, 2, 3, 10)}


def test_an_unknown_name_is_refused_with_the_known_ones(flatbuffer):
    with pytest.raises(ConfigError, match="interpreter: 'tensorrt' is not one of ai-edge-litert"):
        Runtime("tensorrt").open(flatbuffer)


@pytest.mark.parametrize("name", [None, *PREFERRED])
def test_one_that_is_not_installed_is_said_with_how_to_install_it(flatbuffer, monkeypatch, name):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InterpreterError, match=f"pip install {name or 'ai-edge-litert'}"):
        Runtime(name).open(flatbuffer)


@pytest.mark.parametrize("threads", [0, -1, 65])
def test_threads_that_would_take_the_process_down_are_refused(threads):
    with pytest.raises(ConfigError, match=f"^threads: {threads} is not between 1 and 64"):
        Runtime(threads=threads)


def test_a_delegate_that_cannot_be_loaded_is_refused_by_name(flatbuffer, tmp_path):
    missing = tmp_path / "libnone.so"
    with pytest.raises(ConfigError, match=r"^delegate: .*libnone\.so: cannot be loaded"):
        Runtime(delegate=str(missing)).open(flatbuffer)
