"""What scenes are made of: labelled face tiles, photographs without faces, cut-out things."""

import csv
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.support.errors import DatasetError

TILE, COLUMNS, PER_SHEET = 96, 40, 1000
_BOX = ("box_x", "box_y", "box_width", "box_height")
_EYES = ("right_eye_x", "right_eye_y", "left_eye_x", "left_eye_y")
_PERSON = re.compile(r"_?\d*\.\w+$")  # what follows a person's name in a file's
_PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Tiles:
    """Faces with some room around each.

    Attributes:
        pictures: uint8 `[n, 96, 96]`.
        boxes: x, y, width, height within the tile, float32 `[n, 4]`.
        eyes: the person's right and left one, x and y, float32 `[n, 2, 2]`.
        names: of the photo that each comes from.
    """

    pictures: np.ndarray
    boxes: np.ndarray
    eyes: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pictures)

    def select(self, index: Sequence[int] | np.ndarray) -> "Tiles":
        """Return some of them."""
        chosen = np.asarray(index)
        names = tuple(self.names[i] for i in chosen)
        return Tiles(self.pictures[chosen], self.boxes[chosen], self.eyes[chosen], names)


@dataclass(frozen=True)
class Material:
    """All that scenes are made of.

    Attributes:
        backgrounds: gray photographs without a face.
        things: cut-outs without a face, uint8 `[h, w, 2]`: gray and opacity.
    """

    tiles: Tiles
    backgrounds: tuple[np.ndarray, ...]
    things: tuple[np.ndarray, ...] = ()


def read_tiles(folder: Path) -> Tiles:
    """Read `faces-NN.jpg` (sheets of 40 x 25 tiles of 96x96) and `labels.csv`.

    Raises:
        DatasetError: there are none, or a sheet is missing.
    """
    try:
        with (folder / "labels.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        faces = [int(row["face"]) for row in rows]
        boxes = np.array([[float(row[name]) for name in _BOX] for row in rows], np.float32)
        eyes = np.array([[float(row[name]) for name in _EYES] for row in rows], np.float32)
        names = tuple(row["file"] for row in rows)
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{folder / 'labels.csv'}: cannot be used: {error}") from error
    if not rows:
        raise DatasetError(f"{folder / 'labels.csv'}: has no face")
    sheets = {n: _sheet(folder / f"faces-{n:02}.jpg") for n in {f // PER_SHEET for f in faces}}
    pictures = np.stack([_tile(sheets[f // PER_SHEET], f % PER_SHEET) for f in faces])
    return Tiles(pictures, boxes, eyes.reshape(-1, 2, 2), names)


def read_pictures(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the photographs below a folder, gray, and its cut-outs (pictures with transparency).

    Raises:
        DatasetError: there is no photograph.
    """
    photos, things = [], []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _PICTURES:
            continue
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.dtype != np.uint8:
            continue
        if picture.ndim == 3 and picture.shape[2] == 4:
            gray = cv2.cvtColor(picture, cv2.COLOR_BGRA2GRAY)
            things.append(np.dstack([gray, picture[:, :, 3]]))
        else:
            photos.append(
                picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            )
    if not photos:
        raise DatasetError(f"{folder}: has no photograph; give a folder of pictures without faces")
    return photos, things


def held_out(material: Material, held: bool) -> Material:
    """Return the part that is never trained on (`held`), or the rest: a tenth, by people's names."""
    people = [zlib.crc32(_PERSON.sub("", name).encode()) % 10 == 0 for name in material.tiles.names]
    return Material(
        material.tiles.select(np.flatnonzero(np.array(people) == held)),
        tuple(b for i, b in enumerate(material.backgrounds) if (i % 10 == 0) == held),
        tuple(t for i, t in enumerate(material.things) if (i % 10 == 0) == held),
    )


def _sheet(path: Path) -> np.ndarray:
    sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if sheet is None:
        raise DatasetError(f"{path}: is missing or no picture")
    return sheet


def _tile(sheet: np.ndarray, place: int) -> np.ndarray:
    row, column = divmod(place, COLUMNS)
    return sheet[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
