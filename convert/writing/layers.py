"""Layer by layer: what quantization does to each, and a model that leaves the worst of them in float."""

import csv
import io
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from edge.support.errors import ConversionError
from edge.support.quiet import quiet_stderr
from train.results.figures import png

from ..reading.network import Network, as_input
from ..representative import Representative
from .quantize import Progress, calibration, layer_name, make_converter, run_converter, to_tflite

PROBES = 50  # faces that the layers are compared on
_NO_DELEGATES = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


@dataclass(frozen=True)
class LayerError:
    """What int8 does to one layer's output.

    Attributes:
        kind: TFLite's name of the operator.
        layer: the layer's name.
        tensor: the output's full name.
        own: root mean square of the error that the layer adds to an exact input, as a share of that of
            its values.
        steps: the same in steps of its quantization; rounding alone gives 0.29.
        reached: the error that has come together when the whole model is int8, as a share likewise;
            NaN where the int8 model has no such tensor.
        inputs: the tensors that it takes from other layers.
    """

    kind: str
    layer: str
    tensor: str
    own: float
    steps: float
    reached: float
    inputs: tuple[str, ...] = ()


class LayerStudy:
    """The layers of a network under int8, by TensorFlow's quantization debugger."""

    def __init__(self, network: Network, sample: Representative, progress: Progress) -> None:
        """Calibrate. Raises: ConversionError."""
        self._network, self._sample = network, sample
        converter = make_converter(network)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration(sample, progress)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        self._probes = [as_input(f[None]) for _, f in zip(range(PROBES), sample, strict=False)]
        try:
            with quiet_stderr():
                self._debugger = tf.lite.experimental.QuantizationDebugger(
                    converter=converter, debug_dataset=lambda: ([face] for face in self._probes)
                )
                self._debugger.run()
        except Exception as error:  # as many kinds as the converter raises
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise ConversionError(f"the layers cannot be compared: {reason}") from error

    @cached_property
    def errors(self) -> tuple[LayerError, ...]:
        """The layers in the order in which they run."""
        file = io.StringIO()
        self._debugger.layer_statistics_dump(file)
        file.seek(0)
        plain = to_tflite(self._network, "float32")
        inputs = _inputs(plain)
        with quiet_stderr():
            quantized = self._debugger.get_nondebug_quantized_model()
        sizes, distances = _compare(plain, quantized, self._probes)
        errors = []
        for row in csv.DictReader(file):
            name = row["tensor_name"]
            error = math.sqrt(max(float(row["mean_squared_error"]), 0.0))
            size = sizes.get(name) or math.nan
            reached = distances.get(name, math.nan) / size
            steps = error / float(row["scale"])
            known = inputs.get(name, ())
            layer = layer_name(name)
            errors.append(
                LayerError(row["op_name"], layer, name, error / size, steps, reached, known)
            )
        return tuple(errors)

    def worst(self, layers: int) -> frozenset[str]:
        """Return the tensors of so many layers in which the error grows most, and of what feeds them.

        A layer's input is kept in float only if the layer that makes it is, too.
        """
        reached = {e.tensor: np.nan_to_num(e.reached) for e in self.errors}

        def growth(error: LayerError) -> float:
            return reached[error.tensor] - max(
                (reached.get(i, 0.0) for i in error.inputs), default=0
            )

        chosen = sorted(self.errors, key=growth, reverse=True)[:layers]
        fed = {tensor for error in chosen for tensor in error.inputs}
        return frozenset({error.tensor for error in chosen} | (fed & reached.keys()))

    def mixed(self, tensors: frozenset[str]) -> bytes:
        """Return the model in int8 but for the layers that make these tensors. Raises: ConversionError."""
        options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=sorted(tensors))
        return run_converter(_Converted(self._debugger, options), "mixed")


class _Converted:
    """The debugger under the converter's one verb."""

    def __init__(
        self,
        debugger: tf.lite.experimental.QuantizationDebugger,
        options: tf.lite.experimental.QuantizationDebugOptions,
    ) -> None:
        self._debugger, self._options = debugger, options

    def convert(self) -> bytes:
        self._debugger.options = self._options
        return self._debugger.get_nondebug_quantized_model()


