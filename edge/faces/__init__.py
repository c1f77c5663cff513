"""Face detectors. `make_detector` finds one by its registered name."""

from collections.abc import Sequence
from typing import Protocol

from ..support import registry
from ..support.boxes import Box, Sighting
from ..support.errors import ConfigError
from .pyramid import Pyramid


class Detector(Protocol):
    """Finds faces in gray pictures; remembers nothing."""

    def search(
        self, picture: Pyramid, start: float = 0.0, end: float = 3.0, known: Sequence[Box] = ()
    ) -> list[Sighting]:
        """Return what a part of the whole search finds, in pixels.

        Args:
            start, end: which part, counted in whole searches since the first: 0 to 1 is the first
                one, 1.5 to 1.75 the third quarter of the second. So a search can be spread over
                frames, and successive ones may differ, to find more together.
            known: where there are faces, which are not to be told again.
        """
        ...

    def look(self, picture: Pyramid, box: Box, closely: bool = False) -> Sighting | None:
        """Return the face that is near `box`, or None: much cheaper than a search.

        Args:
            closely: it is not known yet to be one, so weigh it as `search` does; else any evidence
                that it is still there will do.
        """
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
