"""The Pi camera's source on a stand-in for Picamera2: small gray planes, every buffer given back."""

import inspect
import json
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge.faces.haar import HaarDetector
from edge.live.loop import run
from edge.live.pipeline import Pipeline
from edge.outputs import Output
from edge.outputs.base import Outputs
from edge.sources import SourceOptions, fake_picamera2, open_source
from edge.sources.picamera import PiCamera
from edge.sources.reconnecting import Patience, Reconnecting
from edge.support.boxes import iou
from edge.support.errors import SourceError


@pytest.fixture
def camera():
    """Open a Pi camera's source; the camera behind it is `.camera.device`."""

    class Remembered(fake_picamera2.Picamera2):
        def __init__(self, number):
            super().__init__(number)
            opened.device = self

    opened = SimpleNamespace(
        Picamera2=Remembered,
        MappedArray=fake_picamera2.MappedArray,
        libcamera=fake_picamera2.libcamera,
        device=None,
    )

    def open_camera(argument="", **options):
        opened.source = PiCamera(argument, SourceOptions(**options), module=opened)
        return opened.source

    open_camera.opened = opened
    yield open_camera
    if opened.device:
        opened.device.close()


@pytest.fixture
def blind():
    """A pipeline that sees nothing, at once."""
    classifier = SimpleNamespace(input_size=(48, 48))
    return Pipeline(SimpleNamespace(detect=lambda image: []), classifier)


class Calling(Output):
    def __init__(self, write):
        self._write = write

    def write(self, frame, observation):
        self._write(frame, observation)


@contextmanager
def watched(camera, stop, **options):
    """Watch over a camera as a run does, and wait until it is closed."""

    def open_camera():
        return camera(**options)

    with Reconnecting(open_camera, stop, Patience(60, 0, again=False)) as source:
        yield source


def first(source):
    return next(iter(source))


def test_a_frame_is_the_small_streams_gray_plane_without_its_padding(camera):
    with camera(size=(1280, 720)) as source, first(source) as frame:
        assert frame.size == (1280, 720)
        assert frame.gray.shape == (360, 640)
        assert frame.gray.dtype == np.uint8
        reference = cv2.resize(cv2.cvtColor(frame.color(), cv2.COLOR_BGR2GRAY), (640, 360))
        # Y of YUV420 spans 16..235.
        assert np.abs(frame.gray - (16 + reference * (219 / 255))).mean() < 2


def test_the_gray_plane_is_used_in_place_not_copied(camera):
    # A width whose rows are padded: a copy would have closed them up.
    with camera(size=(600, 400)) as source, first(source) as frame:
        assert frame.gray.shape == (400, 600)
        assert frame.gray.strides == (640, 1)
        assert not frame.gray.flags.owndata


def test_boxes_are_in_pixels_of_the_full_frame(camera):
    class Neutral:
        input_size = (48, 48)

        def classify(self, face):
            return np.full(7, 1 / 7, "f4")

    detector = HaarDetector()
    with camera(size=(1280, 720)) as source, first(source) as frame:
        seen = Pipeline(detector, Neutral()).analyse(frame)
        full = detector.detect(cv2.cvtColor(frame.color(), cv2.COLOR_BGR2GRAY))
    assert len(seen.faces) == len(full) == 1
    assert iou(seen.faces[0].box, full[0].box) > 0.5
    assert seen.size == (1280, 720)


def test_colour_is_the_full_frame_and_may_be_kept_after_the_frame_has_gone(camera):
    with camera(size=(640, 360)) as source:
        with first(source) as frame:
            kept = frame.color()
            before = kept.copy()
        np.testing.assert_array_equal(kept, before)
        assert kept.shape == (360, 640, 3)


def test_where_nobody_shows_colour_one_small_stream_is_all_that_is_configured(camera):
    with camera(size=(1280, 720), color=False) as source:
        config = camera.opened.device.camera_configuration()
        assert config.get("lores") is None
        assert (config["main"]["size"], config["main"]["format"]) == ((640, 360), "YUV420")
        with first(source) as frame:
            assert frame.size == (1280, 720)
            assert frame.gray.shape == (360, 640)


