"""An interlaced video gives its own pictures, or is refused by name; nothing else is."""

import shutil
import threading
from importlib import resources

import cv2
import numpy as np
import pytest

from edge.sources import open_source
from edge.sources.files import interlaced
from edge.sources.files.interlaced import (
    Watch,
    begins_unconverted,
    converts_interlaced,
    openings,
)
from edge.support.errors import SourceError

broken = pytest.mark.skipif(
    converts_interlaced(), reason="this OpenCV converts interlaced video itself"
)


@pytest.fixture
def clip(tmp_path):
    """Four interlaced frames of a test card, which moves a little."""
    path = tmp_path / "it's [an] interlaced, clip; 1:1.m2v"
    with resources.as_file(resources.files(interlaced.__package__) / "interlaced.m2v") as file:
        shutil.copy(file, path)
    return path


def test_an_interlaced_film_gives_its_own_pictures(clip):
    with open_source(str(clip)) as source:
        frames = list(source)
    means = [float(frame.color().mean()) for frame in frames]
    # As OpenCV 4.12 gives them.
    assert means == pytest.approx([65.76, 65.74, 65.76, 65.50], abs=0.3)
    times = [frame.position_s for frame in frames]
    assert times == sorted(set(times))


@broken
def test_without_ffmpegs_filters_it_is_refused_by_name(clip, monkeypatch):
    monkeypatch.setattr(interlaced, "open_as_progressive", lambda path: cv2.VideoCapture())
    monkeypatch.setattr("edge.sources.opencv.open_as_progressive", lambda path: cv2.VideoCapture())
    with pytest.raises(SourceError, match=r"clip.*is interlaced.*opencv-python<4\.13"):
        open_source(str(clip))


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize("what", ["moving", "still", "black", "one frame"])
@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("ts", "MPG1")])
def test_no_progressive_film_is_taken_for_interlaced(
    scene, write_video, tmp_path, monkeypatch, what, filters, ending, codec
):
    if not filters:
        monkeypatch.setattr(interlaced, "open_as_progressive", lambda path: cv2.VideoCapture())
    pictures = scene("one face", 30)
    if what == "still":
        pictures = pictures[:1] * 30
    elif what == "black":
        pictures = [np.zeros_like(pictures[0])] * 30
    elif what == "one frame":
        pictures = pictures[:1]
    path = write_video(tmp_path / f"film.{ending}", pictures, codec)
    assert not begins_unconverted(path)
    with open_source(str(path)) as source:
        assert len(list(source)) == len(pictures)


@broken
def test_a_film_that_becomes_interlaced_is_refused_where_it_does(
    scene, write_video, tmp_path, monkeypatch
):
    # What the file holds changes; what is seen of it does not.
    pictures = scene("one face", 40)
    path = write_video(tmp_path / "film.mp4", pictures)
    watch = Watch(path)
    seen = [pictures[min(i, 5)] for i in range(40)]
    refused = [watch.is_unconverted(picture) for picture in seen]
    assert any(refused)
    assert refused.index(True) <= 5 + interlaced.RUN


@broken
def test_a_stream_of_one_picture_only_is_noticed_and_one_that_changes_is_not(pixels):
    picture = pixels(48, 64, 3)
    stuck, other = Watch(None), Watch(None)
    assert any(stuck.is_unconverted(picture) for _ in range(interlaced.RUN + 2))
    changing = [picture] + [pixels(48, 64, 3) + n for n in range(interlaced.RUN * 2)]
    assert not any(other.is_unconverted(p.astype(np.uint8)) for p in changing)


def test_an_opening_that_hangs_holds_up_no_other(monkeypatch):
    monkeypatch.setattr("edge.sources.files.interlaced.OPTIONS_READ_S", 0.01)
    with openings.shared(), openings.shared(), openings.alone():
        pass


def test_options_of_one_opening_are_not_those_of_another():
    entered = threading.Event()

    def other():
        with openings.shared():
            entered.set()

    with openings.alone():
        thread = threading.Thread(target=other)
        thread.start()
        assert not entered.wait(0.1)
    assert entered.wait(60)
    thread.join()
