"""The pipeline under test with any classifier, and the names and values of a line-up of systems."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.emotions.classifier import Classifier, TFLiteClassifier
from edge.emotions.prior import as_expected
from edge.faces import Detector, DetectorOptions, make_detector
from edge.inference.model_file import ModelFile, find_model, read_model
from edge.inference.runtime import Runtime
from edge.live.pipeline import Pipeline
from edge.live.settings import RunConfig
from edge.sources.opencv import frame_of

from ..clip import Clip, Picture
from ..quality import measure_quality
from ..timing import Glance, System

PAPER_INT8 = "paper-c int8"
PAPER_TFLITE = "paper-c float32"
PAPER_PREDICT = "paper-c keras, predict"
PAPER_CALL = "paper-c keras, compiled call"
PAPER_LOOP = "paper's loop"


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for; None stands for what comes with edge-emo.

    Attributes:
        model: name or file of the .tflite under test.
        keras: the .keras that it was converted from.
        paper_keras: a trained Model C of the paper.
        runtime: what the TFLite models run in.
        expect: how common each emotion is expected to be, as `run` takes it.
    """

    model: str | None = None
    keras: Path | None = None
    paper_keras: Path | None = None
    runtime: Runtime = field(default_factory=Runtime)
    expect: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A system that does not run here, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Lineup:
    """Who runs, who does not, and what to know of them; the model under test is the first."""

    systems: tuple[System, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


class Pipelines:
    """Makes systems that run this project's pipeline and differ only in the classifier."""

    def __init__(self, wanted: Wanted, continuous: bool) -> None:
        """Load the detector. Raises: DetectorError."""
        defaults = RunConfig()
        self._wanted = wanted
        self._continuous = continuous
        options = DetectorOptions(defaults.min_face, runtime=wanted.runtime)
        self.detector = make_detector(defaults.detector, options)

    def own(self) -> Classifier:
        """Return the model under test, as `run` uses it. Raises: ModelError, InterpreterError."""
        model = read_model(find_model(self._wanted.model))
        return self._expecting(model)

    def join(self, detector: Detector, classifier: Classifier) -> Pipeline:
        """Return a pipeline of these, with no memory yet."""
        return Pipeline(detector, classifier, self._continuous, RunConfig().search_every)

    def quality(self, clip: Clip, progress: Callable[[int, int], None]) -> dict[str, float]:
        """Return how good the pipeline with the model under test is on a clip."""
        return measure_quality(clip, self.join(self.detector, self.own()), progress)

    def tflite(self, name: str, model: ModelFile, size: int) -> System:
        """Return the pipeline with a TFLite model. Raises: ModelError, InterpreterError."""
        classifier = self._expecting(model)
        what = f"this pipeline, {model.precision} TFLite model"
        return self.pipeline(name, what, size, classifier)

    def _expecting(self, model: ModelFile) -> Classifier:
        classifier = TFLiteClassifier(model, self._wanted.runtime)
        return as_expected(classifier, model, self._wanted.expect)

    def pipeline(self, name: str, what: str, size: int, classifier: Classifier) -> System:
        """Return the pipeline with any classifier; `size` is that of its model's file, bytes."""
        # The first call may trace or compile, and the warm-up frame may show no face.
        classifier.classify(np.zeros(classifier.input_size, np.uint8))

        def begin() -> Callable[[Picture], Glance]:
            pipeline = self.join(self.detector, classifier)
            return lambda picture: _analyse(pipeline, picture)

        return System(name, what, size, begin)


def _analyse(pipeline: Pipeline, picture: Picture) -> Glance:
    # A frame as a source makes it of a decoded image: with its gray plane, which takes time too.
    started = time.perf_counter()
    frame = frame_of(picture.image, "bench", picture.index, picture.position_s, started)
    seen = pipeline.analyse(frame)
    gray, detect, classify = (seen.ms[stage] for stage in ("capture", "detect", "classify"))
    return Glance(len(seen.faces), {"gray": gray, "detect": detect, "classify": classify})
