"""Faces with their labels, as all readers give them."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import DatasetError
from ..labels import EMOTIONS

IN_MEMORY = 1 << 30  # bytes of pixels; a larger split is kept in a temporary file


@dataclass(frozen=True)
class LabelledFaces:
    """Faces of one split.

    Attributes:
        split: the split's name.
        images: uint8 `[n, height, width]`, 0..255; of a very large split a memory-mapped file.
        labels: int64 `[n]`, indices in `EMOTIONS`.
        names: where each face comes from, such as `train/happy/1.png` or `fer2013.csv:12`.
        skipped: likewise for what is no readable face.
        votes: int64 `[n, 10]`, the FER+ votes, columns as in `ferplus.VOTES`; None without.
    """

    split: str
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    votes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> dict[str, int]:
        """Return the number of faces of each emotion."""
        found = np.bincount(self.labels, minlength=len(EMOTIONS))
        return {name: int(n) for name, n in zip(EMOTIONS, found, strict=True)}

    def select(self, index: np.ndarray) -> "LabelledFaces":
        """Return the faces at `index` (int `[m]`), in that order."""
        images = allocate(len(index), self.images.shape[1:])
        for begin in range(0, len(index), 4096):
            images[begin : begin + 4096] = self.images[index[begin : begin + 4096]]
        return replace(
            self,
            images=images,
            labels=self.labels[index],
            names=tuple(self.names[i] for i in index),
            votes=None if self.votes is None else self.votes[index],
        )


class Collector:
    """Gathers at most `n` faces of a split, readable and not, in the order they come."""

    def __init__(
        self,
        split: str,
        n: int,
        size: tuple[int, int],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._split = split
        self._images = allocate(n, size)
        self._labels = np.empty(n, np.int64)
        self._names: list[str] = []
        self._skipped: list[str] = []
        self._progress = progress

    def keep(self, face: np.ndarray, label: int, name: str) -> None:
        """Add a face, uint8 `[height, width]`."""
        self._images[len(self._names)] = face
        self._labels[len(self._names)] = label
        self._names.append(name)
        self._step()

    def skip(self, name: str) -> None:
        """Note what cannot be read."""
        self._skipped.append(name)
        self._step()

    def faces(self) -> LabelledFaces:
        """Return what was gathered."""
        n = len(self._names)
        names, skipped = tuple(self._names), tuple(self._skipped)
        return LabelledFaces(self._split, self._images[:n], self._labels[:n], names, skipped)

    def _step(self) -> None:
        done, n = len(self._names) + len(self._skipped), len(self._labels)
        if self._progress and (done % 500 == 0 or done == n):
            self._progress(done, n)


def allocate(n: int, size: tuple[int, ...]) -> np.ndarray:
    """Return room for `n` faces, uint8 `[n, height, width]`, on disk if it is much.

    Raises:
        DatasetError: the disk has not the room.
    """
    shape = (n, *size)
    total = int(np.prod(shape, dtype=np.int64))
    if total <= IN_MEMORY:
        return np.empty(shape, np.uint8)
    folder = os.environ.get("TMPDIR") or ("/var/tmp" if Path("/var/tmp").is_dir() else None)
    try:  # /tmp is memory on many systems, /var/tmp is a disk
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a disk that fills later would end the process
                os.posix_fallocate(file.fileno(), 0, total)
            return np.memmap(file, np.uint8, "w+", shape=shape)
    except OSError as error:
        raise DatasetError(
            f"the faces take {total / 1e9:.1f} GB and {folder or 'the temporary folder'} has no "
            f"room for them ({error.strerror}); free some, or set TMPDIR to a larger disk"
        ) from error
