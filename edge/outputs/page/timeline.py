"""The last five minutes: for each second which faces were there with which emotion, and the gaps."""

import threading
import time
from collections import Counter, deque
from typing import Any

from ...support.values import Observation

SPAN_S = 300
MOST_TRACKS = 24  # in one second; more are counted, not listed

Row = dict[
    str, Any
]  # {"t": second, "tracks": {track: emotion}, "more": tracks not listed, "gap": reason}


class Timeline:
    """Seconds as rows, oldest first; each gets a number, so that a viewer gets what it lacks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0  # the number of the next row
        self._rows: deque[Row] = deque(maxlen=SPAN_S)
        self._second: int | None = None
        self._seen: dict[int, Counter[str]] = {}
        self._gap = ""

    def see(self, observation: Observation) -> None:
        """Take a frame into the second in which it is shown."""
        self._advance()
        for face in observation.faces:
            self._seen.setdefault(face.track, Counter())[face.emotion] += 1
        self._gap = ""

    def miss(self, reason: str) -> None:
        """Note that no frame comes; a second that had any frame is no gap."""
        self._advance()
        if not self._seen:
            self._gap = reason

    def since(self, number: int) -> tuple[list[Row], int]:
        """Return the rows from a number on, as far as they are kept, and the number of the next."""
        with self._lock:
            rows = list(self._rows)
            return rows[max(0, number - (self._next - len(rows))) :], self._next

    def _advance(self) -> None:
        now = int(time.time())
        if self._second is not None and now != self._second:
            with self._lock:
                self._rows.append(self._row(self._second))
                self._next += 1
            self._seen = {}
        self._second = now

    def _row(self, second: int) -> Row:
        listed = sorted(self._seen)[:MOST_TRACKS]
        row: Row = {
            "t": second,
            "tracks": {str(t): self._seen[t].most_common(1)[0][0] for t in listed},
        }
        if len(self._seen) > len(listed):
            row["more"] = len(self._seen) - len(listed)
        if self._gap:
            row["gap"] = self._gap
        return row
