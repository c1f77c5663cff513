"""Command-line options from a table of settings, shown in groups by `--help`."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..live.schema import Setting, settings_of

OTHER = "Other"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that stands under a heading of its command's help."""

    def __init__(self, *arguments: Any, group: str = OTHER, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows the options under their headings."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(context):
            if record := parameter.get_help_record(context):
                groups.setdefault(getattr(parameter, "group", OTHER), []).append(record)
        for group in sorted(groups, key=OTHER.__eq__):  # the other ones come last
            with formatter.section(group):
                formatter.write_dl(groups[group])


def setting_options(table: type, names: Iterable[str] = ()) -> Callable[[_Command], _Command]:
    """Return a decorator that gives a command an option for each setting of a table.

    Args:
        names: only these settings; all if empty.
    """
    rows = settings_of(table)
    chosen = [rows[name] for name in names or rows]

    def decorate(command: _Command) -> _Command:
        for row in reversed(chosen):
            command = _option(row)(command)
        return command

    return decorate


def _files(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    return [CompletionItem(begun, type="file")]


def _option(row: Setting) -> Callable[[_Command], _Command]:
    said: dict[str, Any] = {"cls": GroupedOption, "group": row.group, "help": row.comment()}
    if "FILE" in row.metavar:
        said["shell_complete"] = _files
    flag = f"--{row.option}"
    if row.kind is bool and row.default is False:
        return click.option(flag, row.name, is_flag=True, **said)
    if row.kind is bool:
        return click.option(f"{flag}/--no-{row.option}", row.name, default=row.default, **said)
    if row.many or row.repeats:
        return click.option(flag, row.name, multiple=True, metavar=row.metavar or None, **said)
    if row.bare:
        said |= {"is_flag": False, "flag_value": row.bare}
    return click.option(
        flag, row.name, type=row.kind, default=row.default, metavar=row.metavar or None, **said
    )
