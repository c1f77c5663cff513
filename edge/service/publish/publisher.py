"""Publish the records of this machine's cameras by MQTT; what is on disk is the queue."""

import contextlib
import json
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...outputs.systemd import Notifier
from ...support.machine import cpu_name, temperatures_c
from . import cursor
from .camera_state import CameraState
from .client import ANSWER_S, Broker, BrokerAwayError
from .cursor import Standing
from .discovery import device_id, discovery
from .follower import Follower, Taken
from .off_switch import switch_cameras
from .settings import PublishSettings
from .topics import Topics

log = logging.getLogger(__name__)

RECORDS = "faces.jsonl"  # in each camera's folder, as the service's settings have it
LOOK_S = 1.0  # states are looked at, and published at most, so often
HEARTBEAT_S = 30.0
SAVE_S = 10.0  # the cursor is kept so often: after a power cut so much is published twice
FIND_S = 5.0  # new cameras are looked for so often
LONGEST_PAUSE_S = 30.0  # between two attempts to reach the broker
FAREWELL_S = 2.0  # for the last acknowledgements
_SMALL_STEP_S, _STEP_S = 0.02, 0.2
_STATES_SHARE = 4  # of the messages that may be under way, one in so many


@dataclass
class _Camera:
    """A camera and what was published of it."""

    name: str
    records: Follower
    state: CameraState
    said: dict[str, Any] = field(default_factory=dict)
    said_s: float = 0.0


