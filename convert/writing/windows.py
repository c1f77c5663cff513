"""Let the program cut a picture into the windows of a network's first convolution, which it does quicker.

A convolution of 3x3 pixels of one channel, two apart, is what interpreters are slowest at: their
kernels take eight channels at once, and they keep a table of the places of every window. Of windows
that are there as channels it is a product of two matrices, and exactly the same.
"""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert.schema_py_generated import (
    BuiltinOperator,
    Model,
    ModelT,
    Padding,
)

from edge.inference.model_file import WINDOW

_FILE = b"TFL3"
_SIDE, _STRIDE = 3, 2


def takes_windows(flatbuffer: bytes) -> bytes:
    """Return an int8 network that takes windows (`edge.faces.maps.windows`) in place of pictures.

    One that does not begin with such a convolution is returned as it is.
    """
    model = ModelT.InitFromObj(Model.GetRootAsModel(flatbuffer, 0))
    (graph,) = model.subgraphs
    kinds = [model.operatorCodes[op.opcodeIndex].builtinCode for op in graph.operators[:2]]
    if kinds != [BuiltinOperator.PAD, BuiltinOperator.CONV_2D]:
        return flatbuffer
    border, first = graph.operators[:2]
    kernel = graph.tensors[first.inputs[1]]
    picture = graph.tensors[border.inputs[0]]
    if not _is_such(first, kernel, border, graph):
        return flatbuffer
    filters, (height, width) = kernel.shape[0], picture.shape[1:3]
    values = np.frombuffer(bytes(model.buffers[kernel.buffer].data), np.int8)
    wide = np.zeros((filters, _SIDE, WINDOW // _SIDE), np.int8)
    wide[:, :, :_SIDE] = values.reshape(filters, _SIDE, _SIDE)
    model.buffers[kernel.buffer].data = np.frombuffer(wide.tobytes(), np.uint8)
    kernel.shape = np.array([filters, 1, 1, WINDOW], np.int32)
    picture.shape = np.array([1, height // _STRIDE, width // _STRIDE, WINDOW], np.int32)
    picture.shapeSignature = None
    first.inputs = np.array([border.inputs[0], *first.inputs[1:]], np.int32)
    first.builtinOptions.strideH = first.builtinOptions.strideW = 1
    graph.operators = graph.operators[1:]
    builder = flatbuffers.Builder(len(flatbuffer))
    builder.Finish(model.Pack(builder), _FILE)
    return bytes(builder.Output())


def _is_such(first: Any, kernel: Any, border: Any, graph: Any) -> bool:
    """Return whether these are a border of one pixel and a convolution of one channel, 3x3, two apart."""
    options = first.builtinOptions
    return (
        first.inputs[0] == border.outputs[0]
        and border.inputs[0] == graph.inputs[0]
        and list(kernel.shape[1:]) == [_SIDE, _SIDE, 1]
        and (options.strideH, options.strideW) == (_STRIDE, _STRIDE)
        and options.padding == Padding.VALID
        and graph.tensors[border.outputs[0]].shape[1]
        == graph.tensors[border.inputs[0]].shape[1] + 2
    )
