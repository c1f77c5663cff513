"""The systems that need TensorFlow: float32 conversions, the full model, the paper's loop."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from convert.reading.keras_model import face_shape, load_keras
from convert.reading.network import Network, as_input, from_keras
from convert.representative import Representative
from convert.writing.quantize import to_tflite
from edge.evaluation.datasets import LabelledFaces
from edge.inference.model_file import TASK, ModelFile, read_model, write_model
from edge.support.errors import ConfigError, ModelError
from edge.support.labels import EMOTIONS
from train.architectures import paper_c

from ..clip import Picture
from ..timing import Glance, System
from .paper_loop import PaperLoop
from .pipelines import PAPER_CALL, PAPER_INT8, PAPER_LOOP, PAPER_PREDICT, PAPER_TFLITE, Pipelines

UNTRAINED = (
    "paper-c's weights are untrained (there is no models/paper-c.keras; name one with "
    "--paper-keras): its speed does not depend on them, its emotions would mean nothing"
)


def float_twins(
    names: dict[str, str], original: Path, model: ModelFile, pipelines: Pipelines
) -> tuple[System, ...]:
    """Return the pipeline with `original`, the network of `model`, in other precisions.

    Args:
        names: of the systems, by precision.

    Raises:
        ModelError, ConversionError.
        ConfigError: `original` is another network.
    """
    network = load_keras(original)
    architecture = model.about.get("architecture", network.name)
    if network.name != architecture or face_shape(network) != model.input_size:
        raise ConfigError(
            f"keras: {original} is '{network.name}', but {model.path.name} is '{architecture}'; "
            "name the Keras model that it was converted from"
        )
    return tuple(
        pipelines.tflite(name, *_converted(network, model.name, precision))
        for precision, name in names.items()
    )


def paper_systems(
    path: Path | None, pipelines: Pipelines
) -> tuple[tuple[System, ...], tuple[str, ...]]:
    """Return all that run the paper's Model C, and what to know of them.

    Args:
        path: its trained weights; None takes fresh ones.

    Raises:
        ModelError, ConversionError, DetectorError.
    """
    model = _model_c(path) if path else paper_c()
    size = _saved_size(model)
    pipeline = "this pipeline, the full Keras Model C"
    systems = (
        pipelines.tflite(PAPER_INT8, *_converted(model, "paper-c", "int8")),
        pipelines.tflite(PAPER_TFLITE, *_converted(model, "paper-c", "float32")),
        pipelines.pipeline(PAPER_PREDICT, f"{pipeline} by model.predict", size, ByPredict(model)),
        pipelines.pipeline(PAPER_CALL, f"{pipeline} by a compiled call", size, ByCall(model)),
        _paper_loop(model, size),
    )
    return systems, () if path else (UNTRAINED,)


class ByPredict:
    """A Keras model asked by `model.predict`, a face a call, as the paper does."""

    def __init__(self, model: keras.Model) -> None:
        self.input_size = face_shape(model)
        self._model = model

    def classify(self, face: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `[7]`, of a uint8 face of `input_size`."""
        return self._model.predict(as_input(face[None]), verbose=0)[0]


class ByCall:
    """A Keras model as a compiled TensorFlow function: the same sums, no overhead of `predict`."""

    def __init__(self, model: keras.Model) -> None:
        self.input_size = face_shape(model)
        signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)

        @tf.function(input_signature=[signature])
        def scores(faces: tf.Tensor) -> tf.Tensor:
            return model(faces, training=False)

        self._scores = scores

    def classify(self, face: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `[7]`, of a uint8 face of `input_size`."""
        return self._scores(tf.constant(as_input(face[None]))).numpy()[0]


def _paper_loop(model: keras.Model, size: int) -> System:
    # The paper divides by 255 in its loop, our Model C in its first layer: not both.
    classifier = keras.Model(model.layers[1].output, model.output)
    loop = PaperLoop(classifier)
    classifier.predict(np.zeros((1, 48, 48, 1)), verbose=0)  # builds its function

    def begin() -> Callable[[Picture], Glance]:
        return lambda picture: Glance(len(loop(picture.image)), {})

    return System(PAPER_LOOP, "the paper's Fig. 15 as printed, Model C", size, begin)


def _model_c(path: Path) -> keras.Model:
    model = load_keras(path)
    wanted = paper_c()
    kinds = [type(layer) for layer in model.layers]
    if model.count_params() != wanted.count_params() or kinds != [type(x) for x in wanted.layers]:
        raise ModelError(
            f"{path}: is not the paper's Model C but '{model.name}' of {model.count_params()} "
            "parameters; train one with 'edge-emo train --arch paper-c'"
        )
    return model


def _converted(model: keras.Model, name: str, precision: str) -> tuple[ModelFile, int]:
    """Return the model as TFLite, and the size of its file, bytes."""
    about = {
        "name": name,
        "task": TASK,
        "precision": precision,
        "input": {
            "shape": [1, *model.input_shape[1:]],
            "dtype": "int8" if precision == "int8" else "float32",
        },
        "labels": list(EMOTIONS),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}-{precision}.tflite")
        network = from_keras(model, path)
        write_model(path, to_tflite(network, precision, _noise(network)), about)
        return read_model(path), path.stat().st_size


def _noise(network: Network) -> Representative:
    """Return noise to calibrate with: speed does not depend on the scales, emotions are not used."""
    number = 32
    noise = np.random.default_rng(1).integers(0, 256, (number, *network.face_shape), np.uint8)
    labels, names = np.zeros(number, np.int64), ("noise",) * number
    return Representative(LabelledFaces("noise", noise, labels, names), seed=1, lit=False)


def _saved_size(model: keras.Model) -> int:
    """Return the size of the model's `.keras` file, bytes, without an optimizer's state."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        return path.stat().st_size
