"""One frame's way: detect, track, crop, classify, smooth, observe."""

import time

from ..emotions.classifier import Classifier, takes_color
from ..emotions.smoothing import EmotionSmoother
from ..faces import Detector, Eyes
from ..faces.crop import crop_upright, roll
from ..faces.tracker import Tracker
from ..support.boxes import scaled, within
from ..support.values import Face, Frame, Observation


class Pipeline:
    """Turns frames into observations, one after the other."""

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        continuous: bool = True,
        search_every_s: float = 0.0,
        unsure_below: float = 0.0,
    ) -> None:
        """Join the stages.

        Args:
            continuous: successive frames show the same scene; if not, no face is followed.
            search_every_s: how often a frame is searched for faces, seconds; they are followed in
                between. 0 searches every frame.
            unsure_below: the least confidence, 0..1, with which an emotion is reported.
        """
        self._search_every_s = search_every_s if continuous else 0.0
        self._detector = detector
        self._classifier = classifier
        self._continuous = continuous
        self._unsure_below = unsure_below
        self._forget()

    def analyse(self, frame: Frame) -> Observation:
        """Return what is seen in a frame."""
        started = time.perf_counter()
        if not self._continuous:
            self._forget()
        now_s = started if frame.position_s is None else frame.position_s
        height, width = frame.gray.shape
        ratio = frame.size[0] / width  # boxes are reported in pixels of the full frame
        tracks = self._tracker.update(frame.gray, now_s)
        detected = time.perf_counter()
        color = frame.color() if tracks and takes_color(self._classifier) else None
        size = self._classifier.input_size
        faces = []
        for track in tracks:
            box = within(track.box, (height, width))
            full = scaled(box, ratio)
            face = (
                crop_upright(frame.gray, box, track.eyes, size)
                if color is None
                else crop_upright(color, full, _scaled(track.eyes, ratio), size)
            )
            scores = self._classifier.classify(face)
            emotion = self._smoother.update(track.number, scores, now_s)
            leaning = None if track.eyes is None else roll(track.eyes)
            faces.append(Face(track.number, full, emotion.scores, emotion.name, leaning))
        done = time.perf_counter()
        return self._observation(frame, faces, started, detected, done)

    def _forget(self) -> None:
        self._tracker = Tracker(self._detector, self._search_every_s, self._continuous)
        self._smoother = EmotionSmoother(self._unsure_below)

    def _observation(
        self, frame: Frame, faces: list[Face], started: float, detected: float, done: float
    ) -> Observation:
        ms = {
            "capture": frame.capture_ms,
            "detect": (detected - started) * 1000,
            "classify": (done - detected) * 1000,
        }
        return Observation(
            time=frame.time,
            source=frame.source,
            frame=frame.index,
            position_s=frame.position_s,
            size=frame.size,
            faces=tuple(faces),
            ms={**ms, "work": (done - started) * 1000, "total": sum(ms.values())},
        )


def _scaled(eyes: Eyes | None, ratio: float) -> Eyes | None:
    if eyes is None:
        return None
    (right_x, right_y), (left_x, left_y) = eyes
    return (right_x * ratio, right_y * ratio), (left_x * ratio, left_y * ratio)
