#!/usr/bin/env python3
"""The page of a service under a real systemd: no network in the unit, a socket that systemd hands over.

    sudo python3 tests/acceptance/page/nspawn.py [--suite trixie] [--work FOLDER] [--keep]

A small Debian boots in a container (debootstrap, systemd-container, the network) and gets edge-emo
with the mock camera. About ten minutes. Prints a table; status 1 if anything was not as it must be.
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "device"))

from checks import Checks
from machine import Machine, booted, until

EMO = "/opt/edge-emo/bin/edge-emo"
UNIT = "edge-emo@mock"
SETTINGS = "/etc/edge-emo/mock.toml"
EXPOSURE = 0.6  # of the unit before there was a page
ASK = """
import sys, urllib.error, urllib.request
asked = urllib.request.Request(sys.argv[1], headers=dict(h.split("=", 1) for h in sys.argv[2:]))
try:
    answer = urllib.request.urlopen(asked, timeout=10)
    print(answer.status, answer.read()[:20000])
except urllib.error.HTTPError as error:
    print(error.code, error.read())
except OSError as error:
    print("refused", error)
"""


class Acceptance(Checks):
    """The life of a service with a page, as a table."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine, self.sh = machine, machine.sh

    def hint(self) -> str:
        return "; journal: " + self.sh(f"journalctl -q -b -o cat -n 8 -u {UNIT}", True)

    def get(self, path: str, *headers: str, port: int = 8048) -> str:
        """Return status and body as the machine itself sees them."""
        words = " ".join(f"'{h}'" for h in headers)
        return self.sh(f"python3 /root/ask.py 'http://127.0.0.1:{port}{path}' {words}")

    def show(self, name: str, unit: str = UNIT) -> str:
        return self.sh(f"systemctl show -P {name} {unit}")

    def settings(self, *lines: str) -> None:
        """Put these lines in place of those on the page; install again, as a user would."""
        self.sh(f"sed -i -E '/^(page|page_token|metrics_file) /d' {SETTINGS}")
        for line in lines:
            self.sh(f"echo '{line}' >> {SETTINGS}")
        self.sh(f"{EMO} service install mock", timeout=600)

    def healthy(self, seconds: float = 120) -> None:
        until(lambda: self.sh(f"{EMO} service --check >/dev/null 2>&1; echo $?") == "0", seconds)

    def install(self) -> str:
        (self.machine.root / "root/ask.py").write_text(ASK)
        self.sh("sh /src/systemd/install.sh mock", timeout=1200)
        self.healthy()
        self.refused()
        return f"runs without a page; {self.exposure()}"

    def exposure(self) -> str:
        output = self.sh(f"systemd-analyze security --no-pager {UNIT} | tail -1")
        score = float(re.search(r": ([\d.]+)", output)[1])
        assert score <= EXPOSURE, score
        return f"exposure {score}"

    def refused(self, port: int = 8048) -> None:
        said = self.get("/health", port=port)
        assert said.startswith("refused"), said

    def page(self) -> str:
        self.settings('page = "127.0.0.1:8048"', 'metrics_file = "/run/edge-emo/mock/mock.prom"')
        self.healthy()
        assert self.get("/").startswith("200")
        assert self.get("/snapshot.jpg").startswith("200 b'\\xff\\xd8")
        metrics = self.get("/metrics")
        assert 'edge_emo_camera_up{camera="mock"} 1.0' in metrics, metrics[:300]
        assert json.loads(self.get("/health").partition("b'")[2][:-1])["ready"]
        verified = self.sh(f"systemd-analyze verify {UNIT}.service {UNIT}.socket 2>&1")
        assert verified == "", verified
        return "page, snapshot, metrics and health answer; verify says nothing"

    def closed(self) -> str:
        pid = self.show("MainPID")
        links = self.sh(f"nsenter -t {pid} -n ip -br link").splitlines()
        assert [line.split()[0] for line in links] == ["lo"], links
        assert self.show("PrivateNetwork") == "yes"
        assert self.show("RestrictAddressFamilies") == "AF_NETLINK AF_UNIX"
        assert self.show("IPAddressDeny").startswith("::/0") or self.show("IPAddressDeny")
        listens = self.sh(f"nsenter -t {pid} -n ss -Hltn")
        outside = self.sh("ss -Hltn 'sport = :8048'")
        assert "127.0.0.1:8048" in outside, outside
        return f"PrivateNetwork=yes, only lo inside, {self.exposure()}; inside it listens at: {listens or 'nothing'}"

    def foreign(self) -> str:
        said = [self.get("/health", h) for h in ("Host=evil.example", "Origin=http://evil.example")]
        assert all(s.startswith("403") for s in said), said
        return "403"

    def health(self) -> str:
        output = self.sh(f"runuser -u nobody -- {EMO} service --json")
        found = json.loads(output)["services"]["mock"]
        assert found["ok"], output
        self.sh(f"runuser -u nobody -- {EMO} service --check")
        self.sh(f"kill -STOP {self.show('MainPID')}")
        time.sleep(12)
        said = self.sh(f"{EMO} service --check 2>&1", True)
        assert "stood still" in said, said
        self.sh(f"kill -CONT {self.show('MainPID')}")
        self.healthy()
        mode = self.sh("stat -c '%a %U' /run/edge-emo/mock/health.json")
        return f"any user may ask ({mode}); stopped for 12 s: '{said}'"

    def metrics_file(self) -> str:
        until(lambda: self.sh("ls /run/edge-emo/mock/mock.prom", True), 30)
        self.sh("runuser -u nobody -- grep -q edge_emo_frames_total /run/edge-emo/mock/mock.prom")
        return self.sh("stat -c '%a %U' /run/edge-emo/mock/mock.prom")

    def off(self) -> str:
        self.sh("touch /var/lib/edge-emo/off")
        until(lambda: self.get("/snapshot.jpg").startswith("503"), 30)
        said = self.get("/health")
        assert said.startswith("200"), said
        self.sh("rm /var/lib/edge-emo/off")
        until(lambda: self.get("/snapshot.jpg").startswith("200"), 60)
        return f"no snapshot; health {said}"

    def reload(self) -> str:
        pid = self.show("MainPID")
        self.sh(f"systemctl reload {UNIT}")
        until(lambda: self.get("/health").startswith("200"), 60)
        assert self.show("MainPID") == pid
        return "same process, same socket, answers"

    def stop(self) -> str:
        self.sh(f"systemctl stop {UNIT}")
        self.refused()
        time.sleep(3)
        state = self.show("ActiveState")
        assert state == "inactive", state
        said = self.sh(f"{EMO} service --check 2>&1", True)
        assert "stopped" in said, said
        self.sh(f"systemctl start {UNIT}")
        self.healthy()
        assert self.get("/health").startswith("200")
        return f"stopped, nobody's question opens the camera again ('{said}'); started, it answers"

    def crash(self) -> str:
        pid = self.show("MainPID")
        self.sh(f"kill -9 {pid}")
        until(lambda: self.show("MainPID") not in ("0", pid), 60)
        self.healthy()
        assert self.get("/health").startswith("200")
        return "started again by systemd, answers"

    def moved(self) -> str:
        self.settings('page = ":9000"')
        self.healthy()
        until(lambda: self.get("/health", port=9000).startswith("200"), 30)
        self.refused()
        return "answers at the new port, not at the old one"

    def public(self) -> str:
        self.settings('page = "0.0.0.0:8048"')
        until(lambda: "a token is needed" in self.sh(f"journalctl -q -b -o cat -u {UNIT}"), 60)
        assert self.show("ActiveState") != "active"
        self.settings('page = "0.0.0.0:8048"', 'page_token = "page-token"')
        self.healthy()
        token = self.sh("cat /var/lib/edge-emo/mock/page-token")
        mode = self.sh("stat -c '%a %U:%G' /var/lib/edge-emo/mock/page-token")
        assert mode == "640 edge-emo-mock:edge-emo", mode
        assert self.get("/health").startswith("401")
        assert self.get("/health", f"Authorization=Bearer {token}").startswith("200")
        assert token not in self.sh(f"journalctl -q -b -u {UNIT}")
        return f"refused without a token; with one ({mode}, not in the journal) let in; {self.exposure()}"

    def reboot(self) -> str:
        self.machine.shut_down()
        self.machine.boot()
        self.healthy()
        until(lambda: self.get("/health").startswith("401"), 30)
        return "the page is there again"

    def removed(self) -> str:
        self.settings()
        self.healthy()
        self.refused()
        left = self.sh("ls /etc/systemd/system | grep -c edge-emo.*socket || true")
        assert left == "0", left
        self.sh(f"{EMO} service uninstall --purge")
        left = self.sh(
            "find / -xdev -name '*edge-emo*' -not -path '/proc/*' -not -path '/src/*' -not -path '/tmp/*' -not -path '/var/log/*'"
        )
        assert left == "", left
        return "without the setting no socket; uninstalled, nothing is left"

    def all(self) -> None:
        self.check("install without a page", self.install)
        self.check("a page", self.page)
        self.check("the unit stays closed", self.closed)
        self.check("foreign Host or Origin", self.foreign)
        self.check("health", self.health)
        self.check("metrics file", self.metrics_file)
        self.check("off switch", self.off)
        self.check("SIGHUP", self.reload)
        self.check("stop and start", self.stop)
        self.check("kill -9", self.crash)
        self.check("another port", self.moved)
        self.check("a public address", self.public)
        self.check("reboot", self.reboot)
        self.check("the page removed; uninstall", self.removed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-page"))
    parser.add_argument("--keep", action="store_true", help="keep the root for the next time")
    options = parser.parse_args()
    with booted(options.work, options.suite, options.keep, UNIT) as machine:
        acceptance = Acceptance(machine)
        print(machine.sh("systemctl --version | head -1"))
        acceptance.all()
    acceptance.end()


if __name__ == "__main__":
    main()
