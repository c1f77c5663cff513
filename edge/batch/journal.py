"""What a batch has finished, so that a run that was killed goes on where it was."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..support.atomic import cannot_write, write_text
from ..support.errors import BatchError, EdgeEmoError
from .inputs import Input

NAME = "journal.jsonl"


class Journal:
    """The file `journal.jsonl` in the folder of results: a line for the settings, one for each input.

    A line is written after the input's records have their name, so what it says is there.
    """

    def __init__(self, out: Path, identity: dict[str, Any], restart: bool = False) -> None:
        """Make the folder, or read what is finished in it.

        Args:
            identity: all that results depend on besides the inputs.
            restart: forget what is finished.

        Raises:
            BatchError: what is finished was made with other settings, or the folder is in use.
            OutputError: it cannot be written.
        """
        self._path = out / NAME
        self._identity = identity
        self.entries: dict[str, dict[str, Any]] = {}
        try:
            out.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(out)
        except OSError as error:
            raise cannot_write(out, error) from error
        try:
            if restart or not self._path.exists():
                write_text(self._path, _line(identity))
            else:
                self._read(out)
            self._file = self._path.open("ab")
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, OSError) and not isinstance(error, EdgeEmoError):
                raise cannot_write(out, error) from error
            raise

    def finished(self, item: Input, out: Path) -> bool:
        """Report whether an input is finished, unchanged, and its records are there."""
        entry = self.entries.get(item.name)
        if entry is None or (entry["bytes"], entry["mtime_ns"]) != (item.bytes, item.mtime_ns):
            return False
        if entry["records_bytes"] is None:
            return True
        with contextlib.suppress(OSError):
            return (out / item.records).stat().st_size == entry["records_bytes"]
        return False

    def add(self, item: Input, out: Path, result: dict[str, Any]) -> None:
        """Write down that an input is finished. Raises: OutputError."""
        entry = entry_of(item, out, result)
        try:
            self._file.write(_line(entry).encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self.entries[item.name] = entry

    def settle(self, names: Iterable[str]) -> None:
        """Rewrite the file with the entries of `names`, in that order, and no others. Raises: OutputError."""
        self.entries = {name: self.entries[name] for name in names}
        self._file.close()
        write_text(self._path, _line(self._identity) + "".join(map(_line, self.entries.values())))

    def close(self) -> None:
        self._file.close()
        os.close(self._lock)

    def _read(self, out: Path) -> None:
        identity, entries, whole = read_journal(out)
        if identity != self._identity:
            changed = [k for k in self._identity if identity.get(k) != self._identity[k]]
            raise BatchError(
                f"{out}: holds results of other settings ({', '.join(changed)}); choose another "
                "folder with -o, or give --restart to analyse everything again"
            )
        self.entries = {entry["file"]: entry for entry in entries}
        if whole < self._path.stat().st_size:  # it was killed within a line
            os.truncate(self._path, whole)


def read_journal(out: Path) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    """Return settings and entries of a folder of results, and how many bytes of whole lines there are.

    Raises:
        BatchError: it holds none.
    """
    path = out / NAME
    try:
        content = path.read_bytes()
        lines = list(_whole_lines(content))
        return lines[0], lines[1:], content.rfind(b"\n") + 1
    except (OSError, ValueError, IndexError):
        raise BatchError(
            f"{out}: holds no journal of a batch; give the folder that -o named"
        ) from None


def entry_of(item: Input, out: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Return the journal's entry of a finished input."""
    records = out / item.records
    return {
        "file": item.name,
        "kind": item.kind,
        "bytes": item.bytes,
        "mtime_ns": item.mtime_ns,
        "records": item.records.as_posix() if records.exists() else None,
        "records_bytes": records.stat().st_size if records.exists() else None,
        **result,
    }


def _whole_lines(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content[: content.rfind(b"\n") + 1].splitlines():
        yield json.loads(line)


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _locked(out: Path) -> int:
    """Return an open lock on the folder, which ends with the process. Raises: BatchError."""
    handle = os.open(out / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise BatchError(f"{out}: another batch works in it; wait for it to end") from None
    return handle
