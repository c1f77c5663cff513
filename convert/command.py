"""`edge-emo convert`: from a Keras model to a TFLite file for the device."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import verbose_option
from edge.cli.conventions import conventions_options, read_conventions

if TYPE_CHECKING:
    from .conversion import Conversion

RUNS = Path("runs")
PRECISIONS = ("auto", "int8", "int16x8", "float16", "dynamic", "float32", "mixed")


@click.command(
    "convert",
    short_help="Convert a Keras model to TFLite files for the device.",
    context_settings={"show_default": True},
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Faces to calibrate and test on."
)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(PRECISIONS),
    multiple=True,
    default=("auto",),
    help="May be given several times. auto: int8, or where that loses too much, the smallest file "
    "that does not; mixed: int8, but the layers that it hurts most in float.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write; with several precisions each adds its name.  [default: beside MODEL]",
)
@click.option("--name", help="The model's name.  [default: that of its architecture]")
@click.option(
    "--model-version",
    metavar="N.N.N",
    help="The model's version; devices that require signatures refuse an older one.  [default: "
    "edge-emo's]",
)
@click.option("--license", "license_name", default="not stated", help="The model's licence.")
@conventions_options
@click.option(
    "--labels",
    metavar="A,B,...",
    help="The order of MODEL's scores, where it is not angry,disgust,fear,happy,neutral,sad,surprise.",
)
@click.option(
    "--mirror",
    is_flag=True,
    help="Answer with the mean for the face and its mirror image, at twice the time; mostly more accurate.",
)
@click.option(
    "--faces", type=click.IntRange(min=1), default=100, help="Number of representative faces."
)
@click.option(
    "--seed", default=1, help="Seed for choosing the representative faces and their light."
)
@click.option(
    "--light/--no-light",
    default=True,
    help="Give every second one the light, contrast and noise of a camera.",
)
@click.option(
    "--max-accuracy-drop",
    "max_drop",
    type=click.FloatRange(min=0),
    default=0.5,
    help="Percentage points; a file that loses more is not written, and the command fails.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Folder of the parity report.  [default: OUTPUT's name with -parity]",
)
@click.option("--debug", is_flag=True, help="Study each layer's error under int8 in the report.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write parity.json here too."
)
@verbose_option
def command(
    model: Path | None,
    data: Path,
    precisions: tuple[str, ...],
    output: Path | None,
    name: str | None,
    model_version: str | None,
    license_name: str,
    input_range: str | None,
    mean: str | None,
    deviation: str | None,
    per_image: bool,
    channels: str,
    labels: str | None,
    mirror: bool,
    faces: int,
    seed: int,
    light: bool,
    max_drop: float,
    report: Path | None,
    debug: bool,
    json_file: Path | None,
) -> None:
    """Convert a Keras model to TFLite, and compare the two.

    MODEL is a .keras or .h5 file or the folder of a SavedModel, for faces in gray or colour of any
    size; the default is the model of the newest run under runs/. The representative faces are drawn
    from the data's training split, equally many of each emotion; the float model and each file are
    then measured on the same faces of its test split, and compared in a report.

    \b
    Examples:
      edge-emo convert --data fer2013
      edge-emo convert runs/edge-s/model.keras --data fer2013 -o mine.tflite
      edge-emo convert model.h5 --data fer2013 --precision int8 --precision float16 --debug
      edge-emo convert other.h5 --data fer2013 --input-range -1..1 --labels happy,sad,fear,...
    """
    from edge.support.atomic import refuse_to_replace, write_text
    from edge.support.errors import ConversionError

    from .job import convert_model

    refuse_to_replace(output, model, data)
    refuse_to_replace(json_file, model, data)
    done = convert_model(
        model or _newest_run(),
        data,
        output,
        report=report,
        precisions=precisions,
        name=name,
        version=model_version,
        license=license_name,
        conventions=read_conventions(input_range, mean, deviation, channels, labels, per_image),
        mirror=mirror,
        faces=faces,
        seed=seed,
        lit=light,
        max_drop=max_drop,
        debug=debug,
    )
    if json_file:
        write_text(json_file, json.dumps(done.report, indent=1) + "\n")
    for line in _warnings(done):
        click.echo(f"edge-emo: {line}", err=True)
    if done.refused:
        lost = ", ".join(f"{c.precision} loses {c.drop:.2f} points" for c in done.refused)
        raise ConversionError(
            f"not written: more than {max_drop:g} points of accuracy would be lost: {lost}; see "
            f"{done.page}; try --precision auto, more --faces, or --max-accuracy-drop"
        )
    click.echo(_summary(done, data))


def _newest_run() -> Path:
    from edge.support.errors import ConversionError

    found = sorted(RUNS.glob("*/model.keras"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise ConversionError(
            "no MODEL given, and no finished training under runs/; run 'edge-emo train' first"
        )
    return found[-1]


def _warnings(done: "Conversion") -> list[str]:
    lines = [*done.inputs.warnings]
    for written in done.written:
        for checked in written.checked:
            if checked.agreement is None or not checked.agreement.exact:
                lines.append(f"{written.candidate.precision} in {checked}")
    return lines


def _summary(done: "Conversion", data: Path) -> str:
    inputs = done.inputs
    lines = [f"graph: {change}" for change in inputs.network.changes]
    for written in done.written:
        c = written.candidate
        lines.append(f"{written.path}: {written.bytes / 1000:.0f} kB, {c.precision}: {c.way}")
    kinds = [w.candidate.precision for w in done.written]
    lines += [
        f"on {len(inputs.test)} faces ({data}, {inputs.test.split}):",
        f"  {'':14}{'float':>9}" + "".join(f"{kind:>17}" for kind in kinds),
        _row(
            "accuracy",
            inputs.card.accuracy,
            [w.candidate.parity.card.accuracy for w in done.written],
        ),
    ]
    for emotion, recall in inputs.card.recall.items():
        after = [w.candidate.parity.card.recall[emotion] for w in done.written]
        if recall is not None:
            lines.append(_row(emotion, recall, [a for a in after if a is not None]))
    shares = "".join(f"{w.candidate.parity.agreement:>17.2%}" for w in done.written)
    lines.append(f"  {'same emotion':14}{'':>9}{shares}")
    for n in (1, 2):
        times = "".join(f"{w.ms[n]:>14.3f} ms" for w in done.written)
        lines.append(f"  {f'{n} thread' + 's' * (n > 1):14}{'':>9}{times}")
    same = [
        str(c.interpreter) for c in done.written[0].checked if c.agreement and c.agreement.exact
    ]
    lines.append(f"checked in {', '.join(same)}: {done.page}")
    return "\n".join(lines)


def _row(name: str, before: float, after: list[float]) -> str:
    cells = "".join(f"{a:>9.2%}{f'({100 * (a - before):+.2f})':>8}" for a in after)
    return f"  {name:14}{before:>9.2%}{cells}"
