"""Turn a Keras model into a TFLite flatbuffer, full int8 or float32."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from edge.errors import ConversionError
from edge.quiet import quiet_stderr


def to_int8(
    model: tf.keras.Model, faces: np.ndarray, progress: Callable[[int, int], None]
) -> bytes:
    """Quantize fully: int8 in, int8 out, weights per channel, every op an int8 builtin.

    Args:
        model: takes float32 `[n, height, width, 1]` in 0..255.
        faces: the representative dataset, uint8 `[n, height, width]`.
        progress: called with (faces calibrated, faces in all).

    Raises:
        ConversionError: an op has no int8 kernel, or the input is not quantized as the device
            feeds it (scale 1, zero point -128).
    """

    def calibration() -> Iterator[list[np.ndarray]]:
        for done, face in enumerate(faces, 1):
            yield [face[None, :, :, None].astype(np.float32)]
            progress(done, len(faces))

    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return _convert(converter)


def to_float32(model: tf.keras.Model) -> bytes:
    """Convert without quantization. Raises: ConversionError."""
    return _convert(_converter(model))


def _converter(model: tf.keras.Model) -> tf.lite.TFLiteConverter:
    _, *shape = model.input_shape

    @tf.function(input_signature=[tf.TensorSpec((1, *shape), tf.float32, name="face")])
    def scores(face: tf.Tensor) -> tf.Tensor:
        return model(face, training=False)

    with quiet_stderr():
        frozen = convert_variables_to_constants_v2(scores.get_concrete_function())
        return tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    try:
        with quiet_stderr():
            return converter.convert()
    except Exception as error:  # the converter raises whatever MLIR raised
        reason = str(error).strip().splitlines()[0]
        raise ConversionError(f"TensorFlow's converter refuses the model: {reason}") from error
