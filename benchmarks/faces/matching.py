"""Which reported boxes are the faces that are there: the one rule that every figure comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.support.boxes import Box, same_face

from .exam import SMALL, Truth

NARROWEST, WIDEST = 0.4, 2.5  # of a found face's width to its reported box's


@dataclass(frozen=True)
class Match:
    """One picture's boxes against its faces.

    Attributes:
        found: for each face whether it was found; small ones stand there, too.
        false: boxes that are not a face, or that repeat one.
    """

    found: tuple[bool, ...]
    false: tuple[Box, ...]


def match(boxes: Sequence[Box], truths: Sequence[Truth]) -> Match:
    """Give each face the box that lies on its centre, is 0.4 to 2.5 times as wide, and is nearest."""
    pairs = sorted(
        (_distance(box, truth), i, j)
        for i, box in enumerate(boxes)
        for j, truth in enumerate(truths)
        if _finds(box, truth)
    )
    owner: dict[int, int] = {}  # place of the face -> place of its box
    for _, i, j in pairs:
        if j not in owner and i not in owner.values():
            owner[j] = i
    small = {i for _, i, j in pairs if truths[j].kind == SMALL}
    taken = {*owner.values(), *small}
    return Match(
        tuple(j in owner for j in range(len(truths))),
        tuple(box for i, box in enumerate(boxes) if i not in taken),
    )


def _finds(box: Box, truth: Truth) -> bool:
    x, y = _centre(truth)
    inside = box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]
    return inside and NARROWEST <= box[2] / truth.box[2] <= WIDEST


def _distance(box: Box, truth: Truth) -> float:
    x, y = _centre(truth)
    return abs(box[0] + box[2] / 2 - x) + abs(box[1] + box[3] / 2 - y)


def _centre(truth: Truth) -> tuple[float, float]:
    x, y, width, height = truth.box
    return x + width / 2, y + height / 2


def false_runs(false: Sequence[Sequence[Box]]) -> list[int]:
    """Return how many successive frames each false box stayed, however its number changed."""
    open_runs: list[tuple[Box, int]] = []
    ended: list[int] = []
    for boxes in false:
        going_on: list[tuple[Box, int]] = []
        for box in boxes:
            before = next((run for run in open_runs if same_face(run[0], box)), None)
            if before:
                open_runs.remove(before)
            going_on.append((box, before[1] + 1 if before else 1))
        ended += [length for _, length in open_runs]
        open_runs = going_on
    return ended + [length for _, length in open_runs]
