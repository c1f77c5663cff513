"""The model file describes itself, and what is damaged or of another kind is refused by name."""

import contextlib
import hashlib
import json
import zipfile

import numpy as np
import pytest

from edge.inference.model_file import TASK, find_model, read_model, shipped_models, write_model
from edge.inference.runtime import Runtime
from edge.support.errors import ModelError, OutputError
from edge.support.labels import EMOTIONS

ABOUT = {
    "task": TASK,
    "name": "test",
    "precision": "int8",
    "input": {"shape": [1, 48, 48, 1], "dtype": "int8"},
}
FLATBUFFER = b"\x1c\0\0\0TFL3" + bytes(range(256))


@pytest.fixture(scope="module")
def shipped():
    return read_model(find_model(None))


@pytest.fixture
def path(tmp_path):
    """A small model file; no interpreter would take it."""
    write_model(tmp_path / "test.tflite", FLATBUFFER, ABOUT)
    return tmp_path / "test.tflite"


def test_what_is_written_is_read_again(path):
    model = read_model(path)
    assert model.flatbuffer == FLATBUFFER
    assert {**ABOUT, "sha256": model.about["sha256"]} == model.about
    assert (model.name, model.precision, model.input_size) == ("test", "int8", (48, 48))
    assert model.path == path


def test_the_checksum_is_that_of_the_flatbuffer(path):
    assert read_model(path).about["sha256"] == hashlib.sha256(FLATBUFFER).hexdigest()


def test_any_zip_program_reads_what_the_file_says_of_itself(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"labels.txt", "model.json"}
        assert archive.read("labels.txt").decode().split() == list(EMOTIONS)
        assert json.loads(archive.read("model.json"))["name"] == "test"


def test_the_interpreter_accepts_the_file_and_ignores_the_zip_at_its_end(shipped):
    outputs = []
    for content in (shipped.flatbuffer, shipped.path.read_bytes()):
        interpreter = Runtime().open(content)
        place = interpreter.get_input_details()[0]
        interpreter.set_tensor(place["index"], np.full(place["shape"], 7, place["dtype"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    np.testing.assert_array_equal(*outputs)


def test_the_same_input_gives_the_same_bytes(path, tmp_path):
    again = tmp_path / "again.tflite"
    write_model(again, FLATBUFFER, ABOUT)
    assert again.read_bytes() == path.read_bytes()


def test_a_model_read_and_written_is_the_same_file(shipped, tmp_path):
    write_model(tmp_path / "copy.tflite", shipped.flatbuffer, shipped.about)
    assert (tmp_path / "copy.tflite").read_bytes() == shipped.path.read_bytes()


@pytest.mark.slow
def test_a_model_file_truncated_anywhere_is_refused_by_name(path, tmp_path):
    content = path.read_bytes()
    cut = tmp_path / "cut.tflite"
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"cut\.tflite: "):
            read_model(cut)


def test_a_damaged_flatbuffer_is_refused_by_its_checksum(path):
    content = bytearray(path.read_bytes())
    content[len(FLATBUFFER) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"test.tflite: its checksum differs"):
        read_model(path)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [0x01, 0x08, 0x20, 0xFF])
def test_a_byte_damaged_anywhere_is_a_model_error_or_does_no_harm(path, tmp_path, damage):
    whole = read_model(path)
    content = path.read_bytes()
    damaged = tmp_path / "damaged.tflite"
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= damage
        damaged.write_bytes(changed)
        with contextlib.suppress(ModelError):
            model = read_model(damaged)
            assert model.flatbuffer == whole.flatbuffer
            assert model.about == whole.about


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({**ABOUT, "task": "age"}, "is for another task"),
        ({**ABOUT, "input": {"shape": [1, 48, 48, 2]}}, r"shape \[1, 48, 48, 2\]"),
        ({**ABOUT, "input": {"shape": [8, 48, 48, 1]}}, r"shape \[8, 48, 48, 1\]"),
        ({**ABOUT, "input": {"shape": [48, 48]}}, r"shape \[48, 48\]"),
        ({**ABOUT, "input": {"shape": [1, 0, -48, 1]}}, "shape"),
        ({**ABOUT, "input": {"shape": [1, "48", "48", 1]}}, "shape"),
        ({**ABOUT, "input": {"shape": None}}, ""),
        ({**ABOUT, "input": []}, ""),
        ({**ABOUT, "name": 3}, ""),
        ({}, ""),
    ],
)
def test_a_model_of_another_task_or_input_is_refused_by_name(tmp_path, about, said):
    path = tmp_path / "other.tflite"
    write_model(path, FLATBUFFER, about)
    with pytest.raises(ModelError, match=f"other.tflite: .*{said}"):
        read_model(path)


