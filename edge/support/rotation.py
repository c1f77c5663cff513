"""Keep a growing file small: set it aside when it is large or old, remove the oldest set aside.

`faces.jsonl` is set aside as `faces-000001.jsonl`, then `faces-000002.jsonl`: counted, not dated,
as the clock of a board without a battery may go back.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)


def _changed_s(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s: cannot be removed: %s", path, error.strerror)
        return False
    return True


@dataclass(frozen=True)
class Rotation:
    """Bounds of a file and of those set aside.

    Attributes:
        file_bytes: a file that would grow beyond is set aside.
        file_s: a file that began longer ago is set aside.
        total_bytes: all of them together; the oldest go first.
        keep_s: a file set aside whose first record is older goes.
    """

    file_bytes: float | None = None
    file_s: float | None = None
    total_bytes: float | None = None
    keep_s: float | None = None

    @property
    def largest(self) -> float | None:
        """Bytes of one file; a tenth of the total where only that is bounded."""
        if self.file_bytes is None and self.total_bytes is not None:
            return self.total_bytes / 10
        return self.file_bytes

    @property
    def longest(self) -> float | None:
        """Seconds of one file; a tenth of what is kept where only that is bounded."""
        if self.file_s is None and self.keep_s is not None:
            return self.keep_s / 10
        return self.file_s

    def is_due(self, size: int, more: int, age_s: float) -> bool:
        """Whether a file of `size` bytes must be set aside before it takes `more`."""
        too_large = self.largest is not None and size + more > self.largest
        return size > 0 and (too_large or (self.longest is not None and age_s >= self.longest))

    def rotate(self, path: Path) -> None:
        """Set the file aside, and remove the oldest beyond the bounds. Raises: OSError."""
        path.rename(next_name(path))
        self.trim(path)

    def trim(self, path: Path, begun_s: Callable[[Path], float | None] = _changed_s) -> None:
        """Remove the oldest files set aside until a whole new file fits, and those kept too long.

        One that cannot be removed is left, with a warning, and stops nothing.

        Args:
            begun_s: returns when a file's first record was made, seconds of the epoch.
        """
        kept = set_aside(path)
        if self.keep_s is not None:
            oldest = time.time() - self.keep_s
            late = [p for p in kept if (begun_s(p) or oldest) < oldest]
            kept = [p for p in kept if p not in late or not _remove(p)]
        if self.total_bytes is None or self.largest is None:
            return
        sizes = {p: _size(p) for p in kept}
        while kept and sum(sizes[p] for p in kept) > self.total_bytes - self.largest:
            _remove(kept.pop(0))


NO_ROTATION = Rotation()


def set_aside(path: Path) -> list[Path]:
    """Return the files that `path` was set aside as, oldest first."""
    found = [p for p in path.parent.glob("*" + path.suffix) if number_of(p, path) and p.is_file()]
    return sorted(found, key=lambda p: number_of(p, path))


def next_name(path: Path) -> Path:
    """Return the name under which `path` is set aside next."""
    names = path.parent.glob("*" + path.suffix)  # a folder's number is taken, too
    last = max((number_of(p, path) for p in names), default=0)
    return path.with_name(f"{path.stem}-{last + 1:06d}{path.suffix}")


def number_of(file: Path, path: Path) -> int:
    """Return the number of a file set aside, 0 for any other file."""
    match = re.fullmatch(re.escape(path.stem) + r"-(\d{6,})" + re.escape(path.suffix), file.name)
    return int(match[1]) if match else 0
