#!/usr/bin/env python3
"""Run a camera at full speed for an hour, and report whether memory, files and threads stay as they are.

    python tests/device/soak.py [--minutes 60] [--camera mock] [--folder FOLDER]

Records are written with rotation on. What must hold once it is warm (a tenth of the time, a minute at
least), and else the status is 1: anonymous memory grows by no more than `MOST_MB_PER_HOUR`; open files
and threads are as many at the end as at the beginning and never `SPARE` more; the files of records
keep to their bound; every line kept is a whole record, of a later frame than the one before; SIGTERM
ends the run within 2 seconds with status 0.
"""

import argparse
import itertools
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edge.outputs.records import read_records
from edge.support.progress import progress_bar

MOST_MB_PER_HOUR = 0.5
SPARE = 2  # files or threads that may be there for a moment, as while records are set aside
FILE_MB, TOTAL_MB = 1, 10
FASTEST = 1000  # frames per second asked of the camera: more than any machine analyses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long (60)")
    parser.add_argument("--every", type=float, default=5, help="seconds between looks (5)")
    parser.add_argument("--camera", default="mock", help="as of 'edge-emo run' (mock)")
    parser.add_argument("--size", default="640x360", help="of its frames (640x360)")
    parser.add_argument("--folder", type=Path, help="keeps what was seen as soak.csv")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sys.exit(soak(options, folder))


def soak(options: argparse.Namespace, folder: Path) -> int:
    """Run, look, judge; return the exit status."""
    records = folder / "faces.jsonl"
    for old in folder.glob("faces*.jsonl"):
        old.unlink()
    command = [sys.executable, "-m", "edge", "run", "--camera", options.camera]
    command += ["--size", options.size, "--fps", str(FASTEST), "--jsonl", str(records)]
    command += ["--jsonl-mb", str(FILE_MB), "--jsonl-total-mb", str(TOTAL_MB)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    seen: list[dict[str, float]] = []
    largest = 0.0
    started = time.monotonic()
    try:
        with (folder / "soak.csv").open("w") as table, progress_bar("soaking") as progress:
            while (now := time.monotonic() - started) < options.minutes * 60:
                progress(round(now), round(options.minutes * 60))
                time.sleep(options.every)
                if process.poll() is not None:
                    break
                seen.append({"seconds": time.monotonic() - started, **look(process.pid)})
                largest = max(largest, sum(p.stat().st_size for p in folder.glob("faces*.jsonl")))
                if len(seen) == 1:
                    table.write(",".join(seen[0]) + "\n")
                table.write(",".join(f"{v:g}" for v in seen[-1].values()) + "\n")
                table.flush()
    finally:
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    took = time.monotonic() - asked
    print(said.strip(), file=sys.stderr)
    lines = sum(p.read_bytes().count(b"\n") for p in folder.glob("faces*.jsonl"))
    frames = [r["frame"] for r in read_records(records)]
    return judge(seen, largest, process.returncode, took, said, lines, frames)


def look(pid: int) -> dict[str, float]:
    """Return what a process holds now: memory in MB, open files, threads."""
    status = Path(f"/proc/{pid}/status").read_text()
    kb = {n: int(v) for n, v in re.findall(r"^(\w+):\s+(\d+) kB$", status, re.MULTILINE)}
    threads = re.search(r"^Threads:\s+(\d+)", status, re.MULTILINE)
    assert threads
    return {
        "anonymous_mb": kb["RssAnon"] / 1024,
        "resident_mb": kb["VmRSS"] / 1024,
        "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": int(threads[1]),
    }


def judge(
    seen: list[dict[str, float]],
    largest: float,
    status: int,
    took: float,
    said: str,
    lines: int,
    frames: list[int],
) -> int:
    """Print what came of it and return 1 if anything is not as it must be."""
    warm_s = max(60.0, seen[-1]["seconds"] / 10)
    warm = [s for s in seen if s["seconds"] > warm_s]
    if len(warm) < 10:
        print("too short to judge: give it --minutes 3 or more", file=sys.stderr)
        return 1
    grows = {m: slope(warm, m) * 3600 for m in ("anonymous_mb", "resident_mb")}
    later = all(b > a for a, b in itertools.pairwise(frames))
    analysed = re.search(r"(\d+) frames in ([\d.]+) s", said)
    rows = [
        ("ran to its end", status == 0 and bool(analysed), analysed[0] if analysed else said),
        ("SIGTERM", took < 2, f"ended {took:.2f} s later with status {status}"),
        *(
            (
                f"{m.removesuffix('_mb')} memory",
                m == "resident_mb" or grows[m] <= MOST_MB_PER_HOUR,
                f"{warm[0][m]:.1f} MB warm, {warm[-1][m]:.1f} at the end, {max(s[m] for s in warm):.1f} "
                f"at most; {grows[m]:+.2f} MB an hour",
            )
            for m in grows
        ),
        *(
            (
                f"open {m}" if m == "files" else m,
                warm[-1][m] <= warm[0][m] and max(s[m] for s in warm) <= warm[0][m] + SPARE,
                f"{warm[0][m]:.0f} warm, {warm[-1][m]:.0f} at the end, {max(s[m] for s in warm):.0f} at "
                "most",
            )
            for m in ("files", "threads")
        ),
        (
            "files of records",
            largest <= TOTAL_MB * 1e6,
            f"{largest / 1e6:.2f} MB at most, of {TOTAL_MB}",
        ),
        (
            "records",
            later and len(frames) == lines,
            f"{lines} lines kept, {len(frames)} of them whole records, the last of frame {frames[-1]}",
        ),
    ]
    print("| what | result | seen |\n|---|---|---|")
    for what, good, said in rows:
        print(f"| {what} | {'ok' if good else 'FAILED'} | {said} |")
    return int(not all(good for _, good, _ in rows))


def slope(seen: list[dict[str, float]], what: str) -> float:
    """Return the growth per second (Theil and Sen's: the median of many pairs' slopes)."""
    half = len(seen) // 2
    pairs = zip(seen, seen[half:], strict=False)
    return statistics.median((b[what] - a[what]) / (b["seconds"] - a["seconds"]) for a, b in pairs)


if __name__ == "__main__":
    main()
