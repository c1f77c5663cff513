"""`edge-emo service`: a camera's run as a systemd service that lasts for months."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..support.errors import ServiceError
from . import verbose_option

if TYPE_CHECKING:
    from ..outputs.monitoring.health import Health

_HEALTH = click.option(
    "--json", "as_json", is_flag=True, help="Print the health of each service as JSON."
)
_CHECK = click.option(
    "--check", is_flag=True, help="Exit with status 1 unless all services are healthy."
)


@click.group(
    "service",
    short_help="Install, inspect and remove systemd services.",
    invoke_without_command=True,
)
@_HEALTH
@_CHECK
@verbose_option
@click.pass_context
def command(context: click.Context, as_json: bool, check: bool) -> None:
    """Install, inspect and remove the systemd services.

    There is one service, edge-emo@NAME, for each camera, or for all cameras of one settings file.

    \b
    Examples:
      edge-emo service                      # the state of all services
      edge-emo service install picamera     # as root: make one for the Pi's camera
    """
    if context.invoked_subcommand is None:
        context.invoke(status, as_json=as_json, check=check)


@command.command("install")
@click.argument("name", default="0")
@click.option(
    "--camera", metavar="N|NAME|URL", help="The camera.  [default: as its settings say, or NAME]"
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="WHEEL|FOLDER",
    help="Install or upgrade the program in /opt/edge-emo from here.",
)
@click.option("--start/--no-start", default=True, help="Start it now.  [default: start]")
@verbose_option
def install(name: str, camera: str | None, source: Path | None, start: bool) -> None:
    """Install or upgrade a service; its settings stay.

    NAME is the camera's; its service is edge-emo@NAME. The name 'publish' stands for the publisher, which
    sends the records of all cameras by MQTT. If /etc/edge-emo/NAME.toml exists already, it says which
    camera is used, so that no password need be part of a command.

    \b
    Examples:
      edge-emo service install 0
      edge-emo service install door --camera rtsp://user:password@host/stream
    """
    from ..service import installer
    from ..service.publish import unit as publisher

    if name == publisher.NAME and camera is not None:
        raise ServiceError("camera: 'publish' publishes all cameras' records and takes none itself")
    if source is None and installer.runs_from_prefix():
        if name == publisher.NAME:
            publisher.install(start, click.echo)
        else:
            installer.install(name, camera, start, click.echo)
        return
    if name != publisher.NAME:
        installer.camera_config(name, camera)  # what is wrong with these is said at once
    if source is None:
        raise ServiceError(
            f"the service runs from {installer.PREFIX}: say with --from which wheel or checkout to "
            "put there"
        )
    options = [*(["--camera", camera] if camera else []), *([] if start else ["--no-start"])]
    if installer.install_program(source, [name, *options]):
        raise ServiceError("the installation failed; the lines above say why")


@command.command("uninstall")
@click.option("--purge", is_flag=True, help="Also remove the records.")
@verbose_option
def uninstall(purge: bool) -> None:
    """Remove the services; records stay without --purge.

    \b
    Examples:
      edge-emo service uninstall
      edge-emo service uninstall --purge
    """
    from ..service import installer

    installer.uninstall(purge, click.echo)


@command.command("status")
@_HEALTH
@_CHECK
@verbose_option
def status(as_json: bool, check: bool) -> None:
    """Show the state of the services.

    A service is healthy while frames flow, or while a person has switched its camera off.

    \b
    Examples:
      edge-emo service status
      edge-emo service --check && echo all is well
    """
    from ..service import installer
    from ..service.health import service_health

    names = installer.instances()
    health: dict[str, Health] = {}
    for name in names if as_json or check else ():
        health |= service_health(name)
    if as_json:
        services = {name: found.as_json() for name, found in health.items()}
        click.echo(json.dumps({"services": services}, indent=2))
    elif not check:
        for name in names:
            click.echo(f"edge-emo@{name}: {_state(name)}")
    if not names:
        nothing = "no service is installed; 'edge-emo service install NAME' makes one"
        if check:
            raise ServiceError(nothing)
        click.echo(nothing, err=as_json)
    if check and (ill := {name: found for name, found in health.items() if not found.ok}):
        raise ServiceError("; ".join(f"edge-emo@{name}: {found}" for name, found in ill.items()))


@command.command("print")
@click.argument("what", type=click.Choice(["unit", "alerts", "dashboard"]), default="unit")
@verbose_option
def print_unit(what: str) -> None:
    """Print the unit, alert rules or a dashboard.

    The rules are for Prometheus, the dashboard is for Grafana.

    \b
    Examples:
      edge-emo service print
      edge-emo service print alerts > edge-emo-alerts.yml
    """
    from ..outputs import monitoring
    from ..service import installer

    click.echo(installer.unit_text() if what == "unit" else monitoring.shipped(what), nl=False)


def _state(name: str) -> str:
    if not shutil.which("systemctl"):
        return "set up, but this machine has no systemd"
    shown = ("ActiveState", "SubState", "StatusText", "NRestarts", "MemoryCurrent")
    command = ["systemctl", "show", f"edge-emo@{name}", *(f"--property={s}" for s in shown)]
    output = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    values = dict(line.partition("=")[::2] for line in output.splitlines())
    parts = [f"{values.get('ActiveState') or 'unknown'} ({values.get('SubState') or '?'})"]
    if values.get("StatusText"):
        parts.append(values["StatusText"])
    if values.get("MemoryCurrent", "").isdecimal():
        parts.append(f"{int(values['MemoryCurrent']) / 1e6:.0f} MB")
    if values.get("NRestarts", "0") != "0":
        parts.append(f"restarted {values['NRestarts']} times")
    return ", ".join(parts)
