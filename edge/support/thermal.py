"""How warm the machine is."""

from pathlib import Path

_ZONES = Path("/sys/class/thermal")


def temperature_c() -> float | None:
    """Return the highest temperature that the kernel reports, °C; None where it reports none."""
    read = []
    for zone in _ZONES.glob("thermal_zone*/temp"):
        try:
            read.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return max(read, default=None)
