"""The command `edge-emo`: finds the subcommand asked for, and says every error in one line."""

import importlib
import logging
import os
import signal
import sys
import traceback
from typing import Any

import click

from .. import __version__
from ..support.errors import EdgeEmoError, MissingExtraError
from ..support.journal import JournalFormatter, prefix
from ..support.quiet import keep_own_stderr

# Subcommand -> where it is. Only the one asked for is imported, so that `run` starts without the
# packages that `train` needs.
COMMANDS = {
    "run": "edge.cli.run",
    "train": "train.command",
    "convert": "convert.command",
    "evaluate": "edge.cli.evaluate",
    "bench": "benchmarks.command",
    "models": "edge.cli.models",
    "doctor": "edge.cli.doctor",
    "service": "edge.cli.service",
}
# A package that a command may miss -> the extra that installs it.
_EXTRAS = {"tensorflow": "train", "keras": "train", "matplotlib": "bench"}


class _Lazy(click.Group):
    """A group whose subcommands are imported when they are asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[name]).command


def _set_verbosity(context: click.Context, parameter: click.Parameter, value: int) -> int:
    root = context.find_root()
    root.meta["verbosity"] = max(value, root.meta.get("verbosity", 0))
    logging.getLogger().setLevel(logging.INFO if root.meta["verbosity"] else logging.WARNING)
    return value


verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    is_eager=True,
    callback=_set_verbosity,
    show_default=False,
    help="Say more; -vv shows the traceback of an error.",
)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edge-emo")
@verbose_option
def cli() -> None:
    """Facial expressions, recognised in real time on small devices.

    \b
    Examples:
      edge-emo run --camera 0                 faces and emotions from a webcam
      edge-emo run --source demo --jsonl -    the built-in clip, as JSON lines
    """


def main(
    arguments: list[str] | None = None, command: click.Command = cli, name: str = "edge-emo"
) -> None:
    """Run a command and exit: 0 done, 1 a failure said in one line, 2 wrong usage.

    Args:
        command: `edge-emo` itself, or a script's own.
        name: what its user types.
    """
    keep_own_stderr()
    handler = logging.StreamHandler()
    handler.setFormatter(JournalFormatter("edge-emo: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    before = signal.signal(signal.SIGTERM, _as_ctrl_c)
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments, command, name)
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.exit(status)


def _as_ctrl_c(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _run(arguments: list[str], command: click.Command, name: str) -> int:
    context = command.make_context(name, [], resilient_parsing=True)
    try:
        context = command.make_context(name, list(arguments))
        with context:
            command.invoke(context)
        if sys.stdout:
            sys.stdout.flush()
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 0
    except BrokenPipeError:
        # The reader of standard output has gone (`| head`): not our failure, and nothing to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _failed(error, context.meta.get("verbosity", 0))


def _failed(error: Exception, verbosity: int) -> int:
    if isinstance(error, ModuleNotFoundError) and error.name:
        error = _missing(error, error.name.partition(".")[0])
    elif isinstance(error, ImportError) and ".so" in str(error):
        error = _missing_library(error)
    if verbosity > 1:
        traceback.print_exception(error)
    if isinstance(error, EdgeEmoError):
        message = str(error)
    else:
        message = f"unexpected {type(error).__name__}: {error}; run with -vv and report it"
    click.echo(prefix(logging.ERROR) + "edge-emo: error: " + " ".join(message.split()), err=True)
    return 1


def _missing(error: ModuleNotFoundError, package: str) -> Exception:
    if package not in _EXTRAS:
        return error
    return MissingExtraError(
        f"this needs {package}, which is not installed; run "
        f"\"pip install 'edge-emo[{_EXTRAS[package]}]'\", or in a checkout \"pip install '.[{_EXTRAS[package]}]'\""
    )


def _missing_library(error: ImportError) -> Exception:
    """OpenCV's GUI build needs X libraries that a minimal Linux lacks; its headless one does not."""
    if not error.name or not error.name.startswith("cv2"):
        return error
    return MissingExtraError(
        f"OpenCV's desktop build cannot be imported here ({error}); run 'pip uninstall -y "
        "opencv-python' and then \"pip install 'opencv-python-headless>=4.8,<5'\""
    )


def load(target: str) -> Any:
    """Import `module:name` from `train`, `convert` or `benchmarks`, which the runtime never does."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
