"""The parity report, for programs and for people: parity.json, parity.html, parity.png."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from edge.evaluation.html_report import Section, Table, render_page
from edge.evaluation.metrics import LEAST_SCORE, percent
from edge.support.atomic import write_bytes, write_text
from edge.support.errors import OutputError
from edge.support.labels import EMOTIONS
from edge.support.machine import describe_machine
from train.results.figures import draw_confusion, png

from ..inputs import Inputs
from ..options import ConversionOptions
from ..precisions import Candidate
from ..writing import layers
from ..writing.layers import LayerError
from .crosscheck import Checked

SCHEMA = 1


@dataclass(frozen=True)
class Written:
    """One precision as it came out.

    Attributes:
        path: the file; None where it lost too much to be written.
        bytes: size of the file, or of what it would be.
        checked: what each interpreter made of it.
        outside: kinds of operators that XNNPACK does not run, and how many there are in all.
        ms: median time of one face by number of threads.
    """

    candidate: Candidate
    path: Path | None
    bytes: int
    checked: tuple[Checked, ...]
    outside: tuple[list[str], int]
    ms: dict[int, float]

    @property
    def xnnpack(self) -> str:
        """Whether every operator runs in XNNPACK, in words."""
        kinds, total = self.outside
        if not kinds:
            return f"all {total}"
        if len(kinds) == total:
            return "none"
        left = ", ".join(f"{n} {kind}" for kind, n in Counter(kinds).items())
        return f"{total - len(kinds)} of {total} (not: {left})"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "name": self.candidate.precision,
            "way": self.candidate.way,
            "file": str(self.path) if self.path else None,
            "bytes": self.bytes,
            **self.candidate.parity.as_dict(),
            "operators": self.outside[1],
            "operators_outside_xnnpack": self.outside[0],
            "ms_per_face": {str(n): round(ms, 4) for n, ms in self.ms.items()},
            "interpreters": [c.as_dict() for c in self.checked],
        }


def write_report(
    options: ConversionOptions,
    inputs: Inputs,
    written: tuple[Written, ...],
    errors: tuple[LayerError, ...] = (),
) -> dict[str, Any]:
    """Write the report into the folder `options.report`.

    Args:
        errors: the layers under int8, where they were studied.

    Returns:
        What parity.json holds.

    Raises:
        OutputError: it cannot be written.
    """
    facts = {
        "schema": SCHEMA,
        "model": str(options.model),
        "network": inputs.network.name,
        "changes": list(inputs.network.changes),
        "data": str(options.data),
        "split": inputs.test.split,
        "max_accuracy_drop": options.max_drop,
        "warnings": list(inputs.warnings),
        "float": inputs.card.as_dict(),
        "precisions": [w.as_dict() for w in written],
        "calibration": inputs.sample.record(),
        "machine": describe_machine(),
    }
    folder = options.report
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}; choose another") from error
    picture = _confusions(inputs, written)
    write_text(folder / "parity.json", json.dumps(facts, indent=1) + "\n")
    write_bytes(folder / "parity.png", picture)
    plot = None
    if errors:
        plot = layers.plot(errors)
        write_text(folder / "layers.csv", layers.as_csv(errors))
        write_bytes(folder / "layers.png", plot)
    page = _page(options, inputs, written, picture, errors, plot)
    write_text(folder / "parity.html", page)
    return facts


def table(inputs: Inputs, written: tuple[Written, ...]) -> Table:
    """Return a row per precision: size, accuracy, agreement, divergence, speed."""
    head = (
        *("precision", "file, kB", "accuracy", "change", "same emotion"),
        *("divergence, mean", "worst", "ms, 1 thread", "2 threads", "operators in XNNPACK"),
    )
    none = ("-",) * 7
    rows: list[tuple[object, ...]] = [("float network", "", f"{inputs.card.accuracy:.2%}", *none)]
    for w in written:
        p = w.candidate.parity
        rows.append(
            (
                w.candidate.precision,
                f"{w.bytes / 1000:.0f}",
                f"{p.card.accuracy:.2%}",
                f"{100 * p.change:+.2f}",
                f"{p.agreement:.2%}",
                f"{p.mean_divergence:.5f}",
                f"{p.worst_divergence:.3f}",
                *(f"{ms:.2f}" for ms in w.ms.values()),
                w.xnnpack,
            )
        )
    return Table(head, rows)


def _page(
    options: ConversionOptions,
    inputs: Inputs,
    written: tuple[Written, ...],
    picture: bytes,
    errors: tuple[LayerError, ...],
    plot: bytes | None,
) -> str:
    notes = [*(f"Added to the graph: {c}." for c in inputs.network.changes), *inputs.warnings]
    notes += [f"{w.candidate.precision}: {w.candidate.way}." for w in written]
    sections = [
        Section("Every precision", "\n".join(notes), table(inputs, written)),
        Section(
            "Recall of each emotion",
            "In the float network, and by how many points each file is off.",
            _recalls(inputs, written),
        ),
        Section("Confusion matrices", picture=picture),
        Section("In every interpreter that is installed here", table=_checks(written)),
    ]
    if errors:
        text = (
            "How far each layer's output is off under int8, as a share of its values. Rounding alone "
            "gives 0.29 steps."
        )
        sections.append(Section("Layer by layer", text, _layers(errors), plot))
    sample = inputs.sample
    calibrated = (
        f"{len(sample)} faces, as many of each emotion, drawn with seed {sample.seed}"
        + (", every second one in another light. " if sample.lit else ". ")
        + f"Hash of their pixels: {sample.record()['sha256']}. Their names are in the model file."
    )
    sections.append(Section("Calibrated with", calibrated))
    machine = Table(("", ""), [(k, v) for k, v in describe_machine().items()])
    sections.append(Section("Timed on", table=machine))
    lead = (
        f"{options.model} against its TFLite files, on {len(inputs.test)} faces of {options.data} "
        f"({inputs.test.split}). Divergence is Kullback-Leibler's, in nats, of scores of at least "
        f"1/{1 / LEAST_SCORE:.0f}."
    )
    return render_page(f"Parity of {options.name or inputs.network.name}", lead, sections)


def _recalls(inputs: Inputs, written: tuple[Written, ...]) -> Table:
    rows = []
    for emotion in EMOTIONS:
        changes = (w.candidate.parity.recall_change[emotion] for w in written)
        cells = ["-" if c is None else f"{100 * c:+.2f}" for c in changes]
        faces = inputs.test.counts()[emotion]
        rows.append((emotion, faces, percent(inputs.card.recall[emotion]), *cells))
    return Table(("emotion", "faces", "float", *(w.candidate.precision for w in written)), rows)


def _checks(written: tuple[Written, ...]) -> Table:
    rows = [
        (w.candidate.precision, c.interpreter, str(c.agreement or c.why_not))
        for w in written
        for c in w.checked
    ]
    return Table(("precision", "interpreter", "against the scores in the file"), rows)


def _layers(errors: tuple[LayerError, ...]) -> Table:
    rows = [(e.layer, e.kind, f"{e.own:.2%}", f"{e.steps:.2f}", f"{e.reached:.2%}") for e in errors]
    return Table(("layer", "operator", "own error", "in steps", "error reached"), rows)


def _confusions(inputs: Inputs, written: tuple[Written, ...]) -> bytes:
    cards = {"float network": inputs.card}
    cards |= {w.candidate.precision: w.candidate.parity.card for w in written}
    columns = min(len(cards), 3)
    rows = -(-len(cards) // columns)
    figure = Figure(figsize=(5.2 * columns, 5 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(cards) :]:
        axes.axis("off")
    for axes, (name, card) in zip(grid, cards.items(), strict=False):
        draw_confusion(axes, card)
        axes.set_title(f"{name}: {card.accuracy:.2%}")
    return png(figure)
