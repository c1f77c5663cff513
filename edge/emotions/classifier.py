"""Emotion scores of a face from a TFLite model."""

from typing import Protocol

import numpy as np

from ..inference.model_file import ModelFile
from ..inference.runtime import Runtime
from ..inference.trial import open_model
from ..support.errors import ModelError
from ..support.labels import EMOTIONS

# Of scores that are probabilities, but for what quantization rounds.
_LEAST_SUM, _MOST_SUM, _LEAST = 0.8, 1.2, -0.05
_NOTHING = 1e-3


class Classifier(Protocol):
    """Anything that scores faces.

    Attributes:
        input_size: height and width of a gray face; or height, width and 3 of one in RGB.
    """

    input_size: tuple[int, ...]

    def classify(self, face: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `[7]`, sum 1, of a uint8 face of `input_size`."""
        ...


def takes_color(classifier: Classifier) -> bool:
    """Return whether the faces it takes are in colour."""
    return len(classifier.input_size) == 3


class TFLiteClassifier:
    """A model file in an interpreter; faces go in as they are, for the scaling is in the graph."""

    def __init__(self, model: ModelFile, runtime: Runtime | None = None) -> None:
        """Load the model. Raises: ModelError, InterpreterError, ConfigError."""
        self._path, self._least = model.path, 0.0 if model.about.get("left_out") else _LEAST_SUM
        self._interpreter = open_model(model, runtime or Runtime())
        self.input_size = model.input_size
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._check(model)

    def classify(self, face: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `[7]`, sum 1, of a uint8 face of `input_size`.

        A gray face is repeated for a model that takes colour.
        """
        # Written straight into the interpreter's tensor; the views are dropped before `invoke`,
        # which refuses to run while one is held.
        tensor = self._interpreter.tensor(self._input["index"])()[0]
        if face.ndim == 2:
            face = face[:, :, None]
        if self._input["dtype"] is np.int8:
            np.bitwise_xor(face, 0x80, out=tensor.view(np.uint8))  # uint8 - 128, exactly
        else:
            tensor[...] = face
        del tensor
        self._interpreter.invoke()
        scores = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float32)
        if self._output["dtype"] is not np.float32:
            scale, zero_point = self._output["quantization"]
            scores = (scores - zero_point) * np.float32(scale)
        return self._shares(scores)

    def _shares(self, scores: np.ndarray) -> np.ndarray:
        """Return probabilities that sum to 1, of scores that should nearly do so."""
        total = float(scores.sum())
        if not self._least <= total <= _MOST_SUM or scores.min() < _LEAST:  # never true of NaN
            raise ModelError(
                f"{self._path}: gives scores that are not probabilities (least {scores.min():.3g}, sum "
                f"{total:.3g}); convert it again"
            )
        if total < _NOTHING:  # all went to what is left out: any of the seven is as likely
            return np.full(len(scores), 1 / len(scores), np.float32)
        return scores / np.float32(total)

    def _check(self, model: ModelFile) -> None:
        shape = [int(n) for n in self._input["shape"]]
        if shape != list(model.about["input"]["shape"]):
            raise ModelError(
                f"{model.path}: takes input of shape {shape}, but its model.json says "
                f"{model.about['input']['shape']}; convert it again"
            )
        dtype, quantization = self._input["dtype"], self._input["quantization"]
        fits = {
            np.float32: quantization == (0.0, 0),
            np.int8: quantization == (1.0, -128),
            np.uint8: quantization == (1.0, 0),
        }
        if not fits.get(dtype, False):
            raise ModelError(
                f"{model.path}: takes {np.dtype(dtype).name} input quantized by {quantization}; "
                "edge-emo feeds raw pixels (int8: scale 1, zero point -128); convert it again"
            )
        if list(self._output["shape"]) != [1, len(EMOTIONS)]:
            raise ModelError(
                f"{model.path}: gives scores of shape {list(self._output['shape'])}, "
                f"not [1, {len(EMOTIONS)}]: it is for another task"
            )
