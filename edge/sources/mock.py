"""A camera that is not there: the Pi camera's own source on a stand-in for Picamera2."""

from . import SourceOptions, fake_picamera2
from .picamera import PiCamera


class MockCamera(PiCamera):
    """Behaves as the Pi camera does, at its rate, and shows the demo clip for ever."""

    kind = "mock"

    def __init__(self, argument: str, options: SourceOptions) -> None:
        super().__init__(argument, options, module=fake_picamera2)
