"""What the installers do to the system: files written only if they change, users, commands."""

import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from .. import data_folder
from ..live.cameras import TABLES
from ..support.atomic import write_text
from ..support.errors import ServiceError

USER = "edge-emo"
CONFIG = Path("/etc/edge-emo")
STATE = Path("/var/lib/edge-emo")

Say = Callable[[str], None]


def check_root() -> None:
    if os.name != "posix":
        raise ServiceError("services need Linux with systemd; this system has none")
    if os.geteuid() != 0:
        raise ServiceError("this changes the system and needs root: run it with sudo")


def systemd_runs() -> bool:
    return Path("/run/systemd/system").is_dir()


def user_of(name: str) -> str:
    """Return the user of the service `edge-emo@NAME`, who alone can read its settings."""
    plain = re.sub(r"[^a-z0-9_-]", "-", name.lower())
    if plain == name and len(name) <= 20:
        return f"{USER}-{name}"
    return f"{USER}-{plain[:11]}-{zlib.crc32(name.encode()):08x}"  # of at most 32 letters


def user_exists(user: str = USER) -> bool:
    import pwd  # POSIX only

    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def make_user(groups: list[str], say: Say, user: str = USER) -> None:
    """Make a user of the group `edge-emo`, who may also be in others."""
    if not user_exists(user):
        own = ["--user-group"] if user == USER else ["--gid", USER]
        home = ["--home-dir", str(STATE), "--no-create-home"]
        run(["useradd", "--system", *own, *home, "--shell", "/usr/sbin/nologin", user])
        say(f"made the user {user}")
    import grp  # POSIX only

    for group in groups:
        try:
            members = grp.getgrnam(group).gr_mem
        except KeyError:
            continue
        if user not in members:
            run(["usermod", "--append", "--groups", group, user])


def remove_user(user: str, say: Say) -> None:
    if user_exists(user):
        run(["userdel", user])
        say(f"removed the user {user}")


def write(path: Path, text: str, say: Say) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    say(f"wrote {path}")
    return True


def keep_or_write(path: Path, text: str, say: Say, user: str | None = None) -> None:
    """Write settings that only root and their service may read; what is there stays.

    Args:
        user: the one user who may read them; None: the group `edge-emo`.
    """
    if path.exists():
        say(f"kept {path} as it is")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
        say(f"wrote {path}")
    if user is not None:  # they may hold a camera's password; kept ones may be of an older version
        shutil.chown(path, user, "root")
        path.chmod(0o600)
    elif path.stat().st_gid == 0:
        shutil.chown(path, "root", USER)
        path.chmod(0o640)


def remove(path: Path, say: Say) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    else:
        return
    say(f"removed {path}")


def remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise ServiceError(f"{command[0]}: cannot be run: {error.strerror}") from error
    if done.returncode:
        why = done.stderr.strip() or f"status {done.returncode}"
        raise ServiceError(f"'{' '.join(command)}' failed: {why}")


def attempt(command: list[str]) -> None:
    """Run a command that may find nothing to do, or not be installed."""
    if shutil.which(command[0]):
        subprocess.run(command, check=False, capture_output=True)


def install_extra(extra: str, say: Say) -> None:
    """Install the packages of an extra of edge-emo that are not there. Raises: ServiceError."""
    marked = f'extra == "{extra}"'
    for requirement in requires("edge-emo") or ():
        need, _, marker = requirement.partition(";")
        if marker.strip() != marked or _is_installed(re.split(r"[<>=!~\[ ]", need)[0]):
            continue
        say(f"installing {need.strip()}")
        run([sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", need.strip()])


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def cameras_of(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the settings of each camera of a file of settings, the common ones with its own."""
    tables = settings.get(TABLES)
    if not isinstance(tables, dict):
        return [settings]
    return [{**settings, **table} for table in tables.values() if isinstance(table, dict)]


def data(name: str) -> str:
    """Return one of the files in `systemd/`."""
    return (data_folder("systemd") / name).read_text(encoding="utf-8")
