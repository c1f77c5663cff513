"""Find faces that are the same, pixel for pixel: a face learnt and then measured on proves nothing."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from edge.evaluation.datasets import LabelledFaces


@dataclass(frozen=True)
class Duplicates:
    """Training faces that are there more than once; all index arrays are int64, ascending.

    Attributes:
        across: the training faces that are identical with a validation face.
        across_other_label: how many of those have a label that no such validation face has.
        within: the training faces that are identical with an earlier training face.
        within_other_label: how many of those are one of a group of identical training faces that
            are labelled with more than one emotion.
    """

    across: np.ndarray
    across_other_label: int
    within: np.ndarray
    within_other_label: int

    def counts(self) -> dict[str, int]:
        """Return how many faces each attribute stands for, as plain values for JSON."""
        return {
            "across": len(self.across),
            "across_other_label": self.across_other_label,
            "within": len(self.within),
            "within_other_label": self.within_other_label,
        }


def find_duplicates(training: LabelledFaces, validation: LabelledFaces) -> Duplicates:
    """Compare all faces of the two with one another.

    It takes 100 bytes of memory or so a face, wherever the pixels lie.
    """
    faces = len(training)
    keys = np.concatenate([face_keys(training.images), face_keys(validation.images)])
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    learnt, measured = group[:faces], group[faces:]

    across = np.flatnonzero(np.isin(learnt, measured))
    agreeing = np.isin(_with_label(learnt, training), _with_label(measured, validation))

    within = np.flatnonzero(first[learnt] != np.arange(faces))
    labels = np.zeros(len(first), np.int64)  # of each group, a bit for each emotion in training
    np.bitwise_or.at(labels, learnt, 1 << training.labels)
    several = labels & (labels - 1) != 0
    return Duplicates(
        across=across,
        across_other_label=int((~agreeing[across]).sum()),
        within=within,
        within_other_label=int(several[learnt[within]].sum()),
    )


def face_keys(images: np.ndarray) -> np.ndarray:
    """Return a number for each face that identical faces share, uint64 `[n]`.

    It is a hash: among ten million different faces, the odds that any two share one are 1 in 370,000.

    Args:
        images: uint8 `[n, height, width]`.
    """
    keys = np.empty(len(images), np.uint64)
    for place, image in enumerate(images):
        keys[place] = int.from_bytes(blake2b(image.tobytes(), digest_size=8).digest(), "little")
    return keys


def _with_label(group: np.ndarray, faces: LabelledFaces) -> np.ndarray:
    """Return a number for each face that only faces of the same group and label share."""
    return group * 8 + faces.labels
