"""Cut a face out of a frame and bring it to the model's input size, with no needless copy.

The device and the data set readers both call `crop_face`, so a face is reduced in the same way
in training, in evaluation and live.
"""

import math

import cv2
import numpy as np

from ..support.boxes import Box
from .detector import Eyes

LEANS = 12  # degrees from which on a face is turned upright


def crop_face(image: np.ndarray, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """Return the face in `box` as a model takes it.

    Args:
        image: uint8, gray `[height, width]` or BGR `[height, width, 3]`.
        box: x, y, width, height in pixels of `image`; what lies outside the frame is left out.
        shape: as for `fit`.

    Returns:
        uint8 of `shape`, 0..255.
    """
    x, y, width, height = box
    return fit(image[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)], shape)


def crop_upright(
    image: np.ndarray, box: Box, eyes: Eyes | None, shape: tuple[int, ...]
) -> np.ndarray:
    """Return the face in `box` as a model takes it, turned upright if the head leans far.

    Args:
        image, box, shape: as for `crop_face`.
        eyes: the person's right and left eye, pixels of `image`; None where they are not known.
    """
    angle = roll(eyes)
    if abs(angle) < LEANS:
        return crop_face(image, box, shape)
    x, y, width, height = box
    # Reduced first, by averaging, then turned: the other way round every pixel would be turned.
    pixels = max(shape[:2])
    scale = min(1.0, 2 * pixels / max(width, height))
    around = round(0.25 * max(width, height))
    left, top = max(0, x - around), max(0, y - around)
    region = image[top : max(0, y + height + around), left : max(0, x + width + around)]
    size = max(1, round(region.shape[1] * scale)), max(1, round(region.shape[0] * scale))
    region = cv2.resize(region, size, interpolation=cv2.INTER_AREA)
    middle = ((x + width / 2 - left) * scale - 0.5, (y + height / 2 - top) * scale - 0.5)
    side = scale * (width + height) / 2
    matrix = cv2.getRotationMatrix2D(middle, angle, pixels / side)
    matrix[:, 2] += np.subtract((pixels - 1) / 2, middle)
    turned = cv2.warpAffine(
        region, matrix, (pixels, pixels), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return fit(turned, shape)


def roll(eyes: Eyes | None) -> float:
    """Return how far a head leans, degrees, clockwise as it is seen; 0 where that is not known."""
    if eyes is None:
        return 0.0
    (right_x, right_y), (left_x, left_y) = eyes
    return math.degrees(math.atan2(left_y - right_y, left_x - right_x))


def fit(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an image as a model takes it: at its size, gray or in colour.

    Args:
        image: uint8, gray `[h, w]`, BGR `[h, w, 3]` or BGRA `[h, w, 4]`.
        shape: height and width of a gray face; or height, width and 3 of one in colour.

    Returns:
        uint8 of `shape`; in colour as R, G, B, where a gray image is repeated.
    """
    if len(shape) == 2:
        return resize(to_gray(image), shape)
    if image.ndim == 2 or image.shape[2] == 1:
        return np.repeat(resize(to_gray(image), shape[:2])[:, :, None], 3, axis=2)
    return np.ascontiguousarray(resize(image, shape[:2])[:, :, 2::-1])


def resize(image: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return `image` at `size` (height, width): area averaging to shrink, bilinear to enlarge."""
    if image.shape[:2] == tuple(size):
        return image
    shrinks = image.shape[0] >= size[0]
    return cv2.resize(
        image, (size[1], size[0]), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def to_gray(image: np.ndarray) -> np.ndarray:
    """Return uint8 `[height, width]` from a gray, BGR or BGRA uint8 image."""
    if image.ndim == 2:
        return image
    if image.shape[2] == 1:
        return image[:, :, 0]
    code = cv2.COLOR_BGRA2GRAY if image.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return cv2.cvtColor(image, code)