def as_csv(errors: tuple[LayerError, ...]) -> str:
    """Return the layers as a table with a head."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["operator", "layer", "own_error", "own_error_steps", "error_reached"])
    for e in errors:
        row = (f"{value:.6f}" for value in (e.own, e.steps, e.reached))
        writer.writerow([e.kind, e.layer, *row])
    return file.getvalue()


def plot(errors: tuple[LayerError, ...]) -> bytes:
    """Return a PNG: bars of each layer's own error, and the error reached by then."""
    figure = Figure(figsize=(9, 1.2 + 0.3 * len(errors)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(errors))
    axes.barh(places, [100 * e.own for e in errors], color="#0072b2", label="added by this layer")
    reached = [100 * e.reached for e in errors]
    axes.plot(reached, places, "o-", color="#d55e00", label="come together by then, all in int8")
    axes.set_yticks(places, [f"{e.layer}  {e.kind}" for e in errors], fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="error, % of the values (root mean square)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    return png(figure)


def _compare(
    plain: bytes, quantized: bytes, faces: list[np.ndarray]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the root mean squares of what each operator gives, and of how far the two are apart.

    Both by the names of the outputs; a face at a time, so that no more is held.
    """
    sizes: dict[str, float] = {}
    distances: dict[str, float] = {}
    runs = [_Run(flatbuffer) for flatbuffer in (plain, quantized)]
    for face in faces:
        exact, near = (run.outputs(face) for run in runs)
        for name, values in exact.items():
            sizes[name] = sizes.get(name, 0.0) + _mean_square(values)
            if name in near and near[name].shape == values.shape:
                distances[name] = distances.get(name, 0.0) + _mean_square(near[name] - values)
    return _roots(sizes, len(faces)), _roots(distances, len(faces))


def _roots(sums: dict[str, float], count: int) -> dict[str, float]:
    return {name: math.sqrt(total / count) for name, total in sums.items()}


class _Run:
    """A model that lets its operators' outputs be seen."""

    def __init__(self, flatbuffer: bytes) -> None:
        with quiet_stderr():
            self._interpreter = tf.lite.Interpreter(
                model_content=flatbuffer,
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=_NO_DELEGATES,
            )
            self._interpreter.allocate_tensors()
        made = {int(op["outputs"][0]) for op in self._interpreter._get_ops_details()}
        details = self._interpreter.get_tensor_details()
        self._tensors = [t for t in details if t["index"] in made]
        self._place = self._interpreter.get_input_details()[0]["index"]

    def outputs(self, face: np.ndarray) -> dict[str, np.ndarray]:
        """Return what each operator gives for a face, as floats, by the name of its output."""
        self._interpreter.set_tensor(self._place, face)
        self._interpreter.invoke()
        return {t["name"]: _as_float(self._interpreter, t) for t in self._tensors}


def _inputs(flatbuffer: bytes) -> dict[str, tuple[str, ...]]:
    """Return, for the output of each operator, the outputs of others that it takes."""
    with quiet_stderr():
        interpreter = tf.lite.Interpreter(
            model_content=flatbuffer, experimental_op_resolver_type=_NO_DELEGATES
        )
    names = {t["index"]: t["name"] for t in interpreter.get_tensor_details()}
    ops = interpreter._get_ops_details()
    made = {int(op["outputs"][0]) for op in ops}
    return {
        names[int(op["outputs"][0])]: tuple(names[int(i)] for i in op["inputs"] if int(i) in made)
        for op in ops
    }


def _as_float(interpreter: tf.lite.Interpreter, tensor: dict) -> np.ndarray:
    values = interpreter.get_tensor(tensor["index"])
    if values.dtype.kind == "f":
        return values
    scale, zero_point = tensor["quantization"]
    return (values.astype(np.float32) - zero_point) * scale


def _mean_square(values: np.ndarray) -> float:
    return float(np.mean(np.square(values, dtype=np.float64)))
