"""Look into a model from elsewhere before TensorFlow does: weights alone, bombs, graphs that do more than sum."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from edge.support.atomic import read_bounded
from edge.support.errors import ModelError

_SLACK = 64 * 2**20  # bytes that any file may unpack to
_GROWS = 4  # times its size that a larger one may: weights hardly shrink
_MOST_GRAPH = 512 * 2**20  # bytes of a SavedModel's graph
_MOST_SIDE = 65_536  # units, filters or pixels of a layer
_SIDES = frozenset(
    {
        *("units", "filters", "input_dim", "output_dim", "depth_multiplier", "target_shape"),
        *("batch_shape", "batch_input_shape", "shape", "kernel_size", "pool_size", "padding"),
    }
)
_WEIGHTS_ONLY = (
    "holds weights only, no network: in the program that trained it build the network, "
    "load_weights() this file and save() the whole model"
)

# Operators of TensorFlow that keep a state, and do no harm with it.
_HARMLESS = frozenset(
    {
        *("VarHandleOp", "ReadVariableOp", "AssignVariableOp", "VarIsInitializedOp", "NoOp"),
        *("DisableCopyOnRead", "StatefulPartitionedCall", "PartitionedCall", "If", "While", "Case"),
        *("Placeholder", "PlaceholderWithDefault", "Assert", "XlaCallModule", "_EagerConst"),
        *("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal"),
        *("Multinomial", "StatefulUniform", "StatefulStandardNormalV2", "RngReadAndSkip"),
        *("DestroyResourceOp", "AnonymousSeedGenerator", "StatelessRandomGetKeyCounter"),
    }
)
# What TensorFlow itself puts in to save and restore variables; nothing else may call it.
_SAVER = frozenset(
    {
        *("SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename", "StringJoin"),
        *("StaticRegexFullMatch", "RegexFullMatch", "Select", "SelectV2"),
    }
)
_STRING = 7  # DT_STRING


def check_keras_file(path: Path) -> None:
    """Refuse a `.keras` or `.h5` file that must not be opened. Raises: ModelError."""
    if zipfile.is_zipfile(path):
        _check_archive(path)
    elif h5py.is_hdf5(path):
        try:
            with h5py.File(path, "r") as file:
                _check_arrays(path, file, path.stat().st_size)
                config = file.attrs.get("model_config")
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise _damaged(path, error) from error
        if config is None:
            raise ModelError(f"{path}: {_WEIGHTS_ONLY}")
        _check_config(path, config)


def check_saved_model(path: Path) -> None:
    """Refuse a SavedModel whose graph does more than compute. Raises: ModelError."""
    file = path / "saved_model.pb"
    if not file.is_file():
        if any(path.glob("*.index")):
            raise ModelError(f"{path}: {_WEIGHTS_ONLY}")
        raise ModelError(
            f"{path}: holds no saved_model.pb; give a SavedModel's folder, or a .keras or .h5 file"
        )
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(read_bounded(file, _MOST_GRAPH))
    except Exception as error:  # protobuf raises a kind of its own
        raise _damaged(path, error) from error
    for meta in model.meta_graphs:
        _check_operators(path, meta)


def _check_archive(path: Path) -> None:
    packed = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            plain = all(
                e.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for e in entries
            )
            if not plain or unpacked > _SLACK + _GROWS * packed:
                raise ModelError(
                    f"{path}: unpacks from {packed / 1e6:.1f} MB to {unpacked / 1e6:,.0f} MB, as no "
                    "model does; it is not opened"
                )
            names = {entry.filename for entry in entries}
            if "config.json" not in names:
                raise ModelError(f"{path}: {_WEIGHTS_ONLY}")
            _check_config(path, archive.read("config.json"))
            if "model.weights.h5" in names:
                with archive.open("model.weights.h5") as inner, h5py.File(inner, "r") as file:
                    _check_arrays(path, file, packed)
    except ModelError:
        raise
    except Exception as error:  # zipfile, zlib and h5py raise many kinds on damaged bytes
        raise _damaged(path, error) from error


def _check_arrays(path: Path, file: Any, packed: int) -> None:
    total = 0

    def add(name: str, entry: Any) -> None:
        nonlocal total
        if isinstance(entry, h5py.Dataset):
            total += entry.size * entry.dtype.itemsize

    file.visititems(add)
    if total > _SLACK + _GROWS * packed:
        raise ModelError(
            f"{path}: its weights unpack from {packed / 1e6:.1f} MB to {total / 1e6:,.0f} MB, as no "
            "model's do; it is not opened"
        )


def _check_config(path: Path, text: str | bytes) -> None:
    try:
        tables = list(_tables(json.loads(text)))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    for table in tables:
        if table.get("class_name") == "Lambda":
            raise ModelError(
                f"{path}: has a Lambda layer, which is Python code that opening it would run; save it "
                "without, or export it as a SavedModel where you trust it"
            )
        for key in _SIDES & table.keys():
            value = table[key]
            for side in value if isinstance(value, list) else [value]:
                if isinstance(side, int) and side > _MOST_SIDE:
                    raise ModelError(
                        f"{path}: a layer has {key} {side}; more than {_MOST_SIDE} are not built"
                    )


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _check_operators(path: Path, meta: Any) -> None:
    nodes = {node.name: node for node in meta.graph_def.node}
    functions = {f.signature.name: f for f in meta.graph_def.library.function}
    outputs = [t.name for s in meta.signature_def.values() for t in s.outputs.values()]
    called = _reached(outputs, nodes, functions)
    saver = [meta.saver_def.save_tensor_name, meta.saver_def.restore_op_name]
    saving = _reached(saver, nodes, functions) - called
    for where, node in _all_nodes(meta):
        if _computes(node.op) or (node.op in _SAVER and where in saving):
            continue
        raise ModelError(
            f"{path}: its graph has the operator {node.op} ({node.name}), which does more than compute: "
            "it may read or write files, or run programs; it is not opened"
        )


def _all_nodes(meta: Any) -> Iterator[tuple[str, Any]]:
    """Yield each node with the key of where it stands, as `_reached` has it."""
    for node in meta.graph_def.node:
        yield f"node {node.name}", node
    for function in meta.graph_def.library.function:
        for node in function.node_def:
            yield f"function {function.signature.name}", node


def _reached(names: list[str], nodes: dict[str, Any], functions: dict[str, Any]) -> set[str]:
    """Return the keys of the nodes and functions that these outputs need."""
    found: set[str] = set()
    waiting = [f"node {name.lstrip('^').partition(':')[0]}" for name in names if name]
    while waiting:
        key = waiting.pop()
        kind, _, name = key.partition(" ")
        if key in found or name not in (nodes if kind == "node" else functions):
            continue
        found.add(key)
        here = [nodes[name]] if kind == "node" else list(functions[name].node_def)
        for node in here:
            if kind == "node":
                waiting += [f"node {n.lstrip('^').partition(':')[0]}" for n in node.input]
            for attribute in node.attr.values():
                called = [attribute.func.name, *(f.name for f in attribute.list.func)]
                waiting += [f"function {one}" for one in called if one]
    return found


def _computes(operator: str) -> bool:
    if operator in _HARMLESS:
        return True
    definition = op_def_registry.get(operator)
    if definition is None or definition.is_stateful:
        return False
    return all(argument.type != _STRING for argument in definition.input_arg)


def _damaged(path: Path, error: Exception) -> ModelError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ModelError(f"{path}: is damaged, or no model that can be read: {reason}")
