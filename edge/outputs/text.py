"""What is seen, in words: one line kept up to date on a terminal, a line for each change elsewhere."""

import shutil
import sys

from ..values import Frame, Observation
from . import OutputOptions
from .annotate import NO_FACES, Rate


class Text:
    """Writes to standard output."""

    color = False
    dropped = 0

    def __init__(self, options: OutputOptions) -> None:
        self._terminal = sys.stdout.isatty()
        self._rate = Rate()
        self._last = ""

    def write(self, frame: Frame, observation: Observation) -> None:
        fps = self._rate.tick()
        faces = "  ".join(f"#{f.track} {f.emotion} {f.confidence:.0%}" for f in observation.faces)
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            line = f"{fps:4.0f} FPS  {faces or NO_FACES}"[:width]
            print(f"\r{line:<{width}}", end="", flush=True)
            return
        seen = " ".join(f"{f.track}{f.emotion}" for f in observation.faces)
        if seen != self._last or observation.frame == 0:
            self._last = seen
            when = _clock(observation)
            print(f"{when}  {faces or NO_FACES}", flush=True)

    def close(self) -> None:
        if self._terminal:
            print(flush=True)


def _clock(observation: Observation) -> str:
    if observation.position_s is not None:
        return f"{observation.position_s:8.2f} s"
    return observation.time.astimezone().strftime("%H:%M:%S")
