"""Webcams, video files and network streams, read through OpenCV's `VideoCapture`."""

import errno
import logging
import os
import re
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import cv2
import numpy as np

from ..faces.crop import to_gray
from ..support.errors import SourceError
from ..support.quiet import quiet_stderr
from ..support.values import Frame
from . import STDIN, SourceOptions
from .files.container import what_is_missing
from .files.interlaced import (
    Watch,
    begins_unconverted,
    open_as_progressive,
    openings,
    why_not_converted,
)
from .files.media_time import MediaTime
from .orientation import turn
from .urls import advice_on_password, is_url, without_secrets
from .v4l2 import device_of, why_not_opened

# Read by OpenCV when it first opens a video: what FFmpeg would print, our errors say in one line.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
STREAM_OPEN_MS = 10_000
KNOCK_S = 3.0
RATE = 30.0  # what a camera is expected to give where no rate is asked for
ENOUGH = 0.9  # of the rate asked for
log = logging.getLogger(__name__)


class _Capture:
    """What the three have in common: an open `VideoCapture` that yields frames."""

    live = True
    continuous = True
    dropped = 0
    rotate, mirror = 0, False

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        self.name = name
        self._capture = capture
        self._watch: Watch | None = None  # of video that may be interlaced
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
            if self._watch and self._watch.is_unconverted(image):
                raise SourceError(f"{self.name}: {why_not_converted()}")
            image = turn(image, self.rotate, self.mirror)
            frame = frame_of(image, self.name, index, self._position(), started)
            del image  # the frame alone holds it, for as long as it is used
            yield frame
            del frame
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
    """A webcam by number or device file, in the pixel format that gives the rate asked for."""

    def __init__(self, argument: str, options: SourceOptions) -> None:
        path = device_of(argument)
        number = re.fullmatch(r"/dev/video(\d{1,4})", str(path))
        device: int | str = int(number[1]) if number else int(argument) if not path else str(path)
        capture = _open(device, cv2.CAP_V4L2 if path else cv2.CAP_ANY)
        if not capture.isOpened():
            raise SourceError(
                f"camera {argument}: cannot be opened; {why_not_opened(path)} "
                "(without a camera: --camera mock, or --source demo)"
            )
        _choose_format(capture, options)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not a queue of old ones
        super().__init__(argument, capture)
        self.rotate, self.mirror = options.rotate, options.mirror
        _report(argument, capture, options)


def _choose_format(capture: cv2.VideoCapture, options: SourceOptions) -> None:
    """Ask for size and rate; where the camera's own format is too slow, try the compressed one.

    Uncompressed, a webcam's larger pictures do not fit through USB 2 at their full rate.
    """
    wanted = options.fps or RATE

    def ask(code: int | None) -> float:
        if code is not None:
            capture.set(cv2.CAP_PROP_FOURCC, code)
        if options.size:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.size[1])
        if options.fps or code is not None:
            capture.set(cv2.CAP_PROP_FPS, wanted)
        return float(capture.get(cv2.CAP_PROP_FPS))

    rate = ask(None)
    own = int(capture.get(cv2.CAP_PROP_FOURCC))
    mjpg = cv2.VideoWriter.fourcc(*"MJPG")
    if 0 < rate < ENOUGH * wanted and own not in (0, mjpg) and ask(mjpg) <= rate:
        ask(own)


def _report(name: str, capture: cv2.VideoCapture, options: SourceOptions) -> None:
    """Say what the camera gives; as a warning where that is less than it was asked for."""
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    letters = "".join(chr(code >> shift & 0xFF) for shift in (0, 8, 16, 24))
    kind = f" {letters}" if letters.isalnum() else ""
    wrong_size = options.size is not None and options.size != (width, height)
    too_slow = options.fps is not None and 0 < rate < ENOUGH * options.fps
    level = logging.WARNING if wrong_size or too_slow else logging.INFO
    asked = ""
    if level == logging.WARNING:
        size = ["{}x{}".format(*options.size)] if options.size else []
        rates = [f"{options.fps:g} frames/s"] if options.fps else []
        asked = f"; it was asked for {' at '.join([*size, *rates])}"
    log.log(
        level, "camera %s: gives %dx%d%s at %g frames/s%s", name, width, height, kind, rate, asked
    )


class Stream(_Capture):
    """A network camera by URL, such as `rtsp://user:password@host/stream`."""

    def __init__(self, argument: str, options: SourceOptions) -> None:
        timeout_ms = max(1, round(options.timeout_s * 1000))
        name = without_secrets(argument)
        _knock(argument, name)
        capture = _open(
            argument,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, max(timeout_ms, STREAM_OPEN_MS)),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms),
            ],
        )
        if not capture.isOpened():
            raise SourceError(
                f"{name}: no stream came; check the URL, the password and that the camera is "
                f"reachable{advice_on_password(argument)}"
            )
        super().__init__(name, capture)
        # Motion JPEG is a row of whole pictures: where they repeat, the camera is frozen.
        if int(capture.get(cv2.CAP_PROP_FOURCC)) != cv2.VideoWriter.fourcc(*"MJPG"):
            self._watch = Watch(None)
        self.rotate, self.mirror = options.rotate, options.mirror


class Video(_Capture):
    """A video file; every frame is given, as fast as it is taken.

    Attributes:
        announced_frames: how many the container says it holds, which may be wrong; 0 if it does not.
    """

    live = False

    def __init__(self, argument: str, options: SourceOptions) -> None:
        path = Path(argument)
        name = "standard input" if argument == STDIN else without_secrets(argument)
        if not is_url(argument):
            _check_readable(path, name)
        capture = _open(argument, cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise SourceError(
                f"{name}: is not a video that OpenCV can read; it may be truncated or of another kind"
            )
        if path.is_file() and begins_unconverted(path):
            self.rotate = int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360 // 90 * 90
            capture = open_as_progressive(path)
            if not capture.isOpened():
                raise SourceError(f"{path}: {why_not_converted()}")
        super().__init__(name, capture)
        self.announced_frames = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
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
    with quiet_stderr(), openings.shared():
        try:
            return cv2.VideoCapture(*arguments)
        except cv2.error:  # a number beyond OpenCV's
            return cv2.VideoCapture()


def _check_readable(path: Path, name: str) -> None:
    """Refuse what cannot be read. What is no file is not opened: a pipe would lose its beginning.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        if path.is_file():
            path.open("rb").close()
        elif not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror}") from None


def _knock(url: str, name: str) -> None:
    """Ask whether an RTSP camera answers at all; FFmpeg would wait for long for one that does not.

    Raises:
        SourceError: it does not.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("rtsp", "rtsps") or advice_on_password(url):
        return
    try:
        place = parts.hostname or "", parts.port or (322 if parts.scheme == "rtsps" else 554)
        socket.create_connection(place, KNOCK_S).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error) or "no answer"
        raise SourceError(
            f"{name}: no stream came ({why}); check the URL and that the camera is reachable"
        ) from None
