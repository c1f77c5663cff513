"""What a network costs on a device: multiply-adds of a face, bytes of its int8 file."""

import math

import keras
from keras import layers

# A full-int8 file holds each weight in a byte, and for each output channel a bias (int32) and the
# scale and zero point (float32, int64) of weights and of bias; graph and record come on top, the names
# of the faces that it was calibrated with among them.
_BYTES_PER_CHANNEL = 4 + 2 * (4 + 8)
_BYTES_OF_GRAPH = 18_600

CONVOLUTIONS = layers.Conv2D | layers.DepthwiseConv2D
_WITH_KERNEL = CONVOLUTIONS | layers.Dense


def multiply_adds(model: keras.Model) -> int:
    """Return the multiply-adds of one face, convolutions and dense layers counted."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, CONVOLUTIONS):
            _, height, width, _ = layer.output.shape
            total += height * width * math.prod(layer.kernel.shape)
        elif isinstance(layer, layers.Dense):
            total += math.prod(layer.kernel.shape)
    return total


def int8_bytes(model: keras.Model) -> int:
    """Return about how many bytes the full-int8 file will have, batch norm folded in."""
    weighing = [layer for layer in model.layers if isinstance(layer, _WITH_KERNEL)]
    weights = sum(math.prod(layer.kernel.shape) for layer in weighing)
    channels = sum(layer.output.shape[-1] for layer in weighing)
    return weights + channels * _BYTES_PER_CHANNEL + _BYTES_OF_GRAPH
