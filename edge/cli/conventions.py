"""Options that say how a model from elsewhere was trained; `evaluate` and `convert` share them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..support.errors import ConfigError

if TYPE_CHECKING:
    from ..evaluation.prediction import Conventions

RANGES = ("0..1", "-1..1", "0..255")
CHANNELS = ("rgb", "bgr")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def conventions_options(command: _Command) -> _Command:
    """Give a command --input-range, --mean, --deviation, --per-image and --channels."""
    options = (
        click.option(
            "--input-range",
            type=click.Choice(RANGES),
            help="The pixel values that a MODEL from elsewhere was trained on.  [default: its graph "
            "scales raw pixels]",
        ),
        click.option(
            "--mean",
            metavar="M|R,G,B",
            help="Mean that was then subtracted, in the unit of --input-range (or of 0..255).",
        ),
        click.option("--deviation", metavar="D|R,G,B", help="Deviation that was then divided by."),
        click.option(
            "--per-image",
            is_flag=True,
            help="Each face was standardised by itself, to mean 0 and deviation 1.",
        ),
        click.option(
            "--channels",
            type=click.Choice(CHANNELS),
            default="rgb",
            help="The order of the channels of a MODEL that takes colour.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_conventions(
    input_range: str | None,
    mean: str | None,
    deviation: str | None,
    channels: str,
    labels: str | None,
    per_image: bool = False,
) -> "Conventions":
    """Return what the options say. Raises: ConfigError."""
    from ..evaluation.prediction import Conventions

    return Conventions(
        input_range=input_range,
        mean=_numbers("mean", mean),
        deviation=_numbers("deviation", deviation),
        channels=channels,
        labels=tuple(part.strip() for part in labels.split(",")) if labels else None,
        per_image=per_image,
    )


def _numbers(name: str, text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    fits = len(numbers) in (1, 3) and all(abs(n) < float("inf") for n in numbers)
    if not fits or (name == "deviation" and min(numbers) <= 0):
        above = " above 0" if name == "deviation" else ""
        raise ConfigError(f"{name}: '{text}' is not one number{above}, or three for R, G and B")
    return numbers
