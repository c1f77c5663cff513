"""The whole conversion: read, calibrate, quantize, measure, write, check, report."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.inference.model_file import ModelFile, pack_model, read_model
from edge.support.atomic import Draft, cannot_write
from edge.support.errors import ConversionError

from .inputs import Inputs, gather
from .measuring.crosscheck import Checked, check_everywhere
from .measuring.measure import latencies, not_in_xnnpack
from .measuring.report import Written, write_report
from .options import ConversionOptions
from .precisions import Candidate, Maker
from .writing.layers import LayerError


@dataclass(frozen=True)
class Conversion:
    """All that came of it.

    Attributes:
        report: what `parity.json` holds.
        page: the report for people, `parity.html`.
    """

    inputs: Inputs
    written: tuple[Written, ...]
    report: dict[str, Any]
    page: Path

    @property
    def refused(self) -> list[Candidate]:
        """What lost more than it may."""
        return [w.candidate for w in self.written if w.path is None]


def convert(options: ConversionOptions) -> Conversion:
    """Convert, and write every file that keeps its accuracy, whole or not at all, and the report.

    Raises:
        ModelError, DatasetError, ConversionError, OutputError.
    """
    with ExitStack() as drafts:
        # Made first: a place that cannot be written is reported before minutes of work.
        kept = {asked: Draft(options.target(asked)) for asked in options.precisions}
        for draft in kept.values():
            drafts.callback(draft.drop)
        inputs = gather(options)
        maker = Maker(options, inputs)
        candidates = {asked: maker.make(asked) for asked in options.precisions}
        errors = _layer_errors(maker) if options.debug else ()
        paths: dict[str, Path | None] = {}
        models: dict[str, ModelFile] = {}
        sizes: dict[str, int] = {}
        checked: dict[str, tuple[Checked, ...]] = {}
        for asked, candidate in candidates.items():
            draft = kept[asked]
            _write(draft.path, options.target(asked), candidate.model)
            models[asked] = read_model(draft.path)  # as the device would
            sizes[asked] = draft.path.stat().st_size
            checked[asked] = check_everywhere(models[asked])
            paths[asked] = None
            if candidate.drop <= options.max_drop:
                draft.keep()
                paths[asked] = options.target(asked)
    ms = latencies(models)
    written = tuple(
        Written(
            candidate,
            paths[asked],
            sizes[asked],
            checked[asked],
            not_in_xnnpack(models[asked].flatbuffer),
            ms[asked],
        )
        for asked, candidate in candidates.items()
    )
    report = write_report(options, inputs, written, errors)
    return Conversion(inputs, written, report, options.report / "parity.html")


def _layer_errors(maker: Maker) -> tuple[LayerError, ...]:
    try:
        return maker.study.errors
    except ConversionError as error:
        raise ConversionError(f"--debug studies the layers under int8, and {error}") from error


def _write(draft: Path, target: Path, model: ModelFile) -> None:
    try:
        draft.write_bytes(pack_model(model.flatbuffer, model.about))
    except OSError as error:
        raise cannot_write(target, error) from error
