"""Seconds, tracks and gaps."""

from datetime import UTC, datetime

import pytest

from edge.outputs.page import timeline as module
from edge.outputs.page.timeline import MOST_TRACKS, SPAN_S, Timeline
from edge.support.labels import EMOTIONS
from edge.support.values import Face, Observation


def seen(*faces):
    """Return an observation of (track, emotion)s."""
    scores = dict.fromkeys(EMOTIONS, 1 / 7)
    made = tuple(Face(track, (0, 0, 9, 9), scores, emotion) for track, emotion in faces)
    return Observation(datetime.now(UTC), "0", 0, None, (64, 48), made, {})


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    return now


def test_a_second_has_the_emotion_that_most_of_its_frames_had(clock):
    timeline = Timeline()
    for emotion in ("happy", "sad", "happy"):
        timeline.see(seen((3, emotion)))
    assert timeline.since(0) == ([], 0)
    clock[0] += 1
    timeline.see(seen())
    assert timeline.since(0) == ([{"t": 1000, "tracks": {"3": "happy"}}], 1)


def test_a_second_without_any_frame_is_a_gap_with_its_reason(clock):
    timeline = Timeline()
    timeline.miss("camera failed: gone")
    clock[0] += 1
    timeline.miss("camera failed: gone")
    timeline.see(seen((1, "sad")))  # it came back within this second
    clock[0] += 1
    timeline.see(seen())
    rows, _ = timeline.since(0)
    assert [row.get("gap") for row in rows] == ["camera failed: gone", None]


def test_a_viewer_gets_only_the_rows_it_lacks_and_five_minutes_at_most(clock):
    timeline = Timeline()
    for _ in range(SPAN_S + 50):
        timeline.see(seen())
        clock[0] += 1
    rows, number = timeline.since(0)
    assert len(rows) == SPAN_S
    assert number == SPAN_S + 49
    assert timeline.since(number - 2)[0] == rows[-2:]
    assert timeline.since(number)[0] == []


def test_a_crowd_is_counted_not_listed(clock):
    timeline = Timeline()
    timeline.see(seen(*((track, "happy") for track in range(MOST_TRACKS + 6))))
    clock[0] += 1
    timeline.see(seen())
    (row,), _ = timeline.since(0)
    assert len(row["tracks"]) == MOST_TRACKS
    assert row["more"] == 6
