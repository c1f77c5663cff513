"""The off switch: a file that exists, or a switch on a GPIO pin, closes the camera."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from ..support.errors import ConfigError

LOWEST_PIN, HIGHEST_PIN = 0, 27  # the GPIO header, in Broadcom's numbers


def off_switch(file: str | None, pin: int | None) -> Callable[[], str | None]:
    """Return a function that returns why the camera must be closed now, or None.

    Args:
        file: the camera is closed while this file exists.
        pin: the camera is closed while this GPIO pin is connected to ground.

    Raises:
        ConfigError: the pin cannot be read, or the file would always be there.
    """
    if file is not None and os.path.exists(file) and not os.path.isfile(file):
        kind = "a folder" if os.path.isdir(file) else "a device or a pipe"
        raise ConfigError(
            f"off-file: {file} is {kind}, so the camera would stay closed; name a file that is there "
            "only while it shall"
        )
    grounded = None if pin is None else _pin(pin)

    def why() -> str | None:
        if file is not None and os.path.exists(file):
            return f"switched off by the file {file}"
        if grounded is not None and grounded.is_active:
            return f"switched off at GPIO {pin}"
        return None

    return why


@cache  # a pin can be taken once, and several cameras may ask for it
def _pin(number: int) -> Any:
    try:
        import gpiozero  # on a Pi it comes with the system
    except ImportError as error:
        raise ConfigError(
            f"off-gpio: gpiozero cannot be imported ({error}); on Raspberry Pi OS run "
            "'sudo apt install python3-gpiozero python3-lgpio'"
        ) from error
    try:
        return gpiozero.DigitalInputDevice(number, pull_up=True)
    except Exception as error:  # of gpiozero, its pin library or the kernel
        raise ConfigError(f"off-gpio: GPIO {number} cannot be read: {error}") from error
