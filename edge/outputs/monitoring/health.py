"""Is a run alive, are its frames flowing, since when, and if not, why: one object for all who ask."""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ...support.values import Frame, Observation, Status
from .public import public_reason

ALIVE_S = 10.0  # the loop beats at least five times a second; a slow model takes a second or two
FRESH_S = 10.0  # without a frame for so long the camera is not ready, whatever it says


@dataclass(frozen=True)
class Health:
    """How a run is.

    Attributes:
        camera: its name, without address or password.
        alive: the analysis loop runs.
        ready: frames flow.
        state: "starting", "open", "opening", "failed", "off"; "stopped" where nothing runs.
        reason: why it is not ready, in words; empty if it is.
        since: when it became ready, or ceased to be, UTC.
        last_frame: when the newest frame was captured, UTC; None before the first.
        frames: analysed so far.
    """

    camera: str
    alive: bool
    ready: bool
    state: str
    reason: str
    since: datetime
    last_frame: datetime | None = None
    frames: int = 0

    @property
    def ok(self) -> bool:
        """Whether nobody needs to act: frames flow, or a person switched the camera off."""
        return self.alive and (self.ready or self.state == "off")

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        values = asdict(self) | {"ok": self.ok}
        for name in ("since", "last_frame"):
            moment: datetime | None = values[name]
            values[name] = moment and _stamp(moment)
        return values

    def __str__(self) -> str:
        """Return it in one line: `failed: gave no frame for 5 s, since 2026-11-23T17:40:00Z`."""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.state}{reason}, since {_stamp(self.since)}"


class HealthMonitor:
    """Looks at what passes through the outputs, and judges from it; cheap enough for every frame."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._beat_s = time.monotonic()
        self._frame_s: float | None = None
        self._last_frame: datetime | None = None
        self._frames = 0
        self._state, self._reason = "starting", "no frame yet"
        self._since = datetime.now(UTC)

    @property
    def beat_s(self) -> float:
        """When the loop last showed that it lives, in `time.monotonic()` seconds."""
        return self._beat_s

    def write(self, frame: Frame, observation: Observation) -> None:
        """A frame was analysed."""
        self._beat_s = self._frame_s = time.monotonic()
        self._last_frame = observation.time
        self._frames += 1
        if self._state != "open" or self._reason:
            self._becomes("open", "", observation.time)

    def status(self, status: Status) -> None:
        """The source gives no frame, or is about to."""
        self._beat_s = time.monotonic()
        if status.state == "open":
            return  # the next frame proves it
        if (status.state, public_reason(status.reason)) != (self._state, self._reason):
            self._becomes(status.state, public_reason(status.reason), status.since)

    def report(self) -> Health:
        """Return how the run is now."""
        now_s = time.monotonic()
        health = Health(
            camera=self._camera,
            alive=now_s - self._beat_s < ALIVE_S,
            ready=self._state == "open",
            state=self._state,
            reason=self._reason,
            since=self._since,
            last_frame=self._last_frame,
            frames=self._frames,
        )
        return judged(health, now_s - self._beat_s, now_s - (self._frame_s or self._beat_s))

    def _becomes(self, state: str, reason: str, since: datetime) -> None:
        self._state, self._reason, self._since = state, reason, since


def judged(health: Health, beat_age_s: float, frame_age_s: float) -> Health:
    """Return a report as it is to be read so long after the last beat and the last frame."""
    values = {name: getattr(health, name) for name in health.__dataclass_fields__}
    if beat_age_s >= ALIVE_S:
        why = f"the analysis has stood still for {beat_age_s:.0f} s"
        values |= {"alive": False, "ready": False, "reason": why}
    elif health.ready and frame_age_s >= FRESH_S:
        values |= {"ready": False, "reason": f"no frame for {frame_age_s:.0f} s"}
    return Health(**values)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
