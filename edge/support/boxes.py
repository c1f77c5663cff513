"""Boxes of faces: x, y, width, height in whole pixels."""

from typing import NamedTuple

Box = tuple[int, int, int, int]

SAME_FACE_IOU = 0.3  # least overlap of one face's boxes in two successive frames


class Sighting(NamedTuple):
    """What may be a face.

    Attributes:
        box: where it is.
        evidence: that it is one; from 1 on it is told as one at once.
    """

    box: Box
    evidence: float


def iou(a: Box, b: Box) -> float:
    """Return the intersection of two boxes over their union, 0..1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def scaled(box: Box, ratio: float) -> Box:
    """Return the box in a picture that is `ratio` times as large."""
    x, y, width, height = box
    return round(x * ratio), round(y * ratio), round(width * ratio), round(height * ratio)
