"""One JSON object a line and frame, to a file or standard output."""

import contextlib
import errno
import json
import os
import stat
import time
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from ..support.atomic import cannot_write
from ..support.errors import ConfigError, OutputError
from ..support.values import Observation
from . import Output, OutputOptions, View
from .records import Numbering
from .text import write_stdout


class JsonLines(Output):
    """Appends to the file; `-` is standard output. Every line is whole and written at once.

    A file that has grown large or old is set aside, as `OutputOptions.rotation` says. A camera's
    records in a file are numbered.
    """

    def __init__(self, options: OutputOptions) -> None:
        if not options.target:
            raise ConfigError("jsonl: needs a file, or - for standard output")
        self._options = options
        self._path = Path(options.target)
        self._file: FileIO | None = None
        self._rotates = self._torn = False
        self._begun_s = 0.0
        self._numbering: Numbering | None = None
        if options.target != "-":
            is_new = not self._path.exists()
            self._open()
            if options.live and self._rotates:
                self._numbering = Numbering(self._path)
            if is_new:  # it was only tried: a run without frames leaves no file
                self.close()
                self._path.unlink(missing_ok=True)

    def write(self, frame: View, observation: Observation) -> None:
        record = observation.as_record()
        if self._numbering:
            record |= self._numbering.fields
        line = json.dumps(record, separators=(",", ":")) + "\n"
        if self._options.target == "-":
            write_stdout(line)
            return
        try:
            self._append(line.encode())
            if self._numbering:
                self._numbering.advance()
        except OutputError:
            raise
        except OSError as error:
            raise cannot_write(self._options.target, error) from error

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, line: bytes) -> None:
        file = self._file or self._open()
        age_s = time.time() - self._begun_s
        if self._rotates and self._options.rotation.is_due(_end(file), len(line), age_s):
            os.fsync(file.fileno())
            file.close()
            self._file = None
            self._options.rotation.rotate(self._path)
            file = self._open()
        before = _end(file)
        line = b"\n" + line if self._torn else line
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(before)  # no torn line stays
            raise
        self._torn = False

    def _open(self) -> FileIO:
        try:
            file = FileIO(self._path, "a+")
            self._rotates = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            self._torn = False
            self._begun_s = time.time()
            if file.seekable() and _end(file) > 0:
                file.seek(-1, os.SEEK_END)
                self._torn = file.read(1) != b"\n"  # an earlier run was cut off within a line
                self._begun_s = _first_time(file) or self._begun_s
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._file = file
        return file


def _end(file: FileIO) -> int:
    return file.seek(0, os.SEEK_END) if file.seekable() else 0


def _first_time(file: FileIO) -> float | None:
    """Return when a file's first record was captured, in seconds of the epoch."""
    file.seek(0)
    try:
        told = json.loads(file.read(65536).partition(b"\n")[0])["time"]
        return datetime.fromisoformat(told).astimezone(UTC).timestamp()
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
