"""A Keras model as a classifier, for evaluation and for benchmarks against it."""

from pathlib import Path

import keras
import numpy as np

from edge.errors import ModelError
from edge.labels import EMOTIONS


def load_keras(path: Path) -> keras.Model:
    """Return the model in a `.keras` file, checked for gray faces in and seven scores out.

    Raises:
        ModelError: it is missing, damaged, or of another task.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file; train one with 'edge-emo train'")
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras raises whatever zipfile, h5py or a layer raised
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{path}: is no Keras model that can be read: {reason}") from error
    shape = tuple(model.input_shape)
    if len(shape) != 4 or shape[3] != 1 or None in shape[1:]:
        raise ModelError(
            f"{path}: takes input of shape {shape}; needed is [n, height, width, 1], gray"
        )
    if tuple(model.output_shape) != (None, len(EMOTIONS)):
        raise ModelError(
            f"{path}: gives output of shape {tuple(model.output_shape)}; needed are "
            f"{len(EMOTIONS)} scores: {', '.join(EMOTIONS)}"
        )
    return model


def predict(model: keras.Model, faces: np.ndarray) -> np.ndarray:
    """Return the probabilities, float32 `[n, 7]`, of uint8 `[n, height, width]` faces."""
    return model.predict(faces[..., None].astype("f4"), batch_size=256, verbose=0)
