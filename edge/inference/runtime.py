"""Where a model runs: interpreter, threads and delegate in one value.

An interpreter is found by its name among the entry points of the group `edge_emo.runtimes`, so that
an accelerator is one file and one line in setup.cfg.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..support import registry
from ..support.errors import ConfigError, InterpreterError
from ..support.quiet import quiet_stderr

if TYPE_CHECKING:
    import numpy as np

MAX_THREADS = 64
PREFERRED = ("ai-edge-litert", "tflite-runtime")  # the first that is installed is the default


@dataclass(frozen=True)
class Runtime:
    """What a model runs in.

    Attributes:
        interpreter: a name registered in `edge_emo.runtimes`; None takes the first installed one.
        threads: how many threads inference may use, 1 to 64.
        delegate: the library of a TFLite delegate, such as `libedgetpu.so.1`; None uses none.

    Raises:
        ConfigError: `threads` is out of bounds.
    """

    interpreter: str | None = None
    threads: int = 1
    delegate: str | None = None

    def __post_init__(self) -> None:
        check_threads(self.threads)

    @property
    def name(self) -> str:
        """The interpreter that is used. Raises: ConfigError, InterpreterError."""
        if self.interpreter is not None:
            _engine(self.interpreter)
            return self.interpreter
        for name in installed():
            return name
        raise InterpreterError(
            f"no TFLite interpreter is installed; run 'pip install {PREFERRED[0]}'"
        )

    def open(self, flatbuffer: bytes, input_shape: Sequence[int] | None = None) -> "Interpreter":
        """Return an interpreter of a model, with its tensors allocated.

        Args:
            input_shape: of its first input, where that is not the one written in the model.

        Raises:
            ConfigError: no interpreter has that name, or the delegate cannot be loaded.
            InterpreterError: none is installed, or it cannot be imported.
            ValueError, RuntimeError: the interpreter's own words on a model that it cannot take.
        """
        name = self.name
        engine = _engine(name)
        if not engine.installed():
            raise InterpreterError(
                f"interpreter: {name} is not installed; run 'pip install {engine.package}'"
            )
        interpreter = engine.open(flatbuffer, self.threads, self.delegate)
        with quiet_stderr():  # TFLite announces its XNNPACK delegate
            if input_shape is not None:
                place = interpreter.get_input_details()[0]["index"]
                interpreter.resize_tensor_input(place, list(input_shape))
            interpreter.allocate_tensors()
        return interpreter


class Interpreter(Protocol):
    """A model, ready to run; the methods are those of TFLite's own interpreter."""

    def get_input_details(self) -> list[dict[str, Any]]: ...

    def get_output_details(self) -> list[dict[str, Any]]: ...

    def resize_tensor_input(self, input_index: int, tensor_size: list[int]) -> None: ...

    def allocate_tensors(self) -> None: ...

    def tensor(self, index: int) -> "Callable[[], np.ndarray]": ...

    def set_tensor(self, index: int, value: "np.ndarray") -> None: ...

    def get_tensor(self, index: int) -> "np.ndarray": ...

    def invoke(self) -> None: ...


class Engine(Protocol):
    """What is registered in `edge_emo.runtimes`.

    Attributes:
        package: the name by which pip installs it.
    """

    package: str

    def installed(self) -> bool:
        """Return whether it can be imported here; must not import it."""
        ...

    def open(self, flatbuffer: bytes, threads: int, delegate: str | None) -> Interpreter:
        """Return an interpreter of a model; its tensors need not be allocated."""
        ...


def installed() -> list[str]:
    """Return the names of the interpreters that are installed, the preferred ones first."""
    known = registry.names(registry.RUNTIMES)
    order = [name for name in PREFERRED if name in known]
    order += [name for name in known if name not in PREFERRED]
    return [name for name in order if _engine(name).installed()]


def check_threads(threads: int) -> None:
    """Refuse a number of threads that would take the process down. Raises: ConfigError."""
    if not 1 <= threads <= MAX_THREADS:
        raise ConfigError(f"threads: {threads} is not between 1 and {MAX_THREADS}")


def _engine(name: str) -> Engine:
    known = registry.names(registry.RUNTIMES)
    if name not in known:
        raise ConfigError(f"interpreter: '{name}' is not one of {', '.join(known)}")
    engine: Engine = registry.load(registry.RUNTIMES, name)
    return engine
