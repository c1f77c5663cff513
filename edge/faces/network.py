"""The face detector that is a small network: one look at a reduced picture, closer looks where it pays.

Its file (`edge.inference.model_file`, task "face-detection") says in `model.json` how its maps are
read: each cell of a map holds the logits of "a face" and "a thing", a box and both eyes.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np

from ..inference.model_file import DETECTION, ModelFile, find_model, read_model
from ..inference.trial import open_model
from ..support.boxes import Box, same_face
from ..support.errors import DetectorError, ModelError
from .crop import roll
from .detector import FACE, Detection, DetectorOptions, distinct
from .lean import STEP, lean_of, leaning
from .maps import UNIT, Maps, decode, distinct_places, filled, input_shape, square, whole
from .pyramid import Pyramid, turning

PIXELS = 225_000  # that a picture is reduced to, where no smallest face is asked for: 640x352
# Height and width of what stills are set into, where they fill most of one: photos come in many shapes,
# and to fit an interpreter to another shape takes longer than a look.
SHEETS = ((416, 608), (608, 416), (480, 480), (352, 640), (640, 352))
FULL = 0.75  # least share of a sheet that a still fills
FINE = 1_000_000  # that a large still is reduced to for a second look
LARGE = 2 * PIXELS  # from which on a still is large
# Of a frame's longer side: faces of a fifteenth of it lie within one half or the other.
HALF = 8 / 15
KEPT = 3  # interpreters, each for pictures of one shape: a folder's photos lie and stand
LEAST = 0.4  # score below which nothing is reported, as a share of what makes a face
# A face with a score between these is looked at more closely, by itself: upright at two sizes, and
# turned. Faces have a high score again, patterns and animals often but once.
DOUBTFUL, SURE = 0.55, 0.9
LARGER, SMALLER = (160, 96), (128, 64)  # sides of a close look and of the face in it, pixels
SMALLEST = 64, 40  # those of the looks that say how far a head leans
# A face whose own eyes lean by less, degrees, and whose score is as high, is upright: of the portraits
# that lean by 18 to 25 degrees three in a hundred look like that, of those that lean further none.
UPRIGHT, CLEAR = 4, 0.86
LEANS = (-30, 30)  # degrees
TOGETHER = 0.74  # least mean of the first score and the best upright one
MOST_CLOSE = 16  # of a look's doubtful faces, the surest first
Shape = tuple[int, int]


class NetworkDetector:
    """Finds faces that are upright or tilted, large or small, by one or two runs of a network, and a
    small run for each that it is not sure of.
    """

    def __init__(self, options: DetectorOptions | None = None) -> None:
        """Load the network. Raises: DetectorError, InterpreterError, ConfigError."""
        options = options or DetectorOptions()
        try:
            model = read_model(find_model(options.model, DETECTION), DETECTION)
            first = _open(model, options, (UNIT, UNIT))  # small: no picture has been seen yet
        except ModelError as error:
            raise DetectorError(f"{error}; or take --detector haar, which needs no file") from error
        about = model.about["detection"]
        self._threshold = float(about["threshold"])
        self._smallest = float(about["smallest_face"])
        self._sides = int(about["least_height"]), int(about["most_height"])
        self._min_face = options.min_face
        self._model, self._options = model, options
        self._unused = [first]  # of no shape that was asked for yet
        self._kept: dict[tuple[int, ...], Maps] = {}
        self._kept_large: dict[tuple[int, ...], Maps] = {}  # one at most: it takes 24 MB
        self._close: dict[tuple[int, int], Maps] = {}

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces in uint8 `[height, width]` `image`, the surest first.

        A large picture is looked at twice, unless a smallest face is asked for: as a whole, and
        with more pixels for the faces that are small in it.
        """
        looks = [self._sheet(image.shape)]
        if self._min_face is None and image.size > LARGE:
            looks.append((_ratio_for(FINE, image.shape), None))
        return self._judged(image, looks, cv2.INTER_AREA)

    def glance(self, image: np.ndarray) -> list[Detection]:
        """Return what one look finds, however large the picture is: for one of many frames."""
        return self._judged(image, [(self._ratio(image.shape), None)], cv2.INTER_LINEAR)

    def parts(self, shape: tuple[int, ...]) -> list[Box]:
        """Return the parts of a large frame of this height and width that show its small faces to a
        glance: two halves, which overlap a little.
        """
        height, width = shape
        if self._min_face is not None or height * width <= LARGE:
            return []
        if height > width:
            half = round(height * HALF)
            return [(0, 0, width, half), (0, height - half, width, half)]
        half = round(width * HALF)
        return [(0, 0, half, height), (width - half, 0, half, height)]

    def _judged(
        self, image: np.ndarray, looks: list[tuple[float, Shape | None]], way: int
    ) -> list[Detection]:
        """Return the faces that looks find, each once, the surest first.

        Args:
            looks: of each, how much the picture is reduced, and the sheet that it is set into.
            way: OpenCV's to reduce it.
        """
        picture = Pyramid(image)
        each = (self._look(picture, ratio, way, sheet) for ratio, sheet in looks)
        found = distinct(one for look in each for one in self._sifted(picture, look))
        faces = [one for one in found if one.score >= FACE][:MOST_CLOSE]
        return [self._with_lean(picture, one) for one in faces] + found[len(faces) :]

    def _with_lean(self, picture: Pyramid, one: Detection) -> Detection:
        """Return a face with eyes that lean as the head does: the network's own follow it too little."""
        if one.eyes is None or (abs(roll(one.eyes)) < UPRIGHT and one.score >= CLEAR):
            return one
        looks = (self._look_closely(picture, one, SMALLEST, lean) for lean in (-STEP, 0, STEP))
        scores = [look.score for look in looks]
        if not any(scores):
            return one
        return replace(one, eyes=leaning(one.eyes, lean_of(*scores)))

    def _look(
        self, picture: Pyramid, ratio: float, way: int, sheet: Shape | None
    ) -> Iterator[Detection]:
        """Yield what one look at the picture at `ratio` of its size finds, with the network's scores."""
        fed = filled(picture.reduced(ratio, way), sheet)
        found = decode(self._maps(fed.shape).run(fed), LEAST * self._threshold)
        for index in distinct_places(found):
            box = square(found.boxes[index]) / ratio
            if box[2] < 0.8 * (self._min_face or 0.0) * picture.shape[0]:
                continue
            right, left = (found.eyes[index] / ratio).tolist()
            yield Detection(whole(box), float(found.scores[index]), (tuple(right), tuple(left)))

    def _sifted(self, picture: Pyramid, look: Iterable[Detection]) -> Iterator[Detection]:
        """Yield what a look has found with the scores to report; the doubtful after closer looks."""
        doubtful = 0
        for one in look:
            if DOUBTFUL <= one.score < SURE and doubtful < MOST_CLOSE:
                doubtful += 1
                yield self._judge(picture, one)
            else:
                yield replace(one, score=confidence(one.score, self._threshold))

    def _judge(self, picture: Pyramid, one: Detection) -> Detection:
        """Return a doubtful face with the score that close looks give it, and with the better eyes."""
        close = self._look_closely(picture, one, LARGER).score
        if one.score + close < 2 * TOGETHER:
            close = max(close, self._look_closely(picture, one, SMALLER).score)
        score = confidence((one.score + close) / 2, TOGETHER)
        if score >= FACE and close >= SURE:
            return replace(one, score=score)
        looks = (self._look_closely(picture, one, SMALLER, lean) for lean in LEANS)
        turned = max(looks, key=lambda look: look.score)
        if turned.score < max(SURE, close):
            return replace(one, score=score)
        return replace(turned, score=max(score, confidence(turned.score, self._threshold)))

    def _look_closely(
        self, picture: Pyramid, one: Detection, size: tuple[int, int], lean: float = 0.0
    ) -> Detection:
        """Return a face as it is when seen by itself; with a score of 0 where none is seen.

        Args:
            size: sides of the look and of the face in it, pixels.
            lean: of the head, degrees clockwise: it is turned upright.
        """
        pixels, inner = size
        if size not in self._close:
            self._close[size] = _open(self._model, self._options, (pixels, pixels))
        x, y, side, _ = one.box
        centre, scale = (x + side / 2, y + side / 2), max(1, side) / inner
        patch = picture.patch(centre, pixels * scale, pixels, lean)
        found = decode(self._close[size].run(patch), LEAST * self._threshold)
        edge = (pixels - inner) // 2
        there = (edge, edge, inner, inner)
        for box, score, eyes in zip(found.boxes, found.scores, found.eyes, strict=True):
            if same_face(there, whole(square(box))):  # the best comes first
                right, left = (centre + (eyes - pixels / 2) * scale @ turning(lean).T).tolist()
                return Detection(one.box, float(score), (tuple(right), tuple(left)))
        return replace(one, score=0.0)

    def _maps(self, shape: tuple[int, ...]) -> Maps:
        """Return an interpreter for pictures of this shape: to fit one to another takes half a look."""
        is_large = math.prod(shape) > LARGE
        kept, most = (self._kept_large, 1) if is_large else (self._kept, KEPT)
        maps = kept.pop(shape, None)
        if maps is None and len(kept) < most:
            maps = self._unused.pop() if self._unused else _open(self._model, self._options, shape)
        elif maps is None:
            maps = kept.pop(next(iter(kept)))  # the one not used for longest
        kept[shape] = maps
        return maps

    def _sheet(self, shape: tuple[int, ...]) -> tuple[float, Shape | None]:
        """Return how much a still is reduced, and the sheet that it is set into, if it fills one."""
        if self._min_face is not None:
            return self._ratio(shape), None
        height, width = shape
        full, ratio, sheet = max(
            (height * width * ratio**2 / math.prod(sheet), ratio, sheet)
            for sheet in SHEETS
            for ratio in [min(1.0, sheet[0] / height, sheet[1] / width)]
        )
        return (ratio, sheet) if full >= FULL else (self._ratio(shape), None)

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


def _open(model: ModelFile, options: DetectorOptions, shape: tuple[int, ...]) -> Maps:
    channels = int(model.about["input"]["shape"][-1])
    return Maps(open_model(model, options.runtime, input_shape(shape, channels)))
