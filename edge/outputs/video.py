"""Record the annotated frames as a video, in a thread of its own."""

from pathlib import Path

import cv2
import numpy as np

from ..support.atomic import Draft
from ..support.errors import OutputError
from ..support.quiet import quiet_stderr
from ..support.values import Observation
from . import OutputOptions, View
from .base import Background

_CODECS = {".mp4": "mp4v", ".avi": "MJPG"}


class Video(Background):
    """Writes an .mp4 or .avi; the file appears under its name only when it is complete.

    A file's frames are all kept; a camera's are dropped when the encoder is late, and each stays
    as long as it lasted, so that the recording plays at the true speed.
    """

    patient = True

    def __init__(self, options: OutputOptions) -> None:
        super().__init__(options, "record")
        self._path = Path(options.target)
        if self._path.suffix.lower() not in _CODECS:
            raise OutputError(
                f"{self._path}: a recording must end in .mp4 or .avi, a picture in .png or .jpg"
            )
        self._options = options
        self._recorded = False
        self._draft = Draft(self._path)
        self._writer: _Writer | None = None

    def write(self, frame: View, observation: Observation) -> None:
        if self._writer is None:
            # Made here, not in the thread: for as long as that takes stderr is held back, and what
            # others say must not be lost.
            fps = frame.fps or self._options.fps
            self._writer = _Writer(self._draft.path, self._path, fps, frame.size)
        super().write(frame, observation)

    def work(self, frame: View, observation: Observation, taken_s: float) -> None:
        assert self._writer
        times = self._writer.frames_due(taken_s) if self._options.live else 1
        if times:
            self._writer.write(frame.annotated(), times)

    def finish(self) -> None:
        assert self._writer
        self._writer.finish()
        self._recorded = True

    def close(self) -> None:
        try:
            super().close()
        finally:
            if self._recorded:
                self._draft.keep()
            else:
                self._draft.drop()


class _Writer:
    """`cv2.VideoWriter` with its silent failures made loud."""

    def __init__(self, temporary: Path, path: Path, fps: float, size: tuple[int, int]) -> None:
        self._temporary, self._path, self._fps, self._size = temporary, path, fps, size
        self._start: float | None = None
        self.frames = 0
        codec = cv2.VideoWriter.fourcc(*_CODECS[path.suffix.lower()])
        with quiet_stderr():
            self._writer = cv2.VideoWriter(str(temporary), codec, fps, size)
        if not self._writer.isOpened():
            raise OutputError(
                f"{path}: this OpenCV cannot write it; give it the ending .avi, or reinstall OpenCV"
            )

    def frames_due(self, now_s: float) -> int:
        # Not by the clock of the day: a board may learn the time within the recording.
        self._start = now_s if self._start is None else self._start
        due = round((now_s - self._start) * self._fps) + 1
        return max(0, due - self.frames)

    def write(self, image: np.ndarray, times: int) -> None:
        if (image.shape[1], image.shape[0]) != self._size:  # a folder's images may differ
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        for _ in range(times):
            self._writer.write(image)
        self.frames += times

    def finish(self) -> None:
        self._writer.release()
        # The encoder tells no error, and a cut file's header may promise all frames: read the last.
        with quiet_stderr():
            written = cv2.VideoCapture(str(self._temporary), cv2.CAP_FFMPEG)
            written.set(cv2.CAP_PROP_POS_FRAMES, self.frames - 1)
            whole = written.isOpened() and written.read()[0]
            written.release()
        if not whole:
            raise OutputError(
                f"{self._path}: not all of {self.frames} frames could be written; is the disk full?"
            )
