"""What the network is taught by: which cells of its maps answer for a face, and how wrong they are.

Cells are assigned as in SimOTA (Ge et al. 2021, arXiv:2107.08430), as YuNet's own training does:
each face goes to the cells near its middle that predict it best already.
"""

from typing import Any

import numpy as np
from keras import ops

from .network import STRIDES

TRUTH = 9  # of a face: known (1 or 0), box (4), eyes (4)

_RADIUS = 2.5  # a face's cells lie this near to its middle, in strides
_BEST = 10  # cells whose overlaps add up to how many a face gets
_FAR = 1e5
_WEIGHTS = {"box": 5.0, "eyes": 0.2}
_TINY = 1e-7


def cells(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of all cells, x and y in pixels, `[cells, 2]`, and their strides `[cells]`."""
    places, strides = [], []
    for stride in STRIDES:
        rows, columns = height // stride, width // stride
        y, x = np.mgrid[:rows, :columns]
        places.append(np.stack([x.ravel(), y.ravel()], 1) * stride)
        strides.append(np.full(rows * columns, stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


def joined(maps: list[Any]) -> Any:
    """Return the three maps as one tensor `[n, cells, channels]`."""
    return ops.concatenate([ops.reshape(m, (ops.shape(m)[0], -1, m.shape[-1])) for m in maps], 1)


def loss(truth: Any, answer: Any, places: np.ndarray, strides: np.ndarray) -> Any:
    """Return the loss of a batch.

    Args:
        truth: `[n, faces, TRUTH]`, pixels; rows whose first value is 0 are not a face.
        answer: what `joined` returns.
        places, strides: what `cells` returns.
    """
    known, boxes, eyes = truth[..., 0], truth[..., 1:5], truth[..., 5:9]
    guessed = _decoded(answer[..., 2:6], places, strides)
    which, taken, overlap = _assigned(known, boxes, guessed, answer, places, strides)
    count = ops.maximum(ops.sum(taken), 1.0)
    box = ops.take_along_axis(boxes, which[..., None], axis=1)
    eye = ops.take_along_axis(eyes, which[..., None], axis=1)
    target = (eye - np.tile(places, (1, 2))) / strides[:, None]
    wrong_eyes = _smooth(ops.abs(answer[..., 6:10] - target))
    kind = _entropy(answer[..., 0], taken * overlap) * taken
    thing = _entropy(answer[..., 1], taken)
    return (
        ops.sum(kind)
        + ops.sum(thing)
        + _WEIGHTS["box"] * ops.sum(taken * _box_loss(box, guessed))
        + _WEIGHTS["eyes"] * ops.sum(taken * ops.mean(wrong_eyes, -1))
    ) / count


def _decoded(offsets: Any, places: np.ndarray, strides: np.ndarray) -> Any:
    """Return boxes (x, y, width, height, pixels) from a map's offsets."""
    size = ops.exp(ops.minimum(offsets[..., 2:], 6.0)) * strides[:, None]
    middle = offsets[..., :2] * strides[:, None] + places
    return ops.concatenate([middle - size / 2, size], -1)


def _assigned(
    known: Any, boxes: Any, guessed: Any, answer: Any, places: np.ndarray, strides: np.ndarray
) -> tuple[Any, Any, Any]:
    """Return of each cell: its face's number, 1 where it has one, and its box's overlap with it."""
    overlap = _iou(boxes[:, :, None], guessed[:, None])
    centres = places + strides[:, None] / 2
    low, size = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    off = ops.abs(centres - (low + size / 2))
    inside = ops.all(off < size / 2, -1)
    central = ops.all(off < _RADIUS * strides[:, None], -1)
    possible = ops.logical_and(ops.logical_or(inside, central), known[..., None] > 0)
    overlap = ops.where(possible, overlap, 0.0)
    score = ops.sigmoid(answer[..., 0]) * ops.sigmoid(answer[..., 1])
    cost = -0.5 * ops.log(score + _TINY)[:, None] - 3 * ops.log(overlap + _TINY)
    cost = cost + ops.where(ops.logical_and(inside, central), 0.0, _FAR)
    cost = ops.where(possible, cost, 1e3 * _FAR)
    best, _ = ops.top_k(overlap, _BEST)
    many = ops.clip(ops.cast(ops.sum(best, -1), "int32"), 1, _BEST)
    cheapest = -ops.top_k(-cost, _BEST)[0]
    limit = ops.take_along_axis(cheapest, many[..., None] - 1, axis=-1)
    chosen = ops.logical_and(cost <= limit, possible)
    cost = ops.where(chosen, cost, 1e4 * _FAR)
    which = ops.argmin(cost, 1)
    taken = ops.cast(ops.any(chosen, 1), "float32")
    own = ops.take_along_axis(overlap, which[:, None], axis=1)[:, 0]
    return tuple(ops.stop_gradient(x) for x in (which, taken, own))


def _iou(a: Any, b: Any) -> Any:
    shared = _shared(a, b)
    return shared / (a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - shared + _TINY)


def _shared(a: Any, b: Any) -> Any:
    low = ops.maximum(a[..., :2], b[..., :2])
    high = ops.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    return ops.prod(ops.maximum(high - low, 0.0), -1)


def _box_loss(a: Any, b: Any) -> Any:
    """Return 1 - IoU, and how far apart middles and sizes are (EIoU)."""
    hull = ops.maximum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - ops.minimum(
        a[..., :2], b[..., :2]
    )
    square = hull * hull + _TINY
    apart = a[..., :2] + a[..., 2:] / 2 - b[..., :2] - b[..., 2:] / 2
    middles = ops.sum(apart * apart, -1) / ops.sum(square, -1)
    sizes = ops.sum((a[..., 2:] - b[..., 2:]) ** 2 / square, -1)
    return 1 - _iou(a, b) + middles + sizes


def _smooth(error: Any) -> Any:
    return ops.where(error < 1, 0.5 * error * error, error - 0.5)


def _entropy(logit: Any, target: Any) -> Any:
    return ops.maximum(logit, 0.0) - logit * target + ops.log1p(ops.exp(-ops.abs(logit)))
