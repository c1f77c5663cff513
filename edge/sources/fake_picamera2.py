"""A stand-in for the `picamera2` module where no libcamera is: the part that edge-emo uses.

It keeps to the documented behaviour: a request is lent and must be released, a pool of few
buffers runs dry if it is not, YUV420 rows are padded to the stride, RGB888 lies as B, G, R.
"""

import time
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, Self

import cv2
import numpy as np

from .demo import DemoClip

BUFFERS = 6  # create_video_configuration's default buffer_count
ALIGNMENT = 64  # bytes to which libcamera pads a row of YUV420


# What the part of libcamera's Python module that is used looks like; `picamera2` imports it.
libcamera = SimpleNamespace(
    Transform=lambda hflip=0, vflip=0: SimpleNamespace(hflip=bool(hflip), vflip=bool(vflip))
)


class Picamera2:
    """One camera: configure, start, capture requests, stop, close."""

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num != 0:
            raise IndexError("list index out of range")
        self._clip: DemoClip | None = None
        self._config: dict[str, Any] | None = None
        self.started = False
        self.lent = 0
        self._next = 0

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return [{"Model": "mock", "Location": 2, "Rotation": 0, "Id": "/mock/0", "Num": 0}]

    def create_video_configuration(
        self,
        main: dict[str, Any] | None = None,
        lores: dict[str, Any] | None = None,
        raw: dict[str, Any] | None = None,
        transform: Any = None,
        colour_space: Any = None,
        buffer_count: int = BUFFERS,
        controls: dict[str, Any] | None = None,
        display: str = "main",
        encode: str = "main",
        queue: bool = True,
    ) -> dict[str, Any]:
        streams = {"main": {"size": (1280, 720), "format": "XBGR8888", **(main or {})}}
        if lores is not None:
            streams["lores"] = {"size": streams["main"]["size"], "format": "YUV420", **lores}
        return {
            **streams,
            "transform": transform or libcamera.Transform(),
            "buffer_count": buffer_count,
            "controls": controls or {"FrameRate": 30.0},
        }

    def configure(self, camera_config: dict[str, Any] | None = None) -> None:
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        if camera_config is None:
            camera_config = self.create_video_configuration()
        for name in ("main", "lores"):
            if stream := camera_config.get(name):
                width, _ = stream["size"]
                depth = {"RGB888": 3, "XBGR8888": 4, "YUV420": 1}[stream["format"]]
                stream["stride"] = -(-width * depth // ALIGNMENT) * ALIGNMENT
        self._config = camera_config
        self._clip = DemoClip(camera_config["main"]["size"])

    def camera_configuration(self) -> dict[str, Any]:
        assert self._config is not None
        return self._config

    def start(self) -> None:
        if self._config is None:
            raise RuntimeError("Camera has not been configured")
        self.started = True
        self._since = time.monotonic()

    def capture_request(
        self, wait: bool | None = None, signal_function: Any = None, flush: Any = None
    ) -> Any:
        """Return the next request, or with `wait=False` the job to `wait` for."""
        job = _Job(self._capture)
        return self.wait(job) if wait is not False else job

    def wait(self, job: "_Job", timeout: float | None = None) -> "CompletedRequest":
        return job.get_result(timeout)

    def _capture(self) -> "CompletedRequest":
        if not self.started or self._config is None or self._clip is None:
            raise RuntimeError("Camera has not been started")
        if self.lent >= self._config["buffer_count"]:
            raise RuntimeError(
                "all buffers are lent: a request was not released"
            )  # a real one hangs
        fps = _rate(self._config["controls"])
        due = max(self._next, int((time.monotonic() - self._since) * fps))
        time.sleep(max(0.0, self._since + due / fps - time.monotonic()))
        self._next = due + 1
        self.lent += 1
        picture = self._clip.picture(due / fps)
        transform = self._config["transform"]
        if transform.hflip or transform.vflip:
            picture = picture[:: -1 if transform.vflip else 1, :: -1 if transform.hflip else 1]
        return CompletedRequest(self, self._config, np.ascontiguousarray(picture))

    def stop(self) -> None:
        self.started = False

    def close(self) -> None:
        self.stop()
        self._config = None


def _rate(controls: dict[str, Any]) -> float:
    if "FrameDurationLimits" in controls:
        return 1e6 / controls["FrameDurationLimits"][0]
    return controls["FrameRate"]


class _Job:
    """Work of the camera's own loop; here it is done when its result is asked for."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self._future: Future[CompletedRequest] = Future()

    def get_result(self, timeout: float | None = None) -> "CompletedRequest":
        if not self._future.done():
            self._future.set_result(self._work())
        return self._future.result(timeout)


class CompletedRequest:
    """One captured picture in lent buffers."""

    def __init__(self, camera: Picamera2, config: dict[str, Any], picture: np.ndarray) -> None:
        self._camera = camera
        self.config = config
        self._picture = picture
        self._references = 1

    def release(self) -> None:
        self._references -= 1
        if self._references < 0:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._camera.lent -= 1

    def make_array(self, name: str) -> np.ndarray:
        if self._references == 0:
            raise RuntimeError("the request was released")
        if self.config.get(name) is None:
            raise RuntimeError(f"Stream {name!r} is not defined")
        size, form = self.config[name]["size"], self.config[name]["format"]
        image = (
            cv2.resize(self._picture, size) if size != self._picture.shape[1::-1] else self._picture
        )
        if form != "YUV420":
            return image.copy()
        planes = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
        return np.pad(planes, ((0, 0), (0, self.config[name]["stride"] - size[0])))


class MappedArray:
    """A stream's buffer, in place for as long as the `with` lasts."""

    def __init__(
        self, request: CompletedRequest, stream: str, reshape: bool = True, write: bool = True
    ) -> None:
        self._request = request
        self._stream = stream
        self.array: np.ndarray | None = None

    def __enter__(self) -> Self:
        self.array = self._request.make_array(self._stream)
        return self

    def __exit__(self, *_: object) -> None:
        self.array = None
