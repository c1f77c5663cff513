"""Does feeding the network cost time? `edge-emo train`'s batches against arrays in memory.

    python -m benchmarks.studies.training_speed --data fer2013 --arch edge-s

One model learns in turn from plain arrays through `model.fit(x, y)`, and from the same faces
through the batches that `edge-emo train` makes, first as the paper's recipe has them, then
augmented. Both compile before the first counted round. What counts is the ratio within the run.
"""

import statistics
import time
from pathlib import Path
from typing import Any

import click

from edge.cli import main as run_command
from edge.cli import verbose_option


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="FER-2013.")
@click.option("--arch", default="edge-s", show_default=True, help="The architecture.")
@click.option("--faces", default=8192, show_default=True, help="Faces of an epoch.")
@click.option("--rounds", default=5, show_default=True, help="Epochs of each kind.")
@verbose_option
def main(data: Path, arch: str, faces: int, rounds: int) -> None:
    """Compare the speed of training from batches with that from arrays."""
    from train.learning.devices import start_keras

    devices = start_keras()
    import keras
    import numpy as np

    from edge.evaluation.datasets import load_split
    from train.architectures import ARCHITECTURES
    from train.data.targets import one_hot
    from train.learning.batches import TrainingBatches, as_input
    from train.recipe import load_recipe

    keras.utils.set_random_seed(1)
    all_faces = load_split(data, "train")
    chosen = all_faces.select(np.random.default_rng(1).permutation(len(all_faces))[:faces])
    model = ARCHITECTURES[arch].build()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    inputs: dict[str, Any] = {
        "arrays": (as_input(chosen.images), one_hot(chosen.labels), np.ones(len(chosen), "f4")),
        "batches": TrainingBatches(chosen, load_recipe("paper"), devices),
        "augmented": TrainingBatches(chosen, load_recipe("edge"), devices),
    }

    def epoch(name: str) -> float:
        given = inputs[name]
        began = time.perf_counter()
        if name == "arrays":
            x, y, weights = given
            model.fit(x, y, sample_weight=weights, batch_size=128, epochs=1, verbose=0)
        else:
            model.fit(given, epochs=1, shuffle=False, verbose=0)
        return len(chosen) / (time.perf_counter() - began)

    for name in inputs:
        epoch(name)
    speeds: dict[str, list[float]] = {name: [] for name in inputs}
    for _ in range(rounds):
        for name, found in speeds.items():
            found.append(epoch(name))
    for name, found in speeds.items():
        ratios = [own / plain for own, plain in zip(found, speeds["arrays"], strict=True)]
        click.echo(
            f"{name:10}{statistics.median(found):8.0f} faces/s   {statistics.median(ratios):.3f} of "
            f"arrays ({min(ratios):.3f} to {max(ratios):.3f} over {rounds} rounds)"
        )
        if name != "arrays":
            inputs[name].close()


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.training_speed")
