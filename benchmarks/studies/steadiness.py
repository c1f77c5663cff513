"""How calm is what is reported of calm people, and how steady?

    python -m benchmarks.studies.steadiness CLIP.mp4 ... --model edge-s --model edge-xs

Give videos in which people look neutral or smile. Each is searched for faces once; every model then
scores the same faces, under each expectation and threshold, smoothed as `edge-emo run` smooths. Reported
are the share of faces called anything but neutral, happy or unsure, the share called unsure, and how
often a face's emotion changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option

CALM = ("neutral", "happy", "unsure")


@dataclass(frozen=True)
class Seen:
    """One face in one frame.

    Attributes:
        track: the face's number; different in each clip.
        time_s: the frame's time within its clip, seconds.
        crop: uint8 `[height, width]`.
    """

    track: tuple[int, int]
    time_s: float
    crop: np.ndarray


@dataclass(frozen=True)
class Steadiness:
    """What was reported of all faces.

    Attributes:
        odd: share of faces called anything but neutral, happy or unsure, 0..1.
        unsure: share called unsure, 0..1.
        changes: of a face's reported emotion, for each minute that it is seen.
    """

    odd: float
    unsure: float
    changes: float


@click.command()
@click.argument("clips", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--model", "models", multiple=True, default=("edge-s",), metavar="NAME|FILE")
@click.option(
    "--expect",
    "expectations",
    multiple=True,
    default=("none", "everyday"),
    metavar="NAME|FILE",
    help="none: as the model answers.",
)
@click.option(
    "--unsure-below", "thresholds", multiple=True, type=float, default=(0.0,), metavar="0..1"
)
@click.option("--detector", default="network", show_default=True, metavar="NAME")
@verbose_option
def main(
    clips: tuple[Path, ...],
    models: tuple[str, ...],
    expectations: tuple[str, ...],
    thresholds: tuple[float, ...],
    detector: str,
) -> None:
    """Measure how calm and how steady models are on CLIPS."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.emotions.prior import corrected, factors_of, find_expectation
    from edge.evaluation.prediction import predict_all
    from edge.inference.model_file import find_model, read_model
    from edge.support.errors import SourceError

    seen = [face for number, clip in enumerate(clips) for face in faces_in(clip, number, detector)]
    if not seen:
        raise SourceError(f"no face is found in {', '.join(map(str, clips))}")
    tracks = len({face.track for face in seen})
    click.echo(f"{len(seen)} faces on {tracks} tracks in {len(clips)} clips, detector {detector}")
    click.echo(
        f"{'model':14}{'expectation':14}{'unsure below':>12}{'odd':>8}{'unsure':>9}{'changes/min':>13}"
    )
    for name in models:
        model = read_model(find_model(name))
        plain = predict_all(TFLiteClassifier(model), np.stack([face.crop for face in seen]))
        for expect in expectations:
            scores = plain
            if expect != "none":
                scores = corrected(plain, factors_of(model, find_expectation(expect)))
            for least in thresholds:
                found = steadiness(seen, scores, least)
                click.echo(
                    f"{model.name:14}{expect:14}{least:>12.2f}{found.odd:>8.1%}{found.unsure:>9.1%}"
                    f"{found.changes:>13.1f}"
                )


def faces_in(clip: Path, number: int, detector: str) -> Iterator[Seen]:
    """Yield the faces of a clip as the pipeline cuts them out; `number` is the clip's."""
    from edge.live.recognizer import Recognizer
    from edge.sources import SourceOptions, frames, open_source

    crops: list[np.ndarray] = []

    class Recording:
        """Keeps what it is given to score."""

        input_size = (48, 48)

        def classify(self, face: np.ndarray) -> np.ndarray:
            crops.append(face.copy())
            return np.full(7, 1 / 7, np.float32)

    recognizer = Recognizer(detector=detector)
    recognizer._classifier = Recording()  # type: ignore[assignment]
    with open_source(str(clip), SourceOptions()) as source:
        pipeline = recognizer.pipeline(source.continuous)
        for frame in frames(source):
            with frame:
                seen = pipeline.analyse(frame)
            for face, crop in zip(seen.faces, crops, strict=True):
                yield Seen((number, face.track), seen.position_s or 0.0, crop)
            crops.clear()


def steadiness(seen: list[Seen], scores: np.ndarray, unsure_below: float) -> Steadiness:
    """Return what is reported where these faces have these scores, float `[n, 7]`."""
    from edge.emotions.smoothing import EmotionSmoother

    smoothers: dict[tuple[int, int], EmotionSmoother] = {}
    last: dict[tuple[int, int], tuple[str, float]] = {}
    odd = unsure = changes = 0
    watched_s = 0.0
    for face, answer in zip(seen, scores, strict=True):
        smoother = smoothers.setdefault(face.track, EmotionSmoother(unsure_below))
        name = smoother.update(face.track[1], answer, face.time_s).name
        odd += name not in CALM
        unsure += name == "unsure"
        if face.track in last:
            before, when = last[face.track]
            changes += name != before
            watched_s += face.time_s - when
        last[face.track] = name, face.time_s
    return Steadiness(odd / len(seen), unsure / len(seen), 60 * changes / max(watched_s, 1e-9))


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.steadiness")
