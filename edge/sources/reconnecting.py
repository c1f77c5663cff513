"""Keep a camera: watch it, leave it when it fails, and reopen it, without end."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Self

from ..support.errors import SourceError
from ..support.values import Frame, Gap, Status
from . import Source
from .frozen import FrozenPicture
from .latest import TICK_S, Latest

log = logging.getLogger(__name__)

OPEN_S = 20.0  # a network camera may need some seconds to be opened
PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # before the first attempt to reopen it, and at most
SOUND_S = 10.0  # a camera that worked for so long is tried again soon
MOST_STUCK = 3  # calls into camera drivers that may hang before a new process is needed


@dataclass(frozen=True)
class Patience:
    """When a camera counts as failed.

    Attributes:
        frame_s: seconds without a frame.
        same_s: seconds of nothing but one picture, or black ones; 0 does not look.
        again: reopen a failed camera; if not, its failure is raised.
        first_s: seconds to go on trying when it cannot be opened at first; then that is raised.
        pause_s: the longest pause between two attempts; a network camera bears short ones.
    """

    frame_s: float = 5.0
    same_s: float = 10.0
    again: bool = True
    first_s: float = 0.0
    pause_s: float = LONGEST_PAUSE_S


class Reconnecting:
    """Frames of a camera for as long as somebody wants them, and a `Status` whenever none comes.

    The camera is opened, read and closed in a thread of its own, so that a call that never returns
    holds up nobody. It is opened by the iteration, not before. The first frame after a failure
    carries the `Gap`; frames are numbered on.

    Attributes:
        name: how records call it; what it is given, until the camera is open.
        fps: the rate of the camera, once it is open.
        dropped: frames that came too late to be analysed.
    """

    live = True

    def __init__(
        self,
        open_camera: Callable[[], Source],
        stop: threading.Event,
        patience: Patience | None = None,
        switched_off: Callable[[], str | None] = lambda: None,
        name: str = "camera",
        continuous: bool = True,
    ) -> None:
        """Prepare; the first `next` opens the camera.

        Args:
            open_camera: opens it; called again after each failure.
            stop: ends the iteration, within a tenth of a second.
            switched_off: returns why the camera must be closed now, or None.
            name: of the camera, without secrets.
            continuous: successive frames show the same scene.
        """
        self.name, self.continuous, self.fps = name, continuous, 30.0
        self._open = open_camera
        self._stop = stop
        self._patience = patience or Patience()
        self._switched_off = switched_off
        self._dropped = 0
        self._last_index = -1
        self._first_index = 0
        self._pause_s = PAUSE_S
        self._complained: str | None = None  # which failure was reported to the user
        self._failed: tuple[float, str] | None = None  # since when, and why, no frame was given
        self._visit: _Visit | None = None  # None: not open, nor being opened
        self._latest: Latest | None = None
        self._was_open = False
        self._stuck: list[Latest] = []
        self._status = Status(name, "opening", "", datetime.now(UTC))

    @property
    def hung(self) -> bool:
        """Whether a call into the camera's driver has not returned."""
        return bool(self._latest and self._latest.busy) or self._still_stuck() > 0

    @property
    def dropped(self) -> int:
        return self._dropped + (self._latest.dropped if self._latest else 0)

    def __iter__(self) -> Iterator[Frame | Status]:
        """Yield frames, and a status at least every 0.2 s while none comes, until `stop` is set.

        Raises:
            SourceError: the camera cannot be opened at first, or what `Patience` does not bear.
        """
        give_up_s = time.monotonic() + self._patience.first_s
        yield self._status
        while not self._stop.is_set():
            try:
                yield from self._frames()
            except _SwitchedOffError as off:
                yield from self._while_off(str(off))
                give_up_s = time.monotonic() + self._patience.first_s
            except Exception as error:
                if not self._was_open:
                    bearable = isinstance(error, SourceError) and time.monotonic() < give_up_s
                else:
                    bearable = self._patience.again
                if not bearable:
                    raise
                yield self._fail(error)
                yield from self._pause()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._latest:
            self._latest.close()

    def _frames(self) -> Iterator[Frame | Status]:
        """Yield what comes until something is wrong, which is raised, or `stop` is set."""
        look = FrozenPicture(self._patience.same_s)
        began_s = since_s = time.monotonic()
        is_open = False
        while not self._stop.is_set():
            if reason := self._switched_off():
                raise _SwitchedOffError(reason)
            visit, latest = self._connection()
            frame = latest.take(TICK_S)
            now_s = time.monotonic()
            if not is_open and visit.source is not None:
                is_open, since_s = True, now_s
                self._greet(visit.source)
            if frame is not None:
                if wrong := look.wrong_with(frame.gray):
                    frame.release()
                    raise SourceError(f"{self.name}: {wrong}")
                if look.sound:
                    self._recovered(now_s - began_s)
                yield from self._onward(frame)
                since_s = time.monotonic()  # what the analysis took is not the camera's fault
                continue
            if latest.ended and not self._stop.is_set():
                raise latest.error or SourceError(f"{self.name}: ended")
            limit_s = self._patience.frame_s if is_open else OPEN_S
            if now_s - since_s > limit_s:
                raise SourceError(
                    f"{self.name}: gave no frame for {limit_s:g} s"
                    if is_open
                    else f"{self.name}: does not answer: could not be opened for {limit_s:g} s; "
                    "unplug it and plug it in again"
                )
            yield latest.status or self._status

    def _connection(self) -> tuple["_Visit", Latest]:
        """Return the camera that is open or being opened; open it if none is."""
        if self._visit is None or self._latest is None:
            self._visit = _Visit(self._open)
            self._latest = Latest(self._visit, self._stop)
            self._latest.start()
        return self._visit, self._latest

    def _greet(self, source: Source) -> None:
        self.name, self.fps = source.name, source.fps
        self._was_open = True

    def _onward(self, frame: Frame) -> Iterator[Frame | Status]:
        try:
            if self._status.state != "open":
                yield self._turn("open")
        except GeneratorExit:
            frame.release()
            raise
        gap = None
        if self._failed is not None:
            since_s, reason = self._failed
            gap = Gap(time.monotonic() - since_s, reason)
            self._failed = None
        frame = replace(frame, index=self._first_index + frame.index, gap=gap, fps=self.fps)
        self._last_index = frame.index
        yield frame

    def _turn(self, state: Literal["opening", "failed", "off", "open"], reason: str = "") -> Status:
        """Take on a state; one that lasts keeps its beginning."""
        since = self._status.since if state == self._status.state else datetime.now(UTC)
        self._status = Status(self.name, state, reason, since)
        return self._status

    def _recovered(self, lasted_s: float) -> None:
        if lasted_s > SOUND_S:
            self._pause_s = PAUSE_S
        if self._complained is not None:
            log.warning("%s: gives pictures again", self.name)
            self._complained = None

    def _fail(self, error: Exception) -> Status:
        reason = " ".join(str(error).split()).removeprefix(f"{self.name}: ") or repr(error)
        named = self.name in reason.partition(":")[0].split()  # "camera 0: cannot be opened"
        # Said once: a camera that stays away, or a dark night, must not fill the journal.
        level = logging.INFO if self._complained is not None else logging.WARNING
        log.log(level, "%s%s; trying to reopen it", "" if named else f"{self.name}: ", reason)
        self._complained = reason
        self._lose(reason)
        return self._turn("failed", reason)

    def _lose(self, reason: str) -> None:
        """Leave the camera to its thread, which closes it."""
        if self._failed is None:
            self._failed = time.monotonic(), reason
        self._first_index = self._last_index + 1
        if self._latest:
            self._latest.leave()
            self._dropped += self._latest.dropped
            self._stuck = [n for n in [*self._stuck, self._latest] if n.busy]
        self._visit = self._latest = None

    def _pause(self) -> Iterator[Status]:
        yield from self._ticks(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S, self._patience.pause_s)
        # The device stays taken until the thread that read it has closed it.
        for status in self._ticks(self._patience.frame_s):
            if not self._still_stuck():
                break
            yield status
        if self._still_stuck() >= MOST_STUCK:
            raise SourceError(
                f"{self.name}: {MOST_STUCK} calls of its driver do not return; only a new process "
                "can reopen it"
            )

    def _still_stuck(self) -> int:
        self._stuck = [n for n in self._stuck if n.busy]
        return len(self._stuck)

    def _ticks(self, seconds: float) -> Iterator[Status]:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s and not self._stop.wait(TICK_S):
            yield self._status
        yield self._status

    def _while_off(self, reason: str) -> Iterator[Status]:
        log.warning("%s: closed: %s", self.name, reason)
        self._lose(reason)
        yield self._turn("off", reason)
        while self._switched_off() and not self._stop.wait(TICK_S):
            yield self._status
        if not self._stop.is_set():
            log.warning("%s: switched on again", self.name)
        yield self._turn("opening")


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

    def __iter__(self) -> Generator[Frame | Status]:
        with self._open() as source:
            self.source = source
            yield from source
