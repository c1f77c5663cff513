"""What a measurement was made on, and how busy that machine was."""

import os
import sys
from pathlib import Path
from typing import Any

from edge.inference.runtime import Runtime
from edge.support.machine import describe_machine, temperatures_c, throttled_report, version_of


def describe_bench(runtime: Runtime, load: float | None) -> dict[str, Any]:
    """Return the description as plain values for JSON.

    Args:
        runtime: what the TFLite models run in.
        load: as `load_now` gave it before the bench began.
    """
    about = {
        **describe_machine(),
        "load_before": load,
        "interpreter": f"{runtime.name} {version_of(runtime.name)}",
    }
    if tensorflow := sys.modules.get("tensorflow"):
        about["tensorflow"] = tensorflow.__version__
        about["keras"] = version_of("keras")
        about["tensorflow_devices"] = [d.name for d in tensorflow.config.list_physical_devices()]
    if (hottest := temperature()) is not None:
        about["temperature_c"] = hottest
    if throttled := throttled_report():
        about["throttled"] = throttled
    return about


def load_now() -> float | None:
    """Return how many cores were busy in the last minute, on average; None where it is unknown."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):  # Windows has none
        return None


def temperature() -> float | None:
    """Return the hottest thermal zone of the machine, degrees Celsius; None where there is none."""
    return max(temperatures_c(), default=None)


def energy_j() -> float | None:
    """Return the energy counter of the processor's packages, joules; None where none can be read.

    Only differences mean something. Intel's and AMD's processors have one (RAPL), for root.
    """
    zones = Path("/sys/class/powercap").glob("*-rapl:[0-9]/energy_uj")
    try:
        found = [int(zone.read_text()) / 1e6 for zone in zones]
    except (OSError, ValueError):
        return None
    return sum(found) if found else None
