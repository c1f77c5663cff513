"""A training run as a folder: what was planned, what came of it, and how to go on with it.

`run.json` (the plan) and `recipe.toml` are written first; training.py adds the checkpoints and
`history.csv`, report.py the reports; `environment.json` says what machine it ran on.
"""

import hashlib
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.evaluation.datasets import LabelledFaces
from edge.evaluation.datasets.tiles import TABLE, Tiles, tiles_splits
from edge.evaluation.metrics import Scorecard
from edge.support.atomic import cannot_write, leftovers, write_text
from edge.support.errors import DatasetError, TrainingError
from edge.support.machine import describe_machine, version_of

from .architectures import ARCHITECTURES
from .cost import int8_bytes, multiply_adds
from .data.duplicates import Duplicates, find_duplicates
from .data.splits import training_and_validation
from .data.views import Views
from .learning.adjustment import adjust, prior
from .learning.answers import Answers, answers_file, names
from .learning.devices import Devices
from .learning.history import History
from .learning.training import Listener, finished_model, predict, save_model, train
from .recipe import Recipe, parse_recipe
from .results.report import write_report

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SAMPLES_EACH = 16  # faces of each emotion in the report's picture of augmented faces


@dataclass(frozen=True)
class Plan:
    """What is trained on what.

    Attributes:
        tiles: more faces to learn from, with room around them (`edge.evaluation.datasets.tiles`).
    """

    architecture: str
    data: Path
    recipe_name: str
    recipe: Recipe
    drop_duplicates: bool = False
    tiles: Path | None = None


@dataclass(frozen=True)
class TrainingData:
    """The faces of a plan, read and chosen.

    Attributes:
        held: the name of the split that `validation` is.
        tiles: the last of `faces`, with the room around them.
    """

    faces: LabelledFaces
    validation: LabelledFaces
    held: str
    duplicates: Duplicates
    tiles: Tiles | None = None


def read_data(plan: Plan, progress: Callable[[str, int, int], None]) -> TrainingData:
    """Return the faces to learn from and to measure on. Raises: DatasetError."""
    faces, validation, held = training_and_validation(plan.data, plan.recipe.seed, progress)
    duplicates = find_duplicates(faces, validation)
    if plan.drop_duplicates:
        faces = faces.select(np.delete(np.arange(len(faces)), duplicates.across))
    if plan.tiles is None:
        return TrainingData(faces, validation, held, duplicates)
    splits = tiles_splits(plan.tiles)
    if not splits:
        raise DatasetError(f"{plan.tiles}: holds no {TABLE} of faces with room around them")
    more = splits["train"].read(faces.images.shape[1:], partial(progress, "tiles"))
    return TrainingData(
        faces.joined(more), validation, held, duplicates, splits["train"].read_tiles()
    )


def begin(run: Path, plan: Plan, data: TrainingData) -> None:
    """Make the run's folder and write the plan.

    Raises:
        TrainingError: the folder holds a run already.
        OutputError: it cannot be written.
    """
    if (run / "last.keras").exists():
        raise TrainingError(
            f"{run}: holds a training already; go on with it by `edge-emo train --resume {run}`, "
            "or choose another --out"
        )
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(run, error) from error
    with alone_in(run):
        _write_plan(run, plan, data)


