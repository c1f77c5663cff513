"""One identity for each face: found by a detector now and then, followed by its looks in between."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..support.boxes import Box, iou, same_face, shared_area
from .detector import FACE, Detection, Detector, Eyes, distinct
from .pyramid import Pyramid

KEEP_S = 1.0  # a face out of sight for so long gets another number when it comes back
PIXELS = 24  # side of the remembered picture of a face
REACH = 0.25  # of its side: how far a face may move from one frame to the next
ALIKE = 0.6  # least correlation of a face with its remembered picture
NEAR, ALIKE_SIZE = 1.0, 1.5  # a side away and about as large, it may be a face that moved fast
MISSES = 2  # a face that so many detections in a row do not find is gone; a new one after the first
AGAIN_S = 0.1  # a face that is new, or was missed, is searched for again this soon
BOX_TIME_CONSTANT_S = 0.2  # of the small corrections of a followed box
SEARCHES = 4  # of a frame with parts, in turn: whole, one part, whole, the other
SMALL = 0.7  # least overlap (IoU) of those; a larger one is a motion that was missed


@dataclass(frozen=True)
class Track:
    """One face in one frame.

    Attributes:
        number: the same as long as the face is followed; none is used again.
        box: x, y, width, height in pixels of the frame; it may reach beyond it.
        score: the detector's at its last detection, 0..1.
        eyes: the person's right and left one, pixels of the frame, moved along with the box; None
            where the detector does not know them.
    """

    number: int
    box: Box
    score: float
    eyes: Eyes | None = None


@dataclass
class Known:
    """A face: where it is, what it looks like, and what was last found of it.

    Attributes:
        centre, size: of its box, pixels; size is width and height.
        picture: what it looks like, uint8 `[PIXELS, PIXELS]`.
        part: of the frame that has to be searched for it, as it is too small to be found in a
            search of the whole; None where that finds it.
        found_s: when a detection last found it.
        finds: detections that found it.
        misses: detections since the last of those that did not.
        lost: it is out of sight, and kept only for its number.
    """

    number: int
    centre: tuple[float, float]
    size: tuple[float, float]
    picture: np.ndarray
    found_s: float
    found: Detection
    part: Box | None = None
    finds: int = 1
    misses: int = 0
    lost: bool = False

    @property
    def side(self) -> float:
        return (self.size[0] + self.size[1]) / 2

    @property
    def box(self) -> Box:
        (x, y), (width, height) = self.centre, self.size
        return round(x - width / 2), round(y - height / 2), round(width), round(height)


class Tracker:
    """Knows the faces of a scene. Each frame it moves each one to where the frame resembles it most;
    every `every_s`, as soon as one is lost, and soon after one is new or was missed, it has the
    whole frame searched, which corrects the known faces and finds new ones.
    """

    def __init__(self, detector: Detector, every_s: float = 0.0, continuous: bool = True) -> None:
        """Begin with no faces.

        Args:
            every_s: seconds between two searches; with 0 every frame is searched.
            continuous: more frames of the scene come, so that a glance at each is enough.
        """
        glance = getattr(detector, "glance", detector.detect)
        self._look = glance if continuous else detector.detect
        self._parts = getattr(detector, "parts", _none) if continuous else _none
        self._searches = 0
        self._every_s = every_s
        self._faces: list[Known] = []
        self._next = 1
        self._last_s = self._detected_s = -math.inf

    def update(self, gray: np.ndarray, now_s: float) -> list[Track]:
        """Return the faces in uint8 `[h, w]` `gray`, left to right.

        Args:
            now_s: this frame's time, seconds, never going back.
        """
        picture = Pyramid(gray)
        self._faces = [f for f in self._faces if now_s - f.found_s <= self._keeps_s(f)]
        slipped = [f for f in self._faces if not f.lost and not self._keep(picture, f)]
        if slipped or self._is_due(now_s):
            self._detect(picture, self._where(picture, slipped), now_s)
        for face in slipped:
            face.lost = face.lost or face.found_s < now_s
        self._last_s = now_s
        there = [_track(face) for face in self._faces if not face.lost]
        return sorted(there, key=lambda track: track.box)

    def _keep(self, picture: Pyramid, face: Known) -> bool:
        """Move a face to where it is now; return False if it is nowhere near."""
        return follow(picture, face)

    def _is_due(self, now_s: float) -> bool:
        """Return whether the frame that is nearest to the time of the next detection is this one."""
        half = (now_s - self._last_s) / 2
        due_s = min(self._every_s, AGAIN_S) if self._unsure() else self._every_s
        return now_s - self._detected_s + half >= due_s

    def _unsure(self) -> list[Known]:
        return [f for f in self._faces if not f.lost and (f.misses or f.finds == 1)]

    def _keeps_s(self, face: Known) -> float:
        """Return how long a face is kept without being found: searches of its part are rarer."""
        searches = SEARCHES if face.part and not face.lost else 1
        return KEEP_S + searches * self._every_s

    def _where(self, picture: Pyramid, slipped: list[Known]) -> Box | None:
        """Return the part of the frame to search now; None for the whole of it."""
        if wanted := slipped or self._unsure():
            return wanted[0].part if all(face.part for face in wanted) else None
        self._searches += 1
        parts = self._parts(picture.shape)
        if not parts or self._searches % 2:
            return None
        return parts[self._searches // 2 % len(parts)]

    def _detect(self, picture: Pyramid, part: Box | None, now_s: float) -> None:
        self._detected_s = now_s
        found = distinct(self._find(picture, part))
        pairs = _pairs([face.box for face in self._faces], [one.box for one in found])
        for face, known in zip(self._faces, pairs, strict=True):
            if known is not None:
                _correct(picture, face, found[known], now_s)
                face.part = face.part and part
            elif _shows(part, face):
                face.misses += 1
                face.lost = face.lost or face.misses >= min(MISSES, face.finds)
        for place, one in enumerate(found):
            if place not in pairs and one.score >= FACE and not self._is_known(one.box):
                self._faces.append(_new(self._next, picture, one, now_s, part))
                self._next += 1

    def _find(self, picture: Pyramid, part: Box | None) -> list[Detection]:
        """Return what the detector finds in the frame, or in a part of it what that shows whole."""
        if part is None:
            return self._look(picture.gray)
        x, y, width, height = part
        rows, columns = picture.shape
        left, top = (x or -columns), (y or -rows)  # a face may reach beyond the frame
        right = x + width if x + width < columns else 2 * columns
        bottom = y + height if y + height < rows else 2 * rows
        seen = self._look(np.ascontiguousarray(picture.gray[y : y + height, x : x + width]))
        room = (left, top, right - left, bottom - top)
        return [f for f in (_moved(one, x, y) for one in seen) if _lies_in(f.box, room)]

    def _is_known(self, box: Box) -> bool:
        return any(same_face(box, face.box) for face in self._faces if not face.lost)


def _none(shape: tuple[int, ...]) -> list[Box]:
    return []


def _shows(part: Box | None, face: Known) -> bool:
    """Return whether a search of the part, or of the whole frame, should find the face."""
    if part is None:
        return face.part is None
    return _lies_in(face.box, part) and face.side <= min(part[2:]) / 2


def _lies_in(box: Box, room: Box) -> bool:
    return shared_area(box, room) == box[2] * box[3]


def _moved(one: Detection, x: int, y: int) -> Detection:
    """Return what was found in a part of a frame as it lies in the frame."""
    box = (one.box[0] + x, one.box[1] + y, *one.box[2:])
    if one.eyes is None:
        return replace(one, box=box)
    right, left = ((eye[0] + x, eye[1] + y) for eye in one.eyes)
    return replace(one, box=box, eyes=(right, left))


def _pairs(known: list[Box], found: list[Box]) -> list[int | None]:
    """Return for each known box the place of its own in `found`, or None: the best overlap first,
    then those that lie apart, the nearest first.
    """
    near = sorted(
        (-iou(a, b), _distance(a, b), i, j)
        for i, a in enumerate(known)
        for j, b in enumerate(found)
        if same_face(a, b) or (_distance(a, b) <= NEAR and _ratio(a, b) <= ALIKE_SIZE)
    )
    pairs: list[int | None] = [None] * len(known)
    for *_, i, j in near:
        if pairs[i] is None and j not in pairs:
            pairs[i] = j
    return pairs


def _distance(a: Box, b: Box) -> float:
    """Return how far the centres of two boxes lie apart, in sides of a face."""
    x = a[0] - b[0] + (a[2] - b[2]) / 2
    y = a[1] - b[1] + (a[3] - b[3]) / 2
    return 4 * math.hypot(x, y) / (a[2] + a[3] + b[2] + b[3])


def _ratio(a: Box, b: Box) -> float:
    """Return how many times as large as the smaller box the larger one is."""
    sides = a[2] + a[3], b[2] + b[3]
    return max(sides) / max(1, min(sides))


def follow(picture: Pyramid, face: Known) -> bool:
    """Move a face to where it is now; return False if it is nowhere near."""
    around = round(PIXELS * REACH)
    pixels = PIXELS + 2 * around
    region = picture.patch(face.centre, face.side * pixels / PIXELS, pixels)
    likeness = cv2.matchTemplate(region, face.picture, cv2.TM_CCOEFF_NORMED)
    _, best, _, (column, row) = cv2.minMaxLoc(likeness)
    if best < ALIKE:
        return False
    if likeness[around, around] >= best:  # a dark or plain picture looks alike everywhere
        column = row = around
    unit = face.side / PIXELS
    x = column - around + _peak(likeness[row, column - 1 : column + 2])
    y = row - around + _peak(likeness[row - 1 : row + 2, column])
    face.centre = (face.centre[0] + x * unit, face.centre[1] + y * unit)
    return True


def _peak(near: np.ndarray) -> float:
    """Return how far, -0.5..0.5, the peak lies from the middle of three values: a parabola's."""
    if near.size != 3:
        return 0.0
    before, middle, after = near.ravel().tolist()
    bend = before - 2 * middle + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend


