"""How well predicted emotions agree with labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .labels import EMOTIONS


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
        found, total = np.diag(self.confusion), self.confusion.sum(axis=1)
        return {
            name: float(f / t) if t else None
            for name, f, t in zip(EMOTIONS, found, total, strict=True)
        }

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the emotions that the data has, 0..1."""
        return float(np.mean([r for r in self.recall.values() if r is not None]))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "faces": self.faces,
            "accuracy": round(self.accuracy, 5),
            "balanced_accuracy": round(self.balanced_accuracy, 5),
            "recall": {k: None if r is None else round(r, 5) for k, r in self.recall.items()},
            "labels": list(EMOTIONS),
            "confusion": self.confusion.tolist(),
        }

    def as_text(self) -> str:
        """Return a table for people: one row per label, its recall, and where its faces went."""
        width = max(map(len, EMOTIONS)) + 1
        head = "label".ljust(width) + "recall ".rjust(9) + "".join(e.rjust(width) for e in EMOTIONS)
        rows = [head]
        for name, counts in zip(EMOTIONS, self.confusion, strict=True):
            recall = self.recall[name]
            share = "-" if recall is None else f"{100 * recall:.1f} %"
            rows.append(
                name.ljust(width) + share.rjust(9) + "".join(str(n).rjust(width) for n in counts)
            )
        return "\n".join(rows)


def score(labels: np.ndarray, predictions: np.ndarray) -> Scorecard:
    """Return the scorecard of int `[n]` predictions against int `[n]` labels."""
    confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return Scorecard(confusion)
