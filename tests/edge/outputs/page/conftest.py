"""A page over made-up frames, and what asks it."""

import urllib.error
import urllib.request
from datetime import UTC, datetime

import numpy as np
import pytest

from edge.outputs import OutputOptions, View
from edge.outputs.monitoring.about import About
from edge.support.labels import EMOTIONS
from edge.support.values import Face, Observation, Status


class Running:
    """A page that is fed by hand."""

    def __init__(self, target="127.0.0.1:0", **options):
        from edge.outputs.page.page import Page  # needs the extra `page`

        about = About(camera="door", model="edge-s", model_version="1")
        self.page = Page(OutputOptions(target, True, 30.0, about=about, **options))
        self.url = f"http://{self.page.address}"
        self.asked = 0  # how often a frame's picture was asked for
        self.frames = 0

    def show(self, value=128, track=1):
        """Pass a frame of one gray value, with one face, through the page."""
        self.frames += 1
        picture = np.full((360, 640, 3), value, np.uint8)

        def color():
            self.asked += 1
            return picture

        now = datetime.now(UTC)
        frame = View(
            source="rtsp://viewer@camera/live",
            index=self.frames,
            time=now,
            position_s=None,
            size=(640, 360),
            gray=picture[..., 0],
            color=color,
            capture_ms=1.0,
            annotated=lambda: 255 - picture,
        )
        scores = dict.fromkeys(EMOTIONS, 0.0) | {"happy": 1.0}
        face = Face(track, (10, 20, 30, 40), scores, "happy")
        self.page.write(
            frame,
            Observation(now, frame.source, self.frames, None, frame.size, (face,), {"total": 5.0}),
        )

    def status(self, state, reason=""):
        self.page.status(Status("rtsp://viewer@camera/live", state, reason, datetime.now(UTC)))

    def get(self, path, **headers):
        """Return status, headers and body."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(self.url + path, headers=names)
        try:
            with urllib.request.urlopen(asked, timeout=600) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


@pytest.fixture
def make_page():
    """Return a function that makes a page; all are closed at the end."""
    pytest.importorskip("aiohttp", reason="aiohttp is not installed (extra 'page')")
    made = []

    def make(**options):
        made.append(Running(**options))
        return made[-1]

    yield make
    for running in made:
        running.page.close()


@pytest.fixture
def page(make_page):
    return make_page()
