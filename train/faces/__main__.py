"""Train the face detector: YuNet's weights, taught on faces set into photographs.

    python -m train.faces --start face_detection_yunet_2023mar.onnx --faces wild \
        --backgrounds photos --out runs/face-detector

The same command goes on where a stopped run was.
"""

import os
from pathlib import Path

import click

from edge.cli import main as run_command
from edge.cli import verbose_option

from ..learning.devices import start_keras

os.environ.setdefault("OMP_NUM_THREADS", "1")
start_keras()

from .start import WHERE, start_network  # noqa: E402 (Keras has to be started first, quietly)
from .tiles import Material, held_out, read_pictures, read_tiles  # noqa: E402
from .training import Plan, train, write_scenes  # noqa: E402

FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command(context_settings={"show_default": True})
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    required=True,
    help=f"{WHERE}; or the network.keras of an earlier run.",
)
@click.option(
    "--faces", type=FOLDER, required=True, help="Sheets of face tiles with labels.csv (tiles.py)."
)
@click.option(
    "--backgrounds",
    type=FOLDER,
    required=True,
    help="Pictures without faces; those with transparency are set into others.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--steps", default=Plan.steps)
@click.option("--batch", default=Plan.batch)
@click.option("--rate", default=Plan.rate, help="The highest learning rate.")
@click.option("--empty", default=Plan.empty, help="Share of scenes without a face.")
@click.option("--seed", default=Plan.seed)
@verbose_option
def main(
    start: Path,
    faces: Path,
    backgrounds: Path,
    out: Path,
    steps: int,
    batch: int,
    rate: float,
    empty: float,
    seed: int,
) -> None:
    """Write OUT/network.keras, the averaged weights, after each epoch.

    OUT/scenes.npz holds scenes of faces and backgrounds that it never learns from, to convert with.
    """
    out.mkdir(parents=True, exist_ok=True)
    photos, things = read_pictures(backgrounds)
    material = Material(read_tiles(faces), tuple(photos), tuple(things))
    taught = held_out(material, held=False)
    plan = Plan(steps=steps, batch=batch, rate=rate, empty=empty, seed=seed)
    write_scenes(held_out(material, held=True), out / "scenes.npz", seed)
    click.echo(
        f"{len(taught.tiles)} faces, {len(taught.backgrounds)} backgrounds, "
        f"{len(taught.things)} things; {steps} steps of {batch} scenes"
    )
    train(start_network(start), taught, plan, out)
    click.echo(f"{out / 'network.keras'}")


if __name__ == "__main__":
    run_command(command=main, name="python -m train.faces")
