"""Where the faces are, frame by frame: followed by their looks, confirmed and found by a detector."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..support.boxes import SAME_FACE_IOU, Box, Sighting, iou
from . import Detector
from .pyramid import Pyramid

FIRST = 3.0  # whole searches at the beginning, one a frame
PIXELS = 24  # side of the remembered picture of a face
REACH = 0.25  # of its side: how far a face may move from one frame to the next
ALIKE = 0.7  # least correlation of a face with its remembered picture
LOOKS = 3  # a face that so many looks in a row do not confirm is gone
# What may be a face is looked at in each frame, until its evidence in all, each look's beyond
# `FAIR`, makes it one (a sequential test, after Wald, 1945) or falls below `NEVER`.
FAIR, NEVER = 0.8, -0.45
BOX_TIME_CONSTANT_S = 0.2  # of the corrections of a followed box; its motion is not held back


@dataclass
class _Followed:
    """A face: its place and size, pixels; what it looks like; when it was last looked at.

    Attributes:
        score: 0 or more if it is told; less if it only may be a face.
    """

    centre: tuple[float, float]
    side: float
    picture: np.ndarray
    looked_s: float
    score: float
    unconfirmed: int = 0

    @property
    def box(self) -> Box:
        x, y = (round(c - self.side / 2) for c in self.centre)
        return x, y, round(self.side), round(self.side)


class Follower:
    """Knows the faces of a scene. Each frame it

    - moves each face to where the frame resembles it most;
    - looks at some of them with the detector, each once every `every_s`, and at any that it lost:
      that corrects the box and renews the remembered picture, so no error adds up;
    - searches a share of the frame for new ones, the whole of it every `every_s`.
    """

    def __init__(self, detector: Detector, every_s: float) -> None:
        """Begin with no faces; with `every_s` 0 all is looked at and searched in every frame, and
        the first one, which may be the only one, by several whole searches at once.
        """
        self._detector = detector
        self._every_s = every_s
        self._faces: list[_Followed] = []
        self._searched = 0.0  # whole searches so far
        self._last_s: float | None = None

    def update(self, gray: np.ndarray, now_s: float) -> list[Box]:
        """Return the boxes of the faces in uint8 `[h, w]` `gray`, pixels, left to right.

        Args:
            now_s: this frame's time, seconds.
        """
        picture = Pyramid(gray)
        passed = self._passed(now_s)
        self._faces = [face for face in self._faces if self._keeps(picture, face)]
        self._look(picture, passed, now_s)
        known = [face.box for face in self._faces]
        start, self._searched = self._searched, self._searched + self._due(passed)
        for found in self._detector.search(picture, start, self._searched, known):
            self._faces.append(_remembered(picture, found, now_s))
        self._last_s = now_s
        return sorted(_within(face.box, picture.shape) for face in self._faces if face.score >= 0)

    def _passed(self, now_s: float) -> float:
        """Return which share of `every_s` passed since the last frame, 0..1."""
        if self._every_s == 0 or self._last_s is None:
            return 1.0
        return min(1.0, max(0.0, now_s - self._last_s) / self._every_s)

    def _due(self, passed: float) -> float:
        """Return how many whole searches this frame is due."""
        if self._searched >= FIRST:
            return passed
        return FIRST if self._every_s == 0 else 1.0

    def _keeps(self, picture: Pyramid, face: _Followed) -> bool:
        """Move a face to where it is now; return False if it is nowhere near."""
        around = round(PIXELS * REACH)
        pixels = PIXELS + 2 * around
        region = picture.patch(face.centre, face.side * pixels / PIXELS, pixels)
        likeness = cv2.matchTemplate(region, face.picture, cv2.TM_CCOEFF_NORMED)
        _, best, _, (column, row) = cv2.minMaxLoc(likeness)
        if best >= ALIKE:
            unit = face.side / PIXELS
            x = column - around + _peak(likeness[row, column - 1 : column + 2])
            y = row - around + _peak(likeness[row - 1 : row + 2, column])
            face.centre = (face.centre[0] + x * unit, face.centre[1] + y * unit)
            return True
        # It may have turned, or come nearer, too fast.
        told = face.score >= 0
        found = self._detector.look(picture, face.box, closely=True) if told else None
        if found:
            fresh = _remembered(picture, found, face.looked_s)
            face.centre, face.side, face.picture = fresh.centre, fresh.side, fresh.picture
        return found is not None

    def _look(self, picture: Pyramid, passed: float, now_s: float) -> None:
        """Look at faces that were not for long, and only so many that frames cost alike."""
        told = sorted((f for f in self._faces if f.score >= 0), key=lambda face: face.looked_s)
        # To the nearest frame: half of what passed since the last one may be missing.
        least_s = self._every_s * (1 - passed / 2)
        turn = [face for face in told if now_s - face.looked_s >= least_s]
        maybe = [f for f in self._faces if f.score < 0]
        for face in turn[: math.ceil(len(told) * passed)]:
            found = self._detector.look(picture, face.box)
            if not found and face.unconfirmed:
                found = self._detector.look(picture, face.box, closely=True)
            if found:
                self._correct(picture, face, found, now_s)
            else:
                face.unconfirmed += 1
            face.looked_s = now_s
        for face in maybe:
            found = self._detector.look(picture, face.box, closely=True)
            face.score += found.evidence - FAIR if found else NEVER
        self._faces = []
        for face in sorted((*told, *maybe), key=lambda face: (face.unconfirmed, -face.score)):
            alone = all(iou(face.box, other.box) < SAME_FACE_IOU for other in self._faces)
            if alone and face.unconfirmed < LOOKS and face.score >= NEVER:
                self._faces.append(face)

    def _correct(self, picture: Pyramid, face: _Followed, found: Sighting, now_s: float) -> None:
        kept = math.exp(-max(0.0, now_s - face.looked_s) / BOX_TIME_CONSTANT_S)
        fresh = _remembered(picture, found, now_s)
        x, y = (
            kept * was + (1 - kept) * now
            for was, now in zip(face.centre, fresh.centre, strict=True)
        )
        face.centre, face.side = (x, y), kept * face.side + (1 - kept) * fresh.side
        face.picture = picture.patch(face.centre, face.side, PIXELS)
        face.unconfirmed = 0


def _remembered(picture: Pyramid, found: Sighting, now_s: float) -> _Followed:
    x, y, width, height = found.box
    centre, side = (x + width / 2, y + height / 2), float(width + height) / 2
    patch = picture.patch(centre, side, PIXELS)
    return _Followed(centre, side, patch, now_s, found.evidence - 1)


def _peak(near: np.ndarray) -> float:
    """Return how far, -0.5..0.5, the peak lies from the middle of three values: a parabola's."""
    if near.size != 3:
        return 0.0
    before, middle, after = near.ravel().tolist()
    bend = before - 2 * middle + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend


def _within(box: Box, shape: tuple[int, int]) -> Box:
    """Return the part of a box that is in the frame."""
    x, y, width, height = box
    left, top = max(0, x), max(0, y)
    right, bottom = min(shape[1], x + width), min(shape[0], y + height)
    return left, top, max(1, right - left), max(1, bottom - top)
