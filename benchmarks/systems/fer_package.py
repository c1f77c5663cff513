"""The `fer` package from PyPI, where it is installed, with its own face detector and model."""

import logging
import warnings
from collections.abc import Callable
from importlib import import_module, resources
from typing import Any

from edge.support.machine import version_of
from edge.support.quiet import quiet_stderr

from ..clip import Picture
from ..timing import Glance, System

FER_PACKAGE = "fer package"


def fer_system() -> tuple[System | None, str]:
    """Return it, or None and why it does not run here, in a phrase."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with quiet_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            detector: Any = import_module("fer.fer").FER(mtcnn=False)
    except ModuleNotFoundError as error:
        return None, f"needs the package {(error.name or 'fer').partition('.')[0]}"
    except Exception as error:  # whatever another package raises
        return None, f"cannot be started: {' '.join(str(error).split())[:200]}"
    finally:  # it sets up logging for the whole program
        root.handlers[:] = handlers
        root.setLevel(level)
    size = sum(
        file.stat().st_size  # type: ignore[attr-defined]
        for file in resources.files("fer").joinpath("data").iterdir()
        if file.name.endswith(".tflite")
    )

    def begin() -> Callable[[Picture], Glance]:
        return lambda picture: Glance(len(detector.detect_emotions(picture.image)), {})

    what = f"fer {version_of('fer')} from PyPI, FER(mtcnn=False).detect_emotions"
    return System(FER_PACKAGE, what, size, begin), ""
