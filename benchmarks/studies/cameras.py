"""What several cameras cost in one process, and in one process each.

    python -m benchmarks.studies.cameras [--cameras N] [--fps F] [--seconds S]

The mock camera, whose pictures are composed as they are taken: their cost is in both. Memory is the
share of each process in what all have (PSS), so that what processes have in common counts once.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path


def _kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _ticks(pid: int) -> int:
    """Return the processor time of a process and its threads, hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _frames(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl"))


def measure(
    runs: Sequence[Sequence[str]], cameras: int, seconds: float
) -> tuple[float, float, float]:
    """Return MB, the share of a core and milliseconds a frame of processes with these arguments."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "edge", "run", *arguments],
                cwd=folder,
                stderr=subprocess.DEVNULL,
            )
            for arguments in runs
        ]
        try:
            while sum(p.stat().st_size > 0 for p in folder.glob("*.jsonl")) < cameras:
                time.sleep(0.5)
            time.sleep(3)  # all faces are found, all buffers made
            pids = [process.pid for process in processes]
            ticks, frames, began_s = sum(map(_ticks, pids)), _frames(folder), time.monotonic()
            time.sleep(seconds)
            used_s = (sum(map(_ticks, pids)) - ticks) / 100
            frames, lasted_s = _frames(folder) - frames, time.monotonic() - began_s
            megabytes = sum(map(_kilobytes, pids)) / 1000
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
    return megabytes, used_s / lasted_s, 1000 * used_s / max(1, frames)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--fps", type=float, default=5)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args()
    common = ["--size", given.size, "--fps", str(given.fps), "--threads", "1"]
    one = [*common, "--jsonl", "{camera}.jsonl"]
    for _ in range(given.cameras):
        one += ["--camera", "mock"]
    each = [[*common, "--camera", "mock", "--jsonl", f"{n}.jsonl"] for n in range(given.cameras)]
    print("| processes | memory (PSS) | of a core | of a frame |")
    print("|---|---|---|---|")
    for runs in ([one], each):
        megabytes, share, ms = measure(runs, given.cameras, given.seconds)
        print(f"| {len(runs)} | {megabytes:.0f} MB | {share:.0%} | {ms:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
