"""Start `edge-emo run --page` on a free port, and ask it."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
failed = 0


def check(what: str, good: bool, said: object) -> None:
    """Print a line of the result."""
    global failed
    failed += not good
    print(f"{'ok    ' if good else 'FAILED'} {what}: {said}", flush=True)


def end() -> None:
    """Exit with status 1 if a check failed."""
    sys.exit(1 if failed else 0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@dataclass
class Run:
    """A run with its page."""

    process: "subprocess.Popen[str]"
    url: str

    def get(self, path: str, headers: dict[str, str] | None = None, timeout: float = 10):
        """Return status, headers and body."""
        asked = urllib.request.Request(self.url + path, headers=headers or {})
        try:
            with urllib.request.urlopen(asked, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def health(self) -> dict:
        return json.loads(self.get("/health")[2])

    def metric(self, name: str) -> float:
        """Return a series by the beginning of its line."""
        text = self.get("/metrics")[2].decode()
        return float(re.search(rf"^{re.escape(name)}.* (\S+)$", text, re.MULTILINE)[1])

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@contextmanager
def running(*arguments: str, ready: bool = True) -> Iterator[Run]:
    """Run edge-emo with a page and these arguments; wait until frames flow."""
    port = free_port()
    command = [sys.executable, "-m", "edge", "run", "--page", f"127.0.0.1:{port}", *arguments]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    run = Run(process, f"http://127.0.0.1:{port}")
    try:
        until(lambda: answers(run, ready), 60)
        yield run
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[1]
        print("".join(f"       {line}\n" for line in said.splitlines()[-4:]), end="")


def answers(run: Run, ready: bool) -> bool:
    try:
        status = run.get("/health")[0]
    except OSError:
        assert run.process.poll() is None, run.process.stderr.read()
        return False
    return status == 200 or not ready


def until(true, seconds: float):
    """Wait until something is true and return it."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if found := true():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


@contextmanager
def network_camera(mode: Path) -> Iterator[str]:
    """Run tests/device/camera.py; yield its URL, with a password in it."""
    port = free_port()
    script = REPOSITORY / "tests/device/camera.py"
    command = [sys.executable, str(script), str(port), str(mode)]
    # It complains of every connection that it is left with.
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        yield f"http://petra:opensesame@127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()
