"""Counts as a text file for Prometheus' node_exporter: no network is needed."""

import threading
from pathlib import Path

from ...support.atomic import Draft, cannot_write
from ...support.errors import ConfigError, OutputError
from ...support.values import Observation, Status
from .. import Output, OutputOptions, View
from .metrics import Metrics

EVERY_S = 15.0


class MetricsFile(Output):
    """Replaces the file every 15 seconds, whole; a thread of its own waits for the disk."""

    reports = True

    def __init__(self, options: OutputOptions) -> None:
        self._path = Path(options.target)
        if self._path.suffix != ".prom":
            raise ConfigError(
                f"metrics-file: '{options.target}' does not end in .prom; node_exporter reads no other"
            )
        Draft(self._path).drop()  # a folder that cannot be written is an error now, not later
        self._metrics = Metrics(options.about)
        self._error: OutputError | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics-file", daemon=True)
        self._thread.start()

    def write(self, frame: View, observation: Observation) -> None:
        self._metrics.write(frame, observation)
        self._raise()

    def status(self, status: Status) -> None:
        self._metrics.status(status)
        self._raise()

    def close(self) -> None:
        """Write the last counts, and end."""
        self._end.set()
        self._thread.join(timeout=5)

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error:
            raise error

    def _run(self) -> None:
        while True:
            ends = self._end.wait(EVERY_S)
            try:
                self._replace()
            except OutputError as error:
                self._error = error
            except OSError as error:
                self._error = cannot_write(self._path, error)
            if ends:
                return

    def _replace(self) -> None:
        # Not forced to the disk: a count that a power loss takes is worth no wear.
        draft = Draft(self._path)
        try:
            draft.path.write_bytes(self._metrics.text())
            draft.path.chmod(0o644)  # node_exporter is another user
            draft.path.replace(self._path)
        finally:
            draft.drop()
