"""FER+: ten people's votes on each face of FER-2013, in `fer2013new.csv` beside `fer2013.csv`.

Row n of one file is row n of the other.
"""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...support.errors import DatasetError
from ...support.labels import EMOTIONS, emotion_index
from .faces import SPLIT_NAMES, LabelledFaces

FILE_NAME = "fer2013new.csv"
# The columns of every array of votes. NF: not a face.
VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"),
    *("contempt", "unknown", "NF"),
)
MOST_VOTES = 1000  # of one column; the original has ten voters a face
_COLUMN_OF = np.argsort([emotion_index(name) for name in VOTES[: len(EMOTIONS)]])


def distribution(votes: np.ndarray) -> np.ndarray:
    """Return the share of each emotion in the votes for the seven.

    Args:
        votes: int `[n, 10]`, columns as in `VOTES`; contempt, unknown and NF are left out.

    Returns:
        float32 `[n, 7]`, columns as in `EMOTIONS`; each row sums to 1, but a face without any vote
        for the seven has a row of zeros.
    """
    seven = votes[:, _COLUMN_OF].astype(np.float32)
    return seven / np.maximum(seven.sum(axis=1, keepdims=True), 1)


def majority(votes: np.ndarray) -> np.ndarray:
    """Return the emotion that got more than half of all votes, those for the other three included.

    Args:
        votes: int `[n, 10]`, columns as in `VOTES`.

    Returns:
        int64 `[n]`, indices in `EMOTIONS`; -1 where none got so many, or nobody voted.
    """
    seven = votes[:, _COLUMN_OF]
    won = 2 * seven.max(axis=1) > votes.sum(axis=1)
    return np.where(won, seven.argmax(axis=1), -1)


def with_majority(faces: LabelledFaces) -> LabelledFaces:
    """Return the faces on which most voters agree, labelled as they voted.

    Raises:
        DatasetError: the faces have no votes, or no face has a majority.
    """
    if faces.votes is None:
        raise DatasetError(
            f"the split '{faces.split}' has no FER+ votes; put {FILE_NAME} beside fer2013.csv and "
            "give the folder of the two, or use the labels 'fer'"
        )
    labels = majority(faces.votes)
    clear = np.flatnonzero(labels >= 0)
    if not len(clear):
        raise DatasetError(f"no face of the split '{faces.split}' has a majority of FER+ votes")
    return replace(faces.select(clear), labels=labels[clear])


@dataclass(frozen=True)
class Votes:
    """All votes of a file.

    Attributes:
        path: the file.
        table: int64 `[n, 10]`, columns as in `VOTES`.
        splits: what each row's Usage says, in this package's words; None if nothing known.
    """

    path: Path
    table: np.ndarray
    splits: tuple[str | None, ...]


def votes_beside(faces: Path, rows: int) -> Votes | None:
    """Return the votes that lie beside the file `faces`, which has `rows` rows, or None.

    Raises:
        DatasetError: the votes cannot be read, or are not as many as the faces.
    """
    path = faces.with_name(FILE_NAME)
    if not path.is_file():
        return None
    votes = _read(path)
    if len(votes.table) != rows:
        raise DatasetError(
            f"{path}: has {len(votes.table)} rows, {faces.name} has {rows}; put the votes beside the "
            "file that they were made for, or move them away"
        )
    return votes


def _read(path: Path) -> Votes:
    table: list[list[int]] = []
    splits: list[str | None] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            usage, *columns = (header.index(name.lower()) for name in ("Usage", *VOTES))
            for row in reader:
                if row:
                    table.append([_count(row[i]) for i in columns])
                    splits.append(SPLIT_NAMES.get(row[usage].strip().lower()))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, IndexError, csv.Error):
        raise DatasetError(
            f"{path}: line {max(reader.line_num, 1)} is not of FER+; expected Usage and ten numbers "
            f"of votes, 0 to {MOST_VOTES}, under the names {', '.join(VOTES)}"
        ) from None
    return Votes(path, np.array(table, np.int64).reshape(-1, len(VOTES)), tuple(splits))


def _count(text: str) -> int:
    votes = int(text) if text.strip().isascii() and len(text) <= 8 else -1
    if not 0 <= votes <= MOST_VOTES:
        raise ValueError(text)
    return votes