@pytest.mark.parametrize("entry", ["labels.txt", "model.json"])
@pytest.mark.parametrize("text", ["", "[]", "null", "angry\nhappy\n", "\0"])
def test_a_self_description_that_is_none_is_refused_by_name(path, tmp_path, entry, text):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    other = tmp_path / "other.tflite"
    other.write_bytes(FLATBUFFER)
    with zipfile.ZipFile(other, "a") as archive:
        for name, content in {**entries, entry: text.encode()}.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match=r"other\.tflite: "):
        read_model(other)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "is not a TFLite file"),
        (b"PK\3\4 no model", "is not a TFLite"),
    ],
)
def test_what_is_no_model_file_is_refused_by_name(tmp_path, content, said):
    path = tmp_path / "none.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=f"none.tflite: {said}"):
        read_model(path)


def test_a_plain_tflite_file_without_self_description_is_refused(tmp_path):
    path = tmp_path / "plain.tflite"
    path.write_bytes(FLATBUFFER)
    with pytest.raises(ModelError, match=r"plain\.tflite: has no model\.json"):
        read_model(path)


def test_a_failed_write_leaves_the_old_model(path, tmp_path):
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_model(path, FLATBUFFER, {**ABOUT, "name": object()})
    assert path.read_bytes() == before
    with pytest.raises(OutputError, match="cannot write"):
        write_model(tmp_path / "nowhere" / "a.tflite", FLATBUFFER, ABOUT)
    assert list(tmp_path.iterdir()) == [path]


def test_the_shipped_models_are_intact_and_found_by_name():
    models = shipped_models()
    assert "edge-s" in models
    for name, path in models.items():
        assert find_model(name) == path
        assert read_model(path).path == path


def test_no_name_is_the_default_model():
    assert find_model(None) == shipped_models()["edge-s"]


def test_a_path_is_taken_as_it_is(path):
    assert find_model(str(path)) == path


def test_an_unknown_name_is_refused_with_the_shipped_ones():
    with pytest.raises(ModelError, match=r"model 'edge-xxl'.*edge-s"):
        find_model("edge-xxl")


def test_a_name_too_long_for_a_file_is_an_unknown_one():
    with pytest.raises(ModelError, match="no such file"):
        find_model("a" * 300)


@pytest.mark.parametrize("wanted", [None, "edge-s"])
def test_a_folder_here_of_a_shipped_models_name_does_not_hide_it(tmp_path, monkeypatch, wanted):
    (tmp_path / "edge-s").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_model(wanted) == shipped_models()["edge-s"]


def test_what_unpacks_to_gigabytes_is_refused_in_bounds(tmp_path):
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        path = tmp_path / f"bomb{method}.tflite"
        path.write_bytes(FLATBUFFER)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("labels.txt", bytes(20_000_000), method)
            archive.writestr("model.json", json.dumps(ABOUT))
        with pytest.raises(ModelError, match="unpacks to more than 8 MB"):
            read_model(path)


@pytest.mark.parametrize("table", ["input", "evaluation", "training", "source"])
def test_a_self_description_of_other_types_is_refused(tmp_path, table):
    write_model(tmp_path / "odd.tflite", FLATBUFFER, {**ABOUT, table: "text"})
    with pytest.raises(ModelError, match=r"odd\.tflite: "):
        read_model(tmp_path / "odd.tflite")
