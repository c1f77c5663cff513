"""Webcams, video files and network streams, read through OpenCV's `VideoCapture`."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np

from ..faces.crop import to_gray
from ..support.errors import SourceError
from ..support.quiet import quiet_stderr
from ..support.values import Frame
from . import SourceOptions, without_secrets
from .files.container import what_is_missing
from .files.interlaced import (
    Watch,
    begins_unconverted,
    open_as_progressive,
    opening,
    why_not_converted,
)
from .files.media_time import MediaTime
from .orientation import turn

# Read by OpenCV when it first opens a video: what FFmpeg would print, our errors say in one line.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
STREAM_OPEN_MS = 10_000


class _Capture:
    """What the three have in common: an open `VideoCapture` that yields frames."""

    live = True
    continuous = True
    dropped = 0
    rotate, mirror = 0, False

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        self.name = name
        self._capture = capture
        self._watch = Watch(None)
        fps = capture.get(cv2.CAP_PROP_FPS)
        self.fps = (
            fps if 0 < fps <= 1000 else 30.0
        )  # some streams report none, or their clock's rate

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while True:
            started = time.perf_counter()
            ok, image = self._capture.read()
            if not ok or image is None:
                return self._ended(index)
            if self._watch.is_unconverted(image):
                raise SourceError(f"{self.name}: {why_not_converted()}")
            image = turn(image, self.rotate, self.mirror)
            yield frame_of(image, self.name, index, self._position(), started)
            index += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def _position(self) -> float | None:
        return None

    def _ended(self, frames: int) -> None:
        raise SourceError(
            f"{self.name}: gave no more frames after {frames}; is it unplugged or switched off?"
        )


class Camera(_Capture):
    """A webcam by number or device file."""

    def __init__(self, argument: str, options: SourceOptions) -> None:
        device: int | str = (
            int(argument) if argument.isascii() and argument.isdecimal() else argument
        )
        capture = _open(device)
        if not capture.isOpened():
            raise SourceError(
                f"camera {argument}: cannot be opened; {_cameras_here()} "
                "(without a camera: --camera mock, or --source demo)"
            )
        if options.size:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.size[1])
        if options.fps:
            capture.set(cv2.CAP_PROP_FPS, options.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not a queue of old ones
        super().__init__(argument, capture)
        self.rotate, self.mirror = options.rotate, options.mirror


class Stream(_Capture):
    """A network camera by URL, such as `rtsp://user:password@host/stream`."""

    def __init__(self, argument: str, options: SourceOptions) -> None:
        timeout_ms = max(1, round(options.timeout_s * 1000))
        capture = _open(
            argument,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, max(timeout_ms, STREAM_OPEN_MS)),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms),
            ],
        )
        name = without_secrets(argument)
        if not capture.isOpened():
            raise SourceError(
                f"{name}: no stream came; check the URL, the "
                "password and that the camera is reachable"
            )
        super().__init__(name, capture)
        self.rotate, self.mirror = options.rotate, options.mirror


class Video(_Capture):
    """A video file; every frame is given, as fast as it is taken."""

    live = False

    def __init__(self, argument: str, options: SourceOptions) -> None:
        path = Path(argument)
        try:
            path.open("rb").close()
        except OSError as error:
            raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
        capture = _open(argument, cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise SourceError(
                f"{path}: is no video that OpenCV can read; it may be truncated or of another kind"
            )
        if path.is_file() and begins_unconverted(path):
            self.rotate = int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360 // 90 * 90
            capture = open_as_progressive(path)
            if not capture.isOpened():
                raise SourceError(f"{path}: {why_not_converted()}")
        super().__init__(str(path), capture)
        self._path = path
        self._watch = Watch(path if path.is_file() else None)
        self._time = MediaTime(self.fps)
        self._reached_s = 0.0  # by the container's own time

    def _position(self) -> float:
        told_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        self._reached_s = max(self._reached_s, told_s)
        return self._time.after(told_s)

    def _ended(self, frames: int) -> None:
        if frames == 0:
            raise SourceError(f"{self.name}: none of its pictures can be decoded; is it damaged?")
        if missing := what_is_missing(self._path, self._reached_s, 1 / self.fps):
            raise SourceError(
                f"{self.name}: ends after {frames} frames: the file is truncated or damaged "
                f"({missing}); what was read until there is complete"
            )


def frame_of(
    image: np.ndarray, source: str, index: int, position_s: float | None, started: float
) -> Frame:
    """Return the frame of a BGR or gray uint8 image; `started` is `time.perf_counter()` before."""
    height, width = image.shape[:2]
    captured = datetime.now(UTC)
    gray = to_gray(image)
    return Frame(
        source=source.encode("utf-8", "backslashreplace").decode(),  # no half characters in JSON
        index=index,
        time=captured,
        position_s=position_s,
        size=(width, height),
        gray=gray,
        color=lambda: image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR),
        capture_ms=(time.perf_counter() - started) * 1000,
    )


def _open(*arguments: Any) -> cv2.VideoCapture:
    """Return a `VideoCapture`, open or not, and keep OpenCV's own words on it from the user."""
    with quiet_stderr(), opening:
        try:
            return cv2.VideoCapture(*arguments)
        except cv2.error:  # a number beyond OpenCV's
            return cv2.VideoCapture()


def _cameras_here() -> str:
    found = sorted(str(p) for p in Path("/dev").glob("video*"))
    if os.name != "posix" or not Path("/dev").is_dir():
        return "is it plugged in, and free of other programs?"
    if not found:
        return "this machine has no /dev/video*: plug a camera in"
    return f"there are {', '.join(found)}: check the number, and that no other program uses it"
