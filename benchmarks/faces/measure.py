"""Let every system look at the same pictures and clips in turn, and note what it found and how long it took."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.faces.crop import to_gray
from edge.faces.detector import FACE, distinct
from edge.faces.tracker import Tracker
from edge.live.settings import RunConfig
from edge.sources import open_source
from edge.support.boxes import Box, within
from edge.support.errors import DatasetError
from edge.support.image_file import read_image
from edge.support.values import Status

from .exam import FaceSet, Item, Truth
from .matching import Match, false_runs, match
from .systems import System

WHOLE_EVERY = 5  # every fifth frame of a clip is also searched as a still, to time one whole look


@dataclass(frozen=True)
class Seen:
    """One picture, or one frame of a clip, as one system saw it."""

    item: Item
    frame: int
    truths: tuple[Truth, ...]
    boxes: tuple[Box, ...]
    match: Match


@dataclass
class Sheet:
    """What one system did with one set.

    Attributes:
        seen: picture by picture, frame by frame.
        still_ms: processor times of one whole look, by the picture's width and height.
        track_ms: times of a clip's frame with tracking, likewise.
        false_s: for each clip how long each false box stayed, seconds.
    """

    seen: list[Seen] = field(default_factory=list)
    still_ms: dict[tuple[int, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    track_ms: dict[tuple[int, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    false_s: dict[str, list[float]] = field(default_factory=dict)


Progress = Callable[[int, int], None]


def take_exam(
    sets: Sequence[FaceSet], systems: Sequence[System], progress: Progress
) -> dict[str, dict[str, Sheet]]:
    """Return the sheets by the name of the set and of the system.

    Args:
        progress: called with (items done, items in all).
    """
    sheets = {s.name: {system.name: Sheet() for system in systems} for s in sets}
    total, done = sum(len(s.items) for s in sets), 0
    for one in sets:
        for item in one.items:
            take = _take_clip if item.is_clip else _take_picture
            take(item, systems, sheets[one.name])
            done += 1
            progress(done, total)
    return sheets


def look(system: System, gray: np.ndarray) -> tuple[list[Box], float]:
    """Return the faces that a system reports of a still picture, and its processor time, ms."""
    began = time.process_time()
    found = distinct(system.detector.detect(gray))
    took = (time.process_time() - began) * 1000
    if not system.tracks:  # as it comes, doubles and all
        return [one.box for one in found], took
    height, width = gray.shape
    return [within(f.box, (height, width)) for f in found if f.score >= FACE], took


def read_gray(item: Item) -> np.ndarray:
    """Return a picture, uint8 `[h, w]`. Raises: DatasetError."""
    image = read_image(item.path)
    if image is None:
        raise DatasetError(f"{item.path}: cannot be read as an image; copy it again or take it out")
    return to_gray(image)


def _take_picture(item: Item, systems: Sequence[System], sheets: dict[str, Sheet]) -> None:
    gray = read_gray(item)
    truths = item.truths.get(0, ())
    size = gray.shape[1], gray.shape[0]
    for system in systems:
        boxes, ms = look(system, gray)
        sheet = sheets[system.name]
        sheet.still_ms[size].append(ms)
        sheet.seen.append(Seen(item, 0, truths, tuple(boxes), match(boxes, truths)))


def _take_clip(item: Item, systems: Sequence[System], sheets: dict[str, Sheet]) -> None:
    trackers = {s.name: Tracker(s.detector, RunConfig().search_every) for s in systems}
    false: dict[str, list[tuple[Box, ...]]] = {s.name: [] for s in systems}
    step_s = 0.0
    for index, (gray, now_s) in enumerate(frames_of(item)):
        truths = item.truths.get(index, ())
        size = gray.shape[1], gray.shape[0]
        step_s = now_s / index if index else 0.0
        for system in systems:
            sheet = sheets[system.name]
            if system.tracks:
                boxes, ms = _track(trackers[system.name], gray, now_s)
                sheet.track_ms[size].append(ms)
                if index % WHOLE_EVERY == 0:
                    sheet.still_ms[size].append(look(system, gray)[1])
            else:
                boxes, ms = look(system, gray)
                sheet.track_ms[size].append(ms)
                sheet.still_ms[size].append(ms)
            seen = Seen(item, index, truths, tuple(boxes), match(boxes, truths))
            false[system.name].append(seen.match.false)
            sheet.seen.append(seen)
    for system in systems:
        runs = false_runs(false[system.name])
        sheets[system.name].false_s[item.name] = [n * step_s for n in runs]


def _track(tracker: Tracker, gray: np.ndarray, now_s: float) -> tuple[list[Box], float]:
    began = time.process_time()
    tracks = tracker.update(gray, now_s)
    took = (time.process_time() - began) * 1000
    height, width = gray.shape
    return [within(track.box, (height, width)) for track in tracks], took


def frames_of(item: Item) -> Iterator[tuple[np.ndarray, float]]:
    with open_source(str(item.path)) as source:
        for frame in source:
            if isinstance(frame, Status):
                continue
            with frame:
                yield frame.gray.copy(), frame.position_s or 0.0
