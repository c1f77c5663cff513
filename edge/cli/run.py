"""`edge-emo run`: faces and emotions, live."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from ..live.cameras import TABLES, cameras_to_toml, check_tables, each_camera
from ..live.schema import check_types
from ..live.settings import RunConfig
from ..live.signals import events_of_signals
from ..support.atomic import toml_of_user
from ..support.errors import ConfigError, EdgeEmoError
from . import echo_error, verbose_option
from .options import GroupedCommand, setting_options

log = logging.getLogger(__name__)

CONFIG_FILES = (
    Path("/etc/edge-emo/config.toml"),
    Path(click.get_app_dir("edge-emo"), "config.toml"),
)


def _read_config(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Make the TOML files the defaults, so that environment and command line go before them."""
    values: dict[str, Any] = {}
    tables: dict[str, Any] = {}  # of cameras
    for file in [p for p in CONFIG_FILES if p.is_file()] + ([path] if path else []):
        found = toml_of_user(file, "a TOML file of settings")
        if (
            not found and file.is_file() and not file.read_bytes().strip()
        ):  # it may be in the making
            raise ConfigError(f"{file}: is empty; write settings into it, or a comment for none")
        own = found.pop(TABLES, {})
        try:
            check_types(found, RunConfig)
            check_tables(own)
            if own and _SOURCES & found.keys():
                raise ConfigError(
                    f"camera: cannot stand beside tables of {TABLES}; give it a table"
                )
        except ConfigError as error:
            raise ConfigError(f"{file}: {error}") from None
        if own or _SOURCES & found.keys():  # this file says what is watched, and no earlier one
            values = {name: value for name, value in values.items() if name not in _SOURCES}
            tables = own
        values |= found
    if isinstance(camera := values.get("camera"), str):
        values["camera"] = [camera]
    context.meta[_TABLES] = tables
    # click wants the text that a user would have typed.
    context.default_map = {
        name: value if isinstance(value, (list, bool)) else str(value)
        for name, value in values.items()
    }


