"""OpenCV's Haar cascade for frontal faces, searched at the scale where the smallest face fits it."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..boxes import SAME_FACE_IOU, Box, iou, scaled
from ..errors import DetectorError

CASCADE = "haarcascade_frontalface_default.xml"
WINDOW = 24  # pixels: the cascade was trained on faces of this size
FACE = 30  # pixels to which the smallest face is reduced; at 24 the cascade misses more of them
HITS_TO_BEGIN = 10
HITS_TO_GO_ON = 2
HITS_NEAR_TO_BEGIN = 10  # of a search near one face, at FOLLOWED_FACE pixels
FOLLOWED_FACE = 64  # pixels to which a face is reduced when it is looked at closely
FOLLOWED_SIZES = (0.75, 1.35)  # of the side it had: what is looked for
_SYSTEM_FOLDERS = (
    "/usr/share/opencv4/haarcascades",  # Debian, Raspberry Pi OS: package opencv-data
    "/usr/local/share/opencv4/haarcascades",
    "/opt/homebrew/share/opencv4/haarcascades",
)


class HaarDetector:
    """Viola and Jones' boosted cascade (CVPR 2001), as the paper uses it, at a fraction of the cost.

    The picture is first reduced so that the smallest face wanted just fills the cascade's window
    with a margin: smaller ones are not looked for, and the work falls with the square.

    How many raw hits agree on a face (OpenCV's `numDetections`) tells how sure it is: many must
    agree to begin a face, few to go on with one that was there a moment ago.
    """

    def __init__(self, min_face: float = 0.1, scale_factor: float = 1.1) -> None:
        """Load the cascade; `min_face` is a share of the frame's height. Raises: DetectorError."""
        self._min_face = min_face
        self._scale_factor = scale_factor
        path = find_cascade()
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise DetectorError(f"{path}: is no cascade; reinstall OpenCV")

    def detect(self, gray: np.ndarray, known: Sequence[Box] = ()) -> list[Box]:
        """Return the faces' boxes in pixels of uint8 `[h, w]` `gray`, left to right."""
        height, width = gray.shape
        scale = min(1.0, FACE / (self._min_face * height))
        small = gray
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        if min(small.shape) < WINDOW:
            return []
        least = max(WINDOW, round(self._min_face * small.shape[0]))
        found = self._search(small, least, max(small.shape))
        ratio = height / small.shape[0]
        faces = [(hits, scaled(box, ratio)) for hits, box in found]
        likely = [
            (hits, box)
            for hits, box in faces
            if hits >= HITS_TO_BEGIN
            or any(iou(box, was) >= SAME_FACE_IOU for was in known)
            or self._looks_like_one(gray, box)
        ]
        return sorted(_without_doubles(likely))

    def _looks_like_one(self, gray: np.ndarray, box: Box) -> bool:
        """Look again, closely, at what few hits of the search for small faces agree on."""
        near = self._near(gray, box)
        return near is not None and near[0] >= HITS_NEAR_TO_BEGIN

    def follow(self, gray: np.ndarray, known: Sequence[Box]) -> list[Box]:
        """Return the boxes of the known faces that are still near where they were.

        Only a square of twice the face's side is searched, for faces of about its size, reduced
        so that it is little larger than the cascade's window.
        """
        near = (self._near(gray, box) for box in known)
        return sorted(_without_doubles([face for face in near if face]))

    def _near(self, gray: np.ndarray, known: Box) -> tuple[int, Box] | None:
        x, y, side, _ = known
        left, top = max(0, x - side // 2), max(0, y - side // 2)
        region = gray[top : y + side + side // 2, left : x + side + side // 2]
        scale = min(1.0, FOLLOWED_FACE / side)
        size = (round(region.shape[1] * scale), round(region.shape[0] * scale))
        if min(size) < WINDOW:
            return None
        if scale < 1:
            region = cv2.resize(region, size, interpolation=cv2.INTER_AREA)
        least, most = (round(side * scale * ratio) for ratio in FOLLOWED_SIZES)
        found = self._search(region, max(WINDOW, least), max(WINDOW, most))
        if not found:
            return None
        hits, (dx, dy, width, height) = max(found)
        dx, dy, width, height = scaled((dx, dy, width, height), 1 / scale)
        return hits, (left + dx, top + dy, width, height)

    def _search(self, gray: np.ndarray, least: int, most: int) -> list[tuple[int, Box]]:
        """Return hits and box of all that may be faces with sides of `least` to `most` pixels."""
        boxes, hits = self._cascade.detectMultiScale2(
            gray,
            scaleFactor=self._scale_factor,
            minNeighbors=HITS_TO_GO_ON,
            minSize=(least, least),
            maxSize=(most, most),
        )
        return [
            (int(n), (int(x), int(y), int(w), int(h)))
            for (x, y, w, h), n in zip(boxes, hits, strict=True)
        ]


def _without_doubles(faces: list[tuple[int, Box]]) -> list[Box]:
    """Return the boxes, of two that cover each other only the one on which more hits agree."""
    kept: list[Box] = []
    for _, box in sorted(faces, reverse=True):
        if all(iou(box, other) < SAME_FACE_IOU for other in kept):
            kept.append(box)
    return kept


def find_cascade() -> Path:
    """Return the cascade file: the pip package's, else the system's.

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
        if (path := Path(folder) / CASCADE).is_file():
            return path
    raise DetectorError(
        f"{CASCADE} is nowhere; on Debian or Raspberry Pi OS run 'sudo apt install opencv-data', "
        "elsewhere reinstall opencv-python"
    )
