#!/usr/bin/env python3
"""The Ansible role against three machines: a roll-out, again, as a check, and with a bad model.

    sudo python3 tests/acceptance/ansible/nspawn.py [--suite trixie] [--work FOLDER] [--keep]

Three Debians boot in containers with a systemd and an sshd each (debootstrap, systemd-container, the
network). Needs ansible-playbook, build, mosquitto and openssl. Half an hour on two cores. Prints a table;
status 1 if anything was not as it must be.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
sys.path[:0] = [str(HERE.parents[1] / "device"), str(HERE.parent / "publish")]
sys.path.append(str(HERE.parent / "models"))

from broker import PASSWORDS, Mosquitto, Reader, free_port
from checks import Checks
from machine import Machine, copy_checkout, make_root, until
from signed_models import make_models

EMO = "/opt/edge-emo/bin/edge-emo"
NAMES = ("one", "two", "three")
SECRET = (
    "settings-secret-8841"  # stands in a camera's settings, as the password in a camera's URL would
)
SETTINGS = {"camera": "mock", "off_file": f"/var/lib/edge-emo/off-{SECRET}"}
ROLE = REPOSITORY / "deploy" / "ansible"


class Fleet(Checks):
    """Three machines and what Ansible does to them, as a table."""

    def __init__(self, work: Path, machines: dict[str, Machine], ports: dict[str, int]) -> None:
        super().__init__()
        self.work, self.machines = work, machines
        self.broker = Mosquitto(work / "broker")
        self.broker.start()
        self.reader = Reader(self.broker)
        (wheel,) = (work / "dist").glob("*.whl")
        self.inventory = {
            "edge_emo": {
                "hosts": {
                    name: {"ansible_host": "127.0.0.1", "ansible_port": ports[name]}
                    for name in machines
                },
                "vars": {
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": str(work / "key"),
                    "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
                    "ansible_python_interpreter": "/usr/bin/python3",
                    "edge_emo_wheel": str(wheel),
                    "edge_emo_cameras": [
                        {"name": "door", "settings": {**SETTINGS, "fps": 2}},
                    ],
                    "edge_emo_model": str(work / "models" / "porch-1.0.tflite"),
                    "edge_emo_min_fps": 0.2,
                    "edge_emo_allowed_signers": str(work / "models" / "allowed_signers"),
                    "edge_emo_publish": {
                        "broker": "127.0.0.1",
                        "port": self.broker.port,
                        "username": "reader",
                    },
                    "edge_emo_publish_password": PASSWORDS["reader"],
                    "edge_emo_publish_ca": str(self.broker.folder / "ca.pem"),
                    "edge_emo_health_retries": 60,
                },
            }
        }

    def play(self, *options: str, **changed: object) -> tuple[int, dict[str, dict[str, int]], str]:
        """Run the playbook; return its status, the counts of each machine, and what it said."""
        inventory = json.loads(json.dumps(self.inventory))
        inventory["edge_emo"]["vars"].update(changed)
        path = self.work / "inventory.json"
        path.write_text(json.dumps(inventory))
        command = ["ansible-playbook", "-v", "-i", str(path), *options, "site.yml"]
        done = subprocess.run(command, cwd=ROLE, capture_output=True, text=True, check=False)
        with (self.work / "ansible.log").open("a") as log:
            log.write(f"\n==== {command}\n{done.stdout}{done.stderr}")
        for secret in (PASSWORDS["reader"], SECRET):
            assert secret not in done.stdout + done.stderr, f"Ansible prints {secret}"
        recap = done.stdout.partition("PLAY RECAP")[2]
        counts = {
            line.split()[0]: {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)}
            for line in recap.splitlines()
            if "ok=" in line
        }
        return done.returncode, counts, done.stdout + done.stderr

    def models(self) -> dict[str, dict]:
        return {
            name: json.loads(machine.sh(f"{EMO} models status --json"))
            for name, machine in self.machines.items()
        }

    def in_use(self) -> dict[str, str]:
        return {name: status["in_use"] for name, status in self.models().items()}

    def check_mode_on_a_new_machine(self) -> str:
        status, counts, said = self.play("--check", "--limit", "one")
        assert status == 0, said
        assert counts["one"]["changed"], counts
        assert self.machines["one"].sh("ls -d /opt/edge-emo /etc/edge-emo 2>/dev/null", True) == ""
        return f"{counts['one']['changed']} changes foreseen, none made"

    def roll_out(self) -> str:
        status, counts, said = self.play()
        assert status == 0, said
        assert set(self.in_use().values()) == {"porch 1.0"}, self.in_use()
        for machine in self.machines.values():
            assert machine.sh(f"{EMO} service --check; echo $?").endswith("0")
            journal = machine.sh("journalctl -q -b --no-pager")
            for secret in (PASSWORDS["reader"], SECRET):
                assert secret not in journal, f"{secret} stands in the journal"
        for name in NAMES:
            until(lambda n=name: self.reader.last(f"edge-emo/{n}/status") == "online", 30)
            until(lambda n=name: self.reader.last(f"edge-emo/{n}/door/records"), 30)
        changes = [count["changed"] for count in counts.values()]
        return (
            f"{changes} changes; porch 1.0 in use and records arriving from all three; neither the "
            "publisher's password nor the cameras' settings in the journal or in what Ansible prints"
        )

    def again(self) -> str:
        pids = {
            n: m.sh("systemctl show -P MainPID edge-emo@door") for n, m in self.machines.items()
        }
        status, counts, said = self.play()
        assert status == 0, said
        assert [count["changed"] for count in counts.values()] == [0, 0, 0], counts
        for name, machine in self.machines.items():
            assert machine.sh("systemctl show -P MainPID edge-emo@door") == pids[name]
        return "nothing changed on any of the three, no service was restarted"

    def check_mode(self) -> str:
        sums = {n: m.sh("sha256sum /etc/edge-emo/door.toml") for n, m in self.machines.items()}
        cameras = [{"name": "door", "settings": {**SETTINGS, "fps": 1}}]
        status, counts, said = self.play("--check", edge_emo_cameras=cameras)
        assert status == 0, said
        assert all(count["changed"] for count in counts.values()), counts
        for name, machine in self.machines.items():
            assert machine.sh("sha256sum /etc/edge-emo/door.toml") == sums[name]
        return f"{[c['changed'] for c in counts.values()]} changes foreseen, none made"

    def bad_model(self) -> str:
        status, counts, said = self.play(
            edge_emo_model=str(self.work / "models" / "useless-5.0.tflite")
        )
        assert status != 0
        assert list(counts) == ["one"], counts
        assert set(self.in_use().values()) == {"porch 1.0"}, self.in_use()
        found = self.models()
        assert "useless" not in json.dumps([found["two"], found["three"]])
        assert found["one"]["last"]["accepted"] is False, found["one"]
        for name in ("two", "three"):
            assert len(found[name]["slots"]) == 1, found[name]
        del said
        return (
            f"the roll-out ended at the first: {found['one']['last']['reason']}; it is back with "
            f"{found['one']['in_use']}, the others were not touched"
        )

    def good_model(self) -> str:
        status, _, said = self.play(edge_emo_model=str(self.work / "models" / "porch-2.0.tflite"))
        assert status == 0, said
        assert set(self.in_use().values()) == {"porch 2.0"}, self.in_use()
        return "porch 2.0 in use on all three"

    def all(self) -> None:
        self.check("--check on a new machine", self.check_mode_on_a_new_machine)
        self.check("roll-out", self.roll_out)
        self.check("the same again", self.again)
        self.check("a bad model", self.bad_model)
        self.check("--check with other settings", self.check_mode)
        self.check("a good model", self.good_model)

    def close(self) -> None:
        self.reader.close()
        self.broker.stop()


def make_template(root: Path, suite: str) -> None:
    print(f"making a {suite} root in {root}")
    make_root(root, suite)
    install = "apt-get update -q && apt-get install -y -q --no-install-recommends openssh-server"
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    command = ["chroot", str(root), "sh", "-c", f"{install}; systemctl disable ssh.socket"]
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=True, env=clean, stdout=subprocess.DEVNULL)


def set_up(root: Path, name: str, port: int, key: Path) -> None:
    (root / "etc/hostname").write_text(f"{name}\n")
    (root / "etc/ssh/sshd_config.d").mkdir(exist_ok=True)
    (root / "etc/ssh/sshd_config.d/acceptance.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nPermitRootLogin prohibit-password\n"
    )
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(f"{key}.pub", root / "root/.ssh/authorized_keys")


def build_wheel(work: Path) -> None:
    copy_checkout(work / "source")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    command += ["-o", str(work / "dist"), str(work / "source")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-ansible"))
    parser.add_argument("--keep", action="store_true", help="keep the root for the next time")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("containers need root: run it with sudo")
    options.work.mkdir(parents=True, exist_ok=True)
    template = options.work / options.suite
    if not template.exists():
        make_template(template, options.suite)
    for left in (*NAMES, "broker", "models", "source", "dist"):
        shutil.rmtree(options.work / left, ignore_errors=True)
    build_wheel(options.work)
    make_models(options.work / "models")
    key = options.work / "key"
    if not key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(command, check=True)
    machines, ports = {}, {}
    try:
        for name in NAMES:
            root = options.work / name
            subprocess.run(["cp", "-a", str(template), str(root)], check=True)
            ports[name] = free_port()
            set_up(root, name, ports[name], key)
            machines[name] = Machine(root, options.work / f"{name}.log")
            machines[name].boot()
        fleet = Fleet(options.work, machines, ports)
        try:
            fleet.all()
        finally:
            fleet.close()
    finally:
        for machine in machines.values():
            machine.shut_down()
        for left in (*NAMES, "source", *([] if options.keep else [options.suite])):
            shutil.rmtree(options.work / left, ignore_errors=True)
    fleet.end()


if __name__ == "__main__":
    main()
