"""Faces that a data set holds more than once: FER-2013 has many, and they flatter a test."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.datasets import LabelledFaces


@dataclass(frozen=True)
class Duplicates:
    """What is there more than once, pixel by pixel.

    Attributes:
        across: faces to learn from that are among the faces to measure on too.
        across_other_label: those of them that have another label there.
        within: faces to learn from that repeat an earlier one of them.
        within_other_label: those of them that have another label.
        kept: int `[m]`, the faces to learn from that are not measured on.
    """

    across: int
    across_other_label: int
    within: int
    within_other_label: int
    kept: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain values for JSON."""
        return {name: value for name, value in vars(self).items() if name != "kept"}


def find_duplicates(faces: LabelledFaces, validation: LabelledFaces) -> Duplicates:
    """Compare the faces to learn from with each other and with those to measure on."""
    measured: dict[bytes, set[int]] = {}
    for key, label in zip(keys(validation), validation.labels.tolist(), strict=True):
        measured.setdefault(key, set()).add(label)
    across = across_other = within = within_other = 0
    kept: list[int] = []
    seen: dict[bytes, int] = {}
    for place, (key, label) in enumerate(zip(keys(faces), faces.labels.tolist(), strict=True)):
        if key in measured:
            across += 1
            across_other += label not in measured[key]
        else:
            kept.append(place)
        if key in seen:
            within += 1
            within_other += label != seen[key]
        else:
            seen[key] = label
    return Duplicates(across, across_other, within, within_other, np.array(kept, np.int64))


def keys(faces: LabelledFaces) -> list[bytes]:
    """Return for each face a key that equal pixels, and only they, have in common."""
    return [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in faces.images]
