#!/usr/bin/env python3
"""The publisher against a real broker that fails: what must arrive, and what must be refused.

    python3 tests/acceptance/publish/mosquitto.py [--work FOLDER] [--outage SECONDS]

Needs mosquitto, mosquitto_passwd and openssl (Debian: mosquitto, openssl) and the extra `mqtt`; takes
about three minutes. Prints a table of what was done and what came of it, and ends with status 1 if
anything was not as it must be.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "device"))

from broker import PASSWORDS, Mosquitto, Reader, until
from checks import Checks

from edge.outputs.records import read_records

HOST = "testhost"
CAMERAS = ("door", "hall")
RATE = 15.0
PAIR = {"certificate": "pem", "key": "key"}


class Publisher:
    """`edge-emo publish` as a process, with settings of its own."""

    def __init__(self, folder: Path, mosquitto: Mosquitto, name: str, **changed: object) -> None:
        password = folder / f"{name}.password"
        password.write_text(PASSWORDS["device"] + "\n")
        password.chmod(0o600)
        settings = {
            "broker": "127.0.0.1",
            "port": mosquitto.port,
            "ca": str(mosquitto.folder / "ca.pem"),
            "username": "device",
            "password_file": str(password),
            "name": HOST,
            "state": str(folder / "state"),
            "off_file": str(folder / "state" / "off"),
            **changed,
        }
        self.settings = folder / f"{name}.toml"
        said = {k: v for k, v in settings.items() if v is not None}
        self.settings.write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in said.items()))
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "edge", "publish", "--config", str(self.settings)]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def end(self, how: signal.Signals) -> int:
        assert self._process
        self._process.send_signal(how)
        return self._process.wait(20)

    def once(self, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *more], capture_output=True, text=True, timeout=60, check=False
        )

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def rss_mb(self) -> float:
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def command_line(self) -> str:
        assert self._process
        return Path(f"/proc/{self._process.pid}/cmdline").read_text()


class Acceptance(Checks):
    """The publisher's life with a broker, as a table."""

    def __init__(self, work: Path, outage_s: float) -> None:
        super().__init__()
        self.work, self.outage_s = work, outage_s
        self.broker = Mosquitto(work / "broker")
        self.broker.start()
        self.reader = Reader(self.broker)
        self.publisher = Publisher(work, self.broker, "publisher")
        self.writers: dict[str, subprocess.Popen[bytes]] = {}
        self.rss: list[float] = []

    def path(self, camera: str) -> Path:
        return self.work / "state" / camera / "faces.jsonl"

    def write(self, camera: str, *more: str) -> None:
        script = Path(__file__).with_name("camera.py")
        command = [sys.executable, str(script), str(self.path(camera)), str(RATE), *more]
        self.writers[camera] = subprocess.Popen(command)

    def stop_writing(self, camera: str) -> None:
        self.writers[camera].terminate()
        self.writers.pop(camera).wait(10)

    def arrived(self, camera: str) -> int:
        return len({(r["boot"], r["sequence"]) for r in self.reader.records(camera)})

    def written(self, camera: str) -> list[dict]:
        return list(read_records(self.path(camera)))

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.5)
            self.rss.append(self.publisher.rss_mb())

    def begins(self) -> str:
        for camera in CAMERAS:
            self.write(camera)
        until(lambda: all(self.path(c).exists() for c in CAMERAS))
        self.publisher.start()
        until(lambda: all(self.arrived(c) > 50 for c in CAMERAS), 60)
        assert self.reader.last(f"edge-emo/{HOST}/status") == "online"
        assert PASSWORDS["device"] not in self.publisher.command_line()
        record = self.reader.records("door")[0]
        topic = f"edge-emo/{HOST}/door/state"
        until(lambda: '"analysing"' in (self.reader.last(topic) or ""))
        state = json.loads(self.reader.last(topic) or "")
        assert {"host", "camera", "boot", "sequence"} <= set(record), record
        time.sleep(3)
        self.wait(3)
        return f"online; records carry host, camera, boot, sequence; state {state['state']}"

    def outage(self) -> str:
        before = self.publisher.rss_mb()
        self.broker.stop()
        self.wait(self.outage_s / 3)
        self.publisher.end(signal.SIGKILL)
        self.publisher.start()
        time.sleep(2)
        started = self.publisher.rss_mb()
        self.wait(2 * self.outage_s / 3 - 2)
        self.broker.start()
        until(lambda: "connected to" in self.publisher.said().splitlines()[-1], 60)
        began = time.monotonic()
        while max(len(self.written(c)) - self.arrived(c) for c in CAMERAS) > RATE:
            self.wait(1)
            assert time.monotonic() - began < 90, "it does not catch up"
        took = time.monotonic() - began
        return (
            f"broker away for {self.outage_s:.0f} s, publisher killed meanwhile; caught up "
            f"{took:.0f} s after it was back; resident {before:.1f} MB before, {started:.1f} MB as "
            f"restarted, {max(self.rss):.1f} MB at most, {self.rss[-1]:.1f} MB after"
        )

    def killed_while_publishing(self) -> str:
        heard = len(self.reader.messages)
        self.publisher.end(signal.SIGKILL)
        status = f"edge-emo/{HOST}/status"
        began = time.monotonic()
        until(
            lambda: any(t == status and p == b"offline" for t, p, _ in self.reader.messages[heard:])
        )
        took = time.monotonic() - began
        self.publisher.start()
        until(lambda: self.reader.last(status) == "online")
        for camera in CAMERAS:
            self.stop_writing(camera)
        until(lambda: all(self.arrived(c) == len(self.written(c)) for c in CAMERAS), 60)
        return f"offline by the last will after {took:.1f} s; started again, caught up"

    def whole(self) -> str:
        said = []
        for camera in CAMERAS:
            written = self.written(camera)
            seen: dict[tuple[str, int], dict] = {}
            repeated = 0
            for record in self.reader.records(camera):
                assert record.pop("host") == HOST
                assert record.pop("camera") == camera
                key = record["boot"], record["sequence"]
                repeated += key in seen
                assert seen.setdefault(key, record) == record, f"{key} stands for two records"
            assert list(seen.values()) == written, f"{camera}: not all, or not in order"
            said.append(f"{camera}: all {len(written)} in order, {repeated} repeated")
        return "; ".join(said)

    def beyond_the_bound(self) -> str:
        """An outage longer than the records on disk last: what is lost is counted."""
        self.write("yard", "0.05")
        until(lambda: self.arrived("yard") > 20)
        self.broker.stop()
        time.sleep(20)
        self.broker.start()
        until(lambda: "connected to" in self.publisher.said().splitlines()[-1], 60)
        self.stop_writing("yard")
        last = self.written("yard")[-1]["sequence"]
        until(lambda: self.reader.records("yard")[-1]["sequence"] == last, 60)
        numbers = [r["sequence"] for r in self.reader.records("yard")]
        missing = last + 1 - len(set(numbers))
        machine = f"edge-emo/{HOST}/machine"
        lost = until(lambda: json.loads(self.reader.last(machine) or "{}").get("lost_records"), 40)
        assert 0 < missing == lost, (missing, lost)
        assert f"yard: {missing} records were removed" in self.publisher.said()
        return f"{missing} of {last + 1} records lost, {lost} reported"

    def commands(self) -> str:
        off, machine = self.work / "state" / "off", f"edge-emo/{HOST}/machine"
        command = f"edge-emo/{HOST}/cameras/set"
        self.reader.publish(command, "OFF")
        until(off.exists)
        until(lambda: '"cameras": "OFF"' in (self.reader.last(machine) or ""))
        self.reader.publish(command, "ON")
        until(lambda: not off.exists())
        self.reader.publish(command, "OFF", retain=True)
        time.sleep(2)
        self.reader.publish(command, "", retain=True)
        if off.exists():  # a live message, though its sender asked for retention
            self.reader.publish(command, "ON")
            until(lambda: not off.exists())
        self.reader.publish(command, "maybe")
        until(lambda: "neither ON nor OFF" in self.publisher.said())
        return "OFF and ON obeyed, anything else refused"

    def leaves(self) -> str:
        began = time.monotonic()
        status = self.publisher.end(signal.SIGTERM)
        took = time.monotonic() - began
        until(lambda: self.reader.last(f"edge-emo/{HOST}/status") == "offline")
        assert status == 0, status
        repeated = len(self.reader.messages)
        self.publisher.start()
        until(lambda: self.reader.last(f"edge-emo/{HOST}/status") == "online")
        time.sleep(2)
        again = [m for m in self.reader.messages[repeated:] if m[0].endswith("/records")]
        assert again == [], f"{len(again)} records published twice"
        self.publisher.end(signal.SIGTERM)
        return f"status 0 after {took:.1f} s, offline; a new start repeats no record"

    def removes(self) -> str:
        heard = len(self.reader.messages)
        done = self.publisher.once("--remove")
        assert done.returncode == 0, done.stderr
        cleared = [line.split()[1] for line in done.stdout.splitlines()]
        for topic in cleared:
            until(lambda t=topic: (t, b"", False) in self.reader.messages[heard:])
        assert f"homeassistant/device/edge-emo-{HOST}/config" in cleared
        return f"cleared {len(cleared)} retained topics"

    def refused(self, name: str, expected: str, **changed: object) -> str:
        other = Publisher(self.work, self.broker, name, **changed)
        if "password_file" not in changed and name == "wrong-password":
            (self.work / f"{name}.password").write_text("not-the-password\n")
        done = other.once()
        assert done.returncode == 1, done
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        assert expected in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        assert PASSWORDS["device"] not in done.stderr
        return done.stderr.strip()

    def port_without_tls(self) -> str:
        """Looks like a broker that restarts: tried again, with a hint."""
        other = Publisher(self.work, self.broker, "plain-port", port=self.broker.plain_port)
        other.start()
        until(lambda: "not the broker's port for TLS" in other.said())
        time.sleep(3)
        other.end(signal.SIGTERM)
        assert other.said().count("\n") == 1, other.said()
        return other.said().strip()

    def client_certificate(self) -> str:
        without = Publisher(
            self.work, self.broker, "without-certificate", port=self.broker.strict_port
        )
        without.start()
        until(lambda: "client certificate" in without.said())
        without.end(signal.SIGTERM)
        pair = {name: str(self.broker.folder / f"device.{end}") for name, end in PAIR.items()}
        heard = len(self.reader.messages)
        with_it = Publisher(
            self.work, self.broker, "certificate", port=self.broker.strict_port, **pair
        )
        with_it.start()
        status = f"edge-emo/{HOST}/status"
        until(lambda: (status, b"online", False) in self.reader.messages[heard:])
        with_it.end(signal.SIGTERM)
        return f"accepted with one; without: {without.said().splitlines()[0]}"

    def secrets(self) -> str:
        files = list(self.work.glob("*.log")) + list((self.work / "state").rglob("*"))
        for path in files:
            if path.is_file():
                for word in (*PASSWORDS.values(), "not-the-password"):
                    assert word not in path.read_text(errors="replace"), path
        said = [p for _, p, _ in self.reader.messages]
        assert not any(PASSWORDS["device"].encode() in p for p in said)
        return f"no password in {len(files)} files of logs and state, nor in {len(said)} messages"

    def all(self) -> None:
        folder = self.broker.folder
        self.check("start", self.begins)
        self.check(f"broker off for {self.outage_s:.0f} s", self.outage)
        self.check("kill -9", self.killed_while_publishing)
        self.check("all records, in order", self.whole)
        self.check("an outage beyond the records' bound", self.beyond_the_bound)
        self.check("off switch", self.commands)
        self.check("SIGTERM", self.leaves)
        self.check("publish --remove", self.removes)
        refusals = {
            "wrong-ca": ("not to be trusted", {"ca": str(folder / "other-ca.pem")}),
            "system-cas": ("the system's certificate authorities", {"ca": None}),
            "other-name": ("not to be trusted", {"port": self.broker.other_port}),
            "wrong-password": ("does not accept 'device'", {}),
            "no-login": (
                "a client without a user name",
                {"username": None, "password_file": None},
            ),
            "not-in-the-acl": ("refuses what is published", {"topic": "elsewhere"}),
            "no-ca": ("holds no certificate", {"ca": str(folder / "acl")}),
        }
        for name, (expected, changed) in refusals.items():
            self.check(
                f"refused: {name}", lambda n=name, e=expected, c=changed: self.refused(n, e, **c)
            )
        self.check("a port without TLS", self.port_without_tls)
        self.check("client certificate", self.client_certificate)
        self.check("secrets", self.secrets)

    def close(self) -> None:
        for camera in list(self.writers):
            self.stop_writing(camera)
        self.reader.close()
        self.broker.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-mqtt"))
    parser.add_argument("--outage", type=float, default=60.0, metavar="SECONDS")
    options = parser.parse_args()
    missing = [c for c in ("mosquitto", "mosquitto_passwd", "openssl") if not shutil.which(c)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; run 'apt install mosquitto openssl'")
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    acceptance = Acceptance(options.work, options.outage)
    try:
        acceptance.all()
    finally:
        acceptance.close()
    acceptance.end()


if __name__ == "__main__":
    os.environ["PYTHONUNBUFFERED"] = "1"
    main()
