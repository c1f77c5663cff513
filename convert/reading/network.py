"""A float classifier as edge-emo means it: raw pixels 0..255 in, the seven emotions' scores out.

Whatever a model was saved as, and whatever it was fed where it was trained, `load_network` brings
it to that: what is missing is added to its graph, and reported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from edge.evaluation.prediction import Conventions
from edge.support.errors import ConversionError, DatasetError, ModelError
from edge.support.labels import EMOTIONS, emotion_index, is_other
from edge.support.quiet import quiet_stderr

from .keras_model import KERAS_SUFFIXES, check_shapes, load_keras
from .untrusted import check_saved_model

# What a model may have been fed where it was trained: 0..255 becomes pixel * scale + offset.
RAW = "0..255"
INPUT_RANGES = {"0..1": (1 / 255, 0.0), "-1..1": (2 / 255, -1.0), RAW: (1.0, 0.0)}

_BATCH = 256
_SCALES = {"Mul", "RealDiv", "Sub", "AddV2", "Add"}
_PASSES = {
    "Identity",
    "Pad",
    "PadV2",
    "ResizeBilinear",
    "Cast",
    "Reshape",
    "Transpose",
    "ExpandDims",
    "Squeeze",
    "PlaceholderWithDefault",
}


@dataclass(frozen=True)
class Network:
    """A float model.

    Attributes:
        name: its own.
        path: where it was read.
        shape: height, width and channels (1 gray, 3 RGB) of a face.
        call: float32 `[n, *shape]`, 0..255, to float32 `[n, 7]`, columns as in `EMOTIONS`.
        scaled: its own graph begins by scaling its input.
        batch: faces that it takes at a time; None takes any number.
        changes: what was added to its graph.
        held: what the graph's variables live in.
        left_out: scores that it gave and that have no counterpart among `EMOTIONS`.
    """

    name: str
    path: Path
    shape: tuple[int, int, int]
    call: Callable[[tf.Tensor], tf.Tensor]
    scaled: bool
    batch: int | None = None
    changes: tuple[str, ...] = ()
    held: Any = field(default=None, repr=False)
    left_out: tuple[str, ...] = ()

    @property
    def face_shape(self) -> tuple[int, ...]:
        """Height and width of a gray face; or height, width and 3, RGB."""
        return self.shape[:2] if self.shape[2] == 1 else self.shape


def load_network(path: Path, scores: int = len(EMOTIONS)) -> Network:
    """Return the model in a `.keras` or `.h5` file or a SavedModel's folder, as it was saved.

    Args:
        scores: how many it gives.

    Raises:
        ModelError: it is missing, damaged, of another shape, or its weights are not numbers.
    """
    if path.is_dir():
        network = _read_saved_model(path, scores)
    elif path.suffix.lower() in KERAS_SUFFIXES or not path.exists():
        network = from_keras(load_keras(path, scores), path)
    else:
        raise ModelError(
            f"{path}: is not a model known here; give a {' or '.join(KERAS_SUFFIXES)} file or the "
            "folder of a SavedModel"
        )
    graph = freeze(network).graph.as_graph_def()
    _check_weights(path, graph)
    return replace(network, scaled=_begins_by_scaling(graph))


def from_keras(model: keras.Model, path: Path) -> Network:
    """Return a Keras model that was read from `path` as a network, unchanged."""
    _, height, width, channels = model.input_shape
    shape = (height, width, channels)
    return Network(model.name, path, shape, partial(model, training=False), False, held=model)


def with_conventions(network: Network, conventions: Conventions) -> Network:
    """Return the network made fit for raw RGB pixels, and with its scores in the order of `EMOTIONS`.

    Raises:
        ConversionError: the conventions do not fit the network.
    """
    if conventions.labels:
        network = with_labels(network, list(conventions.labels))
    if conventions.channels == "bgr":
        network = _with_swapped_channels(network)
    channels = network.shape[2]
    for name, numbers in (("mean", conventions.mean), ("deviation", conventions.deviation)):
        if len(numbers) > 1 and channels == 1:
            raise ConversionError(
                f"--{name}: three numbers, but {network.path} takes a gray face; give one"
            )
    if conventions.per_image:
        network = _standardised(network)
    if not (conventions.mean or conventions.deviation):
        return with_input_range(network, conventions.input_range or RAW)
    first_scale, first_offset = INPUT_RANGES[conventions.input_range or RAW]
    mean = np.array(conventions.mean or (0.0,), np.float32)
    deviation = np.array(conventions.deviation or (1.0,), np.float32)
    what = f"its input is brought from 0..255 to {conventions.input_range or RAW}, then "
    what += f"less {_listed(mean)} and divided by {_listed(deviation)}"
    return _scaled(network, first_scale / deviation, (first_offset - mean) / deviation, what)


def with_input_range(network: Network, name: str) -> Network:
    """Return the network with the raw pixels brought to the range that it was trained on.

    Args:
        name: a key of `INPUT_RANGES`.
    """
    if name == RAW:
        return network
    scale, offset = INPUT_RANGES[name]
    return _scaled(network, scale, offset, f"its input is brought from 0..255 to {name}")


def check_scaled(network: Network, conventions: Conventions, found: str = "") -> None:
    """Refuse a network that is fed raw pixels and does not scale them.

    Args:
        found: what each range gives, for the message.

    Raises:
        ConversionError.
    """
    said = conventions.input_range or conventions.mean or conventions.deviation
    if network.scaled or said or conventions.per_image:
        return
    raise ConversionError(
        f"{network.path}: its graph does not scale its input, so say which values it was trained on: "
        f"--input-range {', '.join(INPUT_RANGES)}, --mean and --deviation, or --per-image{found}"
    )


def with_labels(network: Network, labels: list[str]) -> Network:
    """Return the network with its scores in the order of `EMOTIONS`.

    Args:
        labels: the order in which the model gives them; names as data sets use them. Several of one
            emotion are summed; what is none of the seven, such as contempt or '-', is left out.

    Raises:
        ConversionError: a name is not known, fewer than two emotions are among them, or of seven
            names one stands twice.
    """
    order = [_counterpart(label) for label in labels]
    if len(set(order) - {None}) < 2:
        raise ConversionError(
            f"--labels names {len(labels)}: {', '.join(labels)}; name each score in the model's order: "
            f"{', '.join(EMOTIONS)}, or '-' for one that is none of these"
        )
    missing = [name for place, name in enumerate(EMOTIONS) if place not in order]
    if len(labels) == len(EMOTIONS) and None not in order and missing:
        raise ConversionError(
            f"--labels: {', '.join(labels)}: {', '.join(missing)} is missing and another emotion is "
            "named twice; name each once, or write '-' for a score that is none of the seven"
        )
    if sorted(order, key=str) != sorted(range(len(EMOTIONS)), key=str):
        return _mapped(network, labels, order)
    if order == list(range(len(EMOTIONS))):
        return network
    inner, places = network.call, [order.index(i) for i in range(len(EMOTIONS))]

    def call(pixels: tf.Tensor) -> tf.Tensor:
        return tf.gather(inner(pixels), places, axis=1, name="label_order")

    return _changed(network, call, f"its scores are reordered from {', '.join(labels)}")


def _counterpart(label: str) -> int | None:
    """Return the index in `EMOTIONS` of a score's name; None for one that is none of them."""
    if is_other(label):
        return None
    try:
        return emotion_index(label)
    except DatasetError as error:
        raise ConversionError(
            f"--labels: {error}; write '-' for a score that is none of these"
        ) from None


