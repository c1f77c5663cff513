"""The values that flow through the pipeline: a `Frame` goes in, an `Observation` comes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from .boxes import Box
from .labels import EMOTIONS

if TYPE_CHECKING:
    import numpy as np

SCHEMA = 1


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Gap:
    """A time without frames: a camera failed, or was switched off.

    Attributes:
        seconds: how long it lasted.
        reason: why, in words.
    """

    seconds: float
    reason: str


@dataclass(frozen=True)
class Frame:
    """One picture, borrowed from its source: use it inside `with frame:`, then it goes back.

    Attributes:
        source: how records call where it comes from.
        index: 0, 1, 2... as captured; a gap means that frames were dropped.
        time: when it was captured, UTC.
        position_s: media time of a file, seconds; None for a camera or a still image.
        size: width and height of the full frame, pixels.
        gray: uint8 `[h, w]`; may be smaller than `size`, never of another shape.
        color: returns the full frame, BGR uint8 `[height, width, 3]`, which the caller may keep but
            not change; costs a copy on some cameras, so ask only when it is needed.
        capture_ms: time from asking the source to having the frame.
        release: gives the buffers back to the source.
        gap: what was missed just before this frame.
        fps: nominal frames per second of a live source, for a recording; None for a file.
        captured_s: when it was captured, by `time.monotonic()`.
    """

    source: str
    index: int
    time: datetime
    position_s: float | None
    size: tuple[int, int]
    gray: "np.ndarray"
    color: "Callable[[], np.ndarray]"
    capture_ms: float
    release: Callable[[], None] = field(default=_nothing, repr=False)
    gap: Gap | None = None
    fps: float | None = None
    captured_s: float = field(default_factory=monotonic, repr=False, compare=False)

    def __enter__(self) -> "Frame":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@dataclass(frozen=True)
class Status:
    """What a source does while it gives no frame; it takes the same way as a frame.

    A live source yields one at least every 0.2 s while no frame comes, so that whoever reads it
    can stop, and knows that the loop lives. Equal ones repeat.

    Attributes:
        source: the name of the source, as records give it.
        state: "opening" (it is being opened), "failed" (it gave no frames; it is being reopened),
            "off" (the off switch closed it), "open" (it is open; frames flow or are about to).
        reason: why, in words, without secrets; empty where the state needs none.
        since: when this state began, UTC.
    """

    source: str
    state: Literal["opening", "failed", "off", "open"]
    reason: str
    since: datetime

    def __str__(self) -> str:
        """Return the state in words, as a person reads it: `camera failed: no such device`."""
        words = {
            "opening": "opening the camera",
            "failed": "camera failed",
            "off": "camera closed",
            "open": "analysing",
        }[self.state]
        return f"{words}: {self.reason}" if self.reason else words


@dataclass(frozen=True)
class Face:
    """One face in one frame.

    Attributes:
        track: the same number as long as the face is followed.
        box: x, y, width, height in pixels of the full frame; None where that is private.
        scores: smoothed probability of each emotion, 0..1, sum 1.
        emotion: the reported one: that of the highest score, or one that was it until a moment
            ago and is still close; or "unsure".
        roll: how far the head leans to the picture's right, degrees, -180..180; None where the
            detector does not know.
    """

    track: int
    box: Box | None
    scores: dict[str, float]
    emotion: str
    roll: float | None = None

    @property
    def confidence(self) -> float:
        """The score of the reported emotion; of the likeliest where it is "unsure"."""
        return self.scores.get(self.emotion, max(self.scores.values()))


@dataclass(frozen=True)
class Observation:
    """What was seen in one frame; `as_record` is the object that every output carries.

    Attributes:
        ms: milliseconds of each stage. "capture" has the wait for the camera, and so has "total";
            "work" is what the analysis took.
        age_ms: how old a camera's frame was when it was reported; None for a file.
    """

    time: datetime
    source: str
    frame: int
    position_s: float | None
    size: tuple[int, int]
    faces: tuple[Face, ...]
    ms: dict[str, float]
    gap: Gap | None = None
    age_ms: float | None = None

    def to_supervision(self) -> dict[str, Any]:
        """Return the arguments of `supervision.Detections`, which need not be installed.

        Returns:
            `xyxy` float32 `[n, 4]`, `confidence` float32 `[n]`, `class_id` int `[n]` (the place in
            `EMOTIONS`, -1 for "unsure"), `tracker_id` int `[n]`, and `data` with `class_name` and
            `scores` float32 `[n, 7]`. Faces whose box is private are left out.

        Example:
            >>> import numpy as np
            >>> scores = {"happy": 0.9, "sad": 0.1}
            >>> face = Face(7, (10, 20, 30, 40), scores, "happy")
            >>> seen = Observation(datetime.now(UTC), "0", 0, None, (640, 480), (face,), {})
            >>> seen.to_supervision()["xyxy"].tolist()
            [[10.0, 20.0, 40.0, 60.0]]
        """
        import numpy as np

        faces = [face for face in self.faces if face.box is not None]
        boxes = [face.box for face in faces if face.box is not None]
        corners = [(x, y, x + width, y + height) for x, y, width, height in boxes]
        ids = [EMOTIONS.index(f.emotion) if f.emotion in EMOTIONS else -1 for f in faces]
        scores = [[face.scores.get(name, 0.0) for name in EMOTIONS] for face in faces]
        return {
            "xyxy": np.array(corners, np.float32).reshape(-1, 4),
            "confidence": np.array([face.confidence for face in faces], np.float32),
            "class_id": np.array(ids, int),
            "tracker_id": np.array([face.track for face in faces], int),
            "data": {
                "class_name": np.array([face.emotion for face in faces], str),
                "scores": np.array(scores, np.float32).reshape(-1, len(EMOTIONS)),
            },
        }

    def as_record(self) -> dict[str, Any]:
        """Return the record of schema 1 as plain values for JSON."""
        stamp = self.time.astimezone(UTC).isoformat(timespec="milliseconds")
        record = {
            "schema": SCHEMA,
            "time": stamp.replace("+00:00", "Z"),
            "source": self.source,
            "frame": self.frame,
            "position_s": None if self.position_s is None else round(self.position_s, 3),
            "size": list(self.size),
            "faces": [
                {
                    "track": face.track,
                    "box": None if face.box is None else list(face.box),
                    **({} if face.roll is None else {"roll": round(face.roll, 1)}),
                    "emotion": face.emotion,
                    "confidence": round(face.confidence, 4),
                    "scores": {name: round(p, 4) for name, p in face.scores.items()},
                }
                for face in self.faces
            ],
            "ms": {stage: round(t, 2) for stage, t in self.ms.items()},
        }
        if self.age_ms is not None:
            record["age_ms"] = round(self.age_ms, 2)
        if self.gap is not None:
            record["gap"] = {"seconds": round(self.gap.seconds, 3), "reason": self.gap.reason}
        return record
