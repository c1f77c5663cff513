"""The challenge's own file, `fer2013.csv`: a row per face, with columns emotion, pixels and Usage.

It is read row by row. A row is a line: no field of this file holds a comma or a line's end, so a
damaged row affects no other, as a quotation mark left open would.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...faces.crop import fit
from ...support.errors import DatasetError
from ...support.labels import EMOTIONS
from .faces import SPLIT_NAMES, LabelledFaces
from .ferplus import Votes, votes_beside
from .store import FaceStore

CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")  # as it is named in Kaggle's two archives
_COLUMNS = (b"emotion", b"pixels", b"usage")
_SIDE = 48  # pixels; all its faces are square
_AROUND = b' \t\r\n"'  # what may stand around a field

# The emotion that each of the challenge's numbers means; the order is not that of `EMOTIONS`.
_ORDER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_LABELS = {str(number).encode(): EMOTIONS.index(name) for number, name in enumerate(_ORDER)}


@dataclass(frozen=True)
class _Row:
    """A line: its number, and its fields as they stand there; `split` is None if it names none."""

    line: int
    split: str | None
    emotion: bytes
    pixels: bytes


@dataclass(frozen=True)
class CsvSplit:
    """One split: `faces` of the `rows` in the file `place`."""

    name: str
    place: Path
    faces: int
    rows: int

    def read(
        self, shape: tuple[int, ...], progress: Callable[[int, int], None] | None
    ) -> LabelledFaces:
        """Read all faces, each brought to `shape`, and FER+ votes where there are some beside the file.

        A row that names no split is skipped, and listed with every split.

        Raises:
            DatasetError, OutputError.
        """
        votes = votes_beside(self.place, self.rows)
        labels: list[int] = []
        names: list[str] = []
        skipped: list[str] = []
        kept: list[int] = []
        done = 0
        with FaceStore(shape) as store:
            for place, row in enumerate(_rows(self.place)):
                if votes and row.split:
                    _check_split(self.place, row, votes, place)
                if row.split not in (self.name, None):
                    continue
                face, label = _pixels(row.pixels), _LABELS.get(row.emotion.strip(_AROUND))
                if row.split is None or face is None or label is None:
                    skipped.append(f"{self.place.name}:{row.line}")
                else:
                    store.add(fit(face, shape))
                    labels.append(label)
                    names.append(f"{self.place.name}:{row.line}")
                    kept.append(place)
                done += row.split is not None
                if progress and (done % 500 == 0 or done == self.faces):
                    progress(done, self.faces)
            if not names:
                raise DatasetError(
                    f"{self.place}: holds no readable face of the split '{self.name}'; expected an "
                    f"emotion 0..6 and {_SIDE * _SIDE} pixels 0..255 in each row"
                )
            return LabelledFaces(
                self.name,
                store.images(),
                np.array(labels, np.int64),
                tuple(names),
                tuple(skipped),
                votes.table[kept] if votes else None,
            )


def csv_splits(path: Path) -> dict[str, CsvSplit]:
    """Return the splits that the rows of the file name.

    Raises:
        DatasetError: it cannot be read, is no such file, or no row names a split.
    """
    found = Counter(row.split for row in _rows(path))
    splits = {
        name: CsvSplit(name, path, faces, found.total()) for name, faces in found.items() if name
    }
    if not splits:
        raise DatasetError(
            f"{path}: no row says Training, PublicTest or PrivateTest under Usage; is it cut off?"
        )
    return splits


def _rows(path: Path) -> Iterator[_Row]:
    try:
        with path.open("rb") as file:
            columns = _find_columns(path, file.readline(10_000))
            for number, line in enumerate(file, 2):
                if line.isspace():
                    continue
                fields = line.split(b",")
                if len(fields) <= max(columns):
                    yield _Row(number, None, b"", b"")
                    continue
                emotion, pixels, usage = (fields[i] for i in columns)
                word = usage.strip(_AROUND).decode("ascii", "replace").lower()
                yield _Row(number, SPLIT_NAMES.get(word), emotion, pixels)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from error


def _find_columns(path: Path, header: bytes) -> list[int]:
    names = [
        name.strip(_AROUND).lower() for name in header.removeprefix(b"\xef\xbb\xbf").split(b",")
    ]
    try:
        return [names.index(name) for name in _COLUMNS]
    except ValueError:
        raise DatasetError(
            f"{path}: is not laid out as {CSV_NAMES[0]}: its first line must name the columns "
            "emotion, pixels and Usage; give that file, or a folder of images"
        ) from None


def _pixels(text: bytes) -> np.ndarray | None:
    text = text.strip(_AROUND)
    # `fromstring` would stop at the first other character, with no more than a warning.
    if not text or text.translate(None, b"0123456789 "):
        return None
    values = np.fromstring(text, np.int64, sep=" ")
    if values.size != _SIDE * _SIDE or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(_SIDE, _SIDE)


def _check_split(path: Path, row: _Row, votes: Votes, place: int) -> None:
    if votes.splits[place] != row.split:
        raise DatasetError(
            f"{votes.path}: its row {place + 1} is of another split than {path.name}:{row.line}; "
            "put the votes beside the file that they were made for"
        )