def _mapped(network: Network, labels: list[str], order: list[int | None]) -> Network:
    """Return the network with its scores summed into the seven."""
    noise = np.random.default_rng(0).integers(0, 256, (16, *network.face_shape), np.uint8)
    scores = predict(network, noise)
    shares = scores.min() >= -1e-3 and np.allclose(scores.sum(axis=1), 1, atol=1e-2)
    inner = network.call
    matrix = np.zeros((len(labels), len(EMOTIONS)), np.float32)
    for place, emotion in enumerate(order):
        if emotion is not None:
            matrix[place, emotion] = 1

    def call(pixels: tf.Tensor) -> tf.Tensor:
        given = inner(pixels)
        given = given if shares else tf.nn.softmax(given)
        return tf.matmul(given, tf.constant(matrix), name="label_map")

    left_out = tuple(label for label, emotion in zip(labels, order, strict=True) if emotion is None)
    missing = [name for n, name in enumerate(EMOTIONS) if n not in order]
    what = f"its {len(labels)} scores are summed into the seven: {', '.join(labels)}"
    what += f"; left out: {', '.join(left_out)}" if left_out else ""
    what += f"; it never answers {', '.join(missing)}" if missing else ""
    return replace(_changed(network, call, what), left_out=left_out)


def with_probabilities(network: Network, faces: np.ndarray) -> Network:
    """Return the network with a softmax at its end where its scores of `faces` are none yet."""
    scores = predict(network, faces)
    if scores.min() >= 0 and scores.max() <= 1 + 1e-3:
        return network
    inner = network.call
    return _changed(
        network, lambda pixels: tf.nn.softmax(inner(pixels)), "a softmax is put at its end"
    )


