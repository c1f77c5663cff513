"""Which files a batch analyses: files, folders with all that is in them, or a list."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..support.errors import ConfigError, SourceError
from ..support.image_file import IMAGE_SUFFIXES

VIDEO_SUFFIXES = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".avi",
        ".mkv",
        ".webm",
        ".mpg",
        ".mpeg",
        ".m2v",
        ".vob",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".asf",
        ".flv",
        ".3gp",
        ".ogv",
        ".ogg",
        ".mjpeg",
        ".mjpg",
        ".h264",
        ".h265",
        ".264",
        ".hevc",
        ".divx",
        ".dv",
        ".mxf",
        ".gif",
        ".apng",
    ]
)
IMAGE, VIDEO, OTHER = "image", "video", "other"
_LONGEST = 180  # bytes of a file's name; file systems allow 255, and suffixes follow


@dataclass(frozen=True)
class Input:
    """One file.

    Attributes:
        name: its path as it was given, with "/"; results call it so.
        path: where it is.
        kind: "video", "image" or "other".
        bytes: its size.
        mtime_ns: when it was last changed.
        reason: why it cannot be analysed; empty if it can be tried.
    """

    name: str
    path: Path
    kind: str
    bytes: int = 0
    mtime_ns: int = 0
    reason: str = ""

    @property
    def records(self) -> Path:
        """Where its records go, relative to the results' folder; no two inputs share a place."""
        parts = [_as_part(part) for part in Path(self.name).parts]
        return Path("records", *parts[:-1], f"{parts[-1]}.jsonl.gz")


def find_inputs(paths: Iterable[Path], leave_out: Path | None = None) -> list[Input]:
    """Return all files that `paths` name or hold, by name; what cannot be analysed says why.

    Hidden files are left out, and files that are named twice stand once.

    Args:
        paths: files and folders.
        leave_out: a folder that is not looked into: that of the results.

    Raises:
        SourceError: there is neither a video nor an image among them.
    """
    given = list(paths)
    found = {item.name: item for path in given for item in _at(path, leave_out)}
    if all(item.reason for item in found.values()):
        named = ", ".join(map(_shown, given[:5])) + (" ..." if len(given) > 5 else "")
        first = f" ({next(iter(found.values())).reason})" if len(found) == 1 else ""
        raise SourceError(f"{named or 'no input'}: no video and no image to analyse{first}")
    return [found[name] for name in sorted(found)]


def read_list(path: Path) -> list[Path]:
    """Return the paths in a text file, one a line; empty lines and those that begin with # are skipped.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise SourceError(
            f"{path}: is not a text in UTF-8; give a list of files, one a line"
        ) from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read as a list of files: {error.strerror}") from None
    return [Path(line.strip()) for line in lines if line.strip() and not line.startswith("#")]


def parse_shard(text: str) -> tuple[int, int]:
    """Return number and count of `I/N`, such as 2/3. Raises: ConfigError."""
    number, slash, count = text.partition("/")
    if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise ConfigError(f"shard: '{text}' is not I/N with I from 1 to N, such as 2/3")


def longest_first(inputs: Iterable[Input]) -> list[Input]:
    """Return the inputs in the order of work: the large ones first, so that none runs on alone."""
    return sorted(inputs, key=lambda item: (-item.bytes, item.name))


def shard_of(inputs: Iterable[Input], number: int, count: int) -> list[Input]:
    """Return the part `number` (1 to `count`) of the inputs, by name; parts are about as large."""
    return sorted(longest_first(inputs)[number - 1 :: count], key=lambda item: item.name)


def _at(path: Path, leave_out: Path | None) -> Iterator[Input]:
    if not os.path.isdir(path):
        yield _input(path, named=True)
        return
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(path, onerror=unreadable.append):
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and not _is(Path(folder, f), leave_out)
        )
        yield from (_input(Path(folder, file)) for file in files if not file.startswith("."))
    for error in unreadable:
        where = Path(str(error.filename))
        yield Input(_shown(where), where, OTHER, reason=f"cannot be read: {error.strerror}")


def _input(path: Path, named: bool = False) -> Input:
    name, kind = _shown(path), _kind(path, named)
    try:
        about = path.stat()
    except OSError as error:
        return Input(name, path, kind, reason=f"cannot be read: {error.strerror}")
    reason = ""
    if kind == OTHER:
        reason = "is neither a video nor an image, by its name"
    elif not path.is_file():
        reason = "is not a regular file"
    elif not about.st_size:
        reason = "is empty"
    elif name.encode() != os.fsencode(path.as_posix()):
        reason = "its name is not valid Unicode; rename it"
    return Input(name, path, kind, about.st_size, about.st_mtime_ns, reason)


def _kind(path: Path, named: bool) -> str:
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return VIDEO
    if suffix in IMAGE_SUFFIXES:
        return IMAGE
    return VIDEO if named else OTHER  # a file that somebody names may be a video without a suffix


def _is(path: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and os.path.samefile(path, other)


def _shown(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _as_part(part: str) -> str:
    """Return a part of a path as the name of one folder or file, the same for no other part."""
    if part in ("/", "\\", "..") or part.endswith((":", ":\\")):
        return quote(part, safe="").replace(".", "%2E")
    encoded = part.replace("%", "%25")
    if len(encoded.encode()) <= _LONGEST:
        return encoded
    from hashlib import sha256

    kept = encoded.encode()[:_LONGEST].decode("utf-8", "ignore")
    return f"{kept}-{sha256(part.encode()).hexdigest()[:12]}"
