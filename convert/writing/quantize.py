"""Turn a network into a TFLite flatbuffer of a precision, and look into it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from edge.support.errors import ConversionError
from edge.support.quiet import quiet_stderr

from ..reading.network import Network, as_input, freeze
from ..representative import Representative

Progress = Callable[[int, int], None]

# Precision -> what it is, for help and report.
PRECISIONS = {
    "int8": "weights and activations in 8-bit integers, from the raw pixels to the scores",
    "int16x8": "8-bit weights, 16-bit activations",
    "float16": "weights in 16-bit floats",
    "dynamic": "8-bit weights, float activations, quantized as they come",
    "float32": "nothing quantized",
}
CALIBRATED = ("int8", "int16x8")
# Operators that TFLite runs in float only. Some of them take TensorFlow's quantizer down, and the
# process with it, so they are looked for first; any other that stays in float is found afterwards.
_FLOAT_ONLY = frozenset(
    {
        "ATAN2",
        "CEIL",
        "COS",
        "CUMSUM",
        "ELU",
        "FLOOR",
        "FLOOR_DIV",
        "FLOOR_MOD",
        "ROUND",
        "SIGN",
        "SIN",
    }
)


def _no(done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Operator:
    """One operator of a flatbuffer.

    Attributes:
        kind: TFLite's name, such as CONV_2D.
        layer: the name that its output has from the model's layers.
        dtype: of its output.
    """

    kind: str
    layer: str
    dtype: np.dtype


def to_tflite(
    network: Network,
    precision: str,
    sample: Representative | np.ndarray | None = None,
    progress: Progress = _no,
) -> bytes:
    """Return the network as a TFLite flatbuffer.

    Args:
        precision: a key of `PRECISIONS`.
        sample: the representative dataset, or uint8 pictures `[n, height, width]`; only `CALIBRATED`
            precisions need one.
        progress: called with (faces calibrated, faces in all).

    Raises:
        ConversionError: the converter refuses it, or, for int8, an operator stays in float or the
            input is not quantized as the device feeds it (scale 1, zero point -128).
    """
    converter = make_converter(network)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision in CALIBRATED:
        assert sample is not None
        converter.representative_dataset = calibration(sample, progress)
    if precision == "int16x8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
    if precision == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    flatbuffer = run_converter(converter, precision)
    if precision == "int16x8":
        # With biases of 64 bits, the default, most kernels are plain loops, tens of times slower; but
        # some, such as depthwise convolutions, take no others.
        converter._experimental_full_integer_quantization_bias_type = tf.int32
        faster = run_converter(converter, precision)
        flatbuffer = faster if _loads(faster) else flatbuffer
    if precision == "int8":
        _check_int8(flatbuffer)
    return flatbuffer


def check_quantizable(flatbuffer: bytes) -> None:
    """Refuse a float32 model with an operator that has no int8 kernel. Raises: ConversionError."""
    for operator in operators(flatbuffer):
        if operator.kind in _FLOAT_ONLY:
            raise _no_kernel(operator)


def calibration(
    sample: Representative | np.ndarray, progress: Progress
) -> Callable[[], Iterator[list]]:
    """Return the faces as the converter asks for them: one at a time, none kept."""

    def faces() -> Iterator[list]:
        for done, face in enumerate(sample, 1):
            yield [as_input(face[None])]
            progress(done, len(sample))

    return faces


def make_converter(network: Network) -> Any:
    """Return TensorFlow's converter of the network for one face. Raises: ConversionError."""
    frozen = freeze(network)
    with quiet_stderr():
        return tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())


def run_converter(converter: Any, precision: str) -> bytes:
    """Return what it converts. Raises: ConversionError: it names the operator and layer at fault."""
    try:
        with quiet_stderr():
            return converter.convert()
    except Exception as error:  # the converter raises whatever MLIR raised
        raise ConversionError(_reason(str(error), precision)) from error


def operators(flatbuffer: bytes) -> list[Operator]:
    """Return the operators in the order in which they run."""
    with quiet_stderr():
        interpreter = tf.lite.Interpreter(
            model_content=flatbuffer,
            experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    found = []
    for op in interpreter._get_ops_details():  # there is no public way to see them
        out = tensors[int(op["outputs"][0])]
        found.append(Operator(op["op_name"], layer_name(out["name"]), np.dtype(out["dtype"])))
    return found


def layer_name(tensor: str) -> str:
    """Return a tensor's name without what the converter hangs on to it."""
    parts = tensor.partition(";")[0].split("/")
    return "/".join(parts[-3:] if len(parts) > 3 else parts)


def _loads(flatbuffer: bytes) -> bool:
    try:
        with quiet_stderr():
            tf.lite.Interpreter(model_content=flatbuffer).allocate_tensors()
    except RuntimeError:
        return False
    return True


def _check_int8(flatbuffer: bytes) -> None:
    # What surrounds an operator that stays in float is of the converter's making.
    around = ("QUANTIZE", "DEQUANTIZE", "CAST")
    floats = [o for o in operators(flatbuffer) if o.dtype.kind == "f" and o.kind not in around]
    if floats:
        raise _no_kernel(floats[0])
    with quiet_stderr():
        place = tf.lite.Interpreter(model_content=flatbuffer).get_input_details()[0]
    if place["quantization"] != (1.0, -128):
        raise ConversionError(
            f"the input was quantized by {place['quantization']}, not (1, -128): int8 = uint8 - 128 "
            "would not be exact; the faces to calibrate must span 0..255"
        )


def _no_kernel(operator: Operator) -> ConversionError:
    return ConversionError(
        f"{operator.kind} in layer '{operator.layer}' has no int8 kernel in TFLite; replace the layer, "
        "or ask for --precision auto, dynamic or float16"
    )


def _reason(text: str, precision: str) -> str:
    """Return the converter's long words in one line, the operator and layer first."""
    op = re.search(
        r"'tf\.([A-Za-z0-9]+)' op|Quantization not yet supported for op: '([^']*)'", text
    )
    layer = re.search(r'"([^"@]*)@', text) or re.search(r'loc\("([^"]+)"', text)
    if op:
        name = op[1] or op[2]
        where = f" in layer '{layer_name(layer[1])}'" if layer else ""
        return (
            f"the operator {name}{where} has no {precision} kernel in TFLite; replace it by layers "
            "that TFLite has"
        )
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return f"TensorFlow's converter refuses the model: {lines[0] if lines else 'no reason given'}"
