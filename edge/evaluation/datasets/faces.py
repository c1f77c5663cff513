"""What reading a data set gives: `LabelledFaces`, and a `Split` that can be read into them."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ...support.labels import EMOTIONS
from .store import FaceStore, take

NAMED = 20  # files that are named one by one when they are left out


@dataclass(frozen=True)
class LabelledFaces:
    """Faces of one split. The pixels of a large split lie on disk (see `store`), all else in memory.

    Attributes:
        split: the split's name.
        images: uint8 `[n, height, width]`, 0..255, read-only; in colour `[n, height, width, 3]`, RGB.
        labels: int64 `[n]`, indices in `EMOTIONS`.
        names: where each face comes from: `test/happy/1.png`, or `fer2013.csv:123`, a file and its line.
        skipped: files or rows that are not readable faces, likewise.
        votes: FER+ votes, int64 `[n, 10]`, columns as in `ferplus.VOTES`; None where there are none.
        notes: folders that were left out, each with ': ' and why.
    """

    split: str
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    votes: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> dict[str, int]:
        """Return the number of faces of each emotion."""
        found = np.bincount(self.labels, minlength=len(EMOTIONS))
        return {name: int(n) for name, n in zip(EMOTIONS, found, strict=True)}

    def left_out(self) -> list[str]:
        """Return lines that name and count what is not among the faces, and emotions without any."""
        folders = tuple(note.partition(": ")[0] + os.sep for note in self.notes)
        unread = [name for name in self.skipped if not name.startswith(folders)]
        lines = [f"{name}: is not a readable image; skipped" for name in unread[:NAMED]]
        if len(unread) > NAMED:
            lines.append(f"... and {len(unread) - NAMED} more")
        lines += self.notes
        if len(self.skipped) > 1:
            found = len(self) + len(self.skipped)
            lines.append(f"{len(self.skipped)} of {found} files or rows are skipped ({self.split})")
        if missing := [name for name, count in self.counts().items() if not count]:
            lines.append(f"there is no face of {', '.join(missing)} ({self.split})")
        return lines

    def select(self, index: np.ndarray) -> "LabelledFaces":
        """Return the faces at `index` (int `[m]`), in that order.

        Raises:
            OutputError: they fit neither in the memory meant for them nor on the disk.
        """
        return replace(
            self,
            images=take(self.images, index),
            labels=self.labels[index],
            names=tuple(self.names[i] for i in index),
            votes=None if self.votes is None else self.votes[index],
        )

    def joined(self, others: "LabelledFaces") -> "LabelledFaces":
        """Return these faces and then the others, of the same size; who has no votes gets none.

        Raises:
            OutputError: they fit neither in the memory meant for them nor on the disk.
        """
        with FaceStore(self.images.shape[1:]) as store:
            for faces in (self, others):
                for start in range(0, len(faces), 4096):
                    store.add(faces.images[start : start + 4096])
            images = store.images()
        votes = None
        if self.votes is not None or others.votes is not None:
            columns = next(f.votes for f in (self, others) if f.votes is not None).shape[1]
            votes = np.concatenate(
                [
                    np.zeros((len(f), columns), np.int64) if f.votes is None else f.votes
                    for f in (self, others)
                ]
            )
        return replace(
            self,
            images=images,
            labels=np.concatenate([self.labels, others.labels]),
            names=(*self.names, *others.names),
            skipped=(*self.skipped, *others.skipped),
            votes=votes,
        )


class Split(Protocol):
    """A split that was found, not yet read.

    Attributes:
        place: the folder or file that it lies in.
    """

    @property
    def place(self) -> Path: ...

    def read(
        self, shape: tuple[int, ...], progress: Callable[[int, int], None] | None
    ) -> LabelledFaces: ...


# What folders and the challenge's `Usage` call the splits, in lower case.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "publictest": "validation",
    "test": "test",
    "privatetest": "test",
}
