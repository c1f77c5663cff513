"""The front door: light to import, typed, and its examples run."""

import doctest
import importlib
import json

import pytest

import edge_emo

DOCUMENTED = [
    "edge_emo",
    "edge_emo.testing",
    "edge_emo.workshop",
    "edge.live.recognizer",
    "edge.support.values",
]
LOADED = "import json, sys, edge_emo; print(json.dumps(sorted(sys.modules)))"
HEAVY = {"cv2", "numpy", "ai_edge_litert", "tflite_runtime", "tensorflow", "keras", "matplotlib"}


def test_importing_it_loads_neither_opencv_nor_an_interpreter(python_process):
    loaded = {name.partition(".")[0] for name in json.loads(python_process(LOADED).out)}
    assert "edge_emo" in loaded
    assert not loaded & HEAVY
    assert not loaded & {"train", "convert", "benchmarks", "click"}


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_examples_in_docstrings_are_right(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert not failed
    assert tried or name in ("edge_emo", "edge_emo.workshop")


def test_everything_it_exports_is_there_and_documented():
    for name in edge_emo.__all__:
        assert getattr(edge_emo, name).__doc__
