"""Labelled faces, read from the layouts in which data sets are found.

DATA/train/happy/1.png  DATA/test/happy/2.png     FER-2013 on Kaggle; also `validation`, also in `images/`
DATA/happy/1.png                                  a folder per emotion: one split, named `all`
DATA/fer2013.csv                                  the challenge's own file, with FER+ votes beside it
DATA/labels.csv  DATA/faces-00.jpg                sheets of faces with room around them (see `tiles`)
"""

from collections.abc import Callable
from pathlib import Path

from ...support.errors import DatasetError
from ...support.labels import EMOTIONS
from .faces import LabelledFaces, Split
from .fer2013 import CSV_NAMES, csv_splits
from .folders import emotion_folders, folder_names, split_folders
from .tiles import tiles_splits

__all__ = ["LabelledFaces", "Split", "find_splits", "load_split"]


def find_splits(data: Path) -> dict[str, Split]:
    """Return what can be read of a data set: `train`, `validation`, `test`, or only `all`.

    Args:
        data: a data set's folder, or the challenge's csv itself.

    Raises:
        DatasetError: there is no such thing, or it is laid out in no way known here.
    """
    if data.is_file():
        return dict(csv_splits(data))
    if not data.is_dir():
        raise DatasetError(f"{data}: no such folder; give the folder that holds train/ and test/")
    root = data / "images" if (data / "images").is_dir() else data
    if splits := split_folders(root):
        return dict(splits)
    for name in CSV_NAMES:
        if (data / name).is_file():
            return dict(csv_splits(data / name))
    if tiles := tiles_splits(data):
        return dict(tiles)
    if emotions := emotion_folders(root):
        return {"all": emotions}
    found = folder_names(root)
    holds = f"folders named {', '.join(found[:8])}" if found else "no folders"
    raise DatasetError(
        f"{root}: holds {holds}; expected train/ and test/ with a folder per emotion in each, one "
        f"folder per emotion ({', '.join(EMOTIONS)}), or {CSV_NAMES[0]}"
    )


def load_split(
    data: Path,
    split: str | None = None,
    shape: tuple[int, ...] = (48, 48),
    progress: Callable[[int, int], None] | None = None,
) -> LabelledFaces:
    """Read one split.

    Args:
        data: the data set's folder, or the challenge's csv.
        split: its name; by default the one kept for testing.
        shape: what to bring every face to: height and width, gray; or height, width and 3, RGB.
        progress: called with (faces done, faces in all).

    Raises:
        DatasetError: no such split, a folder that is not an emotion, FER+ votes that belong to other
            faces, or not one readable face.
        OutputError: the faces fit neither in the memory meant for them nor on the disk.
    """
    splits = find_splits(data)
    if split is None:
        split = next(name for name in ("test", "validation", "all", "train") if name in splits)
    if split not in splits:
        raise DatasetError(f"{data}: has no split '{split}'; it has {', '.join(sorted(splits))}")
    return splits[split].read(shape, progress)
