"""Average a trained network with YuNet's own weights: what was learnt, and less of what was lost by it.

    python -m train.faces.average face_detection_yunet_2023mar.onnx runs/second --share 0.45 \
        --out runs/face-finder

Between a network and one that was fine-tuned from it, the averages keep most of both (Wortsman et
al. 2022, arXiv:2109.01903).
"""

import shutil
from pathlib import Path

import click

from edge.cli import main as run_command
from edge.cli import verbose_option

from ..learning.devices import start_keras

start_keras()

from .start import load_yunet, start_network  # noqa: E402 (Keras has to be started first, quietly)


@click.command(context_settings={"show_default": True})
@click.argument("yunet", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--share", type=click.FloatRange(0, 1), default=0.45, help="RUN's part in it.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@verbose_option
def main(yunet: Path, run: Path, share: float, out: Path) -> None:
    """Write OUT/network.keras, the average of YUNET and the network in the folder RUN."""
    network = start_network(run / "network.keras")
    pairs = zip(load_yunet(yunet).get_weights(), network.get_weights(), strict=True)
    network.set_weights([(1 - share) * old + share * new for old, new in pairs])
    out.mkdir(parents=True, exist_ok=True)
    network.save(out / "network.keras")
    shutil.copyfile(run / "scenes.npz", out / "scenes.npz")
    click.echo(f"{out / 'network.keras'}")


if __name__ == "__main__":
    run_command(command=main, name="python -m train.faces.average")
