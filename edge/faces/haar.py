"""OpenCV's Haar cascades for frontal faces: a coarse search, and a close look at what it finds."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..support.boxes import SAME_FACE_IOU, Box, iou, same_face
from ..support.errors import DetectorError
from .detector import FACE, Detection, DetectorOptions
from .pyramid import Pyramid

DEFAULT = "haarcascade_frontalface_default.xml"  # the paper's
# Trained apart from each other, they seldom err together.
CASCADES = (DEFAULT, "haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_alt.xml")
MIN_FACE = 0.1  # of the picture's height, where nothing else is asked for
SEARCH = 1  # which of them searches whole pictures: the quickest
SCALE_STEP = 1.2  # between the sizes of faces that are searched for
STEP = 2  # pixels between windows: what OpenCV takes at the cascade's own size
LARGEST, BEYOND = (
    1.2,
    0.25,
)  # faces as large as the picture's shorter side, and a quarter outside it
# Evidence is the sum over the cascades of the square roots of their hits: roots, as the hits of one
# cascade come together, so that many of one count less than a few of each.
ENOUGH = 5.7  # a face
MAYBE = 3.5  # it may be one
CERTAIN = 2 * ENOUGH  # a score of 1
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
        least: evidence with which it ends.
        fine: it steps by one pixel of the window, not by `STEP`.
    """

    step: float
    sizes: int
    around: float
    least: float
    fine: bool = True


# One after the other, until one sees a face: coarsely, as that is enough for most, then finely.
CLOSE = (Look(1.1, 5, 0.25, ENOUGH, fine=False), Look(1.1, 5, 0.25, MAYBE))


class HaarDetector:
    """Viola and Jones' boosted cascade (CVPR 2001), as the paper uses it, at a fraction of the cost.

    The picture is reduced for each size of faces so that they just fill the cascade's window, and
    even a single raw hit counts: nearly all of a search's cost is in how finely it steps. What a
    hit points at is then looked at closely by all three cascades, and the number of their raw hits
    (OpenCV's `numDetections`) decides.
    """

    def __init__(self, options: DetectorOptions | None = None) -> None:
        """Load the cascades. Raises: DetectorError."""
        self._min_face = (options or DetectorOptions()).min_face or MIN_FACE
        self._cascades = tuple(map(_Cascade, CASCADES))
        self._fastest = (*self._cascades[1:], self._cascades[0])

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces in uint8 `[height, width]` `image`; none that is tilted or turned far."""
        picture = Pyramid(image)
        faces: list[Detection] = []
        for box in _merged(self._hits(picture)):
            if not any(same_face(box, face.box) for face in faces):
                face = self._look_closely(picture, box)
                faces += [face] if face else []
        return faces

    def _look_closely(self, picture: Pyramid, box: Box) -> Detection | None:
        """Return what may be the face near `box`, or None."""
        seen = (self._look(picture, box, way) for way in CLOSE)
        return next((face for face in seen if face), None)

    def _look(self, picture: Pyramid, box: Box, way: Look) -> Detection | None:
        x, y, width, height = box
        centre, side = (x + width / 2, y + height / 2), (width + height) / 2
        weight = 1 if way.fine else FINE
        hits, evidence = np.empty((0, 3)), 0.0
        for number, cascade in enumerate(self._fastest):
            found = cascade.look(picture, centre, side, way)
            hits, evidence = np.vstack((hits, found)), evidence + math.sqrt(weight * len(found))
            if evidence >= CERTAIN or (number == 1 and not len(hits)):
                break  # enough, or two of three that see nothing
        if evidence < way.least:
            return None
        x, y, side = hits.mean(axis=0).tolist()
        square = (round(x), round(y), round(side), round(side))
        return Detection(square, min(1.0, FACE * evidence / ENOUGH))

    def _hits(self, picture: Pyramid) -> Iterator[Box]:
        """Yield the raw hits of the search, those of the smallest faces first."""
        height, width = picture.shape
        cascade = self._cascades[SEARCH]
        window = cascade.window
        side = max(self._min_face * height, window)
        while side <= LARGEST * min(height, width):
            scale = window / side
            margin = round(window * BEYOND)
            wide = cv2.copyMakeBorder(
                picture.reduced(scale), margin, margin, margin, margin, cv2.BORDER_REPLICATE
            )
            if min(wide.shape) >= window:
                for x, y in cascade.hits(wide):
                    left, top = (round((edge - margin) / scale) for edge in (x, y))
                    yield left, top, round(side), round(side)
            side *= SCALE_STEP


class _Cascade:
    """A cascade and the side of its window, pixels."""

    def __init__(self, name: str) -> None:
        path = find_cascade(name)
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise DetectorError(f"{path}: is not a cascade; reinstall OpenCV")
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
