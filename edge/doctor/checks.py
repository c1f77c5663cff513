"""Is this machine ready? Each check looks at one thing and says what is wrong and what to do."""

from collections.abc import Callable, Iterator

from ..support.errors import EdgeEmoError
from . import board, cameras, software
from .finding import FAIL, WARN, Finding, Results

CHECKS: dict[str, Callable[[], Results]] = {
    "system": software.system,
    "python": software.python,
    "interpreter": software.interpreter,
    "xnnpack": software.xnnpack,
    "opencv": software.opencv,
    "interlaced": software.interlaced,
    "detector": software.detector,
    "v4l2": cameras.v4l2,
    "picamera": cameras.picamera,
    "groups": cameras.groups,
    "temperature": board.temperature,
    "power": board.power,
    "governor": board.governor,
    "disk": board.disk,
    "clock": board.clock,
}


def examine() -> Iterator[Finding]:
    """Yield the findings, one check after the other."""
    for name, check in CHECKS.items():
        try:
            for state, said, mend in check():
                yield Finding(name, state, said, mend)
        except EdgeEmoError as error:
            yield Finding(name, FAIL, str(error))
        except Exception as error:  # one check that breaks must not hide the others
            yield Finding(name, WARN, f"could not be checked: {type(error).__name__}: {error}")
