"""Ask a V4L2 camera which formats it gives, with the kernel's own call; nothing needs installing."""

import fcntl
import os
import struct
from pathlib import Path

# struct v4l2_fmtdesc: index, type, flags, description[32], pixelformat, mbus_code, reserved[3].
_FORMAT = struct.Struct("=III32sII3I")
_CAPTURE, _CAPTURE_PLANES = 1, 9  # V4L2_BUF_TYPE_VIDEO_CAPTURE and its _MPLANE
_ASK_FORMAT = 3 << 30 | _FORMAT.size << 16 | ord("V") << 8 | 2  # VIDIOC_ENUM_FMT


def formats(device: Path) -> list[str]:
    """Return the four-letter codes of the formats in which a camera gives pictures.

    Raises:
        OSError: it cannot be opened.
    """
    handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    found = []
    try:
        for kind in (_CAPTURE, _CAPTURE_PLANES):
            for index in range(64):
                asked = bytearray(_FORMAT.pack(index, kind, 0, b"", 0, 0, 0, 0, 0))
                try:
                    fcntl.ioctl(handle, _ASK_FORMAT, asked)
                except OSError:  # no more of them, or not of this kind
                    break
                code = _FORMAT.unpack(asked)[4]
                found.append(
                    struct.pack("<I", code & 0x7FFFFFFF).decode("ascii", "replace").strip()
                )
    finally:
        os.close(handle)
    return found
