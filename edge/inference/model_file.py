"""The self-describing model file: a TFLite flatbuffer, then a zip with `model.json` and `labels.txt`.

Interpreters read the flatbuffer and ignore the rest, as TFLite Metadata's associated files do;
`zipfile` reads the rest and ignores the flatbuffer.
"""

import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import data_folder
from ..support.atomic import read_bounded, write_bytes
from ..support.errors import ModelError
from ..support.labels import EMOTIONS
from .slots import active_model

TASK = "facial-expression"
DETECTION = "face-detection"
DEFAULT_MODEL = "edge-s"
ACTIVE = "active"  # a model's name, as `find_model` knows it
DEFAULTS = {TASK: DEFAULT_MODEL, DETECTION: "face-finder"}
LABELS = {TASK: EMOTIONS, DETECTION: ("face",)}
MIN_SIDE, MAX_SIDE = 8, 512  # pixels of the picture that a model takes
WINDOW = 12  # pixels of what a detector's first convolution sees, as channels: 3 rows of 4
MOST_BYTES = 256 * 2**20  # of a model file
MOST_TEXT = 8_000_000  # bytes of what it says of itself
_MAGIC = b"TFL3"  # bytes 4..8 of every TFLite flatbuffer
_DATE = (1980, 1, 1, 0, 0, 0)  # a fixed date: the same model gives the same bytes


@dataclass(frozen=True)
class ModelFile:
    """A model as read from disk and found whole.

    Attributes:
        path: where it was read.
        flatbuffer: what the interpreter takes.
        about: `model.json`: name, version, architecture, input, labels, training, accuracy...
        trusted: made here or shipped; if not, it is looked into and run in another process first.
    """

    path: Path
    flatbuffer: bytes
    about: dict[str, Any]
    trusted: bool = True

    @property
    def name(self) -> str:
        return self.about["name"]

    @property
    def precision(self) -> str:
        return self.about["precision"]

    @property
    def input_size(self) -> tuple[int, ...]:
        """Height and width of the gray face that the model takes; or height, width and 3, RGB."""
        _, height, width, channels = self.about["input"]["shape"]
        return (height, width) if channels == 1 else (height, width, channels)


def write_model(path: Path, flatbuffer: bytes, about: dict[str, Any]) -> None:
    """Write a model file whole or not at all; its SHA-256 is put in. Raises: OutputError."""
    write_bytes(path, pack_model(flatbuffer, about))


def pack_model(flatbuffer: bytes, about: dict[str, Any]) -> bytes:
    """Return the content of a model file; the flatbuffer's SHA-256 is put in."""
    about = {**about, "sha256": hashlib.sha256(flatbuffer).hexdigest()}
    section = io.BytesIO()
    section.write(flatbuffer)
    with zipfile.ZipFile(section, "a") as archive:
        for name, text in (
            ("labels.txt", "\n".join(LABELS.get(about.get("task", TASK), EMOTIONS)) + "\n"),
            ("model.json", json.dumps(about, indent=1) + "\n"),
        ):
            # Stored, not compressed: readers of TFLite Metadata take nothing else.
            archive.writestr(zipfile.ZipInfo(name, _DATE), text)
    return section.getvalue()


def read_model(path: Path, task: str | None = TASK) -> ModelFile:
    """Read a model file and check that it is whole and made for its task.

    Args:
        task: what it has to be made for, `TASK` or `DETECTION`; None takes either.

    Raises:
        ModelError: it is missing, truncated, damaged, or of another task or shape.
    """
    try:
        content = read_bounded(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path}: cannot be read: {reason}") from None
    if content[4:8] != _MAGIC:
        raise ModelError(f"{path}: is not a TFLite file; give a .tflite made by 'edge-emo convert'")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            start = min(entry.header_offset for entry in archive.infolist())
            about = json.loads(_unpacked(path, archive, "model.json"))
            labels = _unpacked(path, archive, "labels.txt").decode().split()
        trusted = path.resolve().parent == data_folder("models").resolve()
        model = ModelFile(path, content[:start], about, trusted)
        _check(model, labels, task)
    except ModelError:
        raise
    except Exception:  # zipfile, zlib and json raise many kinds on damaged bytes
        raise ModelError(
            f"{path}: has no model.json at its end: it is truncated, or was not made by "
            "'edge-emo convert'; copy it again or convert it"
        ) from None
    return model


