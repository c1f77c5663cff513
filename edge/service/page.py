"""The socket of a camera's page, which systemd opens in the service's stead."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..outputs.page.address import DEFAULT, parse_address
from .system import Say, attempt, data, remove, systemd_runs, write

FOLDER = Path("/etc/systemd/system")


def socket_unit(name: str, *pages: str) -> str:
    """Return the socket unit of a service's pages.

    Args:
        pages: the addresses in its cameras' settings.

    Raises:
        ConfigError: one is none.
    """
    listen = "ListenStream="
    lines = "\n".join(f"{listen}{parse_address(page)}" for page in pages)
    template = data("edge-emo-page.socket")
    return template.replace(listen + DEFAULT, lines).replace("NAME", name)


def install(name: str, cameras: Sequence[Mapping[str, object]], say: Say) -> bool:
    """Make the sockets that cameras' settings ask for, or remove them; return whether anything changed."""
    pages = [str(camera["page"]) for camera in cameras if camera.get("page") is not None]
    if not pages:
        return uninstall(name, say)
    return write(unit_path(name), socket_unit(name, *pages), say)


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
