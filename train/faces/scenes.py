"""Scenes with known faces: tiles set into photographs, turned, dimmed, covered, blurred.

A scene also holds what is not a face: cut-out things, faces whose parts are shuffled or too close to
be one, so that the network learns to leave them alone.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import as_a_camera
from .tiles import TILE, Material

EMPTY = 0.06  # share of scenes without a face
SMALLEST = 8.0  # pixels of a face's width; what is smaller is not labelled


@dataclass(frozen=True)
class Scene:
    """A picture and its faces.

    Attributes:
        picture: gray, uint8 `[side, side]`.
        boxes: x, y, width, height, float32 `[n, 4]`, pixels; upright even where the face is not.
        eyes: the person's right and left one, x and y, float32 `[n, 2, 2]`, pixels.
    """

    picture: np.ndarray
    boxes: np.ndarray
    eyes: np.ndarray


@dataclass(frozen=True)
class _Placed:
    """One tile in the scene: where its pixels go, they, their opacity 0..1, what is known of it."""

    where: tuple[slice, slice]
    face: np.ndarray
    opacity: np.ndarray
    box: np.ndarray
    eyes: np.ndarray


def make_scene(
    material: Material, side: int, rng: np.random.Generator, empty: float = EMPTY
) -> Scene:
    """Return a scene drawn by `rng`.

    Args:
        side: its width and height, pixels.
        empty: share of scenes without a face, 0..1.
    """
    canvas = _background(material, side, rng).astype(np.float32)
    boxes: list[np.ndarray] = []
    eyes: list[np.ndarray] = []
    for _ in range(rng.integers(0, 4)):
        _set_no_face(canvas, material, rng)
    places = [] if rng.random() < empty else _places(side, rng)
    for centre, width, roll in places:
        if any(_near(centre, width, box) for box in boxes):
            continue
        placed = _place(material, side, centre, width, roll, rng)
        part = canvas[placed.where]
        part += placed.opacity * (placed.face - part)
        if placed.box[2] >= SMALLEST:
            boxes.append(placed.box)
            eyes.append(placed.eyes)
    smallest = min((float(box[2]) for box in boxes), default=40.0)
    return Scene(
        as_a_camera(canvas, smallest, rng),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(eyes, np.float32).reshape(-1, 2, 2),
    )


def _background(material: Material, side: int, rng: np.random.Generator) -> np.ndarray:
    kind = rng.random()
    if kind < 0.1:  # a wall, lit from one side
        ramp = np.linspace(rng.uniform(0, 255), rng.uniform(0, 255), side, dtype=np.float32)
        return np.tile(ramp, (side, 1)) if rng.random() < 0.5 else np.tile(ramp[:, None], (1, side))
    photo = material.backgrounds[rng.integers(len(material.backgrounds))]
    height, width = photo.shape
    part = min(height, width, int(side * np.exp2(rng.uniform(-0.5, 2.0))))
    y, x = rng.integers(height - part + 1), rng.integers(width - part + 1)
    picture = cv2.resize(
        photo[y : y + part, x : x + part], (side, side), interpolation=cv2.INTER_AREA
    )
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    if rng.random() < 0.2:
        picture = np.rot90(picture, int(rng.integers(1, 4)))
    return np.ascontiguousarray(picture)


def _places(side: int, rng: np.random.Generator) -> list[tuple[np.ndarray, float, float]]:
    """Return where faces go: centre, width in pixels, roll in degrees."""
    if (kind := rng.random()) < 0.1:  # one that nearly fills the picture, or more than that
        centre = rng.uniform(0.25, 0.75, 2) * side
        return [(centre, side * rng.uniform(0.35, 0.95), _roll(rng))]
    if kind < 0.3:  # a mosaic
        cells = int(rng.integers(3, 9))
        pitch = side / cells
        rest = [(x, y) for x in range(cells) for y in range(cells) if rng.random() < 0.8]
        return [
            ((np.array(c) + 0.5) * pitch, pitch * rng.uniform(0.42, 0.62), _roll(rng)) for c in rest
        ]
    count = int(rng.integers(1, 11))
    base = rng.uniform(np.log(9), np.log(90))
    return [
        (
            rng.uniform(0, side, 2),
            float(np.exp(base + rng.normal(0, 0.45)).clip(SMALLEST, side / 2)),
            _roll(rng),
        )
        for _ in range(count)
    ]


def _roll(rng: np.random.Generator) -> float:
    kind = rng.random()
    if kind < 0.45:
        return rng.normal(0, 7)
    return rng.uniform(-55, 55) if kind < 0.88 else rng.uniform(-110, 110)


def _near(centre: np.ndarray, width: float, box: np.ndarray) -> bool:
    gap = np.abs(centre - (box[:2] + box[2:] / 2))
    return bool((gap < 0.45 * (box[2:] + width * np.array([1.0, 1.25]))).all())


def _place(
    material: Material,
    side: int,
    centre: np.ndarray,
    width: float,
    roll: float,
    rng: np.random.Generator,
) -> _Placed:
    tiles = material.tiles
    which = int(rng.integers(len(tiles)))
    tile = tiles.pictures[which].astype(np.float32)
    box, eyes = tiles.boxes[which], tiles.eyes[which]
    if rng.random() < 0.22:
        tile = _covered(tile, box, material, rng)
    scale = width / box[2]
    aspect, mirrored = rng.uniform(0.92, 1.08), rng.random() < 0.5
    turn = _turning(box, centre, (-scale if mirrored else scale, scale * aspect), roll)
    eyes = eyes @ turn[:, :2].T + turn[:, 2]
    if mirrored:
        eyes = eyes[::-1]
    if rng.random() < 0.5:
        tile = (tile - tile.mean()) * rng.uniform(0.6, 1.25) + tile.mean() + rng.uniform(-30, 30)
    if scale < 0.6:  # seen from afar, pixels are means of what falls on them
        tile = cv2.GaussianBlur(tile, (0, 0), 0.4 / scale)
    flags = cv2.INTER_LINEAR if scale < 1.2 or rng.random() < 0.5 else cv2.INTER_CUBIC
    reach = 0.85 * TILE * scale  # more than half a turned tile's diagonal
    low = np.clip(centre - reach, 0, side - 1).astype(int)
    size = np.clip(centre + reach, 1, side).astype(int) - low
    turn[:, 2] -= low
    shape = (int(size[0]), int(size[1]))
    face = cv2.warpAffine(tile, turn, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    opacity = cv2.warpAffine(_opacity(box, rng), turn, shape, flags=cv2.INTER_LINEAR)
    return _Placed(
        (slice(low[1], low[1] + size[1]), slice(low[0], low[0] + size[0])),
        face,
        opacity,
        _turned(box[2:] * (scale, scale * aspect), centre, roll),
        eyes,
    )


def _turning(
    box: np.ndarray, centre: np.ndarray, scales: tuple[float, float], roll: float
) -> np.ndarray:
    """Return the affine map from the tile into the scene, float32 `[2, 3]`."""
    angle = np.deg2rad(roll)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.diag(scales)
    offset = centre - linear @ (box[:2] + box[2:] / 2)
    return np.column_stack([linear, offset]).astype(np.float32)


def _turned(size: np.ndarray, centre: np.ndarray, roll: float) -> np.ndarray:
    """Return the upright box around the ellipse that fills the turned box."""
    width, height = size
    cosine, sine = np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll))
    upright = np.hypot([width * cosine, width * sine], [height * sine, height * cosine])
    return np.concatenate([centre - upright / 2, upright]).astype(np.float32)


def _opacity(box: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how much of a tile is seen: all, all but its rim, just the face, or an oval around it."""
    mask = np.zeros((TILE, TILE), np.float32)
    kind = rng.random()
    if kind < 0.3:
        mask[:] = 1
        return mask
    if kind < 0.42:
        low, size = box[:2] - rng.uniform(0, 6, 2), box[2:] + rng.uniform(6, 12, 2)
        (left, top), (right, bottom) = low.clip(0).astype(int), (low + size).astype(int)
        mask[top:bottom, left:right] = 1
        return mask
    if kind < 0.7:
        rim = int(rng.integers(2, 14))
        mask[rim:-rim, rim:-rim] = 1
    else:
        middle = box[:2] + box[2:] / 2
        axes = box[2:] * rng.uniform(0.58, 0.85, 2)
        cv2.ellipse(mask, (tuple(map(float, middle)), tuple(map(float, 2 * axes)), 0.0), 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.6, 5))


