"""What is seen, in words: one line kept up to date on a terminal, a line for each change elsewhere.

Of several cameras each has lines of its own, with its name.
"""

import shutil
import sys
import threading

from ..support.atomic import cannot_write
from ..support.values import Observation
from . import Output, OutputOptions, View
from .annotate import NO_FACES, Rate

_writing = threading.Lock()  # the lines of several cameras stay whole


class Text(Output):
    """Writes to standard output."""

    def __init__(self, options: OutputOptions) -> None:
        self._camera = f"{options.camera}  " if options.camera else ""
        self._terminal = not self._camera and sys.stdout is not None and sys.stdout.isatty()
        self._rate = Rate()
        self._last: str | None = None

    def write(self, frame: View, observation: Observation) -> None:
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
            write_stdout(f"{when}  {self._camera}{faces or NO_FACES}\n")

    def close(self) -> None:
        if self._terminal:
            write_stdout("\n")


def write_stdout(text: str) -> None:
    """Write to standard output and flush.

    Raises:
        BrokenPipeError: the reader has gone; the command line then ends quietly.
        OutputError: it cannot be written, as on a full disk.
    """
    if sys.stdout is None:  # a program started without standard output
        return
    try:
        with _writing:
            sys.stdout.write(text)
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write("standard output", error) from error


def _clock(observation: Observation) -> str:
    if observation.position_s is not None:
        return f"{observation.position_s:8.2f} s"
    return observation.time.astimezone().strftime("%H:%M:%S")
