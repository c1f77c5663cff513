"""Counts of a run, as Prometheus reads them. One series a camera and kind: none for a track."""

import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ... import __version__
from ...support.labels import EMOTIONS, UNSURE
from ...support.machine import temperatures_c
from ...support.rotation import set_aside
from ...support.values import Frame, Observation, Status
from .about import About
from .board import throttled
from .health import HealthMonitor
from .public import REASONS, reason_kind

# Upper bounds in seconds: from a fast board's classification to a slow one's whole frame.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass
class _Stage:
    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    sum_s: float = 0.0


@dataclass(frozen=True)
class Totals:
    """Counts since the start.

    Attributes:
        frames: analysed.
        dropped: left out, by where: "camera", or an output's name.
        stages: by name how often it ran, and how long in all, seconds.
    """

    frames: int
    dropped: dict[str, int]
    stages: dict[str, tuple[int, float]]


class Metrics(Collector):
    """Counts what passes through the outputs; `text` is what Prometheus scrapes."""

    def __init__(self, about: About, health: HealthMonitor | None = None) -> None:
        """Start at zero.

        Args:
            about: the run that is counted.
            health: is asked whether frames flow; who passes one feeds it.
        """
        self.page: Callable[[], tuple[int, int]] | None = None  # viewers, and pictures encoded
        self._about = about
        self._own = None if health else HealthMonitor(about.camera)
        self._health = health or self._own
        self._camera = about.camera
        self._frames = self._late = self._faces = 0
        self._emotions = Counter(dict.fromkeys((*EMOTIONS, UNSURE), 0))
        self._reopens = Counter(dict.fromkeys(REASONS, 0))
        self._stages: dict[str, _Stage] = {}
        self._gap_s = self._last_frame_s = 0.0
        self._last_index: int | None = None
        self._failure: Status | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def write(self, frame: Frame, observation: Observation) -> None:
        """Count an analysed frame."""
        if self._own:
            self._own.write(frame, observation)
        self._frames += 1
        if self._last_index is not None:
            self._late += max(0, observation.frame - self._last_index - 1)
        self._last_index = observation.frame
        self._faces = len(observation.faces)
        self._emotions.update(face.emotion for face in observation.faces)
        for name, ms in observation.ms.items():
            stage = self._stages.setdefault(name, _Stage())
            stage.counts[bisect_left(BUCKETS, ms / 1000)] += 1
            stage.sum_s += ms / 1000
        if observation.gap is not None:
            self._gap_s += observation.gap.seconds
        self._last_frame_s = observation.time.timestamp()

    def status(self, status: Status) -> None:
        """Count a failure once, however often it is repeated."""
        if self._own:
            self._own.status(status)
        if status.state == "failed" and status != self._failure:
            self._failure = status
            self._reopens[reason_kind(status.reason)] += 1
        if status.state != "open":
            self._faces = 0

    def totals(self) -> Totals:
        """Return the counts that the page shows."""
        stages = {name: (sum(s.counts), s.sum_s) for name, s in list(self._stages.items())}
        return Totals(self._frames, {"camera": self._late, **self._about.dropped()}, stages)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the families; called by `prometheus_client`, from any thread."""
        assert self._health is not None
        health = self._health.report()
        yield self._gauge(
            *("build_info", "Always 1; the labels say which version runs which model.", 1),
            {
                "version": __version__,
                "model": self._about.model,
                "model_version": self._about.model_version,
            },
        )
        yield self._counter("frames", "Frames analysed.", [({}, self._frames)])
        yield self._counter(
            *("frames_dropped", "Frames left out: at the camera, or by an output that was late."),
            [({"where": where}, n) for where, n in self.totals().dropped.items()],
        )
        yield self._gauge("faces", "Faces in the newest frame.", self._faces)
        yield self._counter(
            *("faces", "Faces seen, one for each frame it is in, by emotion."),
            [({"emotion": e}, n) for e, n in self._emotions.items()],
        )
        yield self._histogram()
        yield self._gauge("camera_up", "1 while frames flow.", health.ready)
        yield self._counter(
            *("camera_reopens", "Failures of the camera after which it is opened again."),
            [({"reason": r}, n) for r, n in self._reopens.items()],
        )
        yield self._counter("gap_seconds", "Time without frames.", [({}, self._gap_s)])
        if self._last_frame_s:
            yield self._gauge(
                *("last_frame_timestamp_seconds", "When the newest frame was captured."),
                self._last_frame_s,
            )
        yield self._gauge(
            "switched_off", "1 while the off switch keeps the camera closed.", health.state == "off"
        )
        if self.page:
            viewers, pictures = self.page()
            yield self._gauge("page_viewers", "Viewers of the page and of its streams.", viewers)
            yield self._counter("page_pictures", "Pictures encoded for them.", [({}, pictures)])
        yield from self._disk()
        yield from self._board()

    def _histogram(self) -> Metric:
        family = HistogramMetricFamily(
            "edge_emo_stage_duration_seconds",
            "How long each stage of a frame took.",
            labels=("camera", "stage"),
        )
        for name, stage in list(self._stages.items()):
            total, buckets = 0, []
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), stage.counts, strict=True):
                total += count
                buckets.append((bound, total))
            family.add_metric((self._camera, name), buckets, stage.sum_s)
        return family

    def _disk(self) -> Iterator[Metric]:
        if self._about.records is None:
            return
        try:
            sizes = [
                p.stat().st_size for p in [*set_aside(self._about.records), self._about.records]
            ]
            disk = shutil.disk_usage(self._about.records.parent)
        except OSError:  # it was set aside or removed just now, or is not made yet
            return
        yield self._gauge("records_bytes", "Size of all files of records.", sum(sizes))
        yield self._gauge("records_disk_free_bytes", "Room on the records' disk.", disk.free)
        yield self._gauge("records_disk_bytes", "Size of the records' disk.", disk.total)

    def _board(self) -> Iterator[Metric]:
        if zones := temperatures_c():
            yield self._gauge(
                "soc_temperature_celsius", "Temperature of the hottest zone.", max(zones)
            )
        if kinds := throttled():
            family = GaugeMetricFamily(
                "edge_emo_throttled", "1 while the board is limited.", labels=("camera", "kind")
            )
            for kind, now in kinds.items():
                family.add_metric((self._camera, kind), now)
            yield family

    def _gauge(
        self, name: str, help: str, value: float, labels: Mapping[str, str] | None = None
    ) -> Metric:
        labels = labels or {}
        family = GaugeMetricFamily(f"edge_emo_{name}", help, labels=("camera", *labels))
        family.add_metric((self._camera, *labels.values()), value)
        return family

    def _counter(self, name: str, help: str, values: list[tuple[dict[str, str], float]]) -> Metric:
        family = CounterMetricFamily(f"edge_emo_{name}", help, labels=("camera", *values[0][0]))
        for labels, value in values:
            family.add_metric((self._camera, *labels.values()), value)
        return family
