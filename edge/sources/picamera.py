"""The Raspberry Pi's cameras through Picamera2: analysis on a small gray stream, colour on demand.

The camera's own scaler makes the `lores` stream; its Y plane is the gray picture, used in place in
the camera's buffer. `main` is configured and copied only where an output shows colour.
"""

import importlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

import numpy as np

from ..support.errors import SourceError
from ..support.values import Frame
from . import SourceOptions
from .orientation import turn, turned_size

SIZE = (1280, 720)
LORES_WIDTH = 640  # enough for a face of a tenth of the frame's height to keep 36 pixels
FPS = 30.0


class PiCamera:
    """A camera of the Raspberry Pi, by its number in `Picamera2.global_camera_info()`."""

    kind = "picamera"
    live = True
    continuous = True
    dropped = 0

    def __init__(self, argument: str, options: SourceOptions, module: Any = None) -> None:
        self._module = module or _import_picamera2()
        number = _number(self.kind, argument, self._module.Picamera2.global_camera_info())
        self.name = f"{self.kind}:{number}" if number else self.kind
        self.fps = options.fps or FPS
        self._size = options.size or SIZE
        self._options = options
        self._camera = _opened(f"{self.kind}:{number}", self._module, number)
        try:
            self._configure(options.color)
        except Exception as error:
            self._camera.close()
            raise SourceError(f"{self.name}: cannot be started: {error}") from error

    def _configure(self, color: bool) -> None:
        # Where nobody shows colour the small stream is the only one: `main` itself, in YUV420.
        small = {"size": _scaled(self._size, LORES_WIDTH), "format": "YUV420"}
        self._gray, streams = (
            ("lores", {"main": {"size": self._size, "format": "RGB888"}, "lores": small})
            if color
            else ("main", {"main": small})
        )
        wanted = self._camera.create_video_configuration(
            **streams, transform=self._transform(), controls=self._controls(), queue=False
        )
        self._camera.configure(wanted)
        config = self._camera.camera_configuration()
        self._gray_size = config[self._gray]["size"]
        if color:
            self._size = config["main"]["size"]
        self._camera.start()

    def _transform(self) -> Any:
        """Return what the sensor does of the turning; it can flip, but not turn by a quarter."""
        half, quarter = self._options.rotate >= 180, self._options.rotate % 180 == 90
        # Turned by a quarter afterwards, up and down become left and right.
        across, along = (
            half ^ (self._options.mirror and not quarter),
            half ^ (self._options.mirror and quarter),
        )
        return self._module.libcamera.Transform(hflip=int(across), vflip=int(along))

    def _controls(self) -> dict[str, Any]:
        if self._options.exposure_ms is None:
            return {"FrameRate": self.fps}
        # No exposure is longer than its frame: the longest frame bounds it.
        longest = round(self._options.exposure_ms * 1000)
        return {"FrameDurationLimits": (min(round(1e6 / self.fps), longest), longest)}

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while True:
            started = time.perf_counter()
            yield self._frame(self._next_request(), index, started)
            index += 1

    def _next_request(self) -> Any:
        # Waited for with a limit: where the camera gives nothing, a plain capture never returns.
        job = self._camera.capture_request(wait=False)
        try:
            return self._camera.wait(job, timeout=self._options.timeout_s)
        except TimeoutError:
            raise SourceError(
                f"{self.name}: gave no frame for {self._options.timeout_s:g} s; check the ribbon cable"
            ) from None

    def _frame(self, request: Any, index: int, started: float) -> Frame:
        mapped = self._module.MappedArray(request, self._gray, write=False)
        try:
            planes = mapped.__enter__().array
        except BaseException:
            request.release()
            raise

        def release() -> None:
            mapped.__exit__(None, None, None)
            request.release()

        width, height = self._gray_size
        gray = planes[:height, :width]  # the Y plane; rows are padded to the stride
        quarter = self._options.rotate % 180
        return Frame(
            source=self.name,
            index=index,
            time=datetime.now(UTC),
            position_s=None,
            size=turned_size(self._size, quarter),
            gray=turn(gray, quarter),
            color=partial(self._color, request),
            capture_ms=(time.perf_counter() - started) * 1000,
            release=release,
        )

    def _color(self, request: Any) -> np.ndarray:
        image = request.make_array("main")  # Picamera2's RGB888 lies as B, G, R in memory
        return turn(image, self._options.rotate % 180)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._camera.stop()
        finally:
            self._camera.close()


class MockCamera(PiCamera):
    """A camera that is not there: the same source on a stand-in, which shows the demo clip for ever."""

    kind = "mock"

    def __init__(self, argument: str, options: SourceOptions) -> None:
        from . import fake_picamera2

        super().__init__(argument, options, module=fake_picamera2)


def _import_picamera2() -> Any:
    try:
        return importlib.import_module("picamera2")
    except ImportError as error:
        raise SourceError(
            f"picamera: Picamera2 cannot be imported ({error}); on Raspberry Pi OS run 'sudo apt "
            "install python3-picamera2' and make the environment with --system-site-packages"
        ) from error


def _number(kind: str, argument: str, found: list[dict[str, Any]]) -> int:
    if argument and not (argument.isascii() and argument.isdecimal()):
        raise SourceError(f"{kind}:{argument}: is not a camera's number; try {kind}:0")
    number = int(argument or 0)
    if number >= len(found):
        here = ", ".join(f"{i} ({c.get('Model', '?')})" for i, c in enumerate(found)) or "none"
        raise SourceError(
            f"{kind}:{number}: no such camera; found: {here}; check the ribbon cable and "
            "'rpicam-hello --list-cameras'"
        )
    return number


def _opened(name: str, module: Any, number: int) -> Any:
    try:
        return module.Picamera2(number)
    except (RuntimeError, OSError) as error:
        raise SourceError(
            f"{name}: cannot be opened ({error}); does another program use it?"
        ) from error


def _scaled(size: tuple[int, int], width: int) -> tuple[int, int]:
    width = min(width, size[0])
    height = round(size[1] * width / size[0])
    return width - width % 2, height - height % 2
