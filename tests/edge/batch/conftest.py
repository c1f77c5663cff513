"""A few inputs of every kind, and the batch over them: made once, copied for each test."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from edge.batch.job import run_batch
from edge_emo.testing import portrait


@pytest.fixture(scope="session")
def _batch_once(tmp_path_factory, write_video, scene):
    """A folder with `in`, the inputs, and the result of the batch over them by one worker."""
    place = tmp_path_factory.mktemp("batch")
    folder = place / "in"
    (folder / "sub folder").mkdir(parents=True)
    image = cv2.imencode(".png", cv2.resize(portrait(), (256, 256)))[1].tobytes()
    write_video(folder / "clip.avi", scene("one face", 8), "MJPG")
    (folder / "sub folder" / "Zoë 1.png").write_bytes(image)
    (folder / "face.png").write_bytes(image)
    (folder / "empty.mp4").touch()
    (folder / "broken.png").write_bytes(b"no image")
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden.png").write_bytes(image)
    before = Path.cwd()
    os.chdir(place)
    try:
        return place, run_batch([Path("in")], Path("out"), jobs=1)
    finally:
        os.chdir(before)


@pytest.fixture
def inputs(_batch_once, tmp_path, monkeypatch):
    """A folder with a video, images, and what is none; the test runs beside it."""
    shutil.copytree(_batch_once[0] / "in", tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    return Path("in")


@pytest.fixture
def results(_batch_once, inputs, tmp_path):
    """The batch over the inputs, by one worker."""
    out = tmp_path / "out"
    shutil.copytree(_batch_once[0] / "out", out)
    done = _batch_once[1]
    tables = {name: out / getattr(done, name).name for name in ("faces_table", "files_table")}
    return replace(done, out=out, **tables)
