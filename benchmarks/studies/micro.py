"""Each stage's time by itself, and against another version in the same run.

    python -m benchmarks.studies.micro
    python -m benchmarks.studies.micro --against edge_emo-0.1.0-py3-none-any.whl

Both versions take turns, each turn in a process of its own, so that what else the machine does meets
both alike; pytest-benchmark and asv measure one after the other. Above 1 the version here is slower.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import click

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.support.progress import progress_bar

HERE = Path(__file__).parents[2]


@click.command(context_settings={"show_default": True})
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="WHEEL",
    help="A wheel of the version to compare with.",
)
@click.option("--rounds", type=click.IntRange(1), default=5, help="Turns of each version.")
@verbose_option
def main(against: Path | None, rounds: int) -> None:
    """Time each stage of the pipeline, alone or against an older wheel."""
    with ExitStack() as closing:
        places = [HERE]
        if against:
            folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
            places.append(_unpacked(against, folder))
        turns: list[list[dict[str, float]]] = [[] for _ in places]
        progress = closing.enter_context(progress_bar("stages"))
        for number in range(rounds):
            for version, place in enumerate(places):
                turns[version].append(_measured(place))
                progress(number * len(places) + version + 1, rounds * len(places))
    ours, *theirs = turns
    click.echo(f"{'ms, median of ' + str(rounds) + ' turns':28}{'here':>9}", nl=not theirs)
    if theirs:
        click.echo(f"{'wheel':>9}{'here / wheel':>15}{'range':>17}")
    for name in ours[0]:
        own = [turn[name] for turn in ours]
        click.echo(f"{name:28}{median(own):>9.3f}", nl=not theirs)
        if theirs:
            other = [turn[name] for turn in theirs[0]]
            ratios = [a / b for a, b in zip(own, other, strict=True)]
            spread = f"{min(ratios):.2f}..{max(ratios):.2f}"
            click.echo(f"{median(other):>9.3f}{median(ratios):>15.2f}{spread:>17}")


def _unpacked(wheel: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise click.ClickException(f"{wheel}: cannot be read as a wheel: {error}") from error
    if not (folder / "edge").is_dir():
        raise click.ClickException(f"{wheel}: is not a wheel of edge-emo")
    return folder


def _measured(place: Path) -> dict[str, float]:
    """Return the times of the version at a place."""
    program = Path(__file__).with_name("stage_times.py")
    start = f"import runpy, sys; sys.path[0] = {str(place)!r}; "
    start += f"runpy.run_path({str(program)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", start],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(place)},
    )
    if done.returncode:
        last = (done.stderr.strip() or "no reason was given").splitlines()[-1]
        raise click.ClickException(f"{place}: its stages cannot be timed: {last}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.micro")
