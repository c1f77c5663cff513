"""`edge-emo evaluate`: accuracy of a model on labelled faces."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import load, verbose_option

if TYPE_CHECKING:
    import numpy as np

    from ..dataset import LabelledFaces


@click.command("evaluate", context_settings={"show_default": True})
@click.option("--model", metavar="NAME|FILE", help="A .tflite, a .keras or a shipped model's name.")
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="The data set's folder."
)
@click.option("--split", help="train, test or validation.  [default: test]")
@click.option("--json", "json_file", type=click.Path(), metavar="FILE|-", help="Write all as JSON.")
@click.option("--threads", default=1, help="Threads of the TFLite interpreter.")
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@verbose_option
def command(
    model: str | None,
    data: Path,
    split: str | None,
    json_file: str | None,
    threads: int,
    interpreter: str | None,
) -> None:
    """Measure a model on labelled faces: accuracy, recall of each emotion, confusion matrix.

    The data is a folder with train/ and test/ in it, or with one folder per emotion.

    \b
    Examples:
      edge-emo evaluate --data fer2013
      edge-emo evaluate --model runs/mine/model.keras --data fer2013 --json scores.json
    """
    from ..atomic import write_text
    from ..dataset import load_split
    from ..metrics import score
    from ..modelfile import find_model
    from ..progress import progress_bar

    path = find_model(model)
    with progress_bar("reading") as progress:
        size = _input_size(path)
        faces = load_split(data, split, size, progress)
    scores = _predict(path, faces, threads, interpreter)
    card = score(faces.labels, scores.argmax(axis=1))
    report = {
        "model": str(path),
        "data": str(data),
        "split": faces.split,
        "skipped": [str(p) for p in faces.skipped],
        **card.as_dict(),
    }
    text = json.dumps(report, indent=1)
    if json_file == "-":
        click.echo(text)
        return
    if json_file:
        write_text(Path(json_file), text + "\n")
    for file in faces.skipped:
        click.echo(f"edge-emo: {file}: is no readable image; skipped", err=True)
    click.echo(f"{path.name} on {card.faces} faces of {data} ({faces.split})")
    click.echo(f"accuracy {card.accuracy:.2%}   balanced accuracy {card.balanced_accuracy:.2%}\n")
    click.echo(card.as_text())


def _input_size(path: Path) -> tuple[int, int]:
    if path.suffix == ".keras":
        return (48, 48)
    from ..modelfile import read_model

    return read_model(path).input_size


def _predict(
    path: Path, faces: "LabelledFaces", threads: int, interpreter: str | None
) -> "np.ndarray":
    if path.suffix == ".keras":
        load("train.backend:start_keras")()
        model = load("convert.keras_model:load_keras")(path)
        return load("convert.keras_model:predict")(model, faces.images)
    from ..classifier import TFLiteClassifier
    from ..evaluation import predict_all
    from ..modelfile import read_model
    from ..progress import progress_bar

    classifier = TFLiteClassifier(read_model(path), threads, interpreter)
    with progress_bar("evaluating") as progress:
        return predict_all(classifier, faces.images, progress)
