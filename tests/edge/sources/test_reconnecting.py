"""A camera that fails in any way is left and opened again, and what was missed is told."""

import logging
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from edge.sources import reconnecting as lasting
from edge.sources.reconnecting import Lasting, Patience
from edge.support.errors import SourceError
from edge.support.values import Frame

PATIENCE_S = 20  # until a test that hangs is told to be wrong
QUICK = Patience(frame_s=0.3, same_s=0)
NOISE = np.random.default_rng(1).integers(0, 255, (50, 4, 4), np.uint8)


class Camera:
    """A camera that plays one script: numbers are frames, anything else happens."""

    continuous, fps, name, live = True, 30.0, "cam", True

    def __init__(self, log, script):
        self.log, self.script = log, script
        log.append("open")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.append("close")

    def __iter__(self):
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, threading.Event):
                step.wait(PATIENCE_S)
                continue
            yield Frame(
                *("cam", step, datetime.now(UTC), None, (4, 4)),
                gray=NOISE[step % 50],
                color=lambda: None,
                capture_ms=0.0,
                release=lambda: self.log.append("back"),
            )


@pytest.fixture
def stop():
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(lasting, "PAUSE_S", 0.02)
    monkeypatch.setattr(lasting, "LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def kept(stop):
    """Keep a camera that at each opening plays the next script, an exception is raised instead."""
    made = []

    def make(*scripts, patience=QUICK, switched_off=lambda: None, waiting=lambda state: None):
        left = iter(scripts)
        log = []

        def open_camera():
            script = next(left, None)
            if isinstance(script, Exception):
                raise script
            return Camera(log, [threading.Event()] if script is None else script)

        made.append(Lasting(open_camera, stop, patience, switched_off, waiting))
        made[-1].log = log
        return made[-1]

    yield make
    stop.set()
    for one in made:
        one.__exit__()


def take(camera, frames):
    """Return index and gap of so many frames."""
    taken = []
    deadline = time.monotonic() + PATIENCE_S
    for frame in camera:
        assert time.monotonic() < deadline
        if frame is not None:
            with frame:
                taken.append((frame.index, frame.gap))
        if len(taken) == frames:
            return taken
    raise AssertionError


def eternal():
    """A hold that ends with the test."""
    return threading.Event()


def test_a_camera_that_returns_an_error_is_opened_again_and_frames_are_numbered_on(kept):
    camera = kept([0, SourceError("cam: gave no more frames")], [0, eternal()])
    (first, no_gap), (second, gap) = take(camera, 2)
    assert (first, no_gap) == (0, None)
    assert second == 1
    assert gap.reason == "gave no more frames"
    assert gap.seconds > 0
    assert [said for said in camera.log if said != "back"][:3] == ["open", "close", "open"]


def test_a_camera_that_gives_nothing_is_left_after_its_time(kept):
    camera = kept([0, eternal()], [0, eternal()])
    _, (index, gap) = take(camera, 2)
    assert index == 1
    assert gap.reason == "gave no frame for 0.3 s"


def test_a_camera_that_is_away_is_tried_again_and_again(kept):
    away = [SourceError("camera 0: cannot be opened")] * 4
    camera = kept([0, SourceError("unplugged")], *away, [0, eternal()])
    _, (_, gap) = take(camera, 2)
    assert gap.reason == "unplugged"


def test_any_error_of_a_driver_counts_as_a_failure(kept):
    camera = kept([0, RuntimeError("Camera frontend has timed out!")], [0, eternal()])
    _, (_, gap) = take(camera, 2)
    assert gap.reason == "Camera frontend has timed out!"


def test_while_the_camera_is_away_the_consumer_is_told_that_nothing_came(kept):
    camera = kept([0, SourceError("unplugged")], *[SourceError("away")] * 50)
    frames = iter(camera)
    waits = 0
    deadline = time.monotonic() + PATIENCE_S
    while waits < 5 and time.monotonic() < deadline:
        frame = next(frames)
        if frame is None:
            waits += 1
        else:
            frame.release()
    assert waits == 5


def test_a_picture_that_stays_the_same_is_a_failure(kept):
    def frozen():
        while True:
            time.sleep(0.01)
            yield 0

    camera = kept(frozen(), [1, eternal()], patience=Patience(1.0, 0.01))
    deadline = time.monotonic() + PATIENCE_S
    for frame in camera:
        assert time.monotonic() < deadline
        if frame is not None:
            frame.release()
            if frame.gap:
                break
    assert frame.gap.reason == "gave the same picture for 0.01 s"


def test_a_failure_and_its_end_are_said_once_however_often_the_camera_fails_again(kept, caplog):
    camera = kept([0, SourceError("a")], SourceError("b"), SourceError("c"), [0, eternal()])
    take(camera, 2)
    said = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert said == ["cam: a; trying to open it again", "cam: gives pictures again"]


def test_the_off_switch_closes_the_camera_and_back_on_opens_it(kept):
    off = []
    camera = kept([0, eternal()], [0, eternal()], switched_off=lambda: off[0] if off else None)
    frames = iter(camera)
    while (frame := next(frames)) is None:
        pass
    frame.release()
    off.append("switched off by the file off")
    for _ in range(5):
        assert next(frames) is None
    assert camera.state == "camera closed: switched off by the file off"
    off.clear()
    while (frame := next(frames)) is None:
        pass
    assert frame.gap.reason == "switched off by the file off"


def test_without_reconnecting_the_failure_is_the_callers(kept):
    camera = kept([0, SourceError("unplugged")], patience=Patience(1.0, 0, again=False))
    with pytest.raises(SourceError, match="unplugged"):
        take(camera, 2)


def test_a_camera_that_is_not_there_at_the_start_is_refused(kept):
    with pytest.raises(SourceError, match="cannot be opened"):
        kept(SourceError("camera 9: cannot be opened"))


PATIENT = Patience(1.0, 0, first_s=PATIENCE_S)


def test_a_service_waits_for_a_camera_that_is_not_there_at_the_start(kept, caplog):
    away, told = [SourceError("camera 9: cannot be opened")] * 3, []
    camera = kept(*away, [0, eternal()], patience=PATIENT, waiting=told.append)
    ((index, gap),) = take(camera, 1)
    assert (index, gap.reason) == (0, "camera 9: cannot be opened")
    assert "camera failed: camera 9: cannot be opened" in told
    said = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert said[0] == "camera 9: cannot be opened; trying to open it again"


def test_a_service_waits_no_longer_than_it_may(kept):
    away = [SourceError("cannot be opened")] * 1000
    with pytest.raises(SourceError, match="cannot be opened"):
        kept(*away, patience=Patience(1.0, 0, first_s=0.2))


def test_stop_ends_the_wait_for_a_camera_that_is_not_there_at_the_start(kept, stop):
    with pytest.raises(KeyboardInterrupt):
        kept(
            *[SourceError("cannot be opened")] * 1000,
            patience=PATIENT,
            waiting=lambda state: stop.set() if "failed" in state else None,
        )


def test_the_off_switch_ends_the_wait_for_a_camera_that_is_not_there_at_the_start(kept):
    away = [SourceError("cannot be opened")] * 1000
    with pytest.raises(SourceError, match="cannot be opened"):
        kept(*away, patience=PATIENT, switched_off=lambda: "switched off")


def test_a_driver_that_hangs_time_after_time_needs_a_new_process(kept):
    camera = kept(*[[0, eternal()]] * 10, patience=Patience(0.05, 0))
    with pytest.raises(SourceError, match="only a new process"):
        take(camera, 100)
    assert camera.hung


def test_stop_while_a_camera_is_being_opened_ends_the_wait(stop):
    stop.set()

    def open_camera():
        time.sleep(0.5)
        return Camera([], [])

    with pytest.raises(KeyboardInterrupt):
        Lasting(open_camera, stop)


def test_leaving_closes_the_camera(kept, stop):
    hold = threading.Event()
    camera = kept([0, hold, 1])
    take(camera, 1)
    stop.set()
    hold.set()
    camera.__exit__()
    assert camera.log[-1] == "close"
    assert camera.log.count("back") == 2
    assert not camera.hung
