"""Hold faces in memory, or, where they are many, in a file without a name that is mapped into memory."""

import contextlib
import os
import tempfile
from typing import IO, Self

import numpy as np

from ...support.errors import OutputError

# Bytes of one split that are kept in memory: FER-2013's training faces four times over, and little
# beside what training takes. More than that goes to disk, where the system keeps as much of it in
# memory as it has to spare.
IN_MEMORY = 256 * 2**20

_BLOCK = 4096  # faces copied at a time


class FaceStore:
    """Takes faces one by one and gives them back as one array; closed by `with`.

    The file is written, not mapped, while it grows: a full disk is then an error, not a SIGBUS.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._memory = bytearray()
        self._folder = "the folder for temporary files"
        self._file: IO[bytes] | None = None

    def add(self, faces: np.ndarray) -> None:
        """Take one uint8 face of the store's shape, or several. Raises: OutputError."""
        pixels = faces.tobytes()
        if self._file is None and len(self._memory) + len(pixels) <= IN_MEMORY:
            self._memory += pixels
            return
        try:
            if self._file is None:
                self._folder = _folder()  # which may find none
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (closed by exit)
                self._file.write(self._memory)
                self._memory = bytearray()
            self._file.write(pixels)
        except OSError as error:
            raise _no_room(self._folder, error) from error

    def images(self) -> np.ndarray:
        """Return all faces taken, uint8 `[n, *shape]`, read-only. Raises: OutputError."""
        if self._file is None:
            flat = np.frombuffer(self._memory, np.uint8)
        else:
            try:
                self._file.flush()
                flat = np.asarray(np.memmap(self._file, np.uint8, "r"))
            except OSError as error:
                raise _no_room(self._folder, error) from error
        images = flat.reshape(-1, *self._shape)
        images.flags.writeable = False
        return images

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What is mapped stays mapped. Closing flushes, which fails again on a full disk.
        with contextlib.suppress(OSError):
            if self._file:
                self._file.close()


def take(images: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return `images[index]`, uint8 `[m, ...]`, held as a store holds it. Raises: OutputError."""
    with FaceStore(images.shape[1:]) as store:
        for start in range(0, len(index), _BLOCK):
            store.add(images[index[start : start + _BLOCK]])
        return store.images()


def _folder() -> str:
    """Return where large temporary files belong: /tmp may itself be memory."""
    asked = os.environ.get("TMPDIR")
    if asked:
        return asked
    return "/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir()


def _no_room(folder: str, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot hold the faces read: {error.strerror or error}; let TMPDIR name a folder "
        "with 2.3 GB of room per million faces"
    )
