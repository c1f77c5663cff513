"""Cut a face out of a gray frame and bring it to the model's input size, with no needless copy.

The device and the data set readers both call `crop_face`, so a face is reduced in the same way
in training, in evaluation and live.
"""

import cv2
import numpy as np

from .boxes import Box


def crop_face(gray: np.ndarray, box: Box, size: tuple[int, int]) -> np.ndarray:
    """Return the face in `box`, resized.

    Args:
        gray: uint8 `[height, width]`.
        box: x, y, width, height in pixels of `gray`; what lies outside the frame is left out.
        size: height and width of the result.

    Returns:
        uint8 `[size[0], size[1]]`, 0..255.
    """
    x, y, width, height = box
    face = gray[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
    return resize_gray(face, size)


def resize_gray(gray: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return `gray` at `size` (height, width): area averaging to shrink, bilinear to enlarge."""
    if gray.shape == tuple(size):
        return gray
    shrinks = gray.shape[0] >= size[0]
    return cv2.resize(
        gray, (size[1], size[0]), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def to_gray(image: np.ndarray) -> np.ndarray:
    """Return uint8 `[height, width]` from a gray, BGR or BGRA uint8 image."""
    if image.ndim == 2:
        return image
    if image.shape[2] == 1:
        return image[:, :, 0]
    code = cv2.COLOR_BGRA2GRAY if image.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return cv2.cvtColor(image, code)
