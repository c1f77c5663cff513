"""Records to timelines: for each input and each face, when it showed which emotion."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

GAP_S = 1.0  # a face not seen for longer has a gap in its timeline


@dataclass
class Band:
    """A time in which a face showed one emotion.

    Attributes:
        begin_s, end_s: seconds from the beginning of the input.
        confidence: the mean one, 0..1.
        frames: how many frames it is made of.
    """

    emotion: str
    begin_s: float
    end_s: float
    confidence: float
    frames: int = 1


@dataclass
class Timeline:
    """One input's faces.

    Attributes:
        seconds: from the first record to the end of the last.
        tracks: number of a face -> its bands, in the order of time.
        still: an image: it has no time.
        most_faces: how many faces the frame has that shows the most, and which frame it is.
    """

    source: str
    seconds: float = 0.0
    frames: int = 0
    faces: int = 0
    tracks: dict[int, list[Band]] = field(default_factory=dict)
    still: bool = True
    most_faces: tuple[int, int] = (0, 0)

    def shares(self) -> dict[str, float]:
        """Return the share of all faces' time that each emotion has, 0..1; sum 1."""
        spent: dict[str, float] = {}
        for bands in self.tracks.values():
            for band in bands:
                time = (band.end_s - band.begin_s) or 1.0
                spent[band.emotion] = spent.get(band.emotion, 0.0) + time
        total = sum(spent.values())
        return {emotion: time / total for emotion, time in spent.items()}


def timelines(records: Iterable[dict[str, Any]]) -> list[Timeline]:
    """Return a timeline for each source in the records, in the order in which they first come.

    Memory grows with the changes of emotion, not with the frames.
    """
    found: dict[str, _Making] = {}
    for record in records:
        source = record["source"]
        if source not in found:
            found[source] = _Making(Timeline(source), record)
        found[source].add(record)
    return [making.finished() for making in found.values()]


class _Making:
    """A timeline in the making: the latest record waits for the next, which says how long it lasts."""

    def __init__(self, timeline: Timeline, first: dict[str, Any]) -> None:
        self._timeline = timeline
        self._zero_s = _seconds(first)
        self._last: dict[str, Any] | None = None
        self._lasts_s = 0.0

    def add(self, record: dict[str, Any]) -> None:
        if self._last is not None:
            self._lasts_s = max(0.0, _seconds(record) - _seconds(self._last))
            self._take(self._last, self._lasts_s)
        self._last = record

    def finished(self) -> Timeline:
        if self._last is not None:
            self._take(self._last, min(self._lasts_s, GAP_S))
            self._last = None
        return self._timeline

    def _take(self, record: dict[str, Any], lasts_s: float) -> None:
        made = self._timeline
        begin_s = _seconds(record) - self._zero_s
        end_s = begin_s + min(lasts_s, GAP_S)  # longer is a time without a camera
        made.still = made.still and record.get("position_s") is None and "time" not in record
        made.frames += 1
        made.faces += len(record["faces"])
        made.seconds = max(made.seconds, end_s)
        if len(record["faces"]) > made.most_faces[0]:
            made.most_faces = (len(record["faces"]), record["frame"])
        for face in record["faces"]:
            bands = made.tracks.setdefault(face["track"], [])
            last = bands[-1] if bands else None
            if last and last.emotion == face["emotion"] and begin_s - last.end_s <= GAP_S:
                last.confidence += (face["confidence"] - last.confidence) / (last.frames + 1)
                last.frames += 1
                last.end_s = end_s
            else:
                bands.append(Band(face["emotion"], begin_s, end_s, face["confidence"]))


def _seconds(record: dict[str, Any]) -> float:
    if record.get("position_s") is not None:
        return float(record["position_s"])
    if "time" in record:
        return datetime.fromisoformat(record["time"]).timestamp()
    return 0.0
