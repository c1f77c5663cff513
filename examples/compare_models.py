"""Compare the shipped models on one picture: emotion, confidence, and time for one call."""

import time

from edge_emo import Recognizer
from edge_emo.testing import portrait

picture = portrait()
for name in ("edge-xs", "edge-s"):
    recognizer = Recognizer(model=name)
    recognizer.read(picture)  # the first call warms the caches
    started = time.perf_counter()
    face = recognizer.read(picture)[0]
    spent_ms = (time.perf_counter() - started) * 1000
    print(f"{name:8} {face.emotion:8} {face.confidence:.0%}  {spent_ms:.1f} ms with detection")
