"""Run a model that others made in a process of its own first: what takes that down takes us not.

python -m edge.inference.trial INTERPRETER THREADS DELEGATE < FLATBUFFER
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..support.errors import EdgeEmoError, ModelError
from .graph_check import GraphError, check_graph
from .model_file import ModelFile
from .runtime import Interpreter, Runtime

_PROGRAM = ("-m", "edge.inference.trial")
LIMIT_S = 120.0
MEMORY = 768 * 2**20  # bytes beyond what Python and the interpreter take themselves
_CACHED = 64  # verdicts


def open_model(
    model: ModelFile, runtime: Runtime, input_shape: Sequence[int] | None = None
) -> Interpreter:
    """Return an interpreter of a model; one that is not trusted runs in another process first.

    Args:
        input_shape: see `Runtime.open`.

    Raises:
        ModelError: the model cannot be run, or takes the interpreter down.
        ConfigError, InterpreterError: what `Runtime.open` raises.
    """
    if not model.trusted and (reason := _why_not(model.flatbuffer, runtime)):
        raise ModelError(f"{model.path}: the interpreter refuses it: {reason}; convert it again")
    try:
        return runtime.open(model.flatbuffer, input_shape)
    except EdgeEmoError:
        raise
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{model.path}: the interpreter refuses it: {reason}") from error


def _why_not(flatbuffer: bytes, runtime: Runtime) -> str | None:
    try:
        check_graph(flatbuffer)
    except GraphError as error:
        return f"its graph is damaged: {error}"
    return _tried(flatbuffer, runtime)


@lru_cache(_CACHED)
def _tried(flatbuffer: bytes, runtime: Runtime) -> str | None:
    command = [
        *(sys.executable, *_PROGRAM),
        *(runtime.name, str(runtime.threads), runtime.delegate or ""),
    ]
    try:
        done = subprocess.run(
            command, input=flatbuffer, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it takes more than {LIMIT_S:.0f} s for three faces"
    if done.returncode < 0:
        return "it takes the interpreter down"
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return "the interpreter ends without an answer"
    return said["why_not"]


def main(interpreter: str, threads: str, delegate: str) -> None:
    """Try the model on standard input on three faces; print the verdict as JSON."""
    flatbuffer = sys.stdin.buffer.read()
    runtime = Runtime(interpreter, int(threads), delegate or None)
    _limit_memory()
    try:
        reason = _run(runtime.open(flatbuffer))
    except MemoryError:
        reason = f"it needs more than {MEMORY / 2**20:.0f} MB of memory"
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
    print(json.dumps({"why_not": reason}))


def _run(interpreter: Any) -> str | None:
    (place, *_), outputs = interpreter.get_input_details(), interpreter.get_output_details()
    shape = tuple(int(n) for n in place["shape"])
    rng = np.random.default_rng(1)
    low, high = (-128, 128) if place["dtype"] is np.int8 else (0, 256)
    for face in (np.full(shape, low), np.full(shape, high - 1), rng.integers(low, high, shape)):
        interpreter.set_tensor(place["index"], face.astype(place["dtype"]))
        interpreter.invoke()
        for out in outputs:
            if not np.isfinite(interpreter.get_tensor(out["index"]).astype(np.float64)).all():
                return "it gives values that are not numbers"
    return None


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    used = 0
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            used = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData"))
    except (OSError, StopIteration, ValueError):
        return
    limit = used + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(*sys.argv[1:])
