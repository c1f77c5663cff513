"""What `edge-emo run` costs: a folder of stills, the most memory, the start; one installation, or two in turn.

    python -m benchmarks.measures.costs --stills scenes/coco --clip walking.mp4 NAME=PYTHON [NAME=PYTHON]

PYTHON is the interpreter of an environment in which edge-emo is installed. Each figure is the median of
some rounds; in each round the installations come in turn, so that what else the machine does hits both alike.
"""

import argparse
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_IMPORTS = "import click, numpy, cv2, ai_edge_litert.interpreter"  # what no version can do without
_NOT_AS_INSTALLED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
READY_S = 120.0
IMAGES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Attributes:
        processor_s: seconds of all its threads.
        clock_s: seconds by the clock.
        megabytes: the most memory; 0 where that is not known yet.
    """

    processor_s: float
    clock_s: float
    megabytes: float = 0.0


def whole(command: Sequence[str], folder: str) -> Cost:
    """Return what a command costs from its start to its end."""
    began_s = time.monotonic()
    process = _start(command, folder)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"status {process.returncode}: {' '.join(command)}")
    taken_s = time.monotonic() - began_s
    return Cost(used.ru_utime + used.ru_stime, taken_s, used.ru_maxrss / 1024)


def until_ready(command: Sequence[str], folder: str) -> Cost:
    """Return what a command costs from its start to its READY=1, which follows its first frame."""
    place = os.path.join(folder, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(place)
        listening.settimeout(READY_S)
        began_s = time.monotonic()
        process = _start(command, folder, NOTIFY_SOCKET=place)
        try:
            while b"READY=1" not in listening.recv(4096):
                pass
            return Cost(_processor_s(process.pid), time.monotonic() - began_s)
        finally:
            process.terminate()
            process.wait()
            os.unlink(place)


def _start(command: Sequence[str], folder: str, **more: str) -> subprocess.Popen:
    # Elsewhere than in a checkout, whose packages would come before those that are installed.
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_AS_INSTALLED}
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**kept, **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _processor_s(pid: int) -> float:
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def measure(python: str, stills: Path, clip: Path, one: Path, folder: str) -> dict[str, Cost]:
    """Return the costs of each kind in one round."""
    run = [python, "-m", "edge", "run", "--jsonl", os.devnull]
    return {
        "imports": whole([python, "-c", _IMPORTS], folder),
        "first frame": until_ready([*run, "--camera", "mock"], folder),
        "one still": whole([*run, "--source", str(one)], folder),
        "stills": whole([*run, "--source", str(stills)], folder),
        "clip": whole([*run, "--source", str(clip)], folder),
    }


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the medians."""
    return Cost(
        statistics.median(cost.processor_s for cost in costs),
        statistics.median(cost.clock_s for cost in costs),
        statistics.median(cost.megabytes for cost in costs),
    )


def rows(costs: dict[str, Cost], count: int) -> dict[str, tuple[float, str]]:
    """Return the figures by what they are: the value, and how it is written."""
    stills, one = costs["stills"], costs["one still"]
    each_ms = 1000 * (stills.processor_s - one.processor_s) / max(1, count - 1)
    each_clock_ms = 1000 * (stills.clock_s - one.clock_s) / max(1, count - 1)
    start_s = costs["first frame"].processor_s - costs["imports"].processor_s
    return {
        f"{count} stills, whole command, processor": (stills.processor_s, "{:.2f} s"),
        f"{count} stills, whole command, clock": (stills.clock_s, "{:.2f} s"),
        "a still more, processor": (each_ms, "{:.1f} ms"),
        "a still more, clock": (each_clock_ms, "{:.1f} ms"),
        "most memory, stills": (stills.megabytes, "{:.0f} MB"),
        "most memory, clip": (costs["clip"].megabytes, "{:.0f} MB"),
        "clip, whole command, processor": (costs["clip"].processor_s, "{:.2f} s"),
        "until the first frame, processor": (costs["first frame"].processor_s, "{:.2f} s"),
        "of that beyond the imports": (start_s, "{:.2f} s"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stills", type=Path, required=True, help="a folder of images")
    parser.add_argument("--clip", type=Path, required=True, help="a video")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("installations", nargs="+", metavar="NAME=PYTHON")
    given = parser.parse_args()
    stills, clip = given.stills.resolve(), given.clip.resolve()
    images = sorted(p for p in stills.iterdir() if p.suffix.lower() in IMAGES)
    pythons = dict(text.split("=", 1) for text in given.installations)
    found: dict[str, list[dict[str, Cost]]] = {name: [] for name in pythons}
    with tempfile.TemporaryDirectory() as folder:
        for python in pythons.values():  # each compiled, as pip leaves it
            whole(
                [python, "-m", "edge", "run", "--source", str(images[0]), "--jsonl", os.devnull],
                folder,
            )
        for _ in range(given.rounds):
            for name, python in pythons.items():
                found[name].append(measure(python, stills, clip, images[0], folder))
    tables = [
        rows({kind: middle([r[kind] for r in rounds]) for kind in rounds[0]}, len(images))
        for rounds in found.values()
    ]
    share = len(tables) == 2
    print(f"| | {' | '.join(pythons)} |{' share |' if share else ''}")
    print("|---" * (len(tables) + 1 + share) + "|")
    for what in tables[0]:
        cells = [table[what][1].format(table[what][0]) for table in tables]
        if share:
            cells.append(f"{tables[1][what][0] / tables[0][what][0]:.2f}")
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
