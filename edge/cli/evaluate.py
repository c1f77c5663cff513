"""`edge-emo evaluate`: accuracy of a model on labelled faces."""

import json
from pathlib import Path

import click

from . import verbose_option
from .conventions import conventions_options, read_conventions

LABEL_SETS = ("fer", "ferplus")


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
    help="Folder of the data set, or fer2013.csv.",
)
@click.option("--split", help="train, test or validation.  [default: test]")
@click.option(
    "--labels",
    multiple=True,
    metavar="fer|ferplus|A,B,...",
    help="The set's labels, or what more than half of the FER+ votes say; or the order of the scores "
    "of a MODEL from elsewhere. May be given twice.  [default: fer]",
)
@click.option(
    "--expect",
    metavar="everyday|acted|even|FILE",
    help="Correct the scores for how common each emotion is expected to be.  [default: as the model "
    "answers]",
)
@conventions_options
@click.option(
    "--corruptions",
    is_flag=True,
    help="Also measure on corrupted faces: dark, blurred, noisy and so on.",
)
@click.option(
    "--json", "json_file", type=click.Path(), metavar="FILE|-", help="Write the results as JSON."
)
@click.option("--threads", default=1, help="Threads of the TFLite interpreter.")
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@verbose_option
def command(
    model: str | None,
    data: Path,
    split: str | None,
    labels: tuple[str, ...],
    expect: str | None,
    input_range: str | None,
    mean: str | None,
    deviation: str | None,
    per_image: bool,
    channels: str,
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
      edge-emo evaluate --data fer2013.csv --labels ferplus --expect everyday
      edge-emo evaluate --model other.h5 --data fer2013 --input-range 0..1 --labels happy,sad,...
      edge-emo evaluate --model runs/mine/model.keras --data fer2013 --json scores.json
    """
    from ..evaluation.evaluation import evaluate
    from ..inference.runtime import Runtime
    from ..support.atomic import refuse_to_replace, write_text
    from ..support.journal import printable
    from ..support.progress import progress_bar

    refuse_to_replace(json_file, data, model, expect)
    runtime = Runtime(interpreter, threads)
    label_set, order = _labels(labels)
    conventions = read_conventions(input_range, mean, deviation, channels, order, per_image)
    done = evaluate(
        model, data, split, label_set, corruptions, runtime, progress_bar, expect, conventions
    )
    text = json.dumps(done.as_dict(), indent=1)
    if json_file == "-":
        click.echo(text)
        return
    if json_file:
        write_text(Path(json_file), text + "\n")
    for line in done.left_out:
        click.echo(f"edge-emo: {printable(line)}", err=True)
    click.echo(done.as_text())
    for hint in done.hints:
        click.echo(f"edge-emo: {hint}", err=True)


def _labels(given: tuple[str, ...]) -> tuple[str, str | None]:
    """Return which labels to compare with, and the order of the scores where one is given."""
    sets = [text for text in given if text in LABEL_SETS]
    orders = [text for text in given if "," in text]
    unknown = [text for text in given if text not in LABEL_SETS and "," not in text]
    if unknown or len(sets) > 1 or len(orders) > 1:
        raise click.BadParameter(
            f"'{(unknown or given)[0]}' is neither one of {', '.join(LABEL_SETS)} nor an order of "
            "seven emotions with commas",
            param_hint="--labels",
        )
    return next(iter(sets), "fer"), next(iter(orders), None)
