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

MOST = 60  # photos that each case is made from, spread evenly over those there are
LEAST = 48  # height of a face that is clear enough to begin with, pixels
NEEDED = f"pictures of one face, {LEAST} pixels high or more, with both eyes in boxes.csv"
PLAIN_SIZE, PLAIN_FACE = (640, 360), 90  # of the cases that are not about size, pixels
HD = (1280, 720)
FADE = 0.06  # of a photo's shorter side: how wide its border fades
NOISE = 4.0  # standard deviation that is added where there is little light, gray levels

Change = Callable[[np.ndarray, Truth, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Case:
    """How a photo is changed.

    Attributes:
        name: its row.
        face: width of the face in the frame, pixels.
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
    Case("upright, 90 px wide in 640x360"),
    *(Case(f"rolled by {degrees} degrees", roll=degrees) for degrees in (15, 30, 45)),
    *(Case(f"{pixels} px wide in 720p", face=pixels, size=HD) for pixels in (64, 48, 32, 24)),
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
    """Return what each system finds, by the name of the case and of the system; empty without photos.

    Args:
        progress: called with (photos done, photos in all).
    """
    photos, places = list(photos_of(sets)), list(places_of(sets))
    if not photos:
        return {}
    counts = {case.name: {s.name: np.zeros(3, int) for s in systems} for case in CASES}
    for number, (item, truth) in enumerate(photos):
        gray = read_gray(item)
        place = read_gray(places[number % len(places)]) if places else None
        for case in CASES:
            frame, moved = make_case(gray, truth, place, case, number)
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


def places_of(sets: Sequence[FaceSet]) -> Iterator[Item]:
    """Yield the pictures that show no face: the made cases' backgrounds."""
    for one in sets:
        yield from (i for i in one.items if not i.is_clip and not i.truths.get(0))


def _is_fit(truth: Truth) -> bool:
    return truth.kind not in (SMALL, "hard") and truth.height >= LEAST and truth.eyes is not None


def _filling(place: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the middle of a picture at a frame's size, float."""
    scale = max(size[0] / place.shape[1], size[1] / place.shape[0])
    large = cv2.resize(place, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (large.shape[0] - size[1]) // 2, (large.shape[1] - size[0]) // 2
    return large[max(0, top) :, max(0, left) :][: size[1], : size[0]].astype(float)


def _faded(shape: tuple[int, ...]) -> np.ndarray:
    """Return how much of a photo shows, 0..1: all but at its border."""
    sides = (np.arange(n) + 0.5 for n in shape)
    down, across = (
        np.minimum(s, n - s) / (FADE * min(shape)) for s, n in zip(sides, shape, strict=True)
    )
    return np.minimum(1, np.minimum(down[:, None], across)).astype(np.float32)


def make_case(
    gray: np.ndarray, truth: Truth, place: np.ndarray | None, case: Case, number: int
) -> tuple[np.ndarray, Truth]:
    """Return a frame with the photo's face in it as the case says, and where the face is.

    The photo's border fades into the background.

    Args:
        gray: the photo, uint8 `[h, w]`.
        place: the background, uint8 `[h, w]`; None for the photo's mean gray.
        number: of the photo; it decides the place in the frame, the side to lean to and the noise.
    """
    rng = np.random.default_rng(number)
    x, y, width, height = truth.box
    scale = case.face / width
    width, height = float(case.face), height * scale
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
    opaque = cv2.warpAffine(_faded(gray.shape), matrix, case.size)
    photo = cv2.warpAffine(gray, matrix, case.size, borderMode=cv2.BORDER_REPLICATE)
    behind = np.full(photo.shape, gray.mean()) if place is None else _filling(place, case.size)
    frame = np.rint(behind + opaque * (photo - behind)).astype(np.uint8)
    moved = Truth((centre[0] - width / 2, centre[1] - height / 2, width, height), truth.kind)
    return case.change(frame, moved, rng), moved
