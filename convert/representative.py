"""The representative dataset: real faces, as many of each emotion, in a camera's light and noise."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from edge.evaluation.corruptions import CORRUPTIONS, STRENGTHS
from edge.evaluation.datasets import LabelledFaces
from edge.support.errors import ConversionError

SIZE = 100  # docs/conversion.md measures why: more widen the ranges to what is rare
# What cameras do to light, contrast and grain; every second face is seen so, at any strength. Noise
# widens the ranges of some layers: not calibrated with it, they saturate (docs/conversion.md).
LIGHT = ("dark", "overexposed", "flat", "backlit", "noisy")
LEAST_CONTRAST = 16  # gray levels between a face's darkest and brightest pixel; below, it is blank


@dataclass(frozen=True)
class Representative:
    """Faces to calibrate with; iterating gives them one by one, the same ones every time.

    Attributes:
        faces: as they were read.
        seed: draws their light.
        lit: every second one in another light; if not, all as they are.
    """

    faces: LabelledFaces
    seed: int
    lit: bool = True

    def __len__(self) -> int:
        return len(self.faces)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield uint8 `[height, width]` or `[height, width, 3]` faces; the first spans 0..255."""
        for place, face in enumerate(self.faces.images):
            if place == 0:
                # So the input's scale is 1 and its zero point -128, and `int8 = uint8 - 128` exact.
                yield cv2.normalize(face, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
            elif place % 2 and self.lit:
                rng = np.random.default_rng((self.seed, place))
                yield CORRUPTIONS[rng.choice(LIGHT)](face, int(rng.choice(STRENGTHS)), rng)
            else:
                yield face

    def record(self) -> dict[str, Any]:
        """Return what a model file says about them: how many, which, and the hash of their pixels."""
        digest = hashlib.sha256()
        for face in self:
            digest.update(face.tobytes())
        return {
            "representative_faces": len(self),
            "seed": self.seed,
            "lit_as_by_cameras": self.lit,
            "sha256": digest.hexdigest(),
            "names": list(self.faces.names),
        }


def representative_faces(
    faces: LabelledFaces, size: int = SIZE, seed: int = 1, lit: bool = True
) -> Representative:
    """Return a class-balanced sample for calibration, drawn with `seed`.

    Args:
        faces: what to draw from; best the faces that the model was trained on.
        size: how many faces in all; an emotion with fewer than its part gives all it has.
        lit: see every second face in another light.

    Raises:
        ConversionError: the faces have only one emotion, or are blank.
    """
    present = np.unique(faces.labels)
    if len(present) < 2:
        raise ConversionError("the representative faces are all of one emotion; give all seven")
    rng = np.random.default_rng(seed)
    each = max(1, size // len(present))
    chosen = [rng.permutation(np.flatnonzero(faces.labels == label))[:each] for label in present]
    index = np.concatenate(chosen)
    contrast = np.array([int(face.max()) - int(face.min()) for face in faces.images[index]])
    blank = int((contrast < LEAST_CONTRAST).sum())
    if 2 * blank > len(index):
        raise ConversionError(
            f"{blank} of {len(index)} representative faces are blank, all black or all of one gray: "
            "quantization would learn nothing from them; give real faces, with pixels 0..255"
        )
    # That of most contrast goes first: it is stretched to 0..255, which changes it least.
    first = int(contrast.argmax())
    order = [first, *(i for i in range(len(index)) if i != first)]
    return Representative(faces.select(index[order]), seed, lit)
