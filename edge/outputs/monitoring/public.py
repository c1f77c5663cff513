"""What may be said of a camera to whoever watches: no URL, no path, no password."""

import re
from pathlib import PurePath

# What a camera that failed is counted under. A closed set: a metric's labels must not grow.
REASONS = ("no_frame", "same_picture", "black", "cannot_open", "ended", "driver", "other")
_SIGNS = (
    ("no_frame", "gave no frame"),
    ("same_picture", "same picture"),
    ("black", "black pictures"),
    ("ended", "ended"),
    ("ended", "no more frames"),
    ("ended", "ends after"),
    ("driver", "do not return"),
    ("driver", "does not answer"),
    ("cannot_open", "opened"),
    ("cannot_open", "started"),
    ("cannot_open", "no stream came"),
    ("cannot_open", "no such"),
    ("no_frame", "no frame"),
)
_URL = re.compile(r"\w[\w+.-]*://[^\s,;)]*")
_PATH = re.compile(r"(?<![\w.])~?/[^\s,;:)]+")
_DEVICE = re.compile(r"/dev/(video\d+)")


def camera_label(source: str) -> str:
    """Return how a source is called in metrics and on the page.

    Args:
        source: its name as records give it.

    Example:
        >>> camera_label("rtsp://viewer@10.0.0.7/live"), camera_label("/dev/video2")
        ('network camera', 'video2')
    """
    if "://" in source:
        return "network camera"
    return PurePath(source).name or source


def public_reason(reason: str) -> str:
    """Return a reason with URLs and paths left out.

    Example:
        >>> public_reason("switched off by the file /var/lib/edge-emo/off")
        'switched off by the file [path]'
    """
    reason = _DEVICE.sub(r"\1", _URL.sub("[address]", reason))
    return _PATH.sub("[path]", reason)


def reason_kind(reason: str) -> str:
    """Return which of `REASONS` the words of a failure belong to."""
    return next((kind for kind, sign in _SIGNS if sign in reason), "other")
