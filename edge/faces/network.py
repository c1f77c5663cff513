"""The face detector that is a small network: one look at a reduced picture, no search.

Its file (`edge.inference.model_file`, task "face-detection") says in `model.json` how its maps are
read: each cell of a map holds the logits of "a face" and "a thing", a box and both eyes.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..inference.model_file import DETECTION, ModelFile, find_model, read_model
from ..inference.runtime import Interpreter
from ..inference.trial import open_model
from ..support.boxes import Box, same_face
from ..support.errors import DetectorError, ModelError
from ..support.quiet import quiet_stderr
from .detector import FACE, Detection, DetectorOptions

UNIT = 32  # pictures are fed in multiples of it, pixels: the stride of the coarsest map
CHANNELS = 10  # of a cell: logits of face and thing, box (4), eyes (4)
AS_HAAR = 1.09  # side of Haar's square over the root of this box's area: the median of 492 faces
PIXELS = 225_000  # that a picture is reduced to, where no smallest face is asked for: 640x352
KEPT = 3  # interpreters, each for pictures of one shape: a folder's photos lie and stand
LEAST = 0.4  # score below which nothing is reported, as a share of what makes a face


@dataclass(frozen=True)
class Map:
    """One of the network's outputs.

    Attributes:
        values: as they come, `[height, width, CHANNELS]`.
        scale, zero_point: of quantized values: `(value - zero_point) * scale`; 1 and 0 of floats.
        stride: pixels of the picture between its cells.
    """

    values: np.ndarray
    scale: float
    zero_point: int
    stride: int


@dataclass(frozen=True)
class Found:
    """What the maps hold, best first, in pixels of the fed picture.

    Attributes:
        boxes: x, y, width, height, float32 `[n, 4]`.
        scores: 0..1, float32 `[n]`.
        eyes: the person's right and left one, float32 `[n, 2, 2]`.
    """

    boxes: np.ndarray
    scores: np.ndarray
    eyes: np.ndarray


class NetworkDetector:
    """Finds faces that are upright or tilted, large or small, by one run of a network."""

    def __init__(self, options: DetectorOptions | None = None) -> None:
        """Load the network. Raises: DetectorError, InterpreterError, ConfigError."""
        options = options or DetectorOptions()
        try:
            model = read_model(find_model(options.model, DETECTION), DETECTION)
            first = _open(model, options)
        except ModelError as error:
            raise DetectorError(f"{error}; or take --detector haar, which needs no file") from error
        about = model.about["detection"]
        self._threshold = float(about["threshold"])
        self._smallest = float(about["smallest_face"])
        self._sides = int(about["least_height"]), int(about["most_height"])
        self._min_face = options.min_face
        self._model, self._options = model, options
        self._kept = {first.shape: first}

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces in uint8 `[height, width]` `image`, the surest first."""
        ratio = self._ratio(image.shape)
        fed = reduced(image, ratio)
        found = decode(self._maps(fed.shape).run(fed), LEAST * self._threshold)
        faces: list[Detection] = []
        for index in distinct(found):
            box = square(found.boxes[index]) / ratio
            if box[2] < 0.8 * (self._min_face or 0.0) * image.shape[0]:
                continue
            right, left = (found.eyes[index] / ratio).tolist()
            score = confidence(float(found.scores[index]), self._threshold)
            faces.append(Detection(_whole(box), score, (tuple(right), tuple(left))))
        return faces

    def _maps(self, shape: tuple[int, ...]) -> "Maps":
        """Return an interpreter for pictures of this shape: to fit one to another takes half a look."""
        maps = self._kept.pop(shape, None)
        if maps is None and len(self._kept) < KEPT:
            maps = _open(self._model, self._options)
        elif maps is None:
            maps = self._kept.pop(next(iter(self._kept)))  # the one not used for longest
        self._kept[shape] = maps
        return maps

    def _ratio(self, shape: tuple[int, ...]) -> float:
        """Return how much a picture is reduced: so that the smallest face wanted is just found, or
        to what every picture costs alike; and so that no row is fed in vain.
        """
        height, width = shape
        wanted = math.sqrt(PIXELS * height / width)
        if self._min_face is not None:
            least, most = self._sides
            wanted = max(least, min(most, self._smallest / self._min_face))
        return min(1.0, UNIT * max(1, round(wanted / UNIT)) / height)


