"""The two TFLite interpreters: ai-edge-litert, and its predecessor tflite-runtime."""

import ctypes
import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from ..support.errors import ConfigError, InterpreterError
from ..support.quiet import quiet_stderr
from .runtime import Interpreter


@dataclass(frozen=True)
class TFLite:
    """A package that has TFLite's `Interpreter` class.

    Attributes:
        package: the name by which pip installs it.
        module: the module that has the class.
        hint: what to do where it is installed but cannot be imported.
    """

    package: str
    module: str
    hint: str = ""

    def installed(self) -> bool:
        return importlib.util.find_spec(self.module.partition(".")[0]) is not None

    def open(self, flatbuffer: bytes, threads: int, delegate: str | None) -> Interpreter:
        """Return an interpreter of a model, its tensors not allocated yet."""
        module = self._import()
        delegates = None if delegate is None else [_delegate(module, delegate)]
        with quiet_stderr():
            interpreter: Interpreter = module.Interpreter(
                model_content=flatbuffer, num_threads=threads, experimental_delegates=delegates
            )
        return interpreter

    def _import(self) -> Any:
        try:
            return importlib.import_module(self.module)
        except (ImportError, AttributeError) as error:
            hint = self.hint or "reinstall it"
            raise InterpreterError(
                f"{self.package} cannot be imported ({error}); {hint}"
            ) from error


LITERT = TFLite("ai-edge-litert", "ai_edge_litert.interpreter")
TFLITE_RUNTIME = TFLite(
    "tflite-runtime",
    "tflite_runtime.interpreter",
    # It was built against numpy 1; under numpy 2 its import fails.
    "run \"pip install 'numpy<2'\", or use ai-edge-litert",
)


def _delegate(module: Any, library: str) -> Any:
    try:
        ctypes.CDLL(library)  # where this fails, the package's own attempt leaves words on stderr
        return module.load_delegate(library)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or "it refuses this machine"
        raise ConfigError(
            f"delegate: {library}: cannot be loaded: {reason}; give the path of its library"
        ) from error
