"""A slow consumer of a live source gets the latest frame; all others go back."""

import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from edge.sources.latest import Latest
from edge.support.errors import SourceError
from edge.support.values import Frame

PATIENCE_S = 600  # until a test that hangs fails


class Live:
    """A live source that gives frames as the test says, and counts those that are lent."""

    name, live, continuous, fps = "live", True, True, 30.0

    def __init__(self, *rounds, error=None):
        """A round is how many frames come at once; the next begins when the test says so."""
        self.rounds, self.error = rounds, error
        self.given = self.returned = 0
        self.go = [threading.Event() for _ in rounds]
        self.done = [threading.Event() for _ in rounds]

    def __iter__(self):
        for frames, go, done in zip(self.rounds, self.go, self.done, strict=True):
            assert go.wait(PATIENCE_S)
            for _ in range(frames):
                self.given += 1
                yield self._frame(self.given - 1)
            done.set()
        if self.error:
            raise self.error

    def play(self, number):
        self.go[number].set()
        assert self.done[number].wait(PATIENCE_S)

    def _frame(self, index):
        def release():
            self.returned += 1

        gray = np.zeros((2, 2), np.uint8)
        now = datetime.now(UTC)
        return Frame("live", index, now, None, (2, 2), gray, lambda: gray, 0.0, release)


@pytest.fixture
def latest():
    """Make a `Latest` that is closed when the test ends."""
    made = []

    def make(source, stop=None):
        made.append(Latest(source, stop or threading.Event()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def taken(reader):
    """Wait for the next frame; None when the source ended."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        frame = reader.take(0.1)
        if frame is not None or reader.ended:
            return frame
    raise AssertionError


def test_a_consumer_that_keeps_up_gets_every_frame(latest):
    source = Live(1, 1, 1)
    reader = latest(source)
    indices = []
    reader.start()
    for number in range(3):
        source.go[number].set()
        with taken(reader) as frame:
            indices.append(frame.index)
    assert taken(reader) is None
    assert indices == [0, 1, 2]
    assert reader.dropped == 0
    assert source.returned == 3


def test_a_slow_consumer_gets_the_latest_frame_and_the_others_are_counted(latest):
    source = Live(1, 10, 1)
    reader = latest(source)
    reader.start()
    source.go[0].set()
    with taken(reader) as frame:
        assert frame.index == 0
        source.play(1)
    with taken(reader) as frame:
        assert frame.index == 10
    assert reader.dropped == 9
    source.go[2].set()
    with taken(reader) as frame:
        assert frame.index == 11
    assert reader.dropped == 9


def test_dropped_frames_go_back_at_once(latest):
    source = Live(1, 10)
    reader = latest(source)
    reader.start()
    source.go[0].set()
    with taken(reader):
        source.play(1)
        assert source.given - source.returned == 2  # the one in use and the latest


def test_the_source_is_read_while_a_frame_is_in_use(latest):
    source = Live(1, 1)
    reader = latest(source)
    reader.start()
    source.go[0].set()
    with taken(reader):
        source.play(1)
        assert source.given == 2


def test_an_error_of_the_source_reaches_the_consumer(latest):
    source = Live(1, error=SourceError("unplugged"))
    reader = latest(source)
    reader.start()
    source.go[0].set()
    with taken(reader) as frame:
        assert frame.index == 0
    assert taken(reader) is None
    assert str(reader.error) == "unplugged"
    assert source.returned == 1


def test_an_error_before_the_first_frame_reaches_the_consumer(latest):
    reader = latest(Live(error=SourceError("broken")))
    reader.start()
    assert taken(reader) is None
    assert str(reader.error) == "broken"


def test_closing_gives_back_the_frame_that_nobody_took(latest):
    source = Live(1, 5)
    reader = latest(source)
    reader.start()
    source.go[0].set()
    with taken(reader):
        source.play(1)
    reader.close()
    assert source.given == 6
    assert source.returned == 6


def test_closing_before_the_first_frame_was_asked_for_does_no_harm():
    Latest(Live(1), threading.Event()).close()


def test_closing_twice_does_no_harm(latest):
    source = Live(1)
    reader = latest(source)
    source.go[0].set()
    reader.start()
    taken(reader).release()
    reader.close()
    reader.close()
    assert source.returned == 1


def test_stop_ends_the_frames_even_of_a_source_that_gives_none(latest):
    stop = threading.Event()
    source = Live(1, 1)
    reader = latest(source, stop)
    reader.start()
    source.go[0].set()
    with taken(reader):
        stop.set()
    assert reader.take(PATIENCE_S) is None
    source.go[1].set()