class Maps:
    """An interpreter of the network, which takes pictures of any size."""

    def __init__(self, interpreter: Interpreter) -> None:
        """Look at its ends. Raises: ValueError: they are not those of such a network."""
        self._interpreter = interpreter
        (place,) = interpreter.get_input_details()
        if place["dtype"] is not np.int8 or place["quantization"] != (1.0, -128):
            raise ValueError(
                f"it takes {np.dtype(place['dtype']).name} input quantized by "
                f"{place['quantization']}; edge-emo feeds raw pixels (int8: scale 1, zero point -128)"
            )
        self._input = place["index"]
        self.shape: tuple[int, ...] = tuple(int(n) for n in place["shape"][1:3])
        outputs = sorted(interpreter.get_output_details(), key=lambda o: -int(o["shape"][1]))
        if any(int(o["shape"][-1]) != CHANNELS for o in outputs):
            raise ValueError(f"its maps do not have {CHANNELS} channels")
        self._outputs = [  # the finest map first
            (o["index"], *o["quantization"], self.shape[0] // int(o["shape"][1])) for o in outputs
        ]

    def run(self, picture: np.ndarray) -> list[Map]:
        """Return the maps of a uint8 picture, its sides multiples of `UNIT`."""
        if picture.shape != self.shape:
            with quiet_stderr():
                self._interpreter.resize_tensor_input(self._input, [1, *picture.shape, 1])
                self._interpreter.allocate_tensors()
            self.shape = picture.shape
        tensor = self._interpreter.tensor(self._input)()[0, :, :, 0]
        np.bitwise_xor(picture, 0x80, out=tensor.view(np.uint8))  # uint8 - 128, exactly
        del tensor  # `invoke` refuses to run while a view is held
        self._interpreter.invoke()
        return [
            Map(self._interpreter.get_tensor(index)[0], scale, zero_point, stride)
            for index, scale, zero_point, stride in self._outputs
        ]


def reduced(image: np.ndarray, ratio: float) -> np.ndarray:
    """Return the picture at `ratio` of its size, its edge repeated to full multiples of `UNIT`."""
    if ratio < 1:
        size = max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    down, right = (-side % UNIT for side in image.shape)
    return cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE)


def decode(maps: list[Map], least: float) -> Found:
    """Return every cell whose score is at least `least`, best first; one face has many."""
    parts = [_cells(one, least) for one in maps]
    boxes, scores, eyes = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(-scores, kind="stable")
    return Found(boxes[order], scores[order], eyes[order])


def distinct(found: Found) -> list[int]:
    """Return the places of the best box of each face: none overlaps a better one or lies in one."""
    whole = [_whole(box) for box in found.boxes]
    kept: list[int] = []
    for place, box in enumerate(whole):
        if not any(same_face(box, whole[better]) for better in kept):
            kept.append(place)
    return kept


def confidence(score: float, threshold: float) -> float:
    """Return the score bent so that the network's own threshold lies at `FACE`."""
    if score < threshold:
        return FACE * score / threshold
    return FACE + (1 - FACE) * (score - threshold) / (1 - threshold)


def square(box: np.ndarray) -> np.ndarray:
    """Return the square that Haar's cascade draws around the same face, tilted or not."""
    side = AS_HAAR * np.sqrt(box[2] * box[3])
    return np.concatenate([box[:2] + (box[2:] - side) / 2, [side, side]])


def _cells(one: Map, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    logits = _real(one, one.values[:, :, :2])
    # The score is the root of two probabilities' product: sure of a face, and sure of a thing.
    scores = np.sqrt(np.prod(1 / (1 + np.exp(-logits)), axis=2))
    y, x = np.nonzero(scores >= least)
    cells = _real(one, one.values[y, x, 2:])
    place = np.stack([x, y], axis=1).astype(np.float32)
    middle = (place + cells[:, :2]) * one.stride
    size = np.exp(cells[:, 2:4]) * one.stride
    eyes = (place[:, None] + cells[:, 4:].reshape(-1, 2, 2)) * one.stride
    return np.hstack([middle - size / 2, size]), scores[y, x], eyes


def _real(one: Map, values: np.ndarray) -> np.ndarray:
    return (values.astype(np.float32) - one.zero_point) * np.float32(one.scale)


def _open(model: ModelFile, options: DetectorOptions) -> Maps:
    return Maps(open_model(model, options.runtime))


def _whole(box: np.ndarray) -> Box:
    x, y, width, height = (round(v) for v in box.tolist())
    return x, y, width, height
