"""Interlaced video, which OpenCV 4.13 and 4.14 take but do not convert: they give old memory as pictures.

FFmpeg's filters, which come with most of these OpenCVs, take the mark from the frames; where they are
missing, what gives it away is a picture that never changes while the file's content does.
"""

import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from ...support.quiet import quiet_stderr

FIRST_FRAMES = 8  # looked at when a file is opened
RUN = 25  # pictures that repeat the one before; then the file is asked whether that can be
_CONTENT = 0.25  # bytes of a packet, compressed, for each 16 x 16 pixels: a picture that changes
_CELL = 256  # pixels
_DIFFERENT = 8.0  # gray levels, on average, between a picture and one that is not it
OPTIONS_READ_S = 2.0  # after so long an opening has read them
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"  # read by OpenCV whenever it opens a video


class _Openings:
    """Openings of videos: any number at a time, but for one whose options are those of the process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Begin when nobody is alone; one camera that hangs in being opened holds up no other."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off others; those that began long ago have read the options, even if they hang."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: not self._open, OPTIONS_READ_S)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()


openings = _Openings()


def clip() -> AbstractContextManager[Path]:
    """Return the path of the clip, for `with`."""
    return resources.as_file(resources.files(__package__) / "interlaced.m2v")


@cache
def converts_interlaced() -> bool:
    """Return whether this OpenCV converts interlaced video, by a clip of four small frames."""
    with clip() as path:
        pictures = list(_read(_opened(path), 4))
    return any(not np.array_equal(pictures[0], other) for other in pictures[1:])


def why_not_converted() -> str:
    """Return what is wrong with an interlaced video, and what to do."""
    return (
        f"is interlaced, and OpenCV {cv2.__version__} gives black or old pictures of such video; run "
        "\"pip install 'opencv-python<4.13'\", or make it progressive first: "
        "ffmpeg -i FILE -vf bwdif NEW.mp4"
    )


def open_as_progressive(path: Path) -> cv2.VideoCapture:
    """Return a capture of a file whose frames are all taken for progressive; it may not be open."""
    graph = f"movie=filename={_escaped(str(path))},setfield=prog"
    with quiet_stderr(), openings.alone():
        before = os.environ.get(_OPTIONS)
        os.environ[_OPTIONS] = "input_format;lavfi"
        try:
            return cv2.VideoCapture(graph, cv2.CAP_FFMPEG)
        finally:
            os.environ.pop(_OPTIONS)
            if before is not None:
                os.environ[_OPTIONS] = before


def begins_unconverted(path: Path) -> bool:
    """Return whether the first pictures of a video file are none of its own."""
    if converts_interlaced():
        return False
    first = _read(_opened(path), FIRST_FRAMES)  # two at a time: they are large
    pairs = [np.array_equal(*pair) for pair in pairwise(first)]
    if pairs and not any(pairs):
        return False
    pictures = list(_read(_opened(path), FIRST_FRAMES))
    return bool(pictures) and _is_unconverted(path, pictures)


class Watch:
    """Notices pictures that repeat, and says when that means that they were not converted."""

    def __init__(self, path: Path | None) -> None:
        """Begin before the first picture.

        Args:
            path: the video file; None for a stream, which cannot be read a second time.
        """
        self._path = path
        self._last: np.ndarray | None = None
        self._index = self._repeats = 0
        self._limit = RUN

    def is_unconverted(self, image: np.ndarray) -> bool:
        """Take the next picture, uint8; return whether it is none of the video's."""
        if converts_interlaced():
            return False
        sample = image[::8, ::8].copy()
        repeats = self._last is not None and np.array_equal(sample, self._last)
        self._last = sample
        self._index += 1
        self._repeats += repeats
        if not repeats or self._repeats < self._limit:
            return False
        self._limit *= 10
        if self._path is None:  # no sensor gives one picture twice
            return self._repeats == self._index - 1
        return _is_unconverted(self._path, [image], self._index - 1)


def _is_unconverted(path: Path, pictures: list[np.ndarray], start: int = 0) -> bool:
    """Return whether pictures, those of a file from `start` on, are none of its own."""
    capture = open_as_progressive(path)
    if capture.isOpened():
        with quiet_stderr():
            for _ in range(start):
                capture.grab()
        right = list(_read(capture, len(pictures)))
        return any(map(_differs, pictures, right))
    if start > 0 or any(not np.array_equal(pictures[0], other) for other in pictures[1:]):
        return False
    pixels = pictures[0].shape[0] * pictures[0].shape[1]
    if not pictures[0].any() and _changes(path, 0, 1, pixels):
        return True  # black, though the first packet holds a picture
    return len(pictures) > 1 and _changes(path, 1, len(pictures) - 1, pixels)


def _differs(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    return float(cv2.absdiff(one, other).mean()) > _DIFFERENT


def _opened(path: Path) -> cv2.VideoCapture:
    with quiet_stderr(), openings.shared():
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # as the file has them
    return capture


def _read(capture: cv2.VideoCapture, count: int) -> Iterator[np.ndarray]:
    """Yield up to so many pictures, and close the capture."""
    with quiet_stderr():
        for _ in range(count):
            ok, image = capture.read()
            if not ok or image is None:
                break
            yield image
        capture.release()


def _changes(path: Path, start: int, count: int, pixels: int) -> bool:
    """Return whether so many packets of a file from `start` on say more than 'as before' or 'all flat'."""
    held = 0
    before = b""
    capture = _opened(path)
    capture.set(cv2.CAP_PROP_FORMAT, -1)  # packets as they are
    for place, data in enumerate(_read(capture, start + count)):
        packet = data.tobytes()
        if place >= start and not _alike(packet, before):
            held += len(zlib.compress(packet, 1))
        before = packet
    return held > _CONTENT * count * pixels / _CELL


def _alike(packet: bytes, before: bytes) -> bool:
    """Return whether a packet repeats the one before it, as those of still pictures do."""
    if len(packet) != len(before):
        return False
    same = np.frombuffer(packet, np.uint8) == np.frombuffer(before, np.uint8)
    return bool(same.mean() > 0.95)


def _escaped(name: str) -> str:
    """Return a file's name as a value in a graph of filters: once for the value, once for the graph."""
    for special in ("\\':", "\\'[],;"):
        name = "".join("\\" + c if c in special else c for c in name)
    return name
