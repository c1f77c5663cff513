#!/usr/bin/env python3
"""The service on a real systemd: a small Debian booted by systemd-nspawn, and faults injected into it.

    sudo python3 tests/device/nspawn.py [--suite bookworm] [--work FOLDER] [--keep]

Needs debootstrap and systemd-container, and the network for the installation. The camera is
tests/device/camera.py, a network camera (Motion JPEG over HTTP) that fails on command: the machine
that runs this needs no /dev/video0. Prints a table of what was done and what came of it, and ends with
status 1 if anything was not as it must be. The mirror is debootstrap's own, or $MIRROR.
"""

import argparse
import json
import re
import time
from pathlib import Path

from faults import Faults
from machine import booted, until
from service import CONFIG, NAME, STATE, UNIT, URL


class Acceptance(Faults):
    """The service's life, as a table."""

    def install(self) -> str:
        self.sh(f"sh /src/systemd/install.sh {NAME} --camera {URL} --no-start", timeout=1200)
        size = self.sh("du -sm /opt/edge-emo | cut -f1")
        groups = self.sh(f"id -nG edge-emo-{NAME}")
        mode = self.sh(f"stat -c '%U:%G %a' /etc/edge-emo/{NAME}.toml")
        assert "video" in groups
        assert mode == f"edge-emo-{NAME}:root 600", mode
        others = f"su -s /bin/sh -c 'cat /etc/edge-emo/{NAME}.toml' edge-emo"
        assert "secret" not in self.sh(others, True), "another user reads the camera's password"
        return f"{size} MB in /opt/edge-emo; user in {groups}; settings {mode}"

    def units(self) -> str:
        said = self.sh(f"systemd-analyze verify {UNIT}.service 2>&1")
        assert said == "", said
        scores = []
        for unit in (UNIT, "edge-emo@0"):
            output = self.sh(f"systemd-analyze security --no-pager {unit} | tail -1")
            scores.append(float(re.search(r": ([\d.]+)", output)[1]))
        assert max(scores) <= 2.0, scores
        return f"verify says nothing; security {scores[1]} (a camera by URL, with network: {scores[0]})"

    def start(self) -> str:
        self.plug_in()
        time.sleep(4)
        started = time.monotonic()
        self.sh(f"systemctl start {UNIT}")
        took = time.monotonic() - started
        assert self.counted()["records"] >= 1, "READY before the first record"
        again = [took, self.restarted(), self.restarted()]
        self.grows(50)
        seconds = ", ".join(f"{t:.1f}" for t in again)
        return f"READY after {seconds} s (three starts), {self.counted()['records']} records"

    def restarted(self) -> float:
        """Stop and start; return how long it took until READY."""
        self.sh(f"systemctl stop {UNIT}")
        started = time.monotonic()
        self.sh(f"systemctl start {UNIT}")
        return time.monotonic() - started

    def status(self) -> str:
        text = until(
            lambda: (
                re.search(r"frames/s", self.show("StatusText")[0]) and self.show("StatusText")[0]
            )
        )
        asked = self.sh("/opt/edge-emo/bin/edge-emo service")
        rss = self.sh(f"grep VmRSS /proc/{self.pid()}/status").split()[1]
        tasks = self.sh(f"ls /proc/{self.pid()}/task | wc -l")
        caps = self.sh(f"grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/{self.pid()}/status")
        assert re.search(r"CapEff:\s*0+$", caps, re.MULTILINE), caps
        assert re.search(r"Seccomp:\s*2", caps), caps
        return f"'{text}'; {int(rss) / 1024:.0f} MB resident, {tasks} threads; no capabilities, seccomp on; {asked}"

    def journal_and_files(self) -> str:
        lines = self.sh(f"journalctl -q -b -o json -u {UNIT} _COMM=edge-emo").splitlines()
        levels = sorted({json.loads(line)["PRIORITY"] for line in lines})
        records = self.counted()["records"]
        assert len(lines) < records / 5, f"{len(lines)} lines for {records} records"
        files = self.sh("find /var/lib/edge-emo /tmp/systemd-private-* -type f").split()
        records_only = r"/var/lib/edge-emo/(door|mock)/faces(-\d+)?\.jsonl"
        assert all(re.fullmatch(records_only, f) for f in files), files
        return f"{len(lines)} lines of levels {levels} for {records} records; no file but records"

    def second_camera(self) -> str:
        self.sh("/opt/edge-emo/bin/edge-emo service install mock --no-start")
        self.sh("systemctl start edge-emo@mock")
        pid = self.sh("systemctl show -P MainPID edge-emo@mock")
        links = self.sh(f"nsenter -t {pid} -n ip -br link").splitlines()
        assert [line.split()[0] for line in links] == ["lo"], links
        for line in ("off_gpio = 17", ""):
            config = "/etc/edge-emo/mock.toml"
            self.sh(f"sed -i '/^off_gpio/d' {config}; echo '{line}' >> {config}")
            self.sh("/opt/edge-emo/bin/edge-emo service install mock --no-start")
            allowed = self.sh("systemctl show -P DeviceAllow edge-emo@mock")
            assert ("char-gpiochip" in allowed) == bool(line), allowed
            verified = self.sh("systemd-analyze verify edge-emo@mock.service 2>&1")
            assert verified == "", verified
        group = self.sh("systemctl show -P ControlGroup edge-emo@mock")
        self.sh("mknod -m 666 /dev/strange c 10 237; mknod -m 666 /dev/video9 c 81 9")
        enter = f"echo $$ > '/sys/fs/cgroup{group}/cgroup.procs'; head -c 1"
        opened = [self.sh(f"{enter} /dev/{d} 2>&1", True) for d in ("strange", "video9")]
        assert "Operation not permitted" in opened[0], opened
        if "video4linux" in Path("/proc/devices").read_text():  # let through, to no driver
            assert "No such device" in opened[1], opened
        said = self.sh("/opt/edge-emo/bin/edge-emo service").replace("\n", "; ")
        self.sh("systemctl disable --now edge-emo@mock; rm /etc/edge-emo/mock.toml")
        return (
            "both run; the local one sees no network, no device but cameras, and pins only with "
            f"off_gpio; {said}"
        )

    def rotation(self) -> str:
        self.keep_settings()
        smaller = "s/^jsonl_mb.*/jsonl_mb = 0.02/; s/^jsonl_total_mb.*/jsonl_total_mb = 0.1/"
        self.sh(f"sed -i '{smaller}' {CONFIG}")
        pid = self.pid()
        self.reread()
        time.sleep(40)
        files = self.sh(f"ls {STATE}").split()
        settled = int(self.sh(f"cat {STATE}/faces*.jsonl | wc -c"))
        assert self.pid() == pid, "reload started a new process"
        assert settled <= 100_000, settled
        self.restore_settings()
        self.reread()
        return (
            f"reloaded in the same process; {len(files)} files, {settled / 1000:.0f} kB of 100 kB"
        )

    def upgrade(self) -> str:
        self.sh(f"echo '# mine' >> {CONFIG}")
        before, pid = self.sh(f"sha256sum {CONFIG}"), self.pid()
        self.sh(f"sh /src/systemd/install.sh {NAME} --camera {URL}", timeout=1200)
        assert self.sh(f"sha256sum {CONFIG}") == before
        until(lambda: self.active() and self.pid() != pid, 60)
        self.grows()
        return "settings kept, new process, recording"

    def uninstall(self) -> str:
        said = self.sh("/opt/edge-emo/bin/edge-emo service uninstall")
        left = self.sh(
            "find / -xdev -name '*edge-emo*' -not -path '/proc/*' -not -path '/src/*' -not -path '/tmp/*' -not -path '/var/log/*'"
        )
        assert left.split() == ["/var/lib/edge-emo"], left
        assert f"kept {STATE.rsplit('/', 1)[0]}" in said, said
        return "all removed but the records and their owner"

    def purge(self) -> str:
        self.sh(f"sh /src/systemd/install.sh {NAME} --camera {URL} --no-start", timeout=1200)
        self.sh("/opt/edge-emo/bin/edge-emo service uninstall --purge")
        left = self.sh(
            "find / -xdev -name '*edge-emo*' -not -path '/proc/*' -not -path '/src/*' -not -path '/tmp/*' -not -path '/var/log/*'"
        )
        assert left == "", left
        assert self.sh("id edge-emo 2>&1", True).endswith("no such user")
        return "nothing left"

    def all(self) -> None:
        self.check("install (systemd/install.sh)", self.install)
        self.check("units", self.units)
        self.check("start", self.start)
        self.check("status", self.status)
        self.check("a second camera", self.second_camera)
        self.check("kill -9", self.kill)
        self.check("SIGSTOP", self.stop_signal)
        faults = {
            "camera unplugged for 15 s": (self.unplug, self.plug_in, 15, ""),
            "camera gives the same picture": (
                lambda: self.mode("frozen"),
                lambda: self.mode("good"),
                2,
                "same picture",
            ),
            "camera gives black": (
                lambda: self.mode("black"),
                lambda: self.mode("good"),
                2,
                "black",
            ),
            "capture never returns": (
                lambda: self.mode("silent"),
                lambda: self.mode("good"),
                10,
                "frame",
            ),
            "camera refuses (503)": (
                lambda: (self.mode("refuses"), self.unplug(), self.plug_in()),
                lambda: self.mode("good"),
                10,
                "",
            ),
        }
        for what, (break_it, repair, seconds, said) in faults.items():
            self.check(what, lambda b=break_it, m=repair, s=seconds, t=said: self.fault(b, m, s, t))
        self.check("off switch (file)", self.off_switch)
        self.check("SIGHUP; files set aside", self.rotation)
        self.check("SIGHUP with settings that are wrong", self.bad_settings)
        self.check("full disk", self.full_disk)
        self.check("full disk at the start", self.full_at_start)
        self.check("an output hangs", self.hanging_output)
        self.check("journal and files", self.journal_and_files)
        self.check("SIGTERM", self.stop)
        self.check("SIGTERM while capture hangs", self.stop_while_silent)
        self.check("reboot", self.reboot)
        self.check("power loss within a record", self.power_loss)
        self.check("no camera at the start", self.camera_late)
        self.check("no camera for minutes", self.camera_away)
        self.check("upgrade", self.upgrade)
        self.check("uninstall", self.uninstall)
        self.check("uninstall --purge", self.purge)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-nspawn"))
    parser.add_argument("--keep", action="store_true", help="keep the root for the next time")
    parser.add_argument("--only", nargs="*", default=(), metavar="WORD", help="only these checks")
    options = parser.parse_args()
    with booted(options.work, options.suite, options.keep, UNIT) as machine:
        acceptance = Acceptance(machine)
        acceptance.only = tuple(options.only)
        print(machine.sh("systemctl --version | head -1"))
        acceptance.all()
    acceptance.end()


if __name__ == "__main__":
    main()
