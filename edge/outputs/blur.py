"""Make faces in a picture unrecognisable, also a little before and after they are seen."""

import cv2
import numpy as np

from ..support.boxes import Box
from ..support.values import Observation

MARGIN = 0.35  # of the box, on every side: hair, chin and ears tell who it is too
CELLS = 6  # a face is left as so many squares across
AROUND_S = 0.6  # a face is covered so long before its first and after its last box


class Covering:
    """The boxes of the last moments, by when they were seen."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, Box]] = []

    def see(self, observation: Observation) -> None:
        """Remember the faces of the newest frame."""
        now_s = when(observation)
        self._seen = [(t, box) for t, box in self._seen if now_s - t <= 3 * AROUND_S]
        self._seen += [(now_s, face.box) for face in observation.faces]

    def cover(self, image: np.ndarray, observation: Observation) -> np.ndarray:
        """Return a copy of a frame with all faces covered that are known around its time.

        Args:
            image: BGR uint8 `[height, width, 3]`.
        """
        at_s = when(observation)
        image = image.copy()
        for seen_s, box in self._seen:
            if abs(seen_s - at_s) <= AROUND_S:
                _pixelate(image, box)
        return image


def when(observation: Observation) -> float:
    """Return a frame's place in time, seconds: of the media, or of the clock."""
    if observation.position_s is not None:
        return observation.position_s
    return observation.time.timestamp()


def _pixelate(image: np.ndarray, box: Box) -> None:
    x, y, width, height = box
    left, top = max(0, round(x - MARGIN * width)), max(0, round(y - MARGIN * height))
    right, bottom = round(x + (1 + MARGIN) * width), round(y + (1 + MARGIN) * height)
    part = image[top:bottom, left:right]
    if part.size:
        small = cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
