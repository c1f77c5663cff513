"""Read what `--jsonl` wrote: every whole record, oldest first. Number the records of a camera."""

import json
import logging
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..support.errors import DatasetError
from ..support.rotation import set_aside

log = logging.getLogger(__name__)

_NAMED = 20  # lines of a file that are skipped; more are only counted
_TAIL_BYTES = 65536  # of a file: where its last record stands


def read_records(path: Path, older: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, and before them those of the files it was set aside as.

    A line that is not a record, as power loss or a kill may leave at the end of a run, is skipped
    with a warning.

    Args:
        older: read the files set aside too.

    Raises:
        DatasetError: there is no such file, or it cannot be read.
    """
    path = Path(path)
    files = [*(set_aside(path) if older else []), *([path] if path.exists() else [])]
    if not files:
        raise DatasetError(f"{path}: no such file; give the one that --jsonl wrote")
    for file in files:
        try:
            with file.open("rb") as lines:
                yield from _records(file, lines)
        except OSError as error:
            raise DatasetError(f"{file}: cannot be read: {error.strerror}") from error


def _records(file: Path, lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    skipped = 0
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict) and "schema" in record:
            yield record
        else:
            skipped += 1
            if skipped <= _NAMED:
                log.warning("%s: line %d is not a complete record; skipped", file, number)
    if skipped > _NAMED:
        log.warning("%s: %d more lines are not complete records", file, skipped - _NAMED)


class Numbering:
    """Gives each record `boot`, new at every start of the program, and `sequence`, which goes on.

    A restart goes on counting where the file ends. After a power cut some numbers may come twice,
    because the file's end was lost, but then under another `boot`.
    """

    def __init__(self, path: Path) -> None:
        """Go on after the last numbered record of the file, or of those that it was set aside as."""
        self._boot = secrets.token_hex(6)
        self._next = last_sequence(path) + 1

    @property
    def fields(self) -> dict[str, Any]:
        """What the next record carries."""
        return {"boot": self._boot, "sequence": self._next}

    def advance(self) -> None:
        """Count a record that was written."""
        self._next += 1


def last_sequence(path: Path) -> int:
    """Return the number of the last whole numbered record; -1 where there is none."""
    for records in _last_records(path):
        for record in records:
            number = record.get("sequence")
            if type(number) is int and number >= 0:
                return number
        return -1  # written by an older version: what lies before is older still
    return -1


def last_time(path: Path) -> float | None:
    """Return when the last whole record was captured, seconds of the epoch; None without one."""
    return next(
        (
            seconds
            for records in _last_records(path)
            for record in records
            if (seconds := time_of(record)) is not None
        ),
        None,
    )


def first_time(path: Path) -> float | None:
    """Return when a file's first record was captured, seconds of the epoch."""
    try:
        with path.open("rb") as lines:
            return time_of(json.loads(lines.readline(_TAIL_BYTES)))
    except (OSError, ValueError, RecursionError):
        return None


def time_of(record: Any) -> float | None:
    """Return when a record was captured, seconds of the epoch; None if it does not say."""
    try:
        return datetime.fromisoformat(record["time"]).astimezone(UTC).timestamp()
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def _last_records(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield for each file that has records its last ones, newest first; the newest file first."""
    for file in [path, *reversed(set_aside(path))]:
        try:
            with file.open("rb") as lines:
                lines.seek(max(0, lines.seek(0, 2) - _TAIL_BYTES))
                tail = lines.read().splitlines()
        except OSError:
            continue
        found = []
        for line in reversed(tail):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                found.append(record)
        if found:
            yield found
