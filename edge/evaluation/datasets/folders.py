"""Images in a folder per emotion."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...faces.crop import fit
from ...support.errors import DatasetError
from ...support.image_file import IMAGE_SUFFIXES, SYSTEM_NAMES, read_image
from ...support.labels import EMOTIONS, emotion_index, is_class_name
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
        files, nested = _labelled_files(self.place)
        names: list[str] = []
        labels: list[int] = []
        skipped = [os.path.relpath(path, self.place.parent) for path in nested]
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
            folders = Counter(
                os.path.relpath(os.path.dirname(p), self.place.parent) for p in nested
            )
            return LabelledFaces(
                self.name,
                store.images(),
                np.array(labels, np.int64),
                tuple(names),
                tuple(skipped),
                notes=tuple(
                    f"{folder}: {count} files in a folder within a class; move them up to it"
                    for folder, count in folders.items()
                ),
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
            return sorted(e.name for e in entries if e.is_dir() and _is_shown(e.name))
    except OSError as error:
        raise _unreadable(root, error) from error


def _labelled_files(root: Path) -> tuple[list[tuple[str, int]], list[str]]:
    """Return the files of each class with its index, and those that lie deeper, which are not used."""
    files: list[tuple[str, int]] = []
    nested: list[str] = []
    for name in folder_names(root):
        folder = root / name
        try:
            label = emotion_index(name)
        except DatasetError as error:
            raise DatasetError(f"{folder}: {error}") from None
        try:
            with os.scandir(folder) as entries:
                shown = sorted((e for e in entries if _is_shown(e.name)), key=lambda e: e.name)
        except OSError as error:
            raise _unreadable(folder, error) from error
        files += [(e.path, label) for e in shown if not e.is_dir()]
        for inner in (e.path for e in shown if e.is_dir()):
            deeper = [
                os.path.join(where, file)
                for where, _, found in os.walk(inner)
                for file in sorted(found)
                if _is_shown(file)
            ]
            nested += deeper
            if not deeper:
                files.append((inner, label))  # which is not an image, and is named as none
    return files, nested


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name not in SYSTEM_NAMES


def _unreadable(folder: Path, error: OSError) -> DatasetError:
    return DatasetError(f"{folder}: cannot be read: {error.strerror or error}")
