"""Follow faces from frame to frame and steady their scores."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ..support.boxes import SAME_FACE_IOU, Box, iou
from ..support.labels import EMOTIONS, UNSURE
from ..support.values import Face

KEEP_S = 1.0  # a face not seen for so long is forgotten; its number is not used again
SCORES_TIME_CONSTANT_S = 0.4  # an expression's change has reached 63 % of its scores by then
UNSURE_BAND = 0.05  # by which a told emotion may fall below the least confidence and still be told
LEAD = 0.1  # by which another emotion's score must lead before it is told, so that none flickers


@dataclass(frozen=True)
class Track:
    """One face followed: its number, newest box, smoothed scores, told emotion, when it was seen."""

    number: int
    box: Box
    seen_s: float
    scores: np.ndarray | None = None
    scored_s: float = 0.0
    emotion: int | None = None
    sure: bool = False


class Tracker:
    """Gives a face the same number, smooths its scores over time, and tells a steady emotion."""

    def __init__(self, unsure_below: float = 0.0) -> None:
        """Begin with no faces; no emotion is told with less confidence than `unsure_below`, 0..1."""
        self._unsure_below = unsure_below
        self._tracks: dict[int, Track] = {}
        self._next = 1

    def follow(self, boxes: list[Box], now_s: float) -> list[Track]:
        """Return one track for each box, in the order of `boxes`: known faces first choose.

        Args:
            boxes: this frame's faces.
            now_s: this frame's time, seconds, never going back.
        """
        self._tracks = {
            n: track for n, track in self._tracks.items() if now_s - track.seen_s <= KEEP_S
        }
        pairs = sorted(
            (
                (iou(track.box, box), track.number, place)
                for track in self._tracks.values()
                for place, box in enumerate(boxes)
            ),
            key=lambda pair: (-pair[0], pair[1], pair[2]),
        )
        numbers: dict[int, int] = {}  # place in boxes -> track
        for overlap, number, place in pairs:
            if overlap >= SAME_FACE_IOU and place not in numbers and number not in numbers.values():
                numbers[place] = number
        return [self._seen(numbers.get(place), box, now_s) for place, box in enumerate(boxes)]

    def judge(self, track: Track, scores: np.ndarray, now_s: float) -> Face:
        """Return the face of a track with its new scores (float `[7]`, sum 1) smoothed in."""
        if track.scores is not None:
            kept = math.exp(-max(0.0, now_s - track.scored_s) / SCORES_TIME_CONSTANT_S)
            scores = kept * track.scores + (1 - kept) * scores
        emotion = int(np.argmax(scores))
        if track.emotion is not None and scores[emotion] - scores[track.emotion] < LEAD:
            emotion = track.emotion
        least = self._unsure_below - (UNSURE_BAND if track.sure else 0.0)
        sure = bool(scores[emotion] >= least)
        self._tracks[track.number] = replace(
            track, scores=scores, scored_s=now_s, emotion=emotion, sure=sure
        )
        named = {name: float(p) for name, p in zip(EMOTIONS, scores, strict=True)}
        return Face(track.number, track.box, named, EMOTIONS[emotion] if sure else UNSURE)

    def _seen(self, number: int | None, box: Box, now_s: float) -> Track:
        if number is None:
            track = Track(self._next, box, now_s)
            self._next += 1
        else:
            track = replace(self._tracks[number], box=box, seen_s=now_s)
        self._tracks[track.number] = track
        return track
