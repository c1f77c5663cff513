"""The command `edge-emo`: finds the subcommand asked for, and says every error in one line."""

import logging
import os
import signal
import sys
import traceback

import click

from .. import __version__
from ..support import registry
from ..support.errors import EdgeEmoError, MissingExtraError
from ..support.journal import JournalFormatter, prefix, printable
from ..support.quiet import keep_own_stderr
from .strict import make_strict

# A package that a command may miss -> the extra that installs it.
_EXTRAS = {
    "tensorflow": "train",
    "keras": "train",
    "matplotlib": "bench",
    "paho": "mqtt",
    "aiohttp": "page",
    "prometheus_client": "page",
}


class _Registered(click.Group):
    """A group whose subcommands are the entry points of `edge_emo.commands`.

    Each is imported when it is asked for, so that `run` starts without the packages that `train`
    needs.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        if found := registry.names(registry.COMMANDS):
            return found
        raise EdgeEmoError(
            "no command is registered: edge-emo is not installed, or an older installation is in "
            "place; run 'pip install edge-emo', or in a checkout 'pip install -e .'"
        )

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: click.Command = registry.load(registry.COMMANDS, name)
        return make_strict(command)


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
    help="Show more detail; -vv also shows the traceback of an error.",
)


@click.group(cls=_Registered, context_settings={"help_option_names": ["-h", "--help"]})
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
    complete = f"_{name.replace('-', '_')}_COMPLETE".upper()
    if instruction := os.environ.get(complete):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(command, {}, name, complete, instruction))
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
        if any("\0" in argument for argument in arguments):
            raise click.UsageError("an argument holds a NUL character, which no name or value can")
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
    echo_error(message)
    return 1


def echo_error(message: str) -> None:
    """Print an error in one line."""
    line = "edge-emo: error: " + printable(" ".join(message.split()))
    click.echo(prefix(logging.ERROR) + line, err=True)


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
