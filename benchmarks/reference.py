"""Where a clip's faces are, for measuring a faster search: an exhaustive one, at any cost.

A person can check the rule by eye: a face is what at least two of three cascades, trained apart,
find in the full-size frame with `HITS` raw hits in all, at every position and in scale steps of 5 %.
What was seen before and after within `GAP_S` was there in between.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from edge.faces.crop import to_gray
from edge.faces.haar import find_cascade
from edge.support.boxes import Box, iou

from .clip import Picture

CASCADES = (
    "haarcascade_frontalface_default.xml",
    "haarcascade_frontalface_alt.xml",
    "haarcascade_frontalface_alt2.xml",
)
SCALE_STEP = 1.05
HITS = 15
GAP_S = 0.5
SAME_IOU = 0.4  # of two cascades' boxes of one face
_Hit = tuple[int, int, Box]  # raw hits, place of the cascade, their box


class ExhaustiveSearch:
    """Searches frames of any size by all three cascades."""

    def __init__(self) -> None:
        """Load the cascades. Raises: DetectorError."""
        self._cascades = [cv2.CascadeClassifier(str(find_cascade(name))) for name in CASCADES]

    def __call__(self, gray: np.ndarray, least: int) -> list[Box]:
        """Return the boxes of faces with sides of at least `least` pixels in uint8 `[h, w]` `gray`."""
        found: list[_Hit] = []
        for number, cascade in enumerate(self._cascades):
            boxes, hits = cascade.detectMultiScale2(
                gray, scaleFactor=SCALE_STEP, minNeighbors=1, minSize=(least, least)
            )
            for (x, y, w, h), n in zip(boxes, hits, strict=True):
                found.append((int(n), number, (int(x), int(y), int(w), int(h))))
        groups: list[list[_Hit]] = []
        for one in sorted(found, reverse=True):
            near = (group for group in groups if iou(group[0][2], one[2]) >= SAME_IOU)
            if group := next(near, None):
                group.append(one)
            else:
                groups.append([one])
        return [
            _mean(group)
            for group in groups
            if sum(n for n, _, _ in group) >= HITS and len({c for _, c, _ in group}) > 1
        ]


def find_faces(
    pictures: Sequence[Picture],
    min_face: float,
    continuous: bool,
    progress: Callable[[int, int], None],
) -> list[list[Box]]:
    """Return the boxes of each picture's faces, pixels.

    Args:
        min_face: the smallest face to look for, as a share of the picture's height.
        continuous: successive pictures show the same scene.
        progress: called with (pictures done, pictures in all).
    """
    search = ExhaustiveSearch()
    faces = []
    for picture in pictures:
        least = round(min_face * picture.image.shape[0])
        faces.append(search(to_gray(picture.image), least))
        progress(len(faces), len(pictures))
    if continuous:
        fill_gaps(faces, [p.position_s or 0.0 for p in pictures])
    return faces


def fill_gaps(faces: list[list[Box]], times: Sequence[float]) -> None:
    """Add to `faces`, by picture, those not seen for at most `GAP_S`, on a straight way between."""
    seen = [list(boxes) for boxes in faces]
    for later, boxes in enumerate(seen):
        for box in boxes:
            for earlier in range(later - 1, -1, -1):
                if times[later] - times[earlier] > GAP_S:
                    break
                same = max(seen[earlier], key=lambda was: iou(was, box), default=box)
                if seen[earlier] and iou(same, box) >= SAME_IOU:
                    _bridge(faces, times, (earlier, same), (later, box))
                    break


def _bridge(
    faces: list[list[Box]],
    times: Sequence[float],
    before: tuple[int, Box],
    after: tuple[int, Box],
) -> None:
    (earlier, start), (later, end) = before, after
    for place in range(earlier + 1, later):
        share = (times[place] - times[earlier]) / (times[later] - times[earlier])
        x, y, width, height = (round(a + share * (b - a)) for a, b in zip(start, end, strict=True))
        faces[place].append((x, y, width, height))


def _mean(group: list[_Hit]) -> Box:
    """Return the mean of the cascades' boxes, weighted by their hits."""
    weights = [n for n, _, _ in group]
    mean = np.average([box for _, _, box in group], axis=0, weights=weights)
    x, y, width, height = (round(v) for v in mean.tolist())
    return x, y, width, height
