"""One run from its settings to its summary: opens what they name, runs it, closes it."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from ..emotions.classifier import TFLiteClassifier, takes_color
from ..faces import DetectorOptions, make_detector
from ..inference.model_file import find_model, read_model
from ..inference.threads import vision_threads
from ..outputs import OutputOptions, output_class
from ..outputs.image import SUFFIXES
from ..outputs.retrying import Lenient
from ..outputs.window import why_no_window
from ..sources import Source, SourceOptions, is_camera, open_source
from ..sources.reconnecting import Lasting, Patience
from .heartbeat import Pulse
from .loop import Summary, run
from .off_switch import off_switch
from .pipeline import Pipeline
from .settings import RunConfig

log = logging.getLogger(__name__)

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


def hold_session(config: RunConfig, stop: threading.Event, pulse: Pulse) -> Outcome | None:
    """Run as `config` says until the source ends or `stop` is set.

    Returns:
        None if `stop` was set before there was anything to run.

    Raises:
        EdgeEmoError: whatever cannot be opened, read or written.
    """
    with ExitStack() as closing:
        model = read_model(find_model(config.model))
        classifier = TFLiteClassifier(model, config.runtime)
        cv2.setNumThreads(config.cv_threads or vision_threads())
        wanted_faces = DetectorOptions(config.min_face, runtime=config.runtime)
        detector = make_detector(config.detector, wanted_faces)
        wanted = [(output_class(name), target) for name, target in _outputs(config)]
        switched_off = off_switch(config.off_file, config.off_gpio)
        if not _wait_until_on(switched_off, stop, pulse):
            return None
        options = SourceOptions(
            size=config.frame_size,
            fps=config.fps,
            color=takes_color(classifier) or any(cls.color for cls, _ in wanted),
            rotate=config.rotate,
            mirror=config.mirror,
            exposure_ms=config.max_exposure,
            timeout_s=config.camera_timeout,
        )
        source = _opened(config, options, stop, switched_off, pulse)
        closing.enter_context(source)
        outputs: list[Any] = []
        for cls, target in wanted:
            output: Any = cls(_output_options(config, source, target))
            window = hasattr(output, "show")
            outputs.append(Lenient(output) if source.live and not window else output)
            closing.callback(outputs[-1].close)
        shown = next((o for o in outputs if hasattr(o, "show")), None)
        pipeline = Pipeline(
            detector, classifier, source.continuous, config.search_every, config.unsure_below
        )

        def analyse() -> Summary:
            realtime = config.realtime or shown is not None
            return run(
                source, pipeline, outputs, stop, realtime, config.duration, pulse, config.fps
            )

        summary = _beside(shown, analyse, stop) if shown else analyse()
    hung = isinstance(source, Lasting) and source.hung
    return Outcome(summary, sum(o.dropped for o in outputs), hung)


def _opened(
    config: RunConfig,
    options: SourceOptions,
    stop: threading.Event,
    switched_off: Callable[[], str | None],
    pulse: Pulse,
) -> Source | Lasting:
    if not is_camera(config.what):
        return open_source(config.what, options)
    first_s = FIRST_S if pulse.is_heard and config.reconnect else 0.0
    patience = Patience(config.camera_timeout, config.freeze_after, config.reconnect, first_s)

    def open_camera() -> Source:
        return open_source(config.what, options)

    return Lasting(open_camera, stop, patience, switched_off, pulse.waits)


def _output_options(config: RunConfig, source: Source | Lasting, target: str) -> OutputOptions:
    return OutputOptions(
        target=target,
        live=source.live,
        fps=source.fps,
        rotation=config.rotation,
        boxes=config.box,
        blur=config.blur,
    )


def _wait_until_on(
    switched_off: Callable[[], str | None], stop: threading.Event, pulse: Pulse
) -> bool:
    """Wait as long as the camera must stay closed; return whether to go on then."""
    if reason := switched_off():
        log.warning("the camera stays closed: %s", reason)
        pulse.is_ready(f"camera closed: {reason}")
    while reason := switched_off():
        if stop.wait(0.2):
            break
        pulse.waits(f"camera closed: {reason}")
    return not stop.is_set()


def _outputs(config: RunConfig) -> list[tuple[str, str]]:
    """Return name and target of each output; where none is asked for, a window or text."""
    wanted = []
    if config.jsonl:
        wanted.append(("jsonl", config.jsonl))
    if config.record:
        still = Path(config.record).suffix.lower() in SUFFIXES
        wanted.append(("picture" if still else "record", config.record))
    wanted += [(name, target) for name, _, target in (o.partition("=") for o in config.outputs)]
    if config.window is None and not wanted:
        return [("text", "") if why_no_window() else ("window", "")]
    if config.window:
        wanted.append(("window", ""))
    return wanted or [("text", "")]


def _beside(window: Any, analyse: Callable[[], Summary], stop: threading.Event) -> Summary:
    """Analyse in a thread while this one, the main one, shows the window, as macOS demands."""
    with ThreadPoolExecutor(1, "analysis") as pool:
        summary = pool.submit(analyse)
        summary.add_done_callback(lambda _: window.close())
        try:
            window.show(stop)
        finally:
            stop.set()
    return summary.result()
