"""Record the annotated frames as a video, in a thread of its own."""

import contextlib
import logging
import math
import time
from pathlib import Path

import cv2
import numpy as np

from ..support.atomic import Draft, leftovers
from ..support.errors import OutputError
from ..support.quiet import quiet_stderr
from ..support.rotation import next_name
from ..support.values import Observation
from . import OutputOptions, View
from .base import Background

log = logging.getLogger(__name__)

_CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "mp4v"}
LOOK_EVERY = 25  # frames, between two looks at a segment's size
LEAST_FPS = 1.0


class Video(Background):
    """Writes an .mp4, .avi or .mkv, or with `OutputOptions.film` numbered segments of one.

    A file appears under its name only when it is complete. What a killed run left is named at the
    next start as far as it can be read: a .mkv up to its last moments.

    A file's frames are all kept; a camera's are dropped when the encoder is late, and each stays
    as long as it lasted, so that the recording plays at the true speed.
    """

    patient = True

    def __init__(self, options: OutputOptions) -> None:
        super().__init__(options, "record")
        self._path = Path(options.target)
        if self._path.suffix.lower() not in _CODECS:
            raise OutputError(
                f"{self._path}: a recording must end in .mp4, .avi or .mkv, a picture in .png or .jpg"
            )
        self._options, self._film = options, options.film
        self._is_cut = self._film.longest is not None or self._film.largest is not None
        self._writer: _Writer | None = None
        self._draft: Draft | None = Draft(self._path)  # now: a wrong place is refused at once
        self._begun_s = 0.0
        self._most_fps = math.inf  # what the encoder has been able to do
        for left in leftovers(self._path):
            _name_or_remove(left, self._path)
        self._film.trim(self._path)

    def write(self, frame: View, observation: Observation) -> None:
        if self._writer is None and self._thread is None:
            # Made here, not in the thread: for as long as that takes stderr is held back, and what
            # others say must not be lost.
            self._begin(frame, time.monotonic())
        super().write(frame, observation)

    def work(self, frame: View, observation: Observation, taken_s: float) -> None:
        writer = self._writer
        if writer is not None and frame.gap is not None:
            writer.skip(frame.gap.seconds)  # an hour without a camera is no hour of one picture
        if writer is not None and self._is_cut and self._is_full(writer, taken_s):
            self._end()
            writer = None
        if writer is None:
            writer = self._begin(frame, taken_s)
        times = writer.frames_due(taken_s) if self._options.live else 1
        try:
            if times:
                writer.write(frame.annotated(), times)
        except Exception:
            self._abandon()
            raise

    def finish(self) -> None:
        if self._writer is not None:
            self._end()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._abandon()

    def _begin(self, frame: View, now_s: float) -> "_Writer":
        if self._draft is None:
            self._draft = Draft(self._path)
        fps = frame.fps or self._options.fps
        if self._options.live:
            fps = max(LEAST_FPS, min(fps, self._most_fps))
        self._writer = _Writer(self._draft.path, self._path, fps, frame.size)
        self._begun_s = now_s
        return self._writer

    def _is_full(self, writer: "_Writer", now_s: float) -> bool:
        film = self._film
        lasted_s = now_s - self._begun_s if self._options.live else writer.frames / writer.fps
        if film.longest is not None and lasted_s >= film.longest:
            return True
        if film.largest is None or writer.writes % LOOK_EVERY:
            return False
        return writer.size() >= film.largest

    def _end(self) -> None:
        """Finish the file and give it its name."""
        writer, draft = self._writer, self._draft
        assert writer
        assert draft
        try:
            writer.finish()
        except OutputError:
            self._abandon()
            raise
        self._writer = self._draft = None
        # An encoder that is late gets fewer frames in the next segment.
        self._most_fps = 0.8 / writer.cost_s if writer.cost_s * writer.fps > 1 else math.inf
        draft.keep(next_name(self._path) if self._is_cut else self._path)
        self._film.trim(self._path)

    def _abandon(self) -> None:
        """Leave a file that cannot be finished; a segment is kept as far as it can be read."""
        writer, draft = self._writer, self._draft
        self._writer = self._draft = None
        if writer is not None:
            writer.release()
        if draft is None:
            return
        if self._is_cut and writer is not None and writer.frames and _is_readable(draft.path):
            with contextlib.suppress(OutputError):
                draft.keep(next_name(self._path))
        draft.drop()


def _name_or_remove(left: Path, path: Path) -> None:
    """Name what a killed run left as a segment, if it can be read; remove it if not."""
    try:
        if _is_readable(left):
            name = next_name(path)
            left.rename(name)
            log.warning("%s: what an interrupted run recorded", name)
        else:
            left.unlink(missing_ok=True)
            log.warning("%s: an interrupted run's recording cannot be read; removed", path)
    except OSError as error:
        log.warning("%s: is left over from an interrupted run: %s", left, error.strerror)


def _is_readable(path: Path) -> bool:
    with quiet_stderr():
        film = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        readable = film.isOpened() and film.read()[0]
        film.release()
    return bool(readable)


class _Writer:
    """`cv2.VideoWriter` with its silent failures made loud."""

    def __init__(self, temporary: Path, path: Path, fps: float, size: tuple[int, int]) -> None:
        self._temporary, self._path, self.fps, self._size = temporary, path, fps, size
        self._start: float | None = None
        self.frames = self.writes = 0
        self.cost_s = 0.0  # of one frame, of late
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
        due = round((now_s - self._start) * self.fps) + 1
        return max(0, due - self.frames)

    def skip(self, seconds: float) -> None:
        """Leave out some time before the next frame."""
        if self._start is not None:
            self._start += seconds

    def write(self, image: np.ndarray, times: int) -> None:
        if (image.shape[1], image.shape[0]) != self._size:  # a folder's images may differ
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        began = time.monotonic()
        for _ in range(times):
            self._writer.write(image)
        self.frames += times
        self.writes += 1
        self.cost_s += 0.1 * ((time.monotonic() - began) / times - self.cost_s)

    def size(self) -> int:
        """Return the bytes written until now."""
        return self._temporary.stat().st_size

    def release(self) -> None:
        self._writer.release()

    def finish(self) -> None:
        self._writer.release()
        # The encoder reports no error, and a cut file's header may promise all frames: read the last.
        with quiet_stderr():
            written = cv2.VideoCapture(str(self._temporary), cv2.CAP_FFMPEG)
            written.set(cv2.CAP_PROP_POS_FRAMES, self.frames - 1)
            whole = written.isOpened() and written.read()[0]
            written.release()
        if not whole:
            raise OutputError(
                f"{self._path}: not all of {self.frames} frames could be written; is the disk full?"
            )
