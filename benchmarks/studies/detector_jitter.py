"""How far are the detector's boxes from the crops that the network learnt from?

    python -m benchmarks.studies.detector_jitter --data fer2013

Each face of the data set is enlarged, given a mirrored margin, and looked for by the Haar cascade. What
comes out is how its box lies against the data set's own crop, and how accurate the shipped model is on
either.
"""

from pathlib import Path

import click
import cv2
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.faces.haar import find_cascade

SIDE = 144  # pixels that a face is enlarged to
MARGIN = SIDE // 2


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A data set.")
@click.option("--model", metavar="NAME|FILE", help="The model to measure.")
@verbose_option
def main(data: Path, model: str | None) -> None:
    """Measure the detector's boxes against the faces' own crops."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.evaluation.datasets import load_split
    from edge.faces.crop import crop_face
    from edge.inference.model_file import find_model, read_model

    faces = load_split(data)
    classifier = TFLiteClassifier(read_model(find_model(model)))
    cascade = cv2.CascadeClassifier(str(find_cascade()))
    found, right_whole, right_boxed = [], [], []
    for face, label in zip(faces.images, faces.labels, strict=True):
        picture = _with_margin(face)
        box = _box(cascade, picture)
        if box is None:
            continue
        x, y, side, _ = box
        centre = (np.array([x, y]) + side / 2 - MARGIN - SIDE / 2) / SIDE
        found.append((*centre, side / SIDE))
        crop = crop_face(picture, box, classifier.input_size)
        right_boxed.append(classifier.classify(crop).argmax() == label)
        right_whole.append(classifier.classify(face).argmax() == label)
    click.echo(f"{len(found)} of {len(faces)} faces are found by the detector")
    click.echo(f"{'in sides of the crop':24}{'mean':>8}{'sd':>8}{'5 %':>8}{'95 %':>8}")
    columns = np.array(found).reshape(-1, 3).T
    for name, values in zip(("centre, across", "centre, down", "side"), columns, strict=True):
        low, high = np.percentile(values, (5, 95))
        click.echo(f"{name:24}{np.mean(values):>8.3f}{np.std(values):>8.3f}{low:>8.3f}{high:>8.3f}")
    click.echo(
        f"accuracy on the crops {np.mean(right_whole):.2%}, on the boxes {np.mean(right_boxed):.2%}"
    )


def _with_margin(face: np.ndarray) -> np.ndarray:
    large = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    margins = (MARGIN,) * 4
    return cv2.copyMakeBorder(large, *margins, cv2.BORDER_REFLECT_101)


def _box(cascade: cv2.CascadeClassifier, picture: np.ndarray) -> tuple[int, int, int, int] | None:
    """Return the box nearest to the middle, if one is near: the mirrored margins hold faces too."""
    smallest, largest = round(0.55 * SIDE), round(1.55 * SIDE)
    boxes = cascade.detectMultiScale(
        picture, 1.05, 4, minSize=(smallest, smallest), maxSize=(largest, largest)
    )
    middle = picture.shape[0] / 2
    near = [
        (abs(x + w / 2 - middle) + abs(y + h / 2 - middle), (int(x), int(y), int(w), int(h)))
        for x, y, w, h in boxes
    ]
    way, box = min(near, default=(np.inf, None))
    return box if way < 0.4 * SIDE else None


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.detector_jitter")
