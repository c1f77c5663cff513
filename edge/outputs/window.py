"""Show the annotated frames in a window; always the newest, never in the way of the analysis."""

import os
import subprocess
import sys
import threading
from functools import cache

import cv2

from ..support.errors import OutputError
from ..support.values import Observation
from . import Output, OutputOptions, View

TITLE = "edge-emo"
PROBE_TIMEOUT_S = 10
_PROBE = """
import sys, cv2
try:
    cv2.namedWindow("edge-emo")
except cv2.error:
    sys.exit(3)
"""
_QUIT = (ord("q"), ord("Q"), 27)  # 27 = Esc


class Window(Output):
    """A preview. `write` may be called from any thread; `show` must run in the main one."""

    color = True
    foreground = True

    def __init__(self, options: OutputOptions) -> None:
        self.dropped = 0
        if reason := why_no_window():
            raise OutputError(f"window: {reason}; use --jsonl, --record or the text output instead")
        self._ready = threading.Condition()
        self._newest: View | None = None
        self._closed = False

    def write(self, frame: View, observation: Observation) -> None:
        frame.color()  # taken now, while the frame is borrowed; drawn into when it is shown
        with self._ready:
            if self._newest is not None:
                self.dropped += 1
            self._newest = frame
            self._ready.notify()

    def close(self) -> None:
        with self._ready:
            self._closed = True
            self._ready.notify()

    def show(self, stop: threading.Event) -> None:
        """Show frames until the outputs close; `q`, Esc or the window's cross set `stop`."""
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        shown = False
        try:
            while not self._closed:
                with self._ready:
                    self._ready.wait(timeout=0.02)
                    frame, self._newest = self._newest, None
                if frame:
                    if not shown:
                        cv2.resizeWindow(TITLE, *frame.size)
                    cv2.imshow(TITLE, frame.annotated())
                    shown = True
                key = cv2.waitKey(1) & 0xFF
                gone = shown and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
                if key in _QUIT or gone:
                    stop.set()
        finally:
            cv2.destroyAllWindows()


def why_no_window() -> str | None:
    """Return why no window can be shown here, or None if one can."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "there is no display"
    return _asked(os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY"))


@cache
def _asked(*displays: str | None) -> str | None:
    # In a process of its own: where the display does not answer, Qt aborts the one that asks.
    probe = [sys.executable, "-c", _PROBE]
    try:
        tried = subprocess.run(probe, capture_output=True, check=False, timeout=PROBE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    if tried.returncode == 3:
        return "this OpenCV is the headless build, which has no windows"
    return "the display does not answer" if tried.returncode else None
