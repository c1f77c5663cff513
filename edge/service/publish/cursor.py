"""Where the publisher stands in each camera's records, kept over restarts and power cuts."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ...support.atomic import write_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """The end of a record in a file of records.

    Attributes:
        file: names the file by its first line, so that it is found after it was set aside.
        number: the number under which the file is set aside, or will be.
        offset: bytes up to the record's end.
        line: lines up to it.
        size: bytes of the record's line; 0 where no record was taken yet.
        boot: the record's own.
        sequence: the record's own.
    """

    file: str
    number: int
    offset: int
    line: int
    size: int
    boot: str
    sequence: int


@dataclass(frozen=True)
class Standing:
    """What is known of a camera: the last record that the broker has, and how many were lost."""

    place: Place | None = None
    lost: int = 0


def load(path: Path) -> dict[str, Standing]:
    """Return the standing of each camera; empty where there is no such file, or none that is whole."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: _standing(said) for name, said in kept["cameras"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s: cannot be read (%s); beginning with the oldest records", path, error)
        return {}


def save(path: Path, cameras: Mapping[str, Standing]) -> None:
    """Keep the standing of each camera, whole or not at all. Raises: OutputError."""
    kept = {name: asdict(standing) for name, standing in sorted(cameras.items())}
    write_text(path, json.dumps({"schema": 1, "cameras": kept}, indent=1) + "\n")


def _standing(said: dict) -> Standing:
    place = said["place"]
    if place is not None:
        place = Place(**{field.name: place[field.name] for field in fields(Place)})
        for field in fields(Place):
            if not isinstance(getattr(place, field.name), field.type):  # type: ignore[arg-type]
                raise TypeError(f"{field.name} is {getattr(place, field.name)!r}")
    return Standing(place, int(said["lost"]))
