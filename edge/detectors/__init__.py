"""Face detectors. `make_detector` finds one by its registered name."""

from typing import Protocol

import numpy as np

from .. import registry
from ..crop import Box
from ..errors import ConfigError


class Detector(Protocol):
    """Finds faces in a gray picture."""

    def detect(self, gray: np.ndarray) -> list[Box]:
        """Return the faces' boxes (x, y, width, height) in pixels of uint8 `[h, w]` `gray`."""
        ...


def make_detector(name: str, min_face: float) -> Detector:
    """Return the detector `name`.

    Args:
        name: one of `registry.names(registry.DETECTORS)`.
        min_face: the smallest face to look for, as a share of the frame's height, 0..1.

    Raises:
        ConfigError: no detector of that name.
        DetectorError: it cannot be made on this machine.
    """
    known = registry.names(registry.DETECTORS)
    if name not in known:
        raise ConfigError(f"detector: '{name}' is none of {', '.join(known)}")
    return registry.load(registry.DETECTORS, name)(min_face)