def test_with_colour_main_is_the_full_frame_and_lores_the_gray_one(camera):
    with camera(size=(1280, 720), color=True):
        config = camera.opened.device.camera_configuration()
        assert config["main"]["size"] == (1280, 720)
        assert (config["lores"]["size"], config["lores"]["format"]) == ((640, 360), "YUV420")


def test_a_small_camera_is_not_scaled_up(camera):
    with camera(size=(320, 240)) as source, first(source) as frame:
        assert frame.gray.shape == (240, 320)


def test_the_rate_asked_for_reaches_the_camera(camera):
    with camera(fps=7.0) as source:
        assert source.fps == 7
        assert camera.opened.device.camera_configuration()["controls"] == {"FrameRate": 7.0}


def test_frames_are_numbered_and_outnumber_the_buffers(camera):
    with camera(size=(64, 48), fps=500) as source:
        taken = []
        for frame in source:
            with frame:
                assert camera.opened.device.lent == 1
                taken.append(frame.index)
            if len(taken) == 3 * fake_picamera2.BUFFERS:
                break
        assert taken == list(range(len(taken)))
        assert camera.opened.device.lent == 0


def test_a_live_camera_has_no_position(camera):
    with camera(size=(64, 48)) as source, first(source) as frame:
        assert frame.position_s is None
        assert source.live
        assert source.continuous


def test_an_error_while_a_frame_is_used_gives_it_back(camera):
    with camera(size=(64, 48)) as source:
        with pytest.raises(ZeroDivisionError), first(source):
            raise ZeroDivisionError
        assert camera.opened.device.lent == 0


def test_an_error_while_a_buffer_is_mapped_gives_it_back(camera, monkeypatch):
    def broken(self):
        raise OSError("mmap")

    monkeypatch.setattr(fake_picamera2.MappedArray, "__enter__", broken)
    with camera(size=(64, 48)) as source:
        with pytest.raises(OSError, match="mmap"):
            first(source)
        assert camera.opened.device.lent == 0


def test_after_a_run_every_buffer_is_back(camera, blind):
    stop = threading.Event()
    with watched(camera, stop, size=(64, 48), fps=200) as source:
        ending = Outputs([Calling(lambda f, o: o.frame > 5 and stop.set())])
        summary = run(source, blind, ending, stop)
    assert camera.opened.device.lent == 0
    assert summary.frames > 0
    assert not camera.opened.device.started


def test_frames_dropped_because_they_came_too_late_are_given_back(camera, blind):
    # As many as the pool has buffers pass while the analysis is busy with one.
    stop = threading.Event()

    def slow(frame, observation):
        while source_gives["next"] < observation.frame + 2 * fake_picamera2.BUFFERS:
            ticked.wait(0.01)
        if observation.frame:
            stop.set()

    source_gives, ticked = {"next": 0}, threading.Event()

    def opened(**options):
        source = camera(**options)
        capture = camera.opened.device.capture_request

        def counting(wait):
            source_gives["next"] += 1
            return capture(wait)

        camera.opened.device.capture_request = counting
        return source

    with watched(opened, stop, size=(64, 48), fps=500) as source:
        summary = run(source, blind, Outputs([Calling(slow)]), stop)
    assert camera.opened.device.lent == 0
    assert summary.late >= fake_picamera2.BUFFERS


def test_an_error_in_an_output_reaches_the_caller_with_every_buffer_back(camera, blind):
    def broken(frame, observation):
        raise ZeroDivisionError

    stop = threading.Event()
    outputs = Outputs([Calling(broken)])
    with (
        watched(camera, stop, size=(64, 48), fps=200) as source,
        pytest.raises(ZeroDivisionError),
    ):
        run(source, blind, outputs, stop)
    assert camera.opened.device.lent == 0


def test_an_error_of_the_camera_reaches_the_caller(camera, blind):
    def opened(**options):
        source = camera(**options)
        camera.opened.device.stop()
        return source

    stop = threading.Event()
    with (
        watched(opened, stop, size=(64, 48), fps=200) as source,
        pytest.raises(RuntimeError, match="not been started"),
    ):
        run(source, blind, Outputs([]), stop)


def test_a_camera_that_cannot_be_configured_is_closed_again(camera, monkeypatch):
    def refuse(self, config):
        raise RuntimeError("no such mode")

    monkeypatch.setattr(fake_picamera2.Picamera2, "configure", refuse)
    closed = []
    monkeypatch.setattr(fake_picamera2.Picamera2, "close", lambda self: closed.append(1))
    with pytest.raises(SourceError, match="cannot be started: no such mode"):
        camera()
    assert closed == [1]


