"""`edge-emo evaluate`: accuracy of a model on labelled faces."""

import json
from pathlib import Path

import click

from . import verbose_option


@click.command(
    "evaluate",
    short_help="Measure a model's accuracy on labelled faces.",
    context_settings={"show_default": True},
)
@click.option(
    "--model", metavar="NAME|FILE", help="A .tflite, .keras or .h5, or a shipped model's name."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="The data set's folder, or fer2013.csv.",
)
@click.option("--split", help="train, test or validation.  [default: test]")
@click.option(
    "--labels",
    type=click.Choice(["fer", "ferplus"]),
    default="fer",
    help="The set's labels, or what more than half of the FER+ votes say.",
)
@click.option(
    "--corruptions", is_flag=True, help="Also on faces corrupted as cameras corrupt them."
)
@click.option("--json", "json_file", type=click.Path(), metavar="FILE|-", help="Write all as JSON.")
@click.option("--threads", default=1, help="Threads of the TFLite interpreter.")
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@verbose_option
def command(
    model: str | None,
    data: Path,
    split: str | None,
    labels: str,
    corruptions: bool,
    json_file: str | None,
    threads: int,
    interpreter: str | None,
) -> None:
    """Measure a model on labelled faces: accuracy, recall of each emotion, confusion matrix.

    The data is a folder with train/ and test/ in it, or with one folder per emotion, or
    fer2013.csv, with fer2013new.csv beside it for the FER+ votes.

    \b
    Examples:
      edge-emo evaluate --data fer2013
      edge-emo evaluate --data fer2013.csv --labels ferplus
      edge-emo evaluate --model runs/mine/model.keras --data fer2013 --json scores.json
    """
    from ..evaluation.evaluation import evaluate
    from ..inference.runtime import Runtime
    from ..support.atomic import write_text
    from ..support.progress import progress_bar

    runtime = Runtime(interpreter, threads)
    done = evaluate(model, data, split, labels, corruptions, runtime, progress_bar)
    text = json.dumps(done.as_dict(), indent=1)
    if json_file == "-":
        click.echo(text)
        return
    if json_file:
        write_text(Path(json_file), text + "\n")
    for file in done.skipped:
        click.echo(f"edge-emo: {file}: is no readable image; skipped", err=True)
    click.echo(done.as_text())
