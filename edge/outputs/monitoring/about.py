"""What a run is, for those who watch it, and where they find its health."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HEALTH = "health.json"
HEALTH_OF_ONE = "health-{}.json"  # of the cameras of one process


@dataclass(frozen=True)
class About:
    """What does not change within a run.

    Attributes:
        camera: how watchers call the camera, without address or path.
        model: the name of the model.
        model_version: its version.
        records: the file of records, if one is written.
        dropped: returns how many frames each output has left out, by its name.
    """

    camera: str = "camera"
    model: str = ""
    model_version: str = ""
    records: Path | None = None
    dropped: Callable[[], Mapping[str, int]] = dict


NOTHING_KNOWN = About()


def health_path(camera: str = "") -> Path | None:
    """Return where a service writes its health: into the folder that systemd made for it.

    Args:
        camera: the name of one of its cameras, where it has several.
    """
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder, HEALTH_OF_ONE.format(camera) if camera else HEALTH) if folder else None