class _Remembering(GroupedCommand):
    """A command that keeps the words it was called with, to read its settings again."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        context.meta[_ARGUMENTS] = list(args)
        return super().parse_args(context, args)


_ARGUMENTS = "edge.cli.run.arguments"
_TABLES = "edge.cli.run.tables"
_SOURCES = {"camera", "source"}


@click.command(
    "run",
    cls=_Remembering,
    short_help="Detect faces and report their emotions, live.",
    context_settings={"auto_envvar_prefix": "EDGE_EMO", "show_default": True},
)
@setting_options(RunConfig)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read_config,
    help="TOML file with these settings. EDGE_EMO_* variables override it, and the command line overrides both.",
)
@click.option("--print-config", is_flag=True, help="Print the settings in force as TOML, and exit.")
@verbose_option
@click.pass_context
def command(context: click.Context, print_config: bool, **settings: Any) -> None:
    """Detect faces and report their emotions, live: from a camera, a video or images.

    Without options: camera 0, in a window where there is a display, else as text. In the window
    q or Esc ends the run.

    \b
    Examples:
      edge-emo run --camera 0
      edge-emo run --source film.mp4 --jsonl faces.jsonl --record annotated.mp4
      edge-emo run --camera 0 --camera 1 --jsonl "{camera}.jsonl"
    """
    cameras = _settings(context, settings)
    if print_config:
        click.echo(cameras_to_toml(cameras), nl=False)
        return
    arguments = context.meta[_ARGUMENTS]

    def reread() -> dict[str, RunConfig]:
        try:
            fresh = context.command.make_context("run", list(arguments), parent=context.parent)
        except click.ClickException as error:
            raise ConfigError(error.format_message()) from error
        return _settings(fresh, {k: v for k, v in fresh.params.items() if k != "print_config"})

    # OpenBLAS, which nothing here uses, would start a thread on each core and let it spin for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if len(cameras) > 1:
        _run_several(context, cameras, reread)
    else:
        _run(next(iter(cameras.values())), reread)


def _settings(context: click.Context, said: dict[str, Any]) -> dict[str, RunConfig]:
    """Return the settings of each camera by its name."""
    _nearer_of(context, said, "camera", "source")
    places = {name: context.get_parameter_source(name) for name in said}
    nearer = {name for name, place in places.items() if place and place.name in _NEARER}
    tables = {} if _SOURCES & nearer else context.meta.get(_TABLES, {})
    own = {name: {k: v for k, v in t.items() if k not in nearer} for name, t in tables.items()}
    return each_camera(said, said.pop("camera") or (), own)


_NEARER = ("COMMANDLINE", "ENVIRONMENT")  # places that go before a file, the nearest first


def _nearer_of(context: click.Context, settings: dict[str, Any], one: str, other: str) -> None:
    """Of two settings that exclude each other drop the one that was said less directly.

    A camera in the file must not forbid a source on the command line. Said in the same place,
    both stay, and are refused.
    """
    order = (*_NEARER, "DEFAULT_MAP", "DEFAULT")
    said = {name: context.get_parameter_source(name) for name in (one, other)}
    places = {name: order.index(place.name) for name, place in said.items() if place}
    if len(set(places.values())) == 2:
        settings[max(places, key=places.__getitem__)] = None


def _run(config: RunConfig, reread: Callable[[], dict[str, RunConfig]]) -> None:
    """Run, and restart with the settings read again whenever SIGHUP asks for that."""
    # Imported here: `--help` and `--print-config` need no OpenCV.
    from ..live.session import hold_session
    from ..outputs.systemd import Notifier

    def reread_one() -> RunConfig:
        cameras = list(reread().values())
        if len(cameras) > 1:
            raise ConfigError(f"cameras: are {len(cameras)} now; restart the program for that")
        return cameras[0]

    stop, again = threading.Event(), threading.Event()
    with _events_of_signals(stop, again):
        outcome = hold_session(config, stop, Notifier(), again, reread_one)
    _report(outcome)
    if outcome.hung:
        _exit_now(0)


def _run_several(
    context: click.Context,
    cameras: dict[str, RunConfig],
    reread: Callable[[], dict[str, RunConfig]],
) -> None:
    """Run several cameras; the status is 1 if one of them failed."""
    from ..live.several import hold_sessions, named_in_log
    from ..outputs.systemd import Notifier

    failed = []

    def ended(name: str, end: Any) -> None:
        if isinstance(end, EdgeEmoError):
            failed.append(name)
            echo_error(f"{name}: {end}")
        else:
            _report(end, f"{name}: ")

    stop, again = threading.Event(), threading.Event()
    try:
        with _events_of_signals(stop, again), named_in_log():
            hung = hold_sessions(cameras, stop, Notifier(), again, reread, ended)
    except KeyboardInterrupt:  # the second time: the threads are not waited for
        _exit_now(0)
    if hung:
        _exit_now(1 if failed else 0)
    if failed:
        context.exit(1)


def _exit_now(status: int) -> None:
    """Exit, though the interpreter would wait for libraries that wait for a camera."""
    for stream in (sys.stdout, sys.stderr):
        if stream:
            stream.flush()
    os._exit(status)


def _events_of_signals(
    stop: threading.Event, again: threading.Event
) -> AbstractContextManager[None]:
    """Let signals end the run after the current frame, or have the settings read again."""
    closing = sys.stdin and sys.stdin.isatty()  # a terminal that closes sends SIGHUP, too
    return events_of_signals(stop, None if closing else again)


def _report(outcome: Any, camera: str = "") -> None:
    if not outcome.summary.frames:
        click.echo(f"edge-emo: {camera}ended before the first frame", err=True)
        return
    summary = outcome.summary
    rate = summary.frames / summary.seconds
    late = f", {summary.late} camera frames dropped" if summary.late else ""
    missed = f", {summary.missed_s:.0f} s without a camera" if summary.missed_s else ""
    outputs = f", {outcome.dropped} frames dropped by outputs" if outcome.dropped else ""
    click.echo(
        f"edge-emo: {camera}{summary.frames} frames in {summary.seconds:.1f} s ({rate:.0f} FPS), "
        f"{summary.faces} faces{late}{missed}{outputs}",
        err=True,
    )
