#!/usr/bin/env python3
"""SIGKILL at every single file operation of installing, activating and rolling back a model.

    python3 tests/acceptance/models/kill_everywhere.py [--work FOLDER]

Needs strace, which kills the process as it enters the first, second, third... system call that opens,
writes, renames, removes or syncs a file. After each the device must use one whole model, old or new, and
the same command must succeed. Prints a table; status 1 if anything was not as it must be.
"""

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from edge.inference.model_file import pack_model, read_model, shipped_models
from edge.inference.slots import active_model, read_state
from edge.service.slots import store

CALLS = (
    *(
        "openat",
        "open",
        "creat",
        "write",
        "pwrite64",
        "ftruncate",
        "truncate",
        "fsync",
        "fdatasync",
    ),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "symlink"),
    *("mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "flock", "close"),
)
NOBODY = Path("/nonexistent/allowed_signers")


def make(folder: Path, version: str) -> Path:
    model = read_model(shipped_models()["edge-xs"])
    path = folder / f"porch-{version}.tflite"
    about = {**model.about, "name": "porch", "version": version}
    path.write_bytes(pack_model(model.flatbuffer, about))
    return path


def use(slots: Path, file: Path) -> None:
    store.install(file, None, slots, NOBODY)
    store.begin_trial(slots, NOBODY)
    store.end_trial(True, "well", slots)


def killed_at(call: str, number: int, do: Callable[[], object]) -> bool:
    """Do it in a process that is killed at its Nth call of that name; return whether it was."""
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            do()
        finally:
            os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    inject = f"inject={call}:signal=KILL:when={number}"
    command = ["strace", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, "-p"]
    tracer = subprocess.Popen([*command, str(child)])
    while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
        if tracer.poll() is not None:
            os.kill(child, signal.SIGKILL)
            sys.exit("strace cannot trace here")
        time.sleep(0.001)
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    tracer.wait(10)
    return os.WIFSIGNALED(status)


def whole_model(slots: Path) -> str:
    """Return the version of the model in use, having checked that it is whole."""
    path = active_model(slots)
    assert path is not None, "the shipped model is used"
    state = read_state(slots)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == state.slots[state.used].sha256, "not the file that was taken"
    return read_model(path).about["version"]


def everywhere(work: Path, before: Path, do: Callable[[Path], object], may: set[str]) -> str:
    slots, seen, made = work / "slots", [], []
    for call in CALLS:
        number = 0
        while True:
            shutil.rmtree(slots, ignore_errors=True)
            shutil.copytree(before, slots)
            if not killed_at(call, number + 1, lambda: do(slots)):
                break
            number += 1
            seen.append(whole_model(slots))
            do(slots)  # the same command again
            assert whole_model(slots) in may
            assert not list(slots.glob(".part-*")), "something is left over"
        made += [f"{number} {call}"] if number else []
    assert set(seen) <= may, set(seen)
    assert any(name.split()[1].startswith("rename") for name in made), made
    counts = ", ".join(f"{seen.count(v)} times {v}" for v in sorted(set(seen)))
    return f"killed at each of {len(seen)} calls ({', '.join(made)}); in use: {counts}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/edge-emo-kill"))
    options = parser.parse_args()
    if not shutil.which("strace"):
        sys.exit("not installed: strace; run 'apt install strace'")
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    old, new, other = (make(options.work, version) for version in ("1.0", "2.0", "3.0"))
    first, second, third = (options.work / name for name in ("first", "second", "third"))
    use(first, old)
    shutil.copytree(first, second)
    store.install(new, None, second, NOBODY)
    shutil.copytree(second, third)
    store.begin_trial(third, NOBODY)
    store.end_trial(True, "well", third)

    def install(file: Path) -> Callable[[Path], object]:
        return lambda slots: store.install(file, None, slots, NOBODY)

    def activate(slots: Path) -> None:
        if store.current(slots).trial is None:
            store.begin_trial(slots, NOBODY)
        store.end_trial(True, "well", slots)

    def fail(slots: Path) -> None:
        if store.current(slots).trial is None:
            store.begin_trial(slots, NOBODY)
        store.end_trial(False, "too slow", slots)

    steps: dict[str, tuple[Path, Callable[[Path], object], set[str]]] = {
        "install into the empty slot": (first, install(new), {"1.0"}),
        "install over another": (second, install(other), {"1.0"}),
        "activate, accepted": (second, activate, {"1.0", "2.0"}),
        "activate, rolled back": (second, fail, {"1.0", "2.0"}),
        "rollback": (third, store.roll_back, {"1.0", "2.0"}),
    }
    failed = False
    print("| what was done | what came of it |\n|---|---|")
    for what, (before, do, may) in steps.items():
        try:
            said = everywhere(options.work, before, do, may)
        except AssertionError as error:
            failed, said = True, f"FAILED: {error}"
        print(f"| {what} | {said} |", flush=True)
    shutil.rmtree(options.work)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
