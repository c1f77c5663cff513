"""All that is measured of emotion models, in one table, as they answer and under an expectation.

    python -m benchmarks.studies.emotions --data fer2013.csv --wild wild --clip film.mp4 \
        --model edge-xs --model edge-s --model face-m

Two models compare only at the same expectation, by macro-F1 and by the divergence from the votes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.emotions.classifier import TFLiteClassifier
from edge.emotions.prior import answered, corrected, factors_of, find_expectation
from edge.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from edge.evaluation.datasets import LabelledFaces, load_split
from edge.evaluation.datasets.ferplus import distribution, majority, with_majority
from edge.evaluation.metrics import Scorecard, calibrate, calibrate_to_votes, kl_to_votes, score
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import ModelFile, find_model, read_model
from edge.support.errors import ConfigError
from edge.support.labels import EMOTIONS

from .roll import ANGLES, turned
from .steadiness import Seen, faces_in, steadiness

UNSURE_BELOW = 0.45  # as `edge-emo run` has it
TIMED = 400  # faces whose classification is timed
NEUTRAL = EMOTIONS.index("neutral")
Correct = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Answers:
    """What a model answers, float32 `[n, 7]` each, uncorrected.

    Attributes:
        faces: for the faces of the data set.
        corrupted: for those that voters agree about, under each corruption at medium strength.
        wild: for the other set's faces, at each angle of `roll.ANGLES`.
        clips: for the faces in the clips.
    """

    faces: np.ndarray
    corrupted: list[np.ndarray]
    wild: list[np.ndarray]
    clips: np.ndarray


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="With FER+ votes.")
@click.option("--wild", type=click.Path(path_type=Path), required=True, help="A second data set.")
@click.option(
    "--clip",
    "clips",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="In which people look neutral or smile.",
)
@click.option("--model", "models", multiple=True, default=("edge-s",), metavar="NAME|FILE")
@click.option("--expect", default="everyday", show_default=True, metavar="NAME|FILE")
@verbose_option
def main(
    data: Path, wild: Path, clips: tuple[Path, ...], models: tuple[str, ...], expect: str
) -> None:
    """Print one table of MODELS: two rows each, as they answer and as expected."""
    expectation = find_expectation(expect)
    files = [read_model(find_model(name)) for name in models]
    for name, model in zip(models, files, strict=True):
        size = model.about["input"]["shape"][1:]
        if size != [48, 48, 1]:
            raise ConfigError(
                f"{name}: takes faces of {size}; the clips' are cut out as 48x48, gray"
            )
    seen = [face for n, clip in enumerate(clips) for face in faces_in(clip, n, "network")]
    columns = [
        *("file", "kB", "ms", "expectation", "FER labels", "balanced"),
        *("FER+ majority", "balanced", "macro-F1", "KL", "calibration error"),
        *("calibration error, votes", "neutral otherwise"),
        *("corrupted", *(f"wild {angle}°" for angle in ANGLES)),
        *("clips: odd", "unsure", "changes/min"),
    ]
    click.echo("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for model in files:
        classifier = TFLiteClassifier(model)
        faces = load_split(data, None, classifier.input_size)
        others = load_split(wild, "test", classifier.input_size)
        answers = _ask(classifier, faces, others, seen)
        size = f"{Path(model.path).stat().st_size / 1000:.0f}"
        ms = f"{milliseconds(classifier, faces.images):.3f}"
        ways: list[tuple[str, Correct]] = [("none", lambda scores: scores)]
        if answered(model) is not None:
            ways.append((expectation.name, _correcting(model, factors_of(model, expectation))))
        for word, correct in ways:
            cells = _row(answers, faces, others, seen, correct)
            click.echo("| " + " | ".join([model.name, size, ms, word, *cells]) + " |")


def milliseconds(classifier: TFLiteClassifier, faces: np.ndarray) -> float:
    """Return the median time of one face on one thread, milliseconds."""
    took = []
    for face in faces[:TIMED]:
        began = time.perf_counter()
        classifier.classify(face)
        took.append(time.perf_counter() - began)
    return 1000 * float(np.median(took))


def _correcting(model: ModelFile, factors: np.ndarray) -> Correct:
    return lambda scores: corrected(scores, factors)


def _ask(
    classifier: TFLiteClassifier, faces: LabelledFaces, others: LabelledFaces, seen: list[Seen]
) -> Answers:
    agreed = with_majority(faces).images
    return Answers(
        faces=predict_all(classifier, faces.images),
        corrupted=[
            predict_all(classifier, corrupt(agreed, name, STRENGTHS[1])) for name in CORRUPTIONS
        ],
        wild=[predict_all(classifier, turned(others.images, angle)) for angle in ANGLES],
        clips=predict_all(classifier, np.stack([face.crop for face in seen])),
    )


def _row(
    answers: Answers,
    faces: LabelledFaces,
    others: LabelledFaces,
    seen: list[Seen],
    correct: Correct,
) -> list[str]:
    assert faces.votes is not None
    scores = correct(answers.faces)
    labels = score(faces.labels, scores.argmax(axis=1))
    votes = distribution(faces.votes)
    voted = calibrate_to_votes(votes, scores)
    assert voted is not None
    most = majority(faces.votes)
    agreed = scores[most >= 0]
    voters = score(most[most >= 0], agreed.argmax(axis=1))
    corrupted = [
        _right(correct(scores), with_majority(faces).labels) for scores in answers.corrupted
    ]
    calm = steadiness(seen, correct(answers.clips), UNSURE_BELOW)
    return [
        f"{labels.accuracy:.1%}",
        f"{labels.balanced_accuracy:.1%}",
        f"{voters.accuracy:.1%}",
        f"{voters.balanced_accuracy:.1%}",
        f"{voters.macro_f1:.1%}",
        f"{kl_to_votes(votes, scores):.3f}",
        f"{calibrate(most[most >= 0], agreed).error:.1%}",
        f"{voted.error:.1%}",
        f"{1 - _recall(voters, NEUTRAL):.1%}",
        f"{np.mean(corrupted):.1%}",
        *(f"{_right(correct(scores), others.labels):.1%}" for scores in answers.wild),
        f"{calm.odd:.1%}",
        f"{calm.unsure:.1%}",
        f"{calm.changes:.1f}",
    ]


def _recall(card: Scorecard, emotion: int) -> float:
    return float(card.confusion[emotion, emotion] / card.confusion[emotion].sum())


def _right(scores: np.ndarray, labels: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == labels).mean())


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.emotions")
