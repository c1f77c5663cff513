"""Boxes of faces: x, y, width, height in whole pixels."""

Box = tuple[int, int, int, int]

SAME_FACE_IOU = 0.3  # least overlap of two boxes of one face
SAME_FACE_WITHIN = 0.6  # or least share of the smaller box that lies within the larger one


def same_face(a: Box, b: Box) -> bool:
    """Return whether two boxes lie on one face: they overlap, or one lies within the other."""
    shared = shared_area(a, b)
    smaller = min(a[2] * a[3], b[2] * b[3])
    return iou(a, b) >= SAME_FACE_IOU or (shared > 0 and shared >= SAME_FACE_WITHIN * smaller)


def iou(a: Box, b: Box) -> float:
    """Return the intersection of two boxes over their union, 0..1."""
    shared = shared_area(a, b)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared) if shared else 0.0


def shared_area(a: Box, b: Box) -> int:
    """Return the area of the intersection of two boxes, pixels."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, width) * max(0, height)


def scaled(box: Box, ratio: float) -> Box:
    """Return the box in a picture that is `ratio` times as large."""
    x, y, width, height = box
    return round(x * ratio), round(y * ratio), round(width * ratio), round(height * ratio)


def within(box: Box, shape: tuple[int, int]) -> Box:
    """Return the part of a box that is in a picture of this height and width; at least a pixel."""
    x, y, width, height = box
    left, top = min(max(0, x), shape[1] - 1), min(max(0, y), shape[0] - 1)
    right, bottom = min(shape[1], x + width), min(shape[0], y + height)
    return left, top, max(1, right - left), max(1, bottom - top)
