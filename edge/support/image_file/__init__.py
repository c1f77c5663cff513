"""Read an image file of any kind that can be read here; its content says which kind it is."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from ..errors import SourceError
from ..quiet import quiet_stderr
from .heif import read_heif
from .kinds import HEAD, HEIC, image_kind, is_animated, is_deep, is_video, pixels_of

# What the files of image folders are usually called; for messages only.
IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".webp", ".pgm", ".ppm", ".tif", ".tiff"}
    | {".heic", ".heif", ".avif"}
)
# What systems put beside the files that people put there.
SYSTEM_NAMES = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini", "ehthumbs.db", "@eaDir"})
MOST_PIXELS = 120_000_000  # of 8 bits; half as many of more
MOST_BYTES = 512 * 2**20
MOST_OF_GIF = 16 * 2**20  # bytes in which its second picture begins
# A JPEG is decoded without its colours, until these are asked for; where at least so many pixels are left
# of it, at a half or a quarter of its size.
ENOUGH_PIXELS = 3_000_000

__all__ = [
    "IMAGE_SUFFIXES",
    "MOST_PIXELS",
    "SYSTEM_NAMES",
    "Picture",
    "in_8_bits",
    "is_still",
    "kind_of",
    "load_image",
    "load_picture",
    "read_image",
    "what_it_is",
]


@dataclass(frozen=True, eq=False)
class Picture:
    """An image as it is analysed.

    Attributes:
        gray: uint8 `[height, width]`; of a very large JPEG a half or a quarter as high and wide.
        size: width and height of the whole, pixels.
        color: returns the whole, gray or BGR; of a JPEG it is decoded only then.
        note: what `what_it_is` says of the file.
    """

    gray: np.ndarray
    size: tuple[int, int]
    color: Callable[[], np.ndarray]
    note: str | None = None


def load_picture(path: Path | str) -> Picture:
    """Return an image to analyse, at no more cost than that needs. Raises: SourceError, as `load_image`."""
    kind, raw = _content(path)
    size = pixels_of(kind, raw) if kind == "JPEG" else None
    if size and size[0] * size[1] <= MOST_PIXELS:
        picture = _gray_jpeg(raw, size)
        if picture is not None:
            return picture
    image = _image(path, kind, raw)
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    note = _note(raw if kind == "GIF" else raw[:HEAD])
    return Picture(gray, image.shape[1::-1], lambda: image, note)


def _gray_jpeg(raw: bytes, size: tuple[int, int]) -> Picture | None:
    by, way = 1, cv2.IMREAD_GRAYSCALE
    for half, reduced in _REDUCED:
        # Whether EXIF has turned it is seen from its shape, so it must not be reduced to a square.
        keeps_shape = len({-(-side // half) for side in size}) == len(set(size))
        if keeps_shape and size[0] * size[1] >= ENOUGH_PIXELS * half**2:
            by, way = half, reduced
    gray = _imdecoded(raw, way)
    if gray is None or gray.ndim != 2:
        return None
    if by == 1:
        size = gray.shape[1], gray.shape[0]
    elif (gray.shape[0] > gray.shape[1]) != (size[1] > size[0]):  # stood up as its EXIF note says
        size = size[::-1]
    return Picture(gray, size, partial(_color, raw, gray, size))


_REDUCED = ((2, cv2.IMREAD_REDUCED_GRAYSCALE_2), (4, cv2.IMREAD_REDUCED_GRAYSCALE_4))


def _color(raw: bytes, gray: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    image = _decoded(raw)
    return cv2.resize(gray, size) if image is None else image


def load_image(path: Path | str) -> np.ndarray:
    """Return a uint8 gray `[height, width]` or BGR `[height, width, 3]` image.

    It is upright as the camera's EXIF note says; of several pictures in a file it is the first one.

    Raises:
        SourceError: it cannot be read, is not an image, is too large or damaged; the message says which.
    """
    return _image(path, *_content(path))


def _image(path: Path | str, kind: str | None, raw: bytes) -> np.ndarray:
    if kind is None:
        raise SourceError(f"{path}: {what_it_is(path) or 'is not an image of a known kind'}")
    if kind == HEIC:
        return read_heif(path, raw, MOST_PIXELS)
    width, height = pixels_of(kind, raw) or (0, 0)
    most = MOST_PIXELS // 2 if is_deep(kind, raw) else MOST_PIXELS
    if width * height > most:
        raise SourceError(
            f"{path}: has {width} x {height} pixels; more than {most // 10**6} million are not read; "
            "reduce it first"
        )
    image = _decoded(raw)
    if image is None and kind in ("JPEG", "PNG", "BMP", "WebP", "TIFF", "PNM"):
        raise SourceError(f"{path}: is a damaged {kind}, or one of a rare form; save it again")
    if image is None:
        raise SourceError(
            f"{path}: is {kind}, which this OpenCV ({cv2.__version__}) does not read; save it as JPEG "
            "or PNG"
        )
    return image


def read_image(path: Path | str) -> np.ndarray | None:
    """Return what `load_image` does, or None if it cannot."""
    try:
        return load_image(path)
    except SourceError:
        return None


def kind_of(path: Path | str) -> str | None:
    """Return the kind of an image file, such as 'JPEG'; None for any other file, or an unreadable one."""
    try:
        return image_kind(_head(path))
    except SourceError:
        return None


def is_still(path: Path | str) -> bool:
    """Return whether a file is to be read as an image, not as a video.

    Its content decides; its name only where the content says nothing. Of animations only WebP is an
    image: FFmpeg plays the others.
    """
    try:
        head = _head(path)
    except SourceError:
        return False
    kind = image_kind(head)
    if kind is None:
        return not is_video(head) and Path(path).suffix.lower() in IMAGE_SUFFIXES
    return kind == "WebP" or not is_animated(head)


def what_it_is(path: Path | str) -> str | None:
    """Return why a file is not analysed as an image, in words; None for an image or an unknown file."""
    try:
        head = _head(path)
    except SourceError as error:
        return str(error).removeprefix(f"{path}: ")
    if not head:
        return "is empty"
    if image_kind(head):
        return _note(head)
    if is_video(head):
        return "is a video; give it by itself"
    return None


def _head(path: Path | str) -> bytes:
    """Return a file's first bytes; of a GIF as many as may come before its second picture."""
    with _opened(path) as file:
        try:
            head = file.read(HEAD)
            return head + file.read(MOST_OF_GIF) if image_kind(head) == "GIF" else head
        except OSError as error:
            raise _unreadable(path, error) from error


