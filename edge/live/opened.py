"""What the settings of a run name, open and joined; what stays the same is taken over at a reload."""

import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from ..inference.model_file import ModelFile
from ..inference.runtime import Runtime
from ..inference.threads import vision_threads
from ..outputs import Output, OutputOptions, output_class
from ..outputs.base import Outputs, Postponed
from ..outputs.image import SUFFIXES
from ..outputs.monitoring.about import NOTHING_KNOWN, About, health_path
from ..outputs.monitoring.public import camera_label
from ..outputs.privacy import Privacy
from ..outputs.systemd import Notifier, Systemd
from ..outputs.window import why_no_window
from ..sources import Source, SourceOptions, is_camera, open_source, shown_name, source_class
from ..sources.reconnecting import LONGEST_PAUSE_S, Patience, Reconnecting
from ..sources.urls import is_url
from ..support.errors import OutputError
from ..support.values import Frame, Status
from .loop import Summary, run
from .off_switch import off_switch
from .recognizer import Recognizer
from .settings import RunConfig

log = logging.getLogger(__name__)

# As a service a camera that is away is waited for: a new process every few seconds would keep a small
# board busy. Not for ever, as systemd counts the whole system as starting until then.
FIRST_S = 60.0
NETWORK_PAUSE_S = 2.0  # the longest pause before a network camera is tried again


@dataclass(frozen=True)
class _Wanted:
    """What a source is opened with; equal ones are the same source."""

    what: str
    options: SourceOptions
    patience: tuple[float, float, bool]
    off: tuple[str | None, int | None]

    def serves(self, other: "_Wanted") -> bool:
        """Whether a source opened for this does for `other`; unasked colour does no harm."""
        color = self.options.color or other.options.color == self.options.color
        return (
            color
            and replace(self, options=other.options) == other
            and (replace(self.options, color=other.options.color) == other.options)
        )


