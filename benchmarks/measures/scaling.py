"""What more work costs: more faces, more pixels, more threads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

import cv2
import numpy as np

from edge.sources.demo import SIZE, DemoClip

from ..clip import Clip, Picture
from ..systems.pipelines import Pipelines, Wanted
from ..timing import race

FACES = (1, 2, 4, 8, 16)
HEIGHTS = (480, 720, 1080)
FRAMES = 40  # of a point on a curve
ROUNDS = 3
FPS = 25.0
# The face that the crowd is made of: in the demo clip at this second, in these rows and columns.
_AT_S, _FACE = 1.5, (slice(160, 340), slice(512, 652))


@dataclass(frozen=True)
class Point:
    """One point of a curve.

    Attributes:
        amount: faces, pixels of height, or threads.
        fps: median of the rounds; `low` and `high` are their range.
        ms: time of each stage per frame, milliseconds.
        found: faces found per frame.
    """

    amount: int
    fps: float
    low: float
    high: float
    ms: dict[str, float]
    found: float


@dataclass(frozen=True)
class Curve:
    """How the cost grows with one thing; `thing` names it in the plural."""

    thing: str
    points: tuple[Point, ...]


def measure_scaling(
    wanted: Wanted, clip: Clip, cores: int, progress: Callable[[int, int], None]
) -> tuple[Curve, ...]:
    """Return the curves over faces (in a made-up crowd), height of the clip's frames, and threads.

    Args:
        cores: the most threads to try.
        progress: called with (points done, points in all).
    """
    threads = [n for n in (1, 2, 4, 8, 16) if n <= cores]
    chosen = cv2.getNumThreads()
    total, done = len(FACES) + len(HEIGHTS) + len(threads), 0
    few = replace(clip, pictures=clip.pictures[:FRAMES])

    def points(
        amounts: tuple[int, ...] | list[int], make: Callable[[int], tuple[Clip, Wanted]]
    ) -> Iterator[Point]:
        nonlocal done
        for amount in amounts:
            yield _point(amount, *make(amount))
            done += 1
            progress(done, total)

    def on(threads: int) -> tuple[Clip, Wanted]:
        cv2.setNumThreads(threads)
        return few, replace(wanted, runtime=replace(wanted.runtime, threads=threads))

    curves = (
        Curve("faces", tuple(points(FACES, lambda n: (crowd(n), wanted)))),
        Curve("lines of the frame", tuple(points(HEIGHTS, lambda h: (_resized(few, h), wanted)))),
        Curve("threads", tuple(points(threads, on))),
    )
    cv2.setNumThreads(chosen)
    return curves


def crowd(faces: int) -> Clip:
    """Return a clip of 1280x720 in which so many faces (1 to 16) sway a little on a plain wall."""
    width, height = SIZE
    portrait = DemoClip().picture(_AT_S)[_FACE]
    rows, columns = portrait.shape[:2]
    pictures = []
    for index in range(FRAMES):
        canvas = np.full((height, width, 3), (150, 140, 128), np.uint8)
        for face in range(faces):
            sway = round(4 * np.sin(2 * np.pi * (index / FPS + face / 16)))
            y, x = face // 4 * rows, width // 8 + face % 4 * (width // 4) - columns // 2 + sway
            canvas[y : y + rows, x : x + columns] = portrait
        pictures.append(Picture(canvas, index, index / FPS))
    return Clip(f"{faces} faces", tuple(pictures), len(pictures), continuous=True)


def _resized(clip: Clip, height: int) -> Clip:
    width = round(clip.size[0] * height / clip.size[1] / 2) * 2
    pictures = (
        replace(p, image=cv2.resize(p.image, (width, height), interpolation=cv2.INTER_AREA))
        for p in clip.pictures
    )
    return replace(clip, pictures=tuple(pictures))


def _point(amount: int, clip: Clip, wanted: Wanted) -> Point:
    pipelines = Pipelines(wanted, clip.continuous)
    system = pipelines.pipeline("", "", 0, pipelines.own())
    (result,) = race([system], clip, ROUNDS, lambda *_: None)
    return Point(
        amount,
        median(result.fps),
        min(result.fps),
        max(result.fps),
        result.ms,
        result.faces / result.frames,
    )
