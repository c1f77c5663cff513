"""Reproduce the paper: train its models by its protocol, print its Fig. 12 beside ours, and show
what its live system did to a network that was trained on other values than it is fed.

    python -m train.studies.reproduction --data fer2013 --runs runs/paper --docs docs

A run that is there already is gone on with, a finished one only measured. A run that has not
ended is reported as far as it came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.evaluation.datasets import LabelledFaces
from edge.evaluation.metrics import Scorecard, percent, score
from edge.support.atomic import write_bytes, write_text
from edge.support.labels import EMOTIONS

from ..learning.devices import Devices, start_keras

DEVICES = start_keras()

import keras  # noqa: E402 (it has to be started first, quietly)

from ..architectures import ARCHITECTURES  # noqa: E402
from ..command import listening  # noqa: E402
from ..learning.history import History, read_history  # noqa: E402
from ..learning.training import finished_model, predict  # noqa: E402
from ..recipe import load_recipe  # noqa: E402
from ..results.plots import curves, shares_by_emotion  # noqa: E402
from ..run_folder import Plan, TrainingData, begin_or_reopen, carry_out, read_data, reopen  # noqa: E402
from .pages import fill  # noqa: E402


@dataclass(frozen=True)
class Experiment:
    """One training of the reproduction; its run is named as its architecture.

    Attributes:
        paper: the accuracy of the paper's Fig. 12, None where we do not know it.
    """

    architecture: str
    title: str
    paper: float | None = None


EXPERIMENTS = (
    Experiment("paper-a", "Model A"),
    Experiment("paper-b", "Model B"),
    Experiment("paper-c", "Model C", 0.7513),
    Experiment("paper-c-unscaled", "Model C as printed", 0.7513),
)


@dataclass(frozen=True)
class Result:
    """What came of an experiment.

    Attributes:
        title: the experiment's, and what was done otherwise than in the protocol.
        ended: whether the protocol ended it, not we.
    """

    experiment: Experiment
    title: str
    history: History
    ended: bool
    card: Scorecard


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="FER-2013.")
@click.option("--runs", type=click.Path(path_type=Path), required=True, help="The runs' folder.")
@click.option("--docs", type=click.Path(path_type=Path), help="Fill in reproduction.md here.")
@click.option("--measure", is_flag=True, help="Train nothing: report what the runs have reached.")
@verbose_option
def main(data: Path, runs: Path, docs: Path | None, measure: bool) -> None:
    """Train Models A, B and C by the paper's protocol and compare."""
    faces = read_data(_plan(EXPERIMENTS[0], data), lambda *_: None)
    results = []
    for experiment in EXPERIMENTS:
        run = runs / experiment.architecture
        if not measure:
            _train(run, _plan(experiment, data), faces, DEVICES)
        if (run / "best.keras").exists():
            results.append(_result(run, experiment, faces.validation))
    table = _table(results)
    click.echo(table)
    if docs and results:
        write_bytes(docs / "curves.png", curves({r.title: r.history for r in results}))
    unscaled = runs / "paper-c-unscaled"
    if docs and (unscaled / "best.keras").exists():
        model = finished_model(ARCHITECTURES["paper-c-unscaled"], load_recipe("paper"), unscaled)
        skew, picture = _skew(model, faces.validation)
        write_bytes(docs / "skew.png", picture)
        page = docs / "reproduction.md"
        text = fill(fill(page.read_text(), "table", table), "skew", skew)
        write_text(page, text)


def _plan(experiment: Experiment, data: Path) -> Plan:
    architecture = ARCHITECTURES[experiment.architecture]
    recipe = load_recipe("paper", architecture.changes)
    return Plan(experiment.architecture, data, "paper", recipe)


def _train(run: Path, plan: Plan, data: TrainingData, devices: Devices) -> None:
    plan = begin_or_reopen(run, plan, data)
    with listening(plan.recipe.epochs, shown=True) as listener:
        carry_out(run, plan, data, devices, listener)


def _result(run: Path, experiment: Experiment, faces: LabelledFaces) -> Result:
    recipe = reopen(run, None).recipe
    model = finished_model(ARCHITECTURES[experiment.architecture], recipe, run)
    card = score(faces.labels, predict(model, faces).argmax(axis=1))
    plainly = recipe.compute == "float32"
    title = experiment.title if plainly else f"{experiment.title} ({recipe.compute})"
    history = read_history(run / "history.csv")
    return Result(experiment, title, history, (run / "model.keras").exists(), card)


def _table(results: Sequence[Result]) -> str:
    rows = [
        "| network | paper's Fig. 12 | ours, PublicTest | epochs | recall of disgust | of fear |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        card = result.card
        rows.append(
            f"| {result.title} | {_percent2(result.experiment.paper)} | "
            f"{card.accuracy:.2%} | {len(result.history)}{'' if result.ended else ', not ended'} | "
            f"{percent(card.recall['disgust'])} | {percent(card.recall['fear'])} |"
        )
    return "\n".join(rows)


def _skew(model: keras.Model, faces: LabelledFaces) -> tuple[str, bytes]:
    """Return what the network as printed predicts for pixels in 0..255 and for the same in 0..1."""
    pixels = faces.images[..., None].astype("f4")
    predicted = {
        "0..255, as trained": model.predict(pixels, batch_size=512, verbose=0).argmax(axis=1),
        "0..1, as served": model.predict(pixels / 255, batch_size=512, verbose=0).argmax(axis=1),
    }
    cards = {name: score(faces.labels, predictions) for name, predictions in predicted.items()}
    shares = {
        name: dict(zip(EMOTIONS, card.confusion.sum(axis=0) / card.faces, strict=True))
        for name, card in cards.items()
    }
    head = "".join(f" | recall, {name}" for name in cards) + "".join(
        f" | share predicted, {name}" for name in cards
    )
    rows = [f"| emotion{head} |", "|---" * 5 + "|"]
    for emotion in EMOTIONS:
        cells = [card.recall[emotion] for card in cards.values()]
        cells += [share[emotion] for share in shares.values()]
        rows.append(f"| {emotion} | " + " | ".join(percent(cell) for cell in cells) + " |")
    accuracies = [f"{card.accuracy:.2%}" for card in cards.values()]
    rows.append(f"| **all** | {accuracies[0]} | {accuracies[1]} | | |")
    picture = shares_by_emotion(
        {
            "recall": {name: card.recall for name, card in cards.items()},
            "share of all faces predicted as it": shares,
        }
    )
    return "\n".join(rows), picture


def _percent2(share: float | None) -> str:
    return "not known to us" if share is None else f"{share:.2%}"


if __name__ == "__main__":
    run_command(command=main, name="python -m train.studies.reproduction")
