"""Harder cases made from any photo with a box: leaning, small, dark, half covered and blurred faces."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .exam import SMALL, FaceSet, Item, Truth
from .matching import match
from .measure import Progress, look, read_gray
from .systems import System

MOST = 100  # photos that each case is made from, spread evenly over those there are
LEAST = 48  # height of a face that is clear enough to begin with, pixels
PLAIN_SIZE, PLAIN_FACE = (640, 360), 90  # of the cases that are not about size, pixels
HD = (1280, 720)
NOISE = 4.0  # standard deviation that is added where there is little light, gray levels

Change = Callable[[np.ndarray, Truth, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Case:
    """How a photo is changed.

    Attributes:
        name: its row.
        face: height of the face in the frame, pixels.
        size: width and height of the frame, pixels.
        roll: degrees that the upright head is made to lean, to one side and the other in turn.
        change: what is done to the frame then.
    """

    name: str
    face: int = PLAIN_FACE
    size: tuple[int, int] = PLAIN_SIZE
    roll: float = 0.0
    change: Change = lambda frame, truth, rng: frame


def _dark(frame: np.ndarray, truth: Truth, rng: np.random.Generator) -> np.ndarray:
    noisy = frame * 0.25 + rng.normal(0, NOISE, frame.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _covered(top: float, bottom: float) -> Change:
    """Return what lays a plain patch over a share of the face's height, a little wider than it."""

    def cover(frame: np.ndarray, truth: Truth, rng: np.random.Generator) -> np.ndarray:
        x, y, width, height = truth.box
        left, right = round(x - 0.1 * width), round(x + 1.1 * width)
        rows = slice(max(0, round(y + top * height)), max(0, round(y + bottom * height)))
        frame = frame.copy()
        frame[rows, max(0, left) : max(0, right)] = rng.integers(30, 226)
        return frame

    return cover


def _blurred(frame: np.ndarray, truth: Truth, rng: np.random.Generator) -> np.ndarray:
    length = max(3, round(truth.box[2] / 6))
    return cv2.blur(frame, (length, 1))


CASES = (
    Case("upright, 90 px in 640x360"),
    *(Case(f"rolled by {degrees} degrees", roll=degrees) for degrees in (15, 30, 45)),
    *(Case(f"{pixels} px in 720p", face=pixels, size=HD) for pixels in (64, 48, 32, 24)),
    Case("a quarter of the light, noise", change=_dark),
    Case("lower half covered", change=_covered(0.5, 1.1)),
    Case("upper half covered", change=_covered(-0.1, 0.5)),
    Case("motion blur, a sixth of the face", change=_blurred),
)


@dataclass(frozen=True)
class Tally:
    """What one system found in one case: faces, of how many, and boxes that are none."""

    found: int
    faces: int
    false: int


def take_stress(
    sets: Sequence[FaceSet], systems: Sequence[System], progress: Progress
) -> dict[str, dict[str, Tally]]:
    """Return what each system finds, by the name of the case and of the system.

    Args:
        progress: called with (photos done, photos in all).
    """
    photos = list(photos_of(sets))
    counts = {case.name: {s.name: np.zeros(3, int) for s in systems} for case in CASES}
    for number, (item, truth) in enumerate(photos):
        gray = read_gray(item)
        for case in CASES:
            frame, moved = make_case(gray, truth, case, number)
            for system in systems:
                seen = match(look(system, frame)[0], [moved])
                counts[case.name][system.name] += (seen.found[0], 1, len(seen.false))
        progress(number + 1, len(photos))
    return {
        case: {name: Tally(*map(int, count)) for name, count in row.items()}
        for case, row in counts.items()
    }


def photos_of(sets: Sequence[FaceSet]) -> Iterator[tuple[Item, Truth]]:
    """Yield pictures of a single, clear enough face whose eyes are known, `MOST` at most."""
    fit = [
        (item, item.truths[0][0])
        for one in sets
        for item in one.items
        if not item.is_clip and len(item.truths.get(0, ())) == 1 and _is_fit(item.truths[0][0])
    ]
    step = max(1.0, len(fit) / MOST)
    yield from (fit[int(i * step)] for i in range(min(MOST, len(fit))))


def _is_fit(truth: Truth) -> bool:
    return truth.kind not in (SMALL, "hard") and truth.height >= LEAST and truth.eyes is not None


def make_case(gray: np.ndarray, truth: Truth, case: Case, number: int) -> tuple[np.ndarray, Truth]:
    """Return a frame with the photo's face in it as the case says, and where the face is.

    Beyond the photo's border its edge is repeated, so that the border is no clue.

    Args:
        gray: the photo, uint8 `[h, w]`.
        number: of the photo; it decides the place in the frame, the side to lean to and the noise.
    """
    rng = np.random.default_rng(number)
    x, y, width, height = truth.box
    scale = case.face / height
    width, height = width * scale, float(case.face)
    side = math.hypot(width, height) / 2
    frame_width, frame_height = case.size
    centre = rng.uniform(side, frame_width - side), rng.uniform(side, frame_height - side)
    angle = (truth.roll or 0.0) - case.roll * (-1) ** number  # counter-clockwise, as OpenCV turns
    middle = (x + truth.box[2] / 2, y + truth.box[3] / 2)
    matrix = cv2.getRotationMatrix2D(middle, angle, scale)
    matrix[:, 2] += np.subtract(centre, middle)
    # A photo that is made much smaller must not be sampled only here and there.
    if scale < 1:
        gray = cv2.GaussianBlur(gray, (0, 0), 0.4 / scale)
    frame = cv2.warpAffine(
        gray, matrix, case.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    moved = Truth((centre[0] - width / 2, centre[1] - height / 2, width, height), truth.kind)
    return case.change(frame, moved, rng), moved
