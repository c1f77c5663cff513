"""Images in a folder per emotion."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..faces.crop import fit
from ..support.errors import DatasetError
from ..support.image_file import IMAGE_SUFFIXES, read_image
from ..support.labels import EMOTIONS, emotion_index, is_class_name
from .faces import SPLIT_NAMES, LabelledFaces
from .store import FaceStore


@dataclass(frozen=True)
class FolderSplit:
    """One split: the folder `place` holds a folder of images per emotion."""

    name: str
    place: Path

    def read(
        self, shape: tuple[int, ...], progress: Callable[[int, int], None] | None
    ) -> LabelledFaces:
        """Read all images, each brought to `shape`. Raises: DatasetError, OutputError."""
        files = _labelled_files(self.place)
        names: list[str] = []
        labels: list[int] = []
        skipped: list[str] = []
        with FaceStore(shape) as store:
            for done, (path, label) in enumerate(files, 1):
                image, name = read_image(path), os.path.relpath(path, self.place.parent)
                if image is None:
                    skipped.append(name)
                else:
                    store.add(fit(image, shape))
                    labels.append(label)
                    names.append(name)
                if progress and (done % 500 == 0 or done == len(files)):
                    progress(done, len(files))
            if not names:
                raise DatasetError(
                    f"{self.place}: holds no readable image; expected "
                    f"{self.place / EMOTIONS[0]}/*.png and so on ({' '.join(sorted(IMAGE_SUFFIXES))})"
                )
            return LabelledFaces(
                self.name, store.images(), np.array(labels, np.int64), tuple(names), tuple(skipped)
            )


def split_folders(root: Path) -> dict[str, FolderSplit]:
    """Return the splits whose folders lie in `root`. Raises: DatasetError."""
    found = {name: SPLIT_NAMES.get(name.strip().lower()) for name in folder_names(root)}
    return {split: FolderSplit(split, root / name) for name, split in found.items() if split}


def emotion_folders(root: Path) -> FolderSplit | None:
    """Return `root` as the one split `all`, or None where no folder in it is named like a class.

    Raises:
        DatasetError: `root` cannot be read.
    """
    if any(is_class_name(name) for name in folder_names(root)):
        return FolderSplit("all", root)
    return None


def folder_names(root: Path) -> list[str]:
    """Return the names of the folders in `root` that are not hidden, sorted. Raises: DatasetError."""
    try:
        with os.scandir(root) as entries:
            return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError as error:
        raise _unreadable(root, error) from error


def _labelled_files(root: Path) -> list[tuple[str, int]]:
    files = []
    for name in folder_names(root):
        folder = root / name
        try:
            label = emotion_index(name)
        except DatasetError as error:
            raise DatasetError(f"{folder}: {error}") from None
        try:
            with os.scandir(folder) as entries:
                images = sorted(e.path for e in entries if _is_image(e.name))
        except OSError as error:
            raise _unreadable(folder, error) from error
        files += [(path, label) for path in images]
    return files


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _unreadable(folder: Path, error: OSError) -> DatasetError:
    return DatasetError(f"{folder}: cannot be read: {error.strerror or error}")
