"""FER+: ten people's votes on each face of FER-2013 (Barsoum et al. 2016, arXiv:1608.01041)."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import DatasetError
from ..labels import EMOTIONS
from .faces import LabelledFaces

VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"),
    *("contempt", "unknown", "NF"),
)
# The columns of the seven emotions, in our order.
_SEVEN = tuple(
    VOTES.index({"angry": "anger", "happy": "happiness", "sad": "sadness"}.get(name, name))
    for name in EMOTIONS
)


def distribution(votes: np.ndarray) -> np.ndarray:
    """Return the share of each emotion in the votes for the seven, float32 `[n, 7]`.

    Args:
        votes: int `[n, 10]`, columns as in `VOTES`. Contempt, unknown and no-face are left out; a
            row without a vote for one of the seven gives zeros.
    """
    seven = votes[:, _SEVEN].astype("f4")
    return seven / np.maximum(seven.sum(axis=1, keepdims=True), 1)


def majority(votes: np.ndarray) -> np.ndarray:
    """Return the emotion that more than half of all ten columns' votes name, int64 `[n]`, or -1."""
    seven = votes[:, _SEVEN]
    clear = seven.max(axis=1) * 2 > votes.sum(axis=1)
    return np.where(clear, seven.argmax(axis=1), -1)


def with_majority_labels(faces: LabelledFaces) -> LabelledFaces:
    """Return the faces that have a `majority`, labelled by it. Raises: DatasetError without votes."""
    if faces.votes is None:
        raise DatasetError(
            f"the {faces.split} faces have no FER+ votes; give fer2013.csv with fer2013new.csv "
            "beside it, or leave out --labels ferplus"
        )
    labels = majority(faces.votes)
    return replace(faces, labels=labels).select(np.flatnonzero(labels >= 0))


def read_votes(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the Usage and the votes, int64 `[n, 10]`, of each row of fer2013new.csv.

    Raises:
        DatasetError: the file is not that.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        usages = [row["Usage"].strip() for row in rows]
        votes = np.array([[int(row[name]) for name in VOTES] for row in rows], np.int64)
        return usages, votes.reshape(-1, len(VOTES))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: cannot be read as FER+ votes: {error!r}; expected Usage, Image name and "
            f"{', '.join(VOTES)}"
        ) from error
