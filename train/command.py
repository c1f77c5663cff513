"""`edge-emo train`: from labelled faces to a Keras model and a report."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edge.cli import verbose_option
from edge.support.errors import ConfigError
from edge.support.journal import printable

if TYPE_CHECKING:
    from .learning.training import Listener
    from .run_folder import Plan, TrainingData

_PATH = click.Path(path_type=Path)
set_option = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a hyperparameter."
)
_KEPT_BY_A_RUN = {
    "arch": "--arch",
    "recipe": "--recipe",
    "labels": "--labels",
    "overrides": "--set",
    "drop_duplicates": "--drop-duplicates",
    "tiles": "--tiles",
    "out": "--out",
}


@click.command("train", short_help="Train a network on labelled faces.")
@click.option("--data", type=_PATH, help="Folder with train/ and test/, or fer2013.csv.")
@click.option("--arch", metavar="NAME", help="The architecture; see --list.")
@click.option("--list", "listing", is_flag=True, help="List architectures and recipes.")
@click.option(
    "--recipe", metavar="NAME", help="Hyperparameters.  [default: the architecture's own]"
)
@click.option(
    "--labels",
    type=click.Choice(["fer", "ferplus", "blend"]),
    help="The set's labels, FER+ votes, or the mean of both.  [default: the recipe's]",
)
@set_option
@click.option(
    "--drop-duplicates",
    is_flag=True,
    help="Leave out training faces that are also in the test split.",
)
@click.option(
    "--tiles",
    type=_PATH,
    help="Folder of more training faces, with a margin around each (labels.csv).",
)
@click.option("--out", type=_PATH, help="The run's folder.  [default: runs/NAME]")
@click.option("--resume", type=_PATH, metavar="RUN", help="Continue the run in this folder.")
@click.option(
    "--devices",
    type=click.IntRange(1),
    metavar="N",
    help="Spread each batch over N devices.  [default: all GPUs, or the CPU]",
)
@verbose_option
@click.pass_context
def command(
    context: click.Context,
    data: Path | None,
    arch: str | None,
    listing: bool,
    recipe: str | None,
    labels: str | None,
    overrides: tuple[str, ...],
    drop_duplicates: bool,
    tiles: Path | None,
    out: Path | None,
    resume: Path | None,
    devices: int | None,
) -> None:
    """Train a network on labelled faces, and report its accuracy.

    DATA is FER-2013 as Kaggle has it (train/happy/*.png, test/happy/*.png and so on), or the
    challenge's fer2013.csv, with fer2013new.csv beside it for the FER+ votes, or any folder with
    one folder of images per emotion. Every epoch leaves a checkpoint: after Ctrl-C or a power
    cut --resume continues after the last complete epoch.

    \b
    Examples:
      edge-emo train --data fer2013 --arch edge-s
      edge-emo train --data fer2013.csv --arch edge-s --labels blend --set epochs=30
      edge-emo train --resume runs/edge-s
    """
    if resume:
        for name, option in _KEPT_BY_A_RUN.items():
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(
                    f"--resume continues with the settings of the run; leave out {option}"
                )
    elif not listing and (data is None) != (arch is None):
        raise click.UsageError(f"--{'arch' if data else 'data'} is missing")

    if listing or (not resume and (data is None or arch is None)):
        from .learning.devices import start_keras

        start_keras(devices)
        click.echo(_listing())
        return
    from .job import Watcher, resume_model, train_model

    with _bars() as reading:
        watcher = Watcher(reading, _report_data, listening)
        try:
            if resume:
                done = resume_model(resume, data, devices=devices, watcher=watcher)
            elif data and arch:
                done = train_model(
                    data,
                    arch,
                    out=out,
                    recipe=recipe,
                    labels=labels,
                    settings=pairs(overrides),
                    drop_duplicates=drop_duplicates,
                    tiles=tiles,
                    devices=devices,
                    watcher=watcher,
                )
        except ConfigError as error:
            raise click.UsageError(str(error)) from error
        except KeyboardInterrupt:
            run = resume or out or Path("runs", arch or "")
            if (run / "run.json").exists():
                click.echo(
                    f"\nedge-emo: stopped; go on with edge-emo train --resume {run}", err=True
                )
            return
    if done.card:
        click.echo(
            f"{done.model}: {done.card.accuracy:.2%} of {done.card.faces} {done.held} faces "
            f"are right; see {done.report}\n"
        )
        click.echo(done.card.as_text())


def _report_data(data: "TrainingData", plan: "Plan") -> None:
    """Report the training data before the first epoch."""
    faces, validation, held = data.faces, data.validation, data.held
    click.echo(f"{'emotion':10}{'train':>8}{held:>12}", err=True)
    for name, n in faces.counts().items():
        click.echo(f"{name:10}{n:>8}{validation.counts()[name]:>12}", err=True)
    for line in (*faces.left_out(), *validation.left_out()):
        click.echo(f"edge-emo: {printable(line)}", err=True)
    if across := len(data.duplicates.across):
        click.echo(
            f"edge-emo: {across} training faces are in {held} too; "
            + ("dropped" if plan.drop_duplicates else "--drop-duplicates leaves them out"),
            err=True,
        )


@contextmanager
def _bars() -> Iterator[Any]:
    """Yield a function for `training_and_validation` that shows one bar a split."""
    from contextlib import ExitStack

    from edge.support.progress import progress_bar

    with ExitStack() as open_bars:
        bars: dict[str, Any] = {}

        def show(split: str, done: int, total: int) -> None:
            if split not in bars:
                open_bars.close()
                bars[split] = open_bars.enter_context(progress_bar(f"reading {split}"))
            bars[split](done, total)
            if done >= total:
                open_bars.close()

        yield show


@contextmanager
def listening(epochs: int, shown: bool) -> Iterator["Listener"]:
    """Yield a listener that, if `shown`, draws a bar within each epoch and a line after it."""
    from contextlib import ExitStack

    from edge.support.progress import progress_bar

    from .learning.training import Listener

    if not shown:
        yield Listener(lambda *step: None, lambda row: None)
        return
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
                f"{row['val_accuracy']:.2%}  {row['seconds']:.0f} s  "
                f"{row['faces_per_second']:.0f} faces/s",
                err=True,
            )

        yield Listener(step, finished)


def _listing() -> str:
    from .architectures import ARCHITECTURES
    from .cost import int8_bytes, multiply_adds
    from .recipe import recipe_names

    lines = [
        f"{'architecture':18}{'parameters':>12}{'multiply-adds':>15}{'int8 size':>12}  "
        f"{'recipe':8}what it is"
    ]
    for architecture in ARCHITECTURES.values():
        model = architecture.build()
        lines.append(
            f"{architecture.name:18}{model.count_params() / 1e6:>10.2f} M"
            f"{multiply_adds(model) / 1e6:>13.1f} M{int8_bytes(model) / 1e3:>9.0f} kB  "
            f"{architecture.recipe:8}{architecture.summary}"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"recipes: {', '.join(recipe_names())}",
            "data: a folder with train/ and test/, in each a folder of images per emotion; or "
            "fer2013.csv",
            "train one: edge-emo train --data DIR --arch edge-s",
        ]
    )


def pairs(overrides: tuple[str, ...]) -> dict[str, str]:
    """Return the field -> text of what `--set` was given. Raises: click.BadParameter."""
    return dict(_pair(text) for text in overrides)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"'{text}' is not KEY=VALUE", param_hint="--set")
    return key.strip(), value.strip()
