"""The socket of a camera's page, which systemd opens in the service's stead."""

from collections.abc import Mapping
from pathlib import Path

from ..outputs.page.address import DEFAULT, parse_address
from .system import Say, attempt, data, remove, systemd_runs, write

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
    page = settings.get("page")
    if page is None:
        return uninstall(name, say)
    return write(unit_path(name), socket_unit(name, str(page)), say)


def uninstall(name: str, say: Say) -> bool:
    """Remove the socket; return whether there was one."""
    path = unit_path(name)
    if not path.exists():
        return False
    if systemd_runs():
        attempt(["systemctl", "stop", path.name])
    remove(path, say)
    return True


def unit_path(name: str) -> Path:
    return FOLDER / f"edge-emo@{name}.socket"
