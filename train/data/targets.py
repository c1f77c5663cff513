"""What the network should answer for each face, and how much each face counts."""

import numpy as np

from edge.evaluation.datasets import LabelledFaces
from edge.evaluation.datasets.ferplus import distribution
from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS

from ..recipe import Recipe


def targets(faces: LabelledFaces, recipe: Recipe) -> np.ndarray:
    """Return the probabilities to learn, float32 `[n, 7]`, each row summing to 1.

    With `labels` fer the set's own label; with ferplus the share of each emotion in the FER+ votes,
    the label where nobody voted for one of the seven; with blend the mean of both. Then
    `label_smoothing` is spread over all seven.

    Raises:
        DatasetError: FER+ votes are asked for and the set has none.
    """
    target = one_hot(faces.labels)
    if recipe.labels != "fer":
        if faces.votes is None:
            raise DatasetError(
                f"labels: '{recipe.labels}' needs FER+ votes; give fer2013.csv with "
                "fer2013new.csv beside it, or train with --labels fer"
            )
        votes = distribution(faces.votes)
        votes = np.where(votes.sum(axis=1, keepdims=True) > 0, votes, target)
        target = votes if recipe.labels == "ferplus" else (target + votes) / 2
    smoothing = recipe.label_smoothing
    return ((1 - smoothing) * target + smoothing / len(EMOTIONS)).astype("f4")


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return int `[n]` labels as the losses take them: float32 `[n, 7]`, a single 1 in each row."""
    return np.eye(len(EMOTIONS), dtype="f4")[labels]


def face_weights(target: np.ndarray, balance: float) -> np.ndarray:
    """Return the loss weight of each face, float32 `[n]`, with mean 1.

    A face weighs as its emotions do, each in its share of the target; an emotion weighs
    (1 / its share of all faces) ** `balance`.

    Args:
        target: float `[n, 7]`.
        balance: 0 leaves all faces equal, 1 gives every emotion the same weight in all.
    """
    share = target.mean(axis=0)
    emotion = np.where(share > 0, np.maximum(share, 1e-9) ** -balance, 0)
    weights = target @ emotion
    return (weights / weights.mean()).astype("f4")
