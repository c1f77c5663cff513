"""One training from its data to its report: `train_model` begins one, `resume_model` goes on with it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.evaluation.metrics import Scorecard
from edge.support.errors import ConfigError

if TYPE_CHECKING:
    from .learning.devices import Devices
    from .learning.training import Listener
    from .run_folder import Plan, TrainingData


@dataclass(frozen=True)
class Training:
    """A finished training.

    Attributes:
        run: its folder, with the model, the checkpoints and the reports.
        held: the name of the split that it was measured on.
        card: how right the model is there; None in a process that does not write.
    """

    run: Path
    held: str
    card: Scorecard | None

    @property
    def model(self) -> Path:
        """The Keras model."""
        return self.run / "model.keras"

    @property
    def report(self) -> Path:
        """The report as a page."""
        return self.run / "report.html"


def _no_listener(epochs: int, writes: bool) -> "AbstractContextManager[Listener]":
    from .learning.training import Listener

    return nullcontext(Listener(lambda *step: None, lambda row: None))


@dataclass(frozen=True)
class Watcher:
    """What a caller hears of a training while it runs; by default nothing.

    Attributes:
        reading: called with a split's name, faces read, faces in all.
        data: called with the faces and the plan before the first epoch, where this process writes.
        listener: from the number of epochs, and whether this process writes, a context that gives
            the listener of the epochs.
    """

    reading: Callable[[str, int, int], None] = lambda split, done, total: None
    data: "Callable[[TrainingData, Plan], None]" = lambda data, plan: None
    listener: "Callable[[int, bool], AbstractContextManager[Listener]]" = _no_listener


def train_model(
    data: Path,
    architecture: str,
    *,
    out: Path | None = None,
    recipe: str | None = None,
    labels: str | None = None,
    settings: Mapping[str, str] | None = None,
    drop_duplicates: bool = False,
    tiles: Path | None = None,
    devices: int | None = None,
    watcher: Watcher | None = None,
) -> Training:
    """Train a network on labelled faces.

    Args:
        data: the data set's folder, or the challenge's csv.
        architecture: its name, such as "edge-s".
        out: the run's folder; `runs/ARCHITECTURE` if None.
        recipe: the hyperparameters' name; the architecture's own if None.
        labels: "fer", "ferplus" or "blend"; the recipe's if None.
        settings: hyperparameters to change, such as `{"epochs": "30"}`.
        drop_duplicates: learn from no face that is in the test too.
        tiles: a folder of more faces to learn from, with room around them.
        devices: spread each batch over so many; all GPUs, or the CPU, if None.
        watcher: hears how far it is.

    Raises:
        ConfigError: no architecture of that name, or a hyperparameter that does not fit.
        DatasetError, TrainingError, OutputError, ModuleNotFoundError.
    """
    from .learning.devices import start_keras

    on = start_keras(devices)
    from .architectures import ARCHITECTURES
    from .recipe import load_recipe
    from .run_folder import Plan, begin

    if architecture not in ARCHITECTURES:
        raise ConfigError(f"arch: '{architecture}' is not one of {', '.join(ARCHITECTURES)}")
    chosen = ARCHITECTURES[architecture]
    name = recipe or chosen.recipe
    changes = dict(chosen.changes) | ({"labels": labels} if labels else {})
    changed = load_recipe(name, changes | dict(settings or {}))
    plan = Plan(architecture, data, name, changed, drop_duplicates, tiles)
    run = out or Path("runs", architecture)
    return _carried_out(run, plan, on, watcher or Watcher(), begin)


def resume_model(
    run: Path,
    data: Path | None = None,
    *,
    devices: int | None = None,
    watcher: Watcher | None = None,
) -> Training:
    """Go on with a training where its last whole epoch ended.

    Args:
        run: its folder.
        data: where its data lies now, if it has moved.

    Raises:
        TrainingError: there is no such run, or its data has changed.
        DatasetError, OutputError, ModuleNotFoundError.
    """
    from .learning.devices import start_keras

    on = start_keras(devices)
    from .run_folder import check_data, reopen

    plan = reopen(run, data)
    return _carried_out(
        run, plan, on, watcher or Watcher(), lambda run, plan, data: check_data(run, data), True
    )


def _carried_out(
    run: Path,
    plan: "Plan",
    on: "Devices",
    watcher: Watcher,
    prepare: "Callable[[Path, Plan, TrainingData], None]",
    everywhere: bool = False,
) -> Training:
    from .run_folder import carry_out, read_data

    data = read_data(plan, watcher.reading)
    if on.writes:
        watcher.data(data, plan)
    if on.writes or everywhere:
        prepare(run, plan, data)
    with watcher.listener(plan.recipe.epochs, on.writes) as listener:
        return Training(run, data.held, carry_out(run, plan, data, on, listener))
