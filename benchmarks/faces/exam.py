"""An exam: pictures and clips with the boxes that people checked, read from folders with a `boxes.csv`."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.faces import Eyes
from edge.support.errors import DatasetError
from edge.support.image_file import IMAGE_SUFFIXES

BOXES = "boxes.csv"
SMALL = "small"  # a kind that is neither missed nor false
FACE = "face"  # the kind where the file gives none
_EYES = ("right_eye_x", "right_eye_y", "left_eye_x", "left_eye_y")


@dataclass(frozen=True)
class Truth:
    """A face that is there.

    Attributes:
        box: x, y, width, height, pixels.
        kind: a word of the exam's own, such as `clear` or `hard`.
        eyes: the person's right and left one, pixels; None where the file has none.
    """

    box: tuple[float, float, float, float]
    kind: str = FACE
    eyes: Eyes | None = None

    @property
    def height(self) -> float:
        return self.box[3]

    @property
    def roll(self) -> float | None:
        """How far the head leans, degrees, -180..180; None where the eyes are not known."""
        if self.eyes is None:
            return None
        (right_x, right_y), (left_x, left_y) = self.eyes
        return math.degrees(math.atan2(left_y - right_y, left_x - right_x))


@dataclass(frozen=True, eq=False)
class Item:
    """A picture, or a clip, and its faces by the number of the frame (0 of a picture)."""

    path: Path
    name: str
    truths: dict[int, tuple[Truth, ...]]
    is_clip: bool


@dataclass(frozen=True)
class FaceSet:
    """The pictures and clips of one `boxes.csv`."""

    name: str
    items: tuple[Item, ...]


def read_exam(folder: Path) -> tuple[FaceSet, ...]:
    """Return the sets of a folder: one for each `boxes.csv` in it or below.

    A picture in such a folder or below counts even if no row names it: it shows no face.

    Raises:
        DatasetError: there is no `boxes.csv`, or one is not as it must be.
    """
    files = sorted(folder.rglob(BOXES)) if folder.is_dir() else []
    if not files:
        raise DatasetError(
            f"{folder}: has no {BOXES}; give a folder of pictures and clips with one "
            "(columns file, frame, x, y, width, height, kind and the eyes; see docs/faces.md)"
        )
    homes = {file.parent for file in files}
    return tuple(_read_set(file, folder, homes) for file in files)


def _read_set(file: Path, top: Path, homes: set[Path]) -> FaceSet:
    truths: dict[str, dict[int, list[Truth]]] = defaultdict(lambda: defaultdict(list))
    with file.open(newline="", encoding="utf-8") as text:
        rows = csv.DictReader(text)
        missing = {"file", "x", "y", "width", "height"} - set(rows.fieldnames or ())
        if missing:
            raise DatasetError(f"{file}: has no column {', '.join(sorted(missing))}")
        for line, row in enumerate(rows, 2):
            try:
                truths[row["file"]][int(row.get("frame") or 0)].append(_truth(row))
            except (TypeError, ValueError):
                raise DatasetError(f"{file}: line {line} is not a box: {row}") from None
    for name in _pictures(file.parent, homes):
        truths.setdefault(name, defaultdict(list))
    name = file.parent.name if file.parent == top else str(file.parent.relative_to(top))
    return FaceSet(name, tuple(_item(file, n, truths[n]) for n in sorted(truths)))


def _truth(row: dict[str, str]) -> Truth:
    x, y, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
    eyes = None
    if all(row.get(name) for name in _EYES):
        right_x, right_y, left_x, left_y = (float(row[name]) for name in _EYES)
        eyes = ((right_x, right_y), (left_x, left_y))
    return Truth((x, y, width, height), row.get("kind") or FACE, eyes)


def _pictures(folder: Path, homes: set[Path]) -> Iterator[str]:
    """Yield the pictures of a folder and below, but not those of another set."""
    for path in sorted(folder.rglob("*")):
        home = next(p for p in path.parents if p in homes)
        if path.suffix.lower() in IMAGE_SUFFIXES and home == folder:
            yield str(path.relative_to(folder))


def _item(file: Path, name: str, truths: dict[int, list[Truth]]) -> Item:
    path = file.parent / name
    if not path.is_file():
        raise DatasetError(f"{file}: names {name}, which is not there")
    is_clip = path.suffix.lower() not in IMAGE_SUFFIXES
    return Item(path, name, {n: tuple(all_) for n, all_ in truths.items()}, is_clip)
