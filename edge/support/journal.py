"""Lines for stderr that the journal sorts by level, where stderr is the journal's."""

import logging
import os
import sys
from unicodedata import category

_LEVELS = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}


def is_journal() -> bool:
    """Return whether systemd connected Python's stderr to its journal."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # it leads elsewhere, or there is none
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


def prefix(level: int) -> str:
    """Return what marks a line's level for the journal; nothing on another stderr."""
    return f"<{_LEVELS.get(level, 2)}>" if is_journal() else ""


def printable(text: str) -> str:
    """Return a text that may come from a file so that a terminal shows it and obeys nothing in it.

    Line ends and tabs stay; whatever else is not a visible character, or half of one, is spelled out.
    """
    return "".join(c if _is_shown(c) else _spelled(c) for c in text)


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in "\n\t" or category(character) == "Zs"


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class JournalFormatter(logging.Formatter):
    """Formats as `logging` does, with the level in front for the journal."""

    def format(self, record: logging.LogRecord) -> str:
        return prefix(record.levelno) + printable(super().format(record))
