"""What a training gave, for programs and for people: report.json, report.html, and its pictures."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from edge.evaluation.datasets import LabelledFaces
from edge.evaluation.html_report import Section, Table, render_page
from edge.evaluation.metrics import Calibration, Scorecard, calibrate, percent, score
from edge.support.atomic import write_bytes, write_text
from edge.support.labels import EMOTIONS

from ..learning.history import History
from . import plots

MISTAKES = 40  # faces in the picture of the most confident ones


def write_report(
    run: Path,
    facts: dict[str, Any],
    history: History,
    faces: LabelledFaces,
    scores: np.ndarray,
    samples: tuple[np.ndarray, np.ndarray],
) -> Scorecard:
    """Write report.json, report.html and the PNGs into `run`.

    Args:
        facts: what the training says of itself, as plain values.
        history: what each epoch gave.
        faces: the faces measured on.
        scores: the finished model's probabilities for them, float32 `[n, 7]`.
        samples: faces as they were learnt from, uint8 `[m, height, width]`, and their labels.

    Returns:
        The score on `faces`.

    Raises:
        OutputError: `run` cannot be written.
    """
    card, calibration = score(faces.labels, scores.argmax(axis=1)), calibrate(faces.labels, scores)
    measured = {**card.as_dict(), "calibration_error": round(calibration.error, 5)}
    text = json.dumps(_plain({**facts, "validation": measured}), indent=1, allow_nan=False)
    write_text(run / "report.json", text + "\n")
    pictures = _pictures(history, card, calibration, faces, scores, samples)
    for name, picture in pictures.items():
        write_bytes(run / f"{name}.png", picture)
    write_text(run / "report.html", _page(facts, history, faces.split, card, calibration, pictures))
    return card


def _pictures(
    history: History,
    card: Scorecard,
    calibration: Calibration,
    faces: LabelledFaces,
    scores: np.ndarray,
    samples: tuple[np.ndarray, np.ndarray],
) -> dict[str, bytes]:
    pictures = {
        "curves": plots.curves({"": history}),
        "confusion": plots.confusion(card),
        "calibration": plots.reliability(calibration),
    }
    predicted = scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != faces.labels)
    wrong = wrong[np.argsort(-scores[wrong].max(axis=1), kind="stable")][:MISTAKES]
    if len(wrong):
        titles = [
            f"{EMOTIONS[faces.labels[i]]}\npredicted {EMOTIONS[predicted[i]]} {scores[i].max():.2f}"
            for i in wrong
        ]
        pictures["mistakes"] = plots.face_grid(faces.images[wrong], titles, columns=8)
    images, labels = samples
    columns = int(np.bincount(labels).max())
    rows = [images[labels == label] for label in np.unique(labels)]
    padded = [np.concatenate([r, np.full((columns - len(r), *r.shape[1:]), 255)]) for r in rows]
    titles = [
        EMOTIONS[label] if place == 0 else ""
        for label in np.unique(labels)
        for place in range(columns)
    ]
    pictures["samples"] = plots.face_grid(np.concatenate(padded), titles, columns)
    return pictures


def _page(
    facts: dict[str, Any],
    history: History,
    split: str,
    card: Scorecard,
    calibration: Calibration,
    pictures: dict[str, bytes],
) -> str:
    by_emotion = Table(
        ("emotion", "faces", "recall", "precision", "F1"),
        [
            (
                name,
                card.confusion[place].sum(),
                *(percent(share[name]) for share in (card.recall, card.precision, card.f1)),
            )
            for place, name in enumerate(EMOTIONS)
        ],
    )
    sections = [
        Section("By emotion", table=by_emotion),
        Section("Epoch by epoch", _speed(history), picture=pictures["curves"]),
        Section("Confusion matrix", picture=pictures["confusion"]),
        Section(
            "Calibration",
            "The bars of a well calibrated network end on the dashed line: what it predicts with a "
            "confidence of 0.8 is right in 80 of 100 cases.",
            picture=pictures["calibration"],
        ),
        Section(
            "The most confident mistakes",
            "" if "mistakes" in pictures else "There is none.",
            picture=pictures.get("mistakes"),
        ),
        Section("Faces as they were learnt from", picture=pictures["samples"]),
        *_fact_sections(facts),
    ]
    lead = (
        f"{card.accuracy:.2%} of {card.faces} {split} faces are right; the mean recall of the "
        f"emotions is {card.balanced_accuracy:.2%}, the expected calibration error "
        f"{calibration.error:.2%}."
    )
    return render_page(f"Training of {facts['architecture']}", lead, sections)


def _speed(history: History) -> str:
    rows = [row for row in history if "faces_per_second" in row]
    if not rows:
        return ""
    return (
        f"{np.median([r['faces_per_second'] for r in rows]):.0f} faces a second were learnt from "
        f"(median epoch); {np.median([r['waited'] for r in rows]):.1%} of the time the next "
        "batch was not ready when it was asked for."
    )


def _fact_sections(facts: dict[str, Any]) -> list[Section]:
    """Return a table of the plain facts, and one for each group of them."""
    plain = {k: v for k, v in facts.items() if not isinstance(v, dict)}
    groups = {k: v for k, v in facts.items() if isinstance(v, dict)}
    sections = []
    for title, group in {"what was trained": plain, **groups}.items():
        counts = {k: v for k, v in group.items() if isinstance(v, dict) and set(v) == set(EMOTIONS)}
        if counts:
            rows = [(name, *(c[name] for c in counts.values())) for name in EMOTIONS]
            table = Table(("", *counts), rows)
            sections.append(Section(f"{title.capitalize()}: faces of each emotion", table=table))
        rows = [(_words(k), _cell(v)) for k, v in group.items() if k not in counts]
        sections.append(Section(title.capitalize(), table=Table(("", ""), rows)))
    return sections


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_words(k)} {_cell(v)}" for k, v in value.items())
    if isinstance(value, list):
        return f"{len(value)}: {', '.join(map(str, value[:20]))}" if value else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}".replace(",", " ")
    return str(value) if value != "" else "none"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: NaN and infinities become null."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
