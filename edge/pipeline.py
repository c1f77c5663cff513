"""One frame's way: detect, track, crop, classify, smooth, observe."""

import math
import time

from .boxes import scaled
from .classifier import Classifier, takes_color
from .crop import crop_face
from .detectors import Detector
from .tracker import Tracker
from .values import Face, Frame, Observation


class Pipeline:
    """Turns frames into observations, one after the other."""

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        continuous: bool = True,
        search_every_s: float = 0.0,
    ) -> None:
        """Join the stages.

        Args:
            continuous: successive frames show the same scene; if not, no face is followed.
            search_every_s: how often the whole picture is searched, seconds; in between, known
                faces are followed. 0 searches every frame.
        """
        self._search_every_s = search_every_s
        self._searched_s = -math.inf
        self._detector = detector
        self._classifier = classifier
        self._continuous = continuous
        self._tracker = Tracker()

    def analyse(self, frame: Frame) -> Observation:
        """Return what is seen in a frame."""
        started = time.perf_counter()
        if not self._continuous:
            self._tracker = Tracker()
        now_s = started if frame.position_s is None else frame.position_s
        ratio = frame.size[0] / frame.gray.shape[1]  # boxes are told in pixels of the full frame
        known = [scaled(box, 1 / ratio) for box in self._tracker.boxes(now_s)]
        if not self._continuous or now_s - self._searched_s >= self._search_every_s:
            boxes = self._detector.detect(frame.gray, known)
            self._searched_s = now_s
        else:
            boxes = self._detector.follow(frame.gray, known)
        tracks = self._tracker.follow([scaled(box, ratio) for box in boxes], now_s)
        detected = time.perf_counter()
        color = frame.color() if boxes and takes_color(self._classifier) else None
        faces = []
        for box, track in zip(boxes, tracks, strict=True):
            if color is not None:
                face = crop_face(color, scaled(box, ratio), self._classifier.input_size)
            else:
                face = crop_face(frame.gray, box, self._classifier.input_size)
            faces.append(self._tracker.judge(track, self._classifier.classify(face), now_s))
        done = time.perf_counter()
        return self._observation(frame, faces, started, detected, done)

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
            ms={**ms, "total": sum(ms.values())},
        )
