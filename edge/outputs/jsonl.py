"""One JSON object a line and frame, to a file or standard output."""

import json
import os
import sys
from pathlib import Path
from typing import BinaryIO

from ..atomic import cannot_write
from ..values import Frame, Observation
from . import OutputOptions


class JsonLines:
    """Appends to the file; `-` is standard output. Every line is whole and flushed at once."""

    color = False
    dropped = 0

    def __init__(self, options: OutputOptions) -> None:
        self._name = options.target
        self._file: BinaryIO = (
            sys.stdout.buffer if options.target == "-" else _open(Path(options.target))
        )

    def write(self, frame: Frame, observation: Observation) -> None:
        line = json.dumps(observation.as_record(), separators=(",", ":")).encode() + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
        except BrokenPipeError:
            raise  # the reader has gone: the command line ends the run quietly
        except OSError as error:
            raise cannot_write(self._name, error) from error

    def close(self) -> None:
        if self._file is not sys.stdout.buffer:
            self._file.close()


def _open(path: Path) -> BinaryIO:
    try:
        file = path.open("ab+", buffering=0)
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # an earlier run was cut off within a line
                file.write(b"\n")
        return file
    except OSError as error:
        raise cannot_write(path, error) from error
