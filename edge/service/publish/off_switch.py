"""Switch the cameras of this machine off and on by their off switch, a file."""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


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
