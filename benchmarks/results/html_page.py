"""The bench as one self-contained HTML page, and the pictures in it."""

from collections.abc import Sequence
from statistics import median

from matplotlib.figure import Figure

from edge.evaluation.html_report import Section, Table, render_page
from train.results.figures import png

from ..measures.scaling import Curve
from ..measures.stages import STAGES
from .plot import OTHER, OWN, draw
from .report import Report, rounds


def make_page(report: Report) -> str:
    """Return the page as HTML text."""
    width, height = report.size
    about = report.machine
    lead = (
        f"{report.clip}: {report.sampling}, {width}x{height}; {rounds(report.rounds)}, in turn.\n"
        f"{about['cpu']}, {about['cores']} cores, {about['platform']}; Python {about['python']}, "
        f"OpenCV {about['opencv']}, {about['interpreter']}"
        + (f", TensorFlow {about['tensorflow']}" if "tensorflow" in about else "")
        + f"; edge-emo {about['edge-emo']}; {report.time:%Y-%m-%d %H:%M} UTC."
    )
    sections = [
        Section(
            "Frames per second", "\n".join(report.notes), _contestants(report), png(draw(report))
        ),
        Section("Who they are", table=Table(("", "what it is"), _described(report))),
    ]
    if report.whole:
        sections.append(_whole(report))
    if report.stages:
        sections.append(_stages(report))
    if report.quality:
        sections.append(
            Section(
                "Quality beside speed",
                "How steady the reported emotions are. What is found of the faces that people see "
                "is measured by 'edge-emo bench --faces'.",
                Table(("", "value"), [(k, f"{v:.3g}") for k, v in report.quality.items()]),
            )
        )
    if report.growth:
        sections += [_growth(curve) for curve in report.growth]
    return render_page("edge-emo bench", lead, sections)


def _contestants(report: Report) -> Table:
    rows = []
    for result in report.results:
        ratios = result.ratios(report.reference) if report.reference else []
        spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "-"
        stages = [f"{result.ms[s]:.2f}" if s in result.ms else "-" for s in ("detect", "classify")]
        fps = f"{median(result.fps):.1f} ({min(result.fps):.1f} to {max(result.fps):.1f})"
        kilobytes = f"{result.system.model_bytes / 1000:.0f}"
        rows.append((result.name, fps, spread, *stages, result.faces, kilobytes))
    return Table(
        ("", "FPS", "times the paper's loop", "detect, ms", "classify, ms", "faces", "model, kB"),
        rows,
    )


def _described(report: Report) -> list[tuple[str, str]]:
    ran = [(result.name, result.system.what) for result in report.results]
    return ran + [(s.name, f"did not run: {s.reason}") for s in report.skipped]


def _whole(report: Report) -> Section:
    facts = report.whole_facts()
    return Section(
        "The command as a user runs it",
        "edge-emo run on this source, records to a pipe, watched from outside; a file is decoded and "
        "analysed as fast as it goes.",
        Table(("", "value"), list(facts.items())),
    )


def _stages(report: Report) -> Section:
    rows = [
        (
            f"{s.name}: {STAGES[s.name]}",
            *(f"{ms:.2f}" for ms in (s.p50, s.p95, s.p99)),
            f"{s.share:.1%}",
        )
        for s in report.stages
    ]
    figure = Figure(figsize=(9, 1.5), layout="constrained")
    axes = figure.subplots()
    left = 0.0
    for number, stage in enumerate(report.stages):
        axes.barh(0, stage.share, left=left, color=f"C{number}", label=stage.name)
        left += stage.share
    axes.set(xlim=(0, 1), yticks=[], xlabel="share of a frame's time")
    figure.legend(ncols=len(rows), loc="outside upper center", frameon=False)
    table = Table(("stage", "p50, ms", "p95, ms", "p99, ms", "share"), rows)
    return Section("Where a frame's time goes", table=table, picture=png(figure))


def _growth(curve: Curve) -> Section:
    rows = [
        (
            point.amount,
            f"{point.fps:.1f} ({point.low:.1f} to {point.high:.1f})",
            *(f"{point.ms[stage]:.2f}" for stage in ("gray", "detect", "classify")),
            f"{point.found:.1f}",
        )
        for point in curve.points
    ]
    head = (curve.thing, "FPS", "gray, ms", "detect, ms", "classify, ms", "faces found per frame")
    return Section(
        f"More {curve.thing}", table=Table(head, rows), picture=png(scaling_plot([curve]))
    )


def scaling_plot(curves: Sequence[Curve]) -> Figure:
    """Return a panel for each curve: milliseconds per frame by what grows, and its stages."""
    figure = Figure(figsize=(6 * len(curves), 3.4), layout="constrained")
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        amounts = [point.amount for point in curve.points]
        whole = [1000 / point.fps for point in curve.points]
        axes.plot(amounts, whole, color=OWN, marker="o", label="whole frame")
        for stage, style in (("detect", "--"), ("classify", ":")):
            values = [point.ms[stage] for point in curve.points]
            axes.plot(amounts, values, color=OTHER, linestyle=style, marker=".", label=stage)
        axes.set(xlabel=curve.thing, ylabel="ms per frame", xticks=amounts, ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
