"""The machine: board or processor, versions of what does the work, temperature, power."""

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .. import __version__


def describe_machine() -> dict[str, Any]:
    """Return the description as plain values for JSON."""
    # Imported here: what only asks for the temperature needs neither.
    import cv2
    import numpy as np

    return {
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "edge-emo": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def version_of(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def temperatures_c() -> list[float]:
    """Return the temperatures that the kernel reports, degrees Celsius; none on most PCs."""
    found = []
    for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp")):
        try:
            found.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return found


# Raspberry Pi OS's kernel passes on what the firmware says, also to a service without vcgencmd.
_FIRMWARE = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")


def throttled_report() -> str | None:
    """Return what a Raspberry Pi's `vcgencmd get_throttled` prints; None on other machines."""
    try:
        return f"throttled=0x{_FIRMWARE.read_text().strip().removeprefix('0x')}"
    except OSError:
        pass
    if not shutil.which("vcgencmd"):
        return None
    command = ["vcgencmd", "get_throttled"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout or done.stderr).strip()


def throttled_flags(report: str) -> int | None:
    """Return the flags of such a report (`throttled=0x50005`); None if it holds none.

    Bit 0 is under-voltage, 1 a capped frequency, 2 throttling, 3 the soft temperature limit, each
    now; bits 16 to 19 are the same since the board started (Raspberry Pi documentation, vcgencmd).
    """
    match = re.search(r"throttled=0x([0-9a-fA-F]+)", report)
    return int(match[1], 16) if match else None


def cpu_name() -> str:
    """Return what a board calls itself, such as Raspberry Pi 5 Model B Rev 1.0, or the processor."""
    try:  # a board gives its own name, such as Raspberry Pi 5 Model B Rev 1.0
        return Path("/proc/device-tree/model").read_text().rstrip("\0\n")
    except OSError:
        pass
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
