"""Is this machine ready? Each check looks at one thing and says what is wrong and how to mend it."""

import getpass
import grp
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..support.errors import EdgeEmoError

OK, WARN, FAIL = "ok", "warn", "fail"
LEAST_FREE_MB = 500
HOT_C, WARM_C = 80.0, 70.0  # a Raspberry Pi slows down from 80 on
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)  # a clock before that has not been set


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        check: what was looked at.
        state: "ok", "warn" or "fail".
        said: what is there.
        mend: what to do about it; empty if nothing.
    """

    check: str
    state: str
    said: str
    mend: str = ""


def examine() -> Iterator[Finding]:
    """Yield the findings, one check after the other."""
    for name, check in CHECKS.items():
        try:
            for state, said, mend in check():
                yield Finding(name, state, said, mend)
        except EdgeEmoError as error:
            yield Finding(name, FAIL, str(error))
        except Exception as error:  # one check that breaks must not hide the others
            yield Finding(name, WARN, f"could not be checked: {type(error).__name__}: {error}")


Told = Iterator[tuple[str, str, str]]


def _system() -> Told:
    name = platform.platform()
    release = _text("/etc/os-release")
    if match := re.search(r'^PRETTY_NAME="?([^"\n]*)', release, re.MULTILINE):
        name = f"{match[1]}, Linux {platform.release()}, {platform.machine()}"
    if model := _text("/proc/device-tree/model").strip("\0\n"):
        name += f", {model}"
    yield OK, name, ""


def _python() -> Told:
    said = f"{platform.python_version()} at {sys.executable}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield OK, said, ""
    else:
        yield FAIL, said, "use Python 3.11, 3.12 or 3.13"


def _interpreter() -> Told:
    from ..inference.interpreter import make_interpreter
    from ..inference.model_file import find_model, read_model

    found = [n for n in ("ai-edge-litert", "tflite-runtime") if _version(n)]
    if not found:
        yield FAIL, "none", "pip install ai-edge-litert (32-bit ARM: tflite-runtime)"
        return
    model = read_model(find_model(None))
    make_interpreter(model.flatbuffer, threads=1)
    yield OK, f"{found[0]} {_version(found[0])}, runs {model.name}", ""


def _xnnpack() -> Told:
    """The delegate says that it is there by a line on stderr when it is made."""
    program = (
        "from edge.inference.model_file import find_model, read_model\n"
        "from edge.inference import interpreter\n"
        "import contextlib\n"
        "interpreter.quiet_stderr = contextlib.nullcontext\n"
        "interpreter.make_interpreter(read_model(find_model(None)).flatbuffer, 1)\n"
    )
    asked = [sys.executable, "-c", program]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    if "XNNPACK delegate" in told.stderr:
        yield OK, "the XNNPACK delegate is used", ""
    else:
        yield (
            WARN,
            "the int8 model runs without XNNPACK, several times slower",
            "install ai-edge-litert where it can be had; tflite-runtime lacks it for int8",
        )


def _opencv() -> Told:
    import cv2

    build = cv2.getBuildInformation()
    gui = _built(build, "GUI") not in ("", "NONE")
    parts = [
        f"V4L2 {_built(build, 'v4l/v4l2') or 'NO'}",
        f"FFmpeg {_built(build, 'FFMPEG') or 'NO'}",
    ]
    parts.append("with windows" if gui else "headless")
    yield OK, f"{cv2.__version__}, {', '.join(parts)}", ""


def _cascade() -> Told:
    from ..faces import make_detector

    make_detector("haar", 0.1)
    yield OK, "the face cascade is there", ""


# What the drivers of a Raspberry Pi's camera port, picture processor and codecs are called.
_OF_THE_PI = re.compile(r"bcm2835-|unicam|rp1-cfe|pispbe|rpivid|rpi-hevc")
_V4L2 = Path("/sys/class/video4linux")


def _v4l2() -> Told:
    nodes = sorted(_V4L2.glob("video*"), key=lambda p: int(p.name[5:]))
    pis = [n for n in nodes if _OF_THE_PI.match(_text(n / "name"))]
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
        name = _text(node / "name").strip() or "?"
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
        return f": cannot be asked: {error.strerror}"
    return f": {', '.join(found)}" if found else ": gives no pictures"


def _picamera() -> Told:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        pi = "Raspberry Pi" in _text("/proc/device-tree/model")
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


def _groups() -> Told:
    mine = {grp.getgrgid(g).gr_name for g in {*os.getgroups(), os.getgid()} if _is_group(g)}
    if os.geteuid() == 0 or "video" in mine:
        yield OK, ", ".join(sorted(mine)), ""
    else:
        mend = f"sudo usermod -aG video {getpass.getuser()}, then log in again"
        yield WARN, f"{getpass.getuser()} is not in the group video", mend


def _temperature() -> Told:
    zones = sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp"))
    read = [float(t) / 1000 for t in map(_text, zones) if t.strip().lstrip("-").isdecimal()]
    if not read:
        yield OK, "this machine tells none", ""
        return
    hottest = max(read)
    state = FAIL if hottest >= HOT_C else WARN if hottest >= WARM_C else OK
    yield state, f"{hottest:.0f} °C", "" if state == OK else "give it a heat sink or a fan"


_FLAGS = {
    0: (FAIL, "under-voltage now"),
    1: (WARN, "frequency capped now"),
    2: (FAIL, "throttled now"),
    3: (WARN, "near the temperature limit now"),
    16: (WARN, "under-voltage since it started"),
    17: (WARN, "frequency was capped since it started"),
    18: (WARN, "was throttled since it started"),
    19: (WARN, "was near the temperature limit since it started"),
}


def _power() -> Told:
    if not shutil.which("vcgencmd"):
        yield OK, "not a Raspberry Pi, or without vcgencmd", ""
        return
    asked = ["vcgencmd", "get_throttled"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
    yield from throttled(told.stdout or told.stderr)


def throttled(told: str) -> Told:
    """Yield what `vcgencmd get_throttled` told, such as `throttled=0x50005`."""
    match = re.search(r"throttled=0x([0-9a-fA-F]+)", told)
    if not match:
        yield WARN, f"vcgencmd says '{told.strip()}'", "add yourself to the group video"
        return
    bits = int(match[1], 16)
    if not bits:
        yield OK, "enough power, not throttled", ""
    for bit, (state, said) in _FLAGS.items():
        if bits >> bit & 1:
            under = bit % 16 == 0
            mend = (
                "use the board's own power supply and a short, thick cable" if under else "cool it"
            )
            yield state, said, mend


def _governor() -> Told:
    governors = {
        _text(p).strip()
        for p in Path("/sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_governor")
    }
    if not governors:
        yield OK, "this machine tells none", ""
    elif "powersave" in governors:
        yield (
            WARN,
            "powersave",
            "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        )
    else:
        yield OK, ", ".join(sorted(governors)), ""


def _disk() -> Told:
    for place in dict.fromkeys((Path.cwd(), Path("/var/lib/edge-emo"))):
        try:
            free_mb = shutil.disk_usage(place).free / 1e6
        except OSError:
            continue
        said = f"{free_mb:.0f} MB free at {place}"
        if free_mb < LEAST_FREE_MB:
            yield WARN, said, "make room; 'jsonl_total_mb' bounds what edge-emo keeps"
        else:
            yield OK, said, ""


def _clock() -> Told:
    now = datetime.now(UTC)
    if now < EARLIEST:
        yield (
            FAIL,
            f"{now:%Y-%m-%d %H:%M} UTC is not the time",
            "let it reach a time server, or 'sudo date -s'",
        )
        return
    synchronized = Path("/run/systemd/timesync/synchronized").exists() or _ntp_runs()
    said = f"{now:%Y-%m-%d %H:%M} UTC, {time.tzname[0]}"
    if synchronized:
        yield OK, f"{said}, synchronised", ""
    else:
        yield WARN, f"{said}, not seen to be synchronised", "sudo timedatectl set-ntp true"


CHECKS: dict[str, Callable[[], Told]] = {
    "system": _system,
    "python": _python,
    "interpreter": _interpreter,
    "xnnpack": _xnnpack,
    "opencv": _opencv,
    "cascade": _cascade,
    "v4l2": _v4l2,
    "picamera": _picamera,
    "groups": _groups,
    "temperature": _temperature,
    "power": _power,
    "governor": _governor,
    "disk": _disk,
    "clock": _clock,
}


def _text(path: str | Path) -> str:
    """Return what a file says, nothing if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _built(build: str, what: str) -> str:
    match = re.search(rf"^\s*{re.escape(what)}:\s*(\S+)", build, re.MULTILINE)
    return match[1] if match else ""


def _is_group(number: int) -> bool:
    try:
        grp.getgrgid(number)
    except KeyError:
        return False
    return True


def _ntp_runs() -> bool:
    if not shutil.which("timedatectl"):
        return False
    asked = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
    return told.stdout.strip() == "yes"
