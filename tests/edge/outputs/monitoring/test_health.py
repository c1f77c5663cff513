"""Alive, ready, since when, and why not."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from edge.outputs import OutputOptions
from edge.outputs.monitoring import health as module
from edge.outputs.monitoring import health_file
from edge.outputs.monitoring.about import About
from edge.outputs.monitoring.health import ALIVE_S, FRESH_S, HealthMonitor
from edge.outputs.monitoring.health_file import HealthFile, read_health
from edge.support.values import Observation, Status

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def seen(seconds=0):
    return Observation(START + timedelta(seconds=seconds), "0", 0, None, (64, 48), (), {})


def status(state, reason="", seconds=0):
    return Status("0", state, reason, START + timedelta(seconds=seconds))


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    fake = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(module, "time", fake)
    monkeypatch.setattr(health_file, "time", fake)
    return now


def test_a_run_is_not_ready_before_its_first_frame(clock):
    health = HealthMonitor("door").report()
    assert (health.alive, health.ready, health.ok) == (True, False, False)
    assert health.reason == "no frame yet"


def test_frames_make_it_ready_since_the_first(clock):
    monitor = HealthMonitor("door")
    monitor.write(None, seen(1))
    monitor.write(None, seen(2))
    health = monitor.report()
    assert (health.alive, health.ready, health.ok, health.reason) == (True, True, True, "")
    assert health.since == START + timedelta(seconds=1)
    assert health.last_frame == START + timedelta(seconds=2)
    assert health.frames == 2


def test_a_failure_is_reported_with_its_reason_and_beginning_and_without_address(clock):
    monitor = HealthMonitor("door")
    monitor.write(None, seen(1))
    for _ in range(3):
        monitor.status(status("failed", "rtsp://viewer:secret@camera/ gave no frame for 5 s", 9))
    health = monitor.report()
    assert (health.alive, health.ready, health.ok) == (True, False, False)
    assert health.reason == "[address] gave no frame for 5 s"
    assert health.since == START + timedelta(seconds=9)
    assert str(health) == "failed: [address] gave no frame for 5 s, since 2026-11-26T01:00:09Z"
    monitor.status(status("open", seconds=20))  # says nothing yet: the next frame does
    assert not monitor.report().ready
    monitor.write(None, seen(21))
    assert monitor.report().ready


def test_switched_off_it_is_not_ready_but_nobody_needs_to_act(clock):
    monitor = HealthMonitor("door")
    monitor.status(status("off", "switched off by the file /var/lib/edge-emo/off"))
    health = monitor.report()
    assert (health.alive, health.ready, health.ok) == (True, False, True)
    assert "/var" not in health.reason


def test_a_loop_that_stands_still_is_not_alive(clock):
    monitor = HealthMonitor("door")
    monitor.write(None, seen())
    clock[0] += ALIVE_S - 0.1
    assert monitor.report().alive
    clock[0] += 0.2
    health = monitor.report()
    assert (health.alive, health.ready, health.ok) == (False, False, False)
    assert "stood still for 10 s" in health.reason


def test_without_frames_it_is_not_ready_whatever_the_camera_says(clock):
    monitor = HealthMonitor("door")
    monitor.write(None, seen())
    for _ in range(12):
        clock[0] += FRESH_S / 10
        monitor.status(status("open"))
    health = monitor.report()
    assert (health.alive, health.ready) == (True, False)
    assert "no frame for 12 s" in health.reason


@pytest.fixture
def file(tmp_path, clock):
    path = tmp_path / "health.json"
    return HealthFile(OutputOptions(str(path), True, 30.0, about=About(camera="door"))), path


def test_the_file_says_what_the_run_says(file, clock):
    output, path = file
    output.write(None, seen())
    clock[0] += 2
    output.write(None, seen(2))
    health = read_health(path, "x")
    assert (health.camera, health.alive, health.ready, health.frames) == ("door", True, True, 2)
    assert health.last_frame == START + timedelta(seconds=2)
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["health.json"]


def test_a_file_that_is_no_longer_written_means_a_run_that_stands_still(file, clock):
    output, path = file
    output.write(None, seen())
    clock[0] += ALIVE_S + 5
    health = read_health(path, "door")
    assert (health.alive, health.ready, health.ok) == (False, False, False)


def test_a_change_of_state_is_written_at_once(file, clock):
    output, path = file
    output.write(None, seen())
    output.status(status("failed", "gone"))
    assert read_health(path, "door").reason == "gone"


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"camera": 1}', "\0"])
def test_no_file_or_a_damaged_one_is_a_run_that_has_stopped(tmp_path, content):
    path = tmp_path / "health.json"
    if content is not None:
        path.write_text(content)
    health = read_health(path, "door")
    assert (health.state, health.alive, health.ok) == ("stopped", False, False)
    assert json.dumps(health.as_json())
