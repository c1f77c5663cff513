"""What the publisher does with the machine itself: reads its name, switches its cameras."""

import logging
import os
import platform
from pathlib import Path

log = logging.getLogger(__name__)


def board() -> str:
    """Return what a board calls itself, such as "Raspberry Pi 5 Model B Rev 1.0"; else its kind."""
    try:
        return Path("/proc/device-tree/model").read_text(encoding="utf-8").rstrip("\0\n")
    except (OSError, ValueError):
        return platform.machine()


def switch_cameras(off_file: Path, on: bool) -> None:
    """Remove or make the file that is the cameras' off switch.

    A file that another user made stays: whoever switched the cameras off at the machine itself, as
    root, wants them off.
    """
    try:
        if not on:
            off_file.touch()
            log.warning("the cameras are switched off by MQTT (%s)", off_file)
        elif off_file.exists():
            if off_file.stat().st_uid != os.geteuid():
                log.warning("%s was made by another user, so the cameras stay off", off_file)
                return
            off_file.unlink()
            log.warning("the cameras are switched on by MQTT")
    except OSError as error:
        log.warning("%s: the cameras cannot be switched: %s", off_file, error.strerror)
