"""Where one frame's time goes: every stage of the pipeline and its outputs, frame by frame."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from edge.emotions.classifier import Classifier
from edge.faces import Detection, Detector
from edge.faces.crop import to_gray
from edge.outputs import OutputOptions
from edge.outputs.annotate import annotate
from edge.outputs.base import Outputs
from edge.outputs.jsonl import JsonLines
from edge.sources import frames as each_frame
from edge.sources import open_source

from ..systems.pipelines import Pipelines

STAGES = {
    "capture": "decode or compose the frame",
    "gray": "make it gray",
    "detect": "search the whole frame for faces, where that is due",
    "classify": "the network on all faces",
    "follow, crop": "the rest of the analysis: follow faces, cut them out, smooth",
    "draw": "boxes and labels into a copy, as for --record or a window",
    "record": "one line of JSON to a file",
}
WARM_UP = 10  # frames that are not counted, or a quarter of a short clip


@dataclass(frozen=True)
class Stage:
    """Times of one stage over all frames, milliseconds, and its share of the whole time, 0..1."""

    name: str
    p50: float
    p95: float
    p99: float
    share: float


def measure_stages(
    what: str, pipelines: Pipelines, frames: int, progress: Callable[[int, int], None]
) -> tuple[Stage, ...]:
    """Return the stages of the first `frames` frames of a source, in the order they come.

    Args:
        pipelines: makes the pipeline.
        progress: called with (frames done, frames in all).

    Raises:
        SourceError, OutputError.
    """
    detector, classifier = _TimedDetector(pipelines.detector), _TimedClassifier(pipelines.own())
    took: dict[str, list[float]] = {name: [] for name in STAGES}
    with tempfile.TemporaryDirectory() as folder, open_source(what) as source:
        options = OutputOptions(str(Path(folder, "records.jsonl")), live=False, fps=25.0)
        records = Outputs([JsonLines(options)])
        pipeline = pipelines.join(detector, classifier)
        for done, frame in enumerate(islice(each_frame(source), frames), 1):
            with frame:
                detector.ms = classifier.ms = 0.0
                began = time.perf_counter()
                seen = pipeline.analyse(frame)
                analysed = time.perf_counter()
                image = frame.color()
                before_gray = time.perf_counter()
                to_gray(
                    image
                )  # once more: in `capture_ms` it cannot be separated from the decoding
                coloured = time.perf_counter()
                annotate(image, seen, 25.0)
                drawn = time.perf_counter()
                records.write(frame, seen)
                written = time.perf_counter()
            gray = (coloured - before_gray) * 1000
            known = detector.ms + classifier.ms
            took["capture"].append(max(0.0, frame.capture_ms - gray))
            took["gray"].append(gray)
            took["detect"].append(detector.ms)
            took["classify"].append(classifier.ms)
            took["follow, crop"].append((analysed - began) * 1000 - known)
            took["draw"].append((drawn - coloured) * 1000)
            took["record"].append((written - drawn) * 1000)
            progress(done, frames)
        records.close()
    skipped = min(WARM_UP, len(took["capture"]) // 4)
    took = {name: ms[skipped:] for name, ms in took.items()}
    total = sum(map(sum, took.values()))
    return tuple(_stage(name, ms, total) for name, ms in took.items())


def _stage(name: str, ms: list[float], total: float) -> Stage:
    p50, p95, p99 = np.percentile(ms, (50, 95, 99))
    return Stage(name, float(p50), float(p95), float(p99), sum(ms) / total)


class _TimedDetector:
    """A detector that sums up the time of its calls."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.ms = 0.0

    def detect(self, image: np.ndarray) -> list[Detection]:
        return self._timed(self._detector.detect, image)

    def glance(self, image: np.ndarray) -> list[Detection]:
        return self._timed(getattr(self._detector, "glance", self._detector.detect), image)

    def _timed(
        self, look: Callable[[np.ndarray], list[Detection]], image: np.ndarray
    ) -> list[Detection]:
        began = time.perf_counter()
        found = look(image)
        self.ms += (time.perf_counter() - began) * 1000
        return found


class _TimedClassifier:
    """A classifier that sums up the time of its calls."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self.input_size = classifier.input_size
        self.ms = 0.0

    def classify(self, face: np.ndarray) -> np.ndarray:
        began = time.perf_counter()
        scores = self._classifier.classify(face)
        self.ms += (time.perf_counter() - began) * 1000
        return scores
