"""Convert models to every precision, try sizes of the representative dataset, and fill in the docs.

    python -m convert.studies.sizes --data fer2013 --work runs/study --docs docs \\
        edge-s=models/edge-s.keras paper-c=runs/paper-c/model.keras

A foreign model's input range and label order follow its path: fer=model.hdf5,-1..1,angry/disgust/...
What lies in the work folder already is not made again, only timed: delete a model's folder to convert
it again. A page's part between the comments `<!-- NAME -->` and `<!-- /NAME -->` is replaced.
"""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.corruptions import STRENGTHS, corrupt
from edge.evaluation.datasets import load_split
from edge.evaluation.prediction import Conventions, predict_all
from edge.inference.model_file import read_model
from edge.support.atomic import write_text
from edge.support.progress import progress_bar
from train.studies.pages import fill

from ..reading.backend import start_tensorflow

start_tensorflow()

from ..conversion import convert  # noqa: E402 (TensorFlow has to be started first)
from ..inputs import Inputs, gather  # noqa: E402
from ..measuring.measure import latencies, parity  # noqa: E402
from ..options import ConversionOptions  # noqa: E402
from ..representative import LIGHT, representative_faces  # noqa: E402
from ..writing.packaging import describe  # noqa: E402
from ..writing.quantize import PRECISIONS, to_tflite  # noqa: E402

SIZES = (10, 50, 100, 300, 1000)
SEEDS = (1, 2, 3)
EVERY = 4  # of so many test faces one is seen in bad light


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="NAME=MODEL[,RANGE[,LABELS]]...")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="FER-2013.")
@click.option("--work", type=click.Path(path_type=Path), required=True, help="Folder of the files.")
@click.option("--docs", type=click.Path(path_type=Path), help="Fill in conversion.md here.")
@click.option("--sizes", is_flag=True, help="Try sizes of the representative dataset, too.")
@verbose_option
def main(models: tuple[str, ...], data: Path, work: Path, docs: Path | None, sizes: bool) -> None:
    """Convert MODELS to every precision and report how each compares."""
    texts: dict[str, str] = {}
    for model in models:
        name, _, given = model.partition("=")
        path, source_range, labels = [*given.split(","), "", ""][:3]
        folder = work / name
        options = ConversionOptions(
            model=Path(path),
            data=data,
            output=folder / f"{name}.tflite",
            report=folder / "parity",
            precisions=tuple(PRECISIONS),
            name=name,
            conventions=Conventions(
                input_range=source_range or None,
                labels=tuple(labels.split("/")) if labels else None,
            ),
            max_drop=100,
            debug=True,
        )
        folder.mkdir(parents=True, exist_ok=True)
        if not (options.report / "parity.json").exists():
            convert(options)
        report = json.loads((options.report / "parity.json").read_text())
        texts[name] = _table(report, _times(options))
        if sizes:
            texts[f"{name} sizes"] = _sizes(options, folder / "sizes.json")
    for name, text in texts.items():
        click.echo(f"{name}\n{text}\n")
    if docs:
        page = docs / "conversion.md"
        content = page.read_text()
        for name, text in texts.items():
            content = fill(content, name, text)
        write_text(page, content)


def _times(options: ConversionOptions) -> dict[str, dict[int, float]]:
    files = {p: read_model(options.target(p)) for p in options.precisions}
    return latencies(files)


def _table(report: dict[str, Any], ms: dict[str, dict[int, float]]) -> str:
    rows = [
        "| precision | kB | accuracy | change, points | same emotion | mean KL | ms, 1 thread "
        "| 2 threads | not in XNNPACK |",
        "|---|---|---|---|---|---|---|---|---|",
        f"| float network | | {report['float']['accuracy']:.2%} | | | | | | |",
    ]
    for row in report["precisions"]:
        name = row["name"]
        outside = ", ".join(sorted(set(row["operators_outside_xnnpack"]))) or "-"
        if len(row["operators_outside_xnnpack"]) == row["operators"]:
            outside = "all"
        rows.append(
            f"| {name} | {row['bytes'] / 1000:.0f} | {row['accuracy']:.2%} | "
            f"{100 * row['accuracy_change']:+.2f} | {row['agreement']:.2%} | "
            f"{row['mean_kl_divergence']:.5f} | {ms[name][1]:.3f} | {ms[name][2]:.3f} | {outside} |"
        )
    return "\n".join(rows)


def _sizes(options: ConversionOptions, kept: Path) -> str:
    if not kept.exists():
        rows = _try_sizes(options, gather(options))
        write_text(kept, json.dumps(rows, indent=1) + "\n")
    rows = json.loads(kept.read_text())
    lines = [
        "| faces | in other light | change, points | same emotion | mean KL | in bad light: "
        "same emotion | mean KL |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        clean, corrupted = np.array(row["clean"]), np.array(row["corrupted"])
        lines.append(
            f"| {row['size']} | {'every second' if row['lit'] else 'none'} | "
            f"{clean[:, 0].min():+.2f}..{clean[:, 0].max():+.2f} | {clean[:, 1].mean():.2f} % | "
            f"{clean[:, 2].mean():.5f} | {corrupted[:, 1].mean():.2f} % | {corrupted[:, 2].mean():.5f} |"
        )
    return "\n".join(lines)


def _try_sizes(options: ConversionOptions, inputs: Inputs) -> list[dict[str, Any]]:
    """Return what each size gives, clean and in bad light, with each seed."""
    from ..reading.network import predict

    network, test = inputs.network, inputs.test
    train = load_split(options.data, "train", network.face_shape)
    some, labels = test.images[::EVERY], test.labels[::EVERY]
    corrupted = [corrupt(some, name, strength) for name in LIGHT for strength in STRENGTHS]
    exact = [predict(network, faces) for faces in corrupted]
    rows = []
    with progress_bar("trying sizes") as progress:
        kinds = [(size, lit) for lit in (False, True) for size in SIZES]
        for done, (size, lit) in enumerate(kinds, 1):
            row: dict[str, Any] = {"size": size, "lit": lit, "clean": [], "corrupted": []}
            for seed in SEEDS:
                sample = representative_faces(train, size, seed, lit)
                flatbuffer = to_tflite(network, "int8", sample)
                classifier = TFLiteClassifier(describe(options, inputs, "int8", flatbuffer))
                found = parity(test.labels, inputs.scores, predict_all(classifier, test.images))
                row["clean"].append(_figures(found))
                bad = [
                    _figures(parity(labels, e, predict_all(classifier, faces)))
                    for faces, e in zip(corrupted, exact, strict=True)
                ]
                row["corrupted"].append(np.mean(bad, axis=0).tolist())
            rows.append(row)
            progress(done, len(kinds))
    return rows


def _figures(found: Any) -> list[float]:
    return [100 * found.change, 100 * found.agreement, found.mean_divergence]


if __name__ == "__main__":
    run_command(command=main, name="python -m convert.studies.sizes")
