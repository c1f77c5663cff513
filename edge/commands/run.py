"""`edge-emo run`: faces and emotions, live."""

import signal
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from ..cli import verbose_option
from ..config import RunConfig, check_types
from ..errors import ConfigError

CONFIG_FILES = (
    Path("/etc/edge-emo/config.toml"),
    Path(click.get_app_dir("edge-emo"), "config.toml"),
)


def _read_config(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Make the TOML files the defaults, so that environment and command line go before them."""
    values: dict[str, Any] = {}
    for file in [p for p in CONFIG_FILES if p.is_file()] + ([path] if path else []):
        try:
            found = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{file}: cannot be read: {error}") from None
        try:
            check_types(found)
        except ConfigError as error:
            raise ConfigError(f"{file}: {error}") from None
        values |= found
    # click wants the text that a user would have typed.
    context.default_map = {
        name: value if isinstance(value, (list, bool)) else str(value)
        for name, value in values.items()
    }


@click.command("run", context_settings={"auto_envvar_prefix": "EDGE_EMO", "show_default": True})
@click.option("--camera", metavar="N|NAME", help="0, 1, picamera, picamera:1, mock, rtsp://...")
@click.option("--source", metavar="FILE|FOLDER|IMAGE", help="A video, images, or 'demo'.")
@click.option(
    "--model", metavar="NAME|FILE", help="A shipped model or a .tflite.  [default: edge-s]"
)
@click.option("--jsonl", metavar="FILE|-", help="Append one JSON record a frame; - is stdout.")
@click.option(
    "--record", metavar="FILE.mp4|.jpg", help="Record annotated frames; a picture keeps the last."
)
@click.option(
    "--window/--no-window", default=None, help="Show a window.  [default: if nothing else]"
)
@click.option(
    "--output", "outputs", multiple=True, metavar="NAME[=TARGET]", help="Any other output."
)
@click.option(
    "--min-face",
    default=RunConfig.min_face,
    help="Smallest face, as a share of the frame's height.",
)
@click.option(
    "--search-every",
    default=RunConfig.search_every,
    metavar="SECONDS",
    help="Search whole frames so often; in between follow the faces. 0: every frame.",
)
@click.option("--detector", default=RunConfig.detector, help="The face detector.")
@click.option("--size", metavar="WxH", help="Frame size to ask a camera for, such as 1280x720.")
@click.option("--fps", type=float, help="Frame rate to ask a camera for.")
@click.option("--duration", type=float, metavar="SECONDS", help="End after so long.")
@click.option(
    "--realtime", is_flag=True, help="Play a file at its own speed; a window always does."
)
@click.option("--threads", default=RunConfig.threads, help="Threads of the TFLite interpreter.")
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read_config,
    help="TOML file with these settings; the command line goes before EDGE_EMO_* before the file.",
)
@click.option("--print-config", is_flag=True, help="Print the settings in force as TOML and end.")
@verbose_option
@click.pass_context
def command(context: click.Context, print_config: bool, **settings: Any) -> None:
    """Find faces and tell their emotions, live: from a camera, a video or images.

    Without options: camera 0, in a window where a display is, else as text. Keys in the window:
    q or Esc ends.

    \b
    Examples:
      edge-emo run --camera 0
      edge-emo run --source film.mp4 --jsonl faces.jsonl --record annotated.mp4
    """
    _nearer_of(context, settings, "camera", "source")
    config = RunConfig(**settings)
    if print_config:
        click.echo(config.to_toml(), nl=False)
        return
    _run(config)


def _nearer_of(context: click.Context, settings: dict[str, Any], one: str, other: str) -> None:
    """Of two settings that exclude each other drop the one that was said less directly.

    A camera in the file must not forbid a source on the command line. Said in the same place,
    both stay, and are refused.
    """
    order = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT")
    said = {name: context.get_parameter_source(name) for name in (one, other)}
    places = {name: order.index(place.name) for name, place in said.items() if place}
    if len(set(places.values())) == 2:
        settings[max(places, key=places.__getitem__)] = None


def _run(config: RunConfig) -> None:
    # Imported here: `--help` and `--print-config` need no OpenCV.
    from ..classifier import TFLiteClassifier
    from ..detectors import make_detector
    from ..modelfile import find_model, read_model
    from ..outputs import OutputOptions, output_class
    from ..pipeline import Pipeline
    from ..runner import run
    from ..sources import SourceOptions, open_source

    stop = threading.Event()
    with _signals(stop), ExitStack() as closing:
        classifier = TFLiteClassifier(
            read_model(find_model(config.model)), config.threads, config.interpreter
        )
        detector = make_detector(config.detector, config.min_face)
        wanted = [(output_class(name), target) for name, target in _outputs(config)]
        color = any(cls.color for cls, _ in wanted)
        source = closing.enter_context(
            open_source(config.what, SourceOptions(config.frame_size, config.fps, color))
        )
        outputs = []
        for cls, target in wanted:
            outputs.append(cls(OutputOptions(target, source.live, source.fps)))
            closing.callback(outputs[-1].close)
        pipeline = Pipeline(detector, classifier, source.continuous, config.search_every)
        window = next((o for o in outputs if hasattr(o, "show")), None)

        def analyse() -> Any:
            realtime = config.realtime or window is not None
            return run(source, pipeline, outputs, stop, realtime, config.duration)

        summary = _beside(window, analyse, stop) if window else analyse()
        dropped = sum(o.dropped for o in outputs)
    _report(summary, dropped)


def _outputs(config: RunConfig) -> list[tuple[str, str]]:
    """Return name and target of each output; where none is asked for, a window or text."""
    wanted = []
    if config.jsonl:
        wanted.append(("jsonl", config.jsonl))
    if config.record:
        from ..outputs.picture import SUFFIXES

        still = Path(config.record).suffix.lower() in SUFFIXES
        wanted.append(("picture" if still else "record", config.record))
    wanted += [(name, target) for name, _, target in (o.partition("=") for o in config.outputs)]
    if config.window is None and not wanted:
        from ..outputs.window import why_no_window

        return [("text", "") if why_no_window() else ("window", "")]
    if config.window:
        wanted.append(("window", ""))
    return wanted or [("text", "")]


def _beside(window: Any, analyse: Any, stop: threading.Event) -> Any:
    """Analyse in a thread while this one, the main one, shows the window, as macOS demands."""
    with ThreadPoolExecutor(1, "analysis") as pool:
        summary = pool.submit(analyse)
        summary.add_done_callback(lambda _: window.close())
        try:
            window.show(stop)
        finally:
            stop.set()
    return summary.result()


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Make Ctrl-C and SIGTERM end the run after the current frame; a second one ends at once."""

    def handle(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(summary: Any, dropped: int) -> None:
    if not summary.frames:
        click.echo("edge-emo: ended before the first frame", err=True)
        return
    rate = summary.frames / summary.seconds
    late = f", {summary.late} camera frames dropped" if summary.late else ""
    outputs = f", {dropped} frames dropped by outputs" if dropped else ""
    click.echo(
        f"edge-emo: {summary.frames} frames in {summary.seconds:.1f} s ({rate:.0f} FPS), "
        f"{summary.faces} faces{late}{outputs}",
        err=True,
    )
