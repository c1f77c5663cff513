"""Run Home Assistant and show what it holds; runs inside the chroot of home_assistant.py.

    python ha_probe.py FOLDER

FOLDER/broker.json says how MQTT is reached. FOLDER/seen.json is written twice a second: states,
registered entities and devices. Each line of FOLDER/commands, such as `switch turn_off switch.x`, is
a call of a service. Ends with SIGTERM.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import MappingProxyType

from homeassistant import bootstrap, config_entries
from homeassistant.components.mqtt.const import CONFIG_ENTRY_MINOR_VERSION, CONFIG_ENTRY_VERSION
from homeassistant.const import __version__
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.runner import RuntimeConfig

FOLDER = Path(sys.argv[1])


def write(name: str, what: object) -> None:
    new = FOLDER / f"{name}.new"
    new.write_text(json.dumps(what, default=str))
    os.replace(new, FOLDER / name)


def seen(hass) -> dict:
    entities = entity_registry.async_get(hass).entities
    return {
        "version": __version__,
        "states": {s.entity_id: [s.state, dict(s.attributes)] for s in hass.states.async_all()},
        "entities": {e.entity_id: e.disabled_by for e in entities.values() if e.platform == "mqtt"},
        "devices": [d.name for d in device_registry.async_get(hass).devices.values()],
    }


def commands() -> list[str]:
    path = FOLDER / "commands"
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


async def obey(hass) -> None:
    for line in await hass.async_add_executor_job(commands):
        domain, service, entity = line.split()
        await hass.services.async_call(domain, service, {"entity_id": entity}, blocking=True)


async def main() -> int:
    config = FOLDER / "config"
    config.mkdir(exist_ok=True)
    broker = json.loads((FOLDER / "broker.json").read_text())
    (config / "configuration.yaml").write_text(
        "homeassistant:\n  name: acceptance\n"
        f"http:\n  server_host: 127.0.0.1\n  server_port: {broker.pop('http_port')}\n"
        "logger:\n  default: info\n"
    )
    log = FOLDER / "home-assistant.log"
    hass = await bootstrap.async_setup_hass(RuntimeConfig(str(config), log_file=str(log)))
    assert hass is not None
    if not hass.config_entries.async_entries("mqtt"):
        entry = config_entries.ConfigEntry(
            data=broker,
            discovery_keys=MappingProxyType({}),
            domain="mqtt",
            minor_version=CONFIG_ENTRY_MINOR_VERSION,
            options={},
            source=config_entries.SOURCE_USER,
            subentries_data=(),
            title="broker",
            unique_id=None,
            version=CONFIG_ENTRY_VERSION,
        )
        await hass.config_entries.async_add(entry)

    async def look() -> None:
        while True:
            await hass.async_add_executor_job(write, "seen.json", seen(hass))
            await obey(hass)
            await asyncio.sleep(0.5)

    looking = asyncio.create_task(look())
    status = await hass.async_run()
    looking.cancel()
    return status


sys.exit(asyncio.run(main()))
