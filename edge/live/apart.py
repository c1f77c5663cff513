"""What two outputs would both write to or listen at, and what would overwrite the file that is read."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ..support.atomic import is_same_file
from ..support.errors import ConfigError
from .settings import RunConfig

PLACE = "{camera}"  # stands for a camera's name in some settings
_FILES = ("jsonl", "record", "picture", "metrics")  # outputs that write what they are named
_REPLACING = ("record", "picture")  # those that begin their file from nothing


def check_apart(cameras: Mapping[str, RunConfig]) -> None:
    """Refuse outputs that would get in each other's way, or in a source's. Raises: ConfigError."""
    taken: dict[str, str] = {}
    for name, config in cameras.items():
        for setting, target, place in _targets(config):
            if place not in taken:
                taken[place] = name
                continue
            raise ConfigError(_shared(setting, target, taken[place], name))
    if len(cameras) > 1:
        for name, config in cameras.items():
            _check_no_pipe(name, config)
    for reader in cameras.values():
        for path in _read_by(reader):
            for writer in cameras.values():
                _check_beside(path, writer)


def _shared(setting: str, target: str, other: str, name: str) -> str:
    if other == name:
        return f"{setting}: two outputs would share {target}; give each its own"
    advice = (
        f"put {PLACE} into it, such as {PLACE}{Path(target).suffix}"
        if setting != "page"
        else "set one for each in its table"
    )
    return f"{setting}: the cameras {other} and {name} would share {target}; {advice}"


def _check_no_pipe(name: str, config: RunConfig) -> None:
    """Refuse a pipe beside other cameras: opening one waits for whoever writes to it."""
    if _is_pipe(config.source or config.camera or ""):
        raise ConfigError(
            f"camera: {name} is a pipe, and opening it could hold up the others; run it by itself"
        )


def _is_pipe(source: str) -> bool:
    try:
        return source == "-" or stat.S_ISFIFO(os.stat(source).st_mode)
    except (OSError, ValueError):
        return False


def _check_beside(read: str, writer: RunConfig) -> None:
    """Refuse outputs that would write over what is read."""
    for setting, target, _ in _targets(writer):
        if setting == "page":
            continue
        taken = is_same_file(read, target)
        if setting in _REPLACING and os.path.isfile(target):
            taken |= is_same_file(read, Path(target).parent)  # one of a folder of images
        if taken:
            raise ConfigError(
                f"{setting}: {target} is read by this run, and would be overwritten; "
                "choose another file"
            )


def _read_by(config: RunConfig) -> list[str]:
    what = config.source or config.camera or ""
    if "://" in what:
        from ..sources.urls import local_path  # needs numpy, which most settings do without

        what = local_path(what) or ""
    return [path for path in (what, config.model, config.expect, config.page_token) if path]


def _targets(config: RunConfig) -> Iterator[tuple[str, str, str]]:
    """Yield setting, target and place of each output that one camera must have for itself."""
    named = [
        *(("jsonl", config.jsonl), ("record", config.record), ("page", config.page)),
        *(("metrics-file", config.metrics_file),),
    ]
    for setting, target in named:
        if target is not None:
            yield from _target(setting, target)
    for output in config.outputs:
        kind, _, target = output.partition("=")
        if kind in (*_FILES, "page"):
            yield from _target(kind, target)


def _target(setting: str, target: str) -> Iterator[tuple[str, str, str]]:
    if setting == "page":
        from ..outputs.page.address import parse_address  # needs numpy, too

        place = f"page {target}"
        with suppress(ConfigError):  # the page itself says what is wrong with it
            address = parse_address(target)
            if address.port == 0:  # the system chooses
                return
            place = f"page {address}"
        yield setting, target or "one address", place
    elif target not in ("", "-"):
        yield setting, target, os.path.realpath(target)
