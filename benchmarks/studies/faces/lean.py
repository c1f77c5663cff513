"""Is it known how far a head leans, and what does turning its crop upright give?

    python -m benchmarks.studies.faces.lean --data wild

The data are faces with room around them (`edge.evaluation.datasets.tiles`) whose eyes are known. Each is
enlarged twice, made to lean, every second one to the left, and then found, cut out and classified.
"""

import math
from pathlib import Path

import click
import cv2
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.faces.crop import crop_upright, roll
from edge.faces.detector import FACE, Detection
from edge.faces.network import NetworkDetector
from edge.faces.pyramid import Pyramid
from edge.support.boxes import same_face

from ..crops import Tile, read_tiles

ROLLS = (0, 10, 20, 30, 45)  # degrees
LARGER = 2


class OwnEyes(NetworkDetector):
    """The network with the eyes that its looks at a face give."""

    def _with_lean(self, picture: Pyramid, one: Detection) -> Detection:
        return one


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Sheets of faces.")
@click.option("--model", metavar="NAME|FILE", help="The model to measure.")
@click.option("--expect", default="everyday", show_default=True, help="As for `edge-emo run`.")
@click.option("--most", default=240, help="Faces to take, spread evenly, of the split for testing.")
@verbose_option
def main(data: Path, model: str | None, expect: str, most: int) -> None:
    """Measure the errors of the lean, and the accuracy with and without turning."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.emotions.prior import corrected, factors_of, find_expectation
    from edge.inference.model_file import find_model, read_model

    tiles = read_tiles(data, most, "test")
    file = read_model(find_model(model))
    classifier = TFLiteClassifier(file)
    factors = factors_of(file, find_expectation(expect))
    ways = {"own eyes": OwnEyes(), "with looks": NetworkDetector()}

    def is_right(gray: np.ndarray, one: Detection, turned: bool, label: int) -> bool:
        eyes = one.eyes if turned else None
        scores = classifier.classify(crop_upright(gray, one.box, eyes, classifier.input_size))
        return int(corrected(scores[None], factors)[0].argmax()) == label

    click.echo(
        f"{len(tiles)} faces; median and 9 of 10 errors of the lean, degrees; right emotions"
    )
    click.echo(f"{'roll':>4}{'found':>7}{'as it is':>10}" + "".join(f"{name:>24}" for name in ways))
    for degrees in ROLLS:
        plain: list[bool] = []
        cells = ""
        for detector in ways.values():
            errors, right, plain = [], [], []
            for number, tile in enumerate(tiles):
                gray, box, lean = _leaning(tile, degrees * (-1) ** number)
                found = [f for f in detector.detect(gray) if f.score >= FACE]
                one = next((f for f in found if same_face(f.box, box)), None)
                if one is not None:
                    errors.append(abs(roll(one.eyes) - lean))
                    right.append(is_right(gray, one, True, tile.label))
                    plain.append(is_right(gray, one, False, tile.label))
            middle, far = np.percentile(errors, [50, 90])
            cells += f"{middle:>8.1f} {far:>6.1f} {np.mean(right):>8.1%}"
        click.echo(f"{degrees:>4}{len(plain) / len(tiles):>7.1%}{np.mean(plain):>10.1%}{cells}")


def _leaning(tile: Tile, degrees: float) -> tuple[np.ndarray, tuple[int, int, int, int], float]:
    """Return the tile enlarged and turned clockwise, the face's box, and its lean in all, degrees."""
    gray = cv2.resize(tile.gray, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
    x, y, width, height = (LARGER * n for n in tile.box)
    turn = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), -degrees, 1.0)
    turned = cv2.warpAffine(gray, turn, gray.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    (right_x, right_y), (left_x, left_y) = tile.eyes
    own = math.degrees(math.atan2(left_y - right_y, left_x - right_x))
    return turned, (round(x), round(y), round(width), round(height)), own + degrees


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.faces.lean")
