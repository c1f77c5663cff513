"""Labelled faces in the layouts in which people have them.

DATA/train/happy/1.png  DATA/test/happy/2.png      (also `validation`, also under `images/`)
DATA/happy/1.png                                   (one split, named `all`)
DATA/fer2013.csv, DATA/fer2013new.csv              (the challenge's file, and FER+ votes for it)
"""

from collections.abc import Callable
from pathlib import Path

from ..errors import DatasetError
from ..labels import EMOTIONS
from . import challenge, folders
from .faces import LabelledFaces

__all__ = ["LabelledFaces", "find_splits", "load_split"]


def find_splits(data: Path) -> tuple[str, ...]:
    """Return the names of the splits: of `train`, `test`, `validation`, or only `all`.

    Raises:
        DatasetError: `data` is none of the layouts.
    """
    if csv := challenge.find(data):
        return tuple(challenge.count_splits(csv))
    return tuple(folders.find(data))


def load_split(
    data: Path,
    split: str | None = None,
    size: tuple[int, int] = (48, 48),
    progress: Callable[[int, int], None] | None = None,
) -> LabelledFaces:
    """Read one split.

    Args:
        data: a folder in one of the layouts, or the path of fer2013.csv.
        split: its name; by default the one kept for testing.
        size: height and width to bring every face to.
        progress: called with (faces done, faces in all).

    Raises:
        DatasetError: no such split, a folder that is no emotion, or not one readable face.
    """
    splits = find_splits(data)
    if split is None:
        split = next(name for name in ("test", "validation", "all", "train") if name in splits)
    if split not in splits:
        raise DatasetError(f"{data}: has no split '{split}'; it has {', '.join(sorted(splits))}")
    if csv := challenge.find(data):
        faces = challenge.load(csv, split, size, progress)
    else:
        faces = folders.load(split, folders.find(data)[split], size, progress)
    if not len(faces):
        raise DatasetError(
            f"{data}: holds no readable image in '{split}'; expected {EMOTIONS[0]}/*.png and so "
            "on, or rows of fer2013.csv"
        )
    return faces
