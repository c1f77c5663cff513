"""What each epoch gave, as `history.csv` keeps it: a row an epoch, a number a cell."""

import csv
import io
from pathlib import Path

from edge.support.atomic import write_text

History = list[dict[str, float]]


def read_history(path: Path) -> History:
    """Return the rows; a cell that an older version did not write is left out.

    Raises:
        OSError, ValueError, KeyError: the file is missing or damaged.
    """
    with path.open(newline="") as file:
        rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
    return [{**row, "epoch": int(row["epoch"])} for row in rows]


def write_history(path: Path, history: History) -> None:
    """Write the rows. Raises: OutputError."""
    text = io.StringIO()
    columns = dict.fromkeys(name for row in history for name in row)
    writer = csv.DictWriter(text, fieldnames=list(columns))
    writer.writeheader()
    writer.writerows(history)
    write_text(path, text.getvalue())
