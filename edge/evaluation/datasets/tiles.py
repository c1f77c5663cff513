"""Faces with room around them, on sheets of tiles: `faces-00.jpg` and so on, and `labels.csv`.

Each sheet holds 40 columns and 25 rows of square tiles; `labels.csv` names face (tile `face % 1000` of
sheet `face // 1000`), emotion, the photo's file, and the face's box within its tile. A tenth of the
people, by the photo's name without its number, is the split `test`; the others are `train`.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...faces.crop import crop_face, to_gray
from ...support.errors import DatasetError
from ...support.image_file import read_image
from ...support.labels import emotion_index
from .faces import LabelledFaces
from .store import FaceStore

TABLE = "labels.csv"
COLUMNS, ROWS = 40, 25  # tiles of a sheet
# How the device's Haar cascade draws a face, measured on 500 of these tiles: a square about the
# box's centre, its side this share of the box's longer side.
DETECTED_SIDE = 0.976
_NEEDED = ("face", "emotion", "file", "box_x", "box_y", "box_width", "box_height")
_NUMBERED = re.compile(r"[-_ ]*\d*\.\w+$")  # what follows the person's name in that of a photo
_HELD_OUT = 0.1  # share of the people


@dataclass(frozen=True)
class Tiles:
    """Faces with room around them.

    Attributes:
        images: uint8 `[n, side, side]`, gray.
        boxes: float32 `[n, 4]`: x, y, width, height of the face within its tile, pixels.
    """

    images: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class TilesSplit:
    """One split of the folder `place`."""

    name: str
    place: Path

    def read(
        self, shape: tuple[int, ...], progress: Callable[[int, int], None] | None
    ) -> LabelledFaces:
        """Read all faces, each cut out as the device cuts it out. Raises: DatasetError, OutputError."""
        rows = [row for row in _rows(self.place / TABLE) if split_of(row["file"]) == self.name]
        if not rows:
            raise DatasetError(f"{self.place / TABLE}: has no face of the split '{self.name}'")
        with FaceStore(shape) as store:
            for done, (tile, box) in enumerate(_tiles(self.place, rows), 1):
                store.add(crop_face(tile, _square(box), shape))
                if progress and (done % 500 == 0 or done == len(rows)):
                    progress(done, len(rows))
            return LabelledFaces(
                self.name,
                store.images(),
                np.array([emotion_index(row["emotion"]) for row in rows], np.int64),
                tuple(f"{row['file']} ({TABLE}, face {row['face']})" for row in rows),
            )

    def read_tiles(self) -> Tiles:
        """Return the same faces, in the same order, with the room around them. Raises: DatasetError."""
        rows = [row for row in _rows(self.place / TABLE) if split_of(row["file"]) == self.name]
        read = list(_tiles(self.place, rows))
        return Tiles(np.stack([t for t, _ in read]), np.stack([b for _, b in read]).astype("f4"))


def tiles_splits(folder: Path) -> dict[str, TilesSplit]:
    """Return the splits of a folder of sheets; none where it holds no such table."""
    try:
        with (folder / TABLE).open(newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError):
        return {}
    if not set(_NEEDED) <= set(header):
        return {}
    return {name: TilesSplit(name, folder) for name in ("train", "test")}


def split_of(file: str) -> str:
    """Return the split, "train" or "test", of the person whose photo has this name."""
    person = _NUMBERED.sub("", file).lower()
    number = int.from_bytes(hashlib.sha256(person.encode()).digest()[:4], "big")
    return "test" if number < _HELD_OUT * 2**32 else "train"


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{table}: cannot be read: {error}") from error


def _tiles(folder: Path, rows: list[dict[str, str]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each row's tile, uint8 `[side, side]`, and box, float `[4]`."""
    sheets: dict[int, np.ndarray] = {}
    for row in rows:
        try:
            number, tile = divmod(int(row["face"]), COLUMNS * ROWS)
            box = np.array([float(row[name]) for name in _NEEDED[3:]])
        except (TypeError, ValueError):
            raise DatasetError(
                f"{folder / TABLE}: face {row['face']}: no number in its row"
            ) from None
        if number not in sheets:
            sheets = {number: _sheet(folder / f"faces-{number:02d}.jpg")}
        side = sheets[number].shape[0] // ROWS
        y, x = (side * place for place in divmod(tile, COLUMNS))
        yield sheets[number][y : y + side, x : x + side], box


def _sheet(file: Path) -> np.ndarray:
    sheet = read_image(file)
    if sheet is not None:
        sheet = to_gray(sheet)
        height, width = sheet.shape
        if height % ROWS == 0 and width * ROWS == height * COLUMNS:
            return sheet
    raise DatasetError(f"{file}: is not a sheet of {COLUMNS} x {ROWS} square tiles")


def _square(box: np.ndarray) -> tuple[int, int, int, int]:
    x, y, width, height = box.tolist()
    side = DETECTED_SIDE * max(width, height)
    left, top = x + (width - side) / 2, y + (height - side) / 2
    return round(left), round(top), round(side), round(side)
