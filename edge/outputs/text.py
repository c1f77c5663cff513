"""What is seen, in words: one line kept up to date on a terminal, a line for each change elsewhere."""

import shutil
import sys

from ..support.values import Frame, Observation
from . import OutputOptions
from .annotate import NO_FACES, Rate
from .stdout import write_stdout


class Text:
    """Writes to standard output."""

    color = False
    dropped = 0

    def __init__(self, options: OutputOptions) -> None:
        self._terminal = sys.stdout is not None and sys.stdout.isatty()
        self._rate = Rate()
        self._last: str | None = None

    def write(self, frame: Frame, observation: Observation) -> None:
        fps = self._rate.tick()
        faces = "  ".join(f"#{f.track} {f.emotion} {f.confidence:.0%}" for f in observation.faces)
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            line = f"{fps:4.0f} FPS  {faces or NO_FACES}"[:width]
            write_stdout(f"\r{line:<{width}}")
            return
        seen = " ".join(f"{f.track}{f.emotion}" for f in observation.faces)
        if seen != self._last:
            self._last = seen
            when = _clock(observation)
            write_stdout(f"{when}  {faces or NO_FACES}\n")

    def close(self) -> None:
        if self._terminal:
            write_stdout("\n")


def _clock(observation: Observation) -> str:
    if observation.position_s is not None:
        return f"{observation.position_s:8.2f} s"
    return observation.time.astimezone().strftime("%H:%M:%S")
