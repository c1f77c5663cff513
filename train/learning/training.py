"""Train one architecture with one recipe, epoch by epoch, into a folder that can be resumed.

The folder holds `history.csv`, `last.keras` and `best.keras` (with the optimizer's state), and
when done `model.keras`. What an epoch does depends only on the recipe, the data and the epochs
before it.
"""

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.evaluation.datasets import LabelledFaces
from edge.support.atomic import replacing
from edge.support.errors import TrainingError
from edge.support.labels import EMOTIONS

from ..architectures import Architecture
from ..data.views import Views
from ..recipe import Recipe, plateau_rate, should_stop
from .answers import Answers
from .batches import TrainingBatches, ValidationBatches
from .devices import Devices
from .distillation import Student, begin_with, load_like
from .history import History, read_history, write_history


@dataclass(frozen=True)
class Listener:
    """What the loop reports while it runs: each step of an epoch, and each finished epoch."""

    step: Callable[[int, int, int], None]  # epoch, step, steps
    epoch: Callable[[dict[str, float]], None]


def train(
    architecture: Architecture,
    recipe: Recipe,
    faces: LabelledFaces,
    validation: LabelledFaces,
    run: Path,
    devices: Devices,
    listener: Listener,
    views: Views | None = None,
    answers: Answers | None = None,
) -> History:
    """Train until the recipe ends; go on where `run` stopped if it holds a checkpoint.

    Args:
        faces: what to learn from.
        validation: what every epoch is measured on, never learnt from.
        run: an existing folder, the run's own.
        views: how the faces are drawn, if some have more to draw from than their pixels.
        answers: what the teachers answer for them, if that is kept; else the teachers are asked.

    Returns:
        What each epoch gave.

    Raises:
        TrainingError: the checkpoint or the teacher cannot be read, or the loss is not finite.
        OutputError: `run` cannot be written.
    """
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.compute)
    steps = -(-len(faces) // recipe.batch_size)
    with devices.scope():
        model = _compiled(architecture, recipe, steps)
        history = _restore(model, run, steps)
        trained = model if answers else _taught(model, recipe)
    _build_metrics(trained, devices)
    batches = TrainingBatches(faces, recipe, devices, len(history), views, answers)
    loop = _Loop(recipe, history, run, model, batches, devices, listener)
    callbacks = [keras.callbacks.SwapEMAWeights()] if recipe.weight_averaging else []
    try:
        if len(history) < recipe.epochs and not loop.stalled():
            trained.fit(
                batches,
                initial_epoch=len(history),
                epochs=recipe.epochs,
                validation_data=ValidationBatches(validation, devices),
                shuffle=False,
                verbose=0,
                callbacks=[*callbacks, loop],
            )
    finally:
        batches.close()
    return history


def finished_model(architecture: Architecture, recipe: Recipe, run: Path) -> keras.Model:
    """Return the model that the recipe keeps of a run: float32, and without optimizer."""
    keras.distribution.set_distribution(None)
    keras.config.set_dtype_policy("float32")
    kept = keras.models.load_model(run / f"{recipe.keep}.keras")
    if recipe.weight_averaging:
        kept.optimizer.finalize_variable_values(kept.trainable_variables)
    model = architecture.build()
    model.set_weights(kept.get_weights())
    return model


def predict(model: keras.Model, faces: LabelledFaces) -> np.ndarray:
    """Return the probabilities, float32 `[n, 7]`, of the faces."""
    batches = ValidationBatches(faces, Devices(("one",)))
    return model.predict(batches, verbose=0)


def save_model(model: keras.Model, file: Path) -> None:
    """Write `file`, whole or not at all. Raises: OutputError."""
    with replacing(file) as temporary:
        model.save(temporary)


class _Loop(keras.callbacks.Callback):
    """Sets the learning rate, informs the listener, writes history and checkpoints."""

    def __init__(
        self,
        recipe: Recipe,
        history: History,
        run: Path,
        saved: keras.Model,
        batches: TrainingBatches,
        devices: Devices,
        listener: Listener,
    ) -> None:
        super().__init__()
        self._recipe = recipe
        self._history = history
        self._run = run
        self._saved = saved
        self._batches = batches
        self._devices = devices
        self._listener = listener
        self._started = self._waited = 0.0

    def stalled(self) -> bool:
        return should_stop(self._recipe, self._losses())

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started, self._waited = time.monotonic(), self._batches.waited
        if self._recipe.schedule == "plateau":
            self.model.optimizer.learning_rate = plateau_rate(self._recipe, self._losses())
        # Keras does not save where dropout's random numbers stand: reset them each epoch.
        for place, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                generator.state.assign([self._recipe.seed + place, epoch << 16])

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._listener.step(len(self._history) + 1, batch + 1, len(self._batches))

    def on_test_begin(self, logs: Any = None) -> None:
        self._trained_s = time.monotonic() - self._started

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = {"epoch": epoch + 1, **{k: float(v) for k, v in (logs or {}).items()}}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = time.monotonic() - self._started
        row["faces_per_second"] = self._batches.faces / self._trained_s
        row["waited"] = min((self._batches.waited - self._waited) / self._trained_s, 1.0)
        if not math.isfinite(row["loss"]):
            raise TrainingError(
                f"the loss is {row['loss']} after epoch {epoch + 1}: the training has diverged; "
                "try a smaller learning_rate (--set learning_rate=...)"
            )
        best = max((r["val_accuracy"] for r in self._history), default=-1.0)
        self._history.append(row)
        if self._devices.writes:
            # History first: a checkpoint without its row could not be resumed, a row without its
            # checkpoint is dropped by `_restore`.
            write_history(self._run / "history.csv", self._history)
        if row["val_accuracy"] > best:
            self._checkpoint("best.keras")
        self._checkpoint("last.keras")
        self._listener.epoch(row)
        if self.stalled():
            self.model.stop_training = True

    def _checkpoint(self, name: str) -> None:
        if self._devices.writes:
            save_model(self._saved, self._run / name)
        else:  # JAX gathers the weights from all processes: each must take part
            with tempfile.TemporaryDirectory() as nowhere:
                self._saved.save(Path(nowhere, name))

    def _losses(self) -> list[float]:
        return [row["val_loss"] for row in self._history]


def _compiled(architecture: Architecture, recipe: Recipe, steps: int) -> keras.Model:
    model = architecture.build()
    if recipe.start:
        begin_with(model, Path(recipe.start))
    average = recipe.weight_averaging
    rest: dict[str, Any] = {"use_ema": True, "ema_momentum": average} if average else {}
    rate = _schedule(recipe, steps)
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **rest)
        # Decay pulls weights only; scales and offsets of batch norm must stay free.
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    elif recipe.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate, **rest)
    else:
        optimizer = keras.optimizers.SGD(rate, momentum=recipe.momentum, **rest)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    optimizer.build(model.trainable_variables)
    return model


