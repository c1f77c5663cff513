"""The front door: a `Recognizer` reads the faces in an image, and watches a camera or a video.

Nothing heavy is imported before the first `Recognizer` is made.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..inference.runtime import Runtime
from ..support.errors import ImageError, SourceError
from ..support.values import Face, Observation
from .settings import RunConfig

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from ..faces import Detector
    from ..sources import Source, SourceOptions
    from ..support import image_file
    from .pipeline import Pipeline

    Picture = str | os.PathLike[str] | np.ndarray | Image


class Recognizer:
    """Finds faces, and the emotion that each one shows.

    It belongs to one thread at a time, as the interpreter inside does.

    Example:
        >>> from edge_emo import Recognizer
        >>> from edge_emo.testing import portrait
        >>> recognizer = Recognizer()
        >>> for face in recognizer.read(portrait()):
        ...     print(face.emotion, len(face.box), face.confidence > 0.5)
        happy 4 True
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        detector: "str | Detector" = RunConfig.detector,
        min_face: float | None = RunConfig.min_face,
        search_every: float = RunConfig.search_every,
        expect: str | None = None,
        unsure_below: float = RunConfig.unsure_below,
        runtime: Runtime | None = None,
    ) -> None:
        """Load the model and the detector.

        Args:
            model: a shipped model's name or a `.tflite` file; None takes the default model.
            detector: a registered name, or any object with the method `detect(image)`.
            min_face: the smallest face to find, as a share of the picture's height, 0..1; None for
                what the detector is best at.
            search_every: how often `watch` searches a frame for faces, seconds; they are followed
                in between. 0 searches every frame.
            expect: how common each emotion is expected to be: "everyday", "acted", "even" or a TOML
                file of shares; None is everyday, where the model file allows it.
            unsure_below: the least confidence, 0..1, with which an emotion is reported; below it
                `Face.emotion` is "unsure".
            runtime: what the model runs in; one thread of the first interpreter installed if None.

        Raises:
            ModelError: the model is missing, damaged, or of another task.
            ConfigError: a value does not fit, or no detector or interpreter has that name.
            DetectorError, InterpreterError: they cannot be made on this machine.
        """
        from ..emotions.classifier import TFLiteClassifier
        from ..emotions.prior import as_expected
        from ..faces import DetectorOptions, make_detector
        from ..inference.model_file import find_model, read_model

        RunConfig(min_face=min_face, search_every=search_every, unsure_below=unsure_below)
        runtime = runtime or Runtime()
        name = None if model is None else os.fspath(model)
        self.model = read_model(find_model(name))
        self.runtime = runtime
        self._classifier = as_expected(TFLiteClassifier(self.model, runtime), self.model, expect)
        self.detector_name = detector if isinstance(detector, str) else None
        if isinstance(detector, str):
            detector = make_detector(detector, DetectorOptions(min_face, runtime=runtime))
        self._detector = detector
        self.min_face = min_face
        self.expect = expect
        self.search_every = search_every
        self.unsure_below = unsure_below

    def read(self, image: "Picture") -> list[Face]:
        """Return the faces in one image, left to right; an empty list where there are none.

        Args:
            image: the path of an image file; or an array, uint8, gray `[height, width]` or BGR
                `[height, width, 3]` as OpenCV has it; or a PIL image.

        Returns:
            Faces with `box` (x, y, width, height in pixels), `emotion`, `confidence` and `scores`.

        Raises:
            SourceError: the file is missing or cannot be read.
            ImageError: the array is of another shape or type.

        Example:
            >>> import numpy as np
            >>> Recognizer().read(np.zeros((480, 640, 3), np.uint8))
            []
        """
        import time

        from ..sources.images import frame_of_still
        from ..sources.opencv import frame_of

        started = time.perf_counter()
        if isinstance(image, (str, os.PathLike)):
            picture = _picture(os.fspath(image))
            read_ms = (time.perf_counter() - started) * 1000
            frame = frame_of_still(picture, os.fspath(image), 0, read_ms)
        else:
            pixels, name = _pixels(image)
            frame = frame_of(pixels, name, 0, None, started)
        with frame:
            return list(self.pipeline(continuous=False).analyse(frame).faces)

    def watch(
        self,
        source: "int | str | os.PathLike[str] | Source" = 0,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        reconnect: bool = False,
    ) -> Iterator[Observation]:
        """Yield what is seen in each frame, lazily; a face keeps its number while it is followed.

        A camera's frames that come while the caller is busy are dropped; a file's never are. The
        source is closed when the iterator is.

        Args:
            source: a camera's number or name (`0`, `"picamera"`), a stream's URL, the path of a
                video, an image or a folder of images, `"demo"`; or an open source.
            size: width and height to ask a camera for.
            fps: frames a second to ask a camera for.
            reconnect: reopen a camera whenever it fails, in place of raising an error.

        Yields:
            Observations with `frame`, `position_s` (seconds, of a video) and `faces`.

        Raises:
            SourceError: there is no such thing, or it stops giving frames.

        Example:
            >>> for seen in Recognizer().watch("demo"):
            ...     if len(seen.faces) == 2:
            ...         print(f"two faces after {seen.position_s:.0f} seconds")
            ...         break
            two faces after 5 seconds
        """
        from ..sources import SourceOptions, frames

        if isinstance(source, (int, str, os.PathLike)):
            name = str(source) if isinstance(source, int) else os.fspath(source)
            options = SourceOptions(size=size, fps=fps, color=self.takes_color)
            source = _opened(name, options, reconnect)
        with source:
            pipeline = self.pipeline(source.continuous)
            for frame in frames(source):
                with frame:
                    observation = pipeline.analyse(frame)
                yield observation

    def pipeline(self, continuous: bool) -> "Pipeline":
        """Return the stages that turn frames into observations, with no memory of any frame yet.

        Args:
            continuous: successive frames show the same scene, so that faces can be followed.
        """
        from .pipeline import Pipeline

        return Pipeline(
            self._detector, self._classifier, continuous, self.search_every, self.unsure_below
        )

    @property
    def takes_color(self) -> bool:
        """Whether the model takes faces in colour."""
        from ..emotions.classifier import takes_color

        return takes_color(self._classifier)


