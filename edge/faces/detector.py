"""What a face detector is: one gray picture in, the faces in it out. `make_detector` finds one by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..inference.runtime import Runtime
from ..support import registry
from ..support.boxes import Box, same_face
from ..support.errors import ConfigError, DetectorError

Eyes = tuple[tuple[float, float], tuple[float, float]]

FACE = 0.5  # least score of a face that nobody knew; a known one is kept with less


@dataclass(frozen=True)
class Detection:
    """What may be a face.

    Attributes:
        box: the face from its brows to its chin and about as wide, as FER-2013's crops are; pixels
            of the picture. It may reach beyond the picture.
        score: how sure the detector is, 0..1. From 0.5 (`FACE`) on it is a face; with less it is
            one only where a face was a moment ago.
        eyes: centres of the person's right and left eye, x and y in pixels of the picture; None
            where the detector does not know them.
    """

    box: Box
    score: float
    eyes: Eyes | None = None


@dataclass(frozen=True)
class DetectorOptions:
    """What a detector may be asked for; each takes what it knows.

    Attributes:
        min_face: the smallest face to look for, as a share of the picture's height, 0..1; None for
            what the detector is best at.
        model: name or file of the network's weights; None for the shipped ones.
        runtime: what a network runs in.

    Raises:
        ConfigError: `min_face` is not a share.
    """

    min_face: float | None = None
    model: str | None = None
    runtime: Runtime = field(default_factory=Runtime)

    def __post_init__(self) -> None:
        if self.min_face is not None and not 0 < self.min_face <= 1:
            raise ConfigError(f"min-face: {self.min_face} is not above 0 and at most 1")


class Detector(Protocol):
    """Finds the faces in a gray picture and remembers nothing.

    A class that does this becomes a detector of `edge-emo run` by an entry point in the group
    `edge_emo.detectors`; it is made with a `DetectorOptions`. One that looks longer at a single
    picture than at one of many frames also has `glance(image)`, which returns the same at less cost;
    and where glances at parts of a frame of that shape find smaller faces, `parts(shape)`: boxes.
    """

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return what may be faces, in any order.

        Args:
            image: uint8 `[height, width]`, gray, of any size; not to be changed.
        """
        ...


def distinct(found: Iterable[Detection]) -> list[Detection]:
    """Return the detections, the surest first, without those that lie on a surer one's face."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda one: -one.score):
        if not any(same_face(one.box, other.box) for other in kept):
            kept.append(one)
    return kept


def make_detector(name: str, options: DetectorOptions | None = None) -> Detector:
    """Return the detector `name`.

    Args:
        name: one of `registry.names(registry.DETECTORS)`.
        options: what it is asked for; the defaults where None.

    Raises:
        ConfigError: no detector of that name, or an option that it cannot take.
        DetectorError: it cannot be made on this machine.
    """
    known = registry.names(registry.DETECTORS)
    if name not in known:
        raise ConfigError(f"detector: '{name}' is not one of {', '.join(known)}")
    detector = registry.load(registry.DETECTORS, name)(options or DetectorOptions())
    if not callable(getattr(detector, "detect", None)):
        raise DetectorError(
            f"detector '{name}' has no method detect(image): it was made for another version; "
            "update its package, or take --detector haar"
        )
    return detector
