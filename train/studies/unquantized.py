"""Turn an int8 model of the edge or face family back into its Keras network, to continue training it.

    python -m train.studies.unquantized edge-xs runs/edge-xs-start.keras --data fer2013.csv

The int8 weights of the edge family have batch norm folded in. Each batch norm gets the statistics that
its inputs have on faces of the data, and the scale and offset that give back what was folded, so the
network answers as the file does, but for rounding. The face family has no batch norm.
"""

from pathlib import Path
from typing import Any

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option

FACES = 1024  # that the statistics are taken from
_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@click.command()
@click.argument("model")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Faces like its own.")
@verbose_option
def main(model: str, output: Path, data: Path) -> None:
    """Write the Keras network of MODEL, a file or a shipped model's name, to OUTPUT."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.evaluation.datasets import load_split
    from edge.evaluation.prediction import predict_all
    from edge.inference.model_file import find_model, read_model
    from edge.support.errors import TrainingError

    from ..learning.devices import start_keras

    start_keras()
    import keras

    from ..architectures import ARCHITECTURES
    from ..cost import CONVOLUTIONS
    from ..learning.training import save_model

    read = read_model(find_model(model))
    name = read.about["architecture"]
    if name not in ARCHITECTURES:
        raise TrainingError(f"{read.path}: its architecture '{name}' is not one of edge-emo's")
    network = ARCHITECTURES[name].build()
    faces = load_split(data, "train")
    order = np.random.default_rng(0).permutation(len(faces))[:FACES]
    images = faces.images[np.sort(order)]
    weights = _weights(read.flatbuffer)
    pixels = images[..., None].astype("f4")
    folded = iter(weights)
    layers: Any = network.layers
    for layer in layers:
        if isinstance(layer, CONVOLUTIONS):
            kernel, bias = next(folded)
            layer.set_weights([kernel.transpose(1, 2, 3, 0), bias][: len(layer.weights)])
            before = layer
        elif isinstance(layer, keras.layers.BatchNormalization):
            sums = keras.Model(network.inputs, before.output).predict(pixels, verbose=0)
            mean, variance = sums.mean(axis=(0, 1, 2)), sums.var(axis=(0, 1, 2))
            scale = np.sqrt(variance + layer.epsilon)
            layer.set_weights([scale, mean + bias, mean, variance])
        elif isinstance(layer, keras.layers.Dense):
            kernel, bias = next(folded)
            layer.set_weights([kernel.T, bias])
    wanted = predict_all(TFLiteClassifier(read), images)
    got = network.predict(pixels, verbose=0)
    same = float((wanted.argmax(axis=1) == got.argmax(axis=1)).mean())
    if same < 0.9:
        raise TrainingError(f"{read.path}: only {same:.1%} of the faces get the same emotion")
    save_model(network, output)
    click.echo(
        f"{output}: the same emotion as {read.path.name} for {same:.1%} of {len(images)} faces"
    )


def _weights(flatbuffer: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return weights and biases of the convolutions and dense layers, float, in their order."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(
        model_content=flatbuffer,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    details = {d["index"]: d for d in interpreter.get_tensor_details()}
    found = []
    for op in interpreter._get_ops_details():  # there is no public way to see them
        if op["op_name"] in _KINDS:
            _, kernel, bias = (int(index) for index in op["inputs"][:3])
            found.append((_float(interpreter, details[kernel]), _float(interpreter, details[bias])))
    return found


def _float(interpreter: Any, detail: dict[str, Any]) -> np.ndarray:
    values = interpreter.get_tensor(detail["index"]).astype("f4")
    quantized = detail["quantization_parameters"]
    if not len(quantized["scales"]):
        return values
    shape = [1] * values.ndim
    shape[quantized["quantized_dimension"]] = -1
    scales, zeros = quantized["scales"].reshape(shape), quantized["zero_points"].reshape(shape)
    return (values - zeros) * scales


if __name__ == "__main__":
    run_command(command=main, name="python -m train.studies.unquantized")