def _opened(name: str, options: "SourceOptions", reconnect: bool) -> "Source":
    import threading

    from ..sources import is_camera, open_source, shown_name, source_class
    from ..sources.reconnecting import Patience, Reconnecting

    if not is_camera(name):
        return open_source(name, options)
    return Reconnecting(
        lambda: open_source(name, options),
        threading.Event(),
        Patience(again=reconnect),
        name=shown_name(name),
        continuous=source_class(name).continuous,
    )


def _picture(name: str) -> "image_file.Picture":
    """Return an image file, to be analysed."""
    from ..support.image_file import load_picture

    if os.path.isdir(name):
        raise SourceError(f"{name}: is a folder; `watch` reads its images")
    return load_picture(name)


def _pixels(image: "Picture") -> "tuple[np.ndarray, str]":
    """Return an image as uint8 gray or BGR, and what records call it."""
    if hasattr(image, "getexif"):
        return _from_pil(image), "image"
    return _checked(image), "array"


def _from_pil(image: Any) -> "np.ndarray":
    """Return a PIL image, upright as its EXIF note says, as BGR, or as gray if it has more than 8 bits."""
    import numpy as np
    from PIL.ImageOps import exif_transpose

    from ..support.image_file import in_8_bits

    if not all(image.size):
        raise ImageError(
            f"a PIL image must have pixels; this one has {image.width} x {image.height}"
        )
    upright = exif_transpose(image)
    if upright.mode == "F" or upright.mode.startswith("I"):  # PIL would cut what is above 255
        gray = np.asarray(upright)
        if gray.dtype.kind in "iu" and gray.min() >= 0 and gray.max() < 1 << 16:
            gray = gray.astype(np.uint16)
        return _checked(gray if (reduced := in_8_bits(gray)) is None else reduced)
    return np.ascontiguousarray(np.asarray(upright.convert("RGB"))[:, :, ::-1])


def _checked(image: Any) -> "np.ndarray":
    import numpy as np

    if not isinstance(image, np.ndarray):
        raise ImageError(
            f"an image must be a path, an array or a PIL image, not {type(image).__name__}"
        )
    gray_or_bgr = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not gray_or_bgr or not image.size:
        raise ImageError(
            f"an array must be uint8, gray [height, width] or BGR [height, width, 3]; this one is "
            f"{image.dtype} {list(image.shape)}"
        )
    return np.ascontiguousarray(image)
