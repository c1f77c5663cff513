"""Introduce this machine to Home Assistant: one device, with entities for each camera and itself.

The form is that of Home Assistant's MQTT device discovery, as of 2026.2.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ... import __version__
from ...support.labels import EMOTIONS
from .topics import Topics

UNSURE, NOBODY = "unsure", "none"


def device_id(topics: Topics) -> str:
    return f"edge-emo-{topics.host}"


def discovery(
    topics: Topics, cameras: Sequence[str], model: str, temperature: bool, switch: bool
) -> dict[str, Any]:
    """Return the payload of the discovery topic.

    Args:
        model: what machine this is, such as "Raspberry Pi 5 Model B Rev 1.0".
        temperature: the machine reports one.
        switch: the cameras can be switched off and on.
    """
    components: dict[str, Any] = {}
    slugs = _slugs(cameras)
    for camera in cameras:
        prefix = f"{camera} " if len(cameras) > 1 else ""
        for key, entity in _camera_entities(topics, camera).items():
            _add(components, topics, f"{slugs[camera]}_{key}", entity)
            entity["name"] = (prefix + entity["name"]).capitalize()
    for key, entity in _machine_entities(topics, temperature, switch).items():
        _add(components, topics, key, entity)
    return {
        "device": {
            "identifiers": [device_id(topics)],
            "name": f"edge-emo {topics.host}",
            "manufacturer": "edge-emo",
            "model": model,
            "sw_version": __version__,
        },
        "origin": {"name": "edge-emo", "sw_version": __version__},
        "components": components,
        "qos": 1,
    }


def _add(components: dict[str, Any], topics: Topics, key: str, entity: dict[str, Any]) -> None:
    components[key] = entity
    entity["unique_id"] = f"{device_id(topics)}-{key}"
    slug = re.sub(r"[^a-z0-9]+", "_", f"{topics.host}_{key}".lower()).strip("_")
    entity["default_entity_id"] = f"{entity['platform']}.{slug}"


def _camera_entities(topics: Topics, camera: str) -> dict[str, dict[str, Any]]:
    state = topics.state(camera)
    lives = {"topic": topics.status}
    analyses = {
        "topic": state,
        "value_template": "{{ 'online' if value_json.state == 'analysing' else 'offline' }}",
    }

    def sensor(name: str, value: str, **more: Any) -> dict[str, Any]:
        return {
            "platform": "sensor",
            "name": name,
            "state_topic": state,
            "value_template": f"{{{{ {value} }}}}",
            "availability": [lives, analyses],
            "availability_mode": "all",
            **more,
        }

    entities = {
        "emotion": sensor(
            "emotion",
            "value_json.emotion",
            device_class="enum",
            options=[*EMOTIONS, UNSURE, NOBODY],
            icon="mdi:emoticon-outline",
        ),
        "faces": sensor(
            "faces", "value_json.faces", state_class="measurement", icon="mdi:account-multiple"
        ),
        "occupancy": sensor(
            "occupancy", "'ON' if value_json.faces else 'OFF'", device_class="occupancy"
        )
        | {"platform": "binary_sensor"},
        "problem": {
            "platform": "binary_sensor",
            "name": "camera problem",
            "state_topic": state,
            "value_template": "{{ 'OFF' if value_json.state in ('analysing', 'off', 'opening') else 'ON' }}",
            "device_class": "problem",
            "entity_category": "diagnostic",
            "json_attributes_topic": state,
            "json_attributes_template": "{{ {'state': value_json.state, 'reason': value_json.reason} | tojson }}",
            "availability": [lives],
        },
        "fps": sensor(
            "frames per second",
            "value_json.fps",
            state_class="measurement",
            unit_of_measurement="fps",
            entity_category="diagnostic",
            icon="mdi:speedometer",
        ),
    }
    for emotion in EMOTIONS:
        entities[f"share_{emotion}"] = sensor(
            f"share {emotion}",
            f"(value_json.shares.{emotion} * 100) | round(1)",
            state_class="measurement",
            unit_of_measurement="%",
            enabled_by_default=False,
            icon="mdi:percent",
        )
    return entities


def _machine_entities(topics: Topics, temperature: bool, switch: bool) -> dict[str, dict[str, Any]]:
    lives = [{"topic": topics.status}]
    entities: dict[str, dict[str, Any]] = {}
    if temperature:
        entities["temperature"] = {
            "platform": "sensor",
            "name": "Temperature",
            "state_topic": topics.machine,
            "value_template": "{{ value_json.temperature_c }}",
            "device_class": "temperature",
            "state_class": "measurement",
            "unit_of_measurement": "°C",
            "entity_category": "diagnostic",
            "availability": lives,
        }
    if switch:
        entities["cameras"] = {
            "platform": "switch",
            "name": "Cameras",
            "state_topic": topics.machine,
            "value_template": "{{ value_json.cameras }}",
            "command_topic": topics.command,
            "icon": "mdi:camera",
            "availability": lives,
        }
    return entities


def _slugs(cameras: Sequence[str]) -> dict[str, str]:
    """Return what ids call each camera: `hall.1` is `hall_1`, with more behind it if two would be the same."""
    plain = {camera: re.sub(r"[^A-Za-z0-9_-]", "_", camera) for camera in cameras}
    often = Counter(plain.values())
    return {
        camera: slug
        if slug == camera or often[slug] == 1
        else f"{slug}_{zlib.crc32(camera.encode()):08x}"
        for camera, slug in plain.items()
    }
