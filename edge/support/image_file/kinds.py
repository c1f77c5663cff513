"""What an image file is, by its first bytes: its kind, and how many pixels it will have."""

import struct

HEAD = 65536  # bytes that are enough to know the kind, and of most animations that they are some
HEIC = "HEIC"

_BEGINNINGS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"8BPS", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"FUJIFILM", "a camera's raw file"),
)
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_AVIF = frozenset({b"avif", b"avis"})
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})  # of the JPEG markers C0..CF


def image_kind(head: bytes) -> str | None:
    """Return the kind that a file's first bytes show, such as 'JPEG'; None if it is not an image."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            raw = kind == "TIFF" and head[8:10] == b"CR"
            return "a camera's raw file" if raw else kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4]), 256)
        brands = {head[i : i + 4] for i in (8, *range(16, length, 4))}
        if brands & _AVIF:
            return "AVIF"
        return HEIC if brands & _HEIF else None
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3] in (b"\n", b"\r", b" ", b"\t"):
        return "PNM"
    return None


def is_animated(head: bytes) -> bool:
    """Return whether an image file says in its first bytes that it holds a sequence of pictures."""
    match image_kind(head):
        case "WebP":
            return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 2)
        case "PNG":
            return b"acTL" in head.partition(b"IDAT")[0]
        case "AVIF":
            return head[8:12] == b"avis"
        case "GIF":
            return _gif_pictures(head) > 1
    return False


def is_video(head: bytes) -> bool:
    """Return whether a file begins as the usual containers of videos do."""
    if image_kind(head):
        return False
    return head[4:8] == b"ftyp" or head[:4] in (b"RIFF", b"\x1aE\xdf\xa3")


def pixels_of(kind: str, content: bytes) -> tuple[int, int] | None:
    """Return width and height that an image's header states; None where that cannot be seen.

    Args:
        kind: as `image_kind` gives it.
        content: the whole file.
    """
    read = _READERS.get(kind)
    try:
        return None if read is None else read(content)
    except (struct.error, IndexError, ValueError):  # it ends within its header
        return None


def is_deep(kind: str, content: bytes) -> bool:
    """Return whether an image may have 16 bits a sample, which cost more memory to read."""
    return kind in ("TIFF", "PNM", "JPEG 2000") or (kind == "PNG" and content[24:25] == b"\x10")


def _png(content: bytes) -> tuple[int, int]:
    return struct.unpack_from(">II", content, 16)


def _gif(content: bytes) -> tuple[int, int]:
    return struct.unpack_from("<HH", content, 6)


def _gif_pictures(content: bytes) -> int:
    """Count the pictures of a GIF, up to two, as far as the content reaches."""

    def table(flags: int) -> int:
        return 3 << (flags & 7) + 1 if flags & 0x80 else 0

    def after_blocks(place: int) -> int:
        while place < len(content) and content[place]:
            place += content[place] + 1
        return place + 1

    place, found = 13 + table(content[10] if len(content) > 10 else 0), 0
    while place + 10 < len(content) and found < 2:
        if content[place] == 0x21:
            place = after_blocks(place + 2)
        elif content[place] == 0x2C:
            found += 1
            place = after_blocks(place + 11 + table(content[place + 9]))
        else:
            break
    return found


def _bmp(content: bytes) -> tuple[int, int]:
    if content[14] == 12:
        return struct.unpack_from("<HH", content, 18)
    width, height = struct.unpack_from("<ii", content, 18)
    return abs(width), abs(height)


def _jpeg(content: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(content):
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF or marker == 1 or 0xD0 <= marker <= 0xD9:
            place += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    form = content[12:16]
    if form == b"VP8X":
        width, height = (int.from_bytes(content[i : i + 3], "little") + 1 for i in (24, 27))
        return width, height
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff(content: bytes) -> tuple[int, int] | None:
    order = "<" if content[:1] == b"I" else ">"
    if content[2:4] not in (b"*\0", b"\0*"):  # BigTIFF
        return None
    (place,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, place)
    sides = {}
    for entry in range(min(count, 512)):
        tag, form = struct.unpack_from(order + "HH", content, place + 2 + 12 * entry)
        if tag in (256, 257):
            sides[tag] = struct.unpack_from(
                order + ("H" if form == 3 else "I"), content, place + 10 + 12 * entry
            )[0]
    return (sides[256], sides[257]) if len(sides) == 2 else None


def _pnm(content: bytes) -> tuple[int, int] | None:
    lines = (line.partition(b"#")[0] for line in content[:HEAD].splitlines())
    words = b" ".join(lines).split()
    if words[0] == b"P7":
        named = dict(zip(words[1::2], words[2::2], strict=False))
        return int(named.get(b"WIDTH", b"0")), int(named.get(b"HEIGHT", b"0"))
    return int(words[1]), int(words[2])


def _heif(content: bytes) -> tuple[int, int] | None:
    """Return the size of the largest picture that AVIF's boxes state."""
    found, place = [], 0
    while (place := content.find(b"ispe", place, 65536)) >= 0:
        found.append(struct.unpack_from(">II", content, place + 8))
        place += 4
    return max(found, default=None, key=lambda size: size[0] * size[1])


def _jpeg2000(content: bytes) -> tuple[int, int]:
    return struct.unpack_from(">II", content, content.index(b"\xff\x4f\xff\x51") + 8)


def _sun(content: bytes) -> tuple[int, int]:
    return struct.unpack_from(">II", content, 4)


_READERS = {
    "AVIF": _heif,
    "JPEG 2000": _jpeg2000,
    "Sun raster": _sun,
    "PNG": _png,
    "GIF": _gif,
    "BMP": _bmp,
    "JPEG": _jpeg,
    "WebP": _webp,
    "TIFF": _tiff,
    "PNM": _pnm,
}
