"""What a measurement was made on: board or processor, system, and the versions that do the work."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge import __version__
from edge.interpreter import installed


def describe_machine(interpreter: str | None, load: float | None) -> dict[str, Any]:
    """Return the description as plain values for JSON.

    Args:
        interpreter: the TFLite interpreter asked for; None for the first that is installed.
        load: as `load_now` told it before the bench began.
    """
    chosen = interpreter or installed()[0]
    about: dict[str, Any] = {
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_before": load,
        "python": platform.python_version(),
        "edge-emo": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "interpreter": f"{chosen} {_version(chosen)}",
    }
    if tensorflow := sys.modules.get("tensorflow"):
        about["tensorflow"] = tensorflow.__version__
        about["keras"] = _version("keras")
        about["tensorflow_devices"] = [d.name for d in tensorflow.config.list_physical_devices()]
    return about


def load_now() -> float | None:
    """Return how many cores were busy in the last minute, on average; None where none can tell."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):  # Windows has none
        return None


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


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
