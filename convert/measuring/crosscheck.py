"""The written file in every interpreter that is installed here: do all score as one?"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from edge.emotions.self_check import Agreement, check, check_faces, raw_scores, record
from edge.inference.model_file import ModelFile
from edge.inference.runtime import Runtime, installed
from edge.support.errors import InterpreterError, ModelError
from edge.support.machine import version_of
from edge.support.quiet import quiet_stderr

TENSORFLOW = "tensorflow"


@dataclass(frozen=True)
class Checked:
    """One interpreter's verdict.

    Attributes:
        interpreter: its name and version.
        agreement: how its scores differ from those in the file; None if it cannot be used.
        why_not: why it cannot.
    """

    interpreter: str
    agreement: Agreement | None
    why_not: str = ""

    def __str__(self) -> str:
        return f"{self.interpreter}: {self.agreement or self.why_not}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        if self.agreement is None:
            return {"interpreter": self.interpreter, "why_not": self.why_not}
        a = self.agreement
        return {
            "interpreter": self.interpreter,
            "faces": a.faces,
            "differing": a.differing,
            "largest_difference": round(a.largest, 6),
            "largest_difference_steps": a.steps,
            "other_emotion": a.other_emotion,
        }


def reference_scores(flatbuffer: bytes, size: tuple[int, ...]) -> dict[str, Any]:
    """Return what a file keeps of the check, as the preferred interpreter gives it."""
    runtime = Runtime()
    scores = raw_scores(runtime.open(flatbuffer), check_faces(size))
    return record(scores, size, f"{runtime.name} {version_of(runtime.name)}")


def check_everywhere(model: ModelFile) -> tuple[Checked, ...]:
    """Return the verdict of each installed interpreter on the file as it was read back."""
    return tuple(_checked(model, name) for name in (*installed(), TENSORFLOW))


def _checked(model: ModelFile, name: str) -> Checked:
    said = f"{name} {version_of(name)}"
    try:
        if name == TENSORFLOW:
            with quiet_stderr():
                interpreter = tf.lite.Interpreter(model_content=model.flatbuffer, num_threads=1)
                interpreter.allocate_tensors()
        else:
            interpreter = Runtime(name).open(model.flatbuffer)
        return Checked(said, check(model, interpreter))
    except (InterpreterError, ModelError, ValueError, RuntimeError) as error:
        return Checked(said, None, f"cannot be used: {str(error).splitlines()[0]}")
