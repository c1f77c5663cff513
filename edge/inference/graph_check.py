"""Check a TFLite flatbuffer before an interpreter sees it: places, sizes, indices, order, memory.

Interpreters follow what the file says; a wrong offset or index takes the process down. Written after
the public schema `schema.fbs` (file identifier TFL3); each number below is a field's place in its table.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, prod

MOST_MEMORY = 256 * 2**20  # bytes of all that is computed for one face
_MOST = 20_000  # tables in a vector
# Bytes of a value of each type that is of whole bytes, by its number in the schema.
_SIZES = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 8: 8, 9: 1, 10: 8, 11: 16, 12: 8, 15: 4, 16: 2}
_NONE = -1  # stands for an input that is left out


class GraphError(ValueError):
    """What is wrong with a flatbuffer, in words."""


@dataclass(frozen=True)
class _Tensor:
    number: int
    shape: tuple[int, ...]
    size: int | None  # bytes; None if its type has no whole bytes
    data: int  # bytes of data in the file
    variable: bool


def check_graph(flatbuffer: bytes) -> None:
    """Refuse a model that no interpreter should be given. Raises: GraphError."""
    data = _Data(flatbuffer)
    model = data.table(data.u32(0))
    graphs = list(model.tables(2))
    if len(graphs) != 1:
        raise GraphError(f"it has {len(graphs)} graphs; needed is one")
    buffers = [_held(buffer) for buffer in model.tables(4)]
    kinds = [_check_kind(code) for code in model.tables(1)]
    for metadata in model.tables(6):
        metadata.text(0)
        _in_range(metadata.number(1, "I", 0), buffers, "buffer of metadata")
    (graph,) = graphs
    tensors = [_tensor(n, table, buffers) for n, table in enumerate(graph.tables(0))]
    inputs, outputs = graph.numbers(1), graph.numbers(2)
    if len(inputs) != 1 or not outputs:
        raise GraphError(
            f"it has {len(inputs)} inputs and {len(outputs)} outputs; needed is one input"
        )
    for signature in model.tables(7):
        _check_signature(signature, tensors)
    _check_order(graph, tensors, kinds, inputs, outputs)
    computed = sum(t.size or 0 for t in tensors if not t.data)
    if computed > MOST_MEMORY:
        raise GraphError(
            f"it needs {computed / 2**20:,.0f} MB of memory for one face; more than "
            f"{MOST_MEMORY / 2**20:.0f} are not given"
        )


class _Data:
    """Bytes that are read at places which are looked at first."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, form: str, place: int) -> int:
        if place < 0 or place + struct.calcsize(form) > len(self.content):
            raise GraphError(f"it points to byte {place} of {len(self.content)}")
        return struct.unpack_from("<" + form, self.content, place)[0]

    def u32(self, place: int) -> int:
        return self.read("I", place)

    def table(self, place: int) -> "_Table":
        return _Table(self, place)

    def vector(self, place: int, size: int) -> tuple[int, int]:
        """Return start and number of the values of `size` bytes of a vector."""
        count = self.u32(place)
        if place + 4 + count * size > len(self.content):
            raise GraphError(
                f"a list at byte {place} of {len(self.content)} says it has {count} values"
            )
        return place + 4, count


class _Table:
    """A table: its fields by their places in the schema."""

    def __init__(self, data: _Data, place: int) -> None:
        self._data, self._place = data, place
        self._layout = place - data.read("i", place)
        self._layout_size = data.read("H", self._layout)
        self._size = data.read("H", self._layout + 2)
        if self._layout_size < 4 or self._layout_size % 2:
            raise GraphError(f"the layout of the table at byte {place} is damaged")
        data.read("B", self._layout + self._layout_size - 1)
        data.read("B", place + max(self._size, 4) - 1)

    def field(self, number: int, size: int) -> int | None:
        """Return the place of a field of `size` bytes; None where the file leaves it out."""
        at = 4 + 2 * number
        if at + 2 > self._layout_size:
            return None
        offset = self._data.read("H", self._layout + at)
        if offset and offset + size > self._size:
            raise GraphError(f"a field lies outside of its table at byte {self._place}")
        return self._place + offset if offset else None

    def number(self, number: int, form: str, default: int) -> int:
        place = self.field(number, struct.calcsize(form))
        return default if place is None else self._data.read(form, place)

    def _pointed(self, number: int) -> int | None:
        place = self.field(number, 4)
        return None if place is None else place + self._data.u32(place)

    def table(self, number: int) -> "_Table | None":
        place = self._pointed(number)
        return None if place is None else _Table(self._data, place)

    def tables(self, number: int) -> Iterator["_Table"]:
        place = self._pointed(number)
        if place is None:
            return
        start, count = self._data.vector(place, 4)
        if count > _MOST:
            raise GraphError(f"a list has {count} entries; more than {_MOST} are not read")
        for at in range(start, start + 4 * count, 4):
            yield _Table(self._data, at + self._data.u32(at))

    def values(self, number: int, form: str) -> list[float]:
        place = self._pointed(number)
        if place is None:
            return []
        start, count = self._data.vector(place, struct.calcsize(form))
        if count > 10 * _MOST:
            raise GraphError(f"a list has {count} values")
        return list(struct.unpack_from(f"<{count}{form}", self._data.content, start))

    def numbers(self, number: int) -> list[int]:
        return [int(n) for n in self.values(number, "i")]

    def length(self, number: int) -> int:
        """Return how many bytes a field of bytes has."""
        place = self._pointed(number)
        return 0 if place is None else self._data.vector(place, 1)[1]

    def text(self, number: int) -> None:
        self.length(number)


