"""The whole conversion: read, calibrate, quantize, package, measure, write."""

import json
import platform
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge import __version__
from edge.atomic import replacing
from edge.classifier import TFLiteClassifier
from edge.datasets import LabelledFaces, find_splits, load_split
from edge.evaluation import predict_all
from edge.labels import EMOTIONS
from edge.metrics import score
from edge.modelfile import TASK, read_model, write_model
from edge.progress import progress_bar

from .keras_model import load_keras, predict
from .quantize import to_float32, to_int8
from .representative import representative_faces

LICENSE = "Apache-2.0"


def convert(
    path: Path, data: Path, precision: str, output: Path, name: str | None, faces: int, seed: int
) -> dict[str, Any]:
    """Convert the Keras model at `path` and write `output`, whole or not at all.

    Args:
        data: the data set: its training split calibrates, its test split measures.
        precision: `int8` or `float32`.
        name: the model's name; None takes that of its architecture.
        faces: size of the representative dataset.
        seed: draws it.

    Returns:
        What the file says of itself (`model.json`).

    Raises:
        ModelError, DatasetError, ConversionError, OutputError.
    """
    model = load_keras(path)
    _, height, width, _ = model.input_shape
    first = "train" if "train" in find_splits(data) else None
    with progress_bar("reading faces to calibrate") as progress:
        calibration = load_split(data, first, (height, width), progress)
    sample = representative_faces(calibration, faces, seed)
    with progress_bar("reading faces to measure") as progress:
        test = load_split(data, None, (height, width), progress)
    if precision == "int8":
        with progress_bar("calibrating") as progress:
            flatbuffer = to_int8(model, sample, progress)
    else:
        flatbuffer = to_float32(model)
    about = {
        "name": name or model.name,
        "version": __version__,
        "task": TASK,
        "architecture": model.name,
        "precision": precision,
        "input": {
            "shape": [1, height, width, 1],
            "dtype": precision if precision == "int8" else "float32",
            "meaning": "gray face as cut out by the detector, pixels 0..255 as they are"
            + (" (int8 = uint8 - 128)" if precision == "int8" else ""),
        },
        "labels": list(EMOTIONS),
        "training": _training(path),
        "quantization": {"representative_faces": len(sample), "seed": seed},
        "license": LICENSE,
        "tools": _tools(),
    }
    # Measured on the file as the device would read it, before it gets its name.
    with replacing(output) as temporary:
        write_model(temporary, flatbuffer, about)
        about["evaluation"] = _evaluate(model, temporary, data, test)
        write_model(temporary, flatbuffer, about)
    return read_model(output).about


def _evaluate(model: keras.Model, path: Path, data: Path, faces: LabelledFaces) -> dict[str, Any]:
    converted = read_model(path)
    before = predict(model, faces.images).argmax(axis=1)
    with progress_bar("measuring") as progress:
        scores = predict_all(TFLiteClassifier(converted), faces.images, progress)
    after = scores.argmax(axis=1)
    return {
        "data": data.name,
        "split": faces.split,
        "keras": score(faces.labels, before).as_dict(),
        converted.precision: score(faces.labels, after).as_dict(),
        "agreement": round(float(np.mean(before == after)), 5),
    }


def _training(path: Path) -> dict[str, Any]:
    """Return what the training run beside the model says of it, if there is one."""
    try:
        report = json.loads((path.parent / "report.json").read_text())
    except (OSError, ValueError):
        return {}
    return {k: report[k] for k in ("data", "recipe", "epochs", "multiply_adds") if k in report}


def _tools() -> dict[str, str]:
    return {
        "edge-emo": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
    }
