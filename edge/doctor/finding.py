"""What a check of the doctor reports."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OK, WARN, FAIL = "ok", "warn", "fail"

# What a check yields: state, what is there, and what to do about it (empty if nothing).
Results = Iterator[tuple[str, str, str]]


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        check: the name of the check.
        state: "ok", "warn" or "fail".
        said: what is there.
        mend: what to do about it; empty if nothing.
    """

    check: str
    state: str
    said: str
    mend: str = ""


def read_text(path: str | Path) -> str:
    """Return the content of a file of the system; an empty text if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
