"""Sources, detectors and outputs are found by the names that setup.cfg declares."""

import pytest

from edge.faces import make_detector
from edge.outputs import output_class
from edge.support import registry
from edge.support.errors import ConfigError


def test_the_known_names_are_listed():
    assert {"camera", "demo", "images", "mock", "picamera", "video"} <= set(
        registry.names(registry.SOURCES)
    )
    assert "haar" in registry.names(registry.DETECTORS)
    assert {"jsonl", "picture", "record", "text", "window"} <= set(registry.names(registry.OUTPUTS))


def test_an_unknown_detector_or_output_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"detector: 'yolo' is not one of .*haar"):
        make_detector("yolo")
    with pytest.raises(ConfigError, match=r"output: 'printer' is not one of .*jsonl.*record"):
        output_class("printer")


def test_what_nothing_is_registered_for_is_a_key_error():
    with pytest.raises(KeyError):
        registry.load(registry.OUTPUTS, "printer")
