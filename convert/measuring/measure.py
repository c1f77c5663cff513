"""What quantization did to a model: how far its file's scores are from the float network's, and its speed."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.metrics import LEAST_SCORE, Scorecard, score
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import ModelFile
from edge.inference.runtime import Runtime
from edge.support.labels import EMOTIONS

ROUNDS, ROUND_S = 5, 0.05  # how often and how long each model is timed, by turns
THREADS = (1, 2)


@dataclass(frozen=True)
class Parity:
    """A file against the float network on the same labelled faces.

    Attributes:
        card: how right the file is.
        change: its accuracy less the network's, -1..1.
        agreement: share of the faces for which both predict the same emotion, 0..1.
        mean_divergence: mean Kullback-Leibler divergence of the file's scores from the network's, nats;
            scores count as no less than `LEAST_SCORE`.
        worst_divergence: the largest of them.
        recall_change: of each emotion, -1..1; None where the data has no such face.
    """

    card: Scorecard
    change: float
    agreement: float
    mean_divergence: float
    worst_divergence: float
    recall_change: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        changes = {k: None if v is None else round(v, 5) for k, v in self.recall_change.items()}
        return {
            **self.card.as_dict(),
            "accuracy_change": round(self.change, 5),
            "agreement": round(self.agreement, 5),
            "mean_kl_divergence": round(self.mean_divergence, 6),
            "worst_kl_divergence": round(self.worst_divergence, 6),
            "recall_change": changes,
        }


def measure(
    model: ModelFile,
    faces: np.ndarray,
    labels: np.ndarray,
    float_scores: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> Parity:
    """Return how the file compares.

    Args:
        faces: uint8 `[n, *model.input_size]`.
        labels: int `[n]`.
        float_scores: the network's scores of the same faces, float `[n, 7]`.
    """
    return parity(labels, float_scores, predict_all(TFLiteClassifier(model), faces, progress))


def parity(labels: np.ndarray, before: np.ndarray, after: np.ndarray) -> Parity:
    """Return how scores `after` quantization compare with those `before`, both float `[n, 7]`."""
    expected, predicted = before.argmax(axis=1), after.argmax(axis=1)
    was, card = score(labels, expected), score(labels, predicted)
    p, q = _probabilities(before), _probabilities(after)
    divergence = (p * np.log(p / q)).sum(axis=1)
    changes: dict[str, float | None] = {}
    for emotion in EMOTIONS:
        now, then = card.recall[emotion], was.recall[emotion]
        changes[emotion] = None if now is None or then is None else now - then
    return Parity(
        card,
        card.accuracy - was.accuracy,
        float((expected == predicted).mean()),
        float(divergence.mean()),
        float(divergence.max()),
        changes,
    )


def not_in_xnnpack(flatbuffer: bytes) -> tuple[list[str], int]:
    """Return the kinds of the operators that XNNPACK leaves to plain kernels, and how many run in all."""
    interpreter: Any = Runtime().open(flatbuffer)
    ops = interpreter._get_ops_details()  # there is no public way to see them
    delegates = [op for op in ops if "delegate" in op["op_name"].lower()]
    plain = [op for op in ops if "delegate" not in op["op_name"].lower()]
    maker = {int(out): op["index"] for op in plain for out in op["outputs"]}
    inputs_of = {op["index"]: [int(i) for i in op["inputs"]] for op in plain}
    taken: set[int] = set()
    for delegate in delegates:  # what lies between its inputs and its outputs runs in it
        known = {int(i) for i in delegate["inputs"]}
        waiting = [int(o) for o in delegate["outputs"]]
        while waiting:
            index = maker.get(tensor := waiting.pop())
            if index is None or tensor in known or index in taken:
                continue
            taken.add(index)
            waiting += inputs_of[index]
    # Weights are unpacked once, not with every face.
    running = [op for op in plain if op["op_name"] != "DEQUANTIZE" or op["index"] in taken]
    return [op["op_name"] for op in running if op["index"] not in taken], len(running)


def latencies(
    models: Mapping[str, ModelFile], threads: Sequence[int] = THREADS
) -> dict[str, dict[int, float]]:
    """Return the median time of one face, ms, of each model on each number of threads.

    They are timed by turns, so that what else the machine does meets all of them.
    """
    timed = {
        (name, n): TFLiteClassifier(model, Runtime(threads=n))
        for name, model in models.items()
        for n in threads
    }
    times: dict[tuple[str, int], list[float]] = {key: [] for key in timed}
    faces = {name: np.full(model.input_size, 127, np.uint8) for name, model in models.items()}
    for classifier, name in ((c, name) for (name, _), c in timed.items()):
        classifier.classify(faces[name])
    for _ in range(ROUNDS):
        for key, classifier in timed.items():
            end = time.perf_counter() + ROUND_S
            while (began := time.perf_counter()) < end:
                classifier.classify(faces[key[0]])
                times[key].append(1000 * (time.perf_counter() - began))
    return {name: {n: statistics.median(times[name, n]) for n in threads} for name in models}


def _probabilities(scores: np.ndarray) -> np.ndarray:
    kept = np.maximum(scores.astype(np.float64), LEAST_SCORE)
    return kept / kept.sum(axis=1, keepdims=True)
