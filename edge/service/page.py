"""The socket of a camera's page, which systemd opens in the service's stead."""

from collections.abc import Mapping
from pathlib import Path

from ..outputs.page.address import DEFAULT, parse_address
from .system import Say, attempt, data, remove, run, systemd_runs, write

FOLDER = Path("/etc/systemd/system")


def socket_unit(name: str, page: str) -> str:
    """Return the socket unit of a camera's page.

    Args:
        page: the address in the camera's settings.

    Raises:
        ConfigError: it is none.
    """
    template = data("edge-emo-page.socket")
    return template.replace(DEFAULT, str(parse_address(page))).replace("NAME", name)


def install(name: str, settings: Mapping[str, object], say: Say) -> bool:
    """Make the socket that the settings ask for, or remove it; return whether anything changed."""
    path = unit_path(name)
    page = settings.get("page")
    if page is None:
        return uninstall(name, say)
    return write(path, socket_unit(name, str(page)), say)


def enable(name: str, restart: bool) -> None:
    """Listen after a reboot, and with `restart` now, at an address that has changed."""
    if not unit_path(name).exists():
        return
    run(["systemctl", "enable", "--quiet", unit_path(name).name])
    if systemd_runs() and restart:
        # A socket cannot move below a service that holds it.
        attempt(["systemctl", "stop", f"edge-emo@{name}.service", unit_path(name).name])
        run(["systemctl", "start", unit_path(name).name])


def uninstall(name: str, say: Say) -> bool:
    """Remove the socket; return whether there was one."""
    path = unit_path(name)
    if not path.exists():
        return False
    now = ["--now"] if systemd_runs() else []
    attempt(["systemctl", "disable", *now, "--quiet", path.name])
    remove(path, say)
    return True


def unit_path(name: str) -> Path:
    return FOLDER / f"edge-emo@{name}.socket"
