"""A camera that fails in any way is left and reopened, and what was missed is reported."""

import itertools
import logging
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from edge.sources import reconnecting
from edge.sources.latest import Latest
from edge.sources.reconnecting import Patience, Reconnecting
from edge.support.errors import SourceError
from edge.support.values import Frame, Status

PATIENCE_S = 600  # until a test that hangs fails
USUAL = Patience(frame_s=PATIENCE_S, same_s=0)
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
    monkeypatch.setattr(reconnecting, "PAUSE_S", 0.02)
    monkeypatch.setattr(reconnecting, "LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def kept(stop):
    """Keep a camera that at each opening plays the next script, an exception is raised instead."""
    made = []

    def make(*scripts, patience=USUAL, switched_off=lambda: None):
        left = iter(scripts)
        log = []

        def open_camera():
            script = next(left, None)
            if isinstance(script, Exception):
                raise script
            return Camera(log, [threading.Event()] if script is None else script)

        made.append(Reconnecting(open_camera, stop, patience, switched_off, "cam"))
        made[-1].log = log
        return made[-1]

    yield make
    stop.set()
    for one in made:
        one.__exit__()


def take(camera, count, said=None):
    """Return index and gap of so many frames; append what is said meanwhile to `said`."""
    taken = []
    deadline = time.monotonic() + PATIENCE_S
    for item in camera:
        assert time.monotonic() < deadline
        if isinstance(item, Status):
            if said is not None:
                said.append(item)
            continue
        with item as frame:
            taken.append((frame.index, frame.gap))
        if len(taken) == count:
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


@pytest.mark.slow
def test_a_camera_that_gives_nothing_is_left_after_its_time(kept):
    # On a busy machine a frame may come too late, too: then the next camera gives it.
    camera = kept(*[[0, eternal()]] * 50, patience=Patience(1.0, 0))
    _, (index, gap) = take(camera, 2)
    assert index == 1
    assert gap.reason == "gave no frame for 1 s"


def test_a_camera_that_is_away_is_tried_again_and_again(kept):
    away = [SourceError("camera 0: cannot be opened")] * 4
    camera = kept([0, SourceError("unplugged")], *away, [0, eternal()])
    _, (_, gap) = take(camera, 2)
    assert gap.reason == "unplugged"


def test_any_error_of_a_driver_counts_as_a_failure(kept):
    camera = kept([0, RuntimeError("Camera frontend has timed out!")], [0, eternal()])
    _, (_, gap) = take(camera, 2)
    assert gap.reason == "Camera frontend has timed out!"


def test_while_the_camera_is_away_its_state_is_yielded_again_and_again(kept):
    camera = kept([0, SourceError("unplugged")], *[SourceError("away")] * 50)
    failed = []
    deadline = time.monotonic() + PATIENCE_S
    for item in camera:
        assert time.monotonic() < deadline
        if isinstance(item, Frame):
            item.release()
        elif item.state == "failed":
            failed.append(item)
        if len(failed) == 5:
            break
    assert failed[0].reason == "unplugged"
    assert str(failed[-1]) == "camera failed: away"
    assert len({status.since for status in failed}) == 1


def test_a_status_comes_several_times_a_second(kept, monkeypatch):
    waits, take_frame = [], Latest.take

    def noted(latest, timeout_s):
        waits.append(timeout_s)
        return take_frame(latest, timeout_s)

    monkeypatch.setattr(Latest, "take", noted)
    first_six = list(itertools.islice(kept([eternal()]), 6))
    assert all(isinstance(item, Status) for item in first_six)
    assert len(waits) == 5  # one before each status but the first
    assert max(waits) <= 0.2


def test_the_states_are_those_of_a_camera_that_fails_once(kept):
    said = []
    take(kept([0, SourceError("unplugged")], [0, eternal()]), 2, said)
    changes = [said[0]] + [b for a, b in itertools.pairwise(said) if a.state != b.state]
    assert [status.state for status in changes] == ["opening", "open", "failed", "open"]
    assert {status.source for status in said} == {"cam"}


def test_a_picture_that_stays_the_same_is_a_failure(kept):
    def frozen():
        while True:
            time.sleep(0.01)
            yield 0

    camera = kept(frozen(), [1, eternal()], patience=Patience(PATIENCE_S, 0.01))
    deadline = time.monotonic() + PATIENCE_S
    for frame in camera:
        assert time.monotonic() < deadline
        if isinstance(frame, Frame):
            frame.release()
            if frame.gap:
                break
    assert frame.gap.reason == "gave the same picture for 0.01 s"


def test_a_failure_and_its_end_are_said_once_however_often_the_camera_fails_again(kept, caplog):
    camera = kept([0, SourceError("a")], SourceError("b"), SourceError("c"), [0, eternal()])
    take(camera, 2)
    said = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert said == ["cam: a; trying to reopen it", "cam: gives pictures again"]


def test_the_off_switch_closes_the_camera_and_back_on_opens_it(kept):
    off = []
    camera = kept([0, eternal()], [0, eternal()], switched_off=lambda: off[0] if off else None)
    items = iter(camera)
    while not isinstance(frame := next(items), Frame):
        pass
    frame.release()
    off.append("switched off by the file off")
    for _ in range(5):
        status = next(items)
        assert str(status) == "camera closed: switched off by the file off"
    off.clear()
    while not isinstance(frame := next(items), Frame):
        pass
    assert frame.gap.reason == "switched off by the file off"


def test_switched_off_at_the_start_the_camera_is_not_opened(kept):
    off = ["switched off"]
    camera = kept([0, eternal()], switched_off=lambda: off[0] if off else None)
    items = iter(camera)
    assert [next(items).state for _ in range(4)] == ["opening", "off", "off", "off"]
    assert camera.log == []
    off.clear()
    while not isinstance(frame := next(items), Frame):
        pass
    assert frame.index == 0


def test_without_reconnecting_the_failure_is_the_callers(kept):
    camera = kept([0, SourceError("unplugged")], patience=Patience(PATIENCE_S, 0, again=False))
    with pytest.raises(SourceError, match="unplugged"):
        take(camera, 2)


def test_a_camera_that_is_not_there_at_the_start_is_refused(kept):
    with pytest.raises(SourceError, match="cannot be opened"):
        take(kept(SourceError("camera 9: cannot be opened")), 1)


PATIENT = Patience(PATIENCE_S, 0, first_s=PATIENCE_S)


def test_a_service_waits_for_a_camera_that_is_not_there_at_the_start(kept, caplog):
    away, said = [SourceError("camera 9: cannot be opened")] * 3, []
    camera = kept(*away, [0, eternal()], patience=PATIENT)
    ((index, gap),) = take(camera, 1, said)
    assert (index, gap.reason) == (0, "camera 9: cannot be opened")
    assert "camera failed: camera 9: cannot be opened" in map(str, said)
    warned = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warned[0] == "cam: camera 9: cannot be opened; trying to reopen it"


def test_a_service_waits_no_longer_than_it_may(kept):
    away = [SourceError("cannot be opened")] * 1000
    with pytest.raises(SourceError, match="cannot be opened"):
        take(kept(*away, patience=Patience(PATIENCE_S, 0, first_s=0.2)), 1)


def test_stop_ends_the_wait_for_a_camera_that_is_not_there_at_the_start(kept, stop):
    for status in kept(*[SourceError("cannot be opened")] * 1000, patience=PATIENT):
        if status.state == "failed":
            stop.set()


def test_the_off_switch_is_obeyed_while_a_camera_is_waited_for_at_the_start(kept):
    off = []
    away = [SourceError("cannot be opened")] * 1000
    camera = kept(*away, patience=PATIENT, switched_off=lambda: off[0] if off else None)
    for status in camera:
        if status.state == "off":
            break
        off.append("switched off")


def test_a_driver_that_hangs_time_after_time_needs_a_new_process(kept):
    camera = kept(*[[0, eternal()]] * 10, patience=Patience(0.05, 0))
    with pytest.raises(SourceError, match="only a new process"):
        take(camera, 100)
    assert camera.hung


def test_stop_while_a_camera_is_being_opened_ends_the_wait(stop):
    hold, opened = threading.Event(), []

    def open_camera():
        hold.wait(PATIENCE_S)
        opened.append(True)
        return Camera([], [])

    for _ in Reconnecting(open_camera, stop):
        stop.set()
    assert not opened
    hold.set()


def test_a_camera_goes_on_where_another_iteration_left_it(kept):
    go_on = threading.Event()
    camera = kept([0, go_on, 1, eternal()], patience=Patience(PATIENCE_S, 0))
    assert take(camera, 1) == [(0, None)]
    go_on.set()
    assert take(camera, 1) == [(1, None)]
    assert camera.log.count("open") == 1


def test_what_the_camera_itself_says_of_its_state_is_handed_on(stop):
    own = Status("cam", "opening", "warming up", datetime.now(UTC))

    class Talking(Camera):
        def __iter__(self):
            yield own
            stop.wait(PATIENCE_S)

    for item in Reconnecting(lambda: Talking([], []), stop):
        if item is own:
            break
    stop.set()


def test_leaving_closes_the_camera(kept, stop):
    hold = threading.Event()
    camera = kept([0, hold, 1])
    take(camera, 1)
    stop.set()
    hold.set()
    camera.__exit__()
    deadline = time.monotonic() + PATIENCE_S
    while camera.log[-1] != "close" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert camera.log[-1] == "close"
    assert camera.log.count("back") == 2
    assert not camera.hung
