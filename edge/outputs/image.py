"""Write one annotated picture: of an image its only one, of anything else the last frame."""

from pathlib import Path

import cv2
import numpy as np

from ..support.atomic import Draft, write_bytes
from ..support.errors import OutputError
from ..support.values import Frame, Observation
from . import OutputOptions
from .annotate import annotate
from .blur import Covering

SUFFIXES = (".png", ".jpg", ".jpeg")


class Picture:
    """Writes a .png or .jpg when the run ends; of a run without frames, none."""

    color = True
    dropped = 0

    def __init__(self, options: OutputOptions) -> None:
        self._path = Path(options.target)
        if self._path.suffix.lower() not in SUFFIXES:
            raise OutputError(
                f"{options.target or 'picture'}: a picture must end in {', '.join(SUFFIXES)}"
            )
        self._covering = Covering() if options.blur else None
        self._last: tuple[np.ndarray, Observation] | None = None
        # Made now, so that a place that cannot be written is told before the work.
        self._draft = Draft(self._path)

    def write(self, frame: Frame, observation: Observation) -> None:
        self._last = frame.color(), observation
        if self._covering:
            self._covering.see(observation)

    def close(self) -> None:
        self._draft.drop()
        if self._last is not None:
            image, observation = self._last
            if self._covering:
                image = self._covering.cover(image, observation)
            _, encoded = cv2.imencode(self._path.suffix, annotate(image, observation, fps=0))
            write_bytes(self._path, encoded.tobytes())
