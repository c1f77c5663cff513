"""Find a source, detector, output, runtime or command by name among the entry points that setup.cfg declares.

Another package adds its own by declaring an entry point in the same group.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

SOURCES = "edge_emo.sources"
DETECTORS = "edge_emo.detectors"
OUTPUTS = "edge_emo.outputs"
RUNTIMES = "edge_emo.runtimes"
PREDICTORS = "edge_emo.predictors"
COMMANDS = "edge_emo.commands"


_all = cache(entry_points)  # once for all groups: each call reads the files of every package


@cache
def _registered(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in _all().select(group=group)}


def names(group: str) -> list[str]:
    """Return the names registered in `group`, sorted."""
    return sorted(_registered(group))


def load(group: str, name: str) -> Any:
    """Import and return what `name` stands for in `group`. Raises: KeyError if nothing does."""
    return _registered(group)[name].load()
