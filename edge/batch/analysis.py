"""Analyse one input: its records to a file, and a summary for the table of files."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..live.recognizer import Recognizer
from ..sources import Source, SourceOptions, frames
from ..support import registry
from ..support.atomic import cannot_write, replacing
from ..support.errors import SourceError
from ..support.labels import EMOTIONS, UNSURE
from ..support.values import Observation
from .inputs import IMAGE, Input

EVERY = 25  # frames between two reports of progress


def analyse(
    item: Input, recognizer: Recognizer, target: Path, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Write the records of an input, gzip of JSON lines, whole or not at all.

    A record is that of `--jsonl` without `time` and `ms`, which would differ from run to run.

    Args:
        target: the file of records.
        progress: called now and then with the share that is done, 0..1.

    Returns:
        The summary, as `Summary.as_dict` gives it, and `error`: why it cannot be read, or not to
        its end; else empty. What was read until then is kept.

    Raises:
        OutputError: the records cannot be written.
    """
    summary, error = Summary(), ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise cannot_write(target.parent, why) from why
    # Neither a name nor a time in the gzip header: equal results are equal bytes.
    with (
        replacing(target) as draft,
        draft.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, 0) as packed,
    ):
        lines = io.TextIOWrapper(packed, "utf-8", newline="\n")
        try:
            for seen in _observations(item, recognizer, progress):
                summary.add(seen)
                record = {**seen.as_record(), "source": item.name}
                del record["time"], record["ms"]
                lines.write(json.dumps(record, separators=(",", ":")) + "\n")
        except SourceError as why:
            error = str(why).removeprefix(f"{item.path}: ")
        lines.flush()
        lines.detach()
    return {**summary.as_dict(), "error": error}


def _observations(
    item: Input, recognizer: Recognizer, progress: Callable[[float], None]
) -> Iterator[Observation]:
    kind = "images" if item.kind == IMAGE else "video"
    options = SourceOptions(color=recognizer.takes_color)
    source: Source = registry.load(registry.SOURCES, kind)(str(item.path), options)
    with source:
        total = getattr(source, "announced_frames", 0)
        pipeline = recognizer.pipeline(source.continuous)
        for done, frame in enumerate(frames(source)):
            with frame:
                seen = pipeline.analyse(frame)
            yield seen
            if done % EVERY == 0:
                progress(min(1.0, done / total) if total else 0.0)


class Summary:
    """Counts of an input, added up frame by frame."""

    def __init__(self) -> None:
        self.frames = self.faces = 0
        self.tracks: set[int] = set()
        self._time = dict.fromkeys((*EMOTIONS, UNSURE), 0.0)
        self._first_s = 0.0
        self._last: Observation | None = None
        self._last_s = 0.0  # how long the frame before the last one was shown

    def add(self, seen: Observation) -> None:
        """Count a frame."""
        self.frames += 1
        self.faces += len(seen.faces)
        self.tracks.update(face.track for face in seen.faces)
        if self._last is None:
            self._first_s = _position(seen)
        else:
            self._last_s = _position(seen) - _position(self._last)
            self._count(self._last, self._last_s)
        self._last = seen

    def as_dict(self) -> dict[str, Any]:
        """Return frames, seconds, faces, tracks and the share of the faces' time of each emotion.

        A frame lasts until the next one; the last as long as the one before it. An image has no
        seconds.
        """
        time, last = dict(self._time), self._last
        if last is not None:
            self._count(last, self._last_s or 1.0)
        counted, self._time = self._time, time
        total = sum(counted.values())
        seconds = None
        if last is not None and last.position_s is not None:
            seconds = round(last.position_s + self._last_s - self._first_s, 3)
        return {
            "frames": self.frames,
            "seconds": seconds,
            "faces": self.faces,
            "tracks": len(self.tracks),
            "shares": {n: round(t / total, 4) if total else None for n, t in counted.items()},
        }

    def _count(self, seen: Observation, seconds: float) -> None:
        for face in seen.faces:
            self._time[face.emotion] += seconds


def _position(seen: Observation) -> float:
    return seen.position_s or 0.0
