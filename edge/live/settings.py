"""The settings of `edge-emo run`: one table, from which options, files and the reference come."""

import dataclasses
import math
import re

from ..emotions import UNSURE_BELOW
from ..inference.runtime import Runtime, check_threads
from ..inference.threads import inference_threads
from ..support.errors import ConfigError
from ..support.rotation import Rotation
from . import schema
from .off_switch import HIGHEST_PIN, LOWEST_PIN
from .schema import above_0, not_negative, one_of, setting, share, share_above_0

MIN_SIDE, MAX_SIDE = 48, 16384  # pixels of a camera's frame
DEGREES = (0, 90, 180, 270)  # a camera's picture can be turned by
INPUT, RECOGNITION, OUTPUT = "Input", "Recognition", "Output"
CARE, PRIVACY = "Camera care", "Privacy"
GROUPS = (INPUT, RECOGNITION, OUTPUT, CARE, PRIVACY)


def _threads(value: int) -> str | None:
    try:
        check_threads(value)
    except ConfigError as error:
        return str(error).partition(": ")[2]
    return None


def _expectation(value: str) -> str | None:
    from ..emotions.prior import find_expectation  # needs numpy, which help does without

    try:
        find_expectation(value)
    except ConfigError as error:
        return str(error).partition(": ")[2]
    return None


def _size(value: str) -> str | None:
    try:
        _width_and_height(value)
    except ValueError as error:
        return str(error)
    return None


