"""OpenCV's Haar cascades for frontal faces: a coarse search, and a close look at what it finds."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..support.boxes import SAME_FACE_IOU, Box, Sighting, iou
from ..support.errors import DetectorError
from .pyramid import Pyramid

DEFAULT = "haarcascade_frontalface_default.xml"  # the paper's
# Trained apart from each other, they seldom err together.
CASCADES = (DEFAULT, "haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_alt.xml")
# Which of them each of the successive searches takes: the third needs nearly twice the second's time,
# and without it no face of the benchmark's clips was lost.
SEARCHES = (0, 1, 1)
SCALE_STEP = 1.3  # between the sizes of faces that one whole search looks for
PHASES = 2  # of two successive searches, the other one looks for the sizes in between
STEP = 2  # pixels between windows: what OpenCV takes at the cascade's own size
# Evidence is the sum over the cascades of the square roots of their hits: roots, as the hits of one
# cascade come together, so that many of one count less than a few of each.
BEGIN = 5.7  # of a close look at what may be a new face: enough to tell it at once
MAYBE = 3.5  # enough to look again
GO_ON = 3.5  # of a quicker look at one that was there a moment ago
FINE = 4  # times as many windows, and hits, as where one steps by `STEP`
_SYSTEM_FOLDERS = (
    "/usr/share/opencv4/haarcascades",  # Debian, Raspberry Pi OS: package opencv-data
    "/usr/local/share/opencv4/haarcascades",
    "/opt/homebrew/share/opencv4/haarcascades",
)


class Look(NamedTuple):
    """How a look at a face is done.

    Attributes:
        step, sizes: between the sizes of faces that are tried, and how many are.
        around: how far around the face it reaches, of its side.
        enough: evidence at which it ends.
        least: evidence with which it may be a face.
        fine: it steps by one pixel of the window, not by `STEP`.
    """

    step: float
    sizes: int
    around: float
    enough: float
    least: float
    fine: bool = True


# One after the other, until one sees a face: coarsely, as that is enough for most, then finely.
CLOSE = (Look(1.1, 5, 0.25, BEGIN, BEGIN, fine=False), Look(1.1, 5, 0.25, BEGIN, MAYBE))
QUICK = (Look(1.1, 5, 0.1, GO_ON, GO_ON, fine=False), Look(1.15, 3, 0.1, GO_ON, GO_ON))


class HaarDetector:
    """Viola and Jones' boosted cascade (CVPR 2001), as the paper uses it, at a fraction of the cost.

    The frame is reduced for each size of faces so that they just fill the cascade's window, and
    even a single raw hit counts: nearly all of a search's cost is in how finely it steps. What a
    hit points at is then looked at closely by all three cascades, and the number of their raw hits
    (OpenCV's `numDetections`) decides.
    """

    def __init__(self, min_face: float = 0.1) -> None:
        """Load the cascades; `min_face` is a share of the frame's height. Raises: DetectorError."""
        self._min_face = min_face
        self._cascades = tuple(map(_Cascade, CASCADES))
        self._fastest = (*self._cascades[1:], self._cascades[0])

    def search(
        self, picture: Pyramid, start: float = 0.0, end: float = 3.0, known: Sequence[Box] = ()
    ) -> list[Sighting]:
        """Return what may be faces and is not `known`, of a part of the whole search."""
        faces: list[Sighting] = []

        def is_new(box: Box) -> bool:
            there = (*known, *(face.box for face in faces))
            return all(iou(box, other) < SAME_FACE_IOU for other in there)

        for box in _merged(self._hits(picture, start, end, known)):
            if is_new(box) and (face := self.look(picture, box, closely=True)):
                faces += [face] if is_new(face.box) else []
        return sorted(faces)

    def look(self, picture: Pyramid, box: Box, closely: bool = False) -> Sighting | None:
        """Return what may be the face near `box`, or None."""
        ways = CLOSE if closely else QUICK
        seen = (self._look(picture, box, way) for way in ways)
        return next((face for face in seen if face), None)

    def _look(self, picture: Pyramid, box: Box, way: Look) -> Sighting | None:
        x, y, width, height = box
        centre, side = (x + width / 2, y + height / 2), (width + height) / 2
        weight = 1 if way.fine else FINE
        hits, evidence = np.empty((0, 3)), 0.0
        for number, cascade in enumerate(self._fastest):
            found = cascade.look(picture, centre, side, way)
            hits, evidence = np.vstack((hits, found)), evidence + math.sqrt(weight * len(found))
            if evidence >= way.enough or (number == 1 and not len(hits)):
                break  # enough, or two of three that see nothing
        if evidence < way.least:
            return None
        x, y, side = hits.mean(axis=0).tolist()
        return Sighting((round(x), round(y), round(side), round(side)), evidence / way.enough)

    def _hits(
        self, picture: Pyramid, start: float, end: float, known: Sequence[Box]
    ) -> Iterator[Box]:
        """Yield the raw hits of a part of the search, counted in whole searches."""
        first = int(start)
        while first < end:
            share = max(0, start - first), end - first
            yield from self._part(picture, first, share, known)
            first += 1

    def _part(
        self, picture: Pyramid, number: int, part: tuple[float, float], known: Sequence[Box]
    ) -> Iterator[Box]:
        """Yield the hits of one search's share: its sizes, smallest first, each from top to bottom."""
        height, width = picture.shape
        cascade = self._cascades[SEARCHES[number % len(SEARCHES)]]
        window = cascade.window
        side = max(self._min_face * height, window) * SCALE_STEP ** (number % PHASES / PHASES)
        sizes = []
        while side <= min(height, width):
            scale = window / side
            rows = round(height * scale) - window + 1
            columns = round(width * scale) - window + 1
            if min(rows, columns) > 0:
                sizes.append((scale, rows, rows * columns))
            side *= SCALE_STEP
        total, before = sum(windows for *_, windows in sizes), 0
        for scale, rows, windows in sizes:
            shares = ((share * total - before) / windows for share in part)
            before += windows
            top, bottom = (round(rows / STEP * min(max(s, 0.0), 1.0)) * STEP for s in shares)
            if top < bottom:
                small = picture.reduced(scale)
                for box in known:
                    _paint_over(small, box, scale)
                strip = small[top : min(bottom, rows) + window - 1]
                for x, y in cascade.hits(strip):
                    place = (round(x / scale), round((y + top) / scale))
                    yield (*place, round(window / scale), round(window / scale))


class _Cascade:
    """A cascade and the side of its window, pixels."""

    def __init__(self, name: str) -> None:
        path = find_cascade(name)
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise DetectorError(f"{path}: is no cascade; reinstall OpenCV")
        self.window = self._cascade.getOriginalWindowSize()[0]

    def hits(self, gray: np.ndarray) -> list[tuple[int, int]]:
        """Return x, y of all windows that are a face of just the window's size."""
        size = (self.window, self.window)
        found = self._cascade.detectMultiScale(gray, 2.0, 0, minSize=size, maxSize=size)
        return [(int(x), int(y)) for x, y, _, _ in found]

    def look(
        self, picture: Pyramid, centre: tuple[float, float], side: float, way: Look
    ) -> np.ndarray:
        """Return x, y, side of all hits near a place, float `[n, 3]`, pixels of the frame."""
        # From twice the window's size on, OpenCV steps by a single pixel of the window, else by two.
        step, number = way.step, way.sizes
        first = math.ceil(math.log(2, step)) if way.fine else 0
        middle = self.window * step ** (first + number // 2)  # pixels of the face in the patch
        largest = self.window * step ** (first + number - 1)
        reach = largest / middle + 2 * way.around
        pixels = round(reach * middle)
        patch = picture.patch(centre, side * reach, pixels)
        least, most = (2 if way.fine else 1) * self.window, round(largest)
        found = np.array(
            self._cascade.detectMultiScale(
                patch, step, 0, minSize=(least, least), maxSize=(most, most)
            )
        ).reshape(-1, 4)
        ratio = side * reach / pixels
        corner = np.array(centre) - side * reach / 2
        return np.column_stack((corner + found[:, :2] * ratio, found[:, 2] * ratio))


def _paint_over(small: np.ndarray, box: Box, scale: float) -> None:
    """Make a face plain: of all places a cascade spends the most on those, and for nothing here."""
    x, y, width, height = box
    left, right = (max(0, round(edge * scale)) for edge in (x, x + width))
    top, bottom = (max(0, round(edge * scale)) for edge in (y, y + height))
    face = small[top:bottom, left:right]
    if face.size:
        face[:] = round(face.mean())


def _merged(hits: Iterator[Box]) -> list[Box]:
    """Return the mean box of each group of hits on the same place, the largest groups first."""
    groups: list[list[Box]] = []
    for hit in hits:
        same = next((g for g in groups if iou(g[0], hit) >= SAME_FACE_IOU), None)
        if same:
            same.append(hit)
        else:
            groups.append([hit])
    groups.sort(key=len, reverse=True)
    means = (np.mean(group, axis=0).tolist() for group in groups)
    return [(round(x), round(y), round(width), round(height)) for x, y, width, height in means]


def find_cascade(name: str = DEFAULT) -> Path:
    """Return a cascade file: the pip package's, else the system's.

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
        if (path := Path(folder) / name).is_file():
            return path
    raise DetectorError(
        f"{name} is nowhere; on Debian or Raspberry Pi OS run 'sudo apt install opencv-data', "
        "elsewhere reinstall opencv-python"
    )
