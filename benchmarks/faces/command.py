"""`edge-emo bench --faces`: the face exam from a folder to its table, its JSON and its picture."""

import json
from pathlib import Path

import click

from edge.inference.runtime import Runtime

from .exam import read_exam


def run_exam(
    folder: Path,
    detectors: tuple[str, ...],
    runtime: Runtime,
    json_file: str | None,
    plot: Path | None,
) -> None:
    """Let the detectors take the exam, and write what came of it.

    Args:
        detectors: names of those that take it; all where none is given.
        runtime: what networks run in.
        json_file: where the figures go as JSON; `-` prints them in place of the table.
        plot: a PNG of hits and misses of the first of them, the default detector.

    Raises:
        DatasetError: the exam cannot be read.
        DetectorError: not even one detector runs here.
    """
    import cv2

    from edge.inference.threads import vision_threads
    from edge.support.atomic import write_bytes, write_text
    from edge.support.errors import DetectorError
    from edge.support.progress import progress_bar

    from ..machine import describe_bench, load_now
    from .measure import take_exam
    from .picture import draw_hits
    from .report import Report
    from .stress import take_stress
    from .systems import line_up

    cv2.setNumThreads(vision_threads())
    load = load_now()
    sets = read_exam(folder)
    systems, skipped = line_up(detectors, runtime)
    if not systems:
        raise DetectorError("; ".join(s.reason for s in skipped))
    with progress_bar("the exam") as progress:
        sheets = take_exam(sets, systems, progress)
    with progress_bar("made cases") as progress:
        stress = take_stress(sets, systems, progress)
    machine = describe_bench(runtime, load)
    report = Report(str(folder), tuple(systems), tuple(skipped), sheets, stress, machine)
    text = json.dumps(report.as_dict(), indent=1)
    click.echo(text if json_file == "-" else report.as_text())
    if json_file and json_file != "-":
        write_text(Path(json_file), text + "\n")
    if plot:
        first = systems[0].name
        drawn = draw_hits([s for one in sheets.values() for s in one[first].seen])
        write_bytes(plot, cv2.imencode(".png", drawn)[1].tobytes())
