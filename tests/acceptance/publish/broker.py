"""Mosquitto on loopback with TLS, passwords and an access list, and a subscriber that misses nothing."""

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PASSWORDS = {"device": "correct-horse-7351", "reader": "read-only-9913", "homeassistant": "ha-5527"}
ACL = """
user device
topic write edge-emo/testhost/#
topic write homeassistant/device/edge-emo-testhost/config
topic read edge-emo/testhost/cameras/set
topic read homeassistant/status

user reader
topic readwrite #

user homeassistant
topic readwrite #
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def until(true, seconds=30.0, every=0.1):
    """Wait until something is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_ca(folder: Path, name: str) -> Path:
    ca = folder / f"{name}.pem"
    subject = ["-subj", f"/CN={name}", "-days", "2"]
    key = folder / f"{name}.key"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", ca, *subject)
    return ca


def make_certificate(folder: Path, ca: str, name: str, names: str = "") -> None:
    """Make NAME.pem and NAME.key, signed by the authority."""
    request, extension = folder / f"{name}.csr", folder / f"{name}.ext"
    extension.write_text(f"subjectAltName={names}\n" if names else "")
    key = folder / f"{name}.key"
    subject = ["-subj", f"/CN={name}"]
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, *subject)
    signer = ["-CA", folder / f"{ca}.pem", "-CAkey", folder / f"{ca}.key", "-CAcreateserial"]
    made = ["-out", folder / f"{name}.pem", "-days", "2", "-extfile", extension]
    openssl("x509", "-req", "-in", request, *signer, *made)


class Mosquitto:
    """The broker; `stop` and `start` may follow each other, what it keeps it keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.other_port, self.strict_port = free_port(), free_port()
        folder.mkdir()
        make_ca(folder, "ca")
        make_ca(folder, "other-ca")
        make_certificate(folder, "ca", "server", "DNS:localhost,IP:127.0.0.1")
        make_certificate(folder, "ca", "device")
        (folder / "acl").write_text(ACL)
        for name, password in PASSWORDS.items():
            new = [] if (folder / "passwords").exists() else ["-c"]
            command = ["mosquitto_passwd", *new, "-b", str(folder / "passwords"), name, password]
            subprocess.run(command, check=True, capture_output=True)
        user = "root" if os.geteuid() == 0 else ""
        (folder / "mosquitto.conf").write_text(
            f"""
per_listener_settings false
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
persistence true
persistence_location {folder}/
max_queued_messages 0
log_dest file {folder}/mosquitto.log
{f"user {user}" if user else ""}
listener {self.port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
listener {self.plain_port} 127.0.0.1
listener {self.other_port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/device.pem
keyfile {folder}/device.key
listener {self.strict_port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
require_certificate true
"""
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["mosquitto", "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until(self._answers)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)
        self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class Reader:
    """A subscriber with a lasting session: the broker keeps for it what it cannot be given now."""

    def __init__(self, broker: Mosquitto, topic: str = "#") -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "reader", protocol=mqtt.MQTTv5
        )
        client.username_pw_set("reader", PASSWORDS["reader"])
        client.tls_set(ca_certs=str(broker.folder / "ca.pem"))
        client.reconnect_delay_set(1, 1)
        client.on_message = lambda _c, _d, m: self.messages.append((m.topic, m.payload, m.retain))
        subscribed = threading.Event()
        client.on_connect = lambda *_: client.subscribe(topic, qos=1)
        client.on_subscribe = lambda *_: subscribed.set()
        lasting = Properties(PacketTypes.CONNECT)
        lasting.SessionExpiryInterval = 3600
        client.connect("127.0.0.1", broker.port, 20, clean_start=False, properties=lasting)
        client.loop_start()
        assert subscribed.wait(10)

    def publish(self, topic: str, payload: str, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def records(self, camera: str) -> list[dict]:
        topic = f"edge-emo/testhost/{camera}/records"
        return [json.loads(p) for t, p, _ in list(self.messages) if t == topic]

    def last(self, topic: str) -> str | None:
        found = [p.decode() for t, p, _ in list(self.messages) if t == topic]
        return found[-1] if found else None

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
