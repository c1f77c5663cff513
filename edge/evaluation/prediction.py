"""Predict the emotions of many labelled faces, with a model of any kind that is registered."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from ..emotions.classifier import Classifier, TFLiteClassifier
from ..inference.model_file import read_model
from ..inference.runtime import Runtime
from ..support import registry
from ..support.labels import EMOTIONS

Progress = Callable[[int, int], None]  # called with (faces done, faces in all)


class Predictor(Protocol):
    """A model that scores many faces at once.

    Attributes:
        input_size: height and width of a gray face; or height, width and 3 of one in RGB.
    """

    input_size: tuple[int, ...]

    def predict(self, faces: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """Return the probabilities, float32 `[n, 7]`, of uint8 faces, `[n, *input_size]`."""
        ...


def open_predictor(path: Path, runtime: Runtime | None = None) -> Predictor:
    """Return what scores faces with the model in a file.

    The file's suffix says by which entry point of the group `edge_emo.predictors`; one that is not
    registered is taken for a TFLite file.

    Args:
        runtime: what a TFLite model runs in.

    Raises:
        ModelError: the file is missing, damaged, or of another task.
    """
    suffix = path.suffix.lower().removeprefix(".")
    name = suffix if suffix in registry.names(registry.PREDICTORS) else "tflite"
    predictor: Predictor = registry.load(registry.PREDICTORS, name)(path, runtime or Runtime())
    return predictor


class TFLitePredictor:
    """A `.tflite` model file, one face after the other."""

    def __init__(self, path: Path, runtime: Runtime) -> None:
        """Load the model. Raises: ModelError, InterpreterError, ConfigError."""
        self._classifier = TFLiteClassifier(read_model(path), runtime)
        self.input_size = self._classifier.input_size

    def predict(self, faces: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        return predict_all(self._classifier, faces, progress)


def predict_all(
    classifier: Classifier, faces: np.ndarray, progress: Progress | None = None
) -> np.ndarray:
    """Return the probabilities, float32 `[n, 7]`, of uint8 `[n, height, width]` faces."""
    scores = np.empty((len(faces), len(EMOTIONS)), np.float32)
    for done, face in enumerate(faces, 1):
        scores[done - 1] = classifier.classify(face)
        if progress and (done % 100 == 0 or done == len(faces)):
            progress(done, len(faces))
    return scores
