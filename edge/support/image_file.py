"""Read an image file of any kind that OpenCV knows."""

from pathlib import Path

import cv2
import numpy as np

from .quiet import quiet_stderr

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".pgm", ".tif", ".tiff"})


def read_image(path: Path | str) -> np.ndarray | None:
    """Return a uint8 gray `[height, width]` or BGR `[height, width, 3]` image, or None if unreadable.

    It is upright as the camera's EXIF note says; of an animation it is the first picture.
    """
    try:
        raw = np.fromfile(path, np.uint8)
        if not raw.size:
            return None
        with quiet_stderr():  # libpng and libjpeg tell what is wrong in their own words
            return cv2.imdecode(raw, cv2.IMREAD_ANYCOLOR)
    except (OSError, cv2.error):
        return None
