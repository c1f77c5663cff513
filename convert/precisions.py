"""Files in the making: each precision converted, described and measured; the ladder that picks one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from edge.inference.model_file import ModelFile
from edge.support.errors import ConversionError
from edge.support.progress import progress_bar

from .inputs import Inputs
from .measuring.crosscheck import reference_scores
from .measuring.measure import Parity, measure
from .options import AUTO, MIXED, ConversionOptions
from .writing.layers import LayerStudy
from .writing.packaging import describe
from .writing.quantize import CALIBRATED, check_quantizable, to_tflite

INT8 = "int8"
LADDER = ("dynamic", "int16x8", "float16")  # tried where int8 loses too much, besides `mixed`


@dataclass(frozen=True)
class Candidate:
    """A model of one precision that has been measured.

    Attributes:
        precision: what it is.
        model: the file's content.
        parity: how it compares with the float network.
        way: how it came to be chosen, in words.
    """

    precision: str
    model: ModelFile
    parity: Parity
    way: str

    @property
    def drop(self) -> float:
        """Accuracy lost, percentage points."""
        return -100 * self.parity.change


@dataclass
class Maker:
    """Makes candidates from one inputs."""

    options: ConversionOptions
    inputs: Inputs

    def make(self, asked: str) -> Candidate:
        """Return the candidate for what was asked: a precision, `mixed` or `auto`.

        It may lose more than the bound: whoever asks decides.

        Raises:
            ConversionError: it cannot be converted.
        """
        if asked == AUTO:
            made = self._auto()
        elif asked == MIXED:
            made = self._mixed()
        else:
            made = self._measured(asked, self._converted(asked), "as asked for")
        about = {**made.model.about, "way": made.way}
        return replace(made, model=replace(made.model, about=about))

    @cached_property
    def study(self) -> LayerStudy:
        """The layers under int8."""
        check_quantizable(self._float32)
        with progress_bar("calibrating to compare layers") as progress:
            return LayerStudy(self.inputs.network, self.inputs.sample, progress)

    @cached_property
    def _float32(self) -> bytes:
        return to_tflite(self.inputs.network, "float32")

    def _auto(self) -> Candidate:
        try:
            first = self._measured(INT8, self._converted(INT8), "int8 keeps the accuracy")
        except ConversionError as error:
            reason = str(error).partition(";")[0]
            why, best = f"int8 is impossible ({reason})", None
        else:
            if self._keeps(first):
                return first
            why, best = f"int8 loses {first.drop:.2f} points", first
        for precision, flatbuffer, what in sorted(self._larger(), key=lambda c: len(c[1])):
            tried = self._measured(precision, flatbuffer, f"{why}; {what} is the next larger file")
            if self._keeps(tried):
                return replace(tried, way=f"{why}; {what} is the smallest file that keeps it")
            best = tried if best is None or tried.drop < best.drop else best
            why += f", {what} {tried.drop:.2f}"
        assert best is not None
        return best

    def _larger(self) -> Iterator[tuple[str, bytes, str]]:
        """Yield what may come after int8: precision, flatbuffer, what it is."""
        for precision in LADDER:
            try:
                yield precision, self._converted(precision), precision
            except ConversionError:  # what has no int8 kernel has no int16x8 kernel either
                continue
        try:
            for tensors in self._worst():
                what = f"int8 with {len(tensors)} layers in float"
                yield MIXED, self.study.mixed(tensors), what
        except ConversionError:  # what int8 cannot do the study cannot either
            return

    def _mixed(self) -> Candidate:
        best = None
        for tensors in self._worst():
            way = f"int8 with the {len(tensors)} layers in float that it hurts most"
            tried = self._measured(MIXED, self.study.mixed(tensors), way)
            best = tried if best is None or tried.drop < best.drop else best
            if self._keeps(tried):
                return tried
        assert best is not None
        return best

    def _worst(self) -> list[frozenset[str]]:
        """Return what to leave in float: 1, 2, 4... of the worst layers, but not all."""
        steps = (self.study.worst(2**i) for i in range(10))
        return [
            tensors for tensors in dict.fromkeys(steps) if len(tensors) < len(self.study.errors)
        ]

    def _converted(self, precision: str) -> bytes:
        if precision == "float32":
            return self._float32
        if precision in CALIBRATED:
            check_quantizable(self._float32)
        with progress_bar(f"calibrating {precision}") as progress:
            return to_tflite(self.inputs.network, precision, self.inputs.sample, progress)

    def _measured(self, precision: str, flatbuffer: bytes, way: str) -> Candidate:
        m = self.inputs
        model = describe(self.options, m, precision, flatbuffer)
        with progress_bar(f"measuring {precision}") as progress:
            found = measure(model, m.test.images, m.test.labels, m.scores, progress)
        about: dict[str, Any] = {
            **model.about,
            **m.answers,
            "evaluation": {
                "data": self.options.data.name,
                "split": m.test.split,
                "keras": m.card.as_dict(),
                precision: found.card.as_dict(),
                "agreement": round(found.agreement, 5),
                "mean_kl_divergence": round(found.mean_divergence, 6),
            },
            "check": reference_scores(model.flatbuffer, model.input_size),
        }
        return Candidate(precision, replace(model, about=about), found, way)

    def _keeps(self, candidate: Candidate) -> bool:
        return candidate.drop <= self.options.max_drop
