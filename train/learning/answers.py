"""What teachers answer for the views of faces: asked once, kept on disk, and learnt from as targets.

At temperature 1 a mix of a face's own target and its teachers' mean answer, as one target, is
distillation (Hinton et al. 2015, arXiv:1503.02531); patience needs many epochs of it (Beyer et al.
2022, arXiv:2106.05237), which a cache of answers makes cheap (Faghri et al. 2023, arXiv:2303.08983).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import find_model, read_model
from edge.support.atomic import cannot_write
from edge.support.errors import TrainingError
from edge.support.labels import EMOTIONS

from ..recipe import Recipe

Ask = Callable[[np.ndarray], np.ndarray]  # uint8 [b, height, width] -> probabilities [b, 7]

_DRAWING = 1  # raise it whenever the same seed would draw other views
_OF_ANSWERS = ("augment", "augment_strength", "roll", "camera", "views", "seed", "both_sides")


class Answers:
    """The teachers' mean answers in one float16 array on disk, `[views, faces, 7]`.

    A row of NaN has not been asked for yet. Rows are filled in as they are needed, so a training that
    was stopped, or another one of the same views and teachers, goes on with what is there.
    """

    def __init__(
        self,
        file: Path,
        teachers: Sequence[str],
        views: int,
        faces: int,
        both_sides: bool = False,
    ) -> None:
        """Open the array, or begin it.

        Args:
            both_sides: ask for a face's mirror image as well, and take the mean.

        Raises:
            TrainingError, ModelError, OutputError.
        """
        self._both_sides = both_sides
        self._teachers = [find_model(name) for name in teachers]
        self._threads = threading.local()
        self._shape = (views, faces, len(EMOTIONS))
        self._asked()  # say now what cannot be read
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                empty = np.full(self._shape, np.nan, np.float16)
                temporary = file.with_suffix(".new.npy")
                np.save(temporary, empty)
                temporary.replace(file)
            self._kept = np.lib.format.open_memmap(file, "r+")
        except OSError as error:
            raise cannot_write(file, error) from error
        except ValueError:
            raise TrainingError(f"{file}: is not an array of answers; remove it") from None
        if self._kept.shape != self._shape or self._kept.dtype != np.float16:
            raise TrainingError(f"{file}: holds other answers than wanted; remove it")

    def of(self, view: int, index: np.ndarray, faces: np.ndarray) -> np.ndarray:
        """Return the answers, float32 `[b, 7]`, for the faces at `index` in that view.

        Args:
            faces: those faces as drawn, uint8 `[b, height, width]`. May be called by many threads.
        """
        found = self._kept[view, index].astype(np.float32)
        missing = np.flatnonzero(np.isnan(found[:, 0]))
        if len(missing):
            sides = [faces[missing]]
            if self._both_sides:
                sides.append(np.ascontiguousarray(sides[0][:, :, ::-1]))
            answers = np.mean([ask(side) for ask in self._asked() for side in sides], axis=0)
            self._kept[view, index[missing]] = answers
            found[missing] = answers.astype(np.float16)
        return found / found.sum(axis=1, keepdims=True)

    def _asked(self) -> list[Ask]:
        """Return the teachers as this thread's own: an interpreter serves only one at a time."""
        if not hasattr(self._threads, "asked"):
            self._threads.asked = [_teacher(path) for path in self._teachers]
        return self._threads.asked


def answers_file(folder: Path, recipe: Recipe, faces_sha256: str) -> Path:
    """Return where the answers of the recipe's teachers for its views of these faces are kept.

    Raises:
        TrainingError: a teacher cannot be read.
    """
    try:
        teachers = [
            hashlib.sha256(find_model(name).read_bytes()).hexdigest() for name in names(recipe)
        ]
    except OSError as error:
        raise TrainingError(
            f"teacher: {error.filename}: cannot be read: {error.strerror}"
        ) from None
    of_answers = {name: value for name, value in asdict(recipe).items() if name in _OF_ANSWERS}
    key = json.dumps([_DRAWING, sorted(teachers), of_answers, faces_sha256], sort_keys=True)
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"


def names(recipe: Recipe) -> list[str]:
    """Return the recipe's teachers, files or names of shipped models."""
    return [name.strip() for name in recipe.teacher.split(",") if name.strip()]


def _teacher(path: Path) -> Ask:
    if path.suffix.lower() == ".tflite":
        classifier = TFLiteClassifier(read_model(path))
        if len(classifier.input_size) != 2:
            raise TrainingError(f"teacher: {path}: takes faces in colour; give one of gray faces")
        return lambda faces: predict_all(classifier, faces)
    import keras

    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(
            f"teacher: {path}: cannot be read as a Keras model: {str(error).splitlines()[0]}"
        ) from error
    return lambda faces: np.asarray(model(faces[..., None].astype("f4"), training=False))
