"""A batch from its inputs to its tables, and shards joined to one."""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..inference.threads import cores
from ..support.atomic import cannot_write, replacing
from ..support.errors import BatchError, EdgeEmoError
from .inputs import Input, find_inputs, longest_first, shard_of
from .journal import Journal, read_journal
from .options import BatchOptions
from .pool import Pool
from .tables import FACES, FILES, face_rows, file_row, read_packed, write_table

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class BatchResult:
    """What a batch made.

    Attributes:
        out: the folder of results.
        files: a row for each input, as in the table of files: file, frames, faces, error...
        analysed: how many inputs were analysed now; the others were finished before.
        faces_table, files_table: the tables.
    """

    out: Path
    files: tuple[dict[str, Any], ...]
    analysed: int
    faces_table: Path
    files_table: Path

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        """The rows of the inputs that could not be read, or not to their end."""
        return tuple(row for row in self.files if row["error"])

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the records of all inputs, by the inputs' names."""
        _, entries, _ = read_journal(self.out)
        for entry in entries:
            if entry["records"]:
                yield from read_packed(self.out / entry["records"])


def run_batch(
    paths: Iterable[Path],
    out: Path,
    options: BatchOptions | None = None,
    *,
    jobs: int | None = None,
    shard: tuple[int, int] | None = None,
    kind: str = "csv",
    restart: bool = False,
    retry: bool = False,
    progress: Progress = lambda done, total: None,
) -> BatchResult:
    """Analyse videos and images, or go on with it, and write the tables.

    Args:
        paths: files and folders.
        out: the folder of results.
        options: how each input is analysed.
        jobs: worker processes; one for each core if None.
        shard: number and count: analyse only this part of the inputs.
        kind: of the tables, "csv" or "parquet".
        restart: analyse everything again.
        retry: analyse again what failed.
        progress: called with bytes of input done, and in all.

    Raises:
        SourceError: there is neither a video nor an image.
        BatchError: the folder holds results of other settings, or is in use.
        ModelError, ConfigError, DetectorError, InterpreterError, OutputError.
    """
    options = options or BatchOptions()
    options.recognizer()  # what is wrong with the settings is said before a worker starts
    inputs = find_inputs(paths, out)
    if shard:
        inputs = shard_of(inputs, *shard)
    identity = options.identity()
    journal = Journal(out, identity, restart)
    try:
        _remove_drafts(out)
        wanted = [item for item in inputs if not _is_done(journal, item, out, retry)]
        for item in (item for item in wanted if item.reason):
            journal.add(item, out, _nothing(item.reason))
        wanted = [item for item in wanted if not item.reason]
        _analyse_all(longest_first(wanted), options, out, jobs or cores(), journal, progress)
        journal.settle(item.name for item in inputs)
        return _with_tables(out, journal, identity, len(wanted), kind)
    finally:
        journal.close()


def merge(parts: Sequence[Path], out: Path, kind: str = "csv") -> BatchResult:
    """Join the results of shards in one folder.

    Raises:
        BatchError: one holds no results, they were made with other settings, or they overlap.
        OutputError: the folder cannot be written.
    """
    journals = [read_journal(part) for part in parts]
    if not journals:
        raise BatchError("merge: give the folders of the shards")
    identity = journals[0][0]
    for part, (other, _, _) in zip(parts, journals, strict=True):
        if other != identity:
            raise BatchError(f"{part}: was made with other settings than {parts[0]}")
    entries: dict[str, dict[str, Any]] = {}
    for part, (_, found, _) in zip(parts, journals, strict=True):
        for entry in found:
            if entry["file"] in entries:
                raise BatchError(f"{part}: {entry['file']} is in another shard, too")
            entries[entry["file"]] = entry
    journal = Journal(out, identity, restart=True)
    try:
        for part, (_, found, _) in zip(parts, journals, strict=True):
            for entry in found:
                if entry["records"]:
                    _copy(part / entry["records"], out / entry["records"])
        journal.entries = entries
        journal.settle(sorted(entries))
        return _with_tables(out, journal, identity, 0, kind)
    finally:
        journal.close()


def _is_done(journal: Journal, item: Input, out: Path, retry: bool) -> bool:
    if not journal.finished(item, out):
        return False
    return not (retry and journal.entries[item.name]["error"] and not item.reason)


def _analyse_all(
    inputs: list[Input],
    options: BatchOptions,
    out: Path,
    jobs: int,
    journal: Journal,
    progress: Progress,
) -> None:
    total = sum(item.bytes for item in inputs)
    finished, under_way = 0, dict[str, float]()
    with Pool(inputs, options, out, jobs) as pool:
        for event in pool:
            under_way[event.item.name] = event.share * event.item.bytes
            if event.result is not None:
                journal.add(event.item, out, event.result)
                finished += event.item.bytes
                del under_way[event.item.name]
            progress(finished + int(sum(under_way.values())), total)


def _nothing(reason: str) -> dict[str, Any]:
    from .analysis import Summary

    return {**Summary().as_dict(), "error": reason}


def _with_tables(
    out: Path, journal: Journal, identity: dict[str, Any], analysed: int, kind: str
) -> BatchResult:
    entries = list(journal.entries.values())
    files = tuple(file_row(entry, identity) for entry in entries)
    rows = (
        row
        for entry in entries
        if entry["records"]
        for record in read_packed(out / entry["records"])
        for row in face_rows(record)
    )
    faces_table, files_table = out / f"faces.{kind}", out / f"files.{kind}"
    write_table(faces_table, FACES, rows, kind)
    write_table(files_table, FILES, files, kind)
    return BatchResult(out, files, analysed, faces_table, files_table)


def _remove_drafts(out: Path) -> None:
    """Remove what a worker that was killed left half-written."""
    for draft in [*out.glob(".part-*"), *out.joinpath("records").rglob(".part-*")]:
        with contextlib.suppress(OSError):
            draft.unlink()


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as draft:
            shutil.copyfile(source, draft)
    except EdgeEmoError:
        raise
    except OSError as error:
        raise cannot_write(target, error) from error
