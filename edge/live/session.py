"""One run from its settings to its summary: opens what they name, runs it, closes it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from ..emotions.classifier import TFLiteClassifier, takes_color
from ..faces import DetectorOptions, make_detector
from ..inference.model_file import ModelFile, find_model, read_model
from ..inference.threads import vision_threads
from ..outputs import Output, OutputOptions, output_class
from ..outputs.base import Outputs
from ..outputs.image import SUFFIXES
from ..outputs.monitoring.about import About
from ..outputs.monitoring.health_file import health_path
from ..outputs.monitoring.public import camera_label
from ..outputs.privacy import Privacy
from ..outputs.systemd import Notifier, Systemd
from ..outputs.window import why_no_window
from ..sources import Source, SourceOptions, is_camera, open_source, shown_name, source_class
from ..sources.reconnecting import Patience, Reconnecting
from .loop import Summary, run
from .off_switch import off_switch
from .pipeline import Pipeline
from .settings import RunConfig

# As a service a camera that is away is waited for: a new process every few seconds would keep a small
# board busy. Not for ever, as systemd counts the whole system as starting until then.
FIRST_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """How a session ended.

    Attributes:
        dropped: frames that outputs left out.
        hung: a call into the camera's driver has not returned; nothing may wait for it.
    """

    summary: Summary
    dropped: int
    hung: bool


def hold_session(config: RunConfig, stop: threading.Event, notifier: Notifier) -> Outcome:
    """Run as `config` says until the source ends or `stop` is set.

    Args:
        notifier: the service manager, which is told what the run does.

    Raises:
        EdgeEmoError: whatever cannot be opened, read or written.
    """
    with ExitStack() as closing:
        model = read_model(find_model(config.model))
        classifier = TFLiteClassifier(model, config.runtime)
        cv2.setNumThreads(config.cv_threads or vision_threads())
        wanted_faces = DetectorOptions(config.min_face, runtime=config.runtime)
        detector = make_detector(config.detector, wanted_faces)
        named = [*_outputs(config), *_health()]
        wanted = [(output_class(name), target) for name, target in named]
        options = SourceOptions(
            size=config.frame_size,
            fps=config.fps,
            color=takes_color(classifier) or any(cls.color for cls, _ in wanted),
            rotate=config.rotate,
            mirror=config.mirror,
            exposure_ms=config.max_exposure,
            timeout_s=config.camera_timeout,
        )
        source = closing.enter_context(_source(config, options, stop, notifier.listens))
        joined: list[Outputs] = []  # empty until all are made

        def dropped() -> dict[str, int]:
            return joined[0].dropped_by([name for name, _ in named]) if joined else {}

        about = _about(config, source, model, dropped)
        made: list[Output] = []
        with ExitStack() as unfinished:  # an output that cannot be made leaves nothing of others
            for cls, target in wanted:
                made.append(cls(_output_options(config, source, target, about)))
                unfinished.callback(made[-1].close)
            unfinished.pop_all()
        shown = next((output for output in made if output.foreground), None)
        outputs = Outputs(
            [*made, Systemd(notifier)],
            Privacy(config.box, config.blur, source.live, source.continuous),
            live=source.live,
            show_rate=source.live or shown is not None,
        )
        joined.append(outputs)
        closing.callback(outputs.close)
        pipeline = Pipeline(
            detector, classifier, source.continuous, config.search_every, config.unsure_below
        )

        def analyse() -> Summary:
            realtime = config.realtime or shown is not None
            return run(source, pipeline, outputs, stop, realtime, config.duration, config.fps)

        summary = _beside(shown, analyse, stop) if shown else analyse()
    hung = isinstance(source, Reconnecting) and source.hung
    return Outcome(summary, outputs.dropped, hung)


def _about(
    config: RunConfig, source: Source, model: ModelFile, dropped: Callable[[], dict[str, int]]
) -> About:
    return About(
        camera=config.label or camera_label(source.name),
        model=model.name,
        model_version=str(model.about.get("version", "")),
        records=None if config.jsonl in (None, "-") else Path(str(config.jsonl)),
        dropped=dropped,
    )


def _output_options(config: RunConfig, source: Source, target: str, about: About) -> OutputOptions:
    return OutputOptions(
        target=target,
        live=source.live,
        fps=source.fps,
        rotation=config.rotation,
        about=about,
        video=config.page_video,
        token=config.page_token,
    )


def _source(
    config: RunConfig, options: SourceOptions, stop: threading.Event, is_service: bool
) -> Source:
    """Return the source; a camera is not opened yet."""
    open_it = partial(open_source, config.what, options)
    if not is_camera(config.what):
        return open_it()
    first_s = FIRST_S if is_service and config.reconnect else 0.0
    return Reconnecting(
        open_it,
        stop,
        Patience(config.camera_timeout, config.freeze_after, config.reconnect, first_s),
        off_switch(config.off_file, config.off_gpio),
        shown_name(config.what),
        source_class(config.what).continuous,
    )


def _outputs(config: RunConfig) -> list[tuple[str, str]]:
    """Return name and target of each output; where none is asked for, a window or text."""
    wanted = []
    if config.jsonl:
        wanted.append(("jsonl", config.jsonl))
    if config.record:
        still = Path(config.record).suffix.lower() in SUFFIXES
        wanted.append(("picture" if still else "record", config.record))
    if config.page is not None:
        wanted.append(("page", config.page))
    if config.metrics_file:
        wanted.append(("metrics", config.metrics_file))
    wanted += [(name, target) for name, _, target in (o.partition("=") for o in config.outputs)]
    if config.window is None and not wanted:
        return [("text", "") if why_no_window() else ("window", "")]
    if config.window:
        wanted.append(("window", ""))
    return wanted or [("text", "")]


def _health() -> list[tuple[str, str]]:
    """Return the output that reports the health of a service; none where this is no service."""
    path = health_path()
    return [("health", str(path))] if path else []


def _beside(window: Output, analyse: Callable[[], Summary], stop: threading.Event) -> Summary:
    """Analyse in a thread while this one, the main one, shows the window, as macOS demands."""
    with ThreadPoolExecutor(1, "analysis") as pool:
        summary = pool.submit(analyse)
        summary.add_done_callback(lambda _: window.close())
        try:
            window.show(stop)
        finally:
            stop.set()
    return summary.result()
