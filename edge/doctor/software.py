"""Checks of the system and of the software that edge-emo runs on."""

import importlib.metadata
import platform
import re
import subprocess
import sys

from ..support.errors import EdgeEmoError
from .finding import FAIL, OK, WARN, Results, read_text


def system() -> Results:
    name = platform.platform()
    release = read_text("/etc/os-release")
    if match := re.search(r'^PRETTY_NAME="?([^"\n]*)', release, re.MULTILINE):
        name = f"{match[1]}, Linux {platform.release()}, {platform.machine()}"
    if model := read_text("/proc/device-tree/model").strip("\0\n"):
        name += f", {model}"
    yield OK, name, ""


def python() -> Results:
    said = f"{platform.python_version()} at {sys.executable}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield OK, said, ""
    else:
        yield FAIL, said, "use Python 3.11, 3.12 or 3.13"


def interpreter() -> Results:
    from ..inference.model_file import find_model, read_model
    from ..inference.runtime import Runtime

    found = [n for n in ("ai-edge-litert", "tflite-runtime") if _version(n)]
    if not found:
        yield FAIL, "none", "pip install ai-edge-litert (32-bit ARM: tflite-runtime)"
        return
    model = read_model(find_model(None))
    Runtime().open(model.flatbuffer)
    yield OK, f"{found[0]} {_version(found[0])}, runs {model.name}", ""


def xnnpack() -> Results:
    """Look for the line that the delegate writes to stderr when it is made."""
    program = (
        "from edge.inference.model_file import find_model, read_model\n"
        "from edge.inference import runtime\n"
        "import contextlib\n"
        "runtime.quiet_stderr = contextlib.nullcontext\n"
        "runtime.Runtime().open(read_model(find_model(None)).flatbuffer)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        said = (done.stderr.strip() or "no reason was given").splitlines()[-1]
        yield WARN, f"could not be checked: {said}", "see the line of the interpreter"
    elif "XNNPACK delegate" in done.stderr:
        yield OK, "the XNNPACK delegate is used", ""
    else:
        yield (
            WARN,
            "the int8 model runs without XNNPACK, several times slower",
            "install ai-edge-litert where it can be had; tflite-runtime lacks it for int8",
        )


def opencv() -> Results:
    import cv2

    build = cv2.getBuildInformation()
    gui = _built(build, "GUI") not in ("", "NONE")
    parts = [
        f"V4L2 {_built(build, 'v4l/v4l2') or 'NO'}",
        f"FFmpeg {_built(build, 'FFMPEG') or 'NO'}",
    ]
    parts.append("with windows" if gui else "headless")
    yield OK, f"{cv2.__version__}, {', '.join(parts)}", ""


def interlaced() -> Results:
    """Read a short interlaced clip: some versions give old memory in place of its pictures."""
    import cv2

    from ..sources.files.interlaced import begins_unconverted, clip, converts_interlaced

    if converts_interlaced():
        yield OK, "interlaced video is converted", ""
        return
    with clip() as path:
        mended = begins_unconverted(path)
    yield (
        WARN,
        f"OpenCV {cv2.__version__} does not convert interlaced video; "
        + ("files are read through FFmpeg's filters, streams are" if mended else "it is")
        + " refused",
        "for a camera or recorder that interlaces: pip install 'opencv-python<4.13' "
        "(on a Pi opencv-python-headless)",
    )


def detector() -> Results:
    """Let each of the two detectors that are shipped look at a plain picture."""
    import numpy as np

    from ..faces import make_detector

    other = {"network": "haar", "haar": "network"}
    for name in other:
        try:
            make_detector(name).detect(np.zeros((96, 96), np.uint8))
        except EdgeEmoError as error:
            state = FAIL if name == "network" else WARN
            yield (
                state,
                f"{name}: {error}",
                f"reinstall it; until then --detector {other[name]} runs",
            )
        else:
            yield OK, f"{name} looks for faces", ""


def _built(build: str, what: str) -> str:
    match = re.search(rf"^\s*{re.escape(what)}:\s*(\S+)", build, re.MULTILINE)
    return match[1] if match else ""


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
