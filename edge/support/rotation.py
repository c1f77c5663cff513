"""Keep a growing file small: set it aside when it is large or old, remove the oldest set aside.

`faces.jsonl` is set aside as `faces-000001.jsonl`, then `faces-000002.jsonl`: counted, not dated,
as the clock of a board without a battery may go back.
"""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rotation:
    """Bounds of a file and of those set aside.

    Attributes:
        file_bytes: a file that would grow beyond is set aside.
        file_s: a file that began longer ago is set aside.
        total_bytes: all of them together; the oldest go first.
    """

    file_bytes: float | None = None
    file_s: float | None = None
    total_bytes: float | None = None

    @property
    def largest(self) -> float | None:
        """Bytes of one file; a tenth of the total where only that is bounded."""
        if self.file_bytes is None and self.total_bytes is not None:
            return self.total_bytes / 10
        return self.file_bytes

    def is_due(self, size: int, more: int, age_s: float) -> bool:
        """Tell whether a file of `size` bytes must be set aside before it takes `more`."""
        too_large = self.largest is not None and size + more > self.largest
        return size > 0 and (too_large or (self.file_s is not None and age_s >= self.file_s))

    def rotate(self, path: Path) -> None:
        """Set the file aside, and remove the oldest beyond the total. Raises: OSError."""
        last = max((number_of(p, path) for p in set_aside(path)), default=0)
        path.rename(path.with_name(f"{path.stem}-{last + 1:06d}{path.suffix}"))
        self.trim(path)

    def trim(self, path: Path) -> None:
        """Remove the oldest files set aside until a whole new file fits. Raises: OSError."""
        if self.total_bytes is None or self.largest is None:
            return
        kept = set_aside(path)
        while kept and sum(p.stat().st_size for p in kept) > self.total_bytes - self.largest:
            kept.pop(0).unlink()


NO_ROTATION = Rotation()


def set_aside(path: Path) -> list[Path]:
    """Return the files that `path` was set aside as, oldest first."""
    found = [p for p in path.parent.glob("*" + path.suffix) if number_of(p, path)]
    return sorted(found, key=lambda p: number_of(p, path))


def number_of(file: Path, path: Path) -> int:
    """Return the number of a file set aside, 0 for any other file."""
    match = re.fullmatch(re.escape(path.stem) + r"-(\d{6,})" + re.escape(path.suffix), file.name)
    return int(match[1]) if match else 0
