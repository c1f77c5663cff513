"""Who takes the exam: every installed detector, and the paper's plain call."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from edge.faces import Detection, Detector, DetectorOptions, make_detector
from edge.faces.haar import find_cascade
from edge.inference.runtime import Runtime
from edge.live.settings import RunConfig
from edge.support import registry
from edge.support.errors import ConfigError, EdgeEmoError

PLAIN = "detectMultiScale"


@dataclass(frozen=True)
class System:
    """One way to find faces.

    Attributes:
        name: its column.
        detector: what looks at one picture.
        tracks: in a clip its faces are tracked, as `edge-emo run` does; else each frame is searched.
    """

    name: str
    detector: Detector
    tracks: bool


@dataclass(frozen=True)
class Skipped:
    """A detector that does not run here, and why."""

    name: str
    reason: str


class PlainCall:
    """The paper's detector (its Fig. 15): OpenCV's own search with its own defaults, on full size."""

    def __init__(self) -> None:
        """Load the cascade. Raises: DetectorError."""
        self._cascade = cv2.CascadeClassifier(str(find_cascade()))

    def detect(self, image: np.ndarray) -> list[Detection]:
        found = self._cascade.detectMultiScale(image)
        return [Detection((int(x), int(y), int(w), int(h)), 1.0) for x, y, w, h in found]


def line_up(
    only: tuple[str, ...] = (), runtime: Runtime | None = None
) -> tuple[list[System], list[Skipped]]:
    """Return the systems, the default detector first and the paper's plain call last.

    Args:
        only: names of those that are wanted; all where none is given.
        runtime: what networks run in.

    Raises:
        ConfigError: there is none of a name in `only`.
    """
    defaults = RunConfig()
    options = DetectorOptions(defaults.min_face, runtime=runtime or Runtime())
    names = sorted(registry.names(registry.DETECTORS), key=lambda n: (n != defaults.detector, n))
    makers: dict[str, Callable[[], Detector]] = {
        name: lambda name=name: make_detector(name, options)  # type: ignore[misc]
        for name in names
    }
    makers[PLAIN] = PlainCall
    if unknown := set(only) - set(makers):
        raise ConfigError(f"detector: '{min(unknown)}' is not one of {', '.join(makers)}")
    systems, skipped = [], []
    for name in (name for name in makers if name in (only or makers)):
        try:
            systems.append(System(name, makers[name](), tracks=name != PLAIN))
        except EdgeEmoError as error:
            skipped.append(Skipped(name, str(error)))
    return systems, skipped
