"""`edge-emo batch`: folders of videos and images to tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..live.settings import RunConfig
from . import verbose_option
from .options import GroupedCommand, GroupedOption, setting_options

if TYPE_CHECKING:
    from ..batch.job import BatchResult

_PATH = click.Path(path_type=Path)
_NAMED = 20  # inputs that failed are named on standard error; the table names all
_WORK, _RESULTS, _MACHINES = "Work", "Results", "Several machines"
_SETTINGS = (
    *("model", "detector", "min_face", "search_every", "expect", "unsure_below"),
    *("interpreter", "delegate"),
)


def _option(*names: str, group: str, **more: Any) -> Any:
    return click.option(*names, cls=GroupedOption, group=group, **more)


@click.command(
    "batch",
    cls=GroupedCommand,
    short_help="Analyse folders of videos and images into tables.",
    context_settings={"auto_envvar_prefix": "EDGE_EMO", "show_default": True},
)
@click.argument("inputs", nargs=-1, type=_PATH)
@_option("-o", "--out", type=_PATH, required=True, help="Folder for the results.", group=_RESULTS)
@_option(
    "--format",
    "kind",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    help="Format of the tables; Parquet needs pyarrow.",
    group=_RESULTS,
)
@_option(
    "--files-from", type=_PATH, metavar="FILE", help="A list of inputs, one per line.", group=_WORK
)
@_option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Number of worker processes.  [default: one per core]",
    group=_WORK,
)
@_option("--restart", is_flag=True, help="Discard earlier results and start over.", group=_WORK)
@_option("--retry", is_flag=True, help="Retry the inputs that failed.", group=_WORK)
@_option("--shard", metavar="I/N", help="Analyse only part I of N.", group=_MACHINES)
@_option(
    "--merge",
    is_flag=True,
    help="Join the results of shards; INPUTS are their folders.",
    group=_MACHINES,
)
@_option(
    "--executor",
    type=click.Choice(["slurm", "local"]),
    help="Let submitit start the shards: on a Slurm cluster, or here to try it.",
    group=_MACHINES,
)
@_option(
    "--shards",
    type=click.IntRange(1),
    default=2,
    metavar="N",
    help="Number of shards that --executor starts.",
    group=_MACHINES,
)
@_option(
    "--submit",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter of submitit, such as slurm_partition=cpu or timeout_min=600; may be given "
    "several times.",
    group=_MACHINES,
)
@setting_options(RunConfig, _SETTINGS)
@verbose_option
def command(
    inputs: tuple[Path, ...],
    out: Path,
    kind: str,
    files_from: Path | None,
    jobs: int | None,
    restart: bool,
    retry: bool,
    shard: str | None,
    merge: bool,
    executor: str | None,
    shards: int,
    submit: tuple[str, ...],
    **settings: Any,
) -> None:
    """Analyse videos and images, and write tables: faces.csv, files.csv, and each input's records.

    INPUTS are files and folders; folders are searched recursively. After Ctrl-C, a crash or a power
    cut, run the same command again to continue: nothing is done twice, and the results are
    identical, byte for byte. A file that cannot be read does not stop the rest; files.csv gives the
    reason.

    \b
    Examples:
      edge-emo batch recordings/ -o results
      edge-emo batch --files-from list.txt -o results --format parquet
      edge-emo batch recordings/ -o part2 --shard 2/3
      edge-emo batch --merge part1 part2 part3 -o results
    """
    RunConfig(**settings)  # what does not fit is said by name
    from ..batch import job
    from ..batch.inputs import parse_shard, read_list
    from ..batch.options import BatchOptions
    from ..support.progress import progress_bar

    paths = [*inputs, *(read_list(files_from) if files_from else [])]
    if not paths:
        raise click.UsageError("give files, folders or --files-from")
    if submit and not executor:
        raise click.UsageError("--submit needs --executor")
    if merge and (executor or shard):
        raise click.UsageError("--merge joins what is there; leave out --shard and --executor")
    if executor and (shard or retry):
        raise click.UsageError("--executor starts all shards; leave out --shard and --retry")
    if merge:
        _report(job.merge(paths, out, kind))
        return
    options = BatchOptions(**settings)
    if executor:
        from ..batch.cluster import run_shards

        _report(
            run_shards(paths, out, options, executor, shards, jobs, kind, restart, _pairs(submit))
        )
        return
    try:
        with progress_bar("batch") as progress:
            done = job.run_batch(
                paths,
                out,
                options,
                jobs=jobs,
                shard=parse_shard(shard) if shard else None,
                kind=kind,
                restart=restart,
                retry=retry,
                progress=progress,
            )
    except KeyboardInterrupt:
        click.echo("\nedge-emo: stopped; run the same command again to go on", err=True)
        return
    _report(done)


def _pairs(texts: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"'{text}' is not KEY=VALUE", param_hint="--submit")
        found[key.strip()] = int(value) if value.strip().isdecimal() else value.strip()
    return found


def _report(done: "BatchResult") -> None:
    from ..support.journal import printable

    for row in done.failed[:_NAMED]:
        click.echo(f"edge-emo: {printable(row['file'])}: {printable(row['error'])}", err=True)
    if (more := len(done.failed) - _NAMED) > 0:
        click.echo(f"edge-emo: and {more} more that failed; see {done.files_table}", err=True)
    frames = sum(row["frames"] for row in done.files)
    faces = sum(row["faces"] for row in done.files)
    before = len(done.files) - done.analysed
    click.echo(
        f"edge-emo: {len(done.files)} inputs ({before} finished before or left out), "
        f"{len(done.failed)} with an error, {frames} frames, {faces} faces; see {done.out}",
        err=True,
    )
