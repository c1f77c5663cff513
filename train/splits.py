"""Which faces to learn from and which to measure on."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from edge.datasets import LabelledFaces, find_splits, load_split
from edge.errors import DatasetError

from .duplicates import keys

HELD_OUT = 0.1  # share of each emotion, where the data has no split of its own


def training_and_validation(
    data: Path, seed: int, progress: Callable[[str, int, int], None]
) -> tuple[LabelledFaces, LabelledFaces, str]:
    """Return the faces to learn from, the faces to measure on, and the latter's name.

    Measured on is the data set's `validation` split, else its `test` split, else a tenth of each
    emotion that is then not learnt from.

    Raises:
        DatasetError: the data cannot be read, or lacks a training split or an emotion.
    """
    splits = find_splits(data)
    first = "train" if "train" in splits else "all"
    if first not in splits:
        raise DatasetError(f"{data}: has no train/ folder to learn from")
    faces = load_split(data, first, progress=partial(progress, first))
    for held in ("validation", "test"):
        if held in splits:
            validation = load_split(data, held, progress=partial(progress, held))
            break
    else:
        held = "held-out"
        faces, validation = _hold_out(faces, seed)
    empty = [name for name, n in faces.counts().items() if n == 0]
    if empty:
        raise DatasetError(
            f"{data}: in {first} no face is {' or '.join(empty)}; all seven are needed"
        )
    return faces, validation, held


def _hold_out(faces: LabelledFaces, seed: int) -> tuple[LabelledFaces, LabelledFaces]:
    numbers: dict[bytes, int] = {}
    first = np.array([numbers.setdefault(key, len(numbers)) for key in keys(faces)])
    order = np.random.default_rng(seed).permutation(len(numbers))
    chosen = np.zeros(len(faces), bool)
    for label in np.unique(faces.labels):
        of_label = np.flatnonzero(faces.labels == label)
        of_label = of_label[np.argsort(order[first[of_label]], kind="stable")]
        chosen[of_label[: round(HELD_OUT * len(of_label))]] = True
    chosen = np.isin(first, first[chosen])  # all copies of a face on one side
    if not chosen.any():
        raise DatasetError("too few faces: ten of each emotion are the least to learn from")
    return faces.select(np.flatnonzero(~chosen)), faces.select(np.flatnonzero(chosen))
