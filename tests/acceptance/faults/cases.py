"""Run every case of a folder of inputs that once showed a fault, with one or more versions of edge-emo.

    python tests/acceptance/faults/cases.py FOLDER --program .venv/bin/edge-emo [--program OLDER ...]

Prints one table, as Markdown: what is wanted, and what each program does. Exits 1 if the first program
does not do what is wanted.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

LIMIT_S = 240
MOST_BYTES = 8 * 2**30
GIGABYTE = 1_000_000  # kilobytes, as the system counts a process's memory


@dataclass(frozen=True)
class Ended:
    """How a run ended: status (negative: a signal), what it wrote, memory in kB."""

    status: int
    out: str
    err: str
    peak_kb: int

    @property
    def records(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    @property
    def faces(self) -> int:
        return sum(len(record["faces"]) for record in self.records)

    @property
    def is_refused(self) -> bool:
        """Whether it ended with one clear line, in bounds."""
        lines = [line for line in self.err.splitlines() if "error: " in line.lower()]
        clear = self.status in (1, 2) and len(lines) == 1 and "unexpected" not in lines[0]
        return clear and "Traceback" not in self.err and self.peak_kb < GIGABYTE


@dataclass(frozen=True)
class Case:
    """One input: its arguments, what is wanted in words, and whether an end is that.

    Attributes:
        twin: the same pictures in a plain form, in which as many faces must be found.
    """

    name: str
    arguments: tuple[str, ...]
    wanted: str
    right: Callable[[Ended], bool]
    twin: str = ""


def run(program: str, arguments: tuple[str, ...], folder: Path) -> Ended:
    """Run a program in a folder of inputs and measure it."""

    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [program, *arguments],
            cwd=folder,
            stdout=out,
            stderr=err,
            env=environment,
            preexec_fn=_limit_memory,
        )
        deadline = time.monotonic() + LIMIT_S
        status, peak = None, 0
        while status is None and time.monotonic() < deadline:
            pid, code, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                status, peak = os.waitstatus_to_exitcode(code), usage.ru_maxrss
                process.returncode = status
            else:
                time.sleep(0.05)
        if status is None:
            process.kill()
            process.wait()
            status = 124
        out.seek(0)
        err.seek(0)
        texts = (stream.read().decode("utf-8", "replace") for stream in (out, err))

        return Ended(status, *texts, peak)


def _limit_memory() -> None:
    """Keep the machine from what an older version may ask for."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))


def _records(count: int, least_faces: int, most_faces: int = 1000) -> Callable[[Ended], bool]:
    def right(ended: Ended) -> bool:
        times = [r["position_s"] for r in ended.records]
        rises = all(a < b for a, b in pairwise(times)) if None not in times else True
        found = len(ended.records) == count and least_faces <= ended.faces <= most_faces
        return ended.status == 0 and found and rises

    return right


def _says(*words: str) -> Callable[[Ended], bool]:
    return lambda ended: ended.is_refused and all(word in ended.err for word in words)


def _film(name: str, wanted: str, right: Callable[[Ended], bool], twin: str = "") -> Case:
    return Case(name, ("run", "--source", name, "--jsonl", "-"), wanted, right, twin)


def _model(name: str, *words: str) -> Case:
    arguments = ("run", "--model", f"hostile/{name}", "--source", "demo", "--jsonl", "-")
    return Case(f"hostile/{name}", arguments, "refused in one line", _says(*words))


