"""Write one annotated picture: of an image its only one, of anything else the last frame."""

from pathlib import Path

import cv2
import numpy as np

from ..atomic import write_bytes
from ..errors import OutputError
from ..values import Frame, Observation
from . import OutputOptions
from .annotate import annotate


class Picture:
    """Writes a .png or .jpg when the run ends."""

    color = True
    dropped = 0

    def __init__(self, options: OutputOptions) -> None:
        self._path = Path(options.target)
        self._last: tuple[np.ndarray, Observation] | None = None
        if not self._path.parent.is_dir():
            raise OutputError(f"{self._path}: cannot write: there is no folder of that name")

    def write(self, frame: Frame, observation: Observation) -> None:
        self._last = frame.color(), observation

    def close(self) -> None:
        if self._last is None:
            return
        ok, encoded = cv2.imencode(self._path.suffix, annotate(*self._last, fps=0))
        if not ok:
            raise OutputError(f"{self._path}: OpenCV cannot encode this picture; use .png")
        write_bytes(self._path, encoded.tobytes())
