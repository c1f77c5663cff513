"""`edge-emo bench`: speed and size against the full Keras model and the paper's loop."""

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import click

from edge.cli import verbose_option

WHOLE_FRAMES = 300  # records of the whole command that are waited for


def _png(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path and path.suffix.lower() != ".png":
        raise click.BadParameter(f"'{path}' does not end in .png")
    return path


@click.command(
    "bench",
    short_help="Measure speed and size against other systems.",
    context_settings={"show_default": True},
)
@click.option("--source", metavar="FILE", default="demo", help="A video, images, or 'demo'.")
@click.option(
    "--model", metavar="NAME|FILE", help="The model under test.  [default: the shipped edge-s]"
)
@click.option(
    "--keras",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The .keras it was converted from, to run in float32.  [default: models/edge-s.keras]",
)
@click.option(
    "--paper-keras",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A trained paper-c.  [default: models/paper-c.keras, else untrained weights]",
)
@click.option(
    "--expect",
    metavar="everyday|acted|even|FILE",
    help="Expected shares of the emotions, as for 'run'.  [default: as for 'run']",
)
@click.option(
    "--frames",
    type=click.IntRange(1),
    default=60,
    help="Frames to hold in memory, in runs of ten spread over the clip's first 1500.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=3,
    help="Number of rounds; each system runs once in each.",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    help="Threads of the TFLite interpreter.  [default: as 'run' chooses them]",
)
@click.option("--interpreter", metavar="NAME", help="ai-edge-litert or tflite-runtime.")
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Write the results as JSON; - is standard output."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    callback=_png,
    help="Draw the frame rates as bars.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the results as an HTML page.",
)
@click.option(
    "--growth", is_flag=True, help="Also measure how the cost grows with faces, pixels and threads."
)
@click.option(
    "--faces",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Measure the face detectors instead, on a folder of pictures and clips with a boxes.csv; "
    "--plot then draws hits and misses.",
)
@click.option(
    "--detector",
    "detectors",
    multiple=True,
    metavar="NAME",
    help="With --faces: measure only this detector; may be given several times.  [default: all "
    "that are installed]",
)
@click.option(
    "--compare",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="A.json B.json",
    help="Compare two files of --json instead of measuring.",
)
@verbose_option
def command(
    source: str,
    model: str | None,
    keras: Path | None,
    paper_keras: Path | None,
    expect: str | None,
    frames: int,
    rounds: int,
    threads: int | None,
    interpreter: str | None,
    json_file: str | None,
    plot: Path | None,
    html: Path | None,
    growth: bool,
    faces: Path | None,
    detectors: tuple[str, ...],
    compare: tuple[Path, Path] | None,
) -> None:
    """Measure the speed of the int8 model, its float32 twin, the full Keras model and the paper's loop.

    All take turns on the same decoded frames, round by round; ratios compare within a round.
    What needs TensorFlow is skipped where that is not installed. Decoding is not timed;
    converting the frame to gray is.

    \b
    Examples:
      edge-emo bench
      edge-emo bench --source film.mp4 --growth --json bench.json --html bench.html
      edge-emo bench --faces scenes/ --json faces.json --plot hits.png
      edge-emo bench --compare laptop.json board.json
    """
    from edge.support.atomic import refuse_to_replace, write_text

    if compare:
        from .results.comparison import compare as compared

        click.echo(compared(*compare))
        return
    for path in (Path(json_file) if json_file and json_file != "-" else None, plot, html):
        if path:
            refuse_to_replace(path, source, model, keras, paper_keras, expect)
            _check_writable(path)
    if faces:
        from edge.inference.runtime import Runtime
        from edge.inference.threads import inference_threads

        from .faces.command import run_exam

        runtime = Runtime(interpreter, threads or inference_threads())
        run_exam(faces, detectors, runtime, json_file, plot)
        return

    import cv2

    from edge.emotions.prior import find_expectation
    from edge.inference.runtime import Runtime
    from edge.inference.threads import inference_threads, vision_threads
    from edge.support.progress import progress_bar

    from .clip import read_clip
    from .machine import describe_bench, load_now
    from .measures.end_to_end import measure_end_to_end
    from .measures.scaling import measure_scaling
    from .measures.stages import measure_stages
    from .results.report import make_report
    from .systems.lineup import line_up
    from .systems.pipelines import Pipelines, Wanted
    from .timing import race

    if expect:
        find_expectation(expect)  # what does not fit is said before minutes of loading
    runtime = Runtime(interpreter, threads or inference_threads())
    cv2.setNumThreads(vision_threads())
    load = load_now()
    clip = read_clip(source, frames)
    wanted = Wanted(model, keras, paper_keras, runtime, expect)
    with progress_bar("preparing the models") as progress:
        lineup = line_up(wanted, clip.continuous, progress)
    with progress_bar("measuring") as progress:
        results = race(lineup.systems, clip, rounds, progress)
    pipelines = Pipelines(wanted, clip.continuous)
    with progress_bar("stages") as progress:
        stages = measure_stages(source, pipelines, min(WHOLE_FRAMES, clip.looked_at), progress)
    more: dict[str, Any] = {
        "stages": stages,
        "whole": measure_end_to_end(source, model, runtime, WHOLE_FRAMES, expect),
    }
    with progress_bar("quality") as progress:
        more["quality"] = pipelines.quality(clip, progress)
    if growth:
        with progress_bar("growth") as progress:
            more["growth"] = measure_scaling(wanted, clip, os.cpu_count() or 1, progress)
    machine = describe_bench(runtime, load)
    report = make_report(clip, lineup, results, runtime.threads, machine, **more)
    text = json.dumps(report.as_dict(), indent=1)
    click.echo(text if json_file == "-" else report.as_text())
    if json_file and json_file != "-":
        write_text(Path(json_file), text + "\n")
    if plot:
        from .results.plot import write_plot

        write_plot(report, plot)
    if html:
        from .results.html_page import make_page

        write_text(html, make_page(report))


def _check_writable(path: Path) -> None:
    """Say before minutes of measuring, not after, that a file cannot be written."""
    from edge.support.atomic import cannot_write

    if path.is_dir():
        raise cannot_write(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise cannot_write(path, error) from error