def _note(head: bytes) -> str | None:
    return "is animated; only its first picture is used" if is_animated(head) else None


def _content(path: Path | str) -> tuple[str | None, bytes]:
    with _opened(path) as file:
        try:
            head = file.read(HEAD)
            kind = image_kind(head)
            size = os.fstat(file.fileno()).st_size
            if kind and size > MOST_BYTES:
                raise SourceError(
                    f"{path}: has {size / 1e6:.0f} MB; more than {MOST_BYTES / 1e6:.0f} are not read"
                )
            # No more is asked for than there is: Python takes the memory for all of it at once.
            return kind, head + file.read(max(0, size - len(head))) if kind else head
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise _unreadable(path, error) from error


def _opened(path: Path | str) -> BinaryIO:
    try:
        if os.path.isdir(path):
            raise SourceError(f"{path}: is a folder; give it by itself")
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise SourceError(f"{path}: is not a regular file")
        return open(path, "rb")
    except SourceError:
        raise
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path | str, error: Exception) -> SourceError:
    return SourceError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")


def _decoded(raw: bytes) -> np.ndarray | None:
    image = _imdecoded(raw, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    if image is None:  # some kinds are only read at 8 bits
        image = _imdecoded(raw, cv2.IMREAD_ANYCOLOR)
    return None if image is None else in_8_bits(image)


def _imdecoded(raw: bytes, way: int) -> np.ndarray | None:
    with quiet_stderr():  # libpng and libjpeg say in their own words what is wrong
        try:
            return cv2.imdecode(np.frombuffer(raw, np.uint8), way)
        except cv2.error:
            return None


def in_8_bits(image: np.ndarray) -> np.ndarray | None:
    """Return the image with the range that its values use brought to 0..255; None if it has none."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        # Cameras of 10, 12 or 14 bits put their values into 16 as they are.
        bits = next(b for b in (8, 10, 12, 14, 16) if int(image.max()) < 1 << b)
        image >>= bits - 8
        return image.astype(np.uint8)
    most = float(image.max()) if np.isfinite(image).all() else 0.0
    if most <= 0:
        return None
    full = 1.0 if most <= 1 else 255.0 if most <= 255 else most
    return np.clip(image * (255 / full), 0, 255).astype(np.uint8)
