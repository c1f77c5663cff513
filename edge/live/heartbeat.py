"""The sign of life that the analysis gives to the service manager, from its own loop."""

import time

from ..outputs.sd_notify import Manager
from ..support.values import Observation

EVERY_S = 1.0


class Pulse:
    """Counts frames; says once that the service is ready, and every second that it lives."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._ready = False
        self._said_s = time.monotonic()
        self._frames = 0

    @property
    def is_heard(self) -> bool:
        """Whether a service manager started this run."""
        return self._manager.listens

    def beats(self, observation: Observation) -> None:
        """A frame was analysed and is with every output."""
        self._frames += 1
        now_s = time.monotonic()
        if not self._ready:
            self.is_ready("analysing")
        elif now_s - self._said_s >= EVERY_S:
            rate = self._frames / (now_s - self._said_s)
            faces = len(observation.faces)
            self._say(f"{rate:.1f} frames/s, {faces} face{'' if faces == 1 else 's'}", now_s)

    def waits(self, state: str) -> None:
        """No frame came yet; the loop lives and the source says what it does."""
        now_s = time.monotonic()
        if now_s - self._said_s >= EVERY_S:
            self._say(state, now_s)

    def is_ready(self, state: str) -> None:
        """Say that the service runs, as it does after its first frame, or when it is switched off."""
        self._ready = True
        self._manager.ready()
        self._say(state, time.monotonic())

    def _say(self, status: str, now_s: float) -> None:
        self._manager.alive(status)
        self._said_s, self._frames = now_s, 0
