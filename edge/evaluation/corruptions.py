"""Spoil faces as cameras, light and loose detector boxes do, at three strengths.

After the benchmark corruptions of Hendrycks and Dietterich (ICLR 2019, arXiv:1903.12261), with those
that a face crop on a small camera meets, at strengths that leave the expression readable by eye.
"""

from collections.abc import Callable

import cv2
import numpy as np

Corruption = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
STRENGTHS = (1, 2, 3)


def corrupt(faces: np.ndarray, name: str, strength: int, seed: int = 0) -> np.ndarray:
    """Return corrupted copies of the same shape; the same for the same seed.

    Args:
        faces: uint8 `[n, height, width]`, or in colour `[n, height, width, 3]`, 0..255.
        name: one of `CORRUPTIONS`.
        strength: 1 (slight) to 3 (severe).
    """
    change, rng = CORRUPTIONS[name], np.random.default_rng(seed)
    return np.stack([change(face, strength, rng) for face in faces])


def _shifted(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """The box is off by 5, 10 or 15 % of its side, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    way = 0.05 * strength * face.shape[0]
    return _warped(face, 1, 0, (way * np.cos(angle), way * np.sin(angle)))


def _scaled(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """The box is too large or too small by 10, 20 or 30 %."""
    return _warped(face, 1 + 0.1 * strength * rng.choice((-1, 1)), 0)


def _tilted(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """The head is tilted by 8, 16 or 24 degrees."""
    return _warped(face, 1, 8 * strength * rng.choice((-1, 1)))


def _dark(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """A half, a quarter or an eighth of the light, with the sensor's noise."""
    light = face * 0.5**strength
    return _pixels(light + rng.normal(0, 1, face.shape) * (1 + 0.15 * np.sqrt(light)))


def _overexposed(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """1.4, 1.8 or 2.2 times the light: bright skin is white."""
    return _pixels(face * (1 + 0.4 * strength))


def _flat(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """A half, a quarter or an eighth of the contrast, as in fog or behind a dirty lens."""
    return _pixels((face - face.mean()) * 0.5**strength + face.mean())


def _backlit(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Light from one side: the other side has a half, a quarter or an eighth of it."""
    light = np.geomspace(1, 0.5**strength, face.shape[1])
    light = light if rng.random() < 0.5 else light[::-1]
    return _pixels(face * (light if face.ndim == 2 else light[:, None]))


def _blurred(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Out of focus: Gaussian of 1.5, 3 or 4.5 % of the side."""
    return cv2.GaussianBlur(face, (0, 0), 0.015 * strength * face.shape[0])


def _moved(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Motion blur over 5, 10 or 15 % of the side, in any direction."""
    length = max(3, round(0.05 * strength * face.shape[0]) | 1)
    line = np.zeros((length, length), "f4")
    line[length // 2] = 1
    middle = ((length - 1) / 2, (length - 1) / 2)
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(0, 180), 1)
    kernel = cv2.warpAffine(line, turn, (length, length))
    return cv2.filter2D(face, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def _distant(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """A face of 32, 24 or 16 pixels, enlarged."""
    height, width = face.shape[:2]
    side = 40 - 8 * strength
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _noisy(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of 10, 20 or 30 gray levels."""
    return _pixels(face + rng.normal(0, 10 * strength, face.shape))


def _jpeg(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """JPEG of quality 40, 20 or 10."""
    quality = (40, 20, 10)[strength - 1]
    _, data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


def _glasses(face: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Glasses where FER-2013's crops have the eyes: tinted by a quarter, a half, three quarters."""
    height, width = face.shape[:2]
    frame, lens = face.copy(), face.copy()
    for x in (0.3, 0.7):
        middle = (round(x * width), round(0.38 * height))
        size = (round(0.15 * width), round(0.1 * height))
        cv2.ellipse(lens, middle, size, 0, 0, 360, (20,) * 3, -1)
        cv2.ellipse(frame, middle, size, 0, 0, 360, (20,) * 3, 1)
    tinted = cv2.addWeighted(lens, 0.25 * strength, face, 1 - 0.25 * strength, 0)
    return np.where(frame != face, frame, tinted)


CORRUPTIONS: dict[str, Corruption] = {
    "shifted": _shifted,
    "scaled": _scaled,
    "tilted": _tilted,
    "dark": _dark,
    "overexposed": _overexposed,
    "flat": _flat,
    "backlit": _backlit,
    "blurred": _blurred,
    "moved": _moved,
    "distant": _distant,
    "noisy": _noisy,
    "jpeg": _jpeg,
    "glasses": _glasses,
}


def _warped(
    face: np.ndarray, scale: float, degrees: float, shift: tuple[float, float] = (0, 0)
) -> np.ndarray:
    height, width = face.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    matrix[:, 2] += np.array(shift)
    return cv2.warpAffine(face, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _pixels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