class Publisher:
    """Follows the cameras' records and keeps the broker up to date until it is stopped."""

    def __init__(self, settings: PublishSettings, manager: Notifier | None = None) -> None:
        """Take up where the last publisher stopped.

        Args:
            manager: learns that it is ready and alive.
        """
        self._settings = settings
        self._topics = Topics(settings.topic, settings.name, settings.discovery)
        self._manager = manager or Notifier()
        self._root = Path(settings.state)
        self._kept = self._root / "publish" / "cursor.json"
        self._standings = cursor.load(self._kept)
        self._saved = dict(self._standings)
        self._cameras: dict[str, _Camera] = {}
        self._machine: dict[str, Any] = {}
        self._machine_s = self._looked_s = self._found_s = self._alive_s = 0.0
        self._saved_s = time.monotonic()
        self._introduce_s: float | None = None
        self._ready = self._save_fails = False

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set; a broker that cannot be reached is tried again without end.

        Raises:
            PublishError: the broker refuses us, or cannot be trusted.
            ConfigError: a certificate or the password cannot be used.
        """
        if not self._settings.tls:
            log.warning(
                "the connection to %s:%d is not encrypted (tls = false): whoever is in between reads "
                "and changes what is sent, the password too",
                *self._settings.address,
            )
        pause_s, complained = 1.0, ""
        while not stop.is_set():
            broker = self._broker()
            began_s = time.monotonic()
            try:
                broker.connect()
                self._greet(broker)
                if complained:
                    log.warning("connected to %s:%d again", *self._settings.address)
                complained, began_s = "", time.monotonic()
                self._talk(broker, stop)
                self._leave(broker)
            except BrokerAwayError as error:
                self._save()
                if time.monotonic() - began_s > LONGEST_PAUSE_S:
                    pause_s = 1.0
                if str(error) != complained:
                    complained = str(error)
                    log.warning("%s; trying again, records wait on disk", error)
                self._pause(pause_s * random.uniform(0.8, 1.2), stop, complained)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            finally:
                broker.drop()
            for camera in self._cameras.values():
                camera.records.rewind(self._standing(camera.name).place)
        self._save()
        for camera in self._cameras.values():
            camera.records.close()

    def remove(self) -> list[str]:
        """Take this machine away from the broker and Home Assistant; return the topics cleared.

        Raises:
            PublishError, BrokerAwayError, ConfigError: the broker cannot be reached or refuses.
        """
        cameras = sorted({*self._standings, *self._names()})
        topics = [self._topics.status, self._topics.machine, *map(self._topics.state, cameras)]
        if self._settings.discovery:
            topics.insert(0, self._topics.introduction(device_id(self._topics)))
        broker = Broker(self._settings, f"edge-emo-{self._settings.name}-remove")
        broker.connect()
        for topic in topics:
            broker.publish(topic, "", retain=True)
        if not _drained(broker, 10.0):
            raise BrokerAwayError("the broker does not acknowledge the removal; try again")
        broker.close()
        return topics

    def _broker(self) -> Broker:
        name = f"edge-emo-{self._settings.name}"
        return Broker(self._settings, name, will=self._topics.status, heard=self._heard)

    def _greet(self, broker: Broker) -> None:
        """Say what a new connection must know."""
        self._find_cameras()
        wanted = [self._topics.command] if self._settings.switch else []
        if self._settings.discovery:
            wanted.append(self._topics.birth)
        broker.subscribe(*wanted)
        broker.publish(self._topics.status, "online", retain=True)
        if not _drained(broker, ANSWER_S):
            raise BrokerAwayError("the broker does not acknowledge our greeting")
        self._introduce(broker)
        if not self._ready:
            self._ready = True
            self._manager.ready()

    def _introduce(self, broker: Broker) -> None:
        """Publish discovery, and states again with the next look."""
        self._introduce_s = None
        self._machine = {}
        for camera in self._cameras.values():
            camera.said = {}
        if self._settings.discovery:
            payload = discovery(
                self._topics,
                sorted(self._cameras),
                cpu_name(),
                bool(temperatures_c()),
                self._settings.switch,
            )
            topic = self._topics.introduction(device_id(self._topics))
            broker.publish(topic, json.dumps(payload), retain=True)

    def _talk(self, broker: Broker, stop: threading.Event) -> None:
        while not stop.is_set():
            now_s = time.monotonic()
            if now_s - self._found_s >= FIND_S and self._find_cameras():
                self._introduce_s = now_s
            if self._introduce_s is not None and now_s >= self._introduce_s:
                self._introduce(broker)
            if now_s - self._looked_s >= LOOK_S:
                self._looked_s = now_s
                self._publish_states(broker, now_s)
            moved = self._publish_records(broker) if self._settings.records else 0
            if now_s - self._saved_s >= SAVE_S:
                self._save()
            self._live(f"connected to {self._settings.broker}, {len(self._cameras)} cameras")
            broker.step(_SMALL_STEP_S if moved or not broker.room else _STEP_S)

    def _publish_records(self, broker: Broker) -> int:
        """Put records under way; states, which must not wait for old records, keep their share of the window."""
        moved, kept_free = 0, broker.window // _STATES_SHARE
        for count, camera in enumerate(self._cameras.values()):
            room = max(0, broker.room - kept_free)
            share = max(1, room // (len(self._cameras) - count)) if room else 0
            for taken in camera.records.read(share):
                record = {
                    "host": self._settings.name,
                    "camera": camera.name,
                    **taken.record,
                }
                broker.publish(
                    self._topics.records(camera.name),
                    json.dumps(record, separators=(",", ":")),
                    done=lambda name=camera.name, taken=taken: self._arrived(name, taken),  # type: ignore[misc]
                )
                moved += 1
        return moved

    def _arrived(self, name: str, taken: Taken) -> None:
        """The broker has a record and all before it."""
        before = self._standing(name)
        if taken.lost:
            log.warning(
                "%s: %d records were removed before they could be published; a larger "
                "jsonl_total_mb keeps more",
                name,
                taken.lost,
            )
        self._standings[name] = Standing(taken.place, before.lost + taken.lost)

    def _publish_states(self, broker: Broker, now_s: float) -> None:
        for camera in self._cameras.values():
            state = camera.state.look()
            if not _differs(state, camera.said) and now_s - camera.said_s < HEARTBEAT_S:
                continue
            if broker.room:
                broker.publish(self._topics.state(camera.name), json.dumps(state), retain=True)
                camera.said, camera.said_s = state, now_s
        off = Path(self._settings.off_file).exists()
        machine = {
            "schema": 1,
            "host": self._settings.name,
            "cameras": "OFF" if off else "ON",
            "temperature_c": max(temperatures_c(), default=None),
            "lost_records": sum(s.lost for s in self._standings.values()),
        }
        changed = {**machine, "temperature_c": None} != {**self._machine, "temperature_c": None}
        if broker.room and (changed or now_s - self._machine_s >= HEARTBEAT_S):
            broker.publish(self._topics.machine, json.dumps(machine), retain=True)
            self._machine, self._machine_s = machine, now_s

    def _heard(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self._topics.birth and payload == b"online" and not retained:
            # Not all machines of a house at once.
            self._introduce_s = time.monotonic() + random.uniform(0, 2)
        elif topic == self._topics.command and self._settings.switch:
            if retained:
                log.warning("%s: a retained command is not obeyed; clear it", topic)
            elif payload in (b"ON", b"OFF"):
                switch_cameras(Path(self._settings.off_file), payload == b"ON")
                self._machine, self._looked_s = {}, 0.0
            else:
                log.warning("%s: a command that is neither ON nor OFF is not obeyed", topic)

    def _find_cameras(self) -> bool:
        """Look for cameras with records; return whether there are new ones."""
        self._found_s = time.monotonic()
        new = [name for name in self._names() if name not in self._cameras]
        for name in new:
            path = self._root / name / RECORDS
            self._cameras[name] = _Camera(
                name,
                Follower(path, self._standing(name).place),
                CameraState(path, name, Path(self._settings.off_file)),
            )
        return bool(new)

    def _names(self) -> list[str]:
        return sorted(path.parent.name for path in self._root.glob(f"*/{RECORDS}"))

    def _standing(self, name: str) -> Standing:
        return self._standings.get(name, Standing())

    def _save(self) -> None:
        self._saved_s = time.monotonic()
        if self._standings == self._saved:
            return
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            cursor.save(self._kept, self._standings)
        except OSError as error:
            if not self._save_fails:
                log.warning("%s; after a restart records may be published twice", error)
            self._save_fails = True
        else:
            self._save_fails = False
            self._saved = dict(self._standings)

    def _live(self, status: str) -> None:
        now_s = time.monotonic()
        if now_s - self._alive_s >= 1:
            self._alive_s = now_s
            self._manager.alive(status)

    def _pause(self, seconds: float, stop: threading.Event, why: str) -> None:
        if not self._ready:  # a broker that is away does not keep the machine from starting
            self._ready = True
            self._manager.ready()
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not stop.wait(0.2):
            self._live(why)

    def _leave(self, broker: Broker) -> None:
        """Say that we go, having waited for what is under way."""
        broker.publish(self._topics.status, "offline", retain=True)
        with contextlib.suppress(BrokerAwayError):
            _drained(broker, FAREWELL_S)
            broker.close()


def _differs(state: dict[str, Any], said: dict[str, Any]) -> bool:
    """Return whether anything changed but what changes all the time."""
    return any(state[key] != said.get(key) for key in ("state", "reason", "emotion", "faces"))


def _drained(broker: Broker, seconds: float) -> bool:
    end_s = time.monotonic() + seconds
    while broker.under_way and time.monotonic() < end_s:
        broker.step(0.05)
    return not broker.under_way
