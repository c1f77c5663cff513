"""`edge-emo evaluate`: accuracy of a model on labelled faces."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import load, verbose_option

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ..datasets import LabelledFaces

    Predict = Callable[[np.ndarray], np.ndarray]


@click.command("evaluate", context_settings={"show_default": True})
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
@click.option("--corruptions", is_flag=True, help="Also on faces spoilt as cameras spoil them.")
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
    from ..datasets import load_split
    from ..datasets.ferplus import with_majority
    from ..evaluation.metrics import calibrate, score
    from ..inference.model_file import find_model
    from ..support.atomic import write_text
    from ..support.progress import progress_bar

    path = find_model(model)
    size, predict = _predictor(path, threads, interpreter)
    with progress_bar("reading") as progress:
        faces = load_split(data, split, size, progress)
    given = len(faces)
    if labels == "ferplus":
        faces = with_majority(faces)
    scores = predict(faces.images)
    card = score(faces.labels, scores.argmax(axis=1))
    calibration_error = calibrate(faces.labels, scores).error
    report = {
        "model": str(path),
        "data": str(data),
        "split": faces.split,
        "labelled_by": labels,
        "without_majority": given - len(faces),
        "skipped": list(faces.skipped),
        **card.as_dict(),
        "calibration_error": round(calibration_error, 5),
    }
    if corruptions:
        report["corruptions"] = _accuracies(faces, predict)
    text = json.dumps(report, indent=1)
    if json_file == "-":
        click.echo(text)
        return
    if json_file:
        write_text(Path(json_file), text + "\n")
    for file in faces.skipped:
        click.echo(f"edge-emo: {file}: is no readable image; skipped", err=True)
    if given > len(faces):
        click.echo(f"{given - len(faces)} of {given} faces are left out: no majority of FER+ votes")
    click.echo(f"{path.name} on {card.faces} faces of {data} ({faces.split}, {labels})")
    click.echo(
        f"accuracy {card.accuracy:.2%}   balanced accuracy {card.balanced_accuracy:.2%}   "
        f"expected calibration error {calibration_error:.2%}\n"
    )
    click.echo(card.as_text())
    if corruptions:
        click.echo(_table(card.accuracy, report["corruptions"]))


def _accuracies(faces: "LabelledFaces", predict: "Predict") -> dict[str, list[float]]:
    """Return the accuracy under each corruption, from slight to severe."""
    from ..evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
    from ..support.progress import progress_bar

    found: dict[str, list[float]] = {}
    with progress_bar("spoiling") as progress:
        for done, name in enumerate(CORRUPTIONS, 1):
            told = (predict(corrupt(faces.images, name, s)).argmax(axis=1) for s in STRENGTHS)
            found[name] = [round(float((t == faces.labels).mean()), 5) for t in told]
            progress(done, len(CORRUPTIONS))
    return found


def _table(clean: float, accuracies: dict[str, list[float]]) -> str:
    lines = ["", f"{'accuracy when':15}{'slight':>8}{'medium':>8}{'severe':>8}"]
    for name, row in accuracies.items():
        lines.append(f"{name:15}" + "".join(f"{a:>8.1%}" for a in row))
    columns = [sum(column) / len(accuracies) for column in zip(*accuracies.values(), strict=True)]
    lines.append(f"{'mean':15}" + "".join(f"{a:>8.1%}" for a in columns))
    return "\n".join([*lines, f"{'untouched':15}{clean:>8.1%}"])


def _predictor(
    path: Path, threads: int, interpreter: str | None
) -> tuple[tuple[int, ...], "Predict"]:
    """Return the size of the faces that the model takes, and what scores them."""
    if path.suffix.lower() in (".keras", ".h5", ".hdf5"):
        load("convert.backend:start_tensorflow")()
        model = load("convert.keras_model:load_keras")(path)
        size = load("convert.keras_model:face_shape")(model)
        return size, partial(load("convert.keras_model:predict"), model)
    from ..emotions.classifier import TFLiteClassifier
    from ..evaluation.prediction import predict_all
    from ..inference.model_file import read_model
    from ..support.progress import progress_bar

    classifier = TFLiteClassifier(read_model(path), threads, interpreter)

    def predict(faces: "np.ndarray") -> "np.ndarray":
        with progress_bar("evaluating") as progress:
            return predict_all(classifier, faces, progress)

    return classifier.input_size, predict
