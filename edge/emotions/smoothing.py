"""Steady emotions: each face's scores smoothed over time, and a reported one that does not flicker."""

import math
from dataclasses import dataclass

import numpy as np

from ..support.labels import EMOTIONS, UNSURE

TIME_CONSTANT_S = 0.4  # an expression's change has reached 63 % of its scores by then
UNSURE_BAND = 0.05  # how far a reported emotion may fall below the least confidence and stay
LEAD = (
    0.1  # by which another emotion's score must lead before it is reported, so that none flickers
)
FORGET_S = 10.0  # a face that was not seen for so long does not come back under its number


@dataclass(frozen=True)
class Emotion:
    """The emotion of one face.

    Attributes:
        name: one of `EMOTIONS`, or "unsure".
        scores: smoothed probability of each emotion, 0..1, sum 1.
    """

    name: str
    scores: dict[str, float]


@dataclass(frozen=True)
class _Face:
    scores: np.ndarray
    scored_s: float
    emotion: int
    sure: bool


class EmotionSmoother:
    """Remembers the scores of each face by the number of its track."""

    def __init__(self, unsure_below: float = 0.0) -> None:
        """Begin with no faces; no emotion is reported with less confidence than `unsure_below`."""
        self._unsure_below = unsure_below
        self._faces: dict[int, _Face] = {}

    def update(self, track: int, scores: np.ndarray, now_s: float) -> Emotion:
        """Return the emotion of a face with its new scores smoothed in.

        Args:
            track: the face's number.
            scores: its probabilities in this frame, float `[7]`, sum 1.
            now_s: this frame's time, seconds.
        """
        before = self._faces.get(track)
        if before is not None:
            kept = math.exp(-max(0.0, now_s - before.scored_s) / TIME_CONSTANT_S)
            scores = kept * before.scores + (1 - kept) * scores
        emotion = int(np.argmax(scores))
        if before is not None and scores[emotion] - scores[before.emotion] < LEAD:
            emotion = before.emotion
        least = self._unsure_below - (UNSURE_BAND if before is not None and before.sure else 0.0)
        sure = bool(scores[emotion] >= least)
        if before is None:
            self._forget(now_s)
        self._faces[track] = _Face(scores, now_s, emotion, sure)
        named = {name: float(p) for name, p in zip(EMOTIONS, scores, strict=True)}
        return Emotion(EMOTIONS[emotion] if sure else UNSURE, named)

    def _forget(self, now_s: float) -> None:
        self._faces = {n: f for n, f in self._faces.items() if now_s - f.scored_s <= FORGET_S}
