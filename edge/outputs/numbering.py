"""Number the records of a camera, so that a reader recognises a repeated one and counts lost ones."""

import json
import secrets
from pathlib import Path
from typing import Any

from ..support.rotation import set_aside

_TAIL_BYTES = 65536  # of a file: where its last record stands


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
    for file in [path, *reversed(set_aside(path))]:
        try:
            with file.open("rb") as lines:
                lines.seek(max(0, lines.seek(0, 2) - _TAIL_BYTES))
                tail = lines.read().splitlines()
        except OSError:
            continue
        for line in reversed(tail):
            try:
                number = json.loads(line)["sequence"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            if type(number) is int and number >= 0:
                return number
        if tail:
            return -1  # written by an older version: what lies before is older still
    return -1
