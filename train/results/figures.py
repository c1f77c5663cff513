"""What the pictures of several reports share. Needs matplotlib, which the runtime does not."""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edge.evaluation.metrics import Scorecard
from edge.support.labels import EMOTIONS


def draw_confusion(axes: Axes, card: Scorecard) -> None:
    """Draw a confusion matrix: the shade is the share of the label's faces, the number their count."""
    shares = card.confusion / np.maximum(card.confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(EMOTIONS)):
        for column in range(len(EMOTIONS)):
            axes.text(
                column,
                row,
                str(card.confusion[row, column]),
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else "black",
            )
    axes.set_xticks(range(len(EMOTIONS)), EMOTIONS, rotation=45, ha="right")
    axes.set_yticks(range(len(EMOTIONS)), EMOTIONS)
    axes.set(xlabel="predicted", ylabel="label")


def png(figure: Figure) -> bytes:
    """Return the figure as a PNG, the same bytes for the same figure."""
    FigureCanvasAgg(figure)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()
