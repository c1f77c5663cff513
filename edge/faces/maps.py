"""The network's ends: a gray picture goes in, and its maps come out as boxes, scores and eyes."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..inference.model_file import WINDOW
from ..inference.runtime import Interpreter
from ..support.boxes import Box, same_face
from ..support.quiet import quiet_stderr

UNIT = 32  # pictures are fed in multiples of it, pixels: the stride of the coarsest map
CHANNELS = 10  # of a cell: logits of face and thing, box (4), eyes (4)
AS_HAAR = 1.09  # side of Haar's square over the root of this box's area: the median of 492 faces


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
        height, width, channels = (int(n) for n in place["shape"][1:])
        self._step = _step(channels)
        self._channels = channels
        self.shape: tuple[int, ...] = (self._step * height, self._step * width)
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
                self._interpreter.resize_tensor_input(
                    self._input, input_shape(picture.shape, self._channels)
                )
                self._interpreter.allocate_tensors()
            self.shape = picture.shape
        tensor = self._interpreter.tensor(self._input)()[0].view(np.uint8)
        if self._step == 1:
            np.bitwise_xor(picture, 0x80, out=tensor[:, :, 0])  # uint8 - 128, exactly
        else:
            windows(picture, tensor)
        del tensor  # `invoke` refuses to run while a view is held
        self._interpreter.invoke()
        return [
            Map(self._interpreter.get_tensor(index)[0], scale, zero_point, stride)
            for index, scale, zero_point, stride in self._outputs
        ]


def input_shape(picture: tuple[int, ...], channels: int) -> list[int]:
    """Return the shape of the network's input for pictures of this height and width."""
    return [1, *(side // _step(channels) for side in picture), channels]


def _step(channels: int) -> int:
    """Return the pixels from one place of an input of so many channels to the next."""
    return 2 if channels == WINDOW else 1


def windows(picture: np.ndarray, out: np.ndarray) -> None:
    """Write what the network's first convolution sees at each of its places, as channels.

    Of every second row and column the pixel there, those around it, and one more column to the
    right, which has no weight: 3 rows of 4 pixels, black beyond the picture; less 128, as int8 has it.

    Args:
        picture: uint8, sides even.
        out: uint8 `[height / 2, width / 2, WINDOW]`, contiguous, to be filled.
    """
    height, width = picture.shape
    framed = cv2.copyMakeBorder(picture, 1, 1, 1, 3, cv2.BORDER_CONSTANT, value=0)
    np.bitwise_xor(framed, 0x80, out=framed)  # uint8 - 128, exactly
    pairs = framed.view(np.uint16)
    fours = cv2.merge([pairs[:, : width // 2], pairs[:, 1 : 1 + width // 2]])
    rows = fours.view(np.int32)[:, :, 0]
    cv2.merge([rows[first : first + height : 2] for first in range(3)], out.view(np.int32))


def filled(picture: np.ndarray, sheet: tuple[int, int] | None = None) -> np.ndarray:
    """Return the picture with its edge repeated to the sheet's shape, or to full multiples of `UNIT`."""
    full = sheet or [side + -side % UNIT for side in picture.shape]
    down, right = np.subtract(full, picture.shape).tolist()
    return cv2.copyMakeBorder(picture, 0, down, 0, right, cv2.BORDER_REPLICATE)


def decode(maps: list[Map], least: float) -> Found:
    """Return every cell whose score is at least `least`, best first; one face has many."""
    parts = [_cells(one, least) for one in maps]
    boxes, scores, eyes = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(-scores, kind="stable")
    return Found(boxes[order], scores[order], eyes[order])


def distinct_places(found: Found) -> list[int]:
    """Return the places of the best box of each face: none overlaps a better one or lies in one."""
    boxes = [whole(box) for box in found.boxes]
    kept: list[int] = []
    for place, box in enumerate(boxes):
        if not any(same_face(box, boxes[better]) for better in kept):
            kept.append(place)
    return kept


def square(box: np.ndarray) -> np.ndarray:
    """Return the square that Haar's cascade draws around the same face, tilted or not."""
    side = AS_HAAR * np.sqrt(box[2] * box[3])
    return np.concatenate([box[:2] + (box[2:] - side) / 2, [side, side]])


_NO_CELLS = np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 2, 2), np.float32)


def _cells(one: Map, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # The score is the root of two probabilities' product: sure of a face, and sure of a thing. So
    # neither may lie below the square of the least score, which few cells reach.
    floor: float = one.zero_point + math.log(least**2 / (1 - least**2)) / one.scale
    if one.values.dtype.kind == "i":
        floor = math.ceil(floor)  # bytes compare fast with whole numbers
    y, x = np.nonzero((one.values[:, :, 0] >= floor) & (one.values[:, :, 1] >= floor))
    if not len(y):
        return _NO_CELLS
    scores = np.sqrt(np.prod(1 / (1 + np.exp(-_real(one, one.values[y, x, :2]))), axis=1))
    y, x, scores = (array[scores >= least] for array in (y, x, scores))
    cells = _real(one, one.values[y, x, 2:])
    place = np.stack([x, y], axis=1).astype(np.float32)
    middle = (place + cells[:, :2]) * one.stride
    size = np.exp(cells[:, 2:4]) * one.stride
    eyes = (place[:, None] + cells[:, 4:].reshape(-1, 2, 2)) * one.stride
    return np.hstack([middle - size / 2, size]), scores, eyes


def _real(one: Map, values: np.ndarray) -> np.ndarray:
    return (values.astype(np.float32) - one.zero_point) * np.float32(one.scale)


def whole(box: np.ndarray) -> Box:
    """Return a box in whole pixels."""
    x, y, width, height = (round(v) for v in box.tolist())
    return x, y, width, height
