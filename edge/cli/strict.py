"""Refuse numbers that Python reads and no person means: other scripts' digits, `1_000`, endless ones."""

from typing import Any

import click

LONGEST = 40  # characters of a number


class _Plain(click.ParamType):
    """A type of numbers that takes plain ASCII only."""

    def __init__(self, inner: click.ParamType) -> None:
        self.name = inner.name
        self.inner = inner

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str):
            if len(value) > LONGEST:
                self.fail(f"a number of {len(value)} characters is too long", param, ctx)
            if not value.isascii() or "_" in value:
                self.fail(f"{value!r} is not a number in the digits 0 to 9", param, ctx)
        return self.inner.convert(value, param, ctx)

    def get_metavar(self, *arguments: Any, **options: Any) -> str | None:
        return self.inner.get_metavar(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


_NUMBERS = (type(click.INT), type(click.FLOAT), click.IntRange, click.FloatRange)


def make_strict(command: click.Command) -> click.Command:
    """Return the command with all its numbers, and those of its subcommands, taken in plain digits."""
    for parameter in command.params:
        if isinstance(parameter.type, _NUMBERS):
            parameter.type = _Plain(parameter.type)
    for inner in getattr(command, "commands", {}).values():
        make_strict(inner)
    return command
