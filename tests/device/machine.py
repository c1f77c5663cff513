"""A small Debian that boots in a container with a systemd of its own (systemd-nspawn)."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = "systemd,systemd-sysv,dbus,udev,python3-venv,python3-numpy,iproute2,ca-certificates"
RUNS = ("running", "degraded")
# With cgroups of the second version alone, and allowed to load the filters that systemd makes of
# DeviceAllow and IPAddressDeny: without, they would not be enforced in the container.
CGROUP = """
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd /sys/fs/cgroup
"""
BOOT = f"""{CGROUP}
mkdir edge-emo-$$
echo $$ > edge-emo-$$/cgroup.procs
exec systemd-nspawn --quiet --boot --keep-unit --register=no --console=pipe --link-journal=no \\
    --resolv-conf=copy-host --capability=all --system-call-filter=bpf --directory="$0"
"""


class Machine:
    """A Debian that boots in a container."""

    def __init__(self, root: Path, log: Path) -> None:
        self.root = root
        self._log = log.open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        self._init = 0

    def boot(self) -> None:
        command = ["unshare", "--mount", "sh", "-ec", BOOT, str(self.root)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        until(lambda: self._find_init() and self.sh("systemctl is-system-running", True) in RUNS)

    def sh(self, command: str, may_fail: bool = False, timeout: float = 900) -> str:
        """Run a command in the machine and return what it says."""
        enter = ["nsenter", f"--target={self._init}", "--all", "sh", "-c", command]
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            enter,
            capture_output=True,
            text=True,
            env=clean,
            timeout=timeout,
            cwd="/",
            stdin=subprocess.DEVNULL,
        )
        if done.returncode and not may_fail:
            raise AssertionError(f"'{command}' failed: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def shut_down(self, how: str = "poweroff") -> None:
        self.sh(f"systemctl {how}", True)
        self.wait_until_off()

    def pull_the_plug(self) -> None:
        assert self._process
        subprocess.run(["kill", "-9", str(self._init)], check=False)
        self.wait_until_off()

    def wait_until_off(self) -> None:
        if self._process:
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            tidy = f"{CGROUP} find edge-emo-{self._process.pid} -depth -type d -exec rmdir {{}} +"
            subprocess.run(["unshare", "--mount", "sh", "-ec", tidy], check=False)
        self._process = None

    def _find_init(self) -> bool:
        assert self._process
        assert self._process.poll() is None, "systemd-nspawn ended; see its log"
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        # Only what has process ids of its own: nothing must ever be done to the host.
        self._init = next((int(c) for c in children if _pids(c) != _pids("self")), 0)
        return self._init > 0


def _pids(process: str) -> str:
    """Return which namespace of process ids a process lives in."""
    try:
        return os.readlink(f"/proc/{process}/ns/pid")
    except OSError:  # it has ended
        return os.readlink("/proc/self/ns/pid")


def until(true, seconds: float = 90, every: float = 0.2):
    """Wait until something is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")


def make_root(root: Path, suite: str) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(root)]
    command += [os.environ["MIRROR"]] if "MIRROR" in os.environ else []
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for link in ("systemd-firstboot.service", "systemd-networkd-wait-online.service"):
        (root / "etc/systemd/system" / link).symlink_to("/dev/null")
    trust_as_here(root)


def trust_as_here(root: Path) -> None:
    """Give a root this machine's certificates: a proxy on the way to the network may have its own."""
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc/ssl/certs/ca-certificates.crt")


@contextmanager
def booted(
    work: Path,
    suite: str,
    keep: bool,
    units: str,
    prepare: Callable[[Path], None] = lambda root: None,
) -> Iterator[Machine]:
    """Make a Debian with a copy of the checkout in /src, boot it, and remove it at the end.

    Args:
        work: the folder for it; `console.log` and the units' `service.log` stay in it.
        keep: leave the Debian as it was made there, for the next time.
        units: whose journal is kept.
        prepare: is called with the root before it boots.
    """
    work.mkdir(parents=True, exist_ok=True)
    template, root = work / suite, work / f"{suite}-run"
    if not template.exists():
        print(f"making a {suite} root in {template}")
        make_root(template, suite)
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", str(template), str(root)], check=True)
    trust_as_here(root)  # again: a root that was kept may be older
    copy_checkout(root / "src")
    prepare(root)
    machine = Machine(root, work / "console.log")
    machine.boot()
    try:
        yield machine
    finally:
        log = machine.sh(f"journalctl -q --no-pager -u '{units}'", True)
        (work / "service.log").write_text(log)
        machine.shut_down()
        shutil.rmtree(root, ignore_errors=True)
        if not keep:
            shutil.rmtree(template, ignore_errors=True)


def copy_checkout(to: Path) -> None:
    """Copy what the repository would be cloned as, so that work on it does not disturb."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(asked, cwd=REPOSITORY, check=True, capture_output=True).stdout
    for name in filter(None, files.decode().split("\0")):
        if (REPOSITORY / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, to / name)
