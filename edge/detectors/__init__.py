"""Face detectors. `make_detector` finds one by its registered name."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .. import registry
from ..boxes import Box
from ..errors import ConfigError


class Detector(Protocol):
    """Finds faces in a gray picture."""

    def detect(self, gray: np.ndarray, known: Sequence[Box] = ()) -> list[Box]:
        """Return the boxes of the faces in uint8 `[h, w]` `gray`, in its pixels.

        Args:
            known: where faces were a moment ago; there, weaker evidence will do.
        """
        ...

    def follow(self, gray: np.ndarray, known: Sequence[Box]) -> list[Box]:
        """Return the boxes of known faces alone, looked for near where they were: much cheaper."""
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
