"""Write one annotated picture: of an image its only one, of anything else the last frame."""

from pathlib import Path

import cv2

from ..support.atomic import Draft, write_bytes
from ..support.errors import OutputError
from ..support.values import Observation
from . import Output, OutputOptions, View

SUFFIXES = (".png", ".jpg", ".jpeg")
MOST_OF_JPEG = 65_500  # pixels a side, as libjpeg has it


class Image(Output):
    """Writes a .png or .jpg when the run ends; of a run without frames, none."""

    color = True
    patient = True

    def __init__(self, options: OutputOptions) -> None:
        self._path = Path(options.target)
        if self._path.suffix.lower() not in SUFFIXES:
            raise OutputError(
                f"{options.target or 'picture'}: a picture must end in {', '.join(SUFFIXES)}"
            )
        self._last: View | None = None
        # Made now, so that a place that cannot be written is refused before the work.
        self._draft = Draft(self._path)

    def write(self, frame: View, observation: Observation) -> None:
        frame.color()  # drawn into only at the end, when its buffer has gone back
        self._last = frame

    def close(self) -> None:
        self._draft.drop()
        if self._last is not None:
            picture = self._last.annotated()
            height, width = picture.shape[:2]
            if max(height, width) > MOST_OF_JPEG and self._path.suffix.lower() != ".png":
                raise OutputError(
                    f"{self._path}: a JPEG cannot have {width} x {height} pixels; give it the "
                    "ending .png"
                )
            _, encoded = cv2.imencode(self._path.suffix, picture)
            write_bytes(self._path, encoded.tobytes())
