"""A damaged or hostile graph is refused in words before an interpreter, or by one in another process."""

import hashlib
import random

import numpy as np
import pytest

from edge.emotions.classifier import TFLiteClassifier
from edge.inference import trial
from edge.inference.graph_check import GraphError, check_graph
from edge.inference.model_file import (
    TASK,
    find_model,
    read_model,
    shipped_models,
    write_model,
)
from edge.inference.runtime import Runtime
from edge.inference.trial import open_model
from edge.support.errors import ModelError

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")


@pytest.fixture(scope="module")
def whole():
    return read_model(find_model("edge-xs"))


@pytest.fixture
def changed(whole, tmp_path):
    """Return the path of a copy, checksum included, whose graph was changed by a function."""

    def make(change):
        model = schema.ModelT.InitFromPackedBuf(whole.flatbuffer, 0)
        change(model)
        builder = flatbuffers.Builder(len(whole.flatbuffer))
        builder.Finish(model.Pack(builder), b"TFL3")
        write_model(tmp_path / "changed.tflite", bytes(builder.Output()), whole.about)
        return tmp_path / "changed.tflite"

    return make


def test_every_shipped_model_is_taken():
    for path in shipped_models().values():
        check_graph(read_model(path, None).flatbuffer)


def test_a_copy_of_a_shipped_model_gives_the_same_scores(whole, changed, gray_face):
    copied = read_model(changed(lambda model: None))
    assert (whole.trusted, copied.trusted) == (True, False)
    face = np.resize(gray_face, whole.input_size)
    np.testing.assert_array_equal(
        TFLiteClassifier(copied).classify(face), TFLiteClassifier(whole).classify(face)
    )


def _set(path, value):
    """Return a function that puts a value at a path of attributes and indices of the graph."""

    def change(model):
        target = model.subgraphs[0]
        *way, last = path
        for step in way:
            target = target[step] if isinstance(step, int) else getattr(target, step)
        if isinstance(last, int):
            target[last] = value
        else:
            setattr(target, last, value)

    return change


CHANGES = {
    "no input": (_set(["inputs"], []), "0 inputs"),
    "no output": (_set(["outputs"], []), "0 outputs"),
    "input out of range": (_set(["inputs"], [99_999]), "input or output is number 99999"),
    "a negative input": (_set(["inputs"], [-5]), "number -5"),
    "an operator of no kind": (_set(["operators", 0, "opcodeIndex"], 77), "kind of operator 0"),
    "an operator's input out of range": (
        _set(["operators", 1, "inputs"], [0, 9999, 2]),
        "input of operator 1 is number 9999",
    ),
    "a circle": (
        lambda m: _set(["operators", 0, "inputs"], list(m.subgraphs[0].outputs))(m),
        "before anything gives it",
    ),
    "memory": (
        lambda m: _set(
            ["tensors", int(m.subgraphs[0].operators[0].outputs[0]), "shape"],
            [1, 40_000, 40_000, 9],
        )(m),
        "MB of memory",
    ),
    "a buffer out of range": (_set(["tensors", 0, "buffer"], 4_000), "buffer of tensor 0"),
    "two graphs": (lambda m: m.subgraphs.append(m.subgraphs[0]), "2 graphs"),
    "no graph": (lambda m: m.subgraphs.clear(), "0 graphs"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_graph_that_makes_no_sense_is_refused_by_what_is_wrong(changed, name):
    change, said = CHANGES[name]
    with pytest.raises(ModelError, match=f"changed.tflite: .*its graph is damaged: .*{said}"):
        open_model(read_model(changed(change)), Runtime())


def test_weights_that_are_missing_are_refused(changed):
    def drop(model):
        longest = max(model.buffers, key=lambda b: 0 if b.data is None else len(b.data))
        longest.data = longest.data[:-1]

    with pytest.raises(ModelError, match="bytes of data; its shape"):
        open_model(read_model(changed(drop)), Runtime())


def test_no_damage_of_bytes_gives_anything_but_a_graph_error(whole):
    rng = random.Random(1)
    content = bytearray(whole.flatbuffer)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 4, 32))):
            damaged[rng.randrange(4_000 if rng.random() < 0.5 else len(damaged))] = rng.randrange(
                256
            )
        if rng.random() < 0.2:
            del damaged[rng.randrange(len(damaged)) :]
        try:
            check_graph(bytes(damaged))
        except GraphError:
            refused += 1
    assert refused > 60


def test_what_takes_the_interpreter_down_takes_only_the_trial_down(changed, monkeypatch):
    model = read_model(changed(lambda model: None))
    monkeypatch.setattr(trial, "_PROGRAM", ("-c", "import os; os.abort()"))
    trial._tried.cache_clear()
    with pytest.raises(ModelError, match=r"changed\.tflite: .*takes the interpreter down"):
        open_model(model, Runtime())
    monkeypatch.setattr(trial, "_PROGRAM", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(trial, "LIMIT_S", 0.5)
    trial._tried.cache_clear()
    with pytest.raises(ModelError, match="takes more than"):
        open_model(model, Runtime())
    trial._tried.cache_clear()


def test_operators_that_do_not_fit_their_tensors_are_refused_in_words(changed):
    def swap(model):
        for code in model.operatorCodes:
            code.builtinCode = code.deprecatedBuiltinCode = 9  # all fully connected

    model = read_model(changed(swap))
    with pytest.raises(ModelError, match="the interpreter refuses it"):
        open_model(model, Runtime())


def test_scores_that_are_no_probabilities_are_refused(changed, gray_face, whole):
    def scale(model):
        graph = model.subgraphs[0]
        graph.tensors[graph.outputs[0]].quantization.scale = [0.5]

    model = read_model(changed(scale))
    face = np.resize(gray_face, whole.input_size)
    with pytest.raises(ModelError, match=r"no probabilities|refuses it"):
        TFLiteClassifier(model).classify(face)


def test_the_checksum_comes_first(whole, tmp_path):
    path = tmp_path / "damaged.tflite"
    content = bytearray((find_model("edge-xs")).read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match="checksum differs"):
        read_model(path)
    assert hashlib.sha256(whole.flatbuffer).hexdigest() == whole.about["sha256"]
    assert whole.about["task"] == TASK
