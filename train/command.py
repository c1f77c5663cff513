"""`edge-emo train`: labelled faces become a Keras model and a report."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import verbose_option

if TYPE_CHECKING:
    from edge.dataset import LabelledFaces

    from .recipe import Recipe
    from .training import Listener


@click.command("train")
@click.option("--data", type=click.Path(path_type=Path), help="The folder with train/ and test/.")
@click.option("--arch", metavar="NAME", help="The architecture; without options all are listed.")
@click.option(
    "--recipe", metavar="NAME", help="Hyperparameters.  [default: the architecture's own]"
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one of them.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The run's folder.  [default: runs/NAME]"
)
@click.option("--resume", is_flag=True, help="Go on with the run in --out at its last epoch.")
@verbose_option
def command(
    data: Path | None,
    arch: str | None,
    recipe: str | None,
    overrides: tuple[str, ...],
    out: Path | None,
    resume: bool,
) -> None:
    """Train a network on labelled faces.

    DATA is laid out as FER-2013 is on Kaggle: train/happy/*.png, test/happy/*.png and so on, for
    angry, disgust, fear, happy, neutral, sad and surprise. Every epoch leaves a checkpoint: after
    Ctrl-C or a power cut the same command with --resume goes on.

    \b
    Examples:
      edge-emo train --data fer2013 --arch edge-s
      edge-emo train --data fer2013 --arch paper-c --set epochs=10 --out runs/short --resume
    """
    from .backend import start_keras

    start_keras()
    from .architectures import ARCHITECTURES

    if data is None or arch is None:
        click.echo(_listing())
        if data or arch:
            raise click.UsageError(f"--{'arch' if data else 'data'} is missing")
        return
    if arch not in ARCHITECTURES:
        raise click.BadParameter(
            f"'{arch}' is none of {', '.join(ARCHITECTURES)}", param_hint="--arch"
        )
    _train(data, arch, recipe, overrides, out or Path("runs", arch), resume)


def _train(
    data: Path, arch: str, recipe: str | None, overrides: tuple[str, ...], out: Path, resume: bool
) -> None:
    from .architectures import ARCHITECTURES
    from .recipe import load_recipe
    from .splits import training_and_validation
    from .training import train

    architecture = ARCHITECTURES[arch]
    name = recipe or architecture.recipe
    settings = load_recipe(name, dict(_pair(text) for text in overrides))
    with _bars() as progress:
        faces, validation, held = training_and_validation(data, settings.seed, progress)
    _tell_counts(faces, validation, held)
    identity = {"architecture": arch, "training_faces": len(faces), "validation": held}
    _prepare(out, settings, identity, resume)
    about = {"recipe": name, "data": _about_data(data, faces, validation, held)}
    with _listening(settings.epochs) as listener:
        try:
            card = train(architecture, settings, faces, validation, out, about, listener)
        except KeyboardInterrupt:
            click.echo("\nedge-emo: stopped; go on with the same command and --resume", err=True)
            return
    click.echo(
        f"{out / 'model.keras'}: {card.accuracy:.2%} of {card.faces} {held} faces are right\n"
    )
    click.echo(card.as_text())


def _prepare(out: Path, recipe: "Recipe", identity: dict[str, Any], resume: bool) -> None:
    """Make the run's folder, or check that the one to resume is of the same training."""
    from edge.atomic import cannot_write, write_text
    from edge.errors import TrainingError

    from .recipe import parse_recipe

    described = out / "run.json"
    if resume and described.exists():
        before = json.loads(described.read_text())
        was = parse_recipe((out / "recipe.toml").read_text())
        if before != identity or was != recipe:
            raise TrainingError(
                f"{out}: was trained with other data, architecture or recipe; resume it with the "
                "same options, or choose another --out"
            )
        return
    if (out / "last.keras").exists():
        raise TrainingError(
            f"{out}: holds a training already; add --resume to go on with it, or choose another "
            "--out"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    write_text(out / "recipe.toml", recipe.to_toml())
    write_text(described, json.dumps(identity, indent=1) + "\n")


def _about_data(
    data: Path, faces: "LabelledFaces", validation: "LabelledFaces", held: str
) -> dict[str, Any]:
    return {
        "name": data.name,
        "training": faces.counts(),
        held: validation.counts(),
        "skipped": [str(p) for p in (*faces.skipped, *validation.skipped)],
    }


def _tell_counts(faces: "LabelledFaces", validation: "LabelledFaces", held: str) -> None:
    click.echo(f"{'emotion':10}{'train':>8}{held:>12}", err=True)
    for name, n in faces.counts().items():
        click.echo(f"{name:10}{n:>8}{validation.counts()[name]:>12}", err=True)
    for path in (*faces.skipped, *validation.skipped):
        click.echo(f"edge-emo: {path}: is no readable image; skipped", err=True)


@contextmanager
def _bars() -> Iterator[Any]:
    """Yield a function for `training_and_validation` that shows one bar a split."""
    from contextlib import ExitStack

    from edge.progress import progress_bar

    with ExitStack() as open_bars:
        bars: dict[str, Any] = {}

        def show(split: str, done: int, total: int) -> None:
            if split not in bars:
                open_bars.close()
                bars[split] = open_bars.enter_context(progress_bar(f"reading {split}"))
            bars[split](done, total)

        yield show


@contextmanager
def _listening(epochs: int) -> Iterator["Listener"]:
    """Yield a listener that shows a bar within each epoch and a line after it."""
    from contextlib import ExitStack

    from edge.progress import progress_bar

    from .training import Listener

    with ExitStack() as open_bar:
        bars: dict[int, Any] = {}

        def step(epoch: int, done: int, steps: int) -> None:
            if epoch not in bars:
                bars[epoch] = open_bar.enter_context(progress_bar(f"epoch {epoch}/{epochs}"))
            bars[epoch](done, steps)

        def finished(row: dict[str, float]) -> None:
            open_bar.close()
            click.echo(
                f"epoch {row['epoch']:.0f}/{epochs}  loss {row['loss']:.4f}  accuracy "
                f"{row['accuracy']:.2%}  val_loss {row['val_loss']:.4f}  val_accuracy "
                f"{row['val_accuracy']:.2%}  {row['seconds']:.0f} s",
                err=True,
            )

        yield Listener(step, finished)


def _listing() -> str:
    from .architectures import ARCHITECTURES, multiply_adds
    from .recipe import recipe_names

    lines = [f"{'architecture':14}{'parameters':>12}{'multiply-adds':>15}  {'recipe':8}what it is"]
    for architecture in ARCHITECTURES.values():
        model = architecture.build()
        lines.append(
            f"{architecture.name:14}{model.count_params() / 1e6:>10.2f} M"
            f"{multiply_adds(model) / 1e6:>13.1f} M  {architecture.recipe:8}{architecture.summary}"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"recipes: {', '.join(recipe_names())}",
            "data: a folder with train/ and test/, in each a folder of images per emotion",
            "train one: edge-emo train --data DIR --arch edge-s",
        ]
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"'{text}' is not KEY=VALUE", param_hint="--set")
    return key.strip(), value.strip()
