#!/usr/bin/env python3
"""Home Assistant itself, from PyPI, takes what the publisher says: entities, states, switch, removal.

    sudo python3 tests/acceptance/publish/home_assistant.py [--root FOLDER] [--keep]

Home Assistant 2026.2 needs Python 3.13, so it runs in a chroot with Debian 13, which is made with
debootstrap (root, the network, 1.5 GB) and removed afterwards unless it is to be kept. Needs mosquitto,
openssl and the extra `mqtt`, too. Prints a table; status 1 if anything was not as it must be.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from broker import PASSWORDS, Mosquitto, free_port, until
from mosquitto import HOST, Acceptance

RELEASE = "2026.2"
INSTALL = f"""
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q --no-install-recommends python3-venv python3-dev build-essential
python3 -m venv /srv/ha
/srv/ha/bin/pip install -q 'homeassistant=={RELEASE}.*' 'paho-mqtt==2.1.0' isal zlib-ng
"""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# When a device is removed, Home Assistant clears the topic once more for each entity that is disabled, and
# warns of each of these messages, which are its own.
OWN_WARNING = "No device components to cleanup"
EMOTIONS = {"angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"}


def make_root(root: Path) -> None:
    print(f"making a Debian 13 with Home Assistant {RELEASE} in {root}")
    packages = "--include=ca-certificates"
    subprocess.run(
        ["debootstrap", "--variant=minbase", packages, "trixie", str(root)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for file in (CERTIFICATES, "/etc/resolv.conf", "/etc/hosts"):
        shutil.copy(file, root / file.lstrip("/"))  # as this machine reaches the network
    subprocess.run(
        inside(root, "sh", "-c", INSTALL), check=True, env=CLEAN, stdout=subprocess.DEVNULL
    )


CLEAN = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "PIP_CERT": CERTIFICATES,
    "SSL_CERT_FILE": CERTIFICATES,
}


def inside(root: Path, *command: str) -> list[str]:
    return ["chroot", str(root), *command]


class HomeAssistant:
    """Home Assistant in its chroot, looked at through a file."""

    def __init__(self, root: Path, broker: Mosquitto) -> None:
        self.root = root
        self.folder = root / "srv" / "acceptance"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("ha_probe.py"), self.folder)
        self._broker = {
            "broker": "127.0.0.1",
            "port": broker.port,
            "username": "homeassistant",
            "password": PASSWORDS["homeassistant"],
            "certificate": (broker.folder / "ca.pem").read_text(),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = {**self._broker, "http_port": free_port()}
        (self.folder / "broker.json").write_text(json.dumps(settings))
        (self.folder / "seen.json").unlink(missing_ok=True)
        command = inside(
            self.root, "/srv/ha/bin/python", "/srv/acceptance/ha_probe.py", "/srv/acceptance"
        )
        with (self.folder / "out.log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=CLEAN)
        until((self.folder / "seen.json").exists, 240)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)

    def seen(self) -> dict:
        return json.loads((self.folder / "seen.json").read_text())

    def state(self, entity: str) -> str | None:
        return self.seen()["states"].get(entity, [None])[0]

    def call(self, line: str) -> None:
        (self.folder / "commands").write_text(line + "\n")

    def log(self) -> str:
        return "".join(p.read_text() for p in self.folder.glob("home-assistant.log*"))

    def complaints(self) -> list[str]:
        """Return the warnings and errors of its log, and what was printed beside it, each once."""
        log = self.log().splitlines()
        known = {*log}
        printed = re.sub(r"\x1b\[[0-9;]*m", "", (self.folder / "out.log").read_text()).splitlines()
        lines = [*log, *(line for line in printed if line not in known)]
        return [line for line in lines if re.search(r" (WARNING|ERROR|CRITICAL) |Traceback", line)]


class WithHomeAssistant(Acceptance):
    """What Home Assistant makes of a machine with two cameras."""

    def __init__(self, work: Path, root: Path) -> None:
        super().__init__(work, 0)
        self.ha = HomeAssistant(root, self.broker)

    def starts(self) -> str:
        self.ha.start()
        for camera in ("door", "hall"):
            self.write(camera)
        until(lambda: self.path("hall").exists())
        self.publisher.start()
        until(lambda: f"edge-emo {HOST}" in self.ha.seen()["devices"], 60)
        return f"Home Assistant {self.ha.seen()['version']}; the device is there"

    def entities(self) -> str:
        found = until(lambda: len(self.ha.seen()["entities"]) >= 25 and self.ha.seen()["entities"])
        wanted = {f"switch.{HOST}_cameras"}
        for camera in ("door", "hall"):
            ends = ["sensor.{}_emotion", "sensor.{}_faces", "sensor.{}_fps"]
            ends += ["binary_sensor.{}_occupancy", "binary_sensor.{}_problem"]
            wanted |= {end.format(f"{HOST}_{camera}") for end in ends}
            shares = {f"sensor.{HOST}_{camera}_share_{name}" for name in EMOTIONS}
            assert all(found.get(share) == "integration" for share in shares), found
            wanted |= shares
        temperature = {f"sensor.{HOST}_temperature"}
        assert set(found) - temperature == wanted, set(found) ^ wanted
        enabled = [e for e, disabled in found.items() if disabled is None]
        return f"{len(found)} entities with the ids asked for; {len(found) - len(enabled)} shares disabled"

    def states(self) -> str:
        """Follow the camera for a cycle: what Home Assistant says is what the last record says."""
        said = set()
        ids = [f"sensor.{HOST}_door_emotion", f"sensor.{HOST}_door_faces"]
        ids.append(f"binary_sensor.{HOST}_door_occupancy")
        end = time.monotonic() + 45
        while time.monotonic() < end:
            states = self.ha.seen()["states"]
            emotion, faces, occupied = (states[entity][0] for entity in ids)
            assert (faces, occupied) == (("0", "off") if emotion == "none" else ("1", "on"))
            said.add(emotion)
            time.sleep(0.5)
        written = {face["emotion"] for r in self.written("door") for face in r["faces"]} | {"none"}
        assert said <= written, said - written
        assert len(said) >= 4, said
        assert {"none", "unsure"} <= said, said
        last = [r["faces"] for r in self.written("door")][-1]
        rate = float(self.ha.state(f"sensor.{HOST}_door_fps"))
        assert abs(rate - 15) < 2, rate
        assert self.ha.state(f"binary_sensor.{HOST}_door_problem") == "off"
        return f"seen {', '.join(sorted(said))}; {rate} frames/s; last record: {len(last)} faces"

    def switch(self) -> str:
        off = self.work / "state" / "off"
        entity = f"switch.{HOST}_cameras"
        until(lambda: self.ha.state(entity) == "on")
        self.ha.call(f"switch turn_off {entity}")
        until(off.exists)
        until(lambda: self.ha.state(entity) == "off")
        self.ha.call(f"switch turn_on {entity}")
        until(lambda: not off.exists())
        until(lambda: self.ha.state(entity) == "on")
        return "off and on again: the file that closes the cameras came and went"

    def camera_gone(self) -> str:
        self.stop_writing("hall")
        until(lambda: self.ha.state(f"sensor.{HOST}_hall_emotion") == "unavailable")
        until(lambda: self.ha.state(f"binary_sensor.{HOST}_hall_problem") == "on")
        attributes = self.ha.seen()["states"][f"binary_sensor.{HOST}_hall_problem"][1]
        assert self.ha.state(f"sensor.{HOST}_door_emotion") != "unavailable"
        self.write("hall")
        until(lambda: self.ha.state(f"binary_sensor.{HOST}_hall_problem") == "off")
        until(lambda: self.ha.state(f"sensor.{HOST}_hall_emotion") != "unavailable")
        return (
            f"problem ('{attributes['reason']}'), unavailable; the other camera goes on; back again"
        )

    def publisher_killed(self) -> str:
        ids = [e for e, off in self.ha.seen()["entities"].items() if off is None]
        self.publisher.end(signal.SIGKILL)
        until(lambda: all(self.ha.state(e) == "unavailable" for e in ids))
        self.publisher.start()
        until(lambda: not any(self.ha.state(e) == "unavailable" for e in ids))
        return f"all {len(ids)} unavailable, then available again"

    def restart(self) -> str:
        ids = [e for e, off in self.ha.seen()["entities"].items() if off is None]
        config = f"homeassistant/device/edge-emo-{HOST}/config"
        self.ha.stop()
        before = [t for t, _, _ in self.reader.messages].count(config)
        self.ha.start()
        until(lambda: [t for t, _, _ in self.reader.messages].count(config) > before, 60)
        until(lambda: all(self.ha.state(e) not in (None, "unavailable", "unknown") for e in ids))
        return f"birth message answered; all {len(ids)} with their states"

    def removal(self) -> str:
        self.publisher.end(signal.SIGTERM)
        done = self.publisher.once("--remove")
        assert done.returncode == 0, done.stderr
        until(lambda: not self.ha.seen()["entities"], 30)
        assert f"edge-emo {HOST}" not in self.ha.seen()["devices"]
        self.ha.stop()
        complaints = self.ha.complaints()
        assert all(OWN_WARNING in line for line in complaints), complaints[:5]
        return f"device and entities gone; warnings: {len(complaints)} of '{OWN_WARNING}'"

    def log(self) -> str:
        complaints = self.ha.complaints()
        assert not complaints, complaints[:5]
        return f"not one warning or error in its log of {self.ha.log().count(chr(10))} lines"

    def all(self) -> None:
        self.check("start", self.starts)
        self.check("entities", self.entities)
        self.check("states", self.states)
        self.check("switch", self.switch)
        self.check("a camera without frames", self.camera_gone)
        self.check("publisher killed", self.publisher_killed)
        self.check("Home Assistant restarted", self.restart)
        self.check("log", self.log)
        self.check("publish --remove", self.removal)

    def close(self) -> None:
        self.ha.stop()
        super().close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-ha-work"))
    parser.add_argument("--root", type=Path, default=Path("/var/tmp/edge-emo-ha"))
    parser.add_argument("--keep", action="store_true", help="keep the chroot for the next time")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("a chroot needs root: run it with sudo")
    if not (options.root / "srv/ha/bin/hass").exists():
        shutil.rmtree(options.root, ignore_errors=True)
        make_root(options.root)
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    acceptance = WithHomeAssistant(options.work, options.root)
    try:
        acceptance.all()
    finally:
        acceptance.close()
        if not options.keep:
            shutil.rmtree(options.root)
    acceptance.end()


if __name__ == "__main__":
    main()
