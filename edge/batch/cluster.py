"""Shards on a cluster, started by submitit: Slurm, or its local executor to try it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..support.errors import BatchError, ConfigError, MissingExtraError
from .job import BatchResult, merge, run_batch
from .options import BatchOptions

TIMEOUT_MIN = 24 * 60


def run_shards(
    paths: Iterable[Path],
    out: Path,
    options: BatchOptions,
    executor: str = "slurm",
    shards: int = 2,
    jobs: int | None = None,
    kind: str = "csv",
    restart: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> BatchResult:
    """Analyse each shard in a job of its own, wait for all, and join the results.

    The folders must be seen by all machines under the same paths. Each shard's results stay in
    `out/shards`, so that a second call goes on where jobs were killed.

    Args:
        executor: "slurm" or "local".
        shards: how many jobs.
        jobs: worker processes and CPUs of each job; submitit's default of one if None.
        parameters: for submitit, such as `slurm_partition`, `timeout_min`.

    Raises:
        MissingExtraError: submitit is not installed.
        ConfigError: submitit refuses a parameter, or there is no Slurm.
        BatchError: a job failed.
    """
    try:
        import submitit
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "this needs submitit, which is not installed; run \"pip install 'edge-emo[cluster]'\""
        ) from error

    out = out.absolute()
    each = jobs or 1
    given = list(paths)
    try:
        starter = submitit.AutoExecutor(folder=out / "jobs", cluster=executor)
        defaults = {"timeout_min": TIMEOUT_MIN, "cpus_per_task": each, "name": "edge-emo"}
        starter.update_parameters(**{**defaults, **(parameters or {})})
    except (RuntimeError, ValueError, TypeError, NameError) as error:  # as submitit raises
        raise ConfigError(f"executor: {str(error).strip().splitlines()[0]}") from error
    parts = [out / "shards" / f"{n}-of-{shards}" for n in range(1, shards + 1)]
    with starter.batch():
        started = [
            starter.submit(_shard, given, part, options, each, (number, shards), kind, restart)
            for number, part in enumerate(parts, 1)
        ]
    for number, job in enumerate(started, 1):
        try:
            job.result()
        except Exception as error:
            last = (
                str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            )
            raise BatchError(
                f"shard {number} of {shards} failed in job {job.job_id}: {last}; its log is "
                f"{job.paths.stderr}; run the same command again to go on"
            ) from error
    return merge(parts, out, kind)


def _shard(
    paths: list[Path],
    out: Path,
    options: BatchOptions,
    jobs: int,
    shard: tuple[int, int],
    kind: str,
    restart: bool,
) -> None:
    run_batch(paths, out, options, jobs=jobs, shard=shard, kind=kind, restart=restart)
