"""A run hands every frame to every output until the source ends or somebody stops it."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from edge.live.loop import run
from edge.outputs import Output
from edge.outputs.base import Outputs
from edge.sources.reconnecting import Patience, Reconnecting
from edge.support.errors import OutputError, SourceError
from edge.support.values import Face, Frame, Gap, Observation, Status

PATIENCE_S = 600
GRAY = np.zeros((2, 2), np.uint8)
FACE = Face(1, (0, 0, 1, 1), {"happy": 1.0}, "happy")


class Source:
    """Gives as many frames as it is told to, and counts those that came back."""

    name, continuous, fps, dropped = "test", True, 25.0, 0

    def __init__(self, frames, live=False, positions=None, error=None):
        self.frames, self.live, self.positions, self.error = frames, live, positions, error
        self.given = self.returned = 0

    def __iter__(self):
        for index in range(self.frames):
            self.given += 1
            position = self.positions[index] if self.positions else None
            now = datetime.now(UTC)
            yield Frame(
                "test", index, now, position, (2, 2), GRAY, lambda: GRAY, 0.0, self._release
            )
        if self.error:
            raise self.error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def _release(self):
        self.returned += 1


def analyse(source, pipeline, outputs, stop, **options):
    """Run over a source as a session does: a live one is watched over, and closed at the end."""
    if not source.live:
        return run(source, pipeline, outputs, stop, **options)
    with Reconnecting(lambda: source, stop, Patience(PATIENCE_S, 0, again=False)) as watched:
        return run(watched, pipeline, outputs, stop, **options)


class Pipeline:
    """Sees a face in every second frame."""

    def analyse(self, frame):
        faces = (FACE,) if frame.index % 2 else ()
        return Observation(
            frame.time, frame.source, frame.index, frame.position_s, (2, 2), faces, {}
        )


class Calling(Output):
    """Calls what it is given for each frame."""

    def __init__(self, write):
        self._write = write

    def write(self, frame, observation):
        self._write(frame, observation)


def output(*writes):
    return Outputs([Calling(write) for write in writes])


@pytest.fixture
def stop():
    return threading.Event()


def test_every_frame_of_a_file_reaches_every_output_in_order(stop):
    source, first, second = Source(10), [], []
    summary = run(
        source,
        Pipeline(),
        output(lambda f, o: first.append(o.frame), lambda f, o: second.append(f.index)),
        stop,
    )
    assert first == second == list(range(10))
    assert (summary.frames, summary.faces, summary.late) == (10, 5, 0)
    assert source.returned == 10


def test_a_frame_is_borrowed_until_the_last_output_has_seen_it(stop):
    source = Source(3)
    returned = []
    run(source, Pipeline(), output(lambda f, o: returned.append(source.returned)), stop)
    assert returned == [0, 1, 2]


@pytest.mark.parametrize("live", [False, True])
def test_stop_ends_the_run_after_the_current_frame(stop, live):
    source, seen = Source(10**9, live), []

    def write(frame, observation):
        seen.append(frame.index)
        if len(seen) == 3:
            stop.set()

    assert analyse(source, Pipeline(), output(write), stop).frames == 3
    assert source.given == source.returned


@pytest.mark.parametrize("live", [False, True])
def test_duration_ends_the_run(stop, live):
    source = Source(10**9, live)
    summary = analyse(source, Pipeline(), output(), stop, duration_s=0.05)
    assert summary.frames > 0
    assert summary.seconds >= 0.05
    assert source.given == source.returned


def test_duration_ends_the_run_even_if_the_camera_gives_nothing_any_more(stop):
    class Stalled(Source):
        def __iter__(self):
            yield from super().__iter__()
            stop.wait(2 * PATIENCE_S)

    ended = []
    arguments = (Stalled(1, live=True), Pipeline(), output(), stop)
    thread = threading.Thread(
        target=lambda: ended.append(analyse(*arguments, duration_s=0.1)), daemon=True
    )
    thread.start()
    thread.join(PATIENCE_S)
    stalled = thread.is_alive()
    stop.set()
    thread.join(PATIENCE_S)
    assert not stalled
    assert ended[0].frames == 1


@pytest.mark.parametrize("live", [False, True])
def test_an_error_of_the_source_is_raised_after_its_last_frame(stop, live):
    seen = []
    source = Source(1, live, error=SourceError("unplugged"))
    with pytest.raises(SourceError, match="unplugged"):
        analyse(source, Pipeline(), output(lambda f, o: seen.append(f.index)), stop)
    assert seen == [0]
    assert source.returned == 1


@pytest.mark.parametrize("live", [False, True])
def test_an_error_of_an_output_ends_the_run_and_the_frame_goes_back(stop, live):
    def write(frame, observation):
        raise OutputError("disk full")

    source = Source(10**9, live)
    with pytest.raises(OutputError, match="disk full"):
        analyse(source, Pipeline(), output(write), stop)
    assert source.given == source.returned


def wait_for_more(source, frames=5):
    """Wait until a live source has given so many more frames."""
    wanted = source.given + frames
    deadline = time.monotonic() + PATIENCE_S
    while source.given < wanted and time.monotonic() < deadline:
        time.sleep(0.001)


def test_a_live_sources_frames_are_dropped_and_counted_while_the_analysis_is_busy(stop):
    source = Source(10**9, live=True)

    def busy(frame, observation):
        wait_for_more(source)
        if frame.index > 20:
            stop.set()

    summary = analyse(source, Pipeline(), output(busy), stop)
    assert summary.late > 0
    assert source.given == source.returned


def test_a_file_is_never_dropped_from_however_busy_the_analysis_is(stop):
    seen = []

    def busy(frame, observation):
        time.sleep(0.005)
        seen.append(frame.index)

    run(Source(20), Pipeline(), output(busy), stop)
    assert seen == list(range(20))


def test_in_real_time_a_file_plays_no_faster_than_its_own_speed(stop):
    positions = [i * 0.03 for i in range(5)]
    summary = run(Source(5, positions=positions), Pipeline(), output(), stop, realtime=True)
    assert summary.frames == 5
    assert summary.seconds >= positions[-1]


def test_stop_does_not_wait_for_a_frame_that_is_far_away(stop):
    threading.Timer(0.05, stop.set).start()
    summary = run(Source(2, positions=[0.0, 3600.0]), Pipeline(), output(), stop, realtime=True)
    assert summary.seconds < 3600


def test_a_source_without_frames_is_an_empty_run(stop):
    summary = run(Source(0), Pipeline(), output(), stop)
    assert (summary.frames, summary.faces) == (0, 0)


def test_a_live_source_is_analysed_no_more_often_than_asked(stop):
    source, began = Source(10**9, live=True), []

    def write(frame, observation):
        began.append(time.perf_counter())
        wait_for_more(source)
        if len(began) == 6:
            stop.set()

    summary = analyse(source, Pipeline(), output(write), stop, most_fps=20)
    assert summary.frames == 6
    # Each begins a little before it is written, the next nine tenths of 1/20 s later.
    assert began[-1] - began[0] > 4 * 0.9 / 20
    assert summary.late > summary.frames


def test_every_status_reaches_the_outputs_and_a_gap_is_in_the_record_and_the_summary(stop):
    failed = Status("test", "failed", "unplugged", datetime.now(UTC))

    class Talking(Source):
        def __iter__(self):
            yield failed
            for frame in super().__iter__():
                yield replace(frame, gap=Gap(2.5, "unplugged"))

    said, seen = [], []

    class Listening(Calling):
        def status(self, status):
            said.append(status)

    summary = run(Talking(1), Pipeline(), Outputs([Listening(lambda f, o: seen.append(o))]), stop)
    assert said == [failed]
    assert seen[0].gap == Gap(2.5, "unplugged")
    assert summary.missed_s == 2.5


def test_what_passes_before_the_first_frame_counts_for_nothing(stop, monkeypatch):
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0], monotonic=lambda: now[0])
    monkeypatch.setattr("edge.live.loop.time", clock)

    class Waiting(Source):
        def __iter__(self):
            for _ in range(3):
                now[0] += 3600
                yield Status("test", "opening", "", datetime.now(UTC))
            yield from super().__iter__()

    def write(frame, observation):
        now[0] += 1

    summary = run(Waiting(9), Pipeline(), output(write), stop, duration_s=2.5)
    assert summary.frames == 3
    assert summary.seconds == 3
