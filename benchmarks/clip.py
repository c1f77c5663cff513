"""A clip held in memory: every system sees the same frames, and none waits for a decoder."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from edge.sources import Source, frames, open_source
from edge.support.errors import SourceError
from edge.support.values import Frame

log = logging.getLogger(__name__)

LOOK_AT = 1500  # frames of the source to choose from: a minute at 25 FPS
RUN = 10  # successive frames in one piece, so that faces can be followed as they are live
MEMORY = 1_000_000_000  # bytes that the frames may take


@dataclass(frozen=True)
class Picture:
    """One decoded frame.

    Attributes:
        image: BGR uint8 `[height, width, 3]`; not to be changed.
        index: its number in the source.
        position_s: media time of a video, seconds; None for a still image.
    """

    image: np.ndarray
    index: int
    position_s: float | None


@dataclass(frozen=True)
class Clip:
    """The frames that are analysed.

    Attributes:
        name: how records call the source.
        pictures: the frames, in order.
        looked_at: how many frames of the source they were chosen from.
        continuous: successive frames show the same scene, so faces can be followed.
    """

    name: str
    pictures: tuple[Picture, ...]
    looked_at: int
    continuous: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first frame, pixels."""
        height, width = self.pictures[0].image.shape[:2]
        return width, height

    @property
    def sampling(self) -> str:
        """Which of the source's frames these are, in words."""
        taken = len(self.pictures)
        if taken == self.looked_at:
            return f"its first {taken} frames" if taken == LOOK_AT else f"all its {taken} frames"
        whole = "first " if self.looked_at == LOOK_AT else ""
        return f"{taken} of its {whole}{self.looked_at} frames, in short runs spread evenly"


def read_clip(what: str, most: int) -> Clip:
    """Read at most `most` frames, in short runs spread evenly over the source's first minute.

    The source is played twice, to count and to choose, for the frames of a whole minute do not
    fit a small board's memory.

    Raises:
        SourceError: there is no such file, it is damaged, or it is live.
    """
    with _recording(what) as source:
        sizes = [frame.size for frame in _frames(source)]
    if not sizes:
        raise SourceError(f"{what}: holds no frame; give another clip, or none for the demo")
    largest = max(3 * width * height for width, height in sizes)
    room = max(1, MEMORY // largest)
    if min(most, len(sizes)) > room:
        log.warning("%s: only %d frames are taken, no more fit in 1 GB of memory", what, room)
    wanted = choose(len(sizes), min(most, room))
    with _recording(what) as source:
        pictures = tuple(
            Picture(frame.color(), frame.index, frame.position_s)
            for number, frame in enumerate(_frames(source))
            if number in wanted
        )
        return Clip(source.name, pictures, len(sizes), source.continuous)


def choose(count: int, most: int) -> frozenset[int]:
    """Return the numbers of `most` of `count` frames, in runs spread evenly; all if less."""
    if count <= most:
        return frozenset(range(count))
    runs = -(-most // RUN)
    chosen: set[int] = set()
    for run in range(runs):
        start = run * count // runs
        length = (run + 1) * most // runs - run * most // runs
        chosen.update(range(start, start + length))
    return frozenset(chosen)


def _recording(what: str) -> Source:
    source = open_source(what)
    if source.live:
        source.__exit__(None, None, None)
        raise SourceError(
            f"{what}: is live, and the same frames are needed many times; "
            "give a video, images or demo"
        )
    return source


def _frames(source: Source) -> Iterator[Frame]:
    for frame in islice(frames(source), LOOK_AT):
        with frame:
            yield frame
