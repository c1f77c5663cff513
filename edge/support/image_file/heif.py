"""HEIC, as telephones write it, by pillow-heif where that is installed."""

from io import BytesIO
from pathlib import Path

import numpy as np

from ..errors import SourceError


def read_heif(path: Path | str, content: bytes, most_pixels: int) -> np.ndarray:
    """Return the whole picture, upright, BGR uint8. Raises: SourceError."""
    try:
        import pillow_heif
    except ImportError:
        raise SourceError(
            f"{path}: is HEIC, which needs pillow-heif: run \"pip install 'edge-emo[heif]'\", or save "
            "it as JPEG"
        ) from None
    try:
        picture = pillow_heif.open_heif(BytesIO(content), convert_hdr_to_8bit=True)
        width, height = picture.size
        if width * height > most_pixels:
            raise SourceError(
                f"{path}: has {width} x {height} pixels; more than {most_pixels // 10**6} million are "
                "not read; reduce it first"
            )
        pixels = np.asarray(picture)
    except SourceError:
        raise
    except Exception as error:  # of libheif, of many kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"{path}: is a damaged HEIC: {reason}; save it again") from error
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    return np.ascontiguousarray(pixels[:, :, 2::-1])
