"""The settings of `edge-emo run`, checked at once."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Self

from .errors import ConfigError


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """What `edge-emo run` does; the command's `--help` says what each setting means."""

    camera: str | None = None
    source: str | None = None
    model: str | None = None
    jsonl: str | None = None
    record: str | None = None
    window: bool | None = None
    outputs: tuple[str, ...] = ()
    min_face: float = 0.1
    detector: str = "haar"
    size: str | None = None
    fps: float | None = None
    duration: float | None = None
    realtime: bool = False
    threads: int = 1
    interpreter: str | None = None

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the configuration. Raises: ConfigError naming the setting that does not fit."""
        return cls(**settings)

    def __post_init__(self) -> None:
        if self.camera is not None and self.source is not None:
            raise ConfigError("source: cannot be combined with --camera; give one of the two")
        if not 0 < self.min_face <= 1:
            raise ConfigError(f"min-face: {self.min_face} is not between 0 and 1, such as 0.1")
        for name in ("fps", "duration"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name}: {value} is not above 0")
        if self.threads < 1:
            raise ConfigError(f"threads: {self.threads} is below 1")
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
        if not match or min(int(n) for n in match.groups()) < 48:
            raise ConfigError(f"size: '{self.size}' is not a size such as 1280x720")
        return int(match[1]), int(match[2])

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
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
