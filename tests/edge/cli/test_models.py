"""`edge-emo models`: what is shipped, and all that a model file says of itself."""

import hashlib
import json

import pytest

from edge.inference.model_file import TASK, read_model, shipped_models
from edge.support.labels import EMOTIONS


def test_the_table_has_a_row_for_each_shipped_model(edge_emo):
    ended = edge_emo("models")
    assert (ended.status, ended.err) == (0, "")
    head, *rows = ended.out.splitlines()
    assert head.split()[:4] == ["name", "precision", "size", "accuracy"]
    assert len(rows) == len(shipped_models(None))
    for row, path in zip(rows, shipped_models(None).values(), strict=True):
        assert read_model(path, None).about["sha256"][:12] in row


def test_as_json_it_says_the_same(edge_emo):
    rows = json.loads(edge_emo("models", "--json").out)
    for row, path in zip(rows, shipped_models(None).values(), strict=True):
        model = read_model(path, None)
        assert row["bytes"] == path.stat().st_size
        assert row["sha256"] == hashlib.sha256(model.flatbuffer).hexdigest()
        assert row["name"] == model.name
        if model.about["task"] == TASK:
            assert 0 < row["accuracy"] < 1


def test_show_prints_all_metadata_of_the_file(edge_emo):
    about = json.loads(edge_emo("models", "show", "edge-s").out)
    assert about == read_model(shipped_models()["edge-s"]).about
    assert about["labels"] == list(EMOTIONS)
    assert about["input"]["shape"] == [1, 48, 48, 1]


def test_show_takes_a_file_too(edge_emo, tmp_path):
    copy = tmp_path / "mine.tflite"
    copy.write_bytes(shipped_models()["edge-s"].read_bytes())
    assert json.loads(edge_emo("models", "show", copy).out)["name"]


@pytest.mark.parametrize(
    ("name", "said"), [("none.tflite", "none.tflite: cannot be read"), ("edge-xxl", "'edge-xxl'")]
)
def test_what_is_no_model_is_refused(edge_emo, assert_refused, name, said):
    assert_refused(edge_emo("models", "show", name), said)