def _held(buffer: _Table) -> int:
    if buffer.number(1, "Q", 0) > 1 or buffer.number(2, "Q", 0) > 1:
        raise GraphError("its weights lie outside of the flatbuffer, which is not read")
    return buffer.length(0)


def _check_kind(code: _Table) -> int:
    code.text(1)
    return max(code.number(0, "b", 0), code.number(3, "i", 0))


def _tensor(number: int, table: _Table, buffers: list[int]) -> _Tensor:
    table.text(3)
    shape = tuple(table.numbers(0))
    if len(shape) > 8 or any(n < 0 for n in shape):
        raise GraphError(f"tensor {number} has the shape {shape}")
    kind = table.number(1, "b", 0)
    data = buffers[_in_range(table.number(2, "I", 0), buffers, f"buffer of tensor {number}")]
    width = _SIZES.get(kind)
    size = None if width is None else prod(shape) * width
    sparse = table.table(6) is not None
    if data and size is not None and data != size and not sparse:
        raise GraphError(
            f"tensor {number} has {data} bytes of data; its shape {shape} needs {size}"
        )
    _check_quantization(number, table.table(4), shape)
    return _Tensor(number, shape, size, data, bool(table.number(5, "?", 0)))


def _check_quantization(number: int, table: _Table | None, shape: tuple[int, ...]) -> None:
    if table is None:
        return
    for field in (0, 1):
        table.values(field, "f")
    scales, zeros = table.values(2, "f"), table.values(3, "q")
    axis = table.number(6, "i", 0)
    per_axis = len(scales) > 1
    fits = len(zeros) in (0, 1, len(scales)) and all(isfinite(s) and s >= 0 for s in scales)
    if per_axis:
        fits = fits and 0 <= axis < len(shape) and shape[axis] == len(scales)
    if not fits:
        raise GraphError(f"tensor {number} has a quantization that does not fit its shape {shape}")


def _check_signature(signature: _Table, tensors: list[_Tensor]) -> None:
    signature.text(2)
    if signature.number(4, "I", 0) != 0:
        raise GraphError("a signature is of another graph")
    for field in (0, 1):
        for entry in signature.tables(field):
            entry.text(0)
            _in_range(entry.number(1, "I", 0), tensors, "tensor of a signature")


def _check_order(
    graph: _Table, tensors: list[_Tensor], kinds: list[int], inputs: list[int], outputs: list[int]
) -> None:
    """Refuse operators that take what is not there yet: a circle, or a tensor without data."""
    for n in (*inputs, *outputs):
        _in_range(n, tensors, "input or output")
    known = {t.number for t in tensors if t.data or t.variable} | set(inputs)
    for place, operator in enumerate(graph.tables(3)):
        _in_range(operator.number(0, "I", 0), kinds, f"kind of operator {place}")
        operator.table(4)
        operator.table(12)
        operator.length(5)
        operator.length(7)
        if operator.number(9, "Q", 0) > 1:
            raise GraphError(f"the options of operator {place} lie outside of the flatbuffer")
        for n in operator.numbers(8):
            _in_range(n, tensors, f"tensor within operator {place}")
        taken, given = operator.numbers(1), operator.numbers(2)
        for n in taken:
            if n == _NONE:
                continue
            _in_range(n, tensors, f"input of operator {place}")
            if n not in known and tensors[n].size != 0:
                raise GraphError(f"operator {place} takes tensor {n} before anything gives it")
        for n in given:
            _in_range(n, tensors, f"output of operator {place}")
            if n in known:
                raise GraphError(f"operator {place} gives tensor {n}, which is there already")
            known.add(n)
    if not set(outputs) <= known:
        raise GraphError("nothing gives its output")


def _in_range(number: int, of: list, what: str) -> int:
    if not 0 <= number < len(of):
        raise GraphError(f"{what} is number {number} of {len(of)}")
    return number