def test_a_camera_that_is_in_use_is_said(camera, monkeypatch):
    def busy(self, number):
        raise RuntimeError("Camera __init__ sequence did not complete.")

    monkeypatch.setattr(camera.opened.Picamera2, "__init__", busy)
    with pytest.raises(SourceError, match=r"picamera:0: cannot be opened.*another program"):
        camera()


@pytest.mark.parametrize("argument", ["1", "99999999999999999999", "x", "-1"])
def test_a_camera_that_is_not_there_is_refused_by_its_name(camera, argument):
    with pytest.raises(SourceError, match=f"picamera:{argument}: "):
        camera(argument)


def test_where_no_camera_is_it_says_what_to_check(camera, monkeypatch):
    monkeypatch.setattr(camera.opened.Picamera2, "global_camera_info", list)
    with pytest.raises(SourceError, match="found: none; check the ribbon cable"):
        camera()


def test_without_picamera2_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(SourceError, match="apt install python3-picamera2"):
        open_source("picamera")


def test_the_mock_is_the_pi_cameras_source_under_its_own_name():
    with open_source("mock", SourceOptions(size=(64, 48))) as source:
        assert isinstance(source, PiCamera)
        assert source.name == "mock"
        with first(source) as frame:
            assert frame.source == "mock"


@pytest.mark.parametrize("name", ["mock:1", "mock:x"])
def test_a_mock_that_is_not_there_is_refused_by_its_name(name):
    with pytest.raises(SourceError, match=name):
        open_source(name)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_camera_that_hangs_askew_gives_what_an_upright_one_gives(camera, rotate, mirror):
    upright = fake_picamera2.DemoClip((320, 180)).picture(0)
    with camera(size=(320, 180), rotate=rotate, mirror=mirror) as source, first(source) as frame:
        wanted = np.rot90(upright, -rotate // 90)
        wanted = wanted[:, ::-1] if mirror else wanted
        assert frame.size == wanted.shape[1::-1]
        np.testing.assert_array_equal(frame.color(), wanted)
        gray = 16 + cv2.cvtColor(np.ascontiguousarray(wanted), cv2.COLOR_BGR2GRAY) * (219 / 255)
        assert np.abs(frame.gray - gray).mean() < 2


@pytest.mark.parametrize(
    ("exposure_ms", "limits"), [(10, (10_000, 10_000)), (50, (33_333, 50_000))]
)
def test_the_longest_exposure_bounds_the_frames_duration(camera, exposure_ms, limits):
    with camera(size=(64, 48), exposure_ms=exposure_ms):
        controls = camera.opened.device.camera_configuration()["controls"]
        assert controls == {"FrameDurationLimits": limits}


def test_a_capture_that_never_ends_is_given_up(camera):
    class Never:
        def get_result(self, timeout):
            raise TimeoutError

    with camera(size=(64, 48), timeout_s=0.01) as source:
        camera.opened.device._capture = None
        camera.opened.device.capture_request = lambda wait: Never()
        with pytest.raises(SourceError, match=r"gave no frame for 0.01 s; check the ribbon cable"):
            first(source)


def test_the_stand_in_has_the_form_of_the_real_picamera2():
    # The table is read from the package on PyPI by tests/device/picamera2_api.py.
    table = json.loads(Path(__file__).with_name("picamera2_api.json").read_text())["signatures"]
    for name, real in table.items():
        owner, _, method = name.partition(".")
        ours = inspect.getattr_static(getattr(fake_picamera2, owner), method, None)
        if not inspect.isfunction(getattr(ours, "__func__", ours)):  # an attribute
            continue
        ours = inspect.signature(getattr(ours, "__func__", ours)).parameters.values()
        known = [p.rstrip("=") for p in real]
        for parameter in ours:
            if parameter.kind is parameter.VAR_POSITIONAL:
                continue
            if owner == "CompletedRequest" and method == "__init__":
                continue
            assert parameter.name in known, f"{name}: {parameter.name}"
            has_default = parameter.default is not parameter.empty
            assert has_default == (parameter.name + "=" in real), f"{name}: {parameter.name}"
