#!/usr/bin/env python3
"""Models replaced under a real systemd: signatures, trial, rollback, a reboot within the trial.

    sudo python3 tests/acceptance/models/nspawn.py [--suite trixie] [--work FOLDER] [--keep]

A small Debian boots in a container (debootstrap, systemd-container, the network), gets edge-emo with
the mock camera, and the publisher with a broker on this machine (mosquitto). About ten minutes. Prints
a table; status 1 if anything was not as it must be.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "device"), str(HERE.parent / "publish")]

from broker import PASSWORDS, Mosquitto, Reader
from checks import Checks
from machine import Machine, booted, until
from signed_models import make_models, sign

EMO = "/opt/edge-emo/bin/edge-emo"
UNIT = "edge-emo@mock"
SETTINGS = "/etc/edge-emo/mock.toml"
SLOTS = "/var/lib/edge-emo/models"


class Acceptance(Checks):
    """The life of a device whose models are replaced, as a table."""

    always = ("install",)

    def __init__(self, machine: Machine, broker: Mosquitto, reader: Reader) -> None:
        super().__init__()
        self.machine, self.sh = machine, machine.sh
        self.broker, self.reader = broker, reader

    def status(self) -> dict:
        return json.loads(self.sh(f"{EMO} models status --json"))

    def show(self, name: str, unit: str = UNIT) -> str:
        return self.sh(f"systemctl show -P {name} {unit}")

    def analyses(self) -> bool:
        return "frames/s" in self.show("StatusText")

    def runs(self) -> str:
        """Return what model the running process has read, by its slot."""
        slot = self.status()["active"]
        return slot

    def refused(self, command: str, said: str) -> str:
        done = self.sh(f"{command} 2>&1; echo status $?", True)
        text, _, status = done.rpartition("status ")
        assert status.strip() == "1", done
        assert text.count("edge-emo: error:") == 1, done
        assert said in text, done
        return text.strip().splitlines()[-1].removeprefix("edge-emo: error: ")

    def install(self) -> str:
        self.sh("sh /src/systemd/install.sh mock", timeout=1800)
        until(self.analyses, 120)
        assert 'model = "active"' in self.sh(f"cat {SETTINGS}")
        self.sh("apt-get update -q && apt-get install -y -q openssh-client", timeout=600)
        self.sh("cp /models/allowed_signers /etc/edge-emo/")
        return f"'{self.show('StatusText')}', {self.status()['in_use']}"

    def publisher(self) -> str:
        self.sh(f"{EMO} service install publish", timeout=600)
        settings = {
            "broker": "127.0.0.1",
            "port": self.broker.port,
            "ca": "/etc/edge-emo/publish/ca.pem",
            "username": "device",
            "name": "testhost",
        }
        text = "".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items())
        folder = self.machine.root / "etc/edge-emo/publish"
        (folder / "settings.toml").write_text(text)
        shutil.copy(self.broker.folder / "ca.pem", folder)
        (folder / "ca.pem").chmod(0o644)
        drop_in = self.machine.root / "etc/systemd/system/edge-emo-publish.service.d"
        drop_in.mkdir()
        (self.machine.root / "etc/edge-emo/mqtt-password").write_text(PASSWORDS["device"])
        (self.machine.root / "etc/edge-emo/mqtt-password").chmod(0o600)
        (drop_in / "password.conf").write_text(
            "[Service]\nLoadCredential=mqtt-password:/etc/edge-emo/mqtt-password\n"
        )
        verified = self.sh("systemd-analyze verify edge-emo-publish.service 2>&1")
        assert verified == "", verified
        self.sh("systemctl daemon-reload; systemctl start edge-emo-publish")
        until(lambda: len(self.reader.records("mock")) > 30, 60)
        topic = "edge-emo/testhost/mock/state"
        until(lambda: '"analysing"' in (self.reader.last(topic) or ""))
        score = self.sh("systemd-analyze security --no-pager edge-emo-publish | tail -1")
        pid = self.show("MainPID", "edge-emo-publish")
        seen = self.sh(f"nsenter -t {pid} -m ls -R /etc/edge-emo")
        assert "mock.toml" not in seen, seen
        assert "settings.toml" in seen, seen
        devices = self.sh(f"nsenter -t {pid} -m ls /dev")
        assert "video" not in devices, devices
        camera = self.sh(f"nsenter -t {self.show('MainPID')} -n ip -br link")
        assert [line.split()[0] for line in camera.splitlines()] == ["lo"], camera
        rss = int(self.sh(f"grep VmRSS /proc/{pid}/status").split()[1]) / 1024
        words = score.split(":")[1].split()[0]
        return f"records arrive; password by credential; exposure {words}; {rss:.0f} MB; sees no camera and none of their settings"

    def publisher_follows_the_camera(self) -> str:
        self.sh(f"systemctl stop {UNIT}")
        topic = "edge-emo/testhost/mock/state"
        until(lambda: json.loads(self.reader.last(topic))["state"] == "stopped", 30)
        self.sh(f"systemctl start {UNIT}")
        until(lambda: json.loads(self.reader.last(topic))["state"] == "analysing", 60)
        self.reader.publish("edge-emo/testhost/cameras/set", "OFF")
        until(lambda: json.loads(self.reader.last(topic))["state"] == "off", 30)
        reason = json.loads(self.reader.last(topic))["reason"]
        assert "closed" in self.show("StatusText"), self.show("StatusText")
        self.reader.publish("edge-emo/testhost/cameras/set", "ON")
        until(lambda: json.loads(self.reader.last(topic))["state"] == "analysing", 60)
        return f"stopped, analysing, off ('{reason}'), analysing"

    def refusals(self) -> str:
        folder = self.machine.root / "models"
        file = folder / "porch-1.0.tflite"
        altered = bytearray(file.read_bytes())
        altered[-400] ^= 4
        (folder / "altered.tflite").write_bytes(altered)
        shutil.copy(f"{file}.sig", folder / "altered.tflite.sig")
        shutil.copy(file, folder / "unsigned.tflite")
        shutil.copy(file, folder / "others.tflite")
        sign(folder, "mallory", folder / "others.tflite")
        said = [
            self.refused(f"{EMO} models install /models/unsigned.tflite", "is not signed"),
            self.refused(f"{EMO} models install /models/altered.tflite", "altered"),
            self.refused(f"{EMO} models install /models/others.tflite", "somebody who is not in"),
            self.refused(f"{EMO} models activate", "no model is installed"),
        ]
        assert self.analyses()
        return "; ".join(said)

    def accepted(self, version: str) -> str:
        self.sh(f"{EMO} models install /models/porch-{version}.tflite")
        pid, began = self.show("MainPID"), time.monotonic()
        said = self.sh(f"{EMO} models activate")
        took = time.monotonic() - began
        assert self.show("MainPID") != pid
        assert self.status()["in_use"] == f"porch {version}", self.status()
        until(self.analyses)
        again = self.sh(
            f"{EMO} models install /models/porch-{version}.tflite; {EMO} models activate"
        )
        assert "already installed" in again, again
        assert "in use already" in again, again
        return f"{said} after {took:.0f} s; the same again changes nothing"

    def rolled_back(self, file: str, options: str, said: str, before: str) -> str:
        self.sh(f"{EMO} models install /models/{file}.tflite")
        said_so = self.refused(f"{EMO} models activate {options}", said)
        assert self.status()["in_use"] == before, self.status()
        return said_so

    def useless(self) -> str:
        pid = self.show("MainPID")
        said_so = self.rolled_back("useless-5.0", "", "was rolled back", "porch 1.0")
        until(self.analyses, 60)
        del pid
        return said_so

    def too_slow(self) -> str:
        said_so = self.rolled_back("porch-2.0", "--min-fps 1000", "is the least", "porch 1.0")
        until(self.analyses, 60)
        return said_so

    def failed_starts(self) -> str:
        """Settings that end the service at once stand for a model that does."""
        self.sh(f"cp -p {SETTINGS} /root/kept.toml; {EMO} models install /models/porch-2.0.tflite")
        floor = "--min-fps 1"
        self.sh(f"echo 'min_face = 7' >> {SETTINGS}")
        said_so = self.refused(f"{EMO} models activate {floor}", "failed 2 starts")
        self.sh(f"cp -p /root/kept.toml {SETTINGS}; systemctl restart {UNIT}")
        until(self.analyses, 60)
        assert self.status()["in_use"] == "porch 1.0"
        return said_so

    def start_trial(self) -> None:
        self.sh(f"{EMO} models install /models/porch-2.0.tflite")
        until(lambda: self.sh("systemctl is-active activation", True) == "inactive", 120)
        self.sh(f"systemd-run -q --collect --unit=activation {EMO} models activate --min-fps 0.2")
        until(lambda: self.status()["trial"] == "porch 2.0", 60)
        until(lambda: self.sh("systemctl is-active edge-emo-model-trial", True) == "active")
        time.sleep(15)

    def judge_killed(self) -> str:
        self.start_trial()
        judge = self.show("MainPID", "edge-emo-model-trial")
        self.sh(f"kill -9 {judge}")
        until(lambda: self.status()["trial"] is None, 60)
        status = self.status()
        assert status["in_use"] == "porch 1.0", status
        until(self.analyses, 60)
        return status["last"]["reason"]

    def caller_killed(self) -> str:
        self.start_trial()
        self.sh("systemctl kill -s KILL activation")
        until(lambda: self.status()["trial"] is None, 120)
        status = self.status()
        assert status["in_use"] == "porch 2.0", status
        now = self.sh(f"{EMO} models rollback")
        until(self.analyses, 60)
        return f"the trial went on: {status['last']['reason']}; rollback by hand: {now}"

    def power_cut(self) -> str:
        self.start_trial()
        until(self.analyses, 60)
        self.machine.pull_the_plug()
        self.machine.boot()
        until(self.analyses, 120)
        status = self.status()
        assert status["trial"] is None
        assert status["in_use"] == "porch 1.0", status
        return status["last"]["reason"]

    def older(self) -> str:
        self.sh(
            f"{EMO} models install /models/porch-3.0.tflite && {EMO} models activate --min-fps 0.2"
        )
        said_so = self.refused(f"{EMO} models install /models/porch-2.0.tflite", "is older")
        assert self.status()["in_use"] == "porch 3.0"
        return said_so

    def service_cannot_touch_it(self) -> str:
        user = self.show("User")
        owner = self.sh(f"stat -c '%U %a' {SLOTS} {SLOTS}/a.tflite {SLOTS}/state.json")
        pid = self.show("MainPID")
        inside = f"nsenter -t {pid} -m setpriv --reuid {user} --regid edge-emo --clear-groups"
        for command in (
            f"mv {SLOTS} {SLOTS}.old",
            f"touch {SLOTS}/x",
            f"rm -f {SLOTS}/a.tflite",
        ):
            said = self.sh(f"{inside} {command} 2>&1; echo status $?", True)
            assert not said.endswith("status 0"), (command, said)
        return f"owned by {owner.splitlines()}; not moved, not written from within the service"

    def uninstall(self) -> str:
        self.sh(f"{EMO} service uninstall --purge")
        left = self.sh(
            "find / -xdev -name '*edge-emo*' -not -path '/proc/*' -not -path '/src/*' "
            "-not -path '/tmp/*' -not -path '/var/log/*'"
        )
        assert left.split() == ["/etc/systemd/system/edge-emo-publish.service.d"], left
        return "nothing left but the drop-in made by hand"

    def all(self) -> None:
        self.check("install", self.install)
        self.check("the publisher's unit", self.publisher)
        self.check("the publisher follows the camera", self.publisher_follows_the_camera)
        self.check("not as signed", self.refusals)
        self.check("a good model", lambda: self.accepted("1.0"))
        self.check("a model that scores otherwise than where it was made", self.useless)
        self.check("a model that is too slow", self.too_slow)
        self.check("two failed starts", self.failed_starts)
        self.check("the judge killed within the trial", self.judge_killed)
        self.check("power cut within the trial", self.power_cut)
        self.check("'activate' killed within the trial", self.caller_killed)
        self.check("an older model", self.older)
        self.check("the service's user", self.service_cannot_touch_it)
        self.check("uninstall --purge", self.uninstall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-models"))
    parser.add_argument("--only", nargs="*", default=(), metavar="WORD", help="only these checks")
    parser.add_argument("--keep", action="store_true", help="keep the root for the next time")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("a container needs root: run it with sudo")
    options.work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(options.work / "broker", ignore_errors=True)
    broker = Mosquitto(options.work / "broker")
    broker.start()
    reader = Reader(broker)

    def with_models(root: Path) -> None:
        make_models(root / "models")

    try:
        with booted(options.work, options.suite, options.keep, "edge-emo*", with_models) as machine:
            acceptance = Acceptance(machine, broker, reader)
            acceptance.only = tuple(options.only)
            acceptance.all()
    finally:
        reader.close()
        broker.stop()
    acceptance.end()


if __name__ == "__main__":
    main()
