"""Follow a camera's records from file to file, from a place that was kept, and count what was lost."""

import hashlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ...support.rotation import number_of, set_aside
from .cursor import Place

log = logging.getLogger(__name__)

LONGEST = 1 << 20  # bytes of a line; a longer one is not a record


@dataclass(frozen=True)
class Taken:
    """A record, the place of its end, and how many records before it are lost."""

    record: dict[str, Any]
    place: Place
    lost: int


class Follower:
    """Reads the records that are there, oldest first, and goes on as more are written.

    A file that is set aside meanwhile is read to its end before the next one; one that is emptied in place
    is begun again. What was removed before it was read is lost; the gap in the records' `sequence` says
    how many records that was.
    """

    def __init__(self, path: Path, place: Place | None = None, newest: bool = False) -> None:
        """Begin after `place`.

        Args:
            path: the file that is written now.
            place: of the last record taken; None begins with the oldest file there is.
            newest: begin with what is written from now on.
        """
        self._path = path
        self._file: BinaryIO | None = None
        self._id = self._finished = ""
        self._number = self._offset = self._line = self._first_size = 0
        self._skipping = False
        self._last = place
        if newest:
            self._start_at_end()
        elif place:
            self._resume(place)

    def read(self, most: int) -> list[Taken]:
        """Return up to `most` further records; none where no more are written yet."""
        taken: list[Taken] = []
        while len(taken) < most:
            if self._file is None and not self._open_next():
                break
            assert self._file is not None
            # Asked before reading: once a file is set aside, nobody writes to it any more.
            is_live = self._is_live()
            line = self._file.readline(LONGEST)
            if line.endswith(b"\n"):
                record = _parsed(line)
                lost = self._lost_before(record)
                if (record is None or lost) and self._was_emptied():
                    self._begin_again()
                    continue
                self._offset += len(line)
                self._line += 1
                if not self._skipping and (found := self._taken(record, lost, len(line))):
                    taken.append(found)
                self._skipping = False
            elif len(line) == LONGEST:
                self._offset += len(line)
                self._skipping = True
            elif os.fstat(self._file.fileno()).st_size < self._offset:
                self._begin_again()
            elif is_live:
                self._file.seek(self._offset)
                break
            else:
                self._finished = self._id  # a torn last line was never a record
                self.close()
        return taken

    def rewind(self, place: Place | None) -> None:
        """Go back to after a record that was taken before."""
        self._last = place
        self._skipping = False
        if place and self._file and place.file == self._id and not self._was_emptied():
            self._offset, self._line = place.offset, place.line
            self._file.seek(self._offset)
            return
        self.close()
        self._number, self._finished = 0, ""
        if place:
            self._resume(place)

    def close(self) -> None:
        if self._file:
            self._file.close()
        self._file = None

    def _taken(self, record: dict[str, Any] | None, lost: int, size: int) -> Taken | None:
        if record is None:
            log.warning("%s: line %d is not a complete record; skipped", self._path, self._line)
            return None
        boot, sequence = _identity(record, self._id, self._line - 1)
        place = Place(self._id, self._number, self._offset, self._line, size, boot, sequence)
        self._last = place
        return Taken(record | {"boot": boot, "sequence": sequence}, place, lost)

    def _lost_before(self, record: dict[str, Any] | None) -> int:
        """Return how many records are missing between the last one taken and this one."""
        last = self._last
        if record is None or last is None or last.boot.startswith("f-") or not _is_numbered(record):
            return 0
        return max(0, record["sequence"] - last.sequence - 1)

    def _was_emptied(self) -> bool:
        """Whether the open file was emptied: it no longer begins as it did."""
        assert self._file is not None
        return _file_id(os.pread(self._file.fileno(), self._first_size, 0)) != self._id

    def _begin_again(self) -> None:
        log.warning("%s: was emptied; what is in it now is read from its beginning", self._path)
        self.close()
        self._number -= 1
        self._skipping = False

    def _files(self) -> list[tuple[int, Path]]:
        """Return the files with their numbers, oldest first; the live one gets the next number."""
        aside = set_aside(self._path)
        files = [(number_of(file, self._path), file) for file in aside]
        if self._path.exists():
            files.append((files[-1][0] + 1 if files else 1, self._path))
        return files

    def _open_next(self) -> bool:
        files = self._files()
        later = [file for file in files if file[0] > self._number]
        return self._open(*(later or files[-1:])[0]) if files else False

    def _open(self, number: int, path: Path) -> bool:
        """Open a file at its beginning, if its first line is whole."""
        try:
            file = path.open("rb")
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # set aside just now: looked for again
                log.warning("%s: cannot be read: %s", path, error.strerror)
            return False
        first = file.readline(LONGEST)
        if not first.endswith(b"\n") and len(first) < LONGEST:
            file.close()
            if path != self._path:
                self._number = number  # nothing whole in it, and nothing more to come
            return False
        if _file_id(first) == self._finished:
            file.close()
            return False
        file.seek(0)
        self.close()
        self._file, self._number = file, number
        self._id, self._first_size = _file_id(first), len(first)
        self._offset = self._line = 0
        return True

    def _is_live(self) -> bool:
        assert self._file is not None
        try:
            live = self._path.stat()
        except OSError:
            return False
        mine = os.fstat(self._file.fileno())
        return (live.st_dev, live.st_ino) == (mine.st_dev, mine.st_ino)

    def _start_at_end(self) -> None:
        files = self._files()
        if files and not self._open(*files[-1]):
            self._number = files[-1][0] - 1
        if self._file is None:
            return
        while line := self._file.readline(LONGEST):
            if not line.endswith(b"\n"):
                break
            self._offset += len(line)
            self._line += 1
        self._file.seek(self._offset)

    def _resume(self, place: Place) -> None:
        files = self._files()
        for number, path in reversed(files):
            if self._open(number, path):
                if self._id == place.file:
                    self._seek_after(place)
                    return
                self.close()
        # Removed, or lost at a power cut: go on with the first file that is not older.
        later = [number for number, _ in files if number >= place.number]
        self._number = later[0] - 1 if later else 0

    def _seek_after(self, place: Place) -> None:
        """Go to the record's end; where a power cut took that, to the end of what is known of it."""
        assert self._file is not None
        self._file.seek(place.offset - place.size)
        record = _parsed(self._file.read(place.size))
        known = (place.boot, place.sequence)
        if record is not None and _identity(record, self._id, place.line - 1) == known:
            self._offset, self._line = place.offset, place.line
        else:
            self._file.seek(0)
            offset = 0
            for count, line in enumerate(iter(lambda: self._file.readline(LONGEST), b""), 1):  # type: ignore[union-attr]
                offset += len(line)
                record = _parsed(line)
                if record is None:
                    continue
                boot, sequence = _identity(record, self._id, count - 1)
                if boot == place.boot and sequence <= place.sequence:
                    self._offset, self._line = offset, count
        self._file.seek(self._offset)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "schema" in record else None


def _is_numbered(record: dict[str, Any]) -> bool:
    return isinstance(record.get("boot"), str) and type(record.get("sequence")) is int


def _identity(record: dict[str, Any], file_id: str, line: int) -> tuple[str, int]:
    """Return boot and sequence of a record; one of an older version is known by file and line."""
    if _is_numbered(record):
        return record["boot"], record["sequence"]
    return f"f-{file_id}", line


def _file_id(first_line: bytes) -> str:
    return hashlib.sha256(first_line).hexdigest()[:16]
