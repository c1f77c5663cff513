"""Media time that always increases, whatever a container says."""

import math

STEP_S = 0.001  # records give milliseconds: a smaller step would be none


class MediaTime:
    """Turns a container's times of successive frames into strictly increasing seconds.

    Where the container's time increases, it is kept. Where it stands still, falls or is no number, a
    frame comes one frame's duration after the last one; where it began again, as in joined
    recordings, the rest goes on from there.
    """

    def __init__(self, fps: float) -> None:
        """Begin before the first frame.

        Args:
            fps: nominal frames per second, above 0.
        """
        self._frame_s = max(1 / fps, STEP_S)
        self._last_s = -math.inf
        self._offset_s = 0.0

    def after(self, told_s: float) -> float:
        """Return the time of the next frame, seconds, for what the container says of it."""
        if not math.isfinite(told_s):
            told_s = self._last_s - self._offset_s if math.isfinite(self._last_s) else 0.0
        for time_s in (told_s, told_s + self._offset_s):
            if time_s >= max(self._last_s + STEP_S, 0.0):
                break
        else:
            time_s = self._last_s + self._frame_s if math.isfinite(self._last_s) else 0.0
            self._offset_s = time_s - told_s
        self._last_s = time_s
        return time_s
