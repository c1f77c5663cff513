"""One JSON object a line and frame, to a file or standard output."""

import contextlib
import errno
import json
import os
from io import FileIO
from pathlib import Path

from ..atomic import cannot_write
from ..errors import ConfigError
from ..values import Frame, Observation
from . import OutputOptions
from .stdout import write_stdout


class JsonLines:
    """Appends to the file; `-` is standard output. Every line is whole and written at once."""

    color = False
    dropped = 0

    def __init__(self, options: OutputOptions) -> None:
        if not options.target:
            raise ConfigError("jsonl: needs a file, or - for standard output")
        self._name = options.target
        self._file = None if options.target == "-" else _open(Path(options.target))

    def write(self, frame: Frame, observation: Observation) -> None:
        line = json.dumps(observation.as_record(), separators=(",", ":")) + "\n"
        if self._file is None:
            write_stdout(line)
        else:
            self._append(self._file, line.encode())

    def _append(self, file: FileIO, line: bytes) -> None:
        before = file.seek(0, os.SEEK_END) if file.seekable() else 0
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with contextlib.suppress(OSError):
                file.truncate(before)  # no torn line stays
            raise cannot_write(self._name, error) from error

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _open(path: Path) -> FileIO:
    try:
        file = FileIO(path, "a+")
        if file.seekable() and file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # an earlier run was cut off within a line
                file.write(b"\n")
        return file
    except OSError as error:
        raise cannot_write(path, error) from error
