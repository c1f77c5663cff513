"""Predict the emotions of many labelled faces with one classifier."""

from collections.abc import Callable

import numpy as np

from ..emotions.classifier import Classifier
from ..support.labels import EMOTIONS


def predict_all(
    classifier: Classifier,
    faces: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return the probabilities, float32 `[n, 7]`, of uint8 `[n, height, width]` faces."""
    scores = np.empty((len(faces), len(EMOTIONS)), np.float32)
    for done, face in enumerate(faces, 1):
        scores[done - 1] = classifier.classify(face)
        if progress and (done % 100 == 0 or done == len(faces)):
            progress(done, len(faces))
    return scores
