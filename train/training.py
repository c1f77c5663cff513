"""Train one architecture with one recipe into a run folder that a later call can resume.

A run folder holds `recipe.toml`, `run.json` (what is trained on what), `history.csv`,
`last.keras` (with the optimizer's state), `best.keras`, and when done `model.keras` and
`report.json`. What an epoch does depends only on the recipe, the data and the epochs before it.
"""

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.atomic import replacing, write_text
from edge.dataset import LabelledFaces
from edge.errors import TrainingError
from edge.metrics import Scorecard, score

from .architectures import Architecture, multiply_adds
from .batches import TrainingBatches, as_input, one_hot
from .recipe import Recipe, learning_rate, should_stop

History = list[dict[str, float]]


@dataclass(frozen=True)
class Listener:
    """What the loop tells while it runs: each step of an epoch, and each finished epoch."""

    step: Callable[[int, int, int], None]  # epoch, step, steps
    epoch: Callable[[dict[str, float]], None]


def train(
    architecture: Architecture,
    recipe: Recipe,
    faces: LabelledFaces,
    validation: LabelledFaces,
    run: Path,
    about: dict[str, Any],
    listener: Listener,
) -> Scorecard:
    """Train until the recipe ends; go on where `run` stopped if it holds a checkpoint.

    Args:
        faces: what to learn from.
        validation: what every epoch is measured on, never learnt from.
        run: an existing folder, the run's own.
        about: what `report.json` says of the data.

    Returns:
        The finished model's score on `validation`.

    Raises:
        TrainingError: the checkpoint in `run` cannot be read.
        OutputError: `run` cannot be written.
    """
    keras.utils.set_random_seed(recipe.seed)
    steps = -(-len(faces) // recipe.batch_size)
    model, history = _resume(run, steps) or (_compiled(architecture, recipe), [])
    batches = TrainingBatches(faces, recipe, epoch=len(history))
    loop = _Loop(recipe, history, run, steps, listener)
    if len(history) < recipe.epochs and not loop.stalled():
        model.fit(
            batches,
            initial_epoch=len(history),
            epochs=recipe.epochs,
            validation_data=(as_input(validation.images), one_hot(validation.labels)),
            validation_batch_size=512,
            shuffle=False,
            verbose=0,
            callbacks=[loop],
        )
    # Without the optimizer's state, which is twice as large as the weights.
    kept = keras.models.load_model(run / f"{recipe.keep}.keras", compile=False)
    return _finish(kept, architecture, validation, history, run, about)


class _Loop(keras.callbacks.Callback):
    """Sets the learning rate, tells the listener, writes history and checkpoints."""

    def __init__(
        self, recipe: Recipe, history: History, run: Path, steps: int, listener: Listener
    ) -> None:
        super().__init__()
        self._recipe = recipe
        self._history = history
        self._run = run
        self._steps = steps
        self._listener = listener
        self._started = 0.0

    def stalled(self) -> bool:
        return should_stop(self._recipe, [row["val_loss"] for row in self._history])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.monotonic()
        # Keras does not save where dropout's random numbers stand: begin them anew each epoch.
        for place, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                generator.state.assign([self._recipe.seed + place, epoch << 16])

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        epoch = len(self._history)
        losses = [row["val_loss"] for row in self._history]
        rate = learning_rate(self._recipe, epoch + batch / self._steps, losses)
        self.model.optimizer.learning_rate = rate
        self._listener.step(epoch + 1, batch + 1, self._steps)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = {"epoch": epoch + 1, **{k: float(v) for k, v in (logs or {}).items()}}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = time.monotonic() - self._started
        best = max((r["val_accuracy"] for r in self._history), default=-1.0)
        self._history.append(row)
        # History first: a checkpoint without its row could not be resumed, a row without its
        # checkpoint is dropped by `_resume`.
        _write_history(self._run / "history.csv", self._history)
        if row["val_accuracy"] > best:
            _save(self.model, self._run / "best.keras")
        _save(self.model, self._run / "last.keras")
        self._listener.epoch(row)
        if self.stalled():
            self.model.stop_training = True


def _compiled(architecture: Architecture, recipe: Recipe) -> keras.Model:
    model = architecture.build()
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
        # Decay pulls weights only; scales and offsets of batch norm must stay free.
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    elif recipe.optimizer == "adam":
        optimizer = keras.optimizers.Adam(recipe.learning_rate)
    else:
        optimizer = keras.optimizers.SGD(recipe.learning_rate, momentum=0.9)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def _resume(run: Path, steps: int) -> tuple[keras.Model, History] | None:
    checkpoint = run / "last.keras"
    if not checkpoint.exists():
        return None
    try:
        model = keras.models.load_model(checkpoint)
        with (run / "history.csv").open(newline="") as file:
            rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
            history = [{**row, "epoch": int(row["epoch"])} for row in rows]
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            f"{run}: cannot resume: {error}; start anew with another --out"
        ) from error
    return model, history[: int(model.optimizer.iterations) // steps]


def _finish(
    model: keras.Model,
    architecture: Architecture,
    validation: LabelledFaces,
    history: History,
    run: Path,
    about: dict[str, Any],
) -> Scorecard:
    predictions = model.predict(as_input(validation.images), batch_size=512, verbose=0)
    card = score(validation.labels, np.argmax(predictions, axis=1))
    report = {
        "architecture": architecture.name,
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model),
        "epochs": len(history),
        "seconds": round(sum(row["seconds"] for row in history)),
        **about,
        "validation": card.as_dict(),
    }
    _save(model, run / "model.keras")
    write_text(run / "report.json", json.dumps(report, indent=1) + "\n")
    return card


def _save(model: keras.Model, path: Path) -> None:
    with replacing(path) as temporary:
        model.save(temporary)


def _write_history(path: Path, history: History) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(history[0]))
    writer.writeheader()
    writer.writerows(history)
    write_text(path, text.getvalue())