def _covered(
    tile: np.ndarray, box: np.ndarray, material: Material, rng: np.random.Generator
) -> np.ndarray:
    """Return the face behind a mask, a hat or dark glasses, a hand or whatever stands before it."""
    x, y, width, height = (float(v) for v in box)
    cover: np.ndarray = np.zeros((TILE, TILE), np.float32)
    kind = rng.random()
    if kind < 0.45:  # nose and mouth
        top = y + height * rng.uniform(0.48, 0.62)
        bend = height * rng.uniform(0, 0.12)
        rim = np.array(
            [
                [x - 4, top + bend], [x + width / 2, top - bend], [x + width + 4, top + bend],
                [x + width, y + height * 1.02], [x + width / 2, y + height * 1.15],
                [x, y + height * 1.02],
            ]
        )  # fmt: skip
        cv2.fillPoly(cover, [np.rint(rim).astype(np.int32)], 1.0)
    elif kind < 0.7:  # eyes and brow, or all above them
        top = y + height * rng.uniform(-0.3, 0.25)
        bottom = y + height * rng.uniform(0.42, 0.52)
        cover[int(max(0, top)) : int(bottom), int(max(0, x - 6)) : int(x + width + 6)] = 1
    else:  # a side, or a bar
        middle = np.array([x + width * rng.uniform(0, 1), y + height * rng.uniform(0, 1)])
        size = box[2:] * rng.uniform(0.25, 0.6, 2)
        cv2.ellipse(
            cover,
            (tuple(map(float, middle)), tuple(map(float, size)), float(rng.uniform(0, 180))),
            1.0,
            -1,
        )
    cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.6:
        stuff = np.full((TILE, TILE), rng.uniform(10, 245), np.float32)
        stuff += np.linspace(0, rng.uniform(-40, 40), TILE, dtype=np.float32)[:, None]
    else:
        stuff = _background(material, TILE, rng).astype(np.float32)
    return tile + cover * (stuff - tile)