def _new(
    number: int, picture: Pyramid, found: Detection, now_s: float, part: Box | None = None
) -> Known:
    x, y, width, height = found.box
    centre, size = (x + width / 2, y + height / 2), (float(width), float(height))
    side = (width + height) / 2
    return Known(number, centre, size, picture.patch(centre, side, PIXELS), now_s, found, part)


def _correct(picture: Pyramid, face: Known, found: Detection, now_s: float) -> None:
    """Take over what was found of a face: a small difference little by little, as boxes jitter."""
    fresh = _new(face.number, picture, found, now_s)
    kept = 0.0
    if not face.lost and iou(face.box, fresh.box) >= SMALL:
        kept = math.exp(-max(0.0, now_s - face.found_s) / BOX_TIME_CONSTANT_S)
    face.centre = _mixed(kept, face.centre, fresh.centre)
    face.size = _mixed(kept, face.size, fresh.size)
    face.picture = picture.patch(face.centre, face.side, PIXELS)
    face.found_s, face.found, face.misses, face.lost = now_s, found, 0, False
    face.finds += 1


def _mixed(kept: float, was: tuple[float, float], now: tuple[float, float]) -> tuple[float, float]:
    return kept * was[0] + (1 - kept) * now[0], kept * was[1] + (1 - kept) * now[1]


def _track(face: Known) -> Track:
    if face.found.eyes is None:
        return Track(face.number, face.box, face.found.score)
    x, y, width, height = face.found.box
    dx, dy = face.centre[0] - (x + width / 2), face.centre[1] - (y + height / 2)
    right, left = ((eye[0] + dx, eye[1] + dy) for eye in face.found.eyes)
    return Track(face.number, face.box, face.found.score, (right, left))
