"""Does finding and following faces cost more processor time than in another version?

    python -m benchmarks.studies.faces.detect_cost --other OLD/.venv/bin/python CLIP...

Both versions run over each clip in turn, as `edge-emo run` does, and the processor time of each frame's
detection and tracking is read from their records; pairs of runs, as a busy machine slows both alike.
What a detector makes ready at its first looks counts in a whole clip, and no more once it has begun.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.support.errors import EdgeEmoError

# A version is asked for no more than its command. Its clock is exchanged for the process's own time, so
# that the records' milliseconds are those of the processor, of all threads.
RUN = "import time; time.perf_counter = time.process_time; from edge.cli import main; main()"
# The clip's decoder works within the call that reads a frame, not beside the detector.
ENVIRONMENT = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "threads;1"}
BEGUN_S = 1.0  # of the clip: by then every kind of look was taken


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--other", required=True, help="The Python in which the other version is installed.")
@click.option("--this", default=sys.executable, help="That of this one.  [default: the running]")
@click.option("--pairs", default=4, type=click.IntRange(1), help="Runs of each on each clip.")
@verbose_option
def main(clips: tuple[Path, ...], other: str, this: str, pairs: int) -> None:
    """Measure the mean processor time of a frame's detection and tracking in both versions."""
    pythons = other, this
    runs = {clip: [[_run(p, clip) for p in pythons] for _ in range(pairs)] for clip in clips}
    click.echo(f"{'clip':44}{'frames':>7}{'other ms':>10}{'this ms':>9}  this / other, each pair")
    for since_s, words in ((0.0, ""), (BEGUN_S, ", begun")):
        rows = {c: [[_since(r, since_s) for r in pair] for pair in runs[c]] for c in clips}
        for clip, pairs_ms in rows.items():
            _row(clip.stem + words, pairs_ms)
        if len(clips) > 1:
            _row("all" + words, [_joined(same) for same in zip(*rows.values(), strict=True)])


def _row(name: str, pairs_ms: list[list[list[float]]]) -> None:
    """Print one line. `pairs_ms` holds each frame's milliseconds of the other and of this version."""
    means = [[statistics.fmean(ms) for ms in pair] for pair in pairs_ms]
    other, this = (statistics.median(column) for column in zip(*means, strict=True))
    ratios = " ".join(f"{b / a:.2f}" for a, b in means)
    click.echo(f"{name[-43:]:44}{len(pairs_ms[0][1]):>7}{other:>10.2f}{this:>9.2f}  {ratios}")


def _joined(pairs: tuple[list[list[float]], ...]) -> list[list[float]]:
    """Return the frames of several clips' pairs as those of one."""
    return [[ms for part in parts for ms in part] for parts in zip(*pairs, strict=True)]


def _since(records: list[dict], since_s: float) -> list[float]:
    return [r["ms"]["detect"] for r in records if r["position_s"] >= since_s]


def _run(python: str, clip: Path) -> list[dict]:
    """Return a version's records of a clip. Raises: EdgeEmoError: it failed."""
    with tempfile.TemporaryDirectory() as place:
        records = Path(place) / "records.jsonl"
        # Not resolved: a virtual environment's Python is a link.
        command = [os.path.abspath(python), "-c", RUN, "run", "--source", str(clip.absolute())]
        ran = subprocess.run(
            [*command, "--jsonl", str(records)],
            cwd=place,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            said = ran.stderr.strip().splitlines() or ["nothing was said"]
            raise EdgeEmoError(f"{python}: status {ran.returncode}: {said[-1]}")
        return [json.loads(line) for line in records.read_text().splitlines()]


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.faces.detect_cost")
