"""The stand-in for Picamera2 keeps to what Picamera2's manual says of the part that is used."""

import cv2
import numpy as np
import pytest

from edge.sources.fake_picamera2 import BUFFERS, MappedArray, Picamera2

SIZE = (600, 400)  # rows of 600 bytes are padded to 640


@pytest.fixture
def camera():
    """A running camera with both streams."""
    camera = Picamera2()
    wanted = camera.create_video_configuration(
        main={"size": SIZE, "format": "RGB888"},
        lores={"size": (300, 200), "format": "YUV420"},
        controls={"FrameRate": 500},
    )
    camera.configure(wanted)
    camera.start()
    yield camera
    camera.close()


def test_a_camera_that_was_not_started_gives_nothing():
    camera = Picamera2()
    with pytest.raises(RuntimeError, match="not been configured"):
        camera.start()
    camera.configure(camera.create_video_configuration(main={"format": "RGB888"}))
    with pytest.raises(RuntimeError, match="not been started"):
        camera.capture_request()


def test_a_stopped_or_closed_camera_gives_nothing(camera):
    camera.stop()
    with pytest.raises(RuntimeError):
        camera.capture_request()
    camera.start()
    camera.capture_request().release()
    camera.close()
    with pytest.raises(RuntimeError):
        camera.capture_request()


def test_a_running_camera_cannot_be_configured(camera):
    with pytest.raises(RuntimeError, match="must be stopped"):
        camera.configure(camera.create_video_configuration())


def test_there_is_one_camera():
    assert len(Picamera2.global_camera_info()) == 1
    with pytest.raises(IndexError):
        Picamera2(1)


def test_the_pool_of_buffers_runs_dry_if_requests_are_not_released(camera):
    lent = [camera.capture_request() for _ in range(BUFFERS)]
    with pytest.raises(RuntimeError, match="not released"):
        camera.capture_request()
    lent[0].release()
    camera.capture_request().release()
    for request in lent[1:]:
        request.release()
    assert camera.lent == 0


def test_a_request_cannot_be_released_twice_nor_used_afterwards(camera):
    request = camera.capture_request()
    request.release()
    with pytest.raises(RuntimeError, match="released"):
        request.make_array("main")
    with pytest.raises(RuntimeError, match="ref_count"):
        request.release()
    assert camera.lent == 0


def test_rgb888_lies_as_b_g_r_and_yuv420_is_the_same_picture(camera):
    request = camera.capture_request()
    color, planes = request.make_array("main"), request.make_array("lores")
    assert color.shape == (400, 600, 3)
    # 200 rows of Y and 100 of U and V, 300 bytes padded to 320.
    assert planes.shape == (300, 320)
    gray = cv2.cvtColor(cv2.resize(color, (300, 200)), cv2.COLOR_BGR2GRAY)
    # Y of YUV420 spans 16..235.
    difference = planes[:200, :300].astype(float) - (16 + gray * (219 / 255))
    assert np.abs(difference).max() < 3
    request.release()


def test_rows_are_padded_to_the_stride_of_the_configuration(camera):
    assert camera.camera_configuration()["lores"]["stride"] == 320
    assert camera.camera_configuration()["main"]["stride"] == 1856


def test_an_undefined_stream_has_no_array(camera):
    request = camera.capture_request()
    with pytest.raises(RuntimeError, match="'raw' is not defined"):
        request.make_array("raw")
    request.release()


def test_a_mapped_array_is_there_as_long_as_the_with_lasts(camera):
    request = camera.capture_request()
    mapped = MappedArray(request, "lores", write=False)
    assert mapped.array is None
    with mapped:
        np.testing.assert_array_equal(mapped.array, request.make_array("lores"))
    assert mapped.array is None
    request.release()
