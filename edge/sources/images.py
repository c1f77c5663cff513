"""An image, or a folder of images in the order of their names; each is looked at by itself."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from ..support.errors import SourceError
from ..support.image_file import IMAGE_SUFFIXES, read_image
from ..support.values import Frame
from . import SourceOptions
from .opencv import frame_of

log = logging.getLogger(__name__)


class Images:
    """Still images; an unreadable one in a folder is skipped with a warning."""

    live = False
    continuous = False
    fps = 1.0
    dropped = 0

    def __init__(self, argument: str, options: SourceOptions) -> None:
        self.name = argument
        path = Path(argument)
        self._folder = path.is_dir()
        if self._folder:
            self._paths = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        else:
            self._paths = [path]
        if not self._paths:
            kinds = " ".join(sorted(IMAGE_SUFFIXES))
            raise SourceError(f"{path}: holds no image ({kinds})")

    def __iter__(self) -> Iterator[Frame]:
        given = 0
        for path in self._paths:
            started = time.perf_counter()
            image = read_image(path)
            if image is None and not self._folder:
                break
            if image is None:
                log.warning("%s: is no readable image; skipped", path)
                continue
            yield frame_of(image, str(path), given, None, started)
            given += 1
        if not given:
            raise SourceError(f"{self.name}: holds no readable image; are the files damaged?")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
