"""Quality beside speed: how steady the reported emotions are. `benchmarks.faces` measures what is found."""

from collections.abc import Callable, Sequence

from edge.live.pipeline import Pipeline
from edge.sources.opencv import frame_of
from edge.support.values import Face

from .clip import Clip


def measure_quality(
    clip: Clip, pipeline: Pipeline, progress: Callable[[int, int], None]
) -> dict[str, float]:
    """Return how often the reported emotion of a face changes.

    Args:
        pipeline: with no memory yet.
        progress: called with (frames done, frames in all).
    """
    seen: list[Sequence[Face]] = []
    for done, p in enumerate(clip.pictures, 1):
        frame = frame_of(p.image, "bench", p.index, p.position_s, 0.0)
        seen.append(pipeline.analyse(frame).faces)
        progress(done, len(clip.pictures))
    return {"changes of the reported emotion, per face and second": _flips(clip, seen)}


def _flips(clip: Clip, seen: Sequence[Sequence[Face]]) -> float:
    """Return how often a face's emotion changes from one frame to the next, per second."""
    changes, seconds = 0, 0.0
    for place in range(1, len(seen)):
        before, now = clip.pictures[place - 1], clip.pictures[place]
        if now.index != before.index + 1 or now.position_s is None or before.position_s is None:
            continue
        was = {face.track: face.emotion for face in seen[place - 1]}
        for face in seen[place]:
            if face.track in was:
                seconds += now.position_s - before.position_s
                changes += face.emotion != was[face.track]
    return changes / seconds if seconds else float("nan")
