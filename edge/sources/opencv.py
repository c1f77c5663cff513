"""Webcams, video files and network streams, read through OpenCV's `VideoCapture`."""

import os
import re
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
from . import SourceOptions
from .orientation import turn

# Read by OpenCV when it first opens a video: what FFmpeg would print, our errors say in one line.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
STREAM_OPEN_MS = 10_000


class _Capture:
    """What the three have in common: an open `VideoCapture` that yields frames."""

    live = True
    continuous = True
    rotate, mirror = 0, False

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        self.name = name
        self._capture = capture
        fps = capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if 0 < fps <= 1000 else 30.0  # some streams tell none, or their clock's rate

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while True:
            started = time.perf_counter()
            ok, image = self._capture.read()
            if not ok or image is None:
                return self._ended(index)
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
        device: int | str = int(argument) if argument.isdecimal() else argument
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
        name = _without_password(argument)
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
        counted = _tells_its_length(path)
        self._frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if counted else 0
        super().__init__(str(path), capture)

    def _position(self) -> float:
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def _ended(self, frames: int) -> None:
        # A container's count may be an estimate from its duration: allow it a twentieth.
        if frames == 0 or frames < 0.95 * self._frames - 1:
            of = f" of {self._frames}" if self._frames else ""
            raise SourceError(
                f"{self.name}: ends after {frames}{of} frames: the file is truncated or damaged; "
                "what was read until there is complete"
            )


def frame_of(
    image: np.ndarray, source: str, index: int, position_s: float | None, started: float
) -> Frame:
    """Return the frame of a BGR or gray uint8 image; `started` is `time.perf_counter()` before."""
    height, width = image.shape[:2]
    captured = datetime.now(UTC)
    gray = to_gray(image)
    return Frame(
        source=source,
        index=index,
        time=captured,
        position_s=position_s,
        size=(width, height),
        gray=gray,
        color=lambda: image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR),
        capture_ms=(time.perf_counter() - started) * 1000,
    )


def _tells_its_length(path: Path) -> bool:
    """Tell whether a file's container states its length: MP4 and MOV, AVI, Matroska and WebM.

    For the others, such as transport streams, FFmpeg guesses.
    """
    with path.open("rb") as file:
        head = file.read(8)
    return head[4:8] == b"ftyp" or head[:4] in (b"RIFF", b"\x1aE\xdf\xa3")


def _open(*arguments: Any) -> cv2.VideoCapture:
    """Return a `VideoCapture`, open or not, and keep OpenCV's own words on it from the user."""
    with quiet_stderr():
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


def _without_password(url: str) -> str:
    url = re.sub(r"(?i)\b(pass\w*|pwd)=[^&/?]*", r"\1=***", url)
    scheme, _, rest = url.partition("://")
    head, at, tail = rest.rpartition("@")
    user = head.partition(":")[0]
    return f"{scheme}://{user}{at}{tail}"
