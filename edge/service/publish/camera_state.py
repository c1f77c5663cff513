"""What is published of a camera now: its newest record, its frame rate, or why there are no records."""

import shutil
import subprocess
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...support.labels import EMOTIONS
from .follower import Follower

ANALYSING, FAILED, OFF, OPENING, STOPPED = "analysing", "failed", "off", "opening", "stopped"
SILENT_S = 5.0  # without a record for so long, the service is asked what it does
ASK_EVERY_S = 3.0
RATE_S = 10  # frames a second are counted over so many seconds
SHARES_S = 60  # shares of the emotions, over so many
_BATCH = 500


@dataclass
class _Second:
    """What one second of records holds."""

    at: int
    frames: int = 0
    emotions: Counter[str] = field(default_factory=Counter)


class CameraState:
    """Reads a camera's newest records, whatever is still to be published of older ones."""

    def __init__(self, path: Path, name: str, off_file: Path) -> None:
        self._follower = Follower(path, newest=True)
        self._name = name
        self._off_file = off_file
        self._seconds: deque[_Second] = deque(maxlen=SHARES_S)
        self._newest: dict[str, Any] | None = None
        self._heard_s, self._asked_s = time.monotonic(), 0.0
        self._told = (STOPPED, "")

    def look(self) -> dict[str, Any]:
        """Return the state as plain values for JSON."""
        now_s = time.monotonic()
        while taken := self._follower.read(_BATCH):
            self._newest = taken[-1].record
            for found in taken:
                self._count(found.record, int(now_s))
            self._heard_s = now_s
        state, reason = self._state(now_s)
        seen = self._newest if state == ANALYSING else None
        face = _main_face(seen) if seen else None
        return {
            "schema": 1,
            "camera": self._name,
            "state": state,
            "reason": reason,
            "time": seen["time"] if seen else None,
            "emotion": (face["emotion"] if face else "none") if seen else None,
            "confidence": face["confidence"] if face else None,
            "faces": len(seen["faces"]) if seen else None,
            "fps": self._rate(int(now_s)) if seen else None,
            "shares": self._shares(int(now_s)),
        }

    def _count(self, record: dict[str, Any], second: int) -> None:
        if not self._seconds or self._seconds[-1].at != second:
            self._seconds.append(_Second(second))
        self._seconds[-1].frames += 1
        self._seconds[-1].emotions.update(face["emotion"] for face in record["faces"])

    def _state(self, now_s: float) -> tuple[str, str]:
        if now_s - self._heard_s < SILENT_S:
            return (OPENING, "") if self._newest is None else (ANALYSING, "")
        if self._off_file.exists():
            return OFF, f"switched off by the file {self._off_file}"
        if now_s - self._asked_s >= ASK_EVERY_S or not self._asked_s:
            self._told, self._asked_s = ask_service(self._name), now_s
        return self._told

    def _rate(self, second: int) -> float:
        """Return frames a second over the last whole seconds."""
        past = [s for s in self._seconds if second - RATE_S <= s.at < second]
        return round(sum(s.frames for s in past) / (second - past[0].at), 1) if past else 0.0

    def _shares(self, second: int) -> dict[str, float]:
        """Return what share of the faces of the last minute showed each emotion, 0..1."""
        counted: Counter[str] = Counter()
        for past in self._seconds:
            if past.at >= second - SHARES_S:
                counted.update(past.emotions)
        faces = sum(counted.values())
        return {name: round(counted[name] / faces, 3) if faces else 0.0 for name in EMOTIONS}


def ask_service(name: str) -> tuple[str, str]:
    """Return state and reason of a camera's service, as it gives them to systemd."""
    if not shutil.which("systemctl"):
        return FAILED, "no records are written"
    asked = ["systemctl", "show", f"edge-emo@{name}", "-p", "ActiveState", "-p", "StatusText"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    values = dict(line.partition("=")[::2] for line in said.splitlines())
    return service_state(values.get("ActiveState", ""), values.get("StatusText", ""))


def service_state(active: str, text: str) -> tuple[str, str]:
    """Return state and reason for what systemd says of a camera's service without new records."""
    words, _, reason = text.partition(": ")
    if active in ("inactive", "failed"):
        return (
            STOPPED,
            "its service is stopped" if active == "inactive" else "its service has failed",
        )
    if words == "camera closed":
        return OFF, reason
    if words == "opening the camera" or active in ("activating", "reloading"):
        return OPENING, reason or text
    if words == "camera failed":
        return FAILED, reason
    return FAILED, "no records are written"


def _main_face(record: dict[str, Any]) -> dict[str, Any] | None:
    """Return the largest face; where records do not say where faces are, the first one."""

    def area(face: dict[str, Any]) -> int:
        return face["box"][2] * face["box"][3] if face["box"] else 0

    return max(record["faces"], key=area, default=None)
