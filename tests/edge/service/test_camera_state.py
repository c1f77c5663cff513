"""What is published of a camera now, from its newest records."""

import json

import pytest

from edge.service.publish import camera_state
from edge.service.publish.camera_state import CameraState
from edge.support.labels import EMOTIONS


@pytest.fixture
def clock(monkeypatch):
    """A monotonic clock that the test sets."""
    now = [1000.0]
    monkeypatch.setattr(camera_state.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def camera(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(camera_state, "ask_service", lambda name: ("failed", "no such device"))
    path = tmp_path / "faces.jsonl"
    path.write_text(line([]))
    return CameraState(path, "door", tmp_path / "off"), path


def line(faces):
    return json.dumps({"schema": 1, "time": "2026-01-01T00:00:00Z", "faces": faces}) + "\n"


def face(emotion, side=50, box=True):
    return {
        "emotion": emotion,
        "confidence": 0.8,
        "box": [0, 0, side, side] if box else None,
    }


def write(path, *frames):
    with path.open("a") as file:
        file.writelines(line(list(faces)) for faces in frames)


def test_older_records_are_no_state(camera, clock):
    state, _ = camera
    assert state.look()["state"] == "opening"
    clock[0] += 10
    said = state.look()
    assert (said["state"], said["reason"], said["emotion"]) == ("failed", "no such device", None)


def test_the_largest_face_gives_the_emotion(camera):
    state, path = camera
    write(path, [face("sad", 40), face("happy", 60)])
    said = state.look()
    assert (said["state"], said["emotion"], said["faces"]) == ("analysing", "happy", 2)
    write(path, [face("sad", box=False), face("happy", box=False)])
    assert state.look()["emotion"] == "sad"
    write(path, [])
    assert (state.look()["emotion"], state.look()["faces"]) == ("none", 0)


def test_frames_a_second_and_shares(camera, clock):
    state, path = camera
    for second in range(6):
        clock[0] = 1000.5 + second
        write(path, *[[face("happy")]] * 9, [face("angry")])
        said = state.look()
    assert said["fps"] == 10.0
    assert said["shares"] == {**dict.fromkeys(EMOTIONS, 0.0), "happy": 0.9, "angry": 0.1}
    clock[0] += 3600
    assert set(state.look()["shares"].values()) == {0.0}


def test_the_off_switch_goes_before_what_the_service_says(camera, clock, tmp_path):
    state, path = camera
    write(path, [])
    state.look()
    (tmp_path / "off").touch()
    clock[0] += 10
    assert state.look()["state"] == "off"
