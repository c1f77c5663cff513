"""How the services are: each writes its health into a file of memory."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ..outputs.monitoring.about import HEALTH, HEALTH_OF_ONE
from ..outputs.monitoring.health import Health
from ..outputs.monitoring.health_file import read_health

RUN = Path("/run/edge-emo")


def service_health(name: str) -> dict[str, Health]:
    """Return the health of the service `edge-emo@NAME`; "stopped" where it does not run.

    Returns:
        Health by the service's name; by `NAME/CAMERA` where it has several cameras.
    """
    before, after = HEALTH_OF_ONE.split("{}")
    found = {
        f"{name}/{path.name.removeprefix(before).removesuffix(after)}": path
        for path in sorted((RUN / name).glob(HEALTH_OF_ONE.format("*")))
    }
    if not found:
        return {name: _of_one(name)}
    return {label: read_health(path, label) for label, path in found.items()}


def _of_one(name: str) -> Health:
    health = read_health(RUN / name / HEALTH, name)
    if health.state == "stopped" and shutil.which("systemctl"):
        return replace(health, reason=_why_stopped(name), since=_since(name) or health.since)
    return health


def _why_stopped(name: str) -> str:
    active, sub, result = _shown(name, "ActiveState", "SubState", "Result")
    why = f", {result}" if result not in ("", "success") else ""
    return f"the service is {active or 'unknown'} ({sub or '?'}{why})"


def _since(name: str) -> datetime | None:
    (stamp,) = _shown(name, "StateChangeTimestamp", more=["--timestamp=unix"])
    return datetime.fromtimestamp(int(stamp[1:]), UTC) if stamp[1:].isdecimal() else None


def _shown(name: str, *properties: str, more: list[str] | None = None) -> list[str]:
    asked = ["systemctl", "show", f"edge-emo@{name}", *(f"--property={p}" for p in properties)]
    done = subprocess.run([*asked, *(more or [])], check=False, capture_output=True, text=True)
    values = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    return [values.get(p, "") for p in properties]
