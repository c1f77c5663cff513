"""Tell the service manager how the service is, as sd_notify(3) describes it."""

import os
import socket
import time


class Manager:
    """systemd, where it started this process and wants to be told; elsewhere nobody."""

    def __init__(self, address: str | None = None) -> None:
        """Find the socket to write to; `NOTIFY_SOCKET` names it unless `address` does."""
        self._address = address or os.environ.get("NOTIFY_SOCKET") or None

    @property
    def listens(self) -> bool:
        return self._address is not None

    def ready(self) -> None:
        """Say that the service has started, or has reloaded its configuration."""
        self._tell("READY=1")

    def reloading(self) -> None:
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def alive(self, status: str) -> None:
        """Feed the watchdog and say what the service does, in one line."""
        self._tell("WATCHDOG=1\nSTATUS=" + " ".join(status.split()))

    def _tell(self, message: str) -> None:
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
            pass  # a manager that does not listen is its own affair: the watchdog will tell
