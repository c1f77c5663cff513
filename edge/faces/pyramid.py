"""A gray frame and its halvings, made once a frame: whatever looks at it takes the nearest size."""

import math

import cv2
import numpy as np


class Pyramid:
    """A frame at full size, at half of it, at a quarter...; each is made when it is first needed.

    Attributes:
        gray: uint8 `[height, width]`, the frame itself.
    """

    def __init__(self, gray: np.ndarray) -> None:
        self.gray = gray
        self._levels = [gray]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, pixels."""
        height, width = self.gray.shape
        return height, width

    def reduced(self, scale: float, way: int = cv2.INTER_LINEAR) -> np.ndarray:
        """Return the whole frame at `scale` (0..1] of its size, uint8.

        Args:
            way: OpenCV's from a halving to the result. `INTER_AREA` is the sharper one, at five to
                ten times the cost.
        """
        _, level = self._at_least(scale)
        height, width = self.shape
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return cv2.resize(level, size, interpolation=way)

    def patch(
        self, centre: tuple[float, float], side: float, pixels: int, lean: float = 0.0
    ) -> np.ndarray:
        """Return a square of the frame, resized: uint8 `[pixels, pixels]`.

        Beyond the frame its edge is repeated.

        Args:
            centre: of the square, x and y in pixels of the frame; fractions count.
            side: of the square, pixels of the frame.
            pixels: side of the result.
            lean: of what stands upright in the result, degrees clockwise.
        """
        level, number, corner = self._around(centre, side, pixels / side)
        step = side / pixels / 2**number  # pixels of the level for one of the result
        turn = step * turning(lean)
        middle = np.subtract(centre, corner) / 2**number - 0.5
        middle -= turn @ np.full(2, (pixels - 1) / 2)
        matrix = np.column_stack([turn, middle])
        return cv2.warpAffine(
            level,
            matrix,
            (pixels, pixels),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _around(
        self, centre: tuple[float, float], side: float, scale: float
    ) -> tuple[np.ndarray, int, tuple[int, int]]:
        """Return a halving as small as fits, its number, and the place of its corner in the frame.

        What is not there yet is made of the square alone, which may be turned: faces are small.
        """
        number = _halvings(scale)
        unit = 2**number
        reach = side / math.sqrt(2) + 2 * unit
        low = [max(0, math.floor((c - reach) / unit) * unit) for c in centre]
        high = [
            min(length // unit * unit, math.ceil((c + reach) / unit) * unit)
            for c, length in zip(centre, self.shape[::-1], strict=True)
        ]
        width, height = ((b - a) // unit for a, b in zip(low, high, strict=True))
        if number < len(self._levels) or min(width, height) < 2:
            number, level = self._at_least(scale)
            return level, number, (0, 0)
        part = self.gray[low[1] : high[1], low[0] : high[0]]
        level = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        return level, number, (low[0], low[1])

    def _at_least(self, scale: float) -> tuple[int, np.ndarray]:
        """Return number and picture of the smallest halving that is no smaller than `scale`."""
        wanted = _halvings(scale)
        while len(self._levels) <= wanted and min(self._levels[-1].shape) >= 2:
            last = self._levels[-1]
            height, width = (n // 2 for n in last.shape)
            even = last[: 2 * height, : 2 * width]  # exactly a half: OpenCV has a fast way for that
            self._levels.append(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
        number = min(wanted, len(self._levels) - 1)
        return number, self._levels[number]


def _halvings(scale: float) -> int:
    """Return how often a picture can be halved so that it is no smaller than at `scale`."""
    return max(0, math.floor(-math.log2(scale) + 1e-9))


def turning(lean: float) -> np.ndarray:
    """Return the matrix `[2, 2]` that turns x and y by `lean` degrees clockwise, as it is seen."""
    cosine, sine = math.cos(math.radians(lean)), math.sin(math.radians(lean))
    return np.array([[cosine, -sine], [sine, cosine]])
