"""The challenge's own file, fer2013.csv: a face a row, as its pixels' values in text.

FER+ votes for the same rows are read from fer2013new.csv, where it lies beside.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..crop import resize_gray
from ..errors import DatasetError
from ..labels import EMOTIONS
from .faces import Collector, LabelledFaces
from .ferplus import read_votes

NAME, VOTES_NAME = "fer2013.csv", "fer2013new.csv"
SIDE = 48
# The challenge numbers the emotions otherwise than their alphabet does.
ORDER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
# PublicTest chose among the challenge's entries, PrivateTest ranked them.
SPLITS = {"training": "train", "publictest": "validation", "privatetest": "test"}
_COLUMNS = ("emotion", "pixels", "usage")


def find(data: Path) -> Path | None:
    """Return the csv file that `data` is or holds, None if there is none."""
    if data.is_file() and data.suffix.lower() == ".csv":
        return data
    path = data / NAME
    return path if path.is_file() else None


def count_splits(path: Path) -> dict[str, int]:
    """Return the number of rows of each split. Raises: DatasetError."""
    return dict(Counter(split for _, split, _, _ in _rows(path)))


def load(
    path: Path,
    split: str,
    size: tuple[int, int],
    progress: Callable[[int, int], None] | None,
) -> LabelledFaces:
    """Read the rows of one split, and their votes. Raises: DatasetError."""
    gathered = Collector(split, count_splits(path)[split], size, progress)
    usages: list[str] = []
    kept: list[int] = []
    for row, (line, of, emotion, pixels) in enumerate(_rows(path)):
        usages.append(of)
        if of != split:
            continue
        face, name = _face(pixels), f"{path.name}:{line}"
        if face is None or emotion not in range(len(ORDER)):
            gathered.skip(name)
        else:
            kept.append(row)
            gathered.keep(resize_gray(face, size), EMOTIONS.index(ORDER[emotion]), name)
    faces = gathered.faces()
    beside = path.with_name(VOTES_NAME)
    if not beside.is_file():
        return faces
    return replace(faces, votes=_joined(beside, usages)[kept])


def _rows(path: Path) -> Iterator[tuple[int, str, int, str]]:
    """Yield line, split, emotion (-1 if it is no number) and pixels of each row."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            head = [cell.strip().lower() for cell in next(rows, [])]
            if not set(_COLUMNS) <= set(head):
                raise DatasetError(
                    f"{path}: has no column {' or '.join(sorted(set(_COLUMNS) - set(head)))}; "
                    "expected fer2013.csv with emotion,pixels,Usage"
                )
            emotion, pixels, usage = map(head.index, _COLUMNS)
            for row in rows:
                if len(row) < len(head):  # the file was cut off within a row
                    row = [*row, *[""] * (len(head) - len(row))]
                of = SPLITS.get(row[usage].strip().lower())
                if of is None and row[usage].strip():
                    raise DatasetError(
                        f"{path}:{rows.line_num}: Usage '{row[usage]}' is none of Training, "
                        "PublicTest, PrivateTest"
                    )
                number = row[emotion].strip()
                label = int(number) if number.isdecimal() else -1
                yield rows.line_num, of or "train", label, row[pixels]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read as CSV: {error}") from error


def _face(text: str) -> np.ndarray | None:
    try:
        values = np.array(text.split(" "), np.int64)
    except (ValueError, OverflowError):
        return None
    if values.size != SIDE * SIDE or values.min() < 0 or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(SIDE, SIDE)


def _joined(path: Path, usages: list[str]) -> np.ndarray:
    """Return the votes, row by row those of the faces. Raises: DatasetError if they are not."""
    of, votes = read_votes(path)
    theirs = [SPLITS.get(usage.lower()) for usage in of]
    if len(theirs) != len(usages):
        raise DatasetError(
            f"{path}: has {len(theirs)} rows for {len(usages)} faces; both files must be of the "
            "same set"
        )
    if theirs != usages:
        row = next(i for i, (a, b) in enumerate(zip(theirs, usages, strict=True)) if a != b)
        raise DatasetError(f"{path}:{row + 2}: is of another split than that row's face")
    return votes
