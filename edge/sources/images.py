"""An image, or a folder of images in the order of their names; each is looked at by itself."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, Self

import cv2
import numpy as np

from ..support.errors import SourceError
from ..support.image_file import (
    IMAGE_SUFFIXES,
    SYSTEM_NAMES,
    Picture,
    kind_of,
    load_picture,
    what_it_is,
)
from ..support.values import Frame
from . import SourceOptions
from .files.animation import Animation, is_animation
from .opencv import frame_of

log = logging.getLogger(__name__)

NAMED = 20  # files that are named one by one when they are left out
PATIENCE_S = 1.0  # with a file that is being read when the run ends
LOOK_UP_S = 0.5  # between two looks for signals, while a file is read


class Images:
    """Still images; what a folder holds besides is named and counted. An animation is played."""

    live = False
    continuous = False
    fps = 1.0
    dropped = 0

    def __init__(self, argument: str, options: SourceOptions) -> None:
        self.name = argument
        path = Path(argument)
        self._folder = path.is_dir()
        self._ahead = options.ahead
        self._coming: Future[_Read] | None = None
        self._left_out = 0
        self._animation = None
        self._paths = _entries(path) if self._folder else [path]
        if not self._folder and is_animation(path):
            self._animation = Animation(path)
            self.continuous, self.fps = True, self._animation.fps
        if self._folder and not any(map(_may_be_image, self._paths)):
            kinds = " ".join(sorted(IMAGE_SUFFIXES))
            raise SourceError(f"{path}: holds no image ({kinds}){_first(self._paths)}")

    def __iter__(self) -> Iterator[Frame]:
        if self._animation is not None:
            for index, (picture, position_s) in enumerate(self._animation):
                yield frame_of(picture, self.name, index, position_s, time.perf_counter())
            return
        given = 0
        read_all = self._read_ahead if self._folder and self._ahead else partial(map, _read)
        for path, still, read_ms in read_all(self._paths):
            if isinstance(still, SourceError):
                if not self._folder:
                    raise still
                self._leave_out(str(still))
                continue
            if self._folder and still.note:
                log.warning("%s: %s", path, still.note)
            frame = frame_of_still(still, str(path), given, read_ms)
            del still  # the frame alone holds it, for as long as it is used
            yield frame
            del frame
            given += 1
        if self._left_out:
            log.warning(
                "%s: %d of %d files are skipped", self.name, self._left_out, len(self._paths)
            )
        if not given:
            raise SourceError(f"{self.name}: holds no readable image; are the files damaged?")

    def _read_ahead(self, paths: Iterable[Path]) -> "Iterator[_Read]":
        """Yield each file as it is read, while a thread reads the one after it."""
        self._coming = None
        for path in paths:
            done: _Read | None = _result_of(self._coming) if self._coming is not None else None
            self._coming = _begin_to_read(path)
            if done is not None:
                yield done
                del done
        if self._coming is not None:
            yield _result_of(self._coming)

    def _leave_out(self, why: str) -> None:
        self._left_out += 1
        if self._left_out <= NAMED:
            log.warning("%s; skipped", why)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._coming is not None:  # a library should not meet the interpreter's end
            wait([self._coming], PATIENCE_S)

    @property
    def hung(self) -> bool:
        """Whether a file is still being read, however long that takes."""
        return self._coming is not None and not self._coming.done()


class _Read(NamedTuple):
    """What came of reading a file: a picture or why not, and the time that it took."""

    path: Path
    picture: Picture | SourceError
    ms: float


def _read(path: Path) -> _Read:
    started = time.perf_counter()
    try:
        picture: Picture | SourceError = load_picture(path)
    except SourceError as error:
        picture = error
    return _Read(path, picture, (time.perf_counter() - started) * 1000)


def _result_of(coming: Future[_Read]) -> _Read:
    # Python handles signals in the main thread only, but the kernel may give them to another: so wake now and then.
    while not coming.done():
        wait([coming], LOOK_UP_S)
    return coming.result()


def _begin_to_read(path: Path) -> Future[_Read]:
    """Read a file in a thread that keeps nobody from the end: a disk in the network may hang."""
    coming: Future[_Read] = Future()

    def read() -> None:
        try:
            coming.set_result(_read(path))
        except BaseException as error:
            coming.set_exception(error)

    threading.Thread(target=read, name="read-ahead", daemon=True).start()
    return coming


def frame_of_still(picture: Picture, source: str, index: int, read_ms: float) -> Frame:
    """Return the frame of a still image, which took `read_ms` to read."""

    @cache  # decoded once, whoever asks
    def color() -> np.ndarray:
        image = picture.color()
        return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)

    return Frame(
        source=source.encode("utf-8", "backslashreplace").decode(),  # no half characters in JSON
        index=index,
        time=datetime.now(UTC),
        position_s=None,
        size=picture.size,
        gray=picture.gray,
        color=color,
        capture_ms=read_ms,
    )


def _entries(folder: Path) -> list[Path]:
    """Return what a folder holds, but for what systems keep there for themselves."""
    try:
        names = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise SourceError(f"{folder}: cannot be read: {error.strerror or error}") from None
    return [p for p in names if p.name not in SYSTEM_NAMES]


def _may_be_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES or kind_of(path) is not None


def _first(paths: list[Path]) -> str:
    """Return why the first of some files is not an image, as the end of a sentence."""
    if not paths:
        return "; it is empty"
    return f"; {paths[0].name} {what_it_is(paths[0]) or 'is not an image of a known kind'}"
