"""What a thousand hours of video cost: `python -m benchmarks.studies.batch_cost CLIP...`.

Runs the batch with one worker over each clip, and counts the processor's time, which other programs
on the machine hardly change, not the clock's.
"""

import resource
import sys
import tempfile
from pathlib import Path

import cv2

from edge.batch.job import BatchResult, run_batch

HOURS = 1000
FPS = 25
LEAST_FRAMES = 500  # what a run's start costs must not count; shorter clips are repeated


def main(clips: list[Path]) -> None:
    """Print a row for each clip, and what follows for 1000 hours."""
    print(
        f"{'clip':44}{'size':>11}{'frames':>8}{'faces':>7}{'ms/frame':>10}{'core hours':>12}{'MB/h':>7}"
    )
    for clip in clips:
        with tempfile.TemporaryDirectory() as place:
            _repeated(clip, Path(place) / "in")
            empty_s = _cpu_s(Path(place) / "in" / "0.png", Path(place) / "empty")[0]
            spent_s, done = _cpu_s(Path(place) / "in" / "clips", Path(place) / "out")
            frames = sum(row["frames"] for row in done.files)
            faces = sum(row["faces"] for row in done.files)
            size = sum(p.stat().st_size for p in (Path(place) / "out").rglob("*") if p.is_file())
            ms = 1000 * (spent_s - empty_s) / frames
            hours = HOURS * 3600 * FPS * ms / 1000 / 3600
            per_hour = size / frames * 3600 * FPS / 1e6
            print(
                f"{clip.name[:43]:44}{_size(clip):>11}{frames:>8}{faces / frames:>7.1f}{ms:>10.2f}"
                f"{hours:>12.0f}{per_hour:>7.1f}"
            )


def _repeated(clip: Path, place: Path) -> None:
    """Link a clip as often as is needed, and write a picture that costs only a start."""
    (place / "clips").mkdir(parents=True)
    capture = cv2.VideoCapture(str(clip))
    count = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    picture = capture.read()[1]
    cv2.imwrite(str(place / "0.png"), cv2.resize(picture, (64, 48)))
    repeats = -(-LEAST_FRAMES // count)
    for number in range(repeats):
        (place / "clips" / f"{number}{clip.suffix}").symlink_to(clip.absolute())


def _cpu_s(place: Path, out: Path) -> tuple[float, BatchResult]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_batch([place], out, jobs=1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def _size(clip: Path) -> str:
    capture = cv2.VideoCapture(str(clip))
    sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    return "x".join(str(int(capture.get(side))) for side in sides)


if __name__ == "__main__":
    main([Path(text) for text in sys.argv[1:]])
