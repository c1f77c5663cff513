"""Keep a camera's run alive when an output fails: say so, leave frames out, try again later."""

import logging
import time

from ..support.errors import OutputError
from ..support.values import Frame, Observation
from . import Output

log = logging.getLogger(__name__)

AGAIN_S = 30.0


class Lenient:
    """An output whose failing is a warning, as when the disk is full.

    Attributes:
        dropped: frames that the output has not, as it was late or had failed.
    """

    def __init__(self, output: Output) -> None:
        self.color = output.color
        self._output = output
        self._lost = 0
        self._failed_s: float | None = None

    @property
    def dropped(self) -> int:
        return self._output.dropped + self._lost

    def write(self, frame: Frame, observation: Observation) -> None:
        if self._failed_s is not None and time.monotonic() - self._failed_s < AGAIN_S:
            self._lost += 1
            return
        try:
            self._output.write(frame, observation)
        except OutputError as error:
            if self._failed_s is None:
                log.warning("%s; going on without, trying again every %.0f s", error, AGAIN_S)
            self._failed_s = time.monotonic()
            self._lost += 1
            return
        if self._failed_s is not None:
            self._failed_s = None
            log.warning("recording again; %d frames were left out in all", self._lost)

    def close(self) -> None:
        self._output.close()