def _unpacked(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    entry = archive.getinfo(name)
    # Of the kinds of compression only this one is unpacked in bounds.
    plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    content = b""
    if plain and entry.file_size <= MOST_TEXT:
        with archive.open(entry) as file:
            content = file.read(MOST_TEXT + 1)
    if not plain or max(entry.file_size, len(content)) > MOST_TEXT:
        raise ModelError(
            f"{path}: its {name} unpacks to more than {MOST_TEXT / 1e6:.0f} MB, or is packed in "
            "another way than edge-emo packs it; convert it again"
        )
    return content


def find_model(name_or_path: str | None, task: str | None = TASK) -> Path:
    """Return the path of a model: a file, a shipped model's name, or None for the default.

    A SavedModel's folder is a file here, too. "active" is the one that 'edge-emo models activate' chose on this device; where there is none, the
    default.

    Args:
        task: as of `read_model`.

    Raises:
        ModelError: it is neither.
    """
    wanted = name_or_path or DEFAULTS[task or TASK]
    if wanted == ACTIVE:
        return active_model() or shipped_models()[DEFAULT_MODEL]
    saved_model = os.path.isfile(os.path.join(wanted, "saved_model.pb"))
    if saved_model or os.path.isfile(wanted) or Path(wanted).suffix:
        return Path(wanted)
    shipped = shipped_models(task)
    if wanted not in shipped:
        there = (
            f"the shipped models are {', '.join(shipped)}" if shipped else "none is shipped here"
        )
        raise ModelError(f"model '{wanted}': no such file, and {there}")
    return shipped[wanted]


def shipped_models(task: str | None = TASK) -> dict[str, Path]:
    """Return the models of a task (of any where None) that come with edge-emo, by name."""
    folder = data_folder("models")
    found = {path.stem: path for path in sorted(folder.glob("*.tflite"))}
    detectors = [DEFAULTS[DETECTION]]
    if task is None:
        return found
    return {
        name: path for name, path in found.items() if (name in detectors) == (task == DETECTION)
    }


def _check(model: ModelFile, labels: list[str], task: str | None) -> None:
    own = model.about["task"]
    if own != (task or own) or labels != list(LABELS.get(own, ())):
        needed = task or TASK
        raise ModelError(
            f"{model.path}: is for another task ({own}, {len(labels)} labels); "
            f"edge-emo needs {needed} with {', '.join(LABELS[needed])}"
        )
    if hashlib.sha256(model.flatbuffer).hexdigest() != model.about["sha256"]:
        raise ModelError(f"{model.path}: its checksum differs: it is damaged; copy it again")
    shape = model.about["input"]["shape"]
    fits = (
        len(shape) == 4
        and all(type(n) is int for n in shape)
        and shape[0] == 1
        and shape[3] in ((1, WINDOW) if own == DETECTION else (1, 3))
        and all(MIN_SIDE <= n <= MAX_SIDE for n in shape[1:3])
    )
    if not fits:
        raise ModelError(
            f"{model.path}: takes input of shape {shape}; edge-emo feeds one face, gray "
            f"[1, height, width, 1] or RGB [1, height, width, 3], of {MIN_SIDE} to {MAX_SIDE} pixels"
        )
    texts, tables = (model.name, model.precision), ("input", "evaluation", "training", "source")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    if not all(isinstance(model.about.get(table, {}), dict) for table in tables):
        raise TypeError
