"""The official TFLite Metadata is read as its readers read it, from the bytes."""

import struct

import flatbuffers
import pytest
from ai_edge_litert.schema_py_generated import Model
from flatbuffers import table as tables
from networks import tiny

from convert.measuring.crosscheck import reference_scores
from convert.reading.network import from_keras, load_network
from convert.writing.quantize import to_tflite
from convert.writing.tflite_metadata import add_metadata


def fields(table):
    """Return a reader of a table: (place, kind) -> string, table, tables or number; None if absent."""

    def read(place, kind):
        offset = table.Offset(4 + 2 * place)
        if not offset:
            return None
        if kind == "string":
            return table.String(offset + table.Pos).decode()
        if kind == "table":
            return fields(tables.Table(table.Bytes, table.Indirect(offset + table.Pos)))
        if kind == "tables":
            start, count = table.Vector(offset), table.VectorLen(offset)
            places = (table.Indirect(start + 4 * i) for i in range(count))
            return [fields(tables.Table(table.Bytes, p)) for p in places]
        if kind == "floats":
            start, count = table.Vector(offset), table.VectorLen(offset)
            return list(struct.unpack_from(f"<{count}f", table.Bytes, start))
        return table.Get(kind, offset + table.Pos)

    return read


def metadata_of(content):
    model = Model.GetRootAs(content, 0)
    entries = {model.Metadata(i).Name(): model.Metadata(i) for i in range(model.MetadataLength())}
    raw = model.Buffers(entries[b"TFLITE_METADATA"].Buffer()).DataAsNumpy().tobytes()
    assert raw[4:8] == b"M001"
    return fields(tables.Table(raw, flatbuffers.encode.Get(flatbuffers.packer.uoffset, raw, 0)))


@pytest.mark.parametrize("channels", [1, 3])
def test_metadata_readers_find_name_input_and_labels(channels):
    plain = to_tflite(from_keras(tiny((48, 48, channels)), None), "float32")
    content = add_metadata(plain, "mine", "what it does", "1.2", "MIT")
    root = metadata_of(content)
    texts = [root(place, "string") for place in (0, 1, 2, 5)]
    assert texts == ["mine", "what it does", "1.2", "MIT"]
    (graph,) = root(3, "tables")
    (face,), (scores,) = graph(2, "tables"), graph(3, "tables")
    (labels,) = scores(6, "tables")
    assert labels(0, "string") == "labels.txt"
    image = face(3, "table")(1, "table")
    byte, uint = flatbuffers.number_types.Int8Flags, flatbuffers.number_types.Uint32Flags
    assert image(0, byte) == (2 if channels == 1 else 1)  # grayscale or RGB
    size = image(1, "table")
    assert (size(0, uint), size(1, uint)) == (48, 48)
    normalization = face(4, "tables")[0](1, "table")
    assert (normalization(0, "floats"), normalization(1, "floats")) == ([0.0], [1.0])


def test_metadata_leaves_the_weights_aligned_and_the_scores_as_they_were(keras_file):
    flatbuffer = to_tflite(load_network(keras_file), "float32")
    content = add_metadata(flatbuffer, "mine", "", "1", "MIT")
    model = Model.GetRootAs(content, 0)
    starts = [
        model.Buffers(i)._tab.Vector(model.Buffers(i)._tab.Offset(4))
        for i in range(model.BuffersLength())
        if model.Buffers(i).DataLength()
    ]
    assert starts
    assert all(start % 16 == 0 for start in starts)
    assert reference_scores(content, (48, 48)) == reference_scores(flatbuffer, (48, 48))
