"""Animated WebP, played: FFmpeg, which plays the other animations, does not read it."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ...support.errors import SourceError
from ...support.image_file.kinds import HEAD, image_kind, is_animated
from ...support.quiet import quiet_stderr

_AT_ONCE = 128 * 2**20  # bytes of pictures that are read together
_USUAL_MS = 100  # where a file says 0: as browsers play it


def is_animation(path: Path) -> bool:
    """Return whether a file is an animated WebP."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    return image_kind(head) == "WebP" and is_animated(head)


class Animation:
    """Pictures, BGR uint8, and when each is shown, in seconds."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises: SourceError: this OpenCV cannot play it, or it is damaged."""
        if not hasattr(cv2, "imreadanimation"):
            raise SourceError(
                f"{path}: is an animated WebP, which OpenCV plays from 4.11 on, not {cv2.__version__}; "
                "save it as GIF or as a video"
            )
        self._path = path
        first, durations = self._read(0, 1)
        if not first:
            raise SourceError(f"{path}: is a damaged WebP; save it again")
        self._chunk = max(1, _AT_ONCE // first[0].nbytes)
        self.fps = min(1000 / (durations[0] or _USUAL_MS), 1000.0)

    def __iter__(self) -> Iterator[tuple[np.ndarray, float]]:
        start, shown_ms = 0, 0
        while True:
            pictures, durations = self._read(start, self._chunk)
            for picture, lasts_ms in zip(pictures, durations, strict=False):
                yield picture, shown_ms / 1000
                shown_ms += lasts_ms or _USUAL_MS
            if len(pictures) < self._chunk:
                return
            start += len(pictures)

    def _read(self, start: int, count: int) -> tuple[list[np.ndarray], list[int]]:
        with quiet_stderr():
            try:
                _, found = cv2.imreadanimation(str(self._path), start, count)
            except cv2.error:
                return [], []
        return [picture[:, :, :3] for picture in found.frames], [int(d) for d in found.durations]
