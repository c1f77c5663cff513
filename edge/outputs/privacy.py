"""Take out of frames and observations what nobody may see, before any output gets them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Generic, TypeVar

import cv2
import numpy as np

from ..support.boxes import Box, scaled
from ..support.values import Frame, Observation
from . import View
from .annotate import annotate

MARGIN = 0.35  # of the box, on every side: hair, chin and ears also show who it is
CELLS = 6  # a face is left as so many squares across
AROUND_S = 0.6  # a face is covered so long before its first and after its last box
HELD_BYTES = 128_000_000  # of a camera's pictures that wait for the frames after them
FILE_HELD_BYTES = 800_000_000  # of a file's; beyond, a picture waits for fewer frames

Shown = tuple[View, Observation]


class Privacy:
    """Turns each frame into what outputs may see of it.

    Attributes:
        dropped: frames of a live source that `later` left out, as too many were waiting.
    """

    def __init__(
        self, boxes: bool = True, blur: bool = False, live: bool = False, continuous: bool = True
    ) -> None:
        """Choose what may be seen.

        Args:
            boxes: observations say where faces are.
            blur: pictures show no face that can be recognised.
            live: the source is a camera; what waits for later frames is bounded.
            continuous: successive frames show the same scene; if not, each is covered by itself.
        """
        self.dropped = 0
        self._boxes = boxes
        self._blur = blur
        self._live = live
        self._continuous = continuous
        self._now_s = 0.0
        self._seen: list[tuple[float, Box]] = []
        self._held: deque[_Held] = deque()
        self._held_bytes = 0

    def at_once(self, frame: Frame, observation: Observation, fps: float) -> Shown:
        """Return the frame with the faces covered that are known now.

        Args:
            fps: the rate to draw into the annotated picture; 0 draws none.
        """
        if self._blur:
            # Not by the clock of the day, which a board may learn from the network meanwhile.
            at_s = observation.position_s
            self._now_s = time.monotonic() if at_s is None else at_s
            self._remember(observation)
        return self._shown(frame, observation, fps, self._now_s)

    def later(self, frame: Frame, observation: Observation, fps: float) -> Iterator[Shown]:
        """Yield the frames that are due; with `blur`, those whose next 0.6 s are known by now.

        Call it after `at_once` of the same frame.
        """
        if not self._blur or not self._continuous:
            yield self._shown(frame, observation, fps, self._now_s)
            return
        held = _Held(frame, observation, fps, self._now_s)
        if self._live and self._held and self._held_bytes + held.size > HELD_BYTES:
            self.dropped += 1
        else:
            self._held.append(held)
            self._held_bytes += held.size
        while self._held and (
            abs(self._now_s - self._held[0].at_s) > AROUND_S or self._held_bytes > FILE_HELD_BYTES
        ):
            yield self._next_held()

    def rest(self) -> Iterator[Shown]:
        """Yield the frames that are still held, when no more come."""
        while self._held:
            yield self._next_held()

    def _next_held(self) -> Shown:
        held = self._held.popleft()
        self._held_bytes -= held.size
        return self._shown(held.frame, held.observation, held.fps, held.at_s)

    def _remember(self, observation: Observation) -> None:
        now_s, kept_s = self._now_s, 3 * AROUND_S if self._continuous else -1
        self._seen = [(t, box) for t, box in self._seen if abs(now_s - t) <= kept_s]
        self._seen += [(now_s, face.box) for face in observation.faces if face.box]

    def _shown(self, frame: Frame, observation: Observation, fps: float, at_s: float) -> Shown:
        hidden = [box for seen_s, box in self._seen if abs(seen_s - at_s) <= AROUND_S]

        def color_now() -> np.ndarray:
            return covered(frame.color(), hidden) if hidden else frame.color()

        color = _Once(color_now)
        view = View(
            **{f.name: getattr(frame, f.name) for f in fields(Frame)} | {"color": color},
            annotated=_Once(lambda: annotate(color(), observation, fps)),
        )
        view = replace(view, release=partial(color.expire, "ask for it within write"))
        if hidden:
            ratio = frame.gray.shape[1] / frame.size[0]
            small = [scaled(box, ratio) for box in hidden]
            view = replace(view, gray=covered(frame.gray, small))
        return view, observation if self._boxes else _without_boxes(observation)


def covered(image: np.ndarray, boxes: list[Box]) -> np.ndarray:
    """Return a copy of a uint8 picture, gray or BGR, with these boxes and some more pixelated."""
    image = image.copy()
    for x, y, width, height in boxes:
        left, top = max(0, round(x - MARGIN * width)), max(0, round(y - MARGIN * height))
        right, bottom = round(x + (1 + MARGIN) * width), round(y + (1 + MARGIN) * height)
        part = image[top : max(bottom, 0), left : max(right, 0)]
        if part.size:
            small = cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
            part[:] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return image


@dataclass
class _Held:
    """A frame whose pictures were taken out of its source's buffers."""

    frame: Frame
    observation: Observation
    fps: float
    at_s: float

    def __post_init__(self) -> None:
        color, gray = self.frame.color(), self.frame.gray.copy()
        self.size = color.nbytes + gray.nbytes
        self.frame = replace(self.frame, color=lambda: color, gray=gray, release=lambda: None)


_T = TypeVar("_T")


class _Once(Generic[_T]):
    """Makes something when it is first asked for, and returns the same ever after."""

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make: Callable[[], _T] | None = make
        self._lock = threading.Lock()
        self._made: _T

    def __call__(self) -> _T:
        with self._lock:
            if self._make is not None:
                self._made, self._make = self._make(), None
            return self._made

    def expire(self, advice: str) -> None:
        """Refuse to make it from now on, with this advice."""

        def refuse() -> _T:
            raise RuntimeError(f"the frame has gone back to its source: {advice}")

        with self._lock:
            if self._make is not None:
                self._make = refuse


def _without_boxes(observation: Observation) -> Observation:
    return replace(observation, faces=tuple(replace(f, box=None) for f in observation.faces))