class _Continued:
    """A source whose frames go on where an earlier loop left them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.live = source.live
        self._items = iter(source)

    @property
    def dropped(self) -> int:
        return self.source.dropped

    def __iter__(self) -> Iterator[Frame | Status]:
        return self._items


class _Joined:
    """The outputs in use and their names, also after a reload, for those that count what is dropped."""

    outputs: Outputs | None = None
    names: Sequence[str] = ()

    def dropped(self) -> dict[str, int]:
        return self.outputs.dropped_by(self.names) if self.outputs else {}


class Opened:
    """Source, pipeline and outputs of one set of settings.

    Attributes:
        frames: how many were analysed with these settings.
    """

    def __init__(
        self,
        config: RunConfig,
        stop: threading.Event,
        notifier: Notifier,
        before: "Opened | None" = None,
        first_s: float | None = None,
        name: str = "",
    ) -> None:
        """Open all; nothing of `before` is changed or closed.

        Args:
            before: what is open; what is the same in it will serve on.
            first_s: seconds to wait for a camera that cannot be opened; None decides.
            name: of the camera, where the process runs several.

        Raises:
            EdgeEmoError: what cannot be opened. What was opened until then is closed again.
        """
        self.config = config
        self.frames = 0
        self.source: _Continued
        self.systemd: Systemd
        self._joined: _Joined
        self._stop, self._notifier, self._name = stop, notifier, name
        recognizer = Recognizer(
            config.model,
            detector=config.detector,
            min_face=config.min_face,
            search_every=config.search_every,
            expect=config.expect,
            unsure_below=config.unsure_below,
            runtime=_runtime(config),
        )
        self._names = [*_outputs(config), *_health(name)]
        named = [(output_class(name), target) for name, target in self._names]
        color = recognizer.takes_color or any(cls.color for cls, _ in named)
        self._wanted = _wanted(config, color)
        with ExitStack() as undo:
            if before is not None and before._wanted.serves(self._wanted):
                self._wanted, self.source = before._wanted, before.source
            else:
                self.source = _Continued(self._make_source(before, first_s))
                undo.callback(self.source.source.__exit__, None, None, None)
            source = self.source.source
            self._joined = before._joined if before else _Joined()
            about = self._about(recognizer.model)
            self._made = self._make_outputs(named, about, before, undo)
            undo.pop_all()
        cv2.setNumThreads(config.cv_threads or vision_threads())
        self.shown = next((made for _, made in self._made if made.foreground), None)
        self.systemd = Systemd(notifier, is_reload=before is not None and before.systemd.was_ready)
        self.outputs = Outputs(
            [*(made for _, made in self._made), self.systemd],
            Privacy(config.box, config.blur, source.live, source.continuous),
            live=source.live,
            show_rate=source.live or self.shown is not None,
        )
        if before is None:
            self._join()
        self._pipeline = recognizer.pipeline(source.continuous)

    def run(self, again: threading.Event, done_s: float) -> Summary:
        """Run until the source ends, or the run's `stop` or `again` is set.

        Args:
            done_s: how long the run has lasted before.
        """
        config = self.config
        realtime = config.realtime or self.shown is not None
        left_s = None if config.duration is None else max(0.0, config.duration - done_s)

        def analyse() -> Summary:
            return run(
                self.source, self._pipeline, self.outputs, self._stop, realtime, left_s, config.fps,
                again,
            )  # fmt: skip

        summary = _beside(self.shown, analyse, self._stop) if self.shown else analyse()
        self.frames += summary.frames
        return summary

    def take_over(self, before: "Opened") -> None:
        """Let go of what was open `before` and does not serve on."""
        self._join()
        try:
            self.outputs.take_over(before.outputs)
        except OutputError as error:
            log.warning("%s", error)
        if before.source is not self.source:
            before.source.source.__exit__(None, None, None)

    def close(self) -> None:
        """Close the outputs, then the source. Raises: OutputError."""
        with ExitStack() as closing:
            closing.callback(self.source.source.__exit__, None, None, None)
            closing.callback(self.outputs.close)

    @property
    def hung(self) -> bool:
        """Whether a call into the camera's driver, or the reading of an image, has not returned."""
        return bool(getattr(self.source.source, "hung", False))

    def _make_source(self, before: "Opened | None", first_s: float | None) -> Source:
        config = self.config
        open_it = partial(open_source, config.what, self._wanted.options)
        if not is_camera(config.what):
            return open_it()
        if first_s is None and before is None:
            first_s = self._first_s() if self._notifier.listens and config.reconnect else 0.0
        elif first_s is None and before is not None and before.config.what == config.what:
            first_s = math.inf if config.reconnect else 0.0  # it was there, and may be away now
        patience = Patience(
            *(config.camera_timeout, config.freeze_after, config.reconnect, first_s or 0.0),
            NETWORK_PAUSE_S if is_url(config.what) else LONGEST_PAUSE_S,
        )
        return Reconnecting(
            open_it,
            self._stop,
            patience,
            off_switch(config.off_file, config.off_gpio),
            shown_name(config.what),
            source_class(config.what).continuous,
        )

    def _first_s(self) -> float:
        """A new process would cost the others their pictures: one of several is waited for here."""
        return math.inf if self._name else FIRST_S

    def _join(self) -> None:
        self._joined.outputs, self._joined.names = self.outputs, [name for name, _ in self._names]

    def _about(self, model: ModelFile) -> About:
        config = self.config
        return About(
            camera=config.label or camera_label(self.source.source.name),
            model=model.name,
            model_version=str(model.about.get("version", "")),
            records=None if config.jsonl in (None, "-") else Path(str(config.jsonl)),
            dropped=self._joined.dropped,
        )

    def _make_outputs(
        self,
        named: list[tuple[type[Output], str]],
        about: About,
        before: "Opened | None",
        undo: ExitStack,
    ) -> list[tuple[Any, Output]]:
        serving = list(before._made) if before is not None else []
        made: list[tuple[Any, Output]] = []
        for cls, target in named:
            options = self._options(target, about)
            key = cls, options if cls.reports else replace(options, about=NOTHING_KNOWN)
            same = next((item for item in serving if item[0] == key), None)
            if same is not None and not cls.foreground:
                serving.remove(same)
                made.append(same)
                continue
            output = self._make_output(cls, options, is_first=before is None)
            undo.callback(output.close)
            made.append((key, output))
        return made

    def _options(self, target: str, about: About) -> OutputOptions:
        source, config = self.source.source, self.config
        return OutputOptions(
            target=target,
            live=source.live,
            fps=config.fps or source.fps if source.live else source.fps,
            rotation=config.rotation,
            film=config.film,
            about=about,
            video=config.page_video,
            token=config.page_token,
            camera=self._name,
        )

    def _make_output(self, cls: type[Output], options: OutputOptions, is_first: bool) -> Output:
        try:
            return cls(options)
        except OutputError as error:
            # A service that only restarts because its disk is read-only would analyse nothing.
            if not (is_first and options.live and self._notifier.listens) or cls.foreground:
                raise
            return Postponed(cls, options, error)


def _runtime(config: RunConfig) -> Runtime:
    """Return what the networks run in: for stills, each of which is searched whole, on every core."""
    if config.threads is None and not source_class(config.what).continuous:
        return replace(config.runtime, threads=vision_threads())
    return config.runtime


def _wanted(config: RunConfig, color: bool) -> _Wanted:
    return _Wanted(
        config.what,
        SourceOptions(
            size=config.frame_size,
            fps=config.fps,
            color=color,
            rotate=config.rotate,
            mirror=config.mirror,
            exposure_ms=config.max_exposure,
            timeout_s=config.camera_timeout,
            ahead=True,
        ),
        (config.camera_timeout, config.freeze_after, config.reconnect),
        (config.off_file, config.off_gpio),
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


def _health(name: str) -> list[tuple[str, str]]:
    """Return the output that reports the health of a service; none where this is not a service."""
    path = health_path(name)
    return [("health", str(path))] if path else []


def _beside(window: Output, analyse: Callable[[], Summary], stop: threading.Event) -> Summary:
    """Analyse in a thread while this one, the main one, shows the window, as macOS demands."""
    with ThreadPoolExecutor(1, "analysis") as pool:
        summary = pool.submit(analyse)
        summary.add_done_callback(lambda _: window.close())
        try:
            window.show(stop)
        except BaseException:
            stop.set()  # or the analysis would go on without anybody to see it
            raise
    return summary.result()
