"""`edge-emo models`: the models that come with edge-emo."""

import json
from typing import Any

import click

from . import verbose_option


@click.group(
    "models",
    short_help="List, show and check the shipped models.",
    invoke_without_command=True,
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@verbose_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the shipped models: precision, size, accuracy, checksum.

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
    for path in shipped_models().values():
        model = read_model(path)
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
    """Print all that a model file says of itself, as JSON.

    \b
    Examples:
      edge-emo models show edge-s
      edge-emo models show mine.tflite
    """
    from ..inference.model_file import find_model, read_model

    click.echo(json.dumps(read_model(find_model(model)).about, indent=1))


@command.command("check")
@click.argument("model", required=False)
@click.option("--threads", default=1, help="Threads of the TFLite interpreter.", show_default=True)
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@verbose_option
def check(model: str | None, threads: int, interpreter: str | None) -> None:
    """Check that this machine's interpreter scores faces as the one where MODEL was converted.

    MODEL is a file or a shipped model's name; without it, the default model. Two hundred faces are
    scored. Interpreters round in their own ways, so a score may be a step off; the status is 1 where
    another emotion is told more often than quantization itself changes it.

    \b
    Examples:
      edge-emo models check
      edge-emo models check mine.tflite --interpreter tflite-runtime
    """
    from ..emotions.self_check import check as compare_with_file
    from ..inference.model_file import find_model, read_model
    from ..inference.runtime import Runtime
    from ..support.errors import EdgeEmoError, ModelError
    from ..support.machine import version_of

    read = read_model(find_model(model))
    runtime = Runtime(interpreter, threads)
    here = f"{runtime.name} {version_of(runtime.name)}"
    try:
        made = runtime.open(read.flatbuffer)
    except (ValueError, RuntimeError) as error:
        if isinstance(error, EdgeEmoError):
            raise
        reason = str(error).splitlines()[0]
        raise ModelError(f"{read.path.name}: {here} refuses it: {reason}") from error
    agreement = compare_with_file(read, made)
    changed_by_quantizing = 1 - read.about.get("evaluation", {}).get("agreement", 1.0)
    if agreement.other_emotion > changed_by_quantizing * agreement.faces:
        raise ModelError(f"{read.path.name}: {here} gives {agreement}; try another interpreter")
    click.echo(f"{read.path.name}: {here} gives {agreement}")


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
