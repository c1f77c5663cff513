"""Measure a model on a labelled data set."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..emotions.prior import factors_of, find_expectation
from ..inference.model_file import find_model, read_model
from ..inference.runtime import Runtime
from ..support.errors import ConfigError
from ..support.labels import EMOTIONS
from .corruptions import CORRUPTIONS, STRENGTHS, corrupt
from .datasets import LabelledFaces, load_split
from .datasets.ferplus import distribution, majority, with_majority
from .label_order import order_hint
from .metrics import Scorecard, calibrate, calibrate_to_votes, kl_to_votes, score
from .prediction import (
    Conventions,
    ExpectingPredictor,
    Predictor,
    Progress,
    open_predictor,
)

Bars = Callable[[str], AbstractContextManager[Progress]]  # the title of a step -> its progress


@dataclass(frozen=True)
class Evaluation:
    """How a model fares on a data set.

    Attributes:
        model: its file.
        data: the data set.
        split: the part of it that was used.
        labelled_by: "fer", the set's labels, or "ferplus", the majority of the FER+ votes.
        without_majority: faces left out because their votes have no majority.
        skipped: files left out because they are not readable images.
        card: accuracy, recall, precision, confusion matrix.
        calibration_error: expected calibration error, 0..1.
        corruptions: the accuracy under each corruption, from slight to severe; None if not asked for.
        kl_to_votes: mean divergence of the scores from the FER+ votes, on all faces that have some,
            nats; None where none has.
        votes_calibration_error: expected calibration error on the same faces, 0..1, where a prediction
            counts as right by the share of the votes that it got; None where none has votes.
        expected: what the scene was expected to show; None: as the model answers.
        hints: what looks wrong with how the model was used.
        left_out: lines for people that name and count what of the data set is not among the faces.
    """

    model: Path
    data: Path
    split: str
    labelled_by: str
    without_majority: int
    skipped: tuple[str, ...]
    card: Scorecard
    calibration_error: float
    corruptions: dict[str, list[float]] | None = None
    kl_to_votes: float | None = None
    votes_calibration_error: float | None = None
    expected: str | None = None
    hints: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        report = {
            "model": str(self.model),
            "data": str(self.data),
            "split": self.split,
            "labelled_by": self.labelled_by,
            "without_majority": self.without_majority,
            "skipped": [name.encode("utf-8", "backslashreplace").decode() for name in self.skipped],
            **self.card.as_dict(),
            "calibration_error": round(self.calibration_error, 5),
            "kl_to_votes": _rounded(self.kl_to_votes),
            "votes_calibration_error": _rounded(self.votes_calibration_error),
            "expected": self.expected,
            "hints": list(self.hints),
        }
        return report if self.corruptions is None else {**report, "corruptions": self.corruptions}

    def as_text(self) -> str:
        """Return tables for people."""
        card = self.card
        lines = [
            f"{self.model.name} on {card.faces} faces of {self.data} ({self.split}, {self.labelled_by})",
            f"accuracy {card.accuracy:.2%}   balanced accuracy {card.balanced_accuracy:.2%}   "
            f"macro-F1 {card.macro_f1:.2%}   expected calibration error {self.calibration_error:.2%}"
            + f"   expectation: {self.expected or 'as the model answers'}",
            *self._against_votes(),
            "",
            card.as_text(),
        ]
        if self.without_majority:
            given = card.faces + self.without_majority
            left_out = f"{self.without_majority} of {given} faces are left out"
            lines.insert(0, f"{left_out}: no majority of FER+ votes")
        if self.corruptions is not None:
            lines.append(_table(card.accuracy, self.corruptions))
        return "\n".join(lines)

    def _against_votes(self) -> list[str]:
        if self.kl_to_votes is None or self.votes_calibration_error is None:
            return []
        return [
            f"against all FER+ votes: KL {self.kl_to_votes:.3f}   "
            f"calibration error {self.votes_calibration_error:.2%}"
        ]


def evaluate(
    model: str | None,
    data: Path,
    split: str | None = None,
    labels: str = "fer",
    corruptions: bool = False,
    runtime: Runtime | None = None,
    bars: Bars = lambda title: nullcontext(lambda done, total: None),
    expect: str | None = None,
    conventions: Conventions | None = None,
) -> Evaluation:
    """Measure a model on labelled faces.

    Args:
        model: a `.tflite`, `.keras` or `.h5` file, a SavedModel's folder, or a shipped model's name; None is the default.
        data: the data set's folder, or the challenge's csv.
        split: train, test or validation; by default the one kept for testing.
        labels: "fer", the set's labels, or "ferplus", what more than half of the FER+ votes say.
        corruptions: measure on corrupted faces, too.
        runtime: what a TFLite model runs in.
        bars: shows the progress of each step.
        expect: correct the answers for an expectation, by its name or file; only of a `.tflite`.
        conventions: how a model that is no `.tflite` was trained.

    Raises:
        ModelError, DatasetError, InterpreterError, ConfigError.
    """
    path = find_model(model)
    predictor = open_predictor(path, runtime, conventions)
    if expect is not None:
        predictor = _expecting(predictor, path, expect)
    with bars("reading") as progress:
        faces = load_split(data, split, predictor.input_size, progress)
    given = len(faces)
    if labels == "ferplus":
        with_majority(faces)  # refuses faces without votes before they are scored
    with bars("evaluating") as progress:
        scores = predictor.predict(faces.images, progress)
    votes = None if faces.votes is None else distribution(faces.votes)
    divergence = None if votes is None else kl_to_votes(votes, scores)
    voted = None if votes is None else calibrate_to_votes(votes, scores)
    if labels == "ferplus" and faces.votes is not None:
        scores = scores[majority(faces.votes) >= 0]
        faces = with_majority(faces)
    card = score(faces.labels, scores.argmax(axis=1))
    return Evaluation(
        model=path,
        data=data,
        split=faces.split,
        labelled_by=labels,
        without_majority=given - len(faces),
        skipped=tuple(faces.skipped),
        card=card,
        calibration_error=calibrate(faces.labels, scores).error,
        corruptions=_accuracies(faces, predictor, bars) if corruptions else None,
        kl_to_votes=divergence,
        votes_calibration_error=None if voted is None else voted.error,
        expected=expect,
        hints=_hints(card, path, conventions),
        left_out=tuple(faces.left_out()),
    )


def _expecting(predictor: Predictor, path: Path, expect: str) -> Predictor:
    expectation = find_expectation(expect)
    if path.suffix.lower() != ".tflite":
        raise ConfigError(
            f"expect: {path.name} does not say what it answers on average; convert it, and evaluate "
            "the .tflite"
        )
    return ExpectingPredictor(predictor, factors_of(read_model(path), expectation))


def _hints(card: Scorecard, path: Path, conventions: Conventions | None) -> tuple[str, ...]:
    """Return what speaks against the way that the model was used."""
    hints = []
    ours = path.suffix.lower() == ".tflite"  # says itself what it is fed
    often = int(card.confusion.sum(axis=1).argmax())
    if not ours and card.accuracy < card.confusion[often].sum() / card.faces:
        hints.append(
            f"the model is right about {card.accuracy:.1%} of the faces, less than always answering "
            f"'{EMOTIONS[often]}' would be: check what it was fed and the order of its scores"
        )
    if order := order_hint(card.confusion, conventions.labels if conventions else None):
        hints.append(order.replace("try", "convert it again with") if ours else order)
    return tuple(hints)


def _accuracies(faces: LabelledFaces, predictor: Predictor, bars: Bars) -> dict[str, list[float]]:
    """Return the accuracy under each corruption, from slight to severe."""
    found: dict[str, list[float]] = {}
    with bars("corrupting") as progress:
        for done, name in enumerate(CORRUPTIONS, 1):
            predictions = (
                predictor.predict(corrupt(faces.images, name, s)).argmax(axis=1) for s in STRENGTHS
            )
            found[name] = [round(float((p == faces.labels).mean()), 5) for p in predictions]
            progress(done, len(CORRUPTIONS))
    return found


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 5)


def _table(clean: float, accuracies: dict[str, list[float]]) -> str:
    lines = ["", f"{'accuracy when':15}{'slight':>8}{'medium':>8}{'severe':>8}"]
    for name, row in accuracies.items():
        lines.append(f"{name:15}" + "".join(f"{a:>8.1%}" for a in row))
    columns = [sum(column) / len(accuracies) for column in zip(*accuracies.values(), strict=True)]
    lines.append(f"{'mean':15}" + "".join(f"{a:>8.1%}" for a in columns))
    return "\n".join([*lines, f"{'untouched':15}{clean:>8.1%}"])
