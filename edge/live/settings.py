"""The settings of `edge-emo run`, checked at once."""

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from ..inference.interpreter import check_threads
from ..support.errors import ConfigError
from ..support.rotation import Rotation
from .off_switch import HIGHEST_PIN, LOWEST_PIN

MIN_SIDE, MAX_SIDE = 48, 16384  # pixels of a camera's frame
DEGREES = (0, 90, 180, 270)  # a camera's picture can be turned by
_ABOVE_0 = (
    *("fps", "duration", "max_exposure", "camera_timeout"),
    *("jsonl_mb", "jsonl_hours", "jsonl_total_mb"),
)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """What `edge-emo run` does; the command's `--help` says what each setting means.

    Raises:
        ConfigError: naming the setting that does not fit.
    """

    camera: str | None = None
    source: str | None = None
    model: str | None = None
    jsonl: str | None = None
    record: str | None = None
    window: bool | None = None
    outputs: tuple[str, ...] = ()
    min_face: float = 0.1
    search_every: float = 0.25
    detector: str = "haar"
    size: str | None = None
    fps: float | None = None
    duration: float | None = None
    realtime: bool = False
    threads: int | None = None
    cv_threads: int | None = None
    unsure_below: float = 0.0
    interpreter: str | None = None
    rotate: int = 0
    mirror: bool = False
    max_exposure: float | None = None
    reconnect: bool = True
    camera_timeout: float = 5.0
    freeze_after: float = 10.0
    off_file: str | None = None
    off_gpio: int | None = None
    box: bool = True
    blur: bool = False
    jsonl_mb: float | None = None
    jsonl_hours: float | None = None
    jsonl_total_mb: float | None = None

    def __post_init__(self) -> None:
        if self.camera is not None and self.source is not None:
            raise ConfigError("source: cannot be combined with --camera; give one of the two")
        if not 0 < self.min_face <= 1:
            raise ConfigError(f"min-face: {self.min_face} is not between 0 and 1, such as 0.1")
        if not 0 <= self.search_every < math.inf:
            raise ConfigError(f"search-every: {self.search_every} is not a time in seconds")
        for name in _ABOVE_0:
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ConfigError(f"{name.replace('_', '-')}: {value} is not above 0")
        if not 0 <= self.freeze_after < math.inf:
            raise ConfigError(f"freeze-after: {self.freeze_after} is not a time in seconds")
        if self.rotate not in DEGREES:
            raise ConfigError(f"rotate: {self.rotate} is none of 0, 90, 180, 270")
        if self.off_gpio is not None and not LOWEST_PIN <= self.off_gpio <= HIGHEST_PIN:
            raise ConfigError(
                f"off-gpio: {self.off_gpio} is no GPIO of the header ({LOWEST_PIN} to {HIGHEST_PIN})"
            )
        if (self.jsonl_mb or 0) > (self.jsonl_total_mb or math.inf):
            raise ConfigError(
                f"jsonl-total-mb: {self.jsonl_total_mb} is less than one file, jsonl-mb"
            )
        if not 0 <= self.unsure_below <= 1:
            raise ConfigError(f"unsure-below: {self.unsure_below} is not between 0 and 1")
        for name in ("threads", "cv_threads"):
            if (threads := getattr(self, name)) is not None:
                check_threads(threads, name.replace("_", "-"))
        _ = self.frame_size

    @property
    def what(self) -> str:
        """The source to open; camera 0 where none is named."""
        return self.source or self.camera or "0"

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height to ask a camera for."""
        if self.size is None:
            return None
        match = re.fullmatch(r"(\d+)[xX](\d+)", self.size)
        if not match or not all(MIN_SIDE <= int(n) <= MAX_SIDE for n in match.groups()):
            raise ConfigError(
                f"size: '{self.size}' is not a size such as 1280x720 "
                f"({MIN_SIDE} to {MAX_SIDE} pixels each)"
            )
        return int(match[1]), int(match[2])

    @property
    def rotation(self) -> Rotation:
        """When the file of records is set aside."""

        def times(value: float | None, unit: float) -> float | None:
            return None if value is None else value * unit

        return Rotation(
            file_bytes=times(self.jsonl_mb, 1e6),
            file_s=times(self.jsonl_hours, 3600),
            total_bytes=times(self.jsonl_total_mb, 1e6),
        )

    def to_toml(self) -> str:
        """Return the settings in force as TOML; one that is not set stands as a comment."""
        return "".join(
            f"# {f.name} =\n" if value is None else f"{f.name} = {_toml(value)}\n"
            for f in dataclasses.fields(self)
            for value in [getattr(self, f.name)]
        )


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if _plain(c) else f"\\U{ord(c):08X}" for c in value) + '"'
    return repr(value)


def _plain(character: str) -> bool:
    return character.isprintable() and character not in '"\\'


def check_types(values: Mapping[str, Any]) -> None:
    """Check what a TOML file says against the settings. Raises: ConfigError naming the setting."""
    hints = get_type_hints(RunConfig)
    for name, value in values.items():
        if name not in hints:
            known = ", ".join(sorted(hints))
            raise ConfigError(f"unknown setting '{name}'; there are {known}")
        wanted = hints[name]
        if not _is_a(value, wanted):
            kind = "list of texts" if name == "outputs" else _KINDS[_base(wanted)]
            raise ConfigError(f"{name.replace('_', '-')}: {value!r} is not a {kind}")


_KINDS = {str: "text", bool: "truth value (true or false)", int: "whole number", float: "number"}


def _base(wanted: Any) -> type:
    """Return the type of a setting that may also be None."""
    return next((t for t in get_args(wanted) if t is not type(None)), wanted)


def _is_a(value: object, wanted: Any) -> bool:
    if get_origin(wanted) is tuple:
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    kind = _base(wanted)
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind
