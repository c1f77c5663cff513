"""Detect a camera that still gives pictures, but always the same one or only black ones."""

import time
import zlib

import cv2
import numpy as np

LOOK_EVERY_S = 0.5
# Noise keeps a sensor in a dark room above these; YUV's black is 16.
BLACK_MEAN, BLACK_SPREAD = 20.0, 2.0


class FrozenPicture:
    """Looks at a picture now and then, and says what has been wrong with all of them for long.

    A working sensor never gives the same picture twice: its noise differs.

    Attributes:
        sound: two different pictures have been seen, and the last was not black.
    """

    def __init__(self, limit_s: float) -> None:
        """Complain after `limit_s` seconds; 0 never complains."""
        self.sound = limit_s == 0
        self._limit_s = limit_s
        self._looked_s: float | None = None
        self._print: int | None = None
        self._same_since_s = 0.0
        self._black_since_s: float | None = None

    def wrong_with(self, gray: np.ndarray, now_s: float | None = None) -> str | None:
        """Return what is wrong, or None.

        Args:
            gray: uint8 `[h, w]`.
            now_s: for tests; `time.monotonic()` otherwise.
        """
        now_s = time.monotonic() if now_s is None else now_s
        if not self._limit_s or (
            self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S
        ):
            return None
        self._looked_s = now_s
        black = _is_black(gray)
        if not black:
            self._black_since_s = None
        elif self._black_since_s is None:
            self._black_since_s = now_s
        seen = zlib.crc32(np.ascontiguousarray(gray).data)
        if seen != self._print:
            self.sound = not black and self._print is not None
            self._print, self._same_since_s = seen, now_s
        if self._black_since_s is not None and now_s - self._black_since_s >= self._limit_s:
            return f"gave only black pictures for {self._limit_s:g} s"
        if now_s - self._same_since_s >= self._limit_s:
            return f"gave the same picture for {self._limit_s:g} s"
        return None


def _is_black(gray: np.ndarray) -> bool:
    mean, spread = cv2.meanStdDev(gray)
    return float(mean[0, 0]) <= BLACK_MEAN and float(spread[0, 0]) <= BLACK_SPREAD
