"""Let the systems take turns on the same clip, round by round, and time them."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from .clip import RUN, Clip, Picture


@dataclass(frozen=True)
class Glance:
    """What a system found in one frame.

    Attributes:
        faces: how many.
        ms: time of each stage, milliseconds; empty where it is unknown.
    """

    faces: int
    ms: dict[str, float]


@dataclass(frozen=True)
class System:
    """One way from a decoded frame to the emotions in it.

    Attributes:
        name: its row in the table.
        what: what it is, in a sentence.
        model_bytes: size of its model's file.
        begin: returns a function that analyses frames in order, with no memory of earlier rounds.
    """

    name: str
    what: str
    model_bytes: int
    begin: Callable[[], Callable[[Picture], Glance]]


@dataclass(frozen=True)
class Result:
    """What was measured of one system.

    Attributes:
        fps: frames per second of each round.
        frames: how many frames each round had.
        faces: faces found in them, in all.
        ms: mean time of each stage per frame, milliseconds, median of the rounds.
    """

    system: System
    fps: tuple[float, ...]
    frames: int
    faces: int
    ms: dict[str, float]

    @property
    def name(self) -> str:
        return self.system.name

    def ratios(self, reference: "Result") -> list[float]:
        """Return its speed as a multiple of `reference`'s, round by round."""
        return [own / other for own, other in zip(self.fps, reference.fps, strict=True)]


def race(
    systems: Sequence[System], clip: Clip, rounds: int, progress: Callable[[int, int], None]
) -> list[Result]:
    """Measure every system on the whole clip, `rounds` times.

    Within a round they take turns after every few frames, so that what else the machine does
    meets all of them alike.

    Args:
        progress: called between turns with (turns done, turns in all), never while one is timed.
    """
    pictures = clip.pictures
    pieces = [pictures[start : start + RUN] for start in range(0, len(pictures), RUN)]
    laps: list[list[_Lap]] = [[] for _ in systems]
    done, total = 0, rounds * len(pieces) * len(systems)
    for _ in range(rounds):
        lap = [_Lap(c.begin()) for c in systems]
        for piece in pieces:
            # Another one begins each time: none always runs behind the same one's warm caches.
            first = done // len(systems) % len(systems)
            for place in (*range(first, len(systems)), *range(first)):
                systems[place].begin()(piece[0])  # warm-up, untimed
                lap[place].take(piece)
                done += 1
                progress(done, total)
        for place, finished in enumerate(lap):
            laps[place].append(finished)
    return [_result(c, len(pictures), own) for c, own in zip(systems, laps, strict=True)]


class _Lap:
    """One system's way through the clip in one round."""

    def __init__(self, look: Callable[[Picture], Glance]) -> None:
        self._look = look
        self.seconds = 0.0
        self.glances: list[Glance] = []

    def take(self, pictures: Sequence[Picture]) -> None:
        gc.collect()
        started = time.perf_counter()
        glances = [self._look(picture) for picture in pictures]
        self.seconds += time.perf_counter() - started
        self.glances += glances

    def ms(self) -> dict[str, float]:
        return {s: fmean(g.ms[s] for g in self.glances) for s in self.glances[0].ms}


def _result(system: System, frames: int, laps: list[_Lap]) -> Result:
    each = [lap.ms() for lap in laps]
    return Result(
        system,
        tuple(frames / lap.seconds for lap in laps),
        frames,
        sum(g.faces for g in laps[0].glances),
        {stage: median(ms[stage] for ms in each) for stage in each[0]},
    )
