"""Run a pipeline over a source into outputs until the source ends or somebody stops it."""

import math
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from contextlib import closing as closed
from dataclasses import dataclass, replace

from ..outputs import Output
from ..sources import Source
from ..sources.latest import Newest
from ..sources.reconnecting import Lasting
from ..support.values import Frame
from .heartbeat import Pulse
from .pipeline import Pipeline

PACE = 0.9  # of a frame's time is waited for the next: a camera that keeps it is never just missed


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        frames: frames analysed.
        faces: faces seen in them, in all.
        seconds: how long it took.
        late: frames that a live source gave and the analysis did not take in time.
        missed_s: seconds without a camera, as it had failed or was switched off.
    """

    frames: int
    faces: int
    seconds: float
    late: int
    missed_s: float = 0.0


def run(
    source: Source | Lasting,
    pipeline: Pipeline,
    outputs: Sequence[Output],
    stop: threading.Event,
    realtime: bool = False,
    duration_s: float | None = None,
    pulse: Pulse | None = None,
    most_fps: float | None = None,
) -> Summary:
    """Analyse every frame and hand it to every output.

    Args:
        stop: ends the run after the current frame once it is set.
        realtime: play a file at its own speed instead of as fast as possible.
        duration_s: end after so many seconds.
        pulse: is told of every frame, and of every wait for one.
        most_fps: analyse no more of a live source's frames a second, whatever it gives.

    Raises:
        SourceError, OutputError: what the source or an output raises.
    """
    frames = faces = 0
    missed_s = 0.0
    started = time.perf_counter()
    deadline = math.inf if duration_s is None else started + duration_s
    with ExitStack() as closing:
        taken: Iterable[Frame | None] = source
        if source.live and not isinstance(source, Lasting):
            taken = closing.enter_context(closed(Newest(source, stop, deadline)))
        for frame in taken:
            if frame is None:
                if pulse:
                    pulse.waits(source.state if isinstance(source, Lasting) else "")
            else:
                with frame:
                    if realtime and frame.position_s is not None:
                        due = min(started + frame.position_s, deadline)
                        stop.wait(max(0.0, due - time.perf_counter()))
                    began = time.perf_counter()
                    observation = pipeline.analyse(frame)
                    if frame.gap is not None:
                        observation = replace(observation, gap=frame.gap)
                        missed_s += frame.gap.seconds
                    for output in outputs:
                        output.write(frame, observation)
                frames += 1
                faces += len(observation.faces)
                if pulse:
                    pulse.beats(observation)
                if most_fps and source.live:
                    due = min(began + PACE / most_fps, deadline)
                    stop.wait(max(0.0, due - time.perf_counter()))
            if stop.is_set() or time.perf_counter() >= deadline:
                break
    late = taken.dropped if isinstance(taken, (Newest, Lasting)) else 0
    return Summary(frames, faces, time.perf_counter() - started, late, missed_s)
