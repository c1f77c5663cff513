"""The representative dataset: real faces, the same number of each emotion, from dark to bright."""

import numpy as np

from edge.datasets import LabelledFaces
from edge.errors import ConversionError

SIZE = 350  # 50 faces of each emotion


def representative_faces(faces: LabelledFaces, size: int = SIZE, seed: int = 1) -> np.ndarray:
    """Return a class-balanced sample for calibration, drawn with `seed`.

    Args:
        faces: what to draw from; best the faces that the model was trained on.
        size: how many faces in all; an emotion with fewer than its part gives all it has.

    Returns:
        uint8 `[n, height, width]`.

    Raises:
        ConversionError: the faces have only one emotion, or do not span 0..255: then the input's
            scale would not be 1 and `int8 = uint8 - 128` not exact.
    """
    present = np.unique(faces.labels)
    if len(present) < 2:
        raise ConversionError("the representative faces are all of one emotion; give all seven")
    rng = np.random.default_rng(seed)
    each = max(1, size // len(present))
    chosen = [rng.permutation(np.flatnonzero(faces.labels == label))[:each] for label in present]
    sample = faces.images[np.sort(np.concatenate(chosen))]
    darkest, brightest = int(sample.min()), int(sample.max())
    if (darkest, brightest) != (0, 255):
        raise ConversionError(
            f"the representative faces span {darkest}..{brightest}, not 0..255; give more faces, "
            "or other ones, with full black and full white among them"
        )
    return sample