@contextmanager
def alone_in(run: Path) -> Iterator[None]:
    """Keep every other training out of a run's folder, and remove what a killed one left half-written.

    Raises:
        TrainingError: another one is at work there.
    """
    if fcntl is None:  # Windows
        yield
        return
    folder = os.open(run, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TrainingError(
                f"{run}: another training is at work there; wait for it, or choose another --out"
            ) from error
        for file in run.glob("*.keras"):
            for left in leftovers(file):
                left.unlink(missing_ok=True)
        yield
    finally:
        os.close(folder)


def _write_plan(run: Path, plan: Plan, data: TrainingData) -> None:
    write_text(run / "recipe.toml", plan.recipe.to_toml())
    described = {k: v for k, v in asdict(plan).items() if k != "recipe"}
    described |= {
        "data": str(plan.data.resolve()),
        "tiles": str(plan.tiles.resolve()) if plan.tiles else None,
        "faces_sha256": _fingerprint(data),
    }
    write_text(run / "run.json", json.dumps(described, indent=1) + "\n")


def reopen(run: Path, data: Path | None) -> Plan:
    """Return the plan of a run that was begun.

    Args:
        data: where its data lies now, if it has moved.

    Raises:
        TrainingError: there is no such run, or its plan is damaged.
    """
    try:
        described = json.loads((run / "run.json").read_text())
        recipe = parse_recipe((run / "recipe.toml").read_text())
        return Plan(
            described["architecture"],
            data or Path(described["data"]),
            described["recipe_name"],
            recipe,
            described["drop_duplicates"],
            Path(described["tiles"]) if described.get("tiles") else None,
        )
    except FileNotFoundError:
        raise TrainingError(
            f"{run}: holds no training to resume; give the folder that --out named"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{run}: cannot resume: its plan is damaged: {error}") from error


def check_data(run: Path, data: TrainingData) -> None:
    """Refuse faces that are not those the run began with. Raises: TrainingError."""
    before = json.loads((run / "run.json").read_text()).get("faces_sha256")
    if before != _fingerprint(data):
        raise TrainingError(
            f"{run}: its data has changed since it began; put it back as it was, or begin a new "
            "run with another --out"
        )


def begin_or_reopen(run: Path, plan: Plan, data: TrainingData) -> Plan:
    """Begin the run, or return the plan it began with if it is there already.

    Raises:
        TrainingError, OutputError: see `begin`, `reopen`, `check_data`.
    """
    if not (run / "run.json").exists():
        begin(run, plan, data)
        return plan
    check_data(run, data)
    return reopen(run, plan.data)


def carry_out(
    run: Path, plan: Plan, data: TrainingData, devices: Devices, listener: Listener
) -> Scorecard | None:
    """Train the plan to its end and write model and reports; go on where a checkpoint is.

    Returns:
        The finished model's score, None in a process that does not write.

    Raises:
        TrainingError, OutputError: see `train`; or another training is at work in the folder.
    """
    with alone_in(run) if devices.writes else nullcontext():
        return _carry_out(run, plan, data, devices, listener)


def _carry_out(
    run: Path, plan: Plan, data: TrainingData, devices: Devices, listener: Listener
) -> Scorecard | None:
    architecture = ARCHITECTURES[plan.architecture]
    if devices.writes:
        write_text(run / "environment.json", json.dumps(_environment(devices), indent=1) + "\n")
    views = Views(data.faces, plan.recipe, data.tiles)
    history = train(
        architecture,
        plan.recipe,
        data.faces,
        data.validation,
        run,
        devices,
        listener,
        views,
        _answers(run, plan, data),
    )
    if not devices.writes:
        return None
    model = finished_model(architecture, plan.recipe, run)
    adjust(model, prior(data.faces, plan.recipe), plan.recipe.logit_adjustment)
    save_model(model, run / "model.keras")
    return write_report(
        run,
        _facts(plan, data, model, history),
        history,
        data.validation,
        predict(model, data.validation),
        views.samples(SAMPLES_EACH),
    )


def _answers(run: Path, plan: Plan, data: TrainingData) -> Answers | None:
    """Return the teachers' answers where views repeat; runs beside each other share them."""
    recipe = plan.recipe
    if not (recipe.views and recipe.teacher):
        return None
    file = answers_file(run.resolve().parent / "answers", recipe, _fingerprint(data))
    return Answers(file, names(recipe), recipe.views, len(data.faces), recipe.both_sides)


def _facts(plan: Plan, data: TrainingData, model: keras.Model, history: History) -> dict[str, Any]:
    faces, validation = data.faces, data.validation
    return {
        "architecture": plan.architecture,
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model),
        "int8_bytes": int8_bytes(model),
        "epochs": len(history),
        "seconds": round(sum(row["seconds"] for row in history)),
        "recipe": plan.recipe_name,
        "hyperparameters": asdict(plan.recipe),
        "data": {
            "name": plan.data.name,
            "tiles": plan.tiles.name if plan.tiles else None,
            "training": faces.counts(),
            data.held: validation.counts(),
            "duplicates": data.duplicates.counts(),
            "duplicates_dropped": plan.drop_duplicates,
            "skipped": [*faces.skipped, *validation.skipped],
        },
    }


def _environment(devices: Devices) -> dict[str, Any]:
    backend = keras.config.backend()
    return {
        **describe_machine(),
        "keras": version_of("keras"),
        "backend": f"{backend} {version_of(backend)}",
        "devices": list(devices.names),
        "processes": devices.processes,
        "command": shlex.join(sys.argv),
    }


def _fingerprint(data: TrainingData) -> str:
    digest = hashlib.sha256()
    for faces in (data.faces, data.validation):
        digest.update(faces.labels.tobytes())
        for begin in range(0, len(faces), 4096):
            digest.update(faces.images[begin : begin + 4096].tobytes())
    if data.tiles:
        digest.update(data.tiles.images.tobytes() + data.tiles.boxes.tobytes())
    return digest.hexdigest()
