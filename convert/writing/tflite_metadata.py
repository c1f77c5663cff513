"""The official TFLite Metadata: name, input and labels, as LiteRT's own tools read them from the file.

Written after the public schema `metadata_schema.fbs` (file identifier M001), of which these few tables
are needed. The packages that carry its generated code are no longer maintained (tflite-support, which
ends at CPython 3.11) or bring another OpenCV with them (mediapipe); each number below is a field's
place in its table of that schema.
"""

from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
from ai_edge_litert.schema_py_generated import (
    BufferAddData,
    BufferEnd,
    BufferStart,
    BufferT,
    MetadataT,
    ModelT,
)
from flatbuffers import number_types

from edge.support.labels import EMOTIONS

LABELS = "labels.txt"
_MODEL, _METADATA = b"TFL3", b"M001"
_FIELD = "TFLITE_METADATA"  # where readers look for it in the model
_PARSER = "1.0.0"  # the oldest version of their reader that understands all that is used here
_GRAY, _RGB = 2, 1  # ColorSpaceType
_IMAGE_PROPERTIES = 2  # of the union ContentProperties
_NORMALIZATION = 1  # of the union ProcessUnitOptions
_AXIS_LABELS = 2  # AssociatedFileType

# A table is written as its fields: place -> how to add the value. What lies elsewhere comes first.
Field = Callable[[flatbuffers.Builder], None]


def add_metadata(
    flatbuffer: bytes, name: str, description: str, version: str, license_name: str
) -> bytes:
    """Return the model with its metadata in it.

    Args:
        flatbuffer: the model; it has one input, a face, and one output, the seven scores.
    """
    model = ModelT.InitFromPackedBuf(flatbuffer, 0)
    graph = model.subgraphs[0]
    shape = [int(n) for n in graph.tensors[graph.inputs[0]].shape]
    metadata = MetadataT()
    metadata.name, metadata.buffer = _FIELD, len(model.buffers)
    buffer = BufferT()
    buffer.data = _packed(name, description, version, license_name, shape)
    model.metadata = [*(model.metadata or []), metadata]
    # Weights stay where 16 divides their place, as the schema asks; the generated code forgets it.
    model.buffers = [_Aligned(b.data) for b in (*model.buffers, buffer)]
    builder = flatbuffers.Builder(len(flatbuffer) + 4096)
    builder.Finish(model.Pack(builder), _MODEL)
    return bytes(builder.Output())


class _Aligned:
    """A buffer of the model that packs itself at a multiple of 16 bytes."""

    def __init__(self, data: Any) -> None:
        self._data = None if data is None else bytes(data)

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 (called by generated code)
        place = _bytes(builder, self._data) if self._data is not None else None
        BufferStart(builder)
        if place is not None:
            BufferAddData(builder, place)
        return BufferEnd(builder)


def _packed(
    name: str, description: str, version: str, license_name: str, shape: Sequence[int]
) -> bytes:
    b = flatbuffers.Builder(1024)
    _, height, width, channels = shape
    size = _table(b, 2, _uint(0, width), _uint(1, height))
    color = _byte(0, _RGB if channels == 3 else _GRAY)
    image = _table(b, 2, color, _offset(1, size))
    content = _table(b, 3, _byte(0, _IMAGE_PROPERTIES), _offset(1, image))
    # (pixel - 0) / 1: pixels go in as they are, the scaling is in the graph.
    mean, std = _floats(b, [0.0]), _floats(b, [1.0])
    normalization = _table(b, 2, _offset(0, mean), _offset(1, std))
    unit = _table(b, 2, _byte(0, _NORMALIZATION), _offset(1, normalization))
    stats = _table(b, 2, _offset(0, _floats(b, [255.0])), _offset(1, _floats(b, [0.0])))
    face = _tensor(
        b, "face", "A face as cut out by a detector, pixels 0..255", stats, content, units=[unit]
    )
    labels = _table(
        b,
        5,
        _offset(0, b.CreateString(LABELS)),
        _offset(1, b.CreateString("The emotion that each score is of")),
        _byte(2, _AXIS_LABELS),
    )
    stats = _table(b, 2, _offset(0, _floats(b, [1.0])), _offset(1, _floats(b, [0.0])))
    what = f"Probabilities of {', '.join(EMOTIONS)}"
    scores = _tensor(b, "scores", what, stats, files=[labels])
    graph = _table(b, 10, _offset(2, _tables(b, [face])), _offset(3, _tables(b, [scores])))
    root = _table(
        b,
        8,
        _offset(0, b.CreateString(name)),
        _offset(1, b.CreateString(description)),
        _offset(2, b.CreateString(version)),
        _offset(3, _tables(b, [graph])),
        _offset(5, b.CreateString(license_name)),
        _offset(7, b.CreateString(_PARSER)),
    )
    b.Finish(root, _METADATA)
    return bytes(b.Output())


def _tensor(
    b: flatbuffers.Builder,
    name: str,
    description: str,
    stats: int,
    content: int | None = None,
    units: Sequence[int] = (),
    files: Sequence[int] = (),
) -> int:
    fields = [_offset(0, b.CreateString(name)), _offset(1, b.CreateString(description))]
    if content is not None:
        fields.append(_offset(3, content))
    if units:
        fields.append(_offset(4, _tables(b, units)))
    fields.append(_offset(5, stats))
    if files:
        fields.append(_offset(6, _tables(b, files)))
    return _table(b, 7, *fields)


def _table(b: flatbuffers.Builder, places: int, *fields: Field) -> int:
    b.StartObject(places)
    for add in fields:
        add(b)
    return b.EndObject()


def _offset(place: int, value: int) -> Field:
    return lambda b: b.PrependUOffsetTRelativeSlot(place, value, 0)


def _byte(place: int, value: int) -> Field:
    return lambda b: b.PrependInt8Slot(place, value, 0)


def _uint(place: int, value: int) -> Field:
    return lambda b: b.PrependUint32Slot(place, value, 0)


def _floats(b: flatbuffers.Builder, values: Sequence[float]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependFloat32(value)
    return b.EndVector()


def _tables(b: flatbuffers.Builder, tables: Sequence[int]) -> int:
    b.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        b.PrependUOffsetTRelative(table)
    return b.EndVector()


def _bytes(b: flatbuffers.Builder, data: bytes) -> int:
    b.StartVector(1, len(data), 16)
    b.head = number_types.UOffsetTFlags.py_type(b.Head() - len(data))
    b.Bytes[b.Head() : b.Head() + len(data)] = data
    return b.EndVector()
