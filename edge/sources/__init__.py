"""Sources of frames: cameras, files, streams. `open_source` finds the one that a name asks for."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from ..support import registry
from ..support.errors import SourceError
from ..support.image_file import is_still
from ..support.values import Frame, Status
from .urls import is_film, is_url, local_path, without_secrets

STDIN = "/dev/stdin"
# These kinds are seen from what they are asked for; their names alone mean nothing.
_KNOWN_BY_ARGUMENT = frozenset({"camera", "images", "stream", "video"})

LONGEST_NUMBER = 20  # digits of a camera's number


@dataclass(frozen=True)
class SourceOptions:
    """What a source is asked for.

    Attributes:
        size: width and height to ask a camera for; None takes its own default.
        fps: frames per second to ask a camera for; None takes its own default.
        color: an output will call `Frame.color`; if not, a source need not provide for it cheaply.
        rotate: turn a camera's picture clockwise by 0, 90, 180 or 270 degrees.
        mirror: then swap its left and right.
        exposure_ms: the longest exposure a camera may take; None takes its own default. Only Pi
            cameras take it.
        timeout_s: after so many seconds without a frame a camera may give up.
        ahead: a folder's next image is read in a thread, meanwhile. What libraries say of it is held
            back from stderr, and so may be what others write there (`edge.support.quiet`).
    """

    size: tuple[int, int] | None = None
    fps: float | None = None
    color: bool = True
    rotate: int = 0
    mirror: bool = False
    exposure_ms: float | None = None
    timeout_s: float = 5.0
    ahead: bool = False


class Source(Protocol):
    """Frames from one place, in order, and a `Status` where there is something to say meanwhile.

    Closed by `with`. `Reconnecting` watches over one that is live; a file yields frames only.

    Attributes:
        name: how records call it, without secrets.
        live: a camera, which does not wait: what is not taken in time is lost.
        continuous: successive frames show the same scene, so faces can be followed.
        fps: nominal frames per second, for a recording.
        dropped: frames that came and that nobody took in time; a file has none.
    """

    name: str
    live: bool
    continuous: bool
    fps: float

    @property
    def dropped(self) -> int: ...

    def __iter__(self) -> Iterator[Frame | Status]: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def open_source(what: str, options: SourceOptions | None = None) -> Source:
    """Open a camera, stream, file or folder.

    Args:
        what: a camera's number (`0`), its device or a link to that (`/dev/video0`,
            `/dev/v4l/by-id/...`), a registered name with an optional argument (`picamera`,
            `picamera:1`, `demo`), a URL (`rtsp://...`), the path of a video, an image or a folder
            of images, or `-` for a video from standard input.

    Raises:
        SourceError: there is no such thing, or it gives no frames.
    """
    kind, argument = _kind(what)
    return registry.load(registry.SOURCES, kind)(argument, options or SourceOptions())


def frames(source: Source) -> Iterator[Frame]:
    """Yield the frames of a source and leave out what it says of its state."""
    return (item for item in source if isinstance(item, Frame))


def source_class(what: str) -> Any:
    """Return the class that `open_source(what)` makes. Raises: SourceError if there is none."""
    return registry.load(registry.SOURCES, _kind(what)[0])


def shown_name(what: str) -> str:
    """Return how people and records may see what is asked for: a URL without its secrets."""
    return without_secrets(what)


def is_camera(what: str) -> bool:
    """Report whether `open_source(what)` is about a camera or a stream, not a file."""
    return bool(source_class(what).live)


def _kind(what: str) -> tuple[str, str]:
    if what.isascii() and what.isdecimal() and len(what) > LONGEST_NUMBER:
        raise SourceError(f"camera {what[:LONGEST_NUMBER]}...: there is no such number; try 0")
    if (what.isascii() and what.isdecimal()) or _is_device(what):
        return "camera", what
    if what == "-":
        return "video", STDIN
    if is_url(what):
        if local := local_path(what):
            return _kind(local)
        return ("video" if is_film(what) else "stream"), what
    name, _, argument = what.partition(":")
    if name in registry.names(registry.SOURCES) and name not in _KNOWN_BY_ARGUMENT:
        return name, argument
    path = Path(what)
    if not _is_unicode(what):  # OpenCV would take the process down
        raise SourceError(f"{what!a}: its name is not valid Unicode; rename it")
    try:
        os.stat(what)
    except PermissionError as error:
        raise SourceError(f"{what}: cannot be read: {error.strerror}") from None
    except (OSError, ValueError):
        cameras = "a number, picamera, mock or an rtsp:// URL"
        name = without_secrets(what.replace(":/", "://", 1)) if "@" in what else what
        raise SourceError(
            f"{name}: no such file or folder, and no camera's name ({cameras})"
        ) from None
    return ("images" if path.is_dir() or is_still(path) else "video"), what


def _is_device(what: str) -> bool:
    """Whether this is a camera's device file or a link to one, also while it is unplugged."""
    if "\0" in what:
        return False
    real = os.path.realpath(what)
    if re.fullmatch(r"/dev/video\d+", real):
        return True
    try:
        mode = os.stat(what).st_mode
    except (OSError, ValueError):
        return real.startswith("/dev/") and not re.match(r"/dev/(shm|fd|std\w+|mqueue)\b", real)
    return stat.S_ISCHR(mode) and not real.startswith(("/dev/pts/", "/dev/tty"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
