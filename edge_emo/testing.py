"""Stand-ins for authors of sources, detectors, outputs and models: they need no camera and no model.

Example:
    >>> from edge_emo import Recognizer
    >>> from edge_emo.testing import FakeDetector, FakeSource
    >>> source = FakeSource(frames=3)
    >>> recognizer = Recognizer(detector=FakeDetector([(20, 10, 60, 60)]))
    >>> [len(seen.faces) for seen in recognizer.watch(source)]
    [1, 1, 1]
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any, Self

import numpy as np

from edge.faces import Detection, DetectorOptions
from edge.outputs import Output, OutputOptions
from edge.sources import SourceOptions
from edge.support.boxes import Box
from edge.support.image_file import read_image
from edge.support.labels import EMOTIONS
from edge.support.values import Face, Frame, Observation, Status

__all__ = [
    "FakeClassifier",
    "FakeDetector",
    "FakeOutput",
    "FakeSource",
    "frame",
    "observation",
    "portrait",
]

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def portrait() -> np.ndarray:
    """Return a picture with one smiling face, BGR uint8 `[512, 512, 3]`: the demo's astronaut."""
    path = resources.files("edge.sources").joinpath("portraits/astronaut.jpg")
    with resources.as_file(path) as file:
        image = read_image(file)
    assert image is not None
    return image


def frame(
    image: np.ndarray | None = None,
    index: int = 0,
    position_s: float | None = None,
    source: str = "fake",
) -> Frame:
    """Return a frame of an image, by default of a black one of 160x120.

    Args:
        image: uint8, gray `[height, width]` or BGR `[height, width, 3]`.
        position_s: media time; the frame's own time follows it.
    """
    picture = np.zeros((120, 160, 3), np.uint8) if image is None else image
    height, width = picture.shape[:2]
    gray = picture if picture.ndim == 2 else picture.mean(axis=2).astype(np.uint8)
    color = np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
    return Frame(
        source=source,
        index=index,
        time=START + timedelta(seconds=position_s or 0.0),
        position_s=position_s,
        size=(width, height),
        gray=gray,
        color=lambda: color,
        capture_ms=0.0,
    )


def observation(*emotions: str, index: int = 0, position_s: float | None = None) -> Observation:
    """Return what is seen in a frame of 160x120 with a face for each emotion, side by side.

    Example:
        >>> observation("happy", "sad").faces[1].emotion
        'sad'
    """
    faces = tuple(
        Face(number, (40 * (number - 1), 40, 36, 36), _scores(emotion), emotion)
        for number, emotion in enumerate(emotions, 1)
    )
    return Observation(
        time=START + timedelta(seconds=position_s or 0.0),
        source="fake",
        frame=index,
        position_s=position_s,
        size=(160, 120),
        faces=faces,
        ms={"capture": 0.0, "detect": 0.0, "classify": 0.0, "total": 0.0},
    )


class FakeSource:
    """A source that yields made frames, as a file does: at its own rate, none dropped."""

    live = False
    continuous = True
    dropped = 0

    def __init__(
        self,
        argument: str = "fake",
        options: SourceOptions | None = None,
        *,
        frames: int = 1,
        fps: float = 25.0,
        image: np.ndarray | None = None,
    ) -> None:
        """Make a source of so many frames of one image; it may also be registered as it is."""
        self.name = argument
        self.fps = fps
        self.closed = False
        self._frames = frames
        self._image = image

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._frames):
            yield frame(self._image, index, index / self.fps, self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed = True


class FakeDetector:
    """A detector that finds the same faces in every picture."""

    def __init__(self, boxes: "Sequence[Box] | DetectorOptions" = ((20, 10, 60, 60),)) -> None:
        """Make a detector of these boxes: x, y, width, height in pixels; it may be registered."""
        self.boxes = ((20, 10, 60, 60),) if isinstance(boxes, DetectorOptions) else tuple(boxes)
        self.asked = 0

    def detect(self, image: np.ndarray) -> list[Detection]:
        self.asked += 1
        return [Detection(box, 1.0) for box in self.boxes]


class FakeClassifier:
    """A classifier that scores every face alike."""

    def __init__(self, emotion: str = "happy", input_size: tuple[int, ...] = (48, 48)) -> None:
        self.emotion = emotion
        self.input_size = input_size

    def classify(self, face: np.ndarray) -> np.ndarray:
        if face.shape != self.input_size or face.dtype != np.uint8:
            raise AssertionError(
                f"a face is uint8 {self.input_size}, not {face.dtype} {face.shape}"
            )
        return np.array(list(_scores(self.emotion).values()), np.float32)


class FakeOutput(Output):
    """An output that keeps what it is given: `observations` and `statuses`."""

    def __init__(self, options: OutputOptions | None = None) -> None:
        self.options = options
        self.observations: list[Observation] = []
        self.statuses: list[Status] = []
        self.closed = False

    def write(self, frame: Frame, observation: Observation) -> None:
        self.observations.append(observation)

    def status(self, status: Status) -> None:
        self.statuses.append(status)

    def close(self) -> None:
        self.closed = True

    def records(self) -> list[dict[str, Any]]:
        """Return the record of each observation."""
        return [observation.as_record() for observation in self.observations]


def _scores(emotion: str) -> dict[str, float]:
    rest = 0.1 / (len(EMOTIONS) - 1)
    return {name: 0.9 if name == emotion else rest for name in EMOTIONS}
