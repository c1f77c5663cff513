"""Train several variants one after the other and set them beside each other in one table.

    python -m train.studies.search train/studies/searches/edge-s.toml --data fer2013-csv --runs runs/search

`--set epochs=10` and the like change every variant alike.

Each variant is a run folder of its own. What is finished is only measured again, what was stopped goes
on, so a search can be stopped and extended at will. It writes `search.md` and `search.json`.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.evaluation.corruptions import CORRUPTIONS, corrupt
from edge.evaluation.datasets.ferplus import majority
from edge.evaluation.metrics import calibrate, percent, score
from edge.support.atomic import write_text
from edge.support.errors import ConfigError

from ..learning.devices import Devices, start_keras

DEVICES = start_keras()

import keras  # noqa: E402 (it has to be started first, quietly)

from ..architectures import ARCHITECTURES  # noqa: E402
from ..command import listening, pairs, set_option  # noqa: E402
from ..cost import int8_bytes, multiply_adds  # noqa: E402
from ..learning.history import read_history  # noqa: E402
from ..learning.training import predict  # noqa: E402
from ..recipe import load_recipe  # noqa: E402
from ..run_folder import Plan, TrainingData, begin_or_reopen, carry_out, read_data  # noqa: E402

_KEYS = {"name", "arch", "recipe", "set", "drop_duplicates"}
_SHARES = ("accuracy", "balanced", "disgust", "fear", "corrupted", "calibration_error", "ferplus")
_MEDIUM = 2  # of the strengths of corruption


@dataclass(frozen=True)
class Variant:
    """One line of the table: what is trained, and what is otherwise than in the recipe."""

    name: str
    plan: Plan


@click.command()
@click.argument("variants", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), required=True, help="The data set.")
@click.option("--runs", type=click.Path(path_type=Path), required=True, help="The runs' folder.")
@set_option
@verbose_option
def main(variants: Path, data: Path, runs: Path, overrides: tuple[str, ...]) -> None:
    """Train all variants in the TOML file VARIANTS and compare them."""
    wanted = read_variants(variants, data, pairs(overrides))
    read: dict[bool, TrainingData] = {}
    rows: list[dict[str, Any]] = []
    for variant in wanted:
        dropping = variant.plan.drop_duplicates
        if dropping not in read:
            read[dropping] = read_data(variant.plan, lambda *_: None)
        click.echo(f"\n{variant.name}", err=True)
        rows.append(_row(variant, runs, read[dropping], DEVICES))
        write_text(runs / "search.json", json.dumps(rows, indent=1) + "\n")
        write_text(runs / "search.md", as_table(rows) + "\n")
    click.echo(as_table(rows))


def read_variants(
    file: Path, data: Path, overrides: Mapping[str, str] = MappingProxyType({})
) -> list[Variant]:
    """Return the variants that a TOML file lists, `overrides` (field -> text) put into each recipe.

    Raises:
        ConfigError: it cannot be read, or a variant is not well described.
    """
    try:
        listed = tomllib.loads(file.read_text())["variant"]
    except OSError as error:
        raise ConfigError(
            f"{file}: {error.strerror}; give a TOML file like train/studies/searches/edge-s.toml"
        ) from error
    except (ValueError, KeyError) as error:
        raise ConfigError(f"{file}: cannot be read as a list of [[variant]]: {error!r}") from error
    if not isinstance(listed, list):
        raise ConfigError(f"{file}: cannot be read as a list of [[variant]]")
    return [_variant(file, entry, data, overrides) for entry in listed]


def as_table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| variant | accuracy | balanced | disgust | fear | corrupted | calibration error | "
        "FER+ majority | million multiply-adds | int8, kB | epochs |",
        "|" + "---|" * 11,
    ]
    for row in rows:
        shares = [row[k] for k in _SHARES]
        cells = [*map(percent, shares)]
        cells += [f"{row['multiply_adds'] / 1e6:.1f}", f"{row['int8_bytes'] / 1000:.0f}"]
        lines.append(f"| {row['variant']} | {' | '.join(cells)} | {row['epochs']} |")
    return "\n".join(lines)


def _variant(
    file: Path, entry: dict[str, Any], data: Path, overrides: Mapping[str, str]
) -> Variant:
    if unknown := entry.keys() - _KEYS:
        raise ConfigError(f"{file}: {', '.join(sorted(unknown))}: known are {', '.join(_KEYS)}")
    name, arch = entry.get("name"), entry.get("arch")
    if not name or arch not in ARCHITECTURES:
        raise ConfigError(
            f"{file}: a variant needs a name and an arch out of {', '.join(ARCHITECTURES)}"
        )
    architecture = ARCHITECTURES[arch]
    recipe_name = entry.get("recipe", architecture.recipe)
    changes = {key: _text(value) for key, value in entry.get("set", {}).items()}
    recipe = load_recipe(recipe_name, {**architecture.changes, **changes, **overrides})
    return Variant(name, Plan(arch, data, recipe_name, recipe, entry.get("drop_duplicates", False)))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(variant: Variant, runs: Path, data: TrainingData, devices: Devices) -> dict[str, Any]:
    run = runs / variant.name.replace(" ", "-")
    if not (run / "model.keras").exists():
        plan = begin_or_reopen(run, variant.plan, data)
        with listening(plan.recipe.epochs, shown=True) as listener:
            carry_out(run, plan, data, devices, listener)
    model = keras.models.load_model(run / "model.keras", compile=False)
    faces = data.validation
    scores = predict(model, faces)
    predicted = scores.argmax(axis=1)
    card = score(faces.labels, predicted)
    corrupted = [
        predict(model, replace(faces, images=corrupt(faces.images, name, _MEDIUM))).argmax(axis=1)
        for name in CORRUPTIONS
    ]
    voted = None
    if faces.votes is not None and (clear := (most := majority(faces.votes)) >= 0).any():
        voted = score(most[clear], predicted[clear]).accuracy
    return {
        "variant": variant.name,
        "accuracy": card.accuracy,
        "balanced": card.balanced_accuracy,
        "disgust": card.recall["disgust"],
        "fear": card.recall["fear"],
        "corrupted": float(np.mean(np.array(corrupted) == faces.labels)),
        "calibration_error": calibrate(faces.labels, scores).error,
        "ferplus": voted,
        "multiply_adds": multiply_adds(model),
        "int8_bytes": int8_bytes(model),
        "epochs": len(read_history(run / "history.csv")),
    }


if __name__ == "__main__":
    run_command(command=main, name="python -m train.studies.search")
