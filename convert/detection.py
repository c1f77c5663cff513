"""Make the face detector's file: a trained network becomes full int8, measured against itself.

    python -m convert.detection runs/face-finder -o models/face-finder.tflite

The folder is what `python -m train.faces` wrote: `network.keras`, and `scenes.npz` with known faces, half to
calibrate with, half to measure on.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from edge import __version__
from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.faces.maps import UNIT, Map, Maps, decode, distinct_places
from edge.inference.model_file import DETECTION, WINDOW, write_model
from edge.inference.runtime import Runtime
from edge.support.errors import ConversionError

from .reading.backend import start_tensorflow

start_tensorflow()

import keras  # noqa: E402 (it has to be started first, quietly)
import tensorflow as tf  # noqa: E402

from .reading.network import Network  # noqa: E402
from .writing.packaging import tools  # noqa: E402
from .writing.quantize import to_tflite  # noqa: E402
from .writing.windows import takes_windows  # noqa: E402

STRIDES = (8, 16, 32)
NAMES = (
    "face (logit)", "thing (logit)", "x", "y", "width (log)", "height (log)",
    "right eye x", "right eye y", "left eye x", "left eye y",
)  # fmt: skip
READING = (
    "Of the cell in column c and row r of a map: score = sqrt(sigmoid(face) * sigmoid(thing)); middle of the "
    "box = ((c + x) * stride, (r + y) * stride); its sides = exp(width) * stride, exp(height) * stride; an eye = "
    "((c + x) * stride, (r + y) * stride). The eyes are the person's own right and left one."
)
LICENSE = "Apache-2.0; begun with YuNet's weights, Copyright (c) 2020-2023 Shiqi Yu, MIT licence"
# How a device feeds it: a picture is reduced until the smallest face wanted is so wide, within these.
SMALLEST, LEAST_HEIGHT, MOST_HEIGHT = 12, 240, 480  # pixels
MOST_LOST = 0.01  # of the recall; a file that loses more is not written


@dataclass(frozen=True)
class Scenes:
    """Pictures whose faces are known.

    Attributes:
        pictures: uint8 `[n, height, width]`.
        boxes: of each picture, x, y, width, height, float32 `[faces, 4]`.
    """

    pictures: np.ndarray
    boxes: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, which: slice) -> "Scenes":
        """Return some of them."""
        return Scenes(self.pictures[which], self.boxes[which])


@dataclass(frozen=True)
class Parity:
    """How many faces the network and its file find.

    Attributes:
        recall: share of the faces that are found, 0..1.
        wrong: boxes on no face, in a picture.
    """

    recall: float
    wrong: float


def read_scenes(path: Path) -> Scenes:
    """Read what `python -m train.faces` wrote. Raises: ConversionError."""
    try:
        with np.load(path) as arrays:
            boxes = [b[~np.isnan(b[:, 0])] for b in arrays["boxes"]]
            return Scenes(arrays["pictures"], tuple(boxes))
    except (OSError, KeyError, ValueError) as error:
        raise ConversionError(
            f"{path}: cannot be read: {error}; python -m train.faces makes it"
        ) from error


def resizable(model: keras.Model, height: int, width: int) -> keras.Model:
    """Return the network for pictures of one size, in operators that do not depend on it.

    TFLite writes the size into a resizing; four copies and a change from depth to space do the same,
    so that an interpreter may be given a picture of another size.
    """

    def replaced(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.UpSampling2D):
            return _Doubled(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    picture = keras.Input((height, width, 1), name="picture")
    clone = keras.models.clone_model(model, input_tensors=picture, clone_function=replaced)
    clone.set_weights(model.get_weights())
    return clone


class _Doubled(keras.layers.Layer):
    """Each pixel four times, as `UpSampling2D(2)`."""

    def call(self, x: Any) -> Any:
        return tf.nn.depth_to_space(tf.concat([x, x, x, x], -1), 2)


def to_int8(model: keras.Model, scenes: Scenes) -> bytes:
    """Return the network as a full int8 flatbuffer. Raises: ConversionError."""
    height, width = scenes.pictures.shape[1:]
    fixed = resizable(model, height, width)
    network = Network(
        model.name,
        Path(),
        (height, width, 1),
        lambda x: fixed(x, training=False),
        False,
        held=fixed,
    )
    # The first spans 0..255, so that the input's scale is 1 and `int8 = uint8 - 128` exact.
    first = scenes.pictures[:1].astype(np.float32)
    first = np.rint((first - first.min()) * 255 / np.ptp(first)).astype(np.uint8)
    plain = to_tflite(network, "int8", np.concatenate([first, scenes.pictures[1:]]))
    return takes_windows(plain)


def float_maps(model: keras.Model) -> Callable[[np.ndarray], list[Map]]:
    """Return what gives the network's own maps of a uint8 picture."""
    compiled = tf.function(lambda pictures: model(pictures, training=False))

    def maps(picture: np.ndarray) -> list[Map]:
        outputs = compiled(picture[None, :, :, None].astype(np.float32))
        return [
            Map(np.asarray(values)[0], 1.0, 0, stride)
            for values, stride in zip(outputs, STRIDES, strict=True)
        ]

    return maps


