"""What ran here: board or processor, system, and the versions that do the work."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .. import __version__


def describe_machine() -> dict[str, Any]:
    """Return the description as plain values for JSON."""
    return {
        "platform": platform.platform(),
        "cpu": _cpu(),
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


def _cpu() -> str:
    try:  # a board tells its own name, such as Raspberry Pi 5 Model B Rev 1.0
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
