"""The newest moment of a run, handed from the analysis to whoever watches; nothing ever queues."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from ...support.values import Observation
from ..monitoring.public import public_reason

WIDTH = 960  # pixels of a picture as it is sent; a wider one is scaled down
QUALITY = 80
PLAIN, ANNOTATED = "plain", "annotated"


@dataclass
class Moment:
    """A frame and its record, or a change of the camera's state.

    Attributes:
        number: 1, 2, 3... in the order of the run.
        observation: None where no frame came.
        pictures: how to get each kind of picture; empty where nobody watched.
        camera: what its record calls the camera.
    """

    number: int
    observation: Observation | None = None
    pictures: dict[str, Callable[[], np.ndarray]] = field(default_factory=dict)
    camera: str = ""
    _jpegs: dict[str, asyncio.Task[bytes]] = field(default_factory=dict)

    @cached_property
    def record(self) -> dict[str, Any] | None:
        """The record of the frame, without path or address."""
        if self.observation is None:
            return None
        record = self.observation.as_record()
        record["source"] = self.camera
        if "gap" in record:
            record["gap"]["reason"] = public_reason(record["gap"]["reason"])
        return record


class Newest:
    """One slot: the analysis puts, viewers wait for what is newer than what they have.

    Attributes:
        encoded: pictures encoded so far.
        wanting: viewers that want pictures now; none is asked of a frame while this is 0.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, encoder: Executor, camera: str) -> None:
        self.encoded = 0
        self.wanting = 0
        self._loop = loop
        self._encoder = encoder
        self._camera = camera
        self._moment = Moment(0)
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def moment(self) -> Moment:
        return self._moment

    def put(
        self,
        observation: Observation | None,
        pictures: dict[str, Callable[[], np.ndarray]] | None = None,
    ) -> None:
        """Make this the newest; called by the analysis."""
        number = self._moment.number + 1
        self._moment = Moment(number, observation, pictures or {}, self._camera)
        if self._waiting:
            self._loop.call_soon_threadsafe(self._wake)

    async def after(self, number: int, timeout_s: float) -> Moment | None:
        """Return the newest moment once it is newer than `number`; None if none came in time."""
        end_s = self._loop.time() + timeout_s
        while self._moment.number <= number:
            waiter = self._loop.create_future()
            self._waiting.add(waiter)
            try:
                # Looked at again: it may have come before the analysis knew that somebody waits.
                if self._moment.number <= number:
                    left_s = end_s - self._loop.time()
                    if left_s <= 0:
                        return None
                    await asyncio.wait((waiter,), timeout=left_s)
            finally:
                self._waiting.discard(waiter)
        return self._moment

    async def jpeg(self, moment: Moment, kind: str) -> bytes | None:
        """Return a moment's picture, encoded once for all who ask; None where it has none."""
        if kind not in moment.pictures:
            return None
        if kind not in moment._jpegs:
            moment._jpegs[kind] = self._loop.create_task(self._encode(moment.pictures[kind]))
        return await asyncio.shield(moment._jpegs[kind])

    async def _encode(self, picture: Callable[[], np.ndarray]) -> bytes:
        self.encoded += 1
        return await self._loop.run_in_executor(self._encoder, encode, picture)

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)


def encode(picture: Callable[[], np.ndarray]) -> bytes:
    """Return a picture as JPEG, at most `WIDTH` wide."""
    image = picture()
    height, width = image.shape[:2]
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