def _set_no_face(canvas: np.ndarray, material: Material, rng: np.random.Generator) -> None:
    """Draw a thing into the scene, or a face that is none any more."""
    side = len(canvas)
    size = int(np.exp(rng.uniform(np.log(14), np.log(0.6 * side))))
    if material.things and rng.random() < 0.6:
        thing = material.things[rng.integers(len(material.things))]
        ratio = size / max(thing.shape[:2])
        thing = cv2.resize(thing, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        patch: np.ndarray = thing[:, :, 0].astype(np.float32)
        opacity = thing[:, :, 1] / np.float32(255)
        if rng.random() < 0.3:
            patch = 255 - patch
    else:
        patch = cv2.resize(_no_face(material, rng), (size, size), interpolation=cv2.INTER_AREA)
        opacity = np.ones((size, size), np.float32)
    height, width = patch.shape
    if height >= side or width >= side:
        return
    y, x = rng.integers(side - height), rng.integers(side - width)
    part = canvas[y : y + height, x : x + width]
    part += opacity * (patch - part)


def _no_face(material: Material, rng: np.random.Generator) -> np.ndarray:
    """Return a face with its parts shuffled, or one part of it so close that it is not a face."""
    which = rng.integers(len(material.tiles))
    tile = material.tiles.pictures[which].astype(np.float32)
    x, y, width, height = (int(v) for v in material.tiles.boxes[which])
    if rng.random() < 0.5:
        part = max(8, int(min(width, height) * rng.uniform(0.25, 0.4)))
        x += int(rng.integers(max(1, width - part)))
        y += int(rng.integers(max(1, height - part)))
        return tile[max(0, y) : max(0, y) + part, max(0, x) : max(0, x) + part]
    cells = int(rng.integers(3, 6))
    pitch = TILE // cells
    parts = [
        tile[r * pitch : (r + 1) * pitch, c * pitch : (c + 1) * pitch]
        for r in range(cells)
        for c in range(cells)
    ]
    order = rng.permutation(len(parts))
    rows = [
        np.hstack([parts[i] for i in order[r : r + cells]]) for r in range(0, len(parts), cells)
    ]
    return np.vstack(rows)
