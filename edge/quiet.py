"""Hold back what C++ code of a library writes to stderr, so that ours stays readable."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator


class _Stderr:
    """The process's one stderr, led nowhere for as long as anybody holds it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._kept = -1

    def hold_back(self) -> None:
        with self._lock:
            self._holders += 1
            if self._holders > 1:
                return
            if sys.stderr:
                sys.stderr.flush()
            with contextlib.suppress(OSError):  # a program without stderr
                self._kept = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)

    def let_go(self) -> None:
        with self._lock:
            self._holders -= 1
            if self._holders == 0 and self._kept >= 0:
                os.dup2(self._kept, 2)
                os.close(self._kept)
                self._kept = -1


_stderr = _Stderr()


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Lead the process's stderr nowhere for a while; what Python raises still passes."""
    _stderr.hold_back()
    try:
        yield
    finally:
        _stderr.let_go()
