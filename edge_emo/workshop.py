"""What is done with models away from the device: train one, convert it, measure it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edge.inference.runtime import Runtime

if TYPE_CHECKING:
    from convert.conversion import Conversion
    from edge.evaluation.evaluation import Evaluation
    from train.job import Training

StrPath = str | os.PathLike[str]


def train(
    data: StrPath,
    architecture: str = "edge-s",
    *,
    out: StrPath | None = None,
    recipe: str | None = None,
    labels: str | None = None,
    settings: Mapping[str, object] | None = None,
    drop_duplicates: bool = False,
    tiles: StrPath | None = None,
    devices: int | None = None,
) -> "Training":
    """Train a network on labelled faces; needs the extra `train`.

    Args:
        data: the data set's folder, or `fer2013.csv`.
        architecture: its name; `edge-emo train --list` lists them.
        out: the run's folder; `runs/ARCHITECTURE` if None.
        recipe: the hyperparameters' name; the architecture's own if None.
        labels: "fer", "ferplus" or "blend"; the recipe's if None.
        settings: hyperparameters to change, such as `{"epochs": 30}`.
        drop_duplicates: learn from no face that is in the test too.
        tiles: a folder of more faces to learn from, with room around them (`labels.csv`).
        devices: spread each batch over so many; all GPUs, or the CPU, if None.

    Returns:
        The finished training: `model` and `report` (files), `card` (accuracy, recall...).

    Raises:
        DatasetError, TrainingError, ConfigError, OutputError; ModuleNotFoundError without the extra.
    """
    from train.job import train_model

    return train_model(
        Path(data),
        architecture,
        out=None if out is None else Path(out),
        recipe=recipe,
        labels=labels,
        settings={name: str(value) for name, value in (settings or {}).items()},
        drop_duplicates=drop_duplicates,
        tiles=None if tiles is None else Path(tiles),
        devices=devices,
    )


def convert(
    model: StrPath,
    data: StrPath,
    *,
    output: StrPath | None = None,
    precision: str = "auto",
    name: str | None = None,
    version: str | None = None,
    license: str = "not stated",
    input_range: str | None = None,
    mean: tuple[float, ...] = (),
    deviation: tuple[float, ...] = (),
    channels: str = "rgb",
    labels: tuple[str, ...] | None = None,
    faces: int = 100,
    seed: int = 1,
    max_accuracy_drop: float = 0.5,
    report: StrPath | None = None,
) -> "Conversion":
    """Convert a Keras model to a self-describing `.tflite` file; needs the extra `convert`.

    Args:
        model: a `.keras` or `.h5` file, or a SavedModel's folder.
        data: the data set: its training split calibrates, its test split measures.
        output: the file; by default beside the model.
        precision: "auto", "int8", "int16x8", "float16", "dynamic", "float32" or "mixed".
        name: the model's name; that of the network if None.
        version: the model's version, which devices compare; edge-emo's if None.
        license: of the model.
        input_range: what the model was fed where it was trained, "0..1", "-1..1" or "0..255"; None
            if its graph scales raw pixels.
        mean, deviation: what was then taken from each pixel and divided by: nothing, one number, or
            one for each channel.
        channels: the order of a coloured face's channels, "rgb" or "bgr".
        labels: the order of its scores; that of `EMOTIONS` if None.
        faces: size of the representative data set.
        seed: draws it.
        max_accuracy_drop: percentage points of accuracy that a file may lose.
        report: the folder of the report; beside the file if None.

    Returns:
        What was written (`written`, `refused`) and the comparison (`report`).

    Raises:
        ModelError, DatasetError, ConversionError, OutputError; ModuleNotFoundError without the extra.
    """
    from convert.job import convert_model
    from edge.evaluation.prediction import Conventions

    return convert_model(
        Path(model),
        Path(data),
        None if output is None else Path(output),
        precisions=(precision,),
        name=name,
        version=version,
        license=license,
        conventions=Conventions(input_range, mean, deviation, channels, labels),
        faces=faces,
        seed=seed,
        max_drop=max_accuracy_drop,
        report=None if report is None else Path(report),
    )


def evaluate(
    model: StrPath | None,
    data: StrPath,
    *,
    split: str | None = None,
    labels: str = "fer",
    corruptions: bool = False,
    expect: str | None = None,
    runtime: Runtime | None = None,
) -> "Evaluation":
    """Measure a model on labelled faces.

    Args:
        model: a `.tflite` file or a shipped model's name; None is the default model. A `.keras` or
            `.h5` file needs the extra `convert`.
        data: the data set's folder, or `fer2013.csv`.
        split: "train", "test" or "validation"; by default the one kept for testing.
        labels: "fer", the set's labels, or "ferplus", what more than half of the FER+ votes say.
        corruptions: measure on corrupted faces, too.
        expect: correct the answers for how common each emotion is expected to be, as `Recognizer`
            does; None measures the model as it answers.
        runtime: what a TFLite model runs in.

    Returns:
        The evaluation: `card` (accuracy, recall, confusion matrix), `calibration_error`.

    Raises:
        ModelError, DatasetError, InterpreterError, ConfigError.
    """
    from edge.evaluation.evaluation import evaluate as measure

    name = None if model is None else os.fspath(model)
    return measure(name, Path(data), split, labels, corruptions, runtime, expect=expect)
