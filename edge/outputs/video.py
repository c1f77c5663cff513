"""Record the annotated frames as a video, in a thread of its own."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ..support.atomic import Draft
from ..support.errors import OutputError
from ..support.quiet import quiet_stderr
from ..support.values import Frame, Observation
from . import OutputOptions
from .annotate import Rate, annotate
from .blur import AROUND_S, Covering, when

WAITING = 8  # frames that may wait for the encoder
_CODECS = {".mp4": "mp4v", ".avi": "MJPG"}

_Item = tuple[np.ndarray, Observation, float, float]  # picture, seen, FPS, when in seconds


class Recorder:
    """Writes an .mp4 or .avi; the file appears under its name only when it is complete.

    A file's frames are all kept; a camera's are dropped when the encoder is late, and each stays
    as long as it lasted, so that the recording plays at the true speed.
    """

    color = True

    def __init__(self, options: OutputOptions) -> None:
        self.dropped = 0
        self._path = Path(options.target)
        if self._path.suffix.lower() not in _CODECS:
            raise OutputError(
                f"{self._path}: a recording must end in .mp4 or .avi, a picture in .png or .jpg"
            )
        self._live = options.live
        self._fps = options.fps
        self._blur = options.blur
        self._rate = Rate()
        self._items: queue.Queue[_Item | None] = queue.Queue(WAITING)
        self._error: Exception | None = None
        self._recorded = False
        self._draft = Draft(self._path)
        self._thread: threading.Thread | None = None

    def write(self, frame: Frame, observation: Observation) -> None:
        if self._error:
            raise self._error
        if self._thread is None:
            self._start(frame.size)
        fps = self._rate.tick() if self._live else 0.0
        try:
            item = (frame.color(), observation, fps, time.monotonic())
            self._items.put(item, block=not self._live)
        except queue.Full:
            self.dropped += 1

    def _start(self, size: tuple[int, int]) -> None:
        # The writer is made here, not in its thread: for as long as that takes stderr is held back,
        # and what others say must not be lost.
        writer = _Writer(self._draft.path, self._path, self._fps, size)
        self._thread = threading.Thread(
            target=self._encode, args=(writer,), name="record", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        if self._thread:
            self._items.put(None)
            self._thread.join()
        if self._recorded:
            self._draft.keep()
        else:
            self._draft.drop()
        if self._error:
            raise self._error

    def _encode(self, writer: "_Writer") -> None:
        # After an error the rest is taken and left, until the analysis hears of it.
        for image, observation, fps, now_s in self._covered(iter(self._items.get, None)):
            if self._error:
                continue
            try:
                times = writer.frames_due(now_s) if self._live else 1
                if times:
                    writer.write(annotate(image, observation, fps), times)
            except Exception as error:
                self._error = error
        try:
            if not self._error:
                writer.finish()
                self._recorded = True
        except Exception as error:
            self._error = error

    def _covered(self, items: Iterator[_Item]) -> Iterator[_Item]:
        """Cover the faces where that is asked for: in each frame when those just after have come."""
        if not self._blur:
            yield from items
            return
        covering, held = Covering(), deque[_Item]()
        # Whatever their times say: no more pictures are held than these seconds have twice over.
        most = round(2 * AROUND_S * self._fps) + WAITING
        for item in items:
            covering.see(item[1])
            held.append(item)
            while len(held) > most or abs(when(item[1]) - when(held[0][1])) > AROUND_S:
                yield _with_cover(covering, held.popleft())
        for item in held:
            yield _with_cover(covering, item)


def _with_cover(covering: Covering, item: _Item) -> _Item:
    image, observation, fps, now_s = item
    return covering.cover(image, observation), observation, fps, now_s


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
