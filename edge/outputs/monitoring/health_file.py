"""How a service is, in a file of memory, for `edge-emo service` and whoever may not reach its page."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...support.values import Observation, Status
from .. import Output, OutputOptions, View
from .health import Health, HealthMonitor, judged

EVERY_S = 1.0


class HealthFile(Output):
    """Writes the file from the analysis loop itself, so that its age shows whether the loop lives.

    It stays when the run ends, as the settings may be read again; systemd removes it.
    """

    reports = True

    def __init__(self, options: OutputOptions) -> None:
        self._path = Path(options.target)
        self._monitor = HealthMonitor(options.about.camera)
        self._wrote_s = 0.0
        self._state = ""
        self._save()

    def write(self, frame: View, observation: Observation) -> None:
        self._monitor.write(frame, observation)
        self._save_if_due("open")

    def status(self, status: Status) -> None:
        self._monitor.status(status)
        self._save_if_due(status.state)

    def _save_if_due(self, state: str) -> None:
        if state != self._state or time.monotonic() - self._wrote_s >= EVERY_S:
            self._state = state
            self._save()

    def _save(self) -> None:
        self._wrote_s = time.monotonic()
        content = self._monitor.report().as_json() | {"beat_s": self._wrote_s}
        temporary = self._path.with_suffix(".new")
        try:
            temporary.write_text(json.dumps(content), encoding="utf-8")
            temporary.chmod(0o644)  # whoever looks after the machine may look
            temporary.replace(self._path)
        except OSError:
            pass  # a run does not end, nor complain, because nobody can look at its health


def read_health(path: Path, camera: str) -> Health:
    """Return how a run is by its file, and by how old that is; "stopped" if there is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return _health(values)
    except (OSError, ValueError, KeyError, TypeError):
        return Health(
            camera, False, False, "stopped", "no run writes its health", datetime.now(UTC)
        )


def _health(values: dict[str, Any]) -> Health:
    last = values["last_frame"]
    health = Health(
        camera=values["camera"],
        alive=values["alive"],
        ready=values["ready"],
        state=values["state"],
        reason=values["reason"],
        since=datetime.fromisoformat(values["since"]),
        last_frame=last and datetime.fromisoformat(last),
        frames=values["frames"],
    )
    # The monotonic clock is one for all processes, and nobody sets it.
    return judged(health, time.monotonic() - values["beat_s"], 0.0)
