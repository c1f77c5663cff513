"""What the board limits now, and the memory of this process."""

import os
from pathlib import Path

from ...support.machine import throttled_flags, throttled_report

# The bit of now; the same one 16 higher has been set since the board started.
KINDS = {
    0: "under_voltage",
    1: "frequency_capped",
    2: "throttled",
    3: "soft_temperature_limit",
}


def throttled() -> dict[str, bool]:
    """Return what limits a Raspberry Pi now, by kind; empty where nobody can say."""
    flags = throttled_flags(throttled_report() or "")
    return {} if flags is None else {kind: bool(flags >> bit & 1) for bit, kind in KINDS.items()}


def memory_bytes() -> int | None:
    """Return the memory that this process has resident; None where it cannot be read."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
