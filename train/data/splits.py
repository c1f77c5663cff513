"""Which faces to learn from and which to measure on."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from edge.evaluation.datasets import LabelledFaces, find_splits, load_split
from edge.support.errors import DatasetError

from .duplicates import face_keys

HELD_OUT = 0.1  # share of each emotion, where the data has no split of its own


def training_and_validation(
    data: Path, seed: int, progress: Callable[[str, int, int], None]
) -> tuple[LabelledFaces, LabelledFaces, str]:
    """Return the faces to learn from, the faces to measure on, and the latter's name.

    Measured on is the data set's `validation` split, else its `test` split, else a tenth of each
    emotion that is then not learnt from, nor any copy of those faces.

    Raises:
        DatasetError: the data cannot be read, or lacks a training split or an emotion.
        OutputError: the faces fit neither in the memory meant for them nor on the disk.
    """
    splits = find_splits(data)
    first = "train" if "train" in splits else "all"
    if first not in splits:
        raise DatasetError(f"{data}: has no training split to learn from")
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
            f"{splits[first].place}: no face is {' or '.join(empty)}; all seven are needed"
        )
    return faces, validation, held


def _hold_out(faces: LabelledFaces, seed: int) -> tuple[LabelledFaces, LabelledFaces]:
    """Hold out whole groups of identical faces: else a copy of a face measured on would be learnt."""
    _, first, group, size = np.unique(
        face_keys(faces.images), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.random.default_rng(seed).permutation(len(first))
    chosen = np.zeros(len(first), bool)
    for label in np.unique(faces.labels):
        of_label = order[faces.labels[first[order]] == label]
        sizes = size[of_label]
        before = np.cumsum(sizes) - sizes
        chosen[of_label[before < round(HELD_OUT * sizes.sum())]] = True
    held = chosen[group]
    if not held.any():
        raise DatasetError("too few faces: ten of each emotion are the least to learn from")
    validation = faces.select(np.flatnonzero(held))
    # What could not be read is reported once, with the faces to learn from.
    return faces.select(np.flatnonzero(~held)), replace(validation, skipped=(), notes=())
