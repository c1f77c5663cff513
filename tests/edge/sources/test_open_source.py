"""What a user names is opened as what it is: a camera, a stream, a file, a folder or the demo."""

from pathlib import Path

import pytest

from edge.sources import open_source
from edge.sources.demo import Demo
from edge.sources.images import Images
from edge.sources.opencv import Video
from edge.sources.picamera import MockCamera
from edge.support.errors import SourceError


def test_each_kind_is_recognised_by_its_name(short_video, portrait_file):
    for what, kind in (
        ("demo", Demo),
        ("mock", MockCamera),
        (str(short_video), Video),
        (str(portrait_file), Images),
        (str(portrait_file.parent), Images),
    ):
        with open_source(what) as source:
            assert type(source) is kind


@pytest.mark.parametrize("what", ["none.mp4", "nowhere/none.png", "webcam", "picam", "a" * 300])
def test_what_is_not_there_is_refused_with_what_could_be_named(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=f"^{what}.*no such file.*picamera"):
        open_source(what)


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises(SourceError, match="no such file"):
        open_source("a\0b")


def test_what_may_not_be_looked_at_is_not_called_missing(monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", refuse)  # whatever user runs this test
    with pytest.raises(SourceError, match=r"^theirs/a\.jpg: cannot be read: Permission denied"):
        open_source("theirs/a.jpg")


@pytest.mark.parametrize("name", ["images", "video", "camera", "stream"])
def test_a_folder_is_read_even_if_it_is_called_like_a_kind_of_source(
    name, tmp_path, monkeypatch, portrait_file
):
    (tmp_path / name).mkdir()
    (tmp_path / name / "inside.png").write_bytes(portrait_file.read_bytes())
    (tmp_path / "beside.png").write_bytes(portrait_file.read_bytes())
    monkeypatch.chdir(tmp_path)
    with open_source(name) as source:
        assert [frame.source for frame in source] == [str(Path(name, "inside.png"))]


@pytest.mark.parametrize("name", ["images", "video", "camera", "stream"])
def test_a_kind_of_source_alone_is_no_source(name, tmp_path, monkeypatch):
    (tmp_path / "beside.png").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=f"^{name}.*no such file"):
        open_source(name)
