"""One picture of an input for the report: the frame with the most faces, blurred unless asked otherwise."""

import base64
import os
from collections.abc import Callable
from html import escape
from pathlib import Path

import cv2
import numpy as np

from ...outputs.privacy import covered
from ...sources import Source, SourceOptions, frames
from ...sources.files.animation import is_animation
from ...support import registry
from ...support.boxes import Box
from ...support.errors import SourceError
from ...support.image_file import is_still, kind_of, load_image
from ..journal import read_journal
from ..tables import read_any
from .timeline import Timeline

WIDTH = 640  # pixels
AROUND = 15  # frames before and after: a face that was missed in one is covered, too


def picture_maker(blur: bool) -> Callable[[Path, Timeline], str]:
    """Return a function that makes the picture of an input as HTML; nothing where it cannot be read."""

    def make(place: Path, timeline: Timeline) -> str:
        number = timeline.most_faces[1]
        try:
            image = _frame(timeline, number)
        except SourceError as error:
            return f"<p>No picture: {escape(str(error))}</p>"
        if image is None:
            return f"<p>No picture: {escape(timeline.source)} has no frame {number} any more.</p>"
        if blur:
            image = covered(image, _boxes(place, timeline, number))
        scale = min(1.0, WIDTH / image.shape[1])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        data = base64.b64encode(cv2.imencode(".jpg", small)[1].tobytes()).decode()
        blurred = ", the faces that were found made unrecognisable" if blur else ""
        return (
            f'<figure><img alt="Frame {number} of {escape(timeline.source, quote=True)}{blurred}" '
            f'src="data:image/jpeg;base64,{data}"><figcaption>Frame {number}{blurred}.</figcaption>'
            "</figure>"
        )

    return make


def _frame(timeline: Timeline, number: int) -> np.ndarray | None:
    """Return a frame of an input. Raises: SourceError."""
    name = timeline.source
    if not os.path.isfile(name):
        raise SourceError(f"{name} is not there")
    is_played = is_animation(Path(name))
    if kind_of(name) and (timeline.frames == 1 or (is_still(name) and not is_played)):
        image = load_image(name)  # whatever its number is within a folder
        return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    kind = "images" if is_played else "video"
    source: Source = registry.load(registry.SOURCES, kind)(name, SourceOptions())
    with source:
        for frame in frames(source):
            with frame:
                if frame.index == number:
                    return frame.color()
    return None


def _boxes(place: Path, timeline: Timeline, number: int) -> list[Box]:
    """Return where faces are in a frame and in those around it."""
    if place.is_dir():
        _, entries, _ = read_journal(place)
        file = next(e["records"] for e in entries if e["file"] == timeline.source)
        place = place / file
    return [
        tuple(face["box"])
        for record in read_any(place)
        if record["source"] == timeline.source and abs(record["frame"] - number) <= AROUND
        for face in record["faces"]
        if face["box"]
    ]
