"""Is a video file shorter than its own container says? For MP4 and MOV, AVI, Matroska and WebM.

The number of frames is not asked: it is an estimate, or counts what an edit list leaves out.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_MOST_BOXES = 100_000
_MOST_MOOV = 64 * 2**20  # bytes of an index that are looked at
_TAIL = 16 * 1024  # so many zeros at the end are none of a container's own
_ISO_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"moof"})
_SEGMENT = b"\x18\x53\x80\x67"  # Matroska's element that holds all others


def what_is_missing(path: Path, last_s: float, frame_s: float) -> str | None:
    """Return what shows that a file is not whole, or None.

    Args:
        path: a video file of any kind.
        last_s: media time of the last frame that it gave, seconds.
        frame_s: how long a frame lasts, seconds.
    """
    if not path.is_file():  # a pipe has no end to look at
        return None
    try:
        with path.open("rb") as file:
            held = os.fstat(file.fileno()).st_size
            head = file.read(8)
            if head[4:] in _ISO_FIRST:
                return _iso(file, held, last_s + frame_s)
            if head[:4] == b"RIFF":
                missing = _shorter(max(end for end in _riff_ends(file, held)), held)
            elif head[:4] == b"\x1aE\xdf\xa3":
                missing = _shorter(_matroska_end(file), held)
            else:
                return None
            return missing or _zeros(file, held)
    except (OSError, ValueError, struct.error):
        return None


def _shorter(promised: int, held: int) -> str | None:
    if promised <= held:
        return None
    return f"its header promises {promised:,} bytes, the file has {held:,}"


def _zeros(file: BinaryIO, held: int) -> str | None:
    """Return what is wrong with a file that ends in zeros, as after a power cut."""
    if held < 4 * _TAIL:
        return None
    file.seek(held - _TAIL)
    return "its end is nothing but zeros" if not file.read().strip(b"\0") else None


def _iso(file: BinaryIO, held: int, reached_s: float) -> str | None:
    moov = b""
    for kind, start, end in _boxes(file, held):
        if end > held:
            return _shorter(end, held)
        if kind == b"moov" and end - start <= _MOST_MOOV:
            file.seek(start)
            moov = file.read(end - start)
    length_s = _track_s(moov)
    if length_s is not None and reached_s < 0.95 * length_s - 0.5:
        return f"its pictures end at {reached_s:.1f} of {length_s:.1f} s"
    return None


def _boxes(file: BinaryIO, held: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start of the content and end of each box of a file."""
    place = 0
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind, start = int.from_bytes(head[:4]), head[4:8], place + 8
        if size == 1 and len(head) == 16:
            size, start = int.from_bytes(head[8:]), place + 16
        elif size == 0:  # the last one
            size = held - place
        if place + size < start:
            return
        yield kind, start, place + size
        place += size


def _inside(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of the boxes in a box."""
    place = 0
    while place + 8 <= len(content):
        size, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        if size < 8:
            return
        yield kind, content[place + 8 : place + size]
        place += size


def _track_s(moov: bytes) -> float | None:
    """Return how long the shortest picture track plays, seconds; None if that is not said."""
    boxes = list(_inside(moov))
    header = next((content for kind, content in boxes if kind == b"mvhd"), b"")
    scale = int.from_bytes(header[20:24] if header[:1] == b"\1" else header[12:16])
    lengths = [_plays_s(content, scale) for kind, content in boxes if kind == b"trak"]
    return min((length for length in lengths if length), default=None)


def _plays_s(track: bytes, movie_scale: int) -> float | None:
    parts = dict(_inside(track))
    media = dict(_inside(parts.get(b"mdia", b"")))
    if media.get(b"hdlr", b"")[8:12] != b"vide":
        return None
    edits = dict(_inside(parts.get(b"edts", b""))).get(b"elst", b"")
    if edits and movie_scale:
        return _edited(edits) / movie_scale
    header = media.get(b"mdhd", b"")
    scale, length = (
        struct.unpack(">IQ", header[20:32])
        if header[:1] == b"\1"
        else struct.unpack(">II", header[12:20])
    )
    return length / scale if scale else None


def _edited(edits: bytes) -> int:
    """Return how long an edit list plays, without the pauses in it."""
    layout = struct.Struct(">Qqi" if edits[:1] == b"\1" else ">Iii")
    count = min(int.from_bytes(edits[4:8]), (len(edits) - 8) // layout.size)
    rows = (layout.unpack_from(edits, 8 + i * layout.size) for i in range(count))
    return sum(length for length, start, _ in rows if start >= 0)


def _riff_ends(file: BinaryIO, held: int) -> Iterator[int]:
    """Yield where each RIFF of an AVI should end: there are several in a large one."""
    place = 0
    yield 0
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or head[:4] != b"RIFF":
            return
        size = int.from_bytes(head[4:], "little")
        if size in (0, 0xFFFFFFFF):  # still being written
            return
        yield place + size
        place += 8 + size + size % 2


def _matroska_end(file: BinaryIO) -> int:
    """Return where the segment should end; 0 if that was not known when it was written."""
    file.seek(4)
    size = _vint(file)
    if size is None:
        return 0
    file.seek(size, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _vint(file)
    return 0 if size is None else file.tell() + size


def _vint(file: BinaryIO) -> int | None:
    """Return the next number of variable length; None for the one that means 'unknown'."""
    first = file.read(1)[0:1]
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        return None
    value = int.from_bytes(first + rest) & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value
