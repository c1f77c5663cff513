"""The face detector that is a small network: one look at a reduced picture, closer looks where it pays.

Its file (`edge.inference.model_file`, task "face-detection") says in `model.json` how its maps are
read: each cell of a map holds the logits of "a face" and "a thing", a box and both eyes.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np

from ..inference.model_file import DETECTION, ModelFile, find_model, read_model
from ..inference.trial import open_model
from ..support.boxes import same_face
from ..support.errors import DetectorError, ModelError
from .detector import FACE, Detection, DetectorOptions
from .maps import UNIT, Maps, decode, distinct, filled, square, whole
from .pyramid import Pyramid

PIXELS = 225_000  # that a picture is reduced to, where no smallest face is asked for: 640x352
FINE = 1_000_000  # that a large still is reduced to for a second look
LARGE = 2 * PIXELS  # from which on a still is large
KEPT = 4  # interpreters, each for pictures of one shape: a folder's photos lie and stand
LEAST = 0.4  # score below which nothing is reported, as a share of what makes a face
# A face with a score between these is looked at once more, by itself and at its best size. Faces
# have a high score at both sizes, patterns and animals at one of them. Nothing lifts one below.
DOUBTFUL, SURE = 0.5, 0.9
CLOSE, CLOSE_FACE = 128, 64  # sides of the close look and of the face in it, pixels


class NetworkDetector:
    """Finds faces that are upright or tilted, large or small, by one or two runs of a network, and a
    small run for each that it is not sure of.
    """

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
        self._close: Maps | None = None

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces in uint8 `[height, width]` `image`, the surest first.

        A large picture is looked at twice, unless a smallest face is asked for: as a whole, and
        with more pixels for the faces that are small in it.
        """
        ratios = [self._ratio(image.shape)]
        if self._min_face is None and image.size > LARGE:
            ratios.append(_ratio_for(FINE, image.shape))
        return self._judged(image, ratios, cv2.INTER_AREA)

    def glance(self, image: np.ndarray) -> list[Detection]:
        """Return what one look finds, however large the picture is: for one of many frames."""
        return self._judged(image, [self._ratio(image.shape)], cv2.INTER_LINEAR)

    def _judged(self, image: np.ndarray, ratios: list[float], way: int) -> list[Detection]:
        """Return the faces that looks at these sizes find, each once, the surest first."""
        picture = Pyramid(image)
        looks = (self._look(picture, ratio, way) for ratio in ratios)
        found = [self._judge(picture, one) for look in looks for one in look]
        faces: list[Detection] = []
        for one in sorted(found, key=lambda one: -one.score):
            if not any(same_face(one.box, face.box) for face in faces):
                faces.append(one)
        return faces

    def _look(self, picture: Pyramid, ratio: float, way: int) -> Iterator[Detection]:
        """Yield what one look at the picture at `ratio` of its size finds, with the network's scores."""
        fed = filled(picture.reduced(ratio, way))
        found = decode(self._maps(fed.shape).run(fed), LEAST * self._threshold)
        for index in distinct(found):
            box = square(found.boxes[index]) / ratio
            if box[2] < 0.8 * (self._min_face or 0.0) * picture.shape[0]:
                continue
            right, left = (found.eyes[index] / ratio).tolist()
            yield Detection(whole(box), float(found.scores[index]), (tuple(right), tuple(left)))

    def _judge(self, picture: Pyramid, one: Detection) -> Detection:
        """Return what a look has found with the score that it is reported with."""
        score = one.score
        if DOUBTFUL <= score < SURE:
            score = (score + self._look_closely(picture, one)) / 2
        return Detection(one.box, confidence(score, self._threshold), one.eyes)

    def _look_closely(self, picture: Pyramid, one: Detection) -> float:
        """Return the network's score of a face that is seen by itself; 0 where it sees none."""
        if self._close is None:
            self._close = _open(self._model, self._options)
        x, y, side, _ = one.box
        centre, side = (x + side / 2, y + side / 2), max(1, side)
        found = decode(
            self._close.run(picture.patch(centre, side * CLOSE / CLOSE_FACE, CLOSE)),
            LEAST * self._threshold,
        )
        edge = (CLOSE - CLOSE_FACE) // 2
        there = (edge, edge, CLOSE_FACE, CLOSE_FACE)
        scores = (
            score
            for box, score in zip(found.boxes, found.scores.tolist(), strict=True)
            if same_face(there, whole(square(box)))
        )
        return next(scores, 0.0)  # the best comes first

    def _maps(self, shape: tuple[int, ...]) -> Maps:
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
        to what every picture costs alike.
        """
        if self._min_face is None:
            return _ratio_for(PIXELS, shape)
        least, most = self._sides
        return _ratio_to(max(least, min(most, self._smallest / self._min_face)), shape)


def confidence(score: float, threshold: float) -> float:
    """Return the score bent so that the network's own threshold lies at `FACE`."""
    if score < threshold:
        return FACE * score / threshold
    return FACE + (1 - FACE) * (score - threshold) / (1 - threshold)


def _ratio_for(pixels: int, shape: tuple[int, ...]) -> float:
    height, width = shape
    return _ratio_to(math.sqrt(pixels * height / width), shape)


def _ratio_to(rows: float, shape: tuple[int, ...]) -> float:
    """Return how much a picture is reduced to about so many rows, so that none is fed in vain."""
    return min(1.0, UNIT * max(1, round(rows / UNIT)) / shape[0])


def _open(model: ModelFile, options: DetectorOptions) -> Maps:
    return Maps(open_model(model, options.runtime))
