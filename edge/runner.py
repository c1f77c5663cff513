"""Run a pipeline over a source into outputs until the source ends or somebody stops it."""

import math
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from .outputs import Output
from .pipeline import Pipeline
from .sources import Source
from .sources.newest import Newest


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        frames: frames analysed.
        faces: faces seen in them, in all.
        seconds: how long it took.
        late: frames that a live source gave and the analysis did not take in time.
    """

    frames: int
    faces: int
    seconds: float
    late: int


def run(
    source: Source,
    pipeline: Pipeline,
    outputs: Sequence[Output],
    stop: threading.Event,
    realtime: bool = False,
    duration_s: float | None = None,
) -> Summary:
    """Analyse every frame and hand it to every output.

    Args:
        stop: ends the run after the current frame once it is set.
        realtime: play a file at its own speed instead of as fast as possible.
        duration_s: end after so many seconds.

    Raises:
        SourceError, OutputError: what the source or an output raises.
    """
    frames = faces = 0
    started = time.perf_counter()
    deadline = math.inf if duration_s is None else started + duration_s
    newest = Newest(source, stop, deadline) if source.live else None
    with ExitStack() as closing:
        if newest:
            closing.callback(newest.close)
        for frame in newest or source:
            with frame:
                if realtime and frame.position_s is not None:
                    due = min(started + frame.position_s, deadline)
                    stop.wait(max(0.0, due - time.perf_counter()))
                observation = pipeline.analyse(frame)
                for output in outputs:
                    output.write(frame, observation)
            frames += 1
            faces += len(observation.faces)
            if stop.is_set() or time.perf_counter() >= deadline:
                break
    return Summary(frames, faces, time.perf_counter() - started, newest.dropped if newest else 0)
