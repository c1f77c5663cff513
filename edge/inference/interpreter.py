"""The TFLite interpreter that is installed: ai-edge-litert, or its predecessor tflite-runtime."""

import importlib
import importlib.util
from typing import Any

from ..support.errors import ConfigError, InterpreterError
from ..support.quiet import quiet_stderr

MAX_THREADS = 64
# Name for people -> module; the first that is installed is used.
INTERPRETERS = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}


def check_threads(threads: int, setting: str = "threads") -> None:
    """Refuse a number of threads that would take the process down. Raises: ConfigError."""
    if not 1 <= threads <= MAX_THREADS:
        raise ConfigError(f"{setting}: {threads} is not between 1 and {MAX_THREADS}")


def installed() -> list[str]:
    """Return the names of the interpreters that can be found, the preferred one first."""
    return [
        name
        for name, module in INTERPRETERS.items()
        if importlib.util.find_spec(module.partition(".")[0])
    ]


def make_interpreter(content: bytes, threads: int, name: str | None = None) -> Any:
    """Return an interpreter with its tensors allocated.

    Args:
        content: the model's flatbuffer.
        threads: how many threads inference may use.
        name: a key of `INTERPRETERS`; None takes the first that is installed.

    Raises:
        ConfigError: no interpreter is called `name`, or `threads` is out of bounds.
        InterpreterError: none is installed, or it cannot be imported.
        ValueError, RuntimeError: the interpreter's own words on a model that it cannot take.
    """
    check_threads(threads)
    module = _import(name)
    with quiet_stderr():  # it announces its XNNPACK delegate
        interpreter = module.Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    return interpreter


def _import(name: str | None) -> Any:
    if name is not None and name not in INTERPRETERS:
        raise ConfigError(f"interpreter: '{name}' is none of {', '.join(INTERPRETERS)}")
    here = installed()
    chosen = name or (here[0] if here else None)
    if chosen not in here:
        raise InterpreterError(
            f"no TFLite interpreter: {chosen or 'neither of the two'} is installed; "
            f"run 'pip install {chosen or 'ai-edge-litert'}'"
        )
    try:
        return importlib.import_module(INTERPRETERS[chosen])
    except (ImportError, AttributeError) as error:
        # tflite-runtime was built against numpy 1; under numpy 2 its import fails.
        raise InterpreterError(
            f"{chosen} cannot be imported ({error}); for tflite-runtime run "
            "\"pip install 'numpy<2'\", or use ai-edge-litert"
        ) from error
