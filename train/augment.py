"""Changes that a camera, a pose or a detector makes to a face without changing its emotion."""

import cv2
import numpy as np

MAX_ROTATION = 15.0  # degrees
MAX_SHIFT = 0.1  # of the side
SCALE = (0.85, 1.15)
CONTRAST = (0.7, 1.3)
MAX_BRIGHTNESS = 30.0  # gray levels
COVERED = (0.15, 0.45)  # side of the covered rectangle, as shares of the face's
COVER_CHANCE = 0.5


def augment_face(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a changed copy: mirrored, turned, scaled, shifted, brighter or darker, part covered.

    Args:
        face: uint8 `[height, width]`.
        rng: the only source of chance.

    Returns:
        uint8 of the same shape.
    """
    height, width = face.shape
    u = rng.uniform(-1, 1, 6)
    scale = SCALE[0] + (u[0] + 1) / 2 * (SCALE[1] - SCALE[0])
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, float(u[1]) * MAX_ROTATION, float(scale))
    matrix[:, 2] += u[2] * MAX_SHIFT * width, u[3] * MAX_SHIFT * height
    if rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1.0]])
    warped = cv2.warpAffine(face, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    contrast = CONTRAST[0] + (u[4] + 1) / 2 * (CONTRAST[1] - CONTRAST[0])
    mean = float(warped.mean())
    lit = cv2.addWeighted(
        warped, contrast, warped, 0, (1 - contrast) * mean + u[5] * MAX_BRIGHTNESS
    )
    if rng.random() < COVER_CHANCE:
        _cover(lit, rng)
    return lit


def _cover(face: np.ndarray, rng: np.random.Generator) -> None:
    """Put a gray rectangle somewhere, as a hand or hair would (random erasing, Zhong et al. 2020)."""
    height, width = face.shape
    h, w = (rng.uniform(*COVERED, 2) * (height, width)).astype(int)
    y, x = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
    face[y : y + h, x : x + w] = rng.integers(0, 256)
