"""Report to systemd, as sd_notify(3) describes it: ready, alive, what the service does."""

import os
import socket
import threading
import time
from collections.abc import Iterable

from ..support.values import Observation, Status
from . import Output, View

EVERY_S = 1.0


class Notifier:
    """systemd's socket, where it started this process and listens; elsewhere nobody's."""

    def __init__(self, address: str | None = None) -> None:
        """Find the socket to write to; `NOTIFY_SOCKET` names it unless `address` does."""
        self._address = address or os.environ.get("NOTIFY_SOCKET") or None

    @property
    def listens(self) -> bool:
        return self._address is not None

    def ready(self) -> None:
        """Say that the service has started, or has reloaded its configuration."""
        self._send("READY=1")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self, status: str) -> None:
        """Feed the watchdog and say what the service does, in one line."""
        self._send("WATCHDOG=1\nSTATUS=" + " ".join(status.split()))

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        # '@' stands for the zero byte of Linux's abstract sockets.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
                speaking.settimeout(0.5)
                speaking.connect(address)
                speaking.send(message.encode())
        except OSError:
            pass  # nobody listens; if it was systemd, its watchdog will act


class Together:
    """Speaks to systemd for several cameras in one process.

    The service is ready with the first camera. Its watchdog is fed when every camera's loop has
    shown since the last time that it lives, by the last one to do so: one that hangs is noticed
    though the others go on. A camera that is away lives; one that has left is not waited for.
    """

    def __init__(self, notifier: Notifier, names: Iterable[str]) -> None:
        self._notifier = notifier
        self._lock = threading.Lock()
        self._doing = dict.fromkeys(names, "starting")  # of the cameras that run
        self._silent = set(self._doing)  # since the watchdog was fed
        self._reloading: set[str] = set()
        self._ready = False

    def part(self, name: str) -> Notifier:
        """Return what one camera speaks to in the service manager's stead."""
        return _Part(self, name, self._notifier.listens)

    def ready(self, name: str) -> None:
        with self._lock:
            self._has_reloaded(name)
            if not self._ready:
                self._ready = True
                self._notifier.ready()

    def reloading(self, name: str) -> None:
        with self._lock:
            if not self._reloading:
                self._notifier.reloading()
            self._reloading.add(name)

    def alive(self, name: str, status: str) -> None:
        with self._lock:
            self._doing[name] = status
            self._silent.discard(name)
            if not self._silent:
                self._silent = set(self._doing)
                self._notifier.alive("; ".join(f"{n}: {does}" for n, does in self._doing.items()))

    def stopping(self, name: str) -> None:
        """A camera's loop has ended."""
        with self._lock:
            if self._doing.pop(name, None) is None:
                return
            self._silent.discard(name)
            self._has_reloaded(name)
            if not self._doing:
                self._notifier.stopping()

    def _has_reloaded(self, name: str) -> None:
        if name in self._reloading:
            self._reloading.discard(name)
            if not self._reloading:
                self._notifier.ready()


class _Part(Notifier):
    """One camera's voice among several."""

    def __init__(self, together: Together, name: str, listens: bool) -> None:
        self._together, self._name, self._listens = together, name, listens

    @property
    def listens(self) -> bool:
        return self._listens

    def ready(self) -> None:
        self._together.ready(self._name)

    def reloading(self) -> None:
        self._together.reloading(self._name)

    def stopping(self) -> None:
        self._together.stopping(self._name)

    def alive(self, status: str) -> None:
        self._together.alive(self._name, status)


class Systemd(Output):
    """Says once that the service is ready, and every second that it lives.

    It has no thread and no timer of its own: the analysis loop feeds the watchdog. It stands last
    among the outputs, so it speaks of a frame only when every other has taken it.
    """

    def __init__(self, notifier: Notifier, is_reload: bool = False) -> None:
        """Begin; after a reload the next sign of life ends it, as the service was ready before."""
        self._notifier = notifier
        self._ready = False
        self._reloads = is_reload
        self._said_s = time.monotonic()
        self._frames = 0

    def write(self, frame: View, observation: Observation) -> None:
        self._frames += 1
        now_s = time.monotonic()
        if not self._ready:
            self._is_ready("analysing")
        elif now_s - self._said_s >= EVERY_S:
            rate = self._frames / (now_s - self._said_s)
            faces = len(observation.faces)
            self._say(f"{rate:.1f} frames/s, {faces} face{'' if faces == 1 else 's'}")

    def status(self, status: Status) -> None:
        if not self._ready and (status.state == "off" or self._reloads):
            self._is_ready(str(status))  # switched off, it does all that it should
        elif time.monotonic() - self._said_s >= EVERY_S:
            self._say(str(status))

    @property
    def was_ready(self) -> bool:
        """Whether systemd has heard that the service is ready."""
        return self._ready or self._reloads

    def reloaded(self) -> None:
        """Say at the next sign of life that a reload is over, though it changed nothing."""
        self._reloads, self._ready = True, False

    def _is_ready(self, state: str) -> None:
        self._ready = True
        self._notifier.ready()
        self._say(state)

    def _say(self, status: str) -> None:
        self._notifier.alive(status)
        self._said_s, self._frames = time.monotonic(), 0
