"""V4L2 cameras: which device a name means, why it cannot be opened, and which formats it gives."""

import errno
import os
import struct
import sys
from pathlib import Path

# struct v4l2_fmtdesc: index, type, flags, description[32], pixelformat, mbus_code, reserved[3].
_FORMAT = struct.Struct("=III32sII3I")
_CAPTURE, _CAPTURE_PLANES = 1, 9  # V4L2_BUF_TYPE_VIDEO_CAPTURE and its _MPLANE
_ASK_FORMAT = 3 << 30 | _FORMAT.size << 16 | ord("V") << 8 | 2  # VIDIOC_ENUM_FMT


def device_of(name: str) -> Path | None:
    """Return the device file of a camera by number, device or link; None where there are none."""
    if sys.platform != "linux":
        return None
    return Path(f"/dev/video{int(name)}" if name.isdecimal() else os.path.realpath(name))


def why_not_opened(device: Path | None) -> str:
    """Return why a camera cannot be opened, as far as that can be seen, and what to do."""
    found = sorted(str(p) for p in Path("/dev").glob("video*"))
    if device is None:
        return "is it plugged in, and free of other programs?"
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except PermissionError:
        return (
            f"this user may not read {device}: run 'sudo usermod -aG video $USER' and log in again"
        )
    except OSError as error:
        if error.errno == errno.EBUSY:
            return f"{device} is in use by another program"
        if not found:
            return "this machine has no /dev/video*: plug a camera in"
        return f"there are {', '.join(found)}: check the number, and that no other program uses it"
    return f"{device} is in use by another program, or gives no pictures"


def formats(device: Path) -> list[str]:
    """Return the four-letter codes of the formats in which a camera gives pictures.

    Raises:
        OSError: it cannot be opened.
    """
    import fcntl  # not on Windows

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
