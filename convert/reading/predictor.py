"""Keras models for `edge-emo evaluate`, by the entry-point group `edge_emo.predictors`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.support.labels import EMOTIONS

if TYPE_CHECKING:
    from edge.evaluation.prediction import Conventions, Progress
    from edge.inference.runtime import Runtime

_TRIED = 500  # faces whose scores show whether a softmax is missing


class KerasPredictor:
    """A `.keras` or `.h5` file or a SavedModel's folder; TensorFlow is started when one is opened."""

    def __init__(
        self,
        path: Path,
        runtime: "Runtime | None" = None,
        conventions: "Conventions | None" = None,
    ) -> None:
        """Load the model; `runtime` is for TFLite models only.

        Raises:
            ModelError: it is damaged, or of another task.
            ConversionError: it does not scale its input, or the conventions are not its own.
        """
        from edge.evaluation.prediction import Conventions

        from .backend import start_tensorflow

        start_tensorflow()
        from .network import check_scaled, load_network, with_conventions

        conventions = conventions or Conventions()
        network = load_network(path, len(conventions.labels or EMOTIONS))
        check_scaled(network, conventions)
        self._network = with_conventions(network, conventions)
        self.input_size = network.face_shape

    def predict(self, faces: np.ndarray, progress: "Progress | None" = None) -> np.ndarray:
        """Return the probabilities, float32 `[n, 7]`, of uint8 faces, `[n, *input_size]`."""
        from .network import predict, with_probabilities

        self._network = with_probabilities(self._network, faces[:_TRIED])
        scores = predict(self._network, faces, progress)
        return scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-6)
