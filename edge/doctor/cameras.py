"""Checks of the cameras and of the right to use them."""

import getpass
import os
import re
from pathlib import Path

from .finding import FAIL, OK, WARN, Results, read_text

# What the drivers of a Raspberry Pi's camera port, picture processor and codecs are called.
_OF_THE_PI = re.compile(r"bcm2835-|unicam|rp1-cfe|pispbe|rpivid|rpi-hevc")
_V4L2 = Path("/sys/class/video4linux")


def v4l2() -> Results:
    nodes = sorted(_V4L2.glob("video*"), key=lambda p: int(p.name[5:]))
    pis = [n for n in nodes if _OF_THE_PI.match(read_text(n / "name"))]
    if pis:
        yield OK, f"{len(pis)} nodes of the Pi's own: --camera picamera uses them", ""
    nodes = [n for n in nodes if n not in pis]
    if not nodes and not pis:
        yield (
            WARN,
            "no V4L2 camera",
            "plug a webcam in, or use a camera by URL or --camera picamera",
        )
    for node in nodes:
        device = Path("/dev") / node.name
        name = read_text(node / "name").strip() or "?"
        if not device.exists():
            yield WARN, f"{device}: {name}: has no device file", "plug it in again"
        elif not os.access(device, os.R_OK | os.W_OK):
            mend = f"sudo usermod -aG video {getpass.getuser()}, then log in again"
            yield FAIL, f"{device}: {name}: not allowed for {getpass.getuser()}", mend
        else:
            yield OK, f"{device}: {name}{_formats(device)}", ""


def _formats(device: Path) -> str:
    from ..sources.v4l2 import formats

    try:
        found = formats(device)
    except OSError as error:
        return f": cannot be queried: {error.strerror}"
    return f": {', '.join(found)}" if found else ": reports no formats"


def picamera() -> Results:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        pi = "Raspberry Pi" in read_text("/proc/device-tree/model")
        mend = "sudo apt install python3-picamera2, in an environment with --system-site-packages"
        yield (
            (WARN, f"Picamera2 cannot be imported ({error})", mend)
            if pi
            else (OK, "not used: Picamera2 is not installed", "")
        )
        return
    found = Picamera2.global_camera_info()
    if not found:
        yield (
            WARN,
            "Picamera2 sees no camera",
            "check the ribbon cable and 'rpicam-hello --list-cameras'",
        )
    for number, camera in enumerate(found):
        yield OK, f"picamera:{number}: {camera.get('Model', '?')}", ""


def groups() -> Results:
    if os.name != "posix":
        yield OK, "this system gives every user its cameras", ""
        return
    import grp

    mine = {grp.getgrgid(g).gr_name for g in {*os.getgroups(), os.getgid()} if _is_group(g)}
    if os.geteuid() == 0 or "video" in mine:
        yield OK, ", ".join(sorted(mine)), ""
    else:
        mend = f"sudo usermod -aG video {getpass.getuser()}, then log in again"
        yield WARN, f"{getpass.getuser()} is not in the group video", mend


def _is_group(number: int) -> bool:
    import grp

    try:
        grp.getgrgid(number)
    except KeyError:
        return False
    return True