class FileMaps:
    """The maps of a flatbuffer, from the interpreter that is installed."""

    def __init__(self, flatbuffer: bytes, interpreter: str | None = None) -> None:
        self._network = Maps(Runtime(interpreter).open(flatbuffer))

    def __call__(self, picture: np.ndarray) -> list[Map]:
        return self._network.run(picture)


def measure(maps: Callable[[np.ndarray], list[Map]], scenes: Scenes, threshold: float) -> Parity:
    """Return how many faces are found where a box counts that lies on a face's middle."""
    found = faces = wrong = 0
    for picture, truth in zip(scenes.pictures, scenes.boxes, strict=True):
        cells = decode(maps(picture), threshold)
        boxes = [cells.boxes[place] for place in distinct_places(cells)]
        hits = [next((i for i, b in enumerate(boxes) if _on(face, b)), None) for face in truth]
        faces += len(truth)
        found += sum(hit is not None for hit in hits)
        wrong += len(boxes) - len({hit for hit in hits if hit is not None})
    return Parity(found / max(1, faces), wrong / max(1, len(scenes)))


def _on(face: np.ndarray, box: np.ndarray) -> bool:
    middle = face[:2] + face[2:] / 2
    inside = bool(((box[:2] <= middle) & (middle <= box[:2] + box[2:])).all())
    return inside and 0.4 * face[2] <= box[2] <= 2.5 * face[2]


def describe(
    name: str, threshold: float, scenes: Scenes, parity: dict[str, Parity], flatbuffer: bytes
) -> dict[str, Any]:
    """Return the file's `model.json`."""
    return {
        "name": name,
        "version": __version__,
        "task": DETECTION,
        "architecture": "yunet",
        "precision": "int8",
        "input": describe_input(flatbuffer),
        "outputs": {"strides": list(STRIDES), "channels": list(NAMES), "reading": READING},
        "detection": {
            "threshold": threshold,
            "smallest_face": SMALLEST,
            "least_height": LEAST_HEIGHT,
            "most_height": MOST_HEIGHT,
        },
        "labels": ["face"],
        "evaluation": {
            "data": f"{len(scenes)} scenes made of faces and backgrounds that were kept back",
            **{kind: asdict(value) for kind, value in parity.items()},
        },
        "license": LICENSE,
        "tools": tools(),
    }


def describe_input(flatbuffer: bytes) -> dict[str, Any]:
    """Return what the file takes, as `model.json` says it."""
    (place,) = Runtime().open(flatbuffer).get_input_details()
    shape = [int(n) for n in place["shape"]]
    meaning = "gray picture, pixels 0..255 as they are (int8 = uint8 - 128)"
    if shape[-1] == WINDOW:
        meaning += (
            "; at every second pixel of every second row, as channels: the rows above, of and below it, "
            "of each the pixel to the left, the one there, two to the right; black beyond the picture"
        )
    return {
        "shape": shape,
        "dtype": "int8",
        "meaning": meaning,
        "resizable": f"to any picture whose height and width are multiples of {UNIT}",
    }


@click.command(context_settings={"show_default": True})
@click.argument("run", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--threshold", default=0.7, help="Score from which on a box is a face.")
@verbose_option
def main(run: Path, output: Path, threshold: float) -> None:
    """Write OUTPUT, the int8 file of the network in the folder RUN."""
    try:
        model = keras.models.load_model(run / "network.keras", compile=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConversionError(f"{run / 'network.keras'}: cannot be read: {reason}") from error
    scenes = read_scenes(run / "scenes.npz")
    test = scenes.part(slice(1, None, 2))
    flatbuffer = to_int8(model, scenes.part(slice(0, None, 2)))
    parity = {
        "float32": measure(float_maps(model), test, threshold),
        "int8": measure(FileMaps(flatbuffer), test, threshold),
    }
    for kind, value in parity.items():
        click.echo(f"{kind:8} {value.recall:7.2%} of the faces, {value.wrong:.3f} wrong a picture")
    lost = parity["float32"].recall - parity["int8"].recall
    if lost > MOST_LOST:
        raise ConversionError(
            f"not written: int8 loses {lost:.2%} of the faces; calibrate with more scenes"
        )
    write_model(output, flatbuffer, describe(output.stem, threshold, test, parity, flatbuffer))
    click.echo(f"{output}: {output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    run_command(command=main, name="python -m convert.detection")
