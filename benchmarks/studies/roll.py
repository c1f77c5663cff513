"""How right are models about heads that lean?

    python -m benchmarks.studies.roll --data fer2013.csv --labels ferplus --model edge-s

Every face is turned within its crop, half of them each way, what comes in from outside repeating the
edge, and is then classified.
"""

from pathlib import Path

import click
import cv2
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option

ANGLES = (0, 10, 20, 30, 45)  # degrees


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A data set.")
@click.option("--split", help="Which part of it.  [default: the one kept for testing]")
@click.option("--labels", type=click.Choice(["fer", "ferplus"]), default="fer")
@click.option("--model", "models", multiple=True, default=("edge-s",), metavar="NAME|FILE")
@click.option("--expect", metavar="NAME|FILE", help="As for `edge-emo evaluate`.")
@verbose_option
def main(
    data: Path, split: str | None, labels: str, models: tuple[str, ...], expect: str | None
) -> None:
    """Measure the accuracy on faces that are turned."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.emotions.prior import corrected, factors_of, find_expectation
    from edge.evaluation.datasets import load_split
    from edge.evaluation.datasets.ferplus import with_majority
    from edge.evaluation.prediction import predict_all
    from edge.inference.model_file import find_model, read_model

    click.echo(f"{'model':12}" + "".join(f"{angle:>8}" for angle in ANGLES) + "  degrees")
    for name in models:
        model = read_model(find_model(name))
        classifier = TFLiteClassifier(model)
        faces = load_split(data, split, classifier.input_size)
        if labels == "ferplus":
            faces = with_majority(faces)
        cells = []
        for angle in ANGLES:
            scores = predict_all(classifier, turned(faces.images, angle))
            if expect:
                scores = corrected(scores, factors_of(model, find_expectation(expect)))
            cells.append(float((scores.argmax(axis=1) == faces.labels).mean()))
        click.echo(f"{model.name:12}" + "".join(f"{cell:>8.1%}" for cell in cells))


def turned(faces: np.ndarray, degrees: float) -> np.ndarray:
    """Return uint8 faces `[n, height, width, ...]` turned, every second one the other way."""
    height, width = faces.shape[1:3]
    centre = ((width - 1) / 2, (height - 1) / 2)
    ways = [cv2.getRotationMatrix2D(centre, sign * degrees, 1.0) for sign in (1, -1)]
    return np.stack(
        [
            cv2.warpAffine(face, ways[n % 2], (width, height), borderMode=cv2.BORDER_REPLICATE)
            for n, face in enumerate(faces)
        ]
    )


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.roll")
