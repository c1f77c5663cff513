"""The publisher as a service: edge-emo-publish.service, one for all cameras of the machine."""

import shutil
from pathlib import Path

from ...support.atomic import read_toml
from ...support.errors import ServiceError
from ..system import (
    CONFIG,
    USER,
    Say,
    attempt,
    check_root,
    data,
    install_extra,
    keep_or_write,
    make_user,
    remove,
    run,
    systemd_runs,
    write,
)

NAME = "publish"  # as `edge-emo service install` knows it; no camera may be called so
SERVICE = "edge-emo-publish.service"
UNIT = Path("/etc/systemd/system") / SERVICE
SETTINGS = CONFIG / "publish" / "settings.toml"


def install(start: bool, say: Say) -> None:
    """Make the service, or bring it up to date; its settings stay as they are.

    Raises:
        ServiceError: this is not root, or a step failed.
    """
    check_root()
    install_extra("mqtt", say)
    make_user([], say)
    write_unit(say)
    new = not SETTINGS.parent.exists()
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    if new:
        shutil.chown(SETTINGS.parent, "root", USER)
        SETTINGS.parent.chmod(0o750)
    keep_or_write(SETTINGS, data("publish.toml"), say)
    run(["systemctl", "enable", "--quiet", SERVICE])
    if not _names_a_broker():
        say(f"name the broker in {SETTINGS}, then: sudo systemctl start edge-emo-publish")
    elif systemd_runs() and start:
        run(["systemctl", "restart", "--no-block", SERVICE])
        say("started edge-emo-publish; see 'journalctl -u edge-emo-publish'")


def write_unit(say: Say) -> None:
    """Write the unit; have systemd read it if it changed."""
    if write(UNIT, data(SERVICE), say) and systemd_runs():
        run(["systemctl", "daemon-reload"])


def upgrade(say: Say) -> None:
    """Bring a publisher that is there up to date with the program."""
    if UNIT.exists():
        write_unit(say)
        if systemd_runs():
            attempt(["systemctl", "try-restart", "--no-block", SERVICE])


def uninstall(say: Say) -> None:
    """Remove the unit; the settings go with the cameras'."""
    if UNIT.exists():
        now = ["--now"] if systemd_runs() else []
        attempt(["systemctl", "disable", *now, "--quiet", SERVICE])
        remove(UNIT, say)


def _names_a_broker() -> bool:
    try:
        return "broker" in read_toml(SETTINGS)
    except (OSError, ValueError) as error:
        raise ServiceError(f"{SETTINGS}: cannot be read: {error}; correct it") from error
