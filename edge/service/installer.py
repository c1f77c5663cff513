"""Install edge-emo as a systemd service, and remove it again; every step may be repeated."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import data_folder
from ..live.schema import toml_line
from ..support import registry
from ..support.atomic import read_toml
from ..support.errors import ServiceError
from . import page
from .publish import unit as publisher
from .system import (
    CONFIG,
    STATE,
    USER,
    Say,
    attempt,
    cameras_of,
    check_root,
    data,
    install_extra,
    keep_or_write,
    make_user,
    remove,
    remove_empty,
    remove_user,
    run,
    systemd_runs,
    user_of,
    write,
)

PREFIX = Path("/opt/edge-emo")
GROUPS = ("video", "render")  # where they exist: cameras, and the buffers they fill
# What the unit keeps closed, and a drop-in opens where it is needed.
OPENED = ("network", "gpio", "page")
BACKS_OFF = 254  # the first systemd with RestartSteps
USER_DROP_IN = """\
# A user of its own: no other camera's service can read its settings. Made by 'edge-emo service install'.
[Service]
User={user}
"""
UNIT = Path("/etc/systemd/system/edge-emo@.service")
RULES = Path("/etc/udev/rules.d/70-edge-emo.rules")
RESERVED = ("config", "models", publisher.NAME)  # names that no camera may have
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.-]*")


def install(name: str, camera: str | None, start: bool, say: Say) -> None:
    """Make the service `edge-emo@NAME`, or bring it up to date; its settings stay as they are.

    Args:
        name: of the instance; a camera's own name where `camera` is None and there are no settings yet.
        start: start it, or restart it.
        say: is called with every change.

    Raises:
        ServiceError: this is not root, or a step failed.
    """
    check_root()
    config = camera_config(name, camera)
    in_place = _settings(name)
    settings = tomllib.loads(config) if in_place is None else in_place
    opened_ones = needs(settings)
    if "page" in opened_ones or any(map(_has_metrics, cameras_of(settings))):
        install_extra("page", say)
    make_user([], say)
    user = user_of(name)
    make_user([*GROUPS, *(["gpio"] if "gpio" in opened_ones else [])], say, user)
    _make_state_folder()
    changed = write(UNIT, unit_text(systemd_version()), say)
    changed |= write(RULES, data("70-edge-emo.rules"), say)
    for opened in OPENED:
        drop_in = _drop_in(name, opened)
        if opened in opened_ones:
            changed |= write(drop_in, data(f"{opened}.conf"), say)
        elif drop_in.exists():
            remove(drop_in, say)
            remove_empty(drop_in.parent)
            changed = True
    changed |= write(_drop_in(name, "user"), USER_DROP_IN.format(user=user), say)
    changed |= page.install(name, cameras_of(settings), say)
    keep_or_write(CONFIG / f"{name}.toml", config, say, user)
    publisher.upgrade(say)
    if not systemd_runs():
        run(["systemctl", "enable", "--quiet", f"edge-emo@{name}"])
        say(f"enabled edge-emo@{name}; it starts when the system does")
        return
    if changed:
        run(["systemctl", "daemon-reload"])
        attempt(["udevadm", "control", "--reload"])
    run(["systemctl", "enable", "--quiet", f"edge-emo@{name}"])
    if start:
        # The others have new code too; whether their cameras are there is not asked here.
        run(["systemctl", "try-restart", "--no-block", "edge-emo@*"])
        run(["systemctl", "start", "--no-block", f"edge-emo@{name}"])
        say(f"started edge-emo@{name}; see 'edge-emo service' or 'journalctl -u edge-emo@{name}'")


def uninstall(purge: bool, say: Say) -> None:
    """Remove all that `install` made; what was recorded, and its owner, only with `purge`.

    Raises:
        ServiceError: this is not root, or a step failed.
    """
    check_root()
    folders = {p.name.removeprefix("edge-emo@") for p in UNIT.parent.glob("edge-emo@?*.service.d")}
    names = sorted({*instances(), *(f.removesuffix(".service.d") for f in folders)})
    users = {user_of(name) for name in names}
    if STATE.is_dir():
        users |= {user_of(path.name) for path in STATE.iterdir() if path.is_dir()}
    for name in names:
        if systemd_runs():
            attempt(["systemctl", "disable", "--now", "--quiet", f"edge-emo@{name}"])
        else:
            attempt(["systemctl", "disable", "--quiet", f"edge-emo@{name}"])
        for opened in (*OPENED, "user"):
            remove(_drop_in(name, opened), say)
        remove_empty(_drop_in_folder(name))
        page.uninstall(name, say)
    publisher.uninstall(say)
    for path in (UNIT, RULES, CONFIG):
        remove(path, say)
    if systemd_runs():
        run(["systemctl", "daemon-reload"])
        attempt(["systemctl", "reset-failed", "edge-emo@*"])
        attempt(["udevadm", "control", "--reload"])
    if purge:
        remove(STATE, say)
        for user in (*sorted(users), USER):
            remove_user(user, say)
    elif STATE.exists():
        say(f"kept {STATE}, and the users whose files these are; --purge removes both")
    remove(PREFIX, say)  # last: this very program may run from there


def _make_state_folder() -> None:
    """Make the folder of all services' records: each has its own in it, and may change no other.

    The publisher makes the off switch there; the sticky bit keeps it, and all, from what is not its own.
    """
    STATE.mkdir(parents=True, exist_ok=True)
    shutil.chown(STATE, "root", USER)
    STATE.chmod(0o1770)


def instances() -> list[str]:
    """Return the names of the cameras that are set up."""
    return sorted(p.stem for p in CONFIG.glob("*.toml") if p.stem != "config")


def camera_config(name: str, camera: str | None) -> str:
    """Return the settings that a new instance starts with, as TOML.

    Settings that are there need no camera: a password in its URL then stands in no process list.

    Raises:
        ServiceError: `name` cannot name an instance, or says nothing of a camera.
    """
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise ServiceError(f"name: '{name}' can be no service's name; use letters and digits")
    if camera is None:
        says_which = name.isdecimal() or name.partition(":")[0] in ("picamera", "mock")
        if not says_which and _settings(name) is None:
            raise ServiceError(
                f"camera: which one is '{name}'? Say it with --camera (0, picamera, rtsp://...)"
            )
        camera = name
    value = toml_line("camera", camera)
    return data("camera.toml").replace('camera = "0"', value).replace("NAME", name)


def unit_text(systemd: int | None = None) -> str:
    """Return the unit `edge-emo@.service`.

    Args:
        systemd: its version; an older one would warn of what it does not know. None: the newest.
    """
    text = data("edge-emo@.service")
    if systemd is None or systemd >= BACKS_OFF:
        return text
    return re.sub(r"(?m)^(# Longer each time.*|RestartSteps=.*|RestartMaxDelaySec=.*)\n", "", text)


def systemd_version() -> int | None:
    """Return the version of systemd; None where it is not installed."""
    try:
        told = subprocess.run(
            ["systemctl", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.match(r"systemd (\d+)", told.stdout)
    return int(found[1]) if found else None


def needs(settings: Mapping[str, Any]) -> set[str]:
    """Return what the unit must open for cameras with these settings: "network", "gpio", "page"."""
    needed: set[str] = set()
    for camera in cameras_of(settings):
        outputs = [str(output).partition("=")[0] for output in camera.get("outputs") or []]
        network = "://" in str(camera.get("camera") or "") or any(map(_uses_network, outputs))
        asked = (network, camera.get("off_gpio") is not None, camera.get("page") is not None)
        needed |= {name for name, wanted in zip(OPENED, asked, strict=True) if wanted}
    return needed


def _has_metrics(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("metrics_file"))


def _uses_network(output: str) -> bool:
    """Ask an output's class; one that is not installed, or older than the question, needs none."""
    if output not in registry.names(registry.OUTPUTS):
        return False
    return bool(getattr(registry.load(registry.OUTPUTS, output), "network", False))


def _settings(name: str) -> dict[str, Any] | None:
    """Return the settings in place; None where there is no such file."""
    path = CONFIG / f"{name}.toml"
    try:
        return read_toml(path)
    except FileNotFoundError:
        return None
    except (
        PermissionError
    ):  # only their service and root read them; that this needs root is said later
        return {}
    except (OSError, ValueError) as error:
        raise ServiceError(
            f"{path}: cannot be read: {error}; correct it and repeat the command"
        ) from error


def _drop_in(name: str, opened: str) -> Path:
    return _drop_in_folder(name) / f"edge-emo-{opened}.conf"


def _drop_in_folder(name: str) -> Path:
    return UNIT.with_name(f"edge-emo@{name}.service.d")


def install_program(source: Path, arguments: list[str]) -> int:
    """Install edge-emo from a wheel or checkout into its own environment, and then the service.

    Returns:
        the exit status of `systemd/install.sh`, which does it.
    """
    check_root()
    script = data_folder("systemd") / "install.sh"
    command = ["sh", str(script), "--from", str(source), *arguments]
    return subprocess.run(command, check=False).returncode


def runs_from_prefix() -> bool:
    """Whether this program is the one that the service starts."""
    return Path(sys.prefix) == PREFIX
