"""Which crop of a detected face is classified best: how large, how high, and turned upright or not?

    python -m benchmarks.studies.crops --data wild

The data are faces with room around them (`edge.evaluation.datasets.tiles`), each with a network's box and its
eyes. Squares of several sizes and heights are cut out, and classified; then the heads are made to
lean, and are classified as they lean and turned upright by eyes that are a little off, as a
detector's are.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option

TILE, COLUMNS, SHEET = 96, 40, 1000  # pixels of a tile; tiles in a row and on a sheet
SIDES = (0.8, 0.9, 1.0, 1.1, 1.2)  # of the box's height
DOWN = (
    -0.05,
    0.0,
    0.05,
    0.1,
)  # of the box's height: how far the square's centre lies below the box's
LEANS = (0, 8, 12, 16, 20, 30, 45)  # degrees
EYES_OFF = 0.03  # standard deviation of the eyes' places, of the box's height


@dataclass(frozen=True)
class Tile:
    """A face with room around it: gray, its emotion's index, its box and its eyes, pixels."""

    gray: np.ndarray
    label: int
    box: tuple[float, float, float, float]
    eyes: tuple[tuple[float, float], tuple[float, float]]


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Sheets of faces.")
@click.option("--model", metavar="NAME|FILE", help="The model to measure.")
@click.option("--most", default=3000, help="Faces to take, spread evenly, as many of each emotion.")
@verbose_option
def main(data: Path, model: str | None, most: int) -> None:
    """Measure the accuracy on crops of several kinds."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.faces.crop import crop_face, crop_upright
    from edge.inference.model_file import find_model, read_model

    tiles = read_tiles(data, most)
    classifier = TFLiteClassifier(read_model(find_model(model)))

    def accuracy(crop: Callable[[Tile], np.ndarray]) -> float:
        """Return the mean over the emotions of the share of each that is right."""
        right: dict[int, list[bool]] = {}
        for tile in tiles:
            scores = classifier.classify(crop(tile))
            right.setdefault(tile.label, []).append(int(scores.argmax()) == tile.label)
        return float(np.mean([np.mean(each) for each in right.values()]))

    def squared(tile: Tile, side: float, down: float) -> tuple[int, int, int, int]:
        x, y, width, height = tile.box
        side *= height
        left, top = x + width / 2 - side / 2, y + height * (0.5 + down) - side / 2
        return round(left), round(top), round(side), round(side)

    click.echo(f"{len(tiles)} faces; mean accuracy of the emotions")
    click.echo("side \\ down" + "".join(f"{down:>9.2f}" for down in DOWN))
    for side in SIDES:
        cells = [
            accuracy(
                lambda t, s=side, d=down: crop_face(  # type: ignore[misc]
                    t.gray, squared(t, s, d), classifier.input_size
                )
            )
            for down in DOWN
        ]
        click.echo(f"{side:<11}" + "".join(f"{cell:>9.2%}" for cell in cells))
    rng = np.random.default_rng(1)
    click.echo(f"{'lean':>6}{'as it is':>10}{'upright':>10}")
    for lean in LEANS:
        leaning = [_leaning(tile, lean * (-1) ** n, rng) for n, tile in enumerate(tiles)]
        tiles, kept = leaning, tiles
        plain = accuracy(lambda t: crop_face(t.gray, squared(t, 1, 0), classifier.input_size))
        upright = accuracy(
            lambda t: crop_upright(t.gray, squared(t, 1, 0), t.eyes, classifier.input_size)
        )
        tiles = kept
        click.echo(f"{lean:>6}{plain:>10.2%}{upright:>10.2%}")


def read_tiles(data: Path, most: int, split: str | None = None) -> list[Tile]:
    """Return faces spread evenly over the sheets, as many of each emotion where there are.

    Args:
        split: the people to take, "train" or "test"; all where None.
    """
    from edge.evaluation.datasets.tiles import split_of
    from edge.faces.crop import to_gray
    from edge.support.errors import DatasetError
    from edge.support.image_file import read_image
    from edge.support.labels import EMOTIONS

    with (data / "labels.csv").open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if split in (None, split_of(row["file"]))]
    chosen = []
    emotions = sorted({row["emotion"] for row in rows})
    for emotion in emotions:
        own = [row for row in rows if row["emotion"] == emotion]
        step = max(1.0, len(own) / (most / len(emotions)))
        chosen += [own[int(i * step)] for i in range(int(len(own) / step))]
    sheets: dict[int, np.ndarray] = {}
    tiles = []
    for row in chosen:
        sheet, place = divmod(int(row["face"]), SHEET)
        if sheet not in sheets:
            path = data / f"faces-{sheet:02}.jpg"
            image = read_image(path)
            if image is None:
                raise DatasetError(f"{path}: cannot be read as an image")
            sheets[sheet] = to_gray(image)
        y, x = place // COLUMNS * TILE, place % COLUMNS * TILE
        values = {name: float(text) for name, text in row.items() if name not in _WORDS}
        tiles.append(
            Tile(
                sheets[sheet][y : y + TILE, x : x + TILE],
                EMOTIONS.index(row["emotion"]),
                tuple(values[f"box_{n}"] for n in ("x", "y", "width", "height")),  # type: ignore[arg-type]
                (
                    (values["right_eye_x"], values["right_eye_y"]),
                    (values["left_eye_x"], values["left_eye_y"]),
                ),
            )
        )
    return tiles


_WORDS = ("file", "emotion")


def _leaning(tile: Tile, degrees: float, rng: np.random.Generator) -> Tile:
    """Return the tile turned about the middle of its box, its eyes found not quite exactly."""
    x, y, width, height = tile.box
    matrix = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), degrees, 1.0)
    gray = cv2.warpAffine(tile.gray, matrix, (TILE, TILE), borderMode=cv2.BORDER_REPLICATE)
    off = rng.normal(0, EYES_OFF * height, (2, 2))
    right, left = (
        (float(px), float(py))
        for px, py in (matrix @ (*eye, 1.0) + o for eye, o in zip(tile.eyes, off, strict=True))
    )
    return Tile(gray, tile.label, tile.box, (right, left))


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.crops")
