"""A table of settings: each field of a frozen dataclass holds its name, type, default, check and help.

Command-line options, environment variables, TOML files, `--print-config` and the reference page
are made from such a table, so that a setting is written down once.
"""

import dataclasses
import math
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from ..support.errors import ConfigError

Check = Callable[[Any], str | None]  # a value that is set -> what is wrong with it, or None
_KINDS = {str: "text", bool: "truth value (true or false)", int: "whole number", float: "number"}


@dataclasses.dataclass(frozen=True)
class Setting:
    """One row of the table.

    Attributes:
        name: as in Python and TOML: `min_face`.
        kind: `str`, `bool`, `int` or `float`; of a list, the type of its items.
        many: the value is a list.
        default: None where the value is not set.
        group: the heading under which help shows it.
        help: one sentence.
        metavar: what help shows in place of the value; empty shows its type.
        shown: the default in words, where it is chosen when the program runs.
        option: the command line's name for it, without the dashes.
        bare: the value where the option stands without one; empty demands one.
        repeats: the option may be given several times, and a file may hold a list: each a run of its own.
        check: what is wrong with a value that is set.
    """

    name: str
    kind: type
    many: bool
    default: Any
    group: str
    help: str
    metavar: str
    shown: str
    option: str
    bare: str
    repeats: bool
    check: Check | None

    def comment(self) -> str:
        """Return the help, and the default where it is in words."""
        return self.help + (f"  [default: {self.shown}]" if self.shown else "")


def setting(
    default: Any,
    group: str,
    help: str,
    *,
    metavar: str = "",
    shown: str = "",
    option: str = "",
    bare: str = "",
    repeats: bool = False,
    check: Check | None = None,
) -> Any:
    """Return a dataclass field that is a row of the table; `Setting` explains the arguments."""
    row = {"group": group, "help": help, "metavar": metavar, "shown": shown}
    more = {"option": option, "bare": bare, "repeats": repeats, "check": check}
    return dataclasses.field(default=default, metadata={**row, **more})


def settings_of(table: type) -> dict[str, Setting]:
    """Return the rows of a table by name, in its order."""
    return _rows(table)


@cache
def _rows(table: type) -> dict[str, Setting]:
    hints = get_type_hints(table)
    return {
        field.name: _row(field, hints[field.name])
        for field in dataclasses.fields(table)
        if "group" in field.metadata
    }


def check_values(config: Any) -> None:
    """Check each value of a table's instance. Raises: ConfigError naming the setting."""
    for name, row in settings_of(type(config)).items():
        value = getattr(config, name)
        if value == "":
            raise ConfigError(f"{row.option}: is empty; give a value, or leave the setting out")
        if value is not None and row.check and (wrong := row.check(value)):
            raise ConfigError(f"{row.option}: {wrong}")


def check_types(values: Mapping[str, Any], table: type) -> None:
    """Check the names and types in a TOML file. Raises: ConfigError naming the setting."""
    rows = settings_of(table)
    for name, value in values.items():
        if name not in rows:
            raise ConfigError(f"unknown setting '{name}'; there are {', '.join(sorted(rows))}")
        row = rows[name]
        if not _is_a(value, row):
            kind = "list of texts" if row.many else _KINDS[row.kind]
            # Not with the value: what stands under the wrong name may be a password.
            given = _KINDS.get(type(value), type(value).__name__)
            raise ConfigError(f"{row.option}: is a {given}, not a {kind}")


def to_toml(config: Any) -> str:
    """Return a table's instance as TOML, explained by comments; what is not set stands as one."""
    lines: list[str] = []
    group = ""
    for name, row in settings_of(type(config)).items():
        if row.group != group:
            group = row.group
            lines += ([""] if lines else []) + [f"# ---- {group} ----"]
        lines += [
            "",
            *textwrap.wrap(row.comment(), 98, initial_indent="# ", subsequent_indent="# "),
        ]
        lines.append(toml_line(name, getattr(config, name)))
    return "\n".join(lines) + "\n"


def toml_line(name: str, value: Any) -> str:
    """Return the line that sets a value, or a comment where it is None."""
    return f"# {name} =" if value is None else f"{name} = {_toml(value)}"


def above_0(value: float) -> str | None:
    return None if 0 < value < math.inf else f"{value} is not above 0"


def not_negative(value: float) -> str | None:
    return None if 0 <= value < math.inf else f"{value} is not a time in seconds"


def share(value: float) -> str | None:
    return None if 0 <= value <= 1 else f"{value} is not between 0 and 1"


def share_above_0(value: float) -> str | None:
    return None if 0 < value <= 1 else f"{value} is not between 0 and 1, such as 0.1"


def between(low: int, high: int) -> Check:
    return lambda value: None if low <= value <= high else f"{value} is not in {low} to {high}"


def one_of(*allowed: Any) -> Check:
    listed = ", ".join(map(str, allowed))
    return lambda value: None if value in allowed else f"{value} is not one of {listed}"


def _row(field: dataclasses.Field[Any], hint: Any) -> Setting:
    many = get_origin(hint) is tuple
    kind = str if many else next((t for t in get_args(hint) if t is not type(None)), hint)
    row = dict(field.metadata)
    option = row.pop("option") or field.name.replace("_", "-")
    return Setting(
        name=field.name, kind=kind, many=many, default=field.default, option=option, **row
    )


def _is_a(value: object, row: Setting) -> bool:
    if row.many or (row.repeats and isinstance(value, list)):
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if row.kind is float:
        return type(value) in (int, float)
    return type(value) is row.kind


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
