"""Who runs: the pipeline with the int8 model and, where TensorFlow is, what it is compared with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.emotions.classifier import Classifier, TFLiteClassifier
from edge.faces import Detector, make_detector
from edge.inference.model_file import ModelFile, find_model, read_model, shipped_models
from edge.live.pipeline import Pipeline
from edge.live.settings import RunConfig
from edge.sources.opencv import frame_of

from ..clip import Clip, Picture
from ..quality import measure_quality
from ..timing import Contestant, Glance
from .fer_package import FER_PACKAGE, fer_contestant

PAPER_INT8 = "paper-c int8"
PAPER_TFLITE = "paper-c float32"
PAPER_PREDICT = "paper-c keras, predict"
PAPER_CALL = "paper-c keras, compiled call"
PAPER_LOOP = "paper's loop"
STEPS = 6  # how often `line_up` tells its progress


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for; None stands for what comes with edge-emo.

    Attributes:
        model: name or file of the .tflite under test.
        keras: the .keras that it was converted from.
        paper_keras: a trained Model C of the paper.
        threads: of the TFLite interpreter.
        interpreter: its name.
    """

    model: str | None = None
    keras: Path | None = None
    paper_keras: Path | None = None
    threads: int = 1
    interpreter: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A contestant that does not run here, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Lineup:
    """Who runs, who does not, and what to know of them; the model under test is the first."""

    contestants: tuple[Contestant, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


class Pipelines:
    """Makes contestants that run this project's pipeline and differ only in the classifier."""

    def __init__(self, wanted: Wanted, continuous: bool) -> None:
        """Load the detector. Raises: DetectorError."""
        defaults = RunConfig()
        self._wanted = wanted
        self._continuous = continuous
        self.detector = make_detector(defaults.detector, defaults.min_face)

    def own(self) -> TFLiteClassifier:
        """Return the model under test. Raises: ModelError, InterpreterError."""
        model = read_model(find_model(self._wanted.model))
        return TFLiteClassifier(model, self._wanted.threads, self._wanted.interpreter)

    def join(self, detector: Detector, classifier: Classifier) -> Pipeline:
        """Return a pipeline of these, with no memory yet."""
        return Pipeline(detector, classifier, self._continuous, RunConfig().search_every)

    def quality(self, clip: Clip, progress: Callable[[int, int], None]) -> dict[str, float]:
        """Return how good the pipeline with the model under test is on a clip."""
        classifier = self.own()
        pipeline = self.join(self.detector, classifier)
        return measure_quality(clip, pipeline, classifier, RunConfig().min_face, progress)

    def tflite(self, name: str, model: ModelFile, size: int) -> Contestant:
        """Return the pipeline with a TFLite model. Raises: ModelError, InterpreterError."""
        classifier = TFLiteClassifier(model, self._wanted.threads, self._wanted.interpreter)
        what = f"this pipeline, {model.precision} TFLite model"
        return self.pipeline(name, what, size, classifier)

    def pipeline(self, name: str, what: str, size: int, classifier: Classifier) -> Contestant:
        """Return the pipeline with any classifier; `size` is that of its model's file, bytes."""
        # The first call may trace or compile, and the warm-up frame may show no face.
        classifier.classify(np.zeros(classifier.input_size, np.uint8))

        def begin() -> Callable[[Picture], Glance]:
            pipeline = self.join(self.detector, classifier)
            return lambda picture: _analyse(pipeline, picture)

        return Contestant(name, what, size, begin)


def _analyse(pipeline: Pipeline, picture: Picture) -> Glance:
    # A frame as a source makes it of a decoded image: with its gray plane, which takes time too.
    started = time.perf_counter()
    frame = frame_of(picture.image, "bench", picture.index, picture.position_s, started)
    seen = pipeline.analyse(frame)
    gray, detect, classify = (seen.ms[stage] for stage in ("capture", "detect", "classify"))
    return Glance(len(seen.faces), {"gray": gray, "detect": detect, "classify": classify})


def line_up(wanted: Wanted, continuous: bool, progress: Callable[[int, int], None]) -> Lineup:
    """Load and convert all models that can be had here.

    Args:
        continuous: the clip's successive frames show the same scene.
        progress: called with (steps done, steps in all).

    Raises:
        ModelError, InterpreterError, DetectorError, ConversionError, ConfigError.
    """
    path = find_model(wanted.model)
    model = read_model(path)
    pipelines = Pipelines(wanted, continuous)
    first = pipelines.tflite(f"{model.name} {model.precision}", model, path.stat().st_size)
    progress(1, STEPS)
    reason = _why_no_keras()
    progress(2, STEPS)
    if reason:
        paper = [PAPER_INT8, PAPER_TFLITE, PAPER_PREDICT, PAPER_CALL, PAPER_LOOP]
        names = [*_twins(model).values(), *paper, FER_PACKAGE]
        return Lineup((first,), tuple(Skipped(n, reason) for n in names if n != first.name))
    from .keras_systems import float_twins, paper_contestants

    twins: tuple[Contestant, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    if twin_names := _twins(model):
        if original := wanted.keras or _shipped_original(model):
            twins = float_twins(twin_names, original, model, pipelines)
        else:
            missing = f"the Keras model that {path.name} was converted from is not here"
            reason = f"{missing}; name it with --keras"
            skipped = tuple(Skipped(name, reason) for name in twin_names.values())
    progress(3, STEPS)
    contestants, notes = paper_contestants(
        wanted.paper_keras or shipped_keras("paper-c"), pipelines
    )
    progress(STEPS - 1, STEPS)
    others = [
        c for c in (*twins, *contestants) if c.name != first.name
    ]  # where Model C is under test
    fer, why_not = fer_contestant()
    if fer:
        others.append(fer)
    else:
        skipped += (Skipped(FER_PACKAGE, why_not),)
    progress(STEPS, STEPS)
    return Lineup((first, *others), skipped, notes)


def shipped_keras(name: str) -> Path | None:
    """Return the Keras original among the models of a checkout; a wheel carries none."""
    path = find_model(None).with_name(f"{name}.keras")
    return path if path.is_file() else None


def _shipped_original(model: ModelFile) -> Path | None:
    """Return the original of a shipped model; another file may bear the same name by chance."""
    shipped = model.path.resolve() in [path.resolve() for path in shipped_models().values()]
    return shipped_keras(model.name) if shipped else None


def _twins(model: ModelFile) -> dict[str, str]:
    """Return the names of the same network in other precisions that are not in the table anyway."""
    names = {precision: f"{model.name} {precision}" for precision in ("float16", "float32")}
    return {p: n for p, n in names.items() if p != model.precision and n != PAPER_TFLITE}


def _why_no_keras() -> str | None:
    """Start Keras on TensorFlow; return why it cannot be had, in a phrase, or None."""
    from convert.backend import start_tensorflow

    try:
        start_tensorflow()
        import keras
        import tensorflow  # noqa: F401
    except ModuleNotFoundError as error:
        package = (error.name or "tensorflow").partition(".")[0]
        return (
            f"needs TensorFlow, but {package} is not installed; run "
            "\"pip install 'edge-emo[bench]'\", or in a checkout \"pip install '.[bench]'\""
        )
    except ImportError as error:
        return f"TensorFlow cannot be imported here ({' '.join(str(error).split())}); reinstall it"
    if keras.backend.backend() != "tensorflow":
        return f"Keras runs on {keras.backend.backend()} here; unset KERAS_BACKEND for TensorFlow"
    return None
