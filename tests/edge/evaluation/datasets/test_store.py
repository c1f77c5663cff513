"""Many faces lie on disk in a file without a name, and are the same as in memory."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from edge.evaluation.datasets import load_split, store
from edge.support.errors import OutputError


@pytest.fixture
def on_disk(monkeypatch, tmp_path):
    """A folder that takes all that is beyond ten faces."""
    folder = tmp_path / "spill"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(store, "IN_MEMORY", 10 * 48 * 48)
    return folder


def mapped_files():
    """Return what files this process has mapped into memory."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("what is mapped is only told by Linux")
    gc.collect()
    return maps.read_text()


def test_faces_on_disk_are_those_in_memory(labelled_folder_once, on_disk, monkeypatch):
    many = load_split(labelled_folder_once, "train")
    assert str(on_disk) in mapped_files()
    assert list(on_disk.iterdir()) == []
    monkeypatch.setattr(store, "IN_MEMORY", 2**30)
    few = load_split(labelled_folder_once, "train")
    np.testing.assert_array_equal(many.images, few.images)
    assert many.names == few.names
    assert type(many.images) is type(few.images) is np.ndarray
    assert not many.images.flags.writeable
    assert not few.images.flags.writeable


def test_faces_below_the_limit_stay_in_memory(labelled_folder_once, on_disk, monkeypatch):
    monkeypatch.setattr(store, "IN_MEMORY", 56 * 48 * 48)
    faces = load_split(labelled_folder_once, "train")
    assert len(faces) == 56
    assert str(on_disk) not in mapped_files()


def test_what_is_selected_lies_on_disk_too_if_it_is_much(labelled_folder_once, on_disk):
    faces = load_split(labelled_folder_once, "train")
    in_memory = np.array(faces.images)
    for index in (np.arange(50)[::-1], np.array([7, 7, 3]), np.array([], int)):
        np.testing.assert_array_equal(faces.select(index).images, in_memory[index])
    before = mapped_files().count(str(on_disk))
    half = faces.select(np.arange(28))
    assert mapped_files().count(str(on_disk)) == before + 1
    assert len(half) == 28


def test_the_room_is_given_back_with_the_faces(labelled_folder_once, on_disk):
    open_before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    faces = load_split(labelled_folder_once, "train")
    del faces
    assert str(on_disk) not in mapped_files()
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_folder_that_is_not_there_is_refused_by_name(labelled_folder_once, on_disk, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(on_disk / "none"))
    with pytest.raises(OutputError, match=r"none: cannot hold the faces read: .*TMPDIR"):
        load_split(labelled_folder_once, "train")


FULL = """
import sys
from pathlib import Path
from edge.cli import main
from edge.evaluation.datasets import store
store.IN_MEMORY = 10 * 48 * 48
main(["evaluate", "--data", sys.argv[1], "--split", "train"])
"""


@pytest.mark.slow
def test_a_full_disk_is_one_clear_error(
    python_process, no_file_larger_than, assert_refused, labelled_folder_once, tmp_path
):
    ended = python_process(
        FULL,
        labelled_folder_once,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        **no_file_larger_than(40 * 48 * 48),
    )
    assert_refused(ended, f"{tmp_path}: cannot hold the faces read: ")