def _build_metrics(model: keras.Model, devices: Devices) -> None:
    """Let the metrics make their variables now: else TensorFlow traces the first step twice."""
    if keras.backend.backend() == "tensorflow" and len(devices.names) == 1:
        nothing = np.zeros((1, len(EMOTIONS)), np.float32)
        model.compute_metrics(None, nothing, nothing)


def _schedule(recipe: Recipe, steps: int) -> Any:
    if recipe.schedule == "plateau":
        return recipe.learning_rate
    warmup = recipe.warmup_epochs * steps
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 30 if warmup else recipe.learning_rate,
        max(recipe.epochs * steps - warmup, 1),
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def _taught(model: keras.Model, recipe: Recipe) -> keras.Model:
    if not recipe.teacher:
        return model
    teachers = [load_like(Path(t.strip()), model, "teacher") for t in recipe.teacher.split(",")]
    for teacher in teachers:
        teacher.trainable = False
    student = Student(model, teachers, recipe)
    student.compile(model.optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return student


def _restore(model: keras.Model, run: Path, steps: int) -> History:
    """Bring weights and optimizer to where the run's last whole epoch left them."""
    checkpoint = run / "last.keras"
    if not checkpoint.exists():
        return []
    try:
        saved = keras.models.load_model(checkpoint)
        history = read_history(run / "history.csv")
        model.set_weights(saved.get_weights())
        before, after = saved.optimizer.variables, model.optimizer.variables
        for variable, value in zip(after, before, strict=True):
            variable.assign(value)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{run}: cannot resume: {str(error).splitlines()[0]}; start again with another --out"
        ) from error
    return history[: int(saved.optimizer.iterations) // steps]
