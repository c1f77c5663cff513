"""Which systems a bench compares here, and which it skips and why."""

from collections.abc import Callable
from pathlib import Path

from edge.inference.model_file import ModelFile, find_model, read_model, shipped_models

from ..timing import System
from .fer_package import FER_PACKAGE, fer_system
from .pipelines import (
    PAPER_CALL,
    PAPER_INT8,
    PAPER_LOOP,
    PAPER_PREDICT,
    PAPER_TFLITE,
    Lineup,
    Pipelines,
    Skipped,
    Wanted,
)

STEPS = 6  # how often `line_up` reports its progress


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
    from .keras_systems import float_twins, paper_systems

    twins: tuple[System, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    if twin_names := _twins(model):
        if original := wanted.keras or _shipped_original(model):
            twins = float_twins(twin_names, original, model, pipelines)
        else:
            missing = f"the Keras model that {path.name} was converted from is not here"
            reason = f"{missing}; name it with --keras"
            skipped = tuple(Skipped(name, reason) for name in twin_names.values())
    progress(3, STEPS)
    systems, notes = paper_systems(wanted.paper_keras or shipped_keras("paper-c"), pipelines)
    progress(STEPS - 1, STEPS)
    others = [c for c in (*twins, *systems) if c.name != first.name]  # where Model C is under test
    fer, why_not = fer_system()
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
    from convert.reading.backend import start_tensorflow

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
