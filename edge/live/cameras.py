"""The cameras of a run: a set of settings for each, from those that all share and those of its own."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from ..support.errors import ConfigError
from .apart import PLACE, check_apart
from .schema import check_types, settings_of, to_toml, toml_line
from .settings import RunConfig

TABLES = "cameras"  # the table of a TOML file that holds one for each camera
MOST = 16
_PLACED = ("jsonl", "record", "outputs", "page_token", "metrics_file", "label", "off_file")
_OF_PROCESS = ("cv_threads", "window")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


def each_camera(
    common: Mapping[str, Any], cameras: Sequence[str], tables: Mapping[str, Mapping[str, Any]]
) -> dict[str, RunConfig]:
    """Return the settings of each camera by its name, with the name put in wherever it is asked for.

    Args:
        common: values of all settings but `camera`.
        cameras: the cameras, where none has settings of its own; none of them takes the default.
        tables: by name, the settings of cameras that do; they go before the common ones.

    Raises:
        ConfigError: naming the setting that does not fit, or that two cameras cannot share.
    """
    if tables:
        found = {name: _of_table(name, common, table) for name, table in tables.items()}
    else:
        found = {
            name: RunConfig(**{**common, "camera": camera})
            for name, camera in _named(cameras or [None], common).items()
        }
        if len(found) > 1:
            found = {name: _labelled(config, common, name) for name, config in found.items()}
    if len(found) > MOST:
        raise ConfigError(f"camera: {len(found)} are too many for one process; the most is {MOST}")
    if len(found) > 1:
        found = {name: _one_of_several(config) for name, config in found.items()}
    found = {name: _placed(config, name) for name, config in found.items()}
    check_apart(found)
    return found


def check_tables(tables: object) -> None:
    """Check names and types in the tables of cameras of a file. Raises: ConfigError."""
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise ConfigError(f"{TABLES}: is not a table for each camera, such as [{TABLES}.door]")
    for name, table in tables.items():
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{TABLES}: {name[:40]!r} cannot be a camera's name; use up to 40 letters, digits, ., _ and -"
            )
        try:
            check_types(table, RunConfig)
            if not ("camera" in table or "source" in table):
                raise ConfigError("names no camera; set camera, or source for a file")
            if isinstance(table.get("camera"), list):
                raise ConfigError("camera: is a list; give each camera its own table")
            if shared := [setting for setting in _OF_PROCESS if setting in table]:
                raise ConfigError(f"{shared[0]}: is of the whole process; set it above the tables")
        except ConfigError as error:
            raise ConfigError(f"{TABLES}.{name}: {error}") from None


def cameras_to_toml(cameras: Mapping[str, RunConfig]) -> str:
    """Return the settings of all cameras as TOML; those that differ stand in tables."""
    configs = list(cameras.values())
    if len(configs) == 1:
        return configs[0].to_toml()
    rows = settings_of(RunConfig)
    own = ["camera", "source"] + [
        n for n in rows if any(getattr(c, n) != getattr(configs[0], n) for c in configs)
    ]
    shared = replace(configs[0], **{name: rows[name].default for name in own})
    lines = [to_toml(shared).rstrip("\n")]
    for name, config in cameras.items():
        said = [n for n in rows if n in own and getattr(config, n) != rows[n].default]
        lines += ["", f"[{TABLES}.{_key(name)}]", *(toml_line(n, getattr(config, n)) for n in said)]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _of_table(name: str, common: Mapping[str, Any], table: Mapping[str, Any]) -> RunConfig:
    rows = settings_of(RunConfig)

    def typed(setting: str, value: Any) -> Any:
        if rows[setting].many:
            return tuple(value)
        return rows[setting].kind(value)

    try:
        said = {setting: typed(setting, value) for setting, value in table.items()}
        config = RunConfig(**{**common, "camera": None, "source": None, **said})
    except ConfigError as error:
        raise ConfigError(f"{TABLES}.{name}: {error}") from None
    return config if "label" in table else _labelled(config, common, name)


def _labelled(config: RunConfig, common: Mapping[str, Any], name: str) -> RunConfig:
    """Return settings whose label is this camera's only."""
    label = common.get("label") or ""
    return config if PLACE in label else replace(config, label=name)


def _named(cameras: Sequence[str | None], common: Mapping[str, Any]) -> dict[str, str | None]:
    """Give each camera the name that its files have: what it is asked for by, as far as it can be one."""
    named: dict[str, str | None] = {}
    counts: Counter[str] = Counter()
    for camera in cameras:
        name = _own_name(camera or common.get("source") or "0")
        counts[name] += 1
        named[name if counts[name] == 1 else f"{name}-{counts[name]}"] = camera
    return named


def _own_name(what: str) -> str:
    if "://" in what:  # its path may hold a secret
        return "network-camera"
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", PurePath(what).name)[:40].strip("-.")
    return name or "camera"


def _one_of_several(config: RunConfig) -> RunConfig:
    if config.window or any(output.partition("=")[0] == "window" for output in config.outputs):
        raise ConfigError(
            "window: shows one camera, and there are several; give each a page, in its table"
        )
    return replace(
        config,
        window=False,
        threads=config.threads or 1,  # the cameras share the cores, not each one's faces
    )


def _placed(config: RunConfig, name: str) -> RunConfig:
    def put(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(put, value))
        return value.replace(PLACE, name) if isinstance(value, str) else value

    return replace(config, **{setting: put(getattr(config, setting)) for setting in _PLACED})
