"""The bench as a picture: a bar of FPS for each system, on a logarithmic scale."""

from pathlib import Path
from statistics import median

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from edge.support.atomic import write_bytes
from train.results.figures import png

from .report import Report, rounds

OWN, OTHER = "#1f77b4", "#9aa5b1"


def write_plot(report: Report, path: Path) -> None:
    """Write the PNG, whole or not at all. Raises: OutputError."""
    write_bytes(path, png(draw(report)))


def draw(report: Report) -> Figure:
    """Return the figure: medians as bars, the rounds' min..max as whiskers."""
    results = report.results
    middles = [median(r.fps) for r in results]
    below = [m - min(r.fps) for m, r in zip(middles, results, strict=True)]
    above = [max(r.fps) - m for m, r in zip(middles, results, strict=True)]
    figure = Figure(figsize=(9, 1.8 + 0.5 * len(results)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(
        range(len(results)),
        middles,
        xerr=(below, above),
        color=[OWN, *[OTHER] * (len(results) - 1)],
        error_kw={"elinewidth": 1.2, "capsize": 3},
    )
    for place, (middle, result) in enumerate(zip(middles, results, strict=True)):
        axes.annotate(
            f"{middle:.1f}",
            (max(result.fps), place),
            xytext=(8, 0),
            textcoords="offset points",
            verticalalignment="center",
        )
    axes.set_yticks(range(len(results)), [r.name for r in results])
    axes.invert_yaxis()
    axes.set_xscale("log")
    # A log scale has no zero to start bars from: half the slowest, and room for the labels.
    axes.set_xlim(min(min(r.fps) for r in results) / 2, max(max(r.fps) for r in results) * 2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(
        f"frames per second, log scale: median of {rounds(report.rounds)}, whiskers min..max"
    )
    width, height = report.size
    axes.set_title(
        f"{Path(report.clip).name}, {report.frames} frames of {width}x{height}\n"
        f"{report.machine['cpu']}, {report.machine['cores']} cores",
        fontsize=10,
    )
    axes.spines[["top", "right"]].set_visible(False)
    return figure
