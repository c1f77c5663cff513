"""Read what `--jsonl` wrote: every whole record, oldest first."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..support.errors import DatasetError
from ..support.rotation import set_aside

log = logging.getLogger(__name__)


def read_records(path: Path, older: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, and before them those of the files it was set aside as.

    A line that is no record, as power loss or a kill may leave at the end of a run, is skipped
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
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict) and "schema" in record:
            yield record
        else:
            log.warning("%s: line %d is no whole record; skipped", file, number)
