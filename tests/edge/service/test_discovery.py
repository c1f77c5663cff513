"""What Home Assistant is shown; that it takes it is shown by tests/acceptance/publish/home_assistant.py."""

import json

from edge.service.publish.camera_state import service_state
from edge.service.publish.discovery import discovery
from edge.service.publish.topics import Topics
from edge.support.labels import EMOTIONS
from edge.support.values import Status

TOPICS = Topics("edge-emo", "pi", "homeassistant")


def introduce(cameras=("door",), **changed):
    options = {"model": "Board", "temperature": True, "switch": True, **changed}
    return discovery(TOPICS, cameras, **options)


def test_every_entity_is_unique_and_none_sets_an_object_id():
    components = introduce(["door", "hall", "hall.1", "hall:1", "hall_1", "picamera:1"])[
        "components"
    ]
    assert len(components) == 6 * 12 + 2
    for key in ("unique_id", "default_entity_id"):
        values = [entity[key] for entity in components.values()]
        assert len(set(values)) == len(values)
    assert "object_id" not in json.dumps(components)
    assert components["picamera_1_emotion"]["state_topic"] == "edge-emo/pi/picamera:1/state"
    assert components["door_emotion"]["default_entity_id"] == "sensor.pi_door_emotion"


def test_an_emotion_is_one_of_ours_or_unsure_or_none():
    emotion = introduce()["components"]["door_emotion"]
    assert emotion["device_class"] == "enum"
    assert emotion["options"] == [*EMOTIONS, "unsure", "none"]


def test_shares_are_there_but_disabled():
    components = introduce()["components"]
    disabled = {k for k, entity in components.items() if entity.get("enabled_by_default") is False}
    assert disabled == {f"door_share_{name}" for name in EMOTIONS}


def test_what_the_machine_has_not_is_not_shown():
    components = introduce(temperature=False, switch=False)["components"]
    assert not {"temperature", "cameras"} & set(components)


def test_the_problem_is_seen_while_the_camera_gives_nothing_and_the_emotion_is_not():
    components = introduce()["components"]
    assert components["door_problem"]["availability"] == [{"topic": "edge-emo/pi/status"}]
    assert len(components["door_emotion"]["availability"]) == 2


def test_systemds_words_for_a_camera_without_records():
    from datetime import UTC, datetime

    def said(state, reason):
        return service_state("active", str(Status("0", state, reason, datetime.now(UTC))))

    assert said("failed", "no such device") == ("failed", "no such device")
    assert said("off", "switched off at GPIO 17") == ("off", "switched off at GPIO 17")
    assert said("opening", "") == ("opening", "opening the camera")
    assert service_state("inactive", "camera failed: x") == ("stopped", "its service is stopped")
    assert service_state("failed", "") == ("stopped", "its service has failed")
    assert service_state("activating", "")[0] == "opening"
    assert service_state("", "") == ("failed", "no records are written")
