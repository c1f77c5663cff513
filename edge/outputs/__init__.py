"""Where observations go. `make_output` finds an output by its registered name."""

from dataclasses import dataclass
from typing import Protocol

from ..support import registry
from ..support.errors import ConfigError
from ..support.rotation import NO_ROTATION, Rotation
from ..support.values import Frame, Observation


@dataclass(frozen=True)
class OutputOptions:
    """What an output is told of the run.

    Attributes:
        target: the file or address it writes to; empty where the output needs none.
        live: the source is a camera, so an output must rather drop than hold it up.
        fps: the source's nominal frames per second.
        rotation: when a file that only grows is set aside.
        boxes: records tell where the faces are.
        blur: recorded pictures show no face that can be recognised.
    """

    target: str
    live: bool
    fps: float
    rotation: Rotation = NO_ROTATION
    boxes: bool = True
    blur: bool = False


class Output(Protocol):
    """Takes every observation; must not hold up the analysis of a live source.

    Attributes:
        color: it calls `Frame.color`.
        dropped: frames that it left out because it was late.
    """

    color: bool
    dropped: int

    def __init__(self, options: OutputOptions) -> None: ...

    def write(self, frame: Frame, observation: Observation) -> None:
        """Take one observation; `frame` is borrowed until this returns."""
        ...

    def close(self) -> None:
        """Finish what is written. Raises: OutputError if that fails."""
        ...


def output_class(name: str) -> type[Output]:
    """Return the class of the output `name`. Raises: ConfigError if there is none."""
    known = registry.names(registry.OUTPUTS)
    if name not in known:
        raise ConfigError(f"output: '{name}' is none of {', '.join(known)}")
    return registry.load(registry.OUTPUTS, name)
