"""Changes that a camera, a pose or a detector makes to a face without changing its emotion."""

import cv2
import numpy as np

from edge.evaluation.datasets.tiles import DETECTED_SIDE

MAX_ROTATION = 15.0  # degrees
MAX_SHIFT = 0.1  # of the side
MAX_SCALE = 0.15  # more or less than 1
MAX_CONTRAST = 0.3  # more or less than 1
MAX_BRIGHTNESS = 30.0  # gray levels
COVERED = (0.15, 0.45)  # side of the covered rectangle, as shares of the face's
COVER_CHANCE = 0.5
# Standard deviations of a detected box, as shares of the face's longer side: its centre across and
# down, and its side. Measured on 500 tiles with the Haar cascade, and rounded up.
DETECTED_SD = np.array([0.05, 0.03, 0.05])


def augment_face(
    face: np.ndarray, rng: np.random.Generator, strength: float = 1.0, roll: float | None = None
) -> np.ndarray:
    """Return a changed copy: mirrored, turned, scaled, shifted, brighter or darker, part covered.

    Args:
        face: uint8 `[height, width]`.
        rng: the only source of chance.
        strength: share of the widest changes, 0..1; at 0 a face is only mirrored.
        roll: turned by up to so many degrees; by default `MAX_ROTATION` times the strength.

    Returns:
        uint8 of the same shape.
    """
    height, width = face.shape
    u = rng.uniform(-strength, strength, 6)
    angle = float(u[1]) * MAX_ROTATION if roll is None else float(rng.uniform(-roll, roll))
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, angle, float(1 + u[0] * MAX_SCALE))
    matrix[:, 2] += u[2] * MAX_SHIFT * width, u[3] * MAX_SHIFT * height
    if rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1.0]])
    warped = cv2.warpAffine(face, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return _lit_and_covered(warped, rng, strength, u[4], u[5])


def augment_tile(
    tile: np.ndarray,
    box: np.ndarray,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    strength: float = 1.0,
    roll: float | None = None,
) -> np.ndarray:
    """Return a face cut out as a detector cuts it out, never twice alike, then changed as above.

    Args:
        tile: the face with room around it, uint8 `[side, side]`.
        box: x, y, width, height of the face within it, pixels.
        shape: height and width to bring it to.
        rng, strength, roll: as for `augment_face`; shifts and scales are a detector's own.

    Returns:
        uint8 of `shape`.
    """
    x, y, width, height = box.tolist()
    longer = max(width, height)
    dx, dy, more = rng.standard_normal(3) * DETECTED_SD
    u = rng.uniform(-strength, strength, 2)
    degrees = MAX_ROTATION * strength if roll is None else roll
    scale = shape[0] / (longer * (DETECTED_SIDE + more))
    centre = (x + width / 2 + dx * longer, y + height / 2 + dy * longer)
    matrix = cv2.getRotationMatrix2D(centre, float(rng.uniform(-degrees, degrees)), scale)
    matrix[:, 2] += (shape[1] - 1) / 2 - centre[0], (shape[0] - 1) / 2 - centre[1]
    if rng.random() < 0.5:
        matrix = np.array([[-1, 0, shape[1] - 1], [0, 1, 0.0]]) @ np.vstack([matrix, (0, 0, 1)])
    warped = cv2.warpAffine(tile, matrix, shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return _lit_and_covered(warped, rng, strength, u[0], u[1])


def corrupt_face(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a copy as a poor camera gives it: dark, washed out, blurred, small, noisy or pressed.

    One of these, or two of them weaker: of strengths that leave most emotions readable by eye.

    Args:
        face: uint8 `[height, width]`.
        rng: the only source of chance.

    Returns:
        uint8 of the same shape.
    """
    chosen = rng.choice(len(_SPOILS), rng.integers(1, 3), replace=False)
    for place in chosen:
        face = _SPOILS[place](face, float(rng.random()) / len(chosen), rng)
    return face


def _darkened(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    # To an eighth of the light, from one side or everywhere.
    light = 0.5 ** (3 * strength)
    across = np.geomspace(light, rng.choice((light, 1.0)), face.shape[1])
    return (face * across[:: rng.choice((-1, 1))]).astype(np.uint8)


def _washed_out(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.5:
        return cv2.convertScaleAbs(face, alpha=1 + 1.2 * strength)  # saturates at 255
    contrast = 0.5 ** (3 * strength)
    return cv2.convertScaleAbs(face, alpha=contrast, beta=(1 - contrast) * float(face.mean()))


def _blurred(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    side = face.shape[0]
    if rng.random() < 0.5:
        return cv2.GaussianBlur(face, (0, 0), 0.005 * side + 0.04 * side * strength)
    length = 3 + round(0.12 * side * strength)
    kernel = np.zeros((length, length), np.uint8)
    angle, middle = rng.uniform(0, np.pi), (length - 1) / 2
    dx, dy = middle * np.cos(angle), middle * np.sin(angle)
    ends = [(round(middle + s * dx), round(middle + s * dy)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1)
    return cv2.filter2D(face, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def _shrunk(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    height, width = face.shape
    share = 1 - 0.65 * strength
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(face, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _noisy(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(face.shape, np.float32) * (30 * strength)
    return cv2.add(face, noise, dtype=cv2.CV_8U)


def _pressed(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    quality = round(60 - 50 * strength)
    _, data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


_SPOILS = (_darkened, _washed_out, _blurred, _shrunk, _noisy, _pressed)


def _lit_and_covered(
    face: np.ndarray, rng: np.random.Generator, strength: float, contrast: float, light: float
) -> np.ndarray:
    """Change contrast and brightness by these shares of the most, and cover a part by chance."""
    factor = 1 + contrast * MAX_CONTRAST
    offset = (1 - factor) * float(face.mean()) + light * MAX_BRIGHTNESS
    lit = cv2.addWeighted(face, factor, face, 0, offset)
    if rng.random() < strength * COVER_CHANCE:
        _cover(lit, rng)
    return lit


def _cover(face: np.ndarray, rng: np.random.Generator) -> None:
    """Put a gray rectangle somewhere, as a hand or hair would (random erasing, Zhong et al. 2020)."""
    height, width = face.shape
    h, w = (rng.uniform(*COVERED, 2) * (height, width)).astype(int)
    y, x = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
    face[y : y + h, x : x + w] = rng.integers(0, 256)
