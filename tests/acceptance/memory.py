"""Peak memory of a batch over one long video: `python tests/acceptance/memory.py WORK [FRAMES]`.

Makes a video of 25 frames a second with one face that moves, analyses its first tenth and the whole,
and prints the peak memory of the worker process and of the process that leads for both.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from edge_emo.testing import portrait

SIZE = (160, 120)
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from edge.batch.job import run_batch
started = time.perf_counter()
done = run_batch([Path(sys.argv[1])], Path(sys.argv[2]), jobs=1)
row = done.files[0]
print(json.dumps({
    "frames": row["frames"], "faces": row["faces"], "error": row["error"],
    "seconds": round(time.perf_counter() - started, 1),
    "worker_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    "leader_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
}))
"""


def make(path: Path, frames: int) -> None:
    """Write the video."""
    face = cv2.resize(portrait()[0:256, 96:352], (96, 96))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, SIZE)
    for number in range(frames):
        picture = np.full((SIZE[1], SIZE[0], 3), 96, np.uint8)
        x = round(32 + 24 * np.sin(number / 40))
        picture[12:108, x : x + 96] = face
        writer.write(picture)
    writer.release()


def main(work: Path, frames: int) -> None:
    """Make, measure, print."""
    work.mkdir(parents=True, exist_ok=True)
    for count in (frames // 10, frames):
        path, out = work / f"{count}.mp4", work / f"out{count}"
        shutil.rmtree(out, ignore_errors=True)
        if not path.exists():
            make(path, count)
        command = [sys.executable, "-c", MEASURE, str(path), str(out)]
        root = str(Path(__file__).parents[2])
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": root},
            check=True,
        )
        print(json.dumps(json.loads(done.stdout)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
