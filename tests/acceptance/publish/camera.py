#!/usr/bin/env python3
"""Write a camera's records as the service does, without a camera: camera.py FILE RATE [TOTAL_MB].

A face comes and goes every ten seconds and changes its emotion every three; ends with SIGTERM.
"""

import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge.outputs import OutputOptions
from edge.outputs.jsonl import JsonLines
from edge.support.labels import EMOTIONS
from edge.support.rotation import Rotation
from edge.support.values import Face, Frame, Observation


def observation(index: int, seconds: float) -> Observation:
    names = [*EMOTIONS, "unsure"]
    told = names[int(seconds / 3) % len(names)]
    scores = {name: 0.7 if name == told else 0.05 for name in EMOTIONS}
    seen = (Face(1, (100, 80, 120, 120), scores, told),) if seconds % 20 < 10 else ()
    ms = {"capture": 2.0, "detect": 4.0, "classify": 0.5, "total": 6.5}
    return Observation(datetime.now(UTC), "0", index, None, (640, 480), seen, ms)


def main() -> None:
    path, rate = Path(sys.argv[1]), float(sys.argv[2])
    total = float(sys.argv[3]) if len(sys.argv) > 3 else 200.0
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    path.parent.mkdir(parents=True, exist_ok=True)
    bounds = Rotation(file_bytes=total * 1e6 / 10, total_bytes=total * 1e6)
    output = JsonLines(OutputOptions(str(path), live=True, fps=rate, rotation=bounds))
    gray = np.zeros((2, 2), np.uint8)
    started, index = time.monotonic(), 0
    while not stop.is_set():
        seen = observation(index, index / rate)
        frame = Frame("0", index, seen.time, None, seen.size, gray, lambda: gray, 2.0)
        output.write(frame, seen)
        index += 1
        stop.wait(max(0.0, started + index / rate - time.monotonic()))
    output.close()


if __name__ == "__main__":
    main()
