"""The device runtime: faces and emotions from a camera or a video, with an int8 TFLite model."""

import os
from pathlib import Path

__version__ = "0.1.0"

# Read by OpenCV when it is first imported: what it warns of, such as a camera that is late, is raised
# or logged here in our own words.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")


def data_folder(name: str) -> Path:
    """Return the folder `models` or `systemd`: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
