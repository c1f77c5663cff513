"""A webcam by number, device or link; the pixel format is the one that gives the rate asked for."""

import logging
import os
import sys

import cv2
import numpy as np
import pytest

from edge.sources import SourceOptions, is_camera, open_source
from edge.sources.v4l2 import device_of, why_not_opened

linux = pytest.mark.skipif(sys.platform != "linux", reason="V4L2 is of Linux")
YUYV, MJPG = cv2.VideoWriter.fourcc(*"YUYV"), cv2.VideoWriter.fourcc(*"MJPG")


RATES = {YUYV: {640: 30.0, 1280: 10.0}, MJPG: {640: 30.0, 1280: 30.0}}  # by format and width


class Webcam:
    """Takes the place of `cv2.VideoCapture`: uncompressed it is slow at larger sizes, as over USB 2."""

    opened = None

    def __init__(self, device, api=cv2.CAP_ANY):
        type(self).opened = (device, api)
        self.code, self.size, self.asked, self.settings = YUYV, [640, 480], 30.0, []

    def isOpened(self):  # noqa: N802
        return True

    def set(self, name, value):
        self.settings.append(name)
        if name == cv2.CAP_PROP_FOURCC:
            self.code = value
        elif name == cv2.CAP_PROP_FRAME_WIDTH:
            self.size = [1280, 720] if value > 640 else [640, 480]
        elif name == cv2.CAP_PROP_FPS:
            self.asked = value
        return True

    def get(self, name):
        rate = RATES.get(self.code, RATES[YUYV])[self.size[0]]
        return {
            cv2.CAP_PROP_FOURCC: self.code,
            cv2.CAP_PROP_FRAME_WIDTH: self.size[0],
            cv2.CAP_PROP_FRAME_HEIGHT: self.size[1],
            cv2.CAP_PROP_FPS: min(rate, self.asked),
        }.get(name, 0)

    def read(self):
        return True, np.zeros((*self.size[::-1], 3), np.uint8)

    def release(self):
        pass


@pytest.fixture
def webcam(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Webcam)
    return Webcam


@pytest.mark.parametrize(
    ("size", "fps", "code", "rate"),
    [
        (None, None, YUYV, 30),
        ((640, 480), 30, YUYV, 30),
        ((1280, 720), None, MJPG, 30),
        ((1280, 720), 30, MJPG, 30),
        ((1280, 720), 10, YUYV, 10),
        ((1280, 720), 5, YUYV, 5),
    ],
)
def test_the_format_is_the_one_that_gives_the_rate(webcam, size, fps, code, rate):
    with open_source("0", SourceOptions(size=size, fps=fps)) as source:
        assert source._capture.code == code
        assert source.fps == rate


def test_a_format_that_is_no_faster_is_left_again(webcam, monkeypatch):
    monkeypatch.setitem(RATES, MJPG, {640: 30.0, 1280: 10.0})
    with open_source("0", SourceOptions(size=(1280, 720))) as source:
        assert source._capture.code == YUYV
        assert source._capture.size == [1280, 720]


def test_what_the_camera_gives_is_reported_and_warned_of_where_it_is_less(webcam, caplog):
    caplog.set_level(logging.INFO)
    with open_source("0", SourceOptions(size=(1280, 720), fps=60)):
        pass
    (said,) = caplog.records
    assert said.levelno == logging.WARNING
    assert said.getMessage() == (
        "camera 0: gives 1280x720 MJPG at 30 frames/s; it was asked for 1280x720 at 60 frames/s"
    )
    caplog.clear()
    with open_source("0", SourceOptions(size=(1280, 720), fps=30)):
        pass
    assert [r.levelno for r in caplog.records] == [logging.INFO]


@linux
@pytest.mark.parametrize(
    "name", ["/dev/video9", "/dev/v4l/by-id/usb-Camera-video-index0", "/dev/door"]
)
def test_a_device_is_a_camera_also_while_it_is_unplugged(name):
    assert is_camera(name)


@linux
def test_a_link_to_a_device_is_that_camera(webcam, tmp_path):
    link = tmp_path / "by-id"
    link.symlink_to("/dev/video7")
    assert is_camera(str(link))
    with open_source(str(link)) as source:
        assert source.name == str(link)
    assert webcam.opened == (7, cv2.CAP_V4L2)


@linux
def test_any_character_device_is_asked_as_a_camera():
    assert is_camera("/dev/null")
    assert device_of("/dev/null") == device_of("/dev/null").resolve()


@linux
@pytest.mark.parametrize("name", ["/dev/shm/none.mp4", "/dev/fd/none"])
def test_other_things_below_dev_are_none(name):
    with pytest.raises(OSError, match="no such file"):
        is_camera(name)


@linux
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_a_device_that_may_not_be_read_is_said_so(tmp_path):
    device = tmp_path / "video0"
    device.touch(mode=0)
    assert "usermod -aG video" in why_not_opened(device)


@linux
def test_a_device_that_opens_but_gives_nothing_is_in_use_or_no_camera(tmp_path):
    device = tmp_path / "video0"
    device.touch()
    assert "in use by another program" in why_not_opened(device)
