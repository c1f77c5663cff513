"""A camera that is kept: watched, left when it fails, and opened again, without end."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Self

from ..support.errors import SourceError
from ..support.values import Frame, Gap
from . import Source
from .frozen import Sameness
from .latest import TICK_S, Newest

log = logging.getLogger(__name__)

OPEN_S = 20.0  # a network camera may need some seconds to be opened
PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # before the first attempt to open again, and at most
SOUND_S = 10.0  # a camera that worked for so long is tried again soon
MOST_STUCK = 3  # calls into camera drivers that may hang before a new process is needed


@dataclass(frozen=True)
class Patience:
    """When a camera counts as failed.

    Attributes:
        frame_s: seconds without a frame.
        same_s: seconds of nothing but one picture, or black ones; 0 does not look.
        again: open a failed camera again; if not, its failure is raised.
        first_s: seconds to go on trying when it cannot be opened at first; then that is raised.
    """

    frame_s: float = 5.0
    same_s: float = 10.0
    again: bool = True
    first_s: float = 0.0


class Lasting:
    """Frames of a live source for as long as somebody wants them; None whenever none comes.

    The camera is opened, read and closed in a thread of its own, so that a call that never returns
    holds up nobody. The first frame after a failure carries the `Gap`; frames are numbered on.

    Attributes:
        dropped: frames that came too late to be analysed.
        state: what it is doing, in words.
    """

    live = True

    def __init__(
        self,
        open_camera: Callable[[], Source],
        stop: threading.Event,
        patience: Patience | None = None,
        switched_off: Callable[[], str | None] = lambda: None,
        waiting: Callable[[str], None] = lambda state: None,
    ) -> None:
        """Open the camera.

        Args:
            stop: ends a wait for the camera.
            switched_off: returns why the camera must be closed now, or None.
            waiting: is told the state again and again until the camera is open.

        Raises:
            SourceError: the camera cannot be opened.
            KeyboardInterrupt: `stop` was set while it was being opened.
        """
        self.name = ""
        self.state = "opening the camera"
        self._open = open_camera
        self._stop = stop
        self._patience = patience or Patience()
        self._switched_off = switched_off
        self._dropped = 0
        self._last_index = -1
        self._first_index = 0
        self._pause_s = PAUSE_S
        self._complained: str | None = None  # of which failure the user was told
        self._failed: tuple[float, str] | None = None  # since when, and why, no frame was given
        self._stuck: list[Newest] = []
        source = self._first_source(waiting)
        self.name, self.continuous, self.fps = source.name, source.continuous, source.fps

    @property
    def hung(self) -> bool:
        """Whether a call into the camera's driver has not returned."""
        return self._newest.busy or self._still_stuck() > 0

    @property
    def dropped(self) -> int:
        return self._dropped + self._newest.dropped

    def __iter__(self) -> Iterator[Frame | None]:
        while True:
            try:
                yield from self._frames()
            except _SwitchedOffError as off:
                yield from self._while_off(str(off))
            except Exception as error:
                if not self._patience.again:
                    raise
                self._fail(error)
                yield from self._pause()
            self._dropped += self._newest.dropped
            self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._newest.close()

    def _connect(self) -> None:
        self._visit = _Visit(self._open)
        self._newest = Newest(self._visit, self._stop)
        self._newest.start()

    def _first_source(self, waiting: Callable[[str], None]) -> Source:
        until_s = time.monotonic() + self._patience.first_s
        while True:
            self._connect()
            try:
                return self._opened(waiting)
            except SourceError as error:
                if time.monotonic() >= until_s or self._switched_off():
                    raise
                self._fail(error)
            for _ in self._pause():
                waiting(self.state)
                if self._stop.is_set():
                    raise KeyboardInterrupt

    def _opened(self, waiting: Callable[[str], None]) -> Source:
        until_s = time.monotonic() + OPEN_S
        while self._visit.source is None:
            if self._newest.ended:
                raise self._newest.error or SourceError("the camera ended as soon as it was opened")
            if self._stop.wait(TICK_S / 10):
                raise KeyboardInterrupt
            if time.monotonic() > until_s:
                raise SourceError(
                    f"the camera does not answer: opening it takes over {OPEN_S:g} s; unplug it "
                    "and plug it in again"
                )
            waiting(self.state)
        return self._visit.source

    def _frames(self) -> Iterator[Frame | None]:
        """Give frames until something is wrong, which is raised."""
        look = Sameness(self._patience.same_s)
        began_s = since_s = time.monotonic()
        was_open = False
        while True:
            if reason := self._switched_off():
                raise _SwitchedOffError(reason)
            frame = self._newest.take(TICK_S)
            now_s = time.monotonic()
            if frame is not None:
                if wrong := look.wrong_with(frame.gray):
                    frame.release()
                    raise SourceError(f"{self.name}: {wrong}")
                if look.sound:
                    self._recovered(now_s - began_s)
                yield self._onward(frame)
                since_s = time.monotonic()  # what the analysis took is not the camera's fault
                continue
            if self._newest.ended and not self._stop.is_set():
                raise self._newest.error or SourceError(f"{self.name}: ended")
            if not was_open and self._visit.source is not None:
                was_open, since_s = True, now_s
            limit_s = self._patience.frame_s if was_open else OPEN_S
            if now_s - since_s > limit_s:
                missed = "gave no frame" if was_open else "could not be opened"
                raise SourceError(f"{self.name}: {missed} for {limit_s:g} s")
            yield None

    def _onward(self, frame: Frame) -> Frame:
        gap = None
        if self._failed is not None:
            since_s, reason = self._failed
            gap = Gap(time.monotonic() - since_s, reason)
            self._failed = None
        self.state = "analysing"
        frame = replace(frame, index=self._first_index + frame.index, gap=gap)
        self._last_index = frame.index
        return frame

    def _recovered(self, lasted_s: float) -> None:
        if lasted_s > SOUND_S:
            self._pause_s = PAUSE_S
        if self._complained is not None:
            log.warning("%s: gives pictures again", self.name)
            self._complained = None

    def _fail(self, error: Exception) -> None:
        where = f"{self.name}: " if self.name else ""
        reason = " ".join(str(error).split()).removeprefix(where) or repr(error)
        # Said once: a camera that stays away, or a dark night, must not fill the journal.
        level = logging.INFO if self._complained is not None else logging.WARNING
        log.log(level, "%s%s; trying to open it again", where, reason)
        self._complained = reason
        self.state = f"camera failed: {reason}"
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        """Leave the camera to its thread, which closes it."""
        if self._failed is None:
            self._failed = time.monotonic(), reason
        self._first_index = self._last_index + 1
        self._newest.leave()
        self._stuck = [n for n in [*self._stuck, self._newest] if n.busy]

    def _pause(self) -> Iterator[None]:
        yield from self._ticks(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        # The device stays taken until the thread that read it has closed it.
        for _ in self._ticks(self._patience.frame_s):
            if not self._still_stuck():
                break
            yield None
        if self._still_stuck() >= MOST_STUCK:
            raise SourceError(
                f"{self.name}: {MOST_STUCK} calls of its driver do not return; only a new process "
                "can open it again"
            )

    def _still_stuck(self) -> int:
        self._stuck = [n for n in self._stuck if n.busy]
        return len(self._stuck)

    def _ticks(self, seconds: float) -> Iterator[None]:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s and not self._stop.wait(TICK_S):
            yield None
        yield None

    def _while_off(self, reason: str) -> Iterator[None]:
        log.warning("%s: closed: %s", self.name, reason)
        self.state = f"camera closed: {reason}"
        self._lose(reason)
        while self._switched_off() and not self._stop.wait(TICK_S):
            yield None
        yield None
        log.warning("%s: switched on again", self.name)


class _SwitchedOffError(Exception):
    """The off switch asks for the camera to be closed; the text says which."""


class _Visit:
    """One opening of the camera; iterating opens, reads and closes it.

    Attributes:
        source: the camera, once it is open.
    """

    def __init__(self, open_camera: Callable[[], Source]) -> None:
        self.source: Source | None = None
        self._open = open_camera

    def __iter__(self) -> Generator[Frame]:
        with self._open() as source:
            self.source = source
            yield from source