CASES = (
    _film("no-timestamps.h264", "200 records, its twin's faces, time rises", _records(200, 1), "no-timestamps-twin.mp4"),
    _film("interlaced.mp4", "98 faces or more, or refused by name", lambda e: _records(100, 98)(e) or (e.is_refused and "interlaced" in e.err)),
    _film("progressive-twin.mp4", "98 faces or more", _records(100, 98)),
    _film("trimmed.mp4", "77 records, 75 faces or more", _records(77, 75)),
    _film("sound-longer.mkv", "100 records, 98 faces or more", _records(100, 98)),
    _film("starts-late.mkv", "100 records, 98 faces or more", _records(100, 98)),
    _film("turned.jfif", "1 face", _records(1, 1, 1)),
    _film("turned-twin.jpg", "1 face", _records(1, 1, 1)),
    _film("face-in-face.png", "1 face", _records(1, 1, 1)),
    _film("mixed", "5 images, or the rest named", lambda e: e.status == 0 and (len(e.records) == 5 or "b.heic" in e.err)),
    Case("lost", ("evaluate", "--data", "lost"), "what is left out is named and counted", lambda e: e.status == 0 and "20 of 140" in e.err and "no face of happy" in e.err),
    Case("range01.h5", ("evaluate", "--model", "range01.h5", "--data", "grays"), "refused, as convert does", _says("--input-range")),
    Case("weights-only.h5", ("evaluate", "--model", "weights-only.h5", "--data", "grays"), "says that it holds weights only", _says("weights only")),
    _model("segv-cycle.tflite"),
    _model("abort-double-free-1.tflite"),
    _model("abort-opcode.tflite"),
    _model("indexerror-no-input.tflite"),
    _model("runtimeerror-lacks-data.tflite"),
    _model("memory-2.4GB-shape.tflite", "memory"),
    _model("not-probabilities.tflite", "not probabilities"),
    _model("zipbomb-142kB-to-2GB.tflite", "unpacks"),
    Case("hostile/escape-codes-in-task.tflite", ("run", "--model", "hostile/escape-codes-in-task.tflite", "--source", "demo"), "one line without a control character", lambda e: e.is_refused and all(c.isprintable() or c == "\n" for c in e.err)),
    Case("hostile/bomb-1.5MB-to-1.5GB.keras", ("evaluate", "--model", "hostile/bomb-1.5MB-to-1.5GB.keras", "--data", "grays"), "refused in bounds", _says("unpacks")),
    _film("hostile/bomb-20000x20000-rgb.png", "refused by its header", _says("20000 x 20000")),
    Case("hostile/recursion.toml", ("run", "--config", "hostile/recursion.toml"), "refused in one line", _says("recursion.toml")),
    Case("hostile/nul.toml", ("run", "--config", "hostile/nul.toml", "--duration", "1"), "refused in one line", _says("nul.toml")),
    Case("hostile/camera-5000-digits.toml", ("run", "--config", "hostile/camera-5000-digits.toml"), "refused in one short line", lambda e: e.is_refused and len(e.err) < 500),
    Case("hostile/votes", ("evaluate", "--data", "hostile/votes", "--labels", "ferplus"), "refused in one line", _says("fer2013new.csv")),
    Case("--config /dev/zero", ("run", "--config", "/dev/zero"), "refused in bounds", _says("/dev/zero")),
    Case("--duration in Arabic digits", ("run", "--source", "demo", "--duration", "\u0661"), "refused in one line", _says("0 to 9")),
)  # fmt: skip


def told(ended: Ended) -> str:
    """Return in a few words what a run did."""
    if ended.status < 0:
        end = f"killed by signal {-ended.status}"
    elif ended.status == 124:
        end = "hangs"
    else:
        end = f"status {ended.status}"
    if ended.peak_kb >= GIGABYTE:
        end += f", {ended.peak_kb / 1e6:.1f} GB"
    if ended.status == 0:
        return f"{end}, {len(ended.records)} records, {ended.faces} faces" if ended.records else end
    lines = [line for line in ended.err.splitlines() if "error: " in line.lower()]
    said = lines[-1].partition("rror: ")[2] if lines else "(nothing said)"
    shown = "".join(c if c.isprintable() else "?" for c in said).replace("|", "/")
    return f"{end}: {shown[:90]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--program", action="append", required=True)
    parser.add_argument("--only", action="append", help="cases whose names hold this text")
    options = parser.parse_args()
    programs = [os.path.abspath(program) for program in options.program]
    print("| case | wanted | " + " | ".join(f"{p} |  " for p in options.program) + "|")
    print("|" + "---|" * (2 + 2 * len(programs)))
    wrong = 0
    for case in CASES:
        if options.only and not any(text in case.name for text in options.only):
            continue
        cells = [case.name, case.wanted]
        for place, program in enumerate(programs):
            ended = run(program, case.arguments, options.folder)
            right = case.right(ended)
            if case.twin:
                twin = run(program, ("run", "--source", case.twin, "--jsonl", "-"), options.folder)
                right = right and ended.faces == twin.faces
            wrong += place == 0 and not right
            cells += [told(ended), "yes" if right else "**no**"]
        print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\n{wrong} cases are not as wanted with {options.program[0]}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
