"""Predict the emotions of many labelled faces, with a model of any kind that is registered."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..emotions.classifier import Classifier, TFLiteClassifier
from ..emotions.prior import corrected
from ..inference.model_file import read_model
from ..inference.runtime import Runtime
from ..support import registry
from ..support.errors import ConfigError
from ..support.labels import EMOTIONS

Progress = Callable[[int, int], None]  # called with (faces done, faces in all)


@dataclass(frozen=True)
class Conventions:
    """How a model from elsewhere was fed where it was trained, and in which order it answers.

    Attributes:
        input_range: what 0..255 became first: "0..1", "-1..1" or "0..255"; None: its graph scales.
        mean: what was then taken from each pixel: nothing, one number, or one for each channel.
        deviation: what was then divided by, likewise.
        channels: the order of a coloured face's channels, "rgb" or "bgr".
        labels: the order of its scores; None is that of `EMOTIONS`.
        per_image: each face was brought to mean 0 and deviation 1 by itself.
    """

    input_range: str | None = None
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    channels: str = "rgb"
    labels: tuple[str, ...] | None = None
    per_image: bool = False


class Predictor(Protocol):
    """A model that scores many faces at once.

    Attributes:
        input_size: height and width of a gray face; or height, width and 3 of one in RGB.
    """

    input_size: tuple[int, ...]

    def predict(self, faces: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """Return the probabilities, float32 `[n, 7]`, of uint8 faces, `[n, *input_size]`."""
        ...


def open_predictor(
    path: Path, runtime: Runtime | None = None, conventions: Conventions | None = None
) -> Predictor:
    """Return what scores faces with the model in a file, or in a SavedModel's folder.

    The file's suffix says by which entry point of the group `edge_emo.predictors`; one that is not
    registered is taken for a TFLite file.

    Args:
        runtime: what a TFLite model runs in.
        conventions: how any other model was trained.

    Raises:
        ModelError: the file is missing, damaged, or of another task.
        ConfigError: the conventions are not the model's.
    """
    suffix = "keras" if path.is_dir() else path.suffix.lower().removeprefix(".")
    name = suffix if suffix in registry.names(registry.PREDICTORS) else "tflite"
    open_model = registry.load(registry.PREDICTORS, name)
    predictor: Predictor = open_model(path, runtime or Runtime(), conventions or Conventions())
    return predictor


class TFLitePredictor:
    """A `.tflite` model file, one face after the other."""

    def __init__(
        self, path: Path, runtime: Runtime, conventions: Conventions | None = None
    ) -> None:
        """Load the model. Raises: ModelError, InterpreterError, ConfigError."""
        if conventions not in (None, Conventions()):
            raise ConfigError(
                f"{path.name}: a .tflite of edge-emo takes raw pixels and gives its scores in order; "
                "leave out --input-range, --mean, --deviation, --channels and the order of labels"
            )
        self._classifier = TFLiteClassifier(read_model(path), runtime)
        self.input_size = self._classifier.input_size

    def predict(self, faces: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        return predict_all(self._classifier, faces, progress)


class ExpectingPredictor:
    """A predictor whose answers are corrected for what the scene is expected to show."""

    def __init__(self, predictor: Predictor, factors: np.ndarray) -> None:
        """Take what `edge.emotions.prior.factors_of` returns."""
        self._predictor = predictor
        self._factors = factors
        self.input_size = predictor.input_size

    def predict(self, faces: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        return corrected(self._predictor.predict(faces, progress), self._factors)


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
