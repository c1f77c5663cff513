"""What a conversion is asked for."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.evaluation.prediction import Conventions

from .representative import SIZE

AUTO = "auto"
MIXED = "mixed"


@dataclass(frozen=True)
class ConversionOptions:
    """All options of `edge-emo convert`.

    Attributes:
        model: a `.keras` or `.h5` file, or a SavedModel's folder.
        data: the data set: its training split calibrates, its test split measures.
        output: the file; where there are several precisions each puts its name into it.
        precisions: keys of `PRECISIONS`, `mixed`, or `auto`: the smallest file within the bound.
        report: the folder of the parity report.
        name: the model's name; None takes the network's.
        version: the model's version, which devices compare; None takes edge-emo's.
        license: of the model.
        conventions: what the model was fed where it was trained, and the order of its scores.
        mirror: average the scores of the face and of its mirror image.
        faces: size of the representative dataset.
        seed: draws it.
        lit: show it in the light and contrast that cameras give.
        max_drop: percentage points of accuracy that a file may lose.
        debug: study the layers.
    """

    model: Path
    data: Path
    output: Path
    report: Path
    precisions: tuple[str, ...] = (AUTO,)
    name: str | None = None
    version: str | None = None
    license: str = "not stated"
    conventions: Conventions = field(default_factory=Conventions)
    mirror: bool = False
    faces: int = SIZE
    seed: int = 1
    lit: bool = True
    max_drop: float = 0.5
    debug: bool = False

    @classmethod
    def of(
        cls, model: Path, data: Path, output: Path | None = None, **more: Any
    ) -> "ConversionOptions":
        """Return the options of a model, its file and report named after it where they are not given.

        Args:
            output: the file; by default beside the model.
            more: any other attribute.
        """
        precisions = tuple(dict.fromkeys(more.pop("precisions", (AUTO,))))
        own_name = model.parent.name if model.name == "model.keras" else model.stem
        stem = more.get("name") or own_name
        suffix = "" if precisions == (AUTO,) or len(precisions) > 1 else f"-{precisions[0]}"
        output = output or model.with_name(f"{stem}{suffix}.tflite")
        report = more.pop("report", None) or output.with_name(f"{output.stem}-parity")
        return cls(model, data, output, report, precisions, **more)

    def target(self, precision: str) -> Path:
        """Return the path of the file of a precision."""
        if len(self.precisions) == 1:
            return self.output
        return self.output.with_name(f"{self.output.stem}-{precision}{self.output.suffix}")
