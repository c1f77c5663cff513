"""A picture of hits and misses: what one detector missed, what it took for a face, and some it found."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from edge.support.boxes import Box

from .exam import SMALL, Item
from .measure import Seen, frames_of, read_gray

TILE, COLUMNS = 120, 12
MOST = 36  # tiles of each of the three
AROUND = 2.0  # sides of the face that a tile shows
COLORS = {"missed": (60, 60, 230), "no face": (0, 160, 255), "found": (80, 200, 80)}  # BGR

_Spot = tuple[Item, int, Box]


def draw_hits(seen: Sequence[Seen]) -> np.ndarray:
    """Return the picture, BGR uint8: a row's title, then its tiles, for each of the three kinds."""
    spots: dict[str, list[_Spot]] = {"missed": [], "no face": [], "found": []}
    for one in seen:
        for truth, ok in zip(one.truths, one.match.found, strict=True):
            x, y, width, height = (round(v) for v in truth.box)
            if truth.kind != SMALL:
                spots["found" if ok else "missed"].append(
                    (one.item, one.frame, (x, y, width, height))
                )
        spots["no face"] += [(one.item, one.frame, box) for box in one.match.false]
    parts = [
        part
        for kind, there in spots.items()
        for part in (_title(f"{kind}: {len(there)}"), *_rows(_spread(there), COLORS[kind]))
    ]
    return np.vstack(parts)


def _spread(spots: list[_Spot]) -> list[_Spot]:
    step = max(1.0, len(spots) / MOST)
    return [spots[int(i * step)] for i in range(min(MOST, len(spots)))]


def _rows(spots: Iterable[_Spot], color: tuple[int, int, int]) -> list[np.ndarray]:
    tiles = [_tile(spot, color) for spot in spots]
    while len(tiles) % COLUMNS:
        tiles.append(np.full((TILE, TILE, 3), 32, np.uint8))
    return [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]


def _tile(spot: _Spot, color: tuple[int, int, int]) -> np.ndarray:
    item, frame, (x, y, width, height) = spot
    gray = _gray(item, frame)
    side = AROUND * max(width, height)
    scale = TILE / side
    left, top = x + width / 2 - side / 2, y + height / 2 - side / 2
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    if scale < 1:
        gray = cv2.GaussianBlur(gray, (0, 0), 0.4 / scale)
    tile = cv2.cvtColor(cv2.warpAffine(gray, matrix, (TILE, TILE)), cv2.COLOR_GRAY2BGR)
    corners = [(round((x + dx - left) * scale), round((y + dy - top) * scale))
               for dx, dy in ((0, 0), (width, height))]  # fmt: skip
    return cv2.rectangle(tile, corners[0], corners[1], color, 2)


def _gray(item: Item, frame: int) -> np.ndarray:
    if not item.is_clip:
        return read_gray(item)
    return next(gray for index, (gray, _) in enumerate(frames_of(item)) if index == frame)


def _title(text: str) -> np.ndarray:
    strip = np.full((28, TILE * COLUMNS, 3), 255, np.uint8)
    return cv2.putText(
        strip, text, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA
    )
