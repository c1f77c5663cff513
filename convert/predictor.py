"""Keras models for `edge-emo evaluate`, by the entry-point group `edge_emo.predictors`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edge.evaluation.prediction import Progress
    from edge.inference.runtime import Runtime


class KerasPredictor:
    """A `.keras` or `.h5` file; TensorFlow is started when one is opened."""

    def __init__(self, path: Path, runtime: "Runtime | None" = None) -> None:
        """Load the model; `runtime` is for TFLite models only. Raises: ModelError."""
        from .backend import start_tensorflow

        start_tensorflow()
        from .keras_model import face_shape, load_keras

        self._model = load_keras(path)
        self.input_size = face_shape(self._model)

    def predict(self, faces: np.ndarray, progress: "Progress | None" = None) -> np.ndarray:
        """Return the probabilities, float32 `[n, 7]`, of uint8 faces, `[n, *input_size]`."""
        from .keras_model import predict

        return predict(self._model, faces)
