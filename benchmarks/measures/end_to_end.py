"""The whole command as a user runs it: `edge-emo run` in a process of its own, watched from outside."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np

from edge.inference.runtime import Runtime
from edge.support.errors import EdgeEmoError

from ..machine import energy_j

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True)
class EndToEnd:
    """What one run of the command came to.

    Attributes:
        frames: records that came.
        fps: frames per second from the first record to the last, decoding and writing included.
        first_record_s: from the start of the process to its first record.
        latency_ms: median and 95th percentile, from a frame's capture to its record here.
        cpu_s_per_frame: processor time of the process, start-up included; None where it cannot be measured.
        memory_mb: most memory that it held; None likewise.
        joules_per_frame: energy of the whole processor meanwhile; None likewise.
    """

    frames: int
    fps: float
    first_record_s: float
    latency_ms: tuple[float, float]
    cpu_s_per_frame: float | None
    memory_mb: float | None
    joules_per_frame: float | None = None


def measure_end_to_end(
    source: str, model: str | None, runtime: Runtime, most: int, expect: str | None = None
) -> EndToEnd:
    """Run the command on a source until it ends, or for `most` frames.

    Raises:
        EdgeEmoError: the command failed; in its own words.
    """
    command = [sys.executable, "-m", "edge", "run", "--source", source, "--jsonl", "-"]
    command += ["--model", model] if model else []
    command += ["--interpreter", runtime.interpreter] if runtime.interpreter else []
    command += ["--expect", expect] if expect else []
    before, energy = _used(), energy_j()
    began = time.perf_counter()
    came: list[float] = []
    latency: list[float] = []
    memory = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            came.append(time.perf_counter())
            captured = datetime.fromisoformat(json.loads(line)["time"])
            latency.append((datetime.now(UTC) - captured).total_seconds() * 1000)
            if len(came) % 20 == 0:
                memory = _memory(process.pid) or memory
            if len(came) == most:
                process.terminate()
                break
        for _ in process.stdout:  # what was on its way
            pass
        text = process.stderr.read().decode(errors="replace")
    if not came:
        raise EdgeEmoError(f"edge-emo run gave no record: {' '.join(text.split())[-300:]}")
    after, energy_after = _used(), energy_j()
    cpu = None if before is None or after is None else (after - before) / len(came)
    joules = -1.0 if energy is None or energy_after is None else energy_after - energy
    return EndToEnd(
        frames=len(came),
        fps=(len(came) - 1) / (came[-1] - came[0]) if len(came) > 1 else 0.0,
        first_record_s=came[0] - began,
        latency_ms=(median(latency), float(np.percentile(latency, 95))),
        cpu_s_per_frame=cpu,
        memory_mb=memory,
        joules_per_frame=joules / len(came) if joules >= 0 else None,  # it may wrap around
    )


def _used() -> float | None:
    """Return the processor seconds of all child processes that have ended."""
    if resource is None:
        return None
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _memory(process: int) -> float | None:
    """Return the most memory that a process has held so far, MB; only Linux reports it."""
    # Not ru_maxrss of the child: that begins with what this process held when it was forked.
    try:
        status = Path(f"/proc/{process}/status").read_text()
        return float(status.partition("VmHWM:")[2].split()[0]) / 1000
    except (OSError, IndexError, ValueError):
        return None
