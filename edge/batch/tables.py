"""Tables of faces and files, as CSV or Parquet, written row by row: memory stays flat."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from ..outputs.records import read_records
from ..support.atomic import replacing
from ..support.errors import DatasetError, MissingExtraError
from ..support.labels import EMOTIONS, UNSURE

FORMATS = ("csv", "parquet")
Row = Mapping[str, Any]

# Column -> type, in their order.
FACES: dict[str, type] = {
    "file": str,
    "frame": int,
    "time_s": float,
    "track": int,
    **dict.fromkeys(("x", "y", "width", "height"), int),
    "roll": float,
    "emotion": str,
    "confidence": float,
    **dict.fromkeys(EMOTIONS, float),
}
FILES: dict[str, type] = {
    "file": str,
    "kind": str,
    "frames": int,
    "seconds": float,
    "faces": int,
    "tracks": int,
    **{f"share_{name}": float for name in (*EMOTIONS, UNSURE)},
    "error": str,
    "model": str,
    "model_sha256": str,
    "settings": str,
}
# What the live service writes has the time of day, too.
LIVE_FACES: dict[str, type] = {"time": str, **FACES}


def face_rows(record: Row) -> Iterator[dict[str, Any]]:
    """Yield a row for each face of a record of schema 1; what is not known is None."""
    for face in record["faces"]:
        x, y, width, height = face["box"] or (None,) * 4
        yield {
            "time": record.get("time"),
            "file": record["source"],
            "frame": record["frame"],
            "time_s": record.get("position_s"),
            "track": face["track"],
            "x": x,
            "y": y,
            "width": width,
            "height": height,
            "roll": face.get("roll"),
            "emotion": face["emotion"],
            "confidence": face["confidence"],
            **face["scores"],
        }


def file_row(entry: Row, identity: Row) -> dict[str, Any]:
    """Return the row of an entry of the journal."""
    return {
        **{name: entry[name] for name in ("file", "kind", "frames", "seconds", "faces", "tracks")},
        **{f"share_{name}": share for name, share in entry["shares"].items()},
        "error": entry["error"] or None,
        "model": identity["model"],
        "model_sha256": identity["model_sha256"],
        "settings": json.dumps(identity["settings"]),
    }


def read_packed(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file that a batch wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_table(
    path: Path, columns: Mapping[str, type], rows: Iterable[Row], kind: str = "csv"
) -> int:
    """Write a table whole or not at all, and return how many rows it has.

    Args:
        columns: their names and types; a row's other entries are left out.
        kind: "csv" or "parquet".

    Raises:
        OutputError: it cannot be written.
        MissingExtraError: Parquet needs pyarrow.
    """
    if kind == "parquet":
        _pyarrow()
    count = 0
    with replacing(path) as draft, _WRITERS[kind](draft, columns) as write:
        for row in rows:
            write(row)
            count += 1
    return count


@contextmanager
def _csv(path: Path, columns: Mapping[str, type]) -> Iterator[Callable[[Row], None]]:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(columns), extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        yield table.writerow


_ROWS = 50_000  # of a Parquet file that are held at a time


@contextmanager
def _parquet(path: Path, columns: Mapping[str, type]) -> Iterator[Callable[[Row], None]]:
    pa = _pyarrow()
    import pyarrow.parquet as pq

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    held: dict[str, list[Any]] = {name: [] for name in columns}
    with pq.ParquetWriter(path, schema) as file:

        def flush() -> None:
            file.write_table(pa.table(held, schema=schema))
            for column in held.values():
                column.clear()

        def write(row: Row) -> None:
            for name, column in held.items():
                column.append(row.get(name))
            if len(held["file"]) >= _ROWS:
                flush()

        yield write
        flush()


_WRITERS: dict[str, Callable[..., AbstractContextManager[Callable[[Row], None]]]] = {
    "csv": _csv,
    "parquet": _parquet,
}


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Parquet needs pyarrow, which is not installed; run \"pip install 'edge-emo[parquet]'\", "
            "or use csv"
        ) from error
    return pyarrow


def record_lines(records: Iterable[Row], kind: str) -> Iterator[str]:
    """Yield records as lines of text: "csv", a row a face under a head; or "jsonl"."""
    if kind == "jsonl":
        for record in records:
            yield json.dumps(record, separators=(",", ":")) + "\n"
        return
    line = io.StringIO()
    table = csv.DictWriter(line, list(LIVE_FACES), extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    yield line.getvalue()
    for row in (row for record in records for row in face_rows(record)):
        line.seek(0)
        line.truncate()
        table.writerow(row)
        yield line.getvalue()


def write_records(path: Path, records: Iterable[Row], kind: str) -> None:
    """Write what the live service recorded as a table of faces, or as JSON lines.

    Args:
        kind: "csv", "parquet" or "jsonl".

    Raises:
        OutputError, MissingExtraError: as `write_table`.
    """
    if kind == "parquet":
        write_table(path, LIVE_FACES, (r for record in records for r in face_rows(record)), kind)
        return
    with replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        file.writelines(record_lines(records, kind))


def read_some(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what `read_any` does. Raises: DatasetError, also where there is not a single record."""
    found = False
    for record in read_any(path):
        found = True
        yield record
    if not found:
        raise DatasetError(f"{path}: holds no records; give a file that --jsonl or batch wrote")


def read_any(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file of `--jsonl`, with those set aside before it, or of a batch.

    Raises:
        DatasetError: there is no such file, or it cannot be read.
    """
    if path.suffix != ".gz":
        yield from read_records(path)
        return
    try:
        yield from read_packed(path)
    except (OSError, EOFError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read as records: {error}") from error
