"""The pictures of a training report, each as the bytes of a PNG."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from edge.evaluation.metrics import Calibration, Scorecard
from edge.support.labels import EMOTIONS

from ..learning.history import History
from .figures import draw_confusion, png

BLUE, ORANGE, GRAY = "#0072b2", "#d55e00", "#666666"  # distinct for the colour-blind (Okabe, Ito)


def curves(histories: Mapping[str, History]) -> bytes:
    """Return loss and accuracy over the epochs, as in Fig. 13; a row for each training by its title."""
    figure = Figure(figsize=(9, 3.6 * len(histories)), layout="constrained")
    grid = figure.subplots(len(histories), 2, squeeze=False)
    for row, (title, history) in zip(grid, histories.items(), strict=True):
        epochs = [epoch["epoch"] for epoch in history]
        for axes, name in zip(row, ("loss", "accuracy"), strict=True):
            for key, label, colour in (
                (name, "training", BLUE),
                (f"val_{name}", "validation", ORANGE),
            ):
                values = [epoch.get(key, np.nan) for epoch in history]
                axes.plot(epochs, values, color=colour, label=label, marker="o", markersize=3)
            axes.set(xlabel="epoch", title=f"{title}: {name}" if title else name)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(alpha=0.3)
            axes.legend()
    return png(figure)


def confusion(card: Scorecard) -> bytes:
    """Return the confusion matrix: the shade is the share of the label's faces, the number their count."""
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    draw_confusion(figure.subplots(), card)
    return png(figure)


def reliability(calibration: Calibration) -> bytes:
    """Return how often predictions are right against how confident they are."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    n = len(calibration.count)
    left = np.arange(n) / n
    axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", label="perfectly calibrated")
    axes.bar(left, np.nan_to_num(calibration.accuracy), 1 / n, align="edge", color=BLUE, alpha=0.8)
    share = calibration.count / calibration.count.sum()
    axes.step(left, share, where="post", color=ORANGE, label="share of faces")
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"expected calibration error {calibration.error:.1%}")
    axes.legend(loc="upper left")
    return png(figure)


def face_grid(images: np.ndarray, titles: Sequence[str], columns: int) -> bytes:
    """Return uint8 `[n, height, width]` faces in rows, each with its title; "" leaves it out."""
    rows = max(-(-len(images) // columns), 1)
    wide, high, side = 1.15, 1.45 if any(titles) else 1.05, 1.0  # of a cell and its face, inches
    figure = Figure(figsize=(wide * columns, high * rows))
    axes = figure.add_axes((0, 0, 1, 1))  # one for all: an Axes for each face takes seconds
    for place, (image, title) in enumerate(zip(images, titles, strict=False)):
        left, top = place % columns * wide, place // columns * high
        height, width = np.array(image.shape) * side / max(image.shape)
        x, y = left + (wide - width) / 2, top + high - height
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=(x, x + width, y + height, y))
        axes.text(left + wide / 2, y - 0.06, title, fontsize=7, ha="center")
    axes.set(xlim=(0, wide * columns), ylim=(high * rows, 0), aspect="auto")
    axes.axis("off")
    return png(figure)


def shares_by_emotion(panels: dict[str, dict[str, dict[str, float | None]]]) -> bytes:
    """Return bars of shares 0..1: a panel by title, in it a colour by name, a bar by emotion."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    places = np.arange(len(EMOTIONS))
    for axes, (title, groups) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for number, (name, shares) in enumerate(groups.items()):
            heights = [shares[emotion] or 0 for emotion in EMOTIONS]
            axes.bar(places + 0.4 * number, heights, 0.4, color=(BLUE, ORANGE)[number], label=name)
        axes.set_xticks(places + 0.2, EMOTIONS, rotation=45, ha="right")
        axes.set(title=title, ylim=(0, 1.02))
        axes.legend()
    return png(figure)
