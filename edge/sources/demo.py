"""The built-in clip: two public-domain portraits that move, come near, meet, leave and go dark.

It is composed frame by frame when it is played; `portraits/PROVENANCE.md` says where the two
pictures come from.
"""

import math
import time
from collections.abc import Iterator
from importlib import resources
from typing import Self

import cv2
import numpy as np

from ..support.errors import SourceError
from ..support.values import Frame
from . import SourceOptions
from .opencv import frame_of

SECONDS = 12.0
FPS = 25.0
SIZE = (1280, 720)
ASTRONAUT, HOPPER = "astronaut", "grace_hopper"
DARKNESS = 0.35  # of the light, in the last scene

# Scenes: (start, end in seconds, what hangs where at p = 0..1 of the scene). Each picture is
# (which, centre x, centre y and height as shares of the frame, tilt in degrees).
Placed = tuple[str, float, float, float, float]


def _scene(t: float) -> tuple[list[Placed], float]:
    """Return the pictures to show at second `t`, back to front, and the light (1 = full)."""
    wave = math.sin(2 * math.pi * t / 3)
    if t < 3:
        return [(ASTRONAUT, 0.2 + 0.2 * t, 0.55, 0.75, 3 * wave)], 1.0
    if t < 5:
        return [(ASTRONAUT, 0.8 - 0.15 * (t - 3), 0.55, 0.75 + 0.2 * (t - 3), 0)], 1.0
    pair = [
        (ASTRONAUT, 0.3, 0.55 + 0.03 * wave, 0.8, -2 * wave),
        (HOPPER, 0.72, 0.54 - 0.03 * wave, 0.85, 2 * wave),
    ]
    if t < 8:
        return pair, 1.0
    if t < 9.5:
        return [], 1.0
    return pair, DARKNESS


class DemoClip:
    """The clip's pictures at any time and size."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self._size = size
        self._portraits = {name: _portrait(name) for name in (ASTRONAUT, HOPPER)}
        self._room = _room(size)

    def picture(self, t: float) -> np.ndarray:
        """Return BGR uint8 `[height, width, 3]` at second `t`; the clip repeats when it ends."""
        placed, light = _scene(t % SECONDS)
        canvas = self._room.copy()
        for name, x, y, height, tilt in placed:
            self._paste(canvas, self._portraits[name], (x, y), height, tilt)
        return canvas if light == 1 else cv2.convertScaleAbs(canvas, alpha=light)

    def _paste(
        self,
        canvas: np.ndarray,
        portrait: np.ndarray,
        centre: tuple[float, float],
        height: float,
        tilt: float,
    ) -> None:
        rows, columns = portrait.shape[:2]
        width, frame_height = self._size
        matrix = cv2.getRotationMatrix2D(
            (columns / 2, rows / 2), tilt, height * frame_height / rows
        )
        matrix[:, 2] += centre[0] * width - columns / 2, centre[1] * frame_height - rows / 2
        cv2.warpAffine(portrait, matrix, self._size, dst=canvas, borderMode=cv2.BORDER_TRANSPARENT)


class Demo:
    """The clip as a file-like source: every frame is given, as fast as it is taken."""

    live = False
    continuous = True
    fps = FPS
    dropped = 0

    def __init__(self, argument: str, options: SourceOptions) -> None:
        if argument:
            raise SourceError(f"demo:{argument}: the demo takes no argument; use demo")
        self.name = "demo"
        self._clip = DemoClip(options.size or SIZE)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(int(SECONDS * FPS)):
            started = time.perf_counter()
            picture = self._clip.picture(index / FPS)
            yield frame_of(picture, self.name, index, index / FPS, started)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _portrait(name: str) -> np.ndarray:
    raw = resources.files(__package__).joinpath("portraits", f"{name}.jpg").read_bytes()
    picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, name
    return cv2.copyMakeBorder(picture, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=(238, 240, 242))


def _room(size: tuple[int, int]) -> np.ndarray:
    """Return an empty wall, lit from above."""
    width, height = size
    light = np.linspace(1.0, 0.6, height, dtype="f4")[:, None, None]
    wall = np.array([150, 140, 128], "f4") * light
    return np.broadcast_to(wall, (height, width, 3)).astype(np.uint8)
