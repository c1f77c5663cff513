"""Write into model files what they answer on average, so that they can be corrected for an expectation.

    python -m convert.studies.mean_answer MODEL.tflite ... --data fer2013.csv

`edge-emo convert` does so by itself; this is for files that were converted before it did.
"""

from pathlib import Path

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.emotions.classifier import TFLiteClassifier
from edge.emotions.prior import mean_answer
from edge.evaluation.datasets import find_splits, load_split
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import read_model, write_model
from edge.support.progress import progress_bar

MEANT = 3000  # faces, as in `convert.inputs`


@click.command()
@click.argument("models", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="What they learnt from."
)
@verbose_option
def main(models: tuple[Path, ...], data: Path) -> None:
    """Write their mean answer into MODELS."""
    for path in models:
        model = read_model(path)
        classifier = TFLiteClassifier(model)
        split = "train" if "train" in find_splits(data) else None
        with progress_bar("reading faces") as progress:
            faces = load_split(data, split, classifier.input_size, progress)
        order = np.sort(np.random.default_rng(0).permutation(len(faces))[:MEANT])
        with progress_bar(f"asking {path.name}") as progress:
            scores = predict_all(classifier, faces.images[order], progress)
        write_model(path, model.flatbuffer, {**model.about, **mean_answer(scores)})
        shares = " ".join(f"{share:.3f}" for share in scores.mean(axis=0))
        click.echo(f"{path}: {shares} on {len(order)} faces of {data}")


if __name__ == "__main__":
    run_command(command=main, name="python -m convert.studies.mean_answer")
