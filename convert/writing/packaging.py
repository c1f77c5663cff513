"""What a model file says of itself, in `model.json` and in the official TFLite Metadata."""

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from edge import __version__
from edge.inference.model_file import TASK, ModelFile
from edge.support.labels import EMOTIONS
from edge.support.machine import version_of

from ..inputs import Inputs
from ..options import MIXED, ConversionOptions
from .quantize import CALIBRATED
from .tflite_metadata import add_metadata

DESCRIPTION = (
    "Facial expression of one face: scores of seven emotions. An expression is not a feeling; not for "
    "decisions about people."
)


def describe(
    options: ConversionOptions, inputs: Inputs, precision: str, flatbuffer: bytes
) -> ModelFile:
    """Return the model with all that can be said of it before it is measured."""
    network = inputs.network
    name = options.name or network.name
    height, width, channels = network.shape
    int8 = precision == "int8"
    face = "gray face" if channels == 1 else "face in colour (R, G, B)"
    about: dict[str, Any] = {
        "name": name,
        "version": options.version or __version__,
        "task": TASK,
        "architecture": network.name,
        "precision": precision,
        "input": {
            "shape": [1, height, width, channels],
            "dtype": "int8" if int8 else "float32",
            "meaning": f"{face} as cut out by the detector, pixels 0..255 as they are"
            + (" (int8 = uint8 - 128)" if int8 else ""),
        },
        "labels": list(EMOTIONS),
        **({"left_out": list(network.left_out)} if network.left_out else {}),
        "training": _training(options.model, 2 if options.mirror else 1),
        "source": {
            "file": options.model.name,
            **_hash(options.model),
            "changes": list(network.changes),
        },
        "quantization": inputs.sample.record() if precision in (*CALIBRATED, MIXED) else {},
        "license": options.license,
        "tools": tools(),
    }
    whole = add_metadata(flatbuffer, name, DESCRIPTION, about["version"], options.license)
    return ModelFile(options.target(precision), whole, about)


def _training(path: Path, times: int) -> dict[str, Any]:
    """Return what the training run beside the model says of it, if there is one.

    Args:
        times: how often the graph computes the network for one face.
    """
    try:
        report = json.loads((path.parent / "report.json").read_text())
    except (OSError, ValueError):
        return {}
    found = {k: report[k] for k in ("data", "recipe", "epochs", "multiply_adds") if k in report}
    if "multiply_adds" in found:
        found["multiply_adds"] *= times
    return found


def _hash(path: Path) -> dict[str, str]:
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()} if path.is_file() else {}


def tools() -> dict[str, str]:
    """Return the versions of what makes a model file."""
    return {
        "edge-emo": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "flatbuffers": version_of("flatbuffers"),
        "python": platform.python_version(),
    }
