"""`edge-emo publish`: the service's records by MQTT, with Home Assistant's discovery."""

import threading
from pathlib import Path

import click

from ..live.signals import events_of_signals
from . import verbose_option

SETTINGS = Path("/etc/edge-emo/publish/settings.toml")


@click.command("publish", short_help="Publish records by MQTT.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=SETTINGS,
    show_default=True,
    help="TOML file with the settings.",
)
@click.option(
    "--remove", is_flag=True, help="Remove this machine's topics from the broker, and exit."
)
@verbose_option
def command(config: Path, remove: bool) -> None:
    """Publish the cameras' records by MQTT, until it is stopped.

    It follows the records that the services write. After a restart, a power cut or an outage of the
    broker it continues where it stopped. Usually it runs as edge-emo-publish.service, which 'edge-emo
    service install publish' creates.

    \b
    Examples:
      edge-emo publish --config settings.toml
      edge-emo publish --remove
    """
    from ..service.publish.settings import read_settings

    settings = read_settings(config)
    from ..service.publish.client import BrokerAwayError
    from ..service.publish.publisher import Publisher
    from ..support.errors import PublishError

    publisher = Publisher(settings)
    if remove:
        try:
            for topic in publisher.remove():
                click.echo(f"cleared {topic}")
        except BrokerAwayError as error:
            raise PublishError(str(error)) from error
        return
    stop = threading.Event()
    with events_of_signals(stop):
        publisher.run(stop)
