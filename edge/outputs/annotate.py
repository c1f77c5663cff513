"""Draw an observation into a picture: boxes, labels, score bars, frames per second."""

import time
from collections import deque

import cv2
import numpy as np

from ..support.boxes import Box
from ..support.labels import EMOTIONS, UNSURE
from ..support.values import Face, Observation

NO_FACES = "No Faces"  # the paper's own words
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# BGR, distinct also for people who cannot distinguish red from green (after Okabe and Ito, 2008).
COLORS = {
    "angry": (0, 94, 213),
    "disgust": (115, 158, 0),
    "fear": (167, 121, 204),
    "happy": (66, 228, 240),
    "neutral": (190, 190, 190),
    "sad": (178, 114, 0),
    "surprise": (0, 159, 230),
    UNSURE: (255, 255, 255),
}


class Rate:
    """Frames per second over the last second or so."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=30)

    def tick(self) -> float:
        """Count one frame and return the rate; 0 until there are two."""
        self._times.append(time.perf_counter())
        span = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / span if span else 0.0


def annotate(image: np.ndarray, observation: Observation, fps: float) -> np.ndarray:
    """Return a copy of the frame with the observation drawn in.

    Args:
        image: BGR uint8 `[height, width, 3]`, the full frame.
        fps: the rate to show; 0 shows none.
    """
    image = image.copy()
    unit = max(image.shape[0] / 720, 0.5)  # so that text keeps its size relative to the frame
    for face in observation.faces:
        if face.box is not None:
            _draw_face(image, face, face.box, unit)
    lines = [f"{fps:.0f} FPS"] if fps else []
    if not observation.faces:
        lines.append(NO_FACES)
    for row, line in enumerate(lines):
        _text(image, line, (round(12 * unit), round((32 + 34 * row) * unit)), unit, _WHITE, _BLACK)
    return image


def _draw_face(image: np.ndarray, face: Face, box: Box, unit: float) -> None:
    x, y, width, height = box
    color = COLORS[face.emotion]
    thick = max(2, round(3 * unit))
    cv2.rectangle(image, (x, y), (x + width, y + height), color, thick)
    label = f"{face.emotion} {face.confidence:.0%}"
    _text(image, label, (x, max(y - round(10 * unit), round(24 * unit))), unit, _BLACK, color)
    _draw_scores(image, face, box, unit)


def _draw_scores(image: np.ndarray, face: Face, box: Box, unit: float) -> None:
    x, y, width, _ = box
    row, length = round(17 * unit), round(90 * unit)
    left = x + width + round(8 * unit)
    if left + length > image.shape[1]:  # no room at the right: inside the box
        left = x + width - length - round(8 * unit)
    for place, name in enumerate(EMOTIONS):
        top = y + place * row
        bar = image[max(top, 0) : max(top + row - 2, 0), max(left, 0) : left + length]
        if not bar.size:
            continue
        bar[:] = bar // 3
        bar[:, : round(face.scores[name] * length)] = COLORS[name]
        at = (left + round(4 * unit), top + row - round(5 * unit))
        cv2.putText(
            image, name, at, _FONT, 0.42 * unit, _BLACK, max(1, round(3 * unit)), cv2.LINE_AA
        )
        cv2.putText(image, name, at, _FONT, 0.42 * unit, _WHITE, 1, cv2.LINE_AA)


def _text(
    image: np.ndarray,
    text: str,
    at: tuple[int, int],
    unit: float,
    color: tuple[int, int, int],
    ground: tuple[int, int, int],
) -> None:
    scale, thick = 0.75 * unit, max(1, round(2 * unit))
    (width, height), below = cv2.getTextSize(text, _FONT, scale, thick)
    x, y = at
    cv2.rectangle(image, (x, y - height - below), (x + width + 4, y + below), ground, -1)
    cv2.putText(image, text, (x + 2, y), _FONT, scale, color, thick, cv2.LINE_AA)
