"""`edge-emo convert`: a Keras model becomes a TFLite file for the device."""

import json
from pathlib import Path
from typing import Any

import click

from edge.cli import verbose_option

RUNS = Path("runs")


@click.command("convert", context_settings={"show_default": True})
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Faces to calibrate and test on."
)
@click.option("--precision", type=click.Choice(["int8", "float32"]), default="int8")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file.  [default: beside MODEL]"
)
@click.option("--name", help="The model's name.  [default: that of its architecture]")
@click.option("--faces", default=350, help="Representative faces, in all.")
@click.option("--seed", default=1, help="Draws the representative faces.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the parity report."
)
@verbose_option
def command(
    model: Path | None,
    data: Path,
    precision: str,
    output: Path | None,
    name: str | None,
    faces: int,
    seed: int,
    json_file: Path | None,
) -> None:
    """Convert a Keras MODEL to a self-describing .tflite, by default in full int8.

    MODEL is a .keras file made by 'edge-emo train'; without it, that of the newest run under runs/
    is taken. The representative faces are drawn from the data's training split, as many of each
    emotion; float and converted model are then measured on the same faces of its test split.

    \b
    Examples:
      edge-emo convert --data fer2013
      edge-emo convert runs/edge-s/model.keras --data fer2013 -o mine.tflite
    """
    from edge.atomic import write_text
    from edge.errors import ConversionError

    from .backend import start_tensorflow

    start_tensorflow()
    from .conversion import convert

    if model is None:
        found = sorted(RUNS.glob("*/model.keras"), key=lambda p: p.stat().st_mtime)
        if not found:
            raise ConversionError(
                "no MODEL given, and no finished training under runs/; run 'edge-emo train' first"
            )
        model = found[-1]
    output = output or model.with_name(f"{name or model.parent.name}-{precision}.tflite")
    about = convert(model, data, precision, output, name, faces, seed)
    if json_file:
        write_text(json_file, json.dumps(about, indent=1) + "\n")
    click.echo(_parity(about, output))


def _parity(about: dict[str, Any], output: Path) -> str:
    precision, evaluation = about["precision"], about["evaluation"]
    before, after = evaluation["keras"], evaluation[precision]
    drop = 100 * (after["accuracy"] - before["accuracy"])
    lines = [
        f"{output}: {output.stat().st_size / 1000:.0f} kB, {precision}",
        f"on {after['faces']} faces ({evaluation['data']}, {evaluation['split']}):",
        f"  {'':10}{'keras':>10}{precision:>10}{'change':>10}",
        f"  {'accuracy':10}{before['accuracy']:>10.2%}{after['accuracy']:>10.2%}{drop:>+9.2f} ",
    ]
    for emotion, recall in before["recall"].items():
        if recall is not None:
            change = 100 * (after["recall"][emotion] - recall)
            lines.append(
                f"  {emotion:10}{recall:>10.2%}{after['recall'][emotion]:>10.2%}{change:>+9.2f} "
            )
    lines.append(f"  same emotion told: {evaluation['agreement']:.2%} of the faces")
    return "\n".join(lines)