def _pin(value: int) -> str | None:
    if LOWEST_PIN <= value <= HIGHEST_PIN:
        return None
    return f"{value} is not a GPIO of the header ({LOWEST_PIN} to {HIGHEST_PIN})"


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """What `edge-emo run` does.

    Raises:
        ConfigError: naming the setting that does not fit.
    """

    camera: str | None = setting(
        None,
        INPUT,
        "A camera: 0, 1, picamera, picamera:1, mock, rtsp://... Given several times, all run in "
        "this process.",
        metavar="N|NAME",
        shown="0",
        repeats=True,
    )
    source: str | None = setting(
        None,
        INPUT,
        "A video, an image, a folder of images, or 'demo', instead of a camera.",
        metavar="FILE|FOLDER|IMAGE",
    )
    size: str | None = setting(
        None,
        INPUT,
        "Frame size to request from a camera, such as 1280x720.",
        metavar="WxH",
        check=_size,
    )
    fps: float | None = setting(
        None,
        INPUT,
        "Frame rate to request from a camera; no more frames are analysed.",
        check=above_0,
    )
    rotate: int = setting(
        0,
        INPUT,
        "Rotate a camera's frames clockwise.",
        metavar="|".join(map(str, DEGREES)),
        check=one_of(*DEGREES),
    )
    mirror: bool = setting(False, INPUT, "Swap left and right, after any rotation.")
    max_exposure: float | None = setting(
        None,
        INPUT,
        "Longest exposure of a Pi camera; a shorter one blurs less.",
        metavar="MS",
        check=above_0,
    )
    realtime: bool = setting(False, INPUT, "Play a file at its own speed; a window always does.")
    duration: float | None = setting(
        None, INPUT, "End after this time.", metavar="SECONDS", check=above_0
    )

    model: str | None = setting(
        None, RECOGNITION, "A shipped model or a .tflite file.", metavar="NAME|FILE", shown="edge-s"
    )
    detector: str = setting("network", RECOGNITION, "The face detector.", metavar="NAME")
    min_face: float | None = setting(
        None,
        RECOGNITION,
        "Smallest face to find, as a share of the frame's height.",
        metavar="0..1",
        shown="as small as the detector finds; haar 0.1",
        check=share_above_0,
    )
    search_every: float = setting(
        0.5,
        RECOGNITION,
        "How often a frame is searched for faces; in between they are followed. 0: every frame.",
        metavar="SECONDS",
        check=not_negative,
    )
    expect: str | None = setting(
        None,
        RECOGNITION,
        "How common each emotion is expected to be: as in everyday scenes, as in acted ones, all "
        "equal, or as in a TOML file of shares.",
        metavar="everyday|acted|even|FILE",
        shown="everyday, if the model file states its mean scores",
        check=_expectation,
    )
    unsure_below: float = setting(
        UNSURE_BELOW,
        RECOGNITION,
        "Report 'unsure' where the confidence is lower than this.",
        metavar="0..1",
        check=share,
    )
    interpreter: str | None = setting(
        None,
        RECOGNITION,
        "The runtime of the model: ai-edge-litert, tflite-runtime, or one that is installed.",
        metavar="NAME",
        shown="the first installed of the two",
    )
    delegate: str | None = setting(
        None,
        RECOGNITION,
        "The library of a TFLite delegate that runs the model, such as libedgetpu.so.1.",
        metavar="FILE",
    )
    threads: int | None = setting(
        None,
        RECOGNITION,
        "Threads of the interpreter.",
        shown="half the cores, 1 to 2; for stills all, 1 to 4",
        check=_threads,
    )
    cv_threads: int | None = setting(
        None,
        RECOGNITION,
        "Threads of OpenCV.",
        shown="as many as cores, at most 4",
        check=_threads,
    )

    window: bool | None = setting(
        None, OUTPUT, "Show a window.", shown="if nothing else is asked for"
    )
    jsonl: str | None = setting(
        None,
        OUTPUT,
        "Append one JSON record per frame to this file; - is standard output.",
        metavar="FILE|-",
    )
    record: str | None = setting(
        None,
        OUTPUT,
        "Record annotated frames as a video; an image file keeps the last frame.",
        metavar="FILE.mp4|.mkv|.jpg",
    )
    record_minutes: float | None = setting(
        None,
        OUTPUT,
        "Cut a recorded video into numbered files of this length. A .mkv can be read up to its "
        "last moments even if the power fails.",
        metavar="MINUTES",
        check=above_0,
    )
    record_total_mb: float | None = setting(
        None,
        OUTPUT,
        "Remove the oldest of these files when their total exceeds this size.",
        metavar="MB",
        check=above_0,
    )
    outputs: tuple[str, ...] = setting(
        (),
        OUTPUT,
        "Any other output; may be given several times.",
        metavar="NAME[=TARGET]",
        option="output",
    )
    page: str | None = setting(
        None,
        OUTPUT,
        "Show the run in the browser, at this address or, without one, at 127.0.0.1:8048.",
        metavar="ADDRESS:PORT",
        bare="127.0.0.1:8048",
    )
    page_video: bool = setting(True, OUTPUT, "Show pictures on the page, not only numbers.")
    page_token: str | None = setting(
        None,
        OUTPUT,
        "File with the token that the page asks for; created if it does not exist. Needed for an "
        "address that other machines can reach.",
        metavar="FILE",
    )
    metrics_file: str | None = setting(
        None,
        OUTPUT,
        "Write counts into this file for Prometheus' node_exporter, every 15 seconds.",
        metavar="FILE.prom",
    )
    label: str | None = setting(
        None,
        OUTPUT,
        "What the page, metrics and health call the camera.",
        metavar="NAME",
        shown="the camera's own name, without its address",
    )
    jsonl_mb: float | None = setting(
        None,
        OUTPUT,
        "Start a new file of records when one reaches this size.",
        metavar="MB",
        check=above_0,
    )
    jsonl_hours: float | None = setting(
        None,
        OUTPUT,
        "Start a new file of records after this time.",
        metavar="HOURS",
        check=above_0,
    )
    jsonl_days: float | None = setting(
        None,
        OUTPUT,
        "Keep records no longer than this; older files are removed while the program runs.",
        metavar="DAYS",
        check=above_0,
    )
    jsonl_total_mb: float | None = setting(
        None,
        OUTPUT,
        "Remove the oldest files of records when their total exceeds this size.",
        metavar="MB",
        check=above_0,
    )

    reconnect: bool = setting(True, CARE, "Reopen the camera whenever it fails.")
    camera_timeout: float = setting(
        5.0,
        CARE,
        "A camera that gives no frame for this time has failed.",
        metavar="SECONDS",
        check=above_0,
    )
    freeze_after: float = setting(
        10.0,
        CARE,
        "A camera whose picture stays the same, or black, for this time has failed. 0: never.",
        metavar="SECONDS",
        check=not_negative,
    )

    off_file: str | None = setting(
        None, PRIVACY, "Keep the camera closed while this file exists.", metavar="FILE"
    )
    off_gpio: int | None = setting(
        None,
        PRIVACY,
        "Keep the camera closed while this GPIO is grounded.",
        metavar="PIN",
        check=_pin,
    )
    box: bool = setting(True, PRIVACY, "Include the positions of faces in records.")
    blur: bool = setting(False, PRIVACY, "Make faces unrecognisable in every picture.")

    def __post_init__(self) -> None:
        schema.check_values(self)
        if self.camera is not None and self.source is not None:
            raise ConfigError("source: cannot be combined with --camera; give one of the two")
        if (self.jsonl_mb or 0) > (self.jsonl_total_mb or math.inf):
            raise ConfigError(
                f"jsonl-total-mb: {self.jsonl_total_mb} is less than one file, jsonl-mb"
            )

    @property
    def what(self) -> str:
        """The source to open; camera 0 where none is named."""
        return self.source or self.camera or "0"

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height to ask a camera for."""
        return None if self.size is None else _width_and_height(self.size)

    @property
    def runtime(self) -> Runtime:
        """What the model runs in."""
        return Runtime(self.interpreter, self.threads or inference_threads(), self.delegate)

    @property
    def rotation(self) -> Rotation:
        """When the file of records is set aside."""

        def times(value: float | None, unit: float) -> float | None:
            return None if value is None else value * unit

        return Rotation(
            file_bytes=times(self.jsonl_mb, 1e6),
            file_s=times(self.jsonl_hours, 3600),
            total_bytes=times(self.jsonl_total_mb, 1e6),
            keep_s=times(self.jsonl_days, 86400),
        )

    @property
    def film(self) -> Rotation:
        """How a recorded video is cut."""
        minutes, megabytes = self.record_minutes, self.record_total_mb
        return Rotation(
            file_s=None if minutes is None else minutes * 60,
            total_bytes=None if megabytes is None else megabytes * 1e6,
        )

    def to_toml(self) -> str:
        """Return the settings in force as TOML, explained by comments."""
        return schema.to_toml(self)


def _width_and_height(size: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[xX](\d+)", size)
    if not match or not all(MIN_SIDE <= int(n) <= MAX_SIDE for n in match.groups()):
        raise ValueError(
            f"'{size}' is not a size such as 1280x720 ({MIN_SIDE} to {MAX_SIDE} pixels each)"
        )
    return int(match[1]), int(match[2])
