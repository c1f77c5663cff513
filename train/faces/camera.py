"""What a camera makes of a scene: dim light, blur, noise, compression."""

import cv2
import numpy as np


def as_a_camera(canvas: np.ndarray, smallest: float, rng: np.random.Generator) -> np.ndarray:
    """Return the scene as a camera may give it: dark, flat, moved, out of focus, noisy, as a JPEG.

    Args:
        canvas: float32 `[h, w]`, 0..255.
        smallest: width of the smallest face, pixels: how much blur it bears.
    """
    if rng.random() < 0.35:  # contrast, then brightness
        canvas = (canvas - 128) * rng.uniform(0.35, 1.3) + 128 + rng.uniform(-40, 40)
    canvas = np.clip(canvas, 0, 255)
    if rng.random() < 0.3:
        canvas = 255 * (canvas / 255) ** np.exp(rng.uniform(-0.7, 0.7))
    if rng.random() < 0.25:
        length = rng.uniform(1.5, max(2.0, min(13.0, smallest / 4)))
        canvas = _moved(canvas, length, rng.uniform(0, np.pi))
    if rng.random() < 0.25:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, max(0.6, min(3, smallest / 16))))
    dim = np.exp2(-rng.uniform(0.5, 4.2)) if rng.random() < 0.3 else 1.0
    noise = rng.uniform(0.5, 4.0) if dim < 1 else rng.exponential(4.0) * (rng.random() < 0.5)
    if smallest < 16:
        dim, noise = max(dim, 0.2), min(noise, 6.0)
    canvas = canvas * dim
    if noise:
        canvas = canvas + rng.normal(0, noise, canvas.shape)
    picture = np.clip(np.rint(canvas), 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = int(rng.integers(25, 95))
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return picture


def _moved(canvas: np.ndarray, length: float, angle: float) -> np.ndarray:
    """Return the scene as it blurs when the camera or the face moves, `length` pixels."""
    side = 2 * int(np.ceil(length / 2)) + 1
    middle = (side - 1) / 2
    kernel = np.zeros((side, side), np.float32)
    for t in np.linspace(-length / 2, length / 2, 4 * side):
        place = (middle + t * np.cos(angle), middle + t * np.sin(angle))
        kernel[int(np.rint(place[1])), int(np.rint(place[0]))] += 1
    return cv2.filter2D(canvas, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
