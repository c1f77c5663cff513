"""An observation becomes the record of schema 1; a frame goes back to its source."""

import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from edge.support.labels import EMOTIONS
from edge.support.values import Face, Frame, Observation

SCORES = dict(zip(EMOTIONS, (0.01, 0.0, 0.01, 0.93, 0.03, 0.01, 0.01), strict=True))
TIME = datetime(2026, 11, 23, 17, 40, 0, 123456, UTC)


def observation(**changes):
    values = {
        "time": TIME,
        "source": "0",
        "frame": 412,
        "position_s": 16.4799,
        "size": (1280, 720),
        "faces": (Face(3, (431, 182, 148, 148), SCORES, "happy"),),
        "ms": {"capture": 2.123, "detect": 3.9, "classify": 0.4, "total": 6.423},
    }
    return Observation(**{**values, **changes})


def test_the_record_is_that_of_schema_1():
    assert observation().as_record() == {
        "schema": 1,
        "time": "2026-11-23T17:40:00.123Z",
        "source": "0",
        "frame": 412,
        "position_s": 16.48,
        "size": [1280, 720],
        "faces": [
            {
                "track": 3,
                "box": [431, 182, 148, 148],
                "emotion": "happy",
                "confidence": 0.93,
                "scores": SCORES,
            }
        ],
        "ms": {"capture": 2.12, "detect": 3.9, "classify": 0.4, "total": 6.42},
    }


def test_the_fields_are_in_the_order_of_the_schema():
    record = observation().as_record()
    assert list(record) == [
        *("schema", "time", "source", "frame", "position_s", "size", "faces", "ms")
    ]
    assert list(record["faces"][0]) == ["track", "box", "emotion", "confidence", "scores"]


def test_time_is_utc_wherever_the_clock_is():
    there = TIME.astimezone(timezone(timedelta(hours=-7)))
    assert observation(time=there).as_record()["time"] == "2026-11-23T17:40:00.123Z"
    whole_second = TIME.replace(microsecond=0)
    assert observation(time=whole_second).as_record()["time"] == "2026-11-23T17:40:00.000Z"


def test_a_camera_has_no_position_and_an_empty_frame_no_faces():
    record = observation(position_s=None, faces=()).as_record()
    assert record["position_s"] is None
    assert record["faces"] == []


def test_the_record_is_plain_json():
    record = observation().as_record()
    assert json.loads(json.dumps(record)) == record


def test_the_confidence_of_a_face_is_the_score_of_the_reported_emotion():
    face = Face(1, (0, 0, 1, 1), {**SCORES, "sad": 0.95}, "happy")
    assert face.confidence == SCORES["happy"]


@pytest.mark.parametrize("error", [None, ZeroDivisionError])
def test_a_frame_goes_back_to_its_source_when_its_with_ends(error):
    returned = []
    gray = np.zeros((1, 1), np.uint8)
    frame = Frame("0", 0, TIME, None, (1, 1), gray, lambda: gray, 0.0, lambda: returned.append(1))
    try:
        with frame:
            assert returned == []
            if error:
                raise error
    except ZeroDivisionError:
        pass
    assert returned == [1]
