"""OpenCV's Haar cascade for frontal faces, searched at the scale where the smallest face fits it."""

from pathlib import Path

import cv2
import numpy as np

from ..crop import Box
from ..errors import DetectorError

CASCADE = "haarcascade_frontalface_default.xml"
WINDOW = 24  # pixels: the cascade was trained on faces of this size
_SYSTEM_FOLDERS = (
    "/usr/share/opencv4/haarcascades",  # Debian, Raspberry Pi OS: package opencv-data
    "/usr/local/share/opencv4/haarcascades",
    "/opt/homebrew/share/opencv4/haarcascades",
)


class HaarDetector:
    """Viola and Jones' boosted cascade (CVPR 2001), as the paper uses it, at a fraction of the cost.

    The picture is first reduced so that the smallest face wanted is as large as the cascade's
    window: smaller ones cannot be found in any case, and the work falls with the square.
    """

    def __init__(
        self, min_face: float = 0.1, scale_factor: float = 1.1, min_neighbors: int = 6
    ) -> None:
        self._min_face = min_face
        self._scale_factor = scale_factor
        self._min_neighbors = min_neighbors
        path = find_cascade()
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise DetectorError(f"{path}: is no cascade; reinstall OpenCV")

    def detect(self, gray: np.ndarray) -> list[Box]:
        """Return the faces' boxes in pixels of uint8 `[h, w]` `gray`, left to right."""
        height, width = gray.shape
        scale = min(1.0, WINDOW / (self._min_face * height))
        small = gray
        if scale < 1:
            size = (round(width * scale), round(height * scale))
            small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        least = max(WINDOW, round(self._min_face * small.shape[0]))
        found = self._cascade.detectMultiScale(
            small,
            scaleFactor=self._scale_factor,
            minNeighbors=self._min_neighbors,
            minSize=(least, least),
        )
        back = height / small.shape[0]
        return sorted(tuple(round(float(v) * back) for v in box) for box in found)


def find_cascade() -> Path:
    """Return the cascade file: the pip package's, else the system's.

    Raises:
        DetectorError: neither is there, or this OpenCV has no cascades any more (5.x).
    """
    if not hasattr(cv2, "CascadeClassifier"):
        raise DetectorError(
            f"OpenCV {cv2.__version__} has no CascadeClassifier; install 'opencv-python>=4.8,<5'"
        )
    data = getattr(cv2, "data", None)  # only the pip package has it
    folders = [data.haarcascades] if data else []
    for folder in (*folders, *_SYSTEM_FOLDERS):
        if (path := Path(folder) / CASCADE).is_file():
            return path
    raise DetectorError(
        f"{CASCADE} is nowhere; on Debian or Raspberry Pi OS run 'sudo apt install opencv-data', "
        "elsewhere reinstall opencv-python"
    )
