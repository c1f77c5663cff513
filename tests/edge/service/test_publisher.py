"""The publisher with a real broker on loopback, where mosquitto is installed."""

import json
import shutil
import socket
import subprocess
import threading
import time

import pytest

mqtt = pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (extra 'mqtt')")

from edge.service.publish import publisher
from edge.service.publish.publisher import Publisher
from edge.service.publish.settings import PublishSettings

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
PATIENCE_S = 600


@pytest.fixture
def port(tmp_path):
    if not MOSQUITTO:
        pytest.skip("mosquitto is not installed (Debian: mosquitto)")
    settings = tmp_path / "mosquitto.conf"
    for _ in range(9):  # another program may take the port before the broker does
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        with subprocess.Popen([MOSQUITTO, "-c", settings], stderr=subprocess.DEVNULL) as broker:
            until(lambda: answers(port) or broker.poll() is not None)  # noqa: B023
            if broker.poll() is None:
                yield port
                broker.terminate()
                return
    raise AssertionError("the broker does not start")


@pytest.fixture
def heard(port):
    from paho.mqtt.enums import CallbackAPIVersion

    messages = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "reader", protocol=mqtt.MQTTv5)
    ready = threading.Event()
    client.on_message = lambda _c, _d, m: messages.append((m.topic, m.payload.decode()))
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.subscribe("#", qos=1)
    client.loop_start()
    assert ready.wait(PATIENCE_S)
    yield messages
    client.disconnect()
    client.loop_stop()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def until(true, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def test_records_states_and_the_farewell(tmp_path, port, heard):
    camera = tmp_path / "door" / "faces.jsonl"
    camera.parent.mkdir()
    records = [
        {"schema": 1, "time": "2026-01-01T00:00:00Z", "faces": [], "boot": "b", "sequence": n}
        for n in range(200)
    ]
    camera.write_text("".join(json.dumps(r) + "\n" for r in records))
    settings = PublishSettings(
        broker="127.0.0.1",
        port=port,
        tls=False,
        name="pi",
        state=str(tmp_path),
        off_file=str(tmp_path / "off"),
    )

    def published():
        return [json.loads(p) for t, p in list(heard) if t == "edge-emo/pi/door/records"]

    for _ in range(2):  # the second one repeats nothing
        stop = threading.Event()
        running = threading.Thread(target=Publisher(settings).run, args=[stop])
        running.start()
        until(lambda: len(published()) >= 200)
        until(lambda: [t for t, _ in heard].count("edge-emo/pi/machine") >= 1)
        stop.set()
        running.join(PATIENCE_S)
        until(lambda: ("edge-emo/pi/status", "offline") in heard)
    assert published() == [{"host": "pi", "camera": "door", **r} for r in records]
    told = dict(heard)
    assert json.loads(told["edge-emo/pi/door/state"])["state"] in ("opening", "failed", "stopped")
    assert "door_emotion" in told["homeassistant/device/edge-emo-pi/config"]


class SlowBroker:
    """Acknowledges everything but records; `steps` are done one after the other, once they fill the window."""

    window = 8

    def __init__(self, steps):
        self.steps, self.messages, self.under_way = steps, [], 0

    @property
    def room(self):
        return self.window - self.under_way

    def publish(self, topic, payload, retain=False, done=None):
        assert self.room > 0
        self.messages.append((topic, payload))
        self.under_way += topic.endswith("/records")

    def step(self, timeout_s):
        if self.under_way and self.steps:
            self.steps.pop(0)()

    def connect(self):
        pass

    def subscribe(self, *topics):
        pass

    def close(self):
        pass

    def drop(self):
        pass


def test_old_records_do_not_hold_up_what_is_seen_now(tmp_path, monkeypatch):
    monkeypatch.setattr(publisher, "LOOK_S", 0)
    monkeypatch.setattr(publisher, "FAREWELL_S", 0)
    camera = tmp_path / "door" / "faces.jsonl"
    camera.parent.mkdir()
    record = {"schema": 1, "faces": [], "boot": "b"}
    camera.write_text("".join(json.dumps(record | {"sequence": n}) + "\n" for n in range(100)))
    off, stop = tmp_path / "off", threading.Event()
    broker = SlowBroker([off.touch, lambda: None, stop.set])
    settings = PublishSettings(
        broker="127.0.0.1", name="pi", state=str(tmp_path), off_file=str(off)
    )
    monkeypatch.setattr(Publisher, "_broker", lambda _: broker)
    Publisher(settings).run(stop)
    assert broker.under_way == 6
    cameras = [json.loads(p)["cameras"] for t, p in broker.messages if t == "edge-emo/pi/machine"]
    assert cameras == ["ON", "OFF"]


def test_a_cursor_that_cannot_be_kept_is_a_warning(tmp_path, port, heard, caplog):
    (tmp_path / "publish").touch()  # where its folder should be
    camera = tmp_path / "door" / "faces.jsonl"
    camera.parent.mkdir()
    camera.write_text('{"schema": 1, "faces": [], "boot": "b", "sequence": 0}\n')
    settings = PublishSettings(
        broker="127.0.0.1", port=port, tls=False, name="pi", state=str(tmp_path)
    )
    stop = threading.Event()
    running = threading.Thread(target=Publisher(settings).run, args=[stop])
    running.start()
    until(lambda: "edge-emo/pi/door/records" in dict(heard))
    stop.set()
    running.join(PATIENCE_S)
    assert "may be published twice" in caplog.text
    assert not running.is_alive()


def test_a_broker_that_is_away_is_waited_for(tmp_path, caplog):
    with socket.socket() as deaf:  # bound, so that no other program gets the port
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        settings = PublishSettings(broker="127.0.0.1", port=port, tls=False, state=str(tmp_path))
        stop = threading.Event()
        running = threading.Thread(target=Publisher(settings).run, args=[stop])
        running.start()
        until(lambda: "records wait on disk" in caplog.text)
        stop.set()
        running.join(PATIENCE_S)
    assert not running.is_alive()
