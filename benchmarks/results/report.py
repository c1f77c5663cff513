"""The outcome of a bench as one value, and how people and programs read it."""

import math
import textwrap
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

from ..clip import Clip
from ..measures.end_to_end import EndToEnd
from ..measures.scaling import Curve
from ..measures.stages import Stage
from ..systems.pipelines import PAPER_LOOP, Lineup, Skipped
from ..timing import Result

SCHEMA = 1
STAGES = ("gray", "detect", "classify")
BUSY = 0.5  # cores that were busy before the bench began: from here on it is worth a note


@dataclass(frozen=True)
class Report:
    """All that was measured, and on what.

    Attributes:
        time: when it was measured, UTC.
        clip: name of the source.
        sampling: which of its frames, in words.
        size: width and height of the first frame, pixels.
        frames: how many frames a round has.
        threads: of the TFLite interpreter.
        results: of the systems; the model under test is the first.
        machine: as `describe_bench` returns it.
        stages, whole, quality, growth: what was measured besides, empty or None where it was not.
    """

    time: datetime
    clip: str
    sampling: str
    size: tuple[int, int]
    frames: int
    rounds: int
    threads: int
    results: tuple[Result, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    machine: dict[str, Any]
    stages: tuple[Stage, ...] = ()
    whole: EndToEnd | None = None
    quality: dict[str, float] = field(default_factory=dict)
    growth: tuple[Curve, ...] = ()

    @property
    def reference(self) -> Result | None:
        """The paper's loop, if it ran."""
        return next((r for r in self.results if r.name == PAPER_LOOP), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "schema": SCHEMA,
            "time": self.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "source": {"name": self.clip, "sampling": self.sampling, "size": list(self.size)},
            "frames": self.frames,
            "rounds": self.rounds,
            "threads": self.threads,
            "systems": [self._row(result) for result in self.results],
            "skipped": [{"name": s.name, "reason": s.reason} for s in self.skipped],
            "notes": list(self.notes),
            "stages": [_rounded(asdict(stage)) for stage in self.stages],
            "whole": self.whole and _rounded(asdict(self.whole)),
            "quality": _rounded(self.quality),
            "growth": {
                curve.thing: [_rounded(asdict(point)) for point in curve.points]
                for curve in self.growth
            },
            "machine": self.machine,
        }

    def as_text(self) -> str:
        """Return the report as a table for people."""
        about = self.machine
        width, height = self.size
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        lines = [
            f"{self.clip}: {self.sampling}, {width}x{height}; {rounds(self.rounds)}, in turn",
            f"{about['cpu']}, {about['cores']} cores; {about['interpreter']} on {threads}, "
            f"OpenCV {about['opencv']}"
            + (f", TensorFlow {about['tensorflow']}" if "tensorflow" in about else ""),
            "",
            f"{'':28}{'FPS':>8}{'':16}{'x the':>9}{'ms per frame':^29}{'faces':>7}{'model':>8}",
            f"{'':28}{'median':>8}{'min..max':>16}{'paper':>9}{'gray':>8}{'detect':>10}"
            f"{'classify':>11}{'found':>7}{'kB':>8}",
        ]
        lines += [self._line(result) for result in self.results]
        reasons = dict.fromkeys(s.reason for s in self.skipped)
        for reason in reasons:
            names = "; ".join(s.name for s in self.skipped if s.reason == reason)
            lines.append(f"skipped: {names}: {reason}")
        lines += self._whole_lines()
        notes = [
            textwrap.fill(note, 98, initial_indent="- ", subsequent_indent="  ")
            for note in self.notes
        ]
        return "\n".join([*lines, "", *notes]).rstrip()

    def whole_facts(self) -> dict[str, str]:
        """Return what was measured of the whole command, in words; empty if it was not."""
        if self.whole is None:
            return {}
        whole = self.whole
        facts = {
            "frames per second, decoding and records included": f"{whole.fps:.1f}",
            "from start to the first record": f"{whole.first_record_s:.2f} s",
            "from a frame's capture to its record": "{:.1f} ms (95 %: {:.1f} ms)".format(
                *whole.latency_ms
            ),
        }
        if whole.cpu_s_per_frame is not None:
            facts["processor time per frame"] = f"{1000 * whole.cpu_s_per_frame:.1f} ms"
        if whole.memory_mb is not None:
            facts["most memory"] = f"{whole.memory_mb:.0f} MB"
        if whole.joules_per_frame is not None:
            facts["energy of the processor per frame"] = f"{whole.joules_per_frame:.2f} J"
        if throttled := self.machine.get("throttled"):
            facts["power and heat since it started"] = str(throttled)
        if (hottest := self.machine.get("temperature_c")) is not None:
            facts["hottest sensor after it"] = f"{hottest:.0f} degrees C"
        return facts

    def _whole_lines(self) -> list[str]:
        lines = [""] if self.stages or self.whole else []
        if self.stages:
            parts = "  ".join(f"{s.name} {s.p50:.2f} ({s.share:.0%})" for s in self.stages)
            lines.append(f"one frame, median ms (share): {parts}")
        lines += [f"edge-emo run, {name}: {value}" for name, value in self.whole_facts().items()]
        lines += [f"{name}: {value:.3g}" for name, value in self.quality.items()]
        for curve in self.growth:
            parts = "  ".join(f"{point.amount}: {point.fps:.0f}" for point in curve.points)
            lines.append(f"FPS by {curve.thing}: {parts}")
        return lines

    def _ratio(self, result: Result) -> float | None:
        return median(result.ratios(self.reference)) if self.reference else None

    def _line(self, result: Result) -> str:
        ratio = self._ratio(result)
        spread = f"{min(result.fps):.1f}..{max(result.fps):.1f}"
        stages = [f"{result.ms[s]:.2f}" if s in result.ms else "-" for s in STAGES]
        return (
            f"{result.name:28}{median(result.fps):>8.1f}{spread:>16}"
            f"{'-' if ratio is None else f'{ratio:.2f}':>9}"
            f"{stages[0]:>8}{stages[1]:>10}{stages[2]:>11}"
            f"{result.faces:>7}{result.system.model_bytes / 1000:>8.0f}"
        )

    def _row(self, result: Result) -> dict[str, Any]:
        ratios = result.ratios(self.reference) if self.reference else None
        return {
            "name": result.name,
            "what": result.system.what,
            "fps": {
                "median": round(median(result.fps), 3),
                "min": round(min(result.fps), 3),
                "max": round(max(result.fps), 3),
                "rounds": [round(fps, 3) for fps in result.fps],
            },
            "times_paper_loop": ratios
            and {"median": round(median(ratios), 4), "rounds": [round(r, 4) for r in ratios]},
            "ms_per_frame": {stage: round(ms, 4) for stage, ms in result.ms.items()},
            "frames": result.frames,
            "faces": result.faces,
            "model_bytes": result.system.model_bytes,
        }


def make_report(
    clip: Clip,
    lineup: Lineup,
    results: list[Result],
    threads: int,
    machine: dict[str, Any],
    **more: Any,
) -> Report:
    """Join what was measured with what there is to say of it; `more` are further attributes."""
    load = machine["load_before"]
    return Report(
        time=datetime.now(UTC),
        clip=clip.name,
        sampling=clip.sampling,
        size=clip.size,
        frames=len(clip.pictures),
        rounds=len(results[0].fps),
        threads=threads,
        results=tuple(results),
        skipped=lineup.skipped,
        notes=(*_verdict(results), *_differences(results), *lineup.notes, *_disturbance(load)),
        machine=machine,
        **more,
    )


def rounds(number: int) -> str:
    """Return the number with its noun."""
    return f"{number} round" + "s" * (number > 1)


def _verdict(results: list[Result]) -> tuple[str, ...]:
    own, *others = results
    if not others:
        return ()
    best = max(others, key=lambda r: median(r.fps))
    ratio = median(best.fps) / median(own.fps)
    # Two ranges that overlap do not show which of the two is faster.
    overlap = min(own.fps) <= max(best.fps) and min(best.fps) <= max(own.fps)
    unsure = "; their ranges overlap, more --rounds would show it better" if overlap else ""
    if ratio > 1:
        said = f"NOT the fastest: {best.name} has {ratio:.2f} times its FPS"
    else:
        said = f"the fastest: {1 / ratio:.2f} times the FPS of the next, {best.name}"
    return (f"{own.name} is {said}{unsure}",)


def _differences(results: list[Result]) -> tuple[str, ...]:
    if PAPER_LOOP not in [r.name for r in results]:
        return ()
    return (
        f"{PAPER_LOOP} also detects in its own way (full size, all scales, no tracking), so it "
        "finds and classifies other faces; all other rows differ in the classifier alone",
    )


def _disturbance(load: float | None) -> tuple[str, ...]:
    if load is None or load < BUSY:
        return ()
    return (
        f"other programs kept the machine busy (load {load:.1f} in the minute before): "
        "a quiet one would give more FPS",
    )


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Return plain values with four decimals, as deep as they go."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)  # JSON has no NaN
    if isinstance(value, dict):
        return _rounded(value)
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
