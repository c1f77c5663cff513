"""The service edge-emo@door in a booted machine: asked how it is, its camera plugged in and out."""

import json
import socket

from checks import Checks
from machine import Machine, until

with socket.create_server(("127.0.0.1", 0)) as _free:
    PORT = _free.getsockname()[1]
NAME = "door"
UNIT = f"edge-emo@{NAME}"
STATE = f"/var/lib/edge-emo/{NAME}"
CONFIG = f"/etc/edge-emo/{NAME}.toml"
URL = f"http://viewer:secret@127.0.0.1:{PORT}/"
COUNT = f"""
import json
from pathlib import Path
from edge.outputs.records import read_records
records = list(read_records(Path("{STATE}/faces.jsonl")))
gaps = [r["gap"] for r in records if "gap" in r]
print(json.dumps({{"records": len(records), "last": records[-1]["frame"], "gaps": gaps}}))
"""


class Service(Checks):
    """What can be asked of the service."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.sh = machine.sh

    def hint(self) -> str:
        return "; journal: " + self.sh(f"journalctl -q -b -o cat -n 8 -u {UNIT}", True)

    def show(self, *names: str) -> list[str]:
        asked = " ".join(f"-p {n}" for n in names)
        found = dict(
            line.partition("=")[::2]
            for line in self.sh(f"systemctl show {asked} {UNIT}").splitlines()
        )
        return [found.get(n, "") for n in names]

    def pid(self) -> str:
        return self.show("MainPID")[0]

    def restarts(self) -> int:
        return int(self.show("NRestarts")[0])

    def active(self) -> bool:
        return self.show("ActiveState")[0] == "active"

    def counted(self) -> dict:
        return json.loads(self.sh(f"/opt/edge-emo/bin/python -c '{COUNT}'"))

    def grows(self, more: int = 20, seconds: float = 90) -> None:
        """Wait until records are written."""
        size = f"cat {STATE}/faces*.jsonl | wc -l"
        before = int(self.sh(size))
        until(lambda: int(self.sh(size)) > before + more, seconds)

    def journal(self, text: str) -> bool:
        return text in self.sh(f"journalctl -q -b -o cat -u {UNIT}")

    def mode(self, word: str) -> None:
        self.sh(f"echo {word} > /run/camera-mode")

    def keep_settings(self) -> None:
        self.sh(f"cp -p {CONFIG} /root/kept.toml")

    def restore_settings(self) -> None:
        """Put the settings back at once: a process that reads them just now must not find half."""
        self.sh(f"cp -p /root/kept.toml {CONFIG}.new && mv {CONFIG}.new {CONFIG}")

    def reread(self) -> None:
        """Have the settings read again, and wait until that is done."""
        count = f"journalctl -q -b -o cat -u {UNIT} | grep -c -e 'settings read again' -e 'not taken' || true"
        before = int(self.sh(count))
        self.sh(f"systemctl reload {UNIT}")
        until(lambda: int(self.sh(count)) > before)

    def plug_in(self) -> None:
        self.sh(
            "systemctl reset-failed camera 2>/dev/null; systemd-run -q --unit=camera "
            f"/opt/edge-emo/bin/python /src/tests/device/camera.py {PORT} /run/camera-mode",
            True,
        )

    def unplug(self) -> None:
        self.sh("systemctl stop camera")
