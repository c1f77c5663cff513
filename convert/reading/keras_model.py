"""A Keras model as a classifier: read from its file, checked, asked for scores."""

from pathlib import Path

import keras
import numpy as np

from edge.inference.model_file import MAX_SIDE, MIN_SIDE
from edge.support.errors import ModelError
from edge.support.labels import EMOTIONS

from .untrusted import check_keras_file

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")


def load_keras(path: Path, scores: int = len(EMOTIONS)) -> keras.Model:
    """Return the model in a `.keras` or `.h5` file, checked for a face in and its scores out.

    Args:
        scores: how many it gives.

    Raises:
        ModelError: it is missing, damaged, or of another task.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file; train one with 'edge-emo train'")
    check_keras_file(path)
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras raises whatever zipfile, h5py or a layer raised
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{path}: is not a Keras model that Keras {keras.__version__} can read: {reason}; one of an "
            "older Keras can be saved there as a SavedModel, model.save(FOLDER), and the folder converted"
        ) from error
    check_shapes(path, model.input_shape, model.output_shape, scores)
    for (
        layer
    ) in model._flatten_layers():  # a network trained in mixed precision is meant in float32
        if layer.compute_dtype != "float32" and layer.variable_dtype == "float32":
            layer.dtype_policy = keras.DTypePolicy("float32")
    return model


def check_shapes(path: Path, taken: object, given: object, scores: int = len(EMOTIONS)) -> None:
    """Refuse a model that does not take one face and give its scores.

    Args:
        taken: its input's shape; a list of them where it has several inputs.
        given: its output's, likewise.
        scores: how many scores are expected.

    Raises:
        ModelError: they do not fit.
    """
    wanted = f"[n, height, width, 1 or 3], of {MIN_SIDE} to {MAX_SIDE} pixels"
    if not isinstance(taken, tuple) or not all(n is None or isinstance(n, int) for n in taken):
        raise ModelError(f"{path}: takes several inputs ({taken}); needed is one, {wanted}")
    if len(taken) == 4 and None in taken[1:3]:
        raise ModelError(
            f"{path}: takes input of shape {taken}: its height and width are open; save it with "
            "fixed ones, such as keras.Input((48, 48, 1))"
        )
    fits = len(taken) == 4 and taken[3] in (1, 3) and taken[0] in (None, 1)
    if not fits or not all(MIN_SIDE <= n <= MAX_SIDE for n in taken[1:3]):
        raise ModelError(f"{path}: takes input of shape {taken}; needed is {wanted}")
    if not isinstance(given, tuple) or len(given) != 2 or given[1] != scores:
        raise ModelError(
            f"{path}: gives output of shape {given}; needed are {scores} scores, [n, {scores}]: "
            f"{', '.join(EMOTIONS)}; where it gives others, name each in its order with --labels, and "
            "with '-' what is none of these"
        )


def face_shape(model: keras.Model) -> tuple[int, ...]:
    """Return height and width of the gray face that the model takes; or height, width and 3, RGB."""
    _, height, width, channels = model.input_shape
    return (height, width) if channels == 1 else (height, width, channels)


def predict(model: keras.Model, faces: np.ndarray) -> np.ndarray:
    """Return the probabilities, float32 `[n, 7]`, of uint8 faces, `[n, *face_shape(model)]`."""
    parts = [faces[i : i + 1024] for i in range(0, len(faces), 1024)]  # as floats they are large
    return np.concatenate(
        [
            model.predict(
                (part[..., None] if part.ndim == 3 else part).astype("f4"),
                batch_size=256,
                verbose=0,
            )
            for part in parts
        ]
    )
