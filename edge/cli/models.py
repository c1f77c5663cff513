"""`edge-emo models`: the models that come with edge-emo, and those installed on a device."""

import json
import math
from pathlib import Path
from typing import Any

import click

from . import verbose_option


@click.group(
    "models",
    short_help="List, show, check and install models.",
    invoke_without_command=True,
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@verbose_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the shipped models with precision, size, accuracy and checksum.

    \b
    Examples:
      edge-emo models
      edge-emo models show edge-s
      edge-emo models check edge-s
    """
    if context.invoked_subcommand:
        return
    from ..inference.model_file import read_model, shipped_models

    rows = []
    for path in shipped_models(None).values():
        model = read_model(path, None)
        evaluation = model.about.get("evaluation", {})
        rows.append(
            {
                "name": model.name,
                "precision": model.precision,
                "bytes": path.stat().st_size,
                "accuracy": evaluation.get(model.precision, {}).get("accuracy"),
                "measured_on": evaluation.get("data"),
                "sha256": model.about["sha256"],
            }
        )
    click.echo(json.dumps(rows, indent=1) if as_json else _table(rows))


@command.command("show")
@click.argument("model")
@verbose_option
def show(model: str) -> None:
    """Print the metadata of a model file as JSON.

    \b
    Examples:
      edge-emo models show edge-s
      edge-emo models show mine.tflite
    """
    from ..inference.model_file import find_model, read_model

    click.echo(json.dumps(read_model(find_model(model, None), None).about, indent=1))


@command.command("check")
@click.argument("model", required=False)
@click.option("--threads", default=1, help="Threads of the TFLite interpreter.", show_default=True)
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@verbose_option
def check(model: str | None, threads: int, interpreter: str | None) -> None:
    """Check that a model scores faces here as it did where it was converted.

    MODEL is a file or a shipped model's name; the default model if it is left out. Two hundred faces
    are scored. Interpreters round differently, so a score may be one step off; the exit status is 1 if
    the emotion differs more often than quantization explains.

    \b
    Examples:
      edge-emo models check
      edge-emo models check mine.tflite --interpreter tflite-runtime
    """
    from ..emotions.self_check import check as compare_with_file
    from ..inference.model_file import find_model, read_model
    from ..inference.runtime import Runtime
    from ..inference.trial import open_model
    from ..support.errors import ModelError
    from ..support.machine import version_of

    read = read_model(find_model(model))
    runtime = Runtime(interpreter, threads)
    here = f"{runtime.name} {version_of(runtime.name)}"
    made = open_model(read, runtime)
    agreement = compare_with_file(read, made)
    changed_by_quantizing = 1 - read.about.get("evaluation", {}).get("agreement", 1.0)
    if agreement.other_emotion > changed_by_quantizing * agreement.faces:
        raise ModelError(f"{read.path.name}: {here} gives {agreement}; try another interpreter")
    click.echo(f"{read.path.name}: {here} gives {agreement}")


@command.command("install")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--signature",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Signature made by ssh-keygen -Y.  [default: FILE.sig]",
)
@verbose_option
def install(file: Path, signature: Path | None) -> None:
    """Install a model into the free slot; the active one stays.

    If /etc/edge-emo/allowed_signers exists, the model must be signed by one of its signers, and must not
    be older than one of the same name that was active.

    \b
    Examples:
      edge-emo models install mine.tflite
      edge-emo models install mine.tflite --signature mine.tflite.sig
    """
    from ..service.slots import store
    from ..service.system import check_root

    check_root()
    slot, new = store.install(file, signature)
    what = f"{slot.name} {slot.version}, {slot.sha256[:12]}"
    signed = f", signed by {slot.signer}" if slot.signer else ", not signed"
    click.echo(f"installed {what}{signed}" if new else f"already installed: {what}{signed}")


@command.command("activate")
@click.option(
    "--min-fps", type=float, metavar="N", help="Lowest frame rate that each service must keep."
)
@verbose_option
def activate(min_fps: float | None) -> None:
    """Activate the installed model on trial.

    Every service whose settings say model = "active" is restarted with it. It must become ready and keep
    at least half of its frame rate (or --min-fps) for a minute; otherwise the old model comes back.

    \b
    Examples:
      edge-emo models activate
      edge-emo models activate --min-fps 10
    """
    from ..inference.slots import read_state
    from ..service.slots import store, trial
    from ..service.system import check_root
    from ..support.errors import ModelError

    if min_fps is not None and not 0 < min_fps < math.inf:
        raise click.BadParameter(f"{min_fps:g} is not a frame rate", param_hint="'--min-fps'")
    check_root()
    store.check_activable()
    running = trial.running_units()
    units = [unit for unit in running if trial.uses_active(unit)]
    for unit in sorted({*running} - {*units}):
        click.echo(f'{unit} does not use it: its settings do not say model = "active"', err=True)
    floors = trial.floors(units, min_fps)
    slot = store.begin_trial()
    if slot is None:
        click.echo("in use already")
        return
    what = f"{slot.name} {slot.version}"
    click.echo(f"on trial: {what}, in {len(units)} services", err=True)
    if units:
        trial.hold_in_a_unit(floors)
    else:
        trial.hold([], {}, lambda line: click.echo(line, err=True))
    last = read_state().last or {}
    if not last.get("accepted"):
        raise ModelError(f"{what} was rolled back: {last.get('reason')}")
    click.echo(f"in use: {what} ({last['reason']})")


@command.command("rollback")
@verbose_option
def rollback() -> None:
    """Return to the previous model at once.

    \b
    Examples:
      edge-emo models rollback
      edge-emo models status
    """
    from ..service.slots import store, trial
    from ..service.system import check_root

    check_root()
    now = store.roll_back()
    trial.restart([unit for unit in trial.running_units() if trial.uses_active(unit)])
    click.echo(f"in use: {now}")


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print this as JSON.")
@verbose_option
def status(as_json: bool) -> None:
    """Show the active model and the last trial.

    \b
    Examples:
      edge-emo models status
      edge-emo models status --json
    """
    from ..service.slots import store

    said = store.report()
    if as_json:
        click.echo(json.dumps(said, indent=1))
        return
    click.echo(f"in use    {said['in_use']}")
    for key, words in (
        ("previous", "before   "),
        ("installed", "installed"),
        ("trial", "on trial "),
    ):
        if said[key]:
            click.echo(f"{words} {said[key]}")
    if said["last"]:
        ended = "accepted" if said["last"]["accepted"] else "rolled back"
        click.echo(f"last      {said['last']['model']}: {ended}, {said['last']['reason']}")


@command.command("trial", hidden=True)
@click.option("--floor", "floors", multiple=True, metavar="UNIT=FPS")
def hold_trial(floors: tuple[str, ...]) -> None:
    """Decide about the model on trial; systemd runs this for 'activate'."""
    from ..service.slots import trial
    from ..service.system import check_root

    check_root()
    said = {unit: float(fps) for unit, _, fps in (floor.rpartition("=") for floor in floors)}
    trial.hold(list(said), said, lambda line: click.echo(line, err=True))


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'name':<12}{'precision':<11}{'size':>9}{'accuracy':>10}  sha256        measured on"]
    for row in rows:
        accuracy = "-" if row["accuracy"] is None else f"{row['accuracy']:.2%}"
        size = f"{row['bytes'] / 1000:.0f} kB"
        lines.append(
            f"{row['name']:<12}{row['precision']:<11}{size:>9}{accuracy:>10}  "
            f"{row['sha256'][:12]}  {row['measured_on'] or '-'}"
        )
    return "\n".join(lines)
