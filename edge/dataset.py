"""Labelled faces from a folder per emotion, the layout in which FER-2013 is found on Kaggle.

DATA/train/happy/1.png  DATA/test/happy/2.png      (also `validation`, also under `images/`)
DATA/happy/1.png                                   (one split, named `all`)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from .crop import resize_gray, to_gray
from .errors import DatasetError
from .labels import EMOTIONS, emotion_index
from .quiet import quiet_stderr

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".pgm", ".tif", ".tiff"})
_SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "publictest": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}


@dataclass(frozen=True)
class LabelledFaces:
    """Faces of one split, read into memory.

    Attributes:
        split: the split's name.
        images: uint8 `[n, height, width]`, 0..255.
        labels: int64 `[n]`, indices in `EMOTIONS`.
        paths: the file of each face.
        skipped: files that are no readable image.
    """

    split: str
    images: np.ndarray
    labels: np.ndarray
    paths: tuple[Path, ...]
    skipped: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> dict[str, int]:
        """Return the number of faces of each emotion."""
        found = np.bincount(self.labels, minlength=len(EMOTIONS))
        return {name: int(n) for name, n in zip(EMOTIONS, found, strict=True)}

    def select(self, index: np.ndarray) -> "LabelledFaces":
        """Return the faces at `index` (int `[m]`), in that order."""
        paths = tuple(self.paths[i] for i in index)
        return replace(self, images=self.images[index], labels=self.labels[index], paths=paths)


def find_splits(data: Path) -> dict[str, Path]:
    """Return the folder of each split: `train`, `test`, `validation`, or only `all`.

    Raises:
        DatasetError: `data` is no folder, or holds neither splits nor emotions.
    """
    if not data.is_dir():
        raise DatasetError(f"{data}: no such folder; give the folder that holds train/ and test/")
    if (data / "images").is_dir():
        data = data / "images"
    folders = _folders(data)
    splits = {_SPLITS[f.name.lower()]: f for f in folders if f.name.lower() in _SPLITS}
    if splits:
        return splits
    if not folders:
        raise DatasetError(
            f"{data}: holds no folders; expected train/ and test/, or one folder per emotion "
            f"({', '.join(EMOTIONS)})"
        )
    return {"all": data}


def load_split(
    data: Path,
    split: str | None = None,
    size: tuple[int, int] = (48, 48),
    progress: Callable[[int, int], None] | None = None,
) -> LabelledFaces:
    """Read one split.

    Args:
        data: the data set's folder.
        split: its name; by default the one kept for testing.
        size: height and width to bring every face to.
        progress: called with (faces done, faces in all).

    Raises:
        DatasetError: no such split, a folder that is no emotion, or not one readable image.
    """
    splits = find_splits(data)
    if split is None:
        split = next(name for name in ("test", "validation", "all", "train") if name in splits)
    if split not in splits:
        raise DatasetError(f"{data}: has no split '{split}'; it has {', '.join(sorted(splits))}")
    return _load_folder(split, splits[split], size, progress)


def _load_folder(
    split: str, root: Path, size: tuple[int, int], progress: Callable[[int, int], None] | None
) -> LabelledFaces:
    files = []
    for folder in _folders(root):
        try:
            label = emotion_index(folder.name)
        except DatasetError as error:
            raise DatasetError(f"{folder}: {error}") from None
        names = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        files += [(path, label) for path in names]
    images = np.empty((len(files), *size), np.uint8)
    labels = np.empty(len(files), np.int64)
    kept: list[Path] = []
    skipped: list[Path] = []
    for done, (path, label) in enumerate(files, 1):
        image = read_image(path)
        if image is None:
            skipped.append(path)
        else:
            images[len(kept)] = resize_gray(to_gray(image), size)
            labels[len(kept)] = label
            kept.append(path)
        if progress and (done % 500 == 0 or done == len(files)):
            progress(done, len(files))
    if not kept:
        raise DatasetError(
            f"{root}: holds no readable image; expected {root / EMOTIONS[0]}/*.png and so on"
        )
    n = len(kept)
    return LabelledFaces(split, images[:n], labels[:n], tuple(kept), tuple(skipped))


def read_image(path: Path) -> np.ndarray | None:
    """Return a uint8 gray `[height, width]` or BGR `[height, width, 3]` image, or None if unreadable."""
    try:
        raw = np.fromfile(path, np.uint8)
        if not raw.size:
            return None
        with quiet_stderr():  # libpng and libjpeg tell what is wrong in their own words
            return cv2.imdecode(raw, cv2.IMREAD_ANYCOLOR)
    except (OSError, cv2.error):
        return None


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
