"""Where observations go: the contract of an output. `output_class` finds one by its registered name.

An output inherits from `Output`, which has a default for all but `write`:

    class Counter(Output):
        def __init__(self, options):
            self.faces = 0

        def write(self, frame, observation):
            self.faces += len(observation.faces)
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..support import registry
from ..support.errors import ConfigError
from ..support.rotation import NO_ROTATION, Rotation
from ..support.values import Frame, Observation, Status
from .monitoring.about import NOTHING_KNOWN, About


@dataclass(frozen=True)
class OutputOptions:
    """What an output knows about the run.

    Attributes:
        target: the file or address it writes to; empty where the output needs none.
        live: the source is a camera, so an output must rather drop than hold it up.
        fps: the source's nominal frames per second; a camera's frames carry their own.
        rotation: when a file that only grows is set aside.
        film: how a recorded video is cut into segments, and how much of them is kept.
        about: the run, for outputs that report on it.
        video: the page may show pictures.
        token: the file with the page's token; None asks for none.
        camera: what the camera is called where the process runs several; empty where it runs one.
    """

    target: str
    live: bool
    fps: float
    rotation: Rotation = NO_ROTATION
    film: Rotation = NO_ROTATION
    about: About = NOTHING_KNOWN
    video: bool = True
    token: str | None = None
    camera: str = ""


@dataclass(frozen=True, kw_only=True)
class View(Frame):
    """What an output may see of a frame: with `--blur`, `gray` and `color` show no face.

    Call `color` or `annotated` within `write`, or not at all: then the frame goes back to its
    source. What `color` returned may be kept, and once it was called `annotated` may be called at
    any later time, from any thread. Each is made once, whatever the number of outputs.

    Attributes:
        annotated: returns the frame with boxes, labels and score bars, BGR uint8
            `[height, width, 3]`; do not change it.
    """

    annotated: Callable[[], np.ndarray]


class Output(ABC):
    """Takes every observation; must not hold up the analysis of a live source.

    Privacy is settled before an output sees anything: it cannot show or write more than allowed.

    Attributes:
        color: it calls `View.color` or `View.annotated`; the class says so before it is made.
        network: it needs the network; the class says so, and the service unit opens it.
        patient: where faces are blurred it takes frames some 0.6 s late, so that a face is covered
            also just before it is found. Recordings do; what is looked at live does not.
        foreground: the main thread must be given to its `show`, as a window's.
        reports: it uses `OutputOptions.about`: if a reload changes it, the output is opened again.
        dropped: frames that it left out because it was late.
    """

    color: bool = False
    network: bool = False
    patient: bool = False
    foreground: bool = False
    reports: bool = False
    dropped: int = 0

    def __init__(self, options: OutputOptions) -> None:
        """Open it. Raises: OutputError, ConfigError: it cannot work like that."""
        return

    @abstractmethod
    def write(self, frame: View, observation: Observation) -> None:
        """Take one observation; `frame` is borrowed until this returns.

        An observation without `--box` has faces whose `box` is None.

        Raises:
            OutputError: it cannot be written. From a camera's run this is a warning, and the next
                attempt comes after half a minute; a file's run ends.
        """

    def status(self, status: Status) -> None:
        """Take what the source does while no frame comes; equal ones repeat some times a second.

        Called from the same thread as `write`. "open" comes once before the first frame, and
        before the first one after every other state.
        """
        return

    def show(self, stop: threading.Event) -> None:
        """Run in the main thread until `close` is called; called only where `foreground` is true.

        Args:
            stop: to set where the user ends the run.
        """
        return

    def close(self) -> None:
        """Finish what is written. Raises: OutputError if that fails."""
        return


def output_class(name: str) -> type[Output]:
    """Return the class of the output `name`. Raises: ConfigError if there is none."""
    known = registry.names(registry.OUTPUTS)
    if name not in known:
        raise ConfigError(f"output: '{name}' is not one of {', '.join(known)}")
    return registry.load(registry.OUTPUTS, name)
