"""How well predicted emotions agree with labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..support.labels import EMOTIONS


@dataclass(frozen=True)
class Scorecard:
    """Agreement of predictions with labels.

    Attributes:
        confusion: int64 `[7, 7]`; row = label, column = prediction.
    """

    confusion: np.ndarray

    @property
    def faces(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of faces that are right, 0..1."""
        return float(np.trace(self.confusion) / self.faces)

    @property
    def recall(self) -> dict[str, float | None]:
        """Share of each emotion's faces that are found, 0..1; None where the data has no such face."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def precision(self) -> dict[str, float | None]:
        """Share of the faces predicted as each emotion that are right, 0..1; None where none is predicted."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=0))

    @property
    def f1(self) -> dict[str, float | None]:
        """Harmonic mean of precision and recall, 0..1; None where the emotion neither occurs nor is predicted."""
        both = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return _shares(2 * np.diag(self.confusion), both)

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the emotions that the data has, 0..1."""
        return float(np.mean([r for r in self.recall.values() if r is not None]))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the emotions that the data has or the model reports, 0..1."""
        return float(np.mean([f for f in self.f1.values() if f is not None]))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "faces": self.faces,
            "accuracy": round(self.accuracy, 5),
            "balanced_accuracy": round(self.balanced_accuracy, 5),
            "macro_f1": round(self.macro_f1, 5),
            "recall": _rounded(self.recall),
            "precision": _rounded(self.precision),
            "f1": _rounded(self.f1),
            "labels": list(EMOTIONS),
            "confusion": self.confusion.tolist(),
        }

    def as_text(self) -> str:
        """Return a table for people: a row per label, how it fares, and where its faces went."""
        width = max(map(len, EMOTIONS)) + 1
        shares = {"recall": self.recall, "precision": self.precision}
        head = "".join(name.rjust(width + 1) for name in shares)
        rows = ["label".ljust(width) + head + "".join(e.rjust(width) for e in EMOTIONS)]
        for name, counts in zip(EMOTIONS, self.confusion, strict=True):
            cells = "".join(percent(share[name]).rjust(width + 1) for share in shares.values())
            rows.append(name.ljust(width) + cells + "".join(str(n).rjust(width) for n in counts))
        return "\n".join(rows)


def score(labels: np.ndarray, predictions: np.ndarray) -> Scorecard:
    """Return the scorecard of int `[n]` predictions against int `[n]` labels."""
    confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return Scorecard(confusion)


@dataclass(frozen=True)
class Calibration:
    """Whether predictions with confidence 0.8 are right in 80 of 100 cases (Guo et al. 2017).

    The confidences are sorted into `BINS` bins of equal width.

    Attributes:
        confidence: float64 `[15]`, the mean in each bin; NaN in an empty one.
        accuracy: float64 `[15]`, the share that is right; NaN in an empty one.
        count: int64 `[15]`, the faces in each bin.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error, 0..1: the mean distance of the two, weighted by count."""
        filled = self.count > 0
        distance = np.abs(self.confidence - self.accuracy)[filled]
        return float((distance * self.count[filled]).sum() / self.count.sum())


BINS = 15


def calibrate(labels: np.ndarray, scores: np.ndarray) -> Calibration:
    """Return the calibration of probabilities, float `[n, 7]`, for int `[n]` labels."""
    return _calibrated(scores.max(axis=1), scores.argmax(axis=1) == labels)


def calibrate_to_votes(votes: np.ndarray, scores: np.ndarray) -> Calibration | None:
    """Return whether, where a prediction has confidence 0.8, 80 of 100 people see the same.

    A prediction counts as right by the share of the votes that it got, so a model should be less
    confident on a face that people disagree about than on one that all see alike.

    Args:
        votes: the share of each emotion, float `[n, 7]`; rows of zeros, where nobody voted, are left
            out.
        scores: probabilities, float `[n, 7]`.

    Returns:
        None where nobody voted on any face.

    Example:
        >>> votes = np.array([[0, 0, 0, 0.6, 0.4, 0, 0]])
        >>> scores = np.array([[0, 0, 0, 0.7, 0.3, 0, 0]])
        >>> round(calibrate_to_votes(votes, scores).error, 3)
        0.1
    """
    voted = _voted(votes)
    if voted is None:
        return None
    votes, scores = votes[voted], scores[voted]
    agreed = np.take_along_axis(votes, scores.argmax(axis=1)[:, None], axis=1)[:, 0]
    return _calibrated(scores.max(axis=1), agreed)


def _calibrated(confidence: np.ndarray, right: np.ndarray) -> Calibration:
    confidence = confidence.astype("f8")
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    count = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return Calibration(
            np.bincount(place, confidence, BINS) / count,
            np.bincount(place, right, BINS) / count,
            count,
        )


# Half a step of an int8 output: what is told as 0 is not taken for less.
LEAST_SCORE = 1 / 512


def kl_to_votes(votes: np.ndarray, scores: np.ndarray) -> float | None:
    """Return the mean Kullback-Leibler divergence of scores from people's votes, nats.

    It compares the whole of an answer with the whole of what ten people saw, and so is fairer than
    any single right or wrong. Scores count as no less than `LEAST_SCORE`.

    Args:
        votes: the share of each emotion, float `[n, 7]`; rows of zeros, where nobody voted, are left
            out.
        scores: probabilities, float `[n, 7]`.

    Returns:
        None where nobody voted on any face.
    """
    voted = _voted(votes)
    if voted is None:
        return None
    p, q = votes[voted].astype("f8"), np.maximum(scores[voted].astype("f8"), LEAST_SCORE)
    q /= q.sum(axis=1, keepdims=True)
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / q), 0)
    return float(terms.sum(axis=1).mean())


def _voted(votes: np.ndarray) -> np.ndarray | None:
    """Return which faces got votes, bool `[n]`; None where none did."""
    voted = votes.sum(axis=1) > 0
    return voted if voted.any() else None


def percent(share: float | None) -> str:
    """Return a share for people, such as `65.7 %`."""
    return "-" if share is None else f"{100 * share:.1f} %"


def _shares(parts: np.ndarray, wholes: np.ndarray) -> dict[str, float | None]:
    return {
        name: float(part / whole) if whole else None
        for name, part, whole in zip(EMOTIONS, parts, wholes, strict=True)
    }


def _rounded(shares: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if share is None else round(share, 5) for name, share in shares.items()}
