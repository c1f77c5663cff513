"""Make edge-emo a systemd service on this machine, and take it away again; every step may be repeated."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ..live.schema import toml_line
from ..support.atomic import write_text
from ..support.errors import ServiceError

PREFIX = Path("/opt/edge-emo")
CONFIG = Path("/etc/edge-emo")
STATE = Path("/var/lib/edge-emo")
USER = "edge-emo"
GROUPS = ("video", "render")  # where they exist: cameras, and the buffers they fill
OPENED = ("network", "gpio")  # what the unit keeps closed, and a drop-in opens where it is needed
UNIT = Path("/etc/systemd/system/edge-emo@.service")
RULES = Path("/etc/udev/rules.d/70-edge-emo.rules")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.-]*")

Say = Callable[[str], None]


def install(name: str, camera: str | None, start: bool, say: Say) -> None:
    """Make the service `edge-emo@NAME`, or bring it up to date; its settings stay as they are.

    Args:
        name: of the instance; a camera's own name where `camera` is None.
        start: start it, or start it anew.
        say: is told of every change.

    Raises:
        ServiceError: this is not root, or a step failed.
    """
    _check_root()
    config = camera_config(name, camera)
    needs = _needs(name, config)
    _make_user([*GROUPS, *(["gpio"] if "gpio" in needs else [])], say)
    changed = _write(UNIT, unit_text(), say)
    changed |= _write(RULES, data("70-edge-emo.rules"), say)
    for opened in OPENED:
        drop_in = _drop_in(name, opened)
        if opened in needs:
            changed |= _write(drop_in, data(f"{opened}.conf"), say)
        elif drop_in.exists():
            _remove(drop_in, say)
            _remove_empty(drop_in.parent)
            changed = True
    _keep_or_write(CONFIG / f"{name}.toml", config, say)
    if not _systemd_runs():
        _run(["systemctl", "enable", "--quiet", f"edge-emo@{name}"])
        say(f"enabled edge-emo@{name}; it starts when the system does")
        return
    if changed:
        _run(["systemctl", "daemon-reload"])
        _try(["udevadm", "control", "--reload"])
    _run(["systemctl", "enable", "--quiet", f"edge-emo@{name}"])
    if start:
        # The others have new code too; whether their cameras are there is not asked here.
        _run(["systemctl", "try-restart", "--no-block", "edge-emo@*"])
        _run(["systemctl", "start", "--no-block", f"edge-emo@{name}"])
        say(f"started edge-emo@{name}; see 'edge-emo service' or 'journalctl -u edge-emo@{name}'")


def uninstall(purge: bool, say: Say) -> None:
    """Remove all that `install` made; what was recorded, and its owner, only with `purge`.

    Raises:
        ServiceError: this is not root, or a step failed.
    """
    _check_root()
    folders = {p.name.removeprefix("edge-emo@") for p in UNIT.parent.glob("edge-emo@?*.service.d")}
    for name in sorted({*instances(), *(f.removesuffix(".service.d") for f in folders)}):
        if _systemd_runs():
            _try(["systemctl", "disable", "--now", "--quiet", f"edge-emo@{name}"])
        else:
            _try(["systemctl", "disable", "--quiet", f"edge-emo@{name}"])
        for opened in OPENED:
            _remove(_drop_in(name, opened), say)
        _remove_empty(_drop_in_folder(name))
    for path in (UNIT, RULES, CONFIG):
        _remove(path, say)
    if _systemd_runs():
        _run(["systemctl", "daemon-reload"])
        _try(["systemctl", "reset-failed", "edge-emo@*"])
        _try(["udevadm", "control", "--reload"])
    if purge:
        _remove(STATE, say)
        if _user_exists():
            _run(["userdel", USER])
            say(f"removed the user {USER}")
    elif STATE.exists():
        say(f"kept {STATE}, and the user {USER} whose files these are; --purge removes both")
    _remove(PREFIX, say)  # last: this very program may run from there


def instances() -> list[str]:
    """Return the names of the cameras that are set up."""
    return sorted(p.stem for p in CONFIG.glob("*.toml") if p.stem != "config")


def camera_config(name: str, camera: str | None) -> str:
    """Return the settings that a new instance starts with, as TOML.

    Raises:
        ServiceError: `name` cannot name an instance, or says nothing of a camera.
    """
    if not _NAME.fullmatch(name) or name == "config":
        raise ServiceError(f"name: '{name}' can be no service's name; use letters and digits")
    if camera is None:
        if not (name.isdecimal() or name.partition(":")[0] in ("picamera", "mock")):
            raise ServiceError(
                f"camera: which one is '{name}'? Say it with --camera (0, picamera, rtsp://...)"
            )
        camera = name
    value = toml_line("camera", camera)
    return data("camera.toml").replace('camera = "0"', value).replace("NAME", name)


def unit_text() -> str:
    """Return the unit `edge-emo@.service`."""
    return data("edge-emo@.service")


def data(name: str) -> str:
    """Return one of the files in `systemd/`."""
    return resources.files("edge.systemd").joinpath(name).read_text(encoding="utf-8")


def needs(settings: Mapping[str, Any]) -> set[str]:
    """Return what the unit must open for a camera with these settings: "network", "gpio"."""
    places = [settings.get("camera") or "", *(settings.get("outputs") or [])]
    network = any("://" in str(place) for place in places)
    gpio = settings.get("off_gpio") is not None
    return {name for name, needed in zip(OPENED, (network, gpio), strict=True) if needed}


def _needs(name: str, config: str) -> set[str]:
    """Return what the settings in place need, or where there are none those in `config`."""
    path = CONFIG / f"{name}.toml"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else config
        return needs(tomllib.loads(text))
    except (OSError, ValueError) as error:
        raise ServiceError(f"{path}: cannot be read: {error}; mend it and repeat this") from error


def _drop_in(name: str, opened: str) -> Path:
    return _drop_in_folder(name) / f"edge-emo-{opened}.conf"


def _drop_in_folder(name: str) -> Path:
    return UNIT.with_name(f"edge-emo@{name}.service.d")


def _check_root() -> None:
    if os.name != "posix":
        raise ServiceError("services need Linux with systemd; this system has none")
    if os.geteuid() != 0:
        raise ServiceError("this changes the system and needs root: run it with sudo")


def _systemd_runs() -> bool:
    return Path("/run/systemd/system").is_dir()


def _user_exists() -> bool:
    import pwd  # POSIX only

    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def _make_user(groups: list[str], say: Say) -> None:
    if not _user_exists():
        home = ["--home-dir", str(STATE), "--no-create-home"]
        _run(["useradd", "--system", "--user-group", *home, "--shell", "/usr/sbin/nologin", USER])
        say(f"made the user {USER}")
    import grp  # POSIX only

    for group in groups:
        try:
            members = grp.getgrnam(group).gr_mem
        except KeyError:
            continue
        if USER not in members:
            _run(["usermod", "--append", "--groups", group, USER])


def _write(path: Path, text: str, say: Say) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    say(f"wrote {path}")
    return True


def _keep_or_write(path: Path, text: str, say: Say) -> None:
    if path.exists():
        say(f"kept {path} as it is")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    shutil.chown(path, "root", USER)
    path.chmod(0o640)  # it may hold a camera's password
    say(f"wrote {path}")


def _remove(path: Path, say: Say) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    else:
        return
    say(f"removed {path}")


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise ServiceError(f"{command[0]}: cannot be run: {error.strerror}") from error
    if done.returncode:
        why = done.stderr.strip() or f"status {done.returncode}"
        raise ServiceError(f"'{' '.join(command)}' failed: {why}")


def _try(command: list[str]) -> None:
    """Run a command that may find nothing to do, or not be installed."""
    if shutil.which(command[0]):
        subprocess.run(command, check=False, capture_output=True)


def install_program(source: Path, arguments: list[str]) -> int:
    """Install edge-emo from a wheel or checkout into its own environment, and then the service.

    Returns:
        the exit status of `systemd/install.sh`, which does it.
    """
    _check_root()
    with resources.as_file(resources.files("edge.systemd").joinpath("install.sh")) as script:
        return subprocess.run(
            ["sh", str(script), "--from", str(source), *arguments], check=False
        ).returncode


def runs_from_prefix() -> bool:
    """Whether this program is the one that the service starts."""
    return Path(sys.prefix) == PREFIX