def with_mirror(network: Network) -> Network:
    """Return the network with the mean of its scores for a face and for the face's mirror image.

    Its multiply-adds double, its weights do not. To be taken last: the scores must be probabilities.

    Raises:
        ConversionError: the network takes one face at a time only.
    """
    if network.batch == 1:
        raise ConversionError(
            f"--mirror: {network.path} takes one face at a time; save it with a free batch size"
        )
    inner = network.call

    def call(pixels: tf.Tensor) -> tf.Tensor:
        both = tf.concat([pixels, tf.reverse(pixels, [2])], axis=0, name="mirror")
        scores = tf.reshape(inner(both), (2, -1, len(EMOTIONS)))
        return tf.reduce_mean(scores, axis=0, name="mean_of_both")

    what = "its scores are the mean for the face and its mirror image"
    return _changed(network, call, what)


def predict(
    network: Network, faces: np.ndarray, progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """Return the scores, float32 `[n, scores]`, of uint8 faces `[n, *face_shape]`, a batch at a time."""
    spec = tf.TensorSpec((network.batch, *network.shape), tf.float32)
    compiled = tf.function(network.call, input_signature=[spec])
    scores = []
    for start, part in _batches(faces, network.batch or _BATCH):
        scores.append(compiled(tf.constant(as_input(part))).numpy().astype(np.float32))
        if progress:
            progress(start + len(part), len(faces))
    return np.concatenate(scores)


def as_input(faces: np.ndarray) -> np.ndarray:
    """Return uint8 faces `[n, h, w]` or `[n, h, w, 3]` as float32 `[n, h, w, channels]`, 0..255."""
    return (faces[..., None] if faces.ndim == 3 else faces).astype(np.float32)


def freeze(network: Network) -> Any:
    """Return the network for one face as a concrete function whose weights are constants."""
    spec = tf.TensorSpec((1, *network.shape), tf.float32, name="face")
    with quiet_stderr():
        traced = tf.function(lambda face: network.call(face), input_signature=[spec])
        return convert_variables_to_constants_v2(traced.get_concrete_function())


def _read_saved_model(path: Path, scores: int) -> Network:
    check_saved_model(path)
    try:
        with quiet_stderr():
            loaded = tf.saved_model.load(str(path))
    except Exception as error:  # TensorFlow raises many kinds on damaged files
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{path}: is not a SavedModel that can be read: {reason}") from error
    signatures = dict(loaded.signatures)
    name = "serving_default" if "serving_default" in signatures else next(iter(signatures), None)
    if name is None:
        raise ModelError(
            f"{path}: has no signature to call; save it with model.export(FOLDER), which adds one"
        )
    signature = signatures[name]
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    taken = [tuple(spec.shape) if spec.shape.rank else () for spec in inputs.values()]
    given = [tuple(out.shape) if out.shape.rank else () for out in outputs.values()]
    check_shapes(
        path,
        taken[0] if len(taken) == 1 else taken,
        given[0] if len(given) == 1 else given,
        scores,
    )
    (argument, spec), (result,) = next(iter(inputs.items())), outputs

    def call(pixels: tf.Tensor) -> tf.Tensor:
        return signature(**{argument: tf.cast(pixels, spec.dtype)})[result]

    batch, height, width, channels = taken[0]
    return Network(path.name, path, (height, width, channels), call, False, batch, held=loaded)


def _scaled(network: Network, scale: Any, offset: Any, what: str) -> Network:
    inner = network.call

    def call(pixels: tf.Tensor) -> tf.Tensor:
        scaled = tf.multiply(pixels, tf.constant(scale, tf.float32), name="input_range/scale")
        if not np.any(offset):
            return inner(scaled)
        return inner(tf.add(scaled, tf.constant(offset, tf.float32), name="input_range/shift"))

    return _changed(network, call, what)


def _standardised(network: Network) -> Network:
    """Return the network with each face brought to mean 0 and deviation 1 by itself."""
    inner = network.call
    least = 1 / float(np.sqrt(np.prod(network.shape)))  # of a flat face's deviation

    def call(pixels: tf.Tensor) -> tf.Tensor:
        mean = tf.reduce_mean(pixels, axis=(1, 2, 3), keepdims=True)
        squares = tf.math.squared_difference(pixels, mean)
        variance = tf.reduce_mean(squares, axis=(1, 2, 3), keepdims=True)
        return inner((pixels - mean) * tf.math.rsqrt(tf.maximum(variance, least**2)))

    return _changed(network, call, "each face is brought to mean 0 and deviation 1 by itself")


def _with_swapped_channels(network: Network) -> Network:
    if network.shape[2] != 3:
        raise ConversionError(f"--channels: {network.path} takes a gray face; leave it out")
    inner = network.call

    def call(pixels: tf.Tensor) -> tf.Tensor:
        return inner(tf.gather(pixels, [2, 1, 0], axis=3, name="channel_order"))

    return _changed(network, call, "its channels are swapped from R, G, B to B, G, R")


def _listed(numbers: np.ndarray) -> str:
    return ", ".join(f"{n:g}" for n in numbers)


def _changed(network: Network, call: Callable[[tf.Tensor], tf.Tensor], what: str) -> Network:
    return replace(network, call=call, changes=(*network.changes, what))


def _batches(faces: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(faces), size):
        yield start, faces[start : start + size]


def _check_weights(path: Path, graph: Any) -> None:
    for node in graph.node:
        if node.op != "Const" or not tf.as_dtype(node.attr["dtype"].type).is_floating:
            continue
        values = tf.make_ndarray(node.attr["value"].tensor)
        if not np.isfinite(values.astype(np.float32)).all():
            layer = node.name.partition("/ReadVariableOp")[0]
            raise ModelError(
                f"{path}: the weights of '{layer}' hold NaN or infinity: the training went "
                "astray; take an earlier checkpoint or train again"
            )


def _begins_by_scaling(graph: Any) -> bool:
    """Return whether the first sum on the input is a scaling, not a convolution or the like."""
    (place,) = [n.name for n in graph.node if n.op == "Placeholder"]
    reached = {place}
    for node in graph.node:  # a graph's nodes are not always sorted, but these first ones are
        if not reached & {name.partition(":")[0] for name in node.input}:
            continue
        if node.op in _PASSES:
            reached.add(node.name)
        else:
            return node.op in _SCALES and "batch" not in node.name.lower()
    return False
