"""Turn and mirror pictures of cameras that hang on their side or upside down."""

import cv2
import numpy as np

_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def turn(image: np.ndarray, degrees: int, mirror: bool = False) -> np.ndarray:
    """Return the picture turned clockwise, then mirrored; the same one if there is nothing to do.

    Args:
        image: uint8 `[h, w]` or `[h, w, 3]`.
        degrees: 0, 90, 180 or 270.
        mirror: swap left and right.
    """
    if degrees:
        image = cv2.rotate(image, _TURNS[degrees])
    return cv2.flip(image, 1) if mirror else image


def turned_size(size: tuple[int, int], degrees: int) -> tuple[int, int]:
    """Return width and height of a picture of `size` once it is turned."""
    return (size[1], size[0]) if degrees in (90, 270) else size
