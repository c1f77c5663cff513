"""One JSON object a line and frame, to a file or standard output."""

import contextlib
import errno
import json
import logging
import math
import os
import stat
import time
from io import FileIO
from pathlib import Path
from typing import Any

from ..support.atomic import cannot_write
from ..support.errors import ConfigError, OutputError
from ..support.values import Observation
from . import Output, OutputOptions, View
from .records import Numbering, first_time, last_time
from .text import write_stdout

log = logging.getLogger(__name__)

TRIM_EVERY_S = 60.0


class JsonLines(Output):
    """Appends to the file; `-` is standard output. Every line is whole and written at once.

    A file that has grown large or old is set aside, as `OutputOptions.rotation` says; one that was
    removed or moved away is begun again. A camera's records in a file are numbered, and the first
    one after a restart carries the gap.
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
        self._before_s: float | None = None  # when an earlier run captured its last record
        self._trimmed_s = -math.inf
        if options.target != "-":
            is_new = not os.path.exists(self._path)
            self._open()
            if options.live and self._rotates:
                self._before_s = last_time(self._path)
            if is_new:  # it was only tried: a run without frames leaves no file
                self.close()
                self._path.unlink(missing_ok=True)

    def write(self, frame: View, observation: Observation) -> None:
        record = observation.as_record()
        if self._options.camera:
            record["camera"] = self._options.camera
        if self._options.live and self._rotates and self._numbering is None:
            # Not before: an output that this one replaces may have written until now.
            self._numbering = Numbering(self._path)
        if self._numbering:
            record |= self._numbering.fields
        if self._before_s is not None:
            record["gap"] = _restart(observation, self._before_s)
        line = json.dumps(record, separators=(",", ":")) + "\n"
        if self._options.target == "-":
            write_stdout(line)
            return
        try:
            self._append(line.encode())
            if self._numbering:
                self._numbering.advance()
            self._before_s = None
        except OutputError:
            raise
        except OSError as error:
            raise cannot_write(self._options.target, error) from error

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is not None and self._rotates and not _is_in_place(self._file, self._path):
            log.warning("%s: was removed or moved; a new file is begun", self._path)
            self.close()
        file = self._file or self._open()
        self._trim()
        now_s = time.time()
        self._begun_s = min(self._begun_s, now_s)  # a clock may have been ahead
        age_s = now_s - self._begun_s
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

    def _trim(self) -> None:
        """Remove what is kept too long; looked at once a minute."""
        keep_s = self._options.rotation.keep_s
        if keep_s is None or not self._rotates or time.monotonic() - self._trimmed_s < TRIM_EVERY_S:
            return
        self._trimmed_s = time.monotonic()
        self._options.rotation.trim(self._path, first_time)

    def _open(self) -> FileIO:
        try:
            file = FileIO(self._path, "a+")
            self._rotates = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            self._torn = False
            self._begun_s = time.time()
            if file.seekable() and _end(file) > 0:
                file.seek(-1, os.SEEK_END)
                self._torn = file.read(1) != b"\n"  # an earlier run was cut off within a line
                self._begun_s = first_time(self._path) or self._begun_s
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._file = file
        return file


def _is_in_place(file: FileIO, path: Path) -> bool:
    """Whether the file that is open is still the one at `path`."""
    try:
        there = os.stat(path)
    except OSError:
        return False
    ours = os.fstat(file.fileno())
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _restart(observation: Observation, before_s: float) -> dict[str, Any]:
    """Return the gap since an earlier run's last record; its clock may have been another."""
    seconds = max(0.0, observation.time.timestamp() - before_s)
    own = observation.gap
    reason = f"restart; then {own.reason}" if own else "restart"
    return {"seconds": round(max(seconds, own.seconds if own else 0.0), 3), "reason": reason}


def _end(file: FileIO) -> int:
    return file.seek(0, os.SEEK_END) if file.seekable() else 0
