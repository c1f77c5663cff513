"""Run a pipeline over a source into outputs until the source ends or somebody stops it."""

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from ..outputs.base import Outputs
from ..support.values import Frame, Status
from .pipeline import Pipeline

PACE = 0.9  # of a frame's time is waited for the next: a camera that keeps it is never just missed


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        frames: frames analysed.
        faces: faces seen in them, in all.
        seconds: how long it took, from the first frame on.
        late: frames that a live source gave and the analysis did not take in time.
        missed_s: seconds without a camera, as it had failed or was switched off.
    """

    frames: int
    faces: int
    seconds: float
    late: int
    missed_s: float = 0.0

    def __add__(self, more: "Summary") -> "Summary":
        return Summary(
            self.frames + more.frames,
            self.faces + more.faces,
            self.seconds + more.seconds,
            self.late + more.late,
            self.missed_s + more.missed_s,
        )


class Readable(Protocol):
    """What a loop needs of a source."""

    @property
    def live(self) -> bool: ...

    @property
    def dropped(self) -> int: ...

    def __iter__(self) -> Iterator[Frame | Status]: ...


def run(
    source: Readable,
    pipeline: Pipeline,
    outputs: Outputs,
    stop: threading.Event,
    realtime: bool = False,
    duration_s: float | None = None,
    most_fps: float | None = None,
    again: threading.Event | None = None,
) -> Summary:
    """Analyse every frame and hand it to the outputs; hand on every status between frames.

    The loop alone calls the outputs: whatever hears of a frame knows that it was analysed.

    Args:
        stop: ends the run after the current frame once it is set.
        realtime: play a file at its own speed instead of as fast as possible.
        duration_s: end so many seconds after the first frame.
        most_fps: analyse no more of a live source's frames a second, whatever it gives.
        again: ends this loop like `stop`, while the source goes on.

    Raises:
        SourceError, OutputError: what the source or an output raises.
    """
    frames = faces = 0
    missed_s = 0.0
    started, deadline = math.nan, math.inf
    first_s: float | None = None  # of the media
    for item in source:
        if isinstance(item, Status):
            outputs.status(item)
        else:
            with item as frame:
                began = time.perf_counter()
                if not frames:
                    started = began
                    deadline = math.inf if duration_s is None else began + duration_s
                if realtime and frame.position_s is not None:
                    first_s = frame.position_s if first_s is None else first_s
                    due = min(started + frame.position_s - first_s, deadline)
                    stop.wait(max(0.0, due - began))
                    began = time.perf_counter()
                observation = pipeline.analyse(frame)
                if frame.gap is not None:
                    observation = replace(observation, gap=frame.gap)
                    missed_s += frame.gap.seconds
                if source.live:
                    age_ms = (time.monotonic() - frame.captured_s) * 1000
                    observation = replace(observation, age_ms=age_ms)
                outputs.write(frame, observation)
            del item, frame  # or two pictures would be held while the next is read
            frames += 1
            faces += len(observation.faces)
            if most_fps and source.live:
                due = min(began + PACE / most_fps, deadline)
                stop.wait(max(0.0, due - time.perf_counter()))
        if stop.is_set() or time.perf_counter() >= deadline or (again and again.is_set()):
            break
    seconds = time.perf_counter() - started if frames else 0.0
    return Summary(frames, faces, seconds, source.dropped, missed_s)
