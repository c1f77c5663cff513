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
            with contextlib.suppress(OSError, ValueError):  # its disk is full, or it is closed
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


def keep_own_stderr() -> None:
    """Give Python a way to stderr of its own: what we say must arrive while a library is held back.

    As the opening of a camera may hang, that may be for long.
    """
    try:
        if sys.stderr is None or sys.stderr.fileno() != 2:
            return
        encoding, errors = sys.stderr.encoding, sys.stderr.errors
        sys.stderr = open(os.dup(2), "w", buffering=1, encoding=encoding, errors=errors)  # noqa: SIM115
    except (OSError, ValueError):  # led into something without a descriptor
        pass
